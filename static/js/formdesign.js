// The form designer: every change makes a new document, which the server keeps as the draft and draws anew.
(() => {
  const frame = document.getElementById("designer");
  if (!frame) return;
  const past = [], future = [];
  let waiting = null;

  const board = () => document.getElementById("design");
  // What the designer has made; the page is drawn from it, never the other way round.
  const state = { document: board().dataset.document, selected: board().dataset.selected, mode: board().dataset.mode };
  let busy = false, again = false, unsaved = false;
  const current = () => JSON.parse(state.document);
  const places = (doc) => doc.sections.flatMap((section, part) => section.fields.map((place, at) => ({ place, part, at })));
  const find = (doc, name) => places(doc).find((one) => one.place.field === name);

  // What scrolls by itself stays where it was when the page is drawn anew.
  const scrolling = () => [...board().querySelectorAll(".ui-side, .ui-board")];
  const scrolled = () => scrolling().map((part) => part.scrollTop);
  const scrollBack = (tops) => scrolling().forEach((part, at) => { if (tops[at]) part.scrollTop = tops[at]; });

  // One request at a time: what changes meanwhile goes with the next.
  const draw = (changes = {}) => {
    Object.assign(state, changes);
    if (busy) { again = true; return; }
    busy = true;
    const { variant, role } = board().dataset;
    const values = { variant, role, selected: state.selected, mode: state.mode, ...(unsaved ? { document: state.document } : {}) };
    unsaved = false;
    const focus = document.activeElement?.dataset?.place || document.activeElement?.id || "";
    const where = scrolled();
    htmx.ajax("POST", frame.dataset.address, { target: "#design", swap: "outerHTML", values }).finally(() => {
      busy = false;
      scrollBack(where);
      if (again) { again = false; draw(); return; }
      const spot = focus && (document.getElementById(focus) || board().querySelector(`[data-place="${CSS.escape(focus)}"]`));
      (spot || board().querySelector("[data-selected][data-place]"))?.focus({ preventScroll: true });
      (board().querySelector("[data-selected][data-place]") || board().querySelector(".ui-part.is-on"))?.scrollIntoView({ block: "nearest" });
      buttons();
    });
  };
  const write = (text, selected = state.selected) => { unsaved = true; draw({ document: text, selected }); };
  const keep = (doc, selected) => {
    past.push(state.document);
    future.length = 0;
    write(JSON.stringify(doc), selected);
  };
  const back = (from, to) => {
    if (!from.length) return;
    to.push(state.document);
    write(from.pop());
  };
  const buttons = () => {
    const undo = board().querySelector('[data-do="undo"]'), redo = board().querySelector('[data-do="redo"]');
    if (undo) undo.disabled = !past.length;
    if (redo) redo.disabled = !future.length;
  };

  const put = (name, before) => {
    const doc = current();
    if (find(doc, name)) return draw({ selected: name });
    insert(doc, { field: name, wide: true }, before);
    return keep(doc, name);
  };
  // `before` is a field's name, or "part:2" for the end of a section; by default after what is chosen.
  const insert = (doc, place, before) => {
    if (before?.startsWith("part:")) return doc.sections[Number(before.slice(5))].fields.push(place);
    const spot = before ? find(doc, before) : null;
    if (spot) return doc.sections[spot.part].fields.splice(spot.at, 0, place);
    const chosen = find(doc, state.selected);
    if (chosen) return doc.sections[chosen.part].fields.splice(chosen.at + 1, 0, place);
    const open = doc.sections.filter((one) => !one.folded);
    return (open.pop() || doc.sections[doc.sections.length - 1]).fields.push(place);
  };
  const moveTo = (name, before) => {
    if (name === before) return;
    const doc = current(), spot = find(doc, name);
    const [place] = doc.sections[spot.part].fields.splice(spot.at, 1);
    insert(doc, place, before);
    keep(doc, name);
  };
  const step = (name, by) => {
    const doc = current(), { part, at, place } = find(doc, name), list = doc.sections[part].fields;
    list.splice(at, 1);
    if (at + by >= 0 && at + by <= list.length) list.splice(at + by, 0, place);
    else if (doc.sections[part + by]) doc.sections[part + by].fields[by < 0 ? "push" : "unshift"](place);
    else return;
    keep(doc, name);
  };
  const remove = (name) => {
    const doc = current(), spot = find(doc, name);
    doc.sections[spot.part].fields.splice(spot.at, 1);
    keep(doc, "");
  };
  const section = (doc) => doc.sections[Number(state.selected.slice(8))];
  // On a small screen the palette is a sheet over the form; it goes when something was chosen from it.
  const palette = (open) => {
    const was = frame.classList.contains("is-palette"), button = board().querySelector('[aria-controls="form-palette"]');
    if (was === open || !button) return;
    frame.classList.toggle("is-palette", open);
    button.setAttribute("aria-expanded", String(open));
    (open ? board().querySelector("#form-palette button, #form-palette a") : button).focus();
  };
  // There the properties are a sheet as well: it opens with what is chosen.
  const small = matchMedia("(max-width: 991px)");
  const panel = (open) => {
    if (frame.classList.contains("is-panel") === (open && small.matches)) return;
    frame.classList.toggle("is-panel", open && small.matches);
    if (open) board().querySelector("#form-panel [data-do]")?.focus();
    else board().querySelector(`[data-place="${CSS.escape(state.selected)}"]`)?.focus({ preventScroll: true });
  };
  const choose = (name) => { panel(true); if (name !== state.selected) draw({ selected: name }); };
  const verbs = {
    panel: () => panel(false),
    palette: () => palette(!frame.classList.contains("is-palette")),
    undo: () => back(past, future),
    redo: () => back(future, past),
    up: () => step(state.selected, -1),
    down: () => step(state.selected, 1),
    remove: () => { panel(false); remove(state.selected); },
    section: () => { const doc = current(); doc.sections.push({ title: frame.dataset.section, title_zh: "", columns: 2, folded: false, fields: [] }); keep(doc, `section:${doc.sections.length - 1}`); },
    "remove-section": () => {
      panel(false);
      const doc = current(), at = Number(state.selected.slice(8));
      if (doc.sections.length < 2) return;
      const [gone] = doc.sections.splice(at, 1);
      doc.sections[Math.max(at - 1, 0)].fields.push(...gone.fields);
      keep(doc, "");
    },
  };

  // ---- properties ----

  const change = (what, value) => { const doc = current(); const { place } = find(doc, state.selected); if (value === undefined) delete place[what]; else place[what] = value; keep(doc); };
  // What the builder of a condition holds, without rows in which nothing was chosen; one comparison stands for itself.
  const asked = (rule) => {
    if (rule.not) return { not: asked(rule.not) };
    const kind = rule.all ? "all" : rule.any ? "any" : "";
    return kind ? { [kind]: rule[kind].filter((part) => part.field !== "").map(asked) } : rule;
  };
  const single = (rule) => (rule.all?.length === 1 ? rule.all[0] : rule.all ? rule : rule.any?.length === 1 ? rule.any[0] : rule);
  const built = (what, text) => {
    const doc = current(), spot = find(doc, state.selected);
    const rule = single(asked(JSON.parse(text)));
    if (!spot || JSON.stringify(spot.place[what]) === JSON.stringify(rule)) return;
    spot.place[what] = rule;
    past.push(state.document);
    future.length = 0;
    state.document = JSON.stringify(doc);
    unsaved = true;
  };
  // The page is drawn anew when nobody is typing in the builder and no row of it is still to be chosen.
  let calm;
  const whenCalm = () => {
    clearTimeout(calm);
    calm = setTimeout(() => {
      const builder = board().querySelector("[data-builder]:focus-within"), typing = document.activeElement;
      const open = builder && (builder.prmStale || [...builder.querySelectorAll("[data-field]")].some((one) => !one.value) || typing.matches("input:not([type=checkbox])"));
      if (unsaved && !open) draw();
    }, 300);
  };
  frame.addEventListener("prm:condition", (event) => { built(event.detail.name.replace("rule-", ""), event.detail.value); whenCalm(); });
  frame.addEventListener("focusout", whenCalm);
  // What was not kept yet is kept before it is published.
  frame.addEventListener("submit", (event) => {
    if (!unsaved && !busy) return;
    const action = event.target.action;
    event.preventDefault();
    event.stopPropagation();
    if (!busy) draw();
    const wait = setInterval(() => {
      if (unsaved || busy) return;
      clearInterval(wait);
      [...frame.querySelectorAll("form")].find((one) => one.action === action)?.requestSubmit();
    }, 50);
  }, true);
  const onChange = (field) => {
    const box = field.closest("[data-rule]");
    if (field.matches("[data-rule-mode]")) {
      const first = board().dataset.first;
      if (field.value === "when") return first ? change(box.dataset.rule, JSON.parse(first)) : draw();
      return change(box.dataset.rule, field.value === "always" ? true : undefined);
    }
    if (box) return null;
    if (field.dataset.prop) return change(field.dataset.prop, field.type === "checkbox" ? field.checked || undefined : field.value || undefined);
    if (field.dataset.partProp) {
      const doc = current(), what = field.dataset.partProp;
      section(doc)[what] = field.type === "checkbox" ? field.checked : what === "columns" ? Number(field.value) : field.value;
      return keep(doc);
    }
    return null;
  };

  frame.addEventListener("change", (event) => {
    if (event.target.closest("[data-which]")) return event.target.form.requestSubmit();
    if (event.target.closest(".ui-side")) onChange(event.target);
    return null;
  });
  frame.addEventListener("click", (event) => {
    const at = (name) => event.target.closest(`[${name}]`);
    if (at("data-builder")) return null;
    if (at("data-do")?.dataset.do !== "palette") palette(false);
    if (at("data-do")) return verbs[at("data-do").dataset.do]();
    if (at("data-add")) return put(at("data-add").dataset.add);
    if (at("data-select")) return choose(at("data-select").dataset.select);
    if (event.target.closest("button[data-mode]")) return draw({ mode: event.target.closest("button").dataset.mode });
    const cell = at("data-place");
    if (cell) choose(cell.dataset.place);
    return null;
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input,textarea,select");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing) { event.preventDefault(); return event.shiftKey ? verbs.redo() : verbs.undo(); }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "y" && !typing) { event.preventDefault(); return verbs.redo(); }
    if (event.key === "Escape" && frame.classList.contains("is-palette")) { event.preventDefault(); return palette(false); }
    if (event.key === "Escape" && frame.classList.contains("is-panel")) { event.preventDefault(); return panel(false); }
    const cell = event.target.closest("[data-place]");
    // What is chosen goes, wherever the keys are, but while somebody types or presses a button.
    const free = cell === event.target || event.target === document.body || event.target.id === "page";
    if (event.key === "Delete" && free) {
      const gone = board().querySelector(`[data-place="${CSS.escape(cell?.dataset.place || state.selected)}"]`);
      if (gone && gone.dataset.removable) { event.preventDefault(); panel(false); remove(gone.dataset.place); }
      return null;
    }
    if (!cell) return null;
    const name = cell.dataset.place;
    if (event.altKey && event.key === "ArrowUp") { event.preventDefault(); return step(name, -1); }
    if (event.altKey && event.key === "ArrowDown") { event.preventDefault(); return step(name, 1); }
    if (event.key === "Enter" || event.key === " ") { if (event.target === cell) { event.preventDefault(); return choose(name); } }
    return null;
  });

  // ---- dragging ----

  const slot = document.createElement("div");
  slot.className = "ui-field ui-field-wide ui-field-drop";
  frame.addEventListener("dragstart", (event) => {
    const from = event.target.closest?.("[data-place],[data-add]");
    if (!from) return;
    waiting = { name: from.dataset.place || from.dataset.add, fresh: Boolean(from.dataset.add) };
    slot.textContent = frame.dataset.slot.replace("%s", from.getAttribute("aria-label") || from.textContent.trim());
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", waiting.name);
  });
  frame.addEventListener("dragover", (event) => {
    const list = event.target.closest("[data-list]");
    if (!waiting || !list) return;
    event.preventDefault();
    if (event.target === slot) return;
    const over = event.target.closest("[data-place]");
    const box = over?.getBoundingClientRect();
    if (!over) list.append(slot);
    else if (event.clientY < box.top + box.height / 2) over.before(slot);
    else over.after(slot);
  });
  frame.addEventListener("drop", (event) => {
    if (!waiting || !slot.isConnected) return;
    event.preventDefault();
    let next = slot.nextElementSibling;
    if (next?.dataset.place === waiting.name) next = next.nextElementSibling;
    const before = next?.dataset.place || `part:${slot.closest("[data-list]").dataset.list}`;
    const { name, fresh } = waiting;
    slot.remove();
    waiting = null;
    if (fresh) put(name, before); else moveTo(name, before);
  });
  document.addEventListener("dragend", () => { slot.remove(); waiting = null; });

  buttons();
  // A field that was just made: out of what is folded, and chosen; a reload does not bring it again.
  if (frame.dataset.put) {
    const doc = current(), spot = find(doc, frame.dataset.put);
    const place = spot ? doc.sections[spot.part].fields.splice(spot.at, 1)[0] : { field: frame.dataset.put, wide: true };
    insert(doc, place);
    keep(doc, place.field);
    const address = new URL(location.href);
    address.searchParams.delete("put");
    history.replaceState(history.state, "", address);
  }
})();
