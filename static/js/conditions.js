// The condition builder: its controls are read into JSON at every change; the server draws rows, sentence and count.
(() => {
  const number = (text) => text.normalize("NFKC").replace(/[,\s]/g, "").replace(/\u2212/g, "-");
  const text = (input) => (input.hasAttribute("data-number") ? number(input.value) : input.value);
  const one = (row, name) => row.querySelector(`[data-${name}]`);

  const valueOf = (row) => {
    if (one(row, "count")) return { count: Number(one(row, "count").value || NaN), unit: one(row, "unit").value };
    if (one(row, "from")) return { from: text(one(row, "from")), to: text(one(row, "to")) };
    if (one(row, "tokens")) {
      const typed = one(row, "new-token").value.trim();
      return [...row.querySelectorAll("[data-token]")].map((token) => token.dataset.token).concat(typed ? [typed] : []);
    }
    if (row.querySelector(".ui-ticks")) return [...row.querySelectorAll("[data-one]:checked")].map((tick) => tick.value);
    const input = one(row, "value");
    if (!input) return undefined;
    return input.hasAttribute("data-flag") ? input.value === "true" : text(input);
  };
  const rowOf = (row) => {
    const name = one(row, "field").value;
    const found = name.startsWith("m:") ? { measure: name.slice(2) } : { field: name.slice(2) };
    if (one(row, "period-kind")) {
      const unit = one(row, "period-unit").value;
      const last = one(row, "period-kind").value === "last";
      found.period = last ? { last: Number(one(row, "period-count")?.value || 4), unit } : { this: unit === "day" ? "week" : unit };
    }
    if (one(row, "op")) found.op = one(row, "op").value;
    const value = valueOf(row);
    if (value !== undefined) found.value = value;
    if (one(row, "currency")) found.currency = one(row, "currency").value;
    return found;
  };
  // `edit` leaves out an element, or adds to a box.
  const boxOf = (box, edit = {}) => {
    const parts = [...box.querySelector("[data-items]").children]
      .filter((item) => item !== edit.without && item.matches("[data-row], [data-box]"))
      .map((item) => (item.matches("[data-box]") ? boxOf(item, edit) : rowOf(item)));
    if (edit.into === box) parts.push(edit.add);
    const kind = box.querySelector("[data-kind]").value;
    if (kind === "none") return { not: { any: parts } };
    return kind === "not_all" ? { not: { all: parts } } : { [kind]: parts };
  };
  const read = (builder, edit) => {
    const found = boxOf(builder.querySelector("[data-box]"), edit);
    return JSON.stringify(found.all && !found.all.length ? {} : found);
  };
  const keep = (builder, edit) => {
    const hidden = builder.querySelector("[data-condition]");
    hidden.value = read(builder, edit);
    builder.dispatchEvent(new CustomEvent("prm:condition", { bubbles: true, detail: { name: hidden.name, value: hidden.value } }));
    return hidden.value;
  };

  const ask = (builder, condition, target, part) =>
    htmx.ajax("POST", builder.dataset.builder, { source: target, target, swap: "innerHTML", values: { condition, name: builder.dataset.name, part } });
  // Nothing typed is lost: an answer to what is no longer there is thrown away, and the question is put again.
  const redraw = async (builder, edit = {}, focus) => {
    if (builder.prmStale) return; // one at a time; what changes meanwhile is seen when the answer comes
    clearTimeout(builder.prmWait);
    let again;
    try {
      do {
        again = false;
        const sent = keep(builder, edit);
        builder.prmStale = () => (again = builder.isConnected && read(builder, edit) !== sent);
        await ask(builder, sent, builder, "");
      } while (again);
    } finally {
      builder.prmStale = null;
    }
    keep(builder);
    // Whoever has gone on meanwhile, to the button that saves perhaps, stays there.
    const at = document.activeElement;
    if (at !== document.body && !(builder.contains(at) && (edit.into || edit.without))) return;
    (document.getElementById(focus) ?? builder.querySelector("[data-do=row]"))?.focus();
  };
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target?.prmStale?.()) event.detail.shouldSwap = false; });
  const foot = (builder) => {
    keep(builder);
    clearTimeout(builder.prmWait);
    builder.prmWait = setTimeout(() => builder.isConnected && ask(builder, read(builder), builder.querySelector("[data-foot]"), "foot"), 350);
  };

  document.addEventListener("input", (event) => {
    const builder = event.target.closest?.("[data-builder]");
    if (!builder || event.target.matches("[data-field], [data-redraw], [data-kind]")) return;
    event.stopPropagation();
    const search = event.target.dataset.search;
    if (search && event.target.value) {
      clearTimeout(event.target.prmWait);
      event.target.prmWait = setTimeout(() => htmx.ajax("GET", search, { source: event.target, target: event.target.list, swap: "innerHTML", values: { q: event.target.value } }), 250);
    }
    foot(builder);
  });
  document.addEventListener("change", (event) => {
    const builder = event.target.closest?.("[data-builder]");
    if (!builder) return;
    if (event.target.matches("[data-field], [data-redraw]")) redraw(builder, {}, event.target.id);
    else if (event.target.matches("[data-new-token]") && event.target.value.trim()) redraw(builder, {}, event.target.id);
    else foot(builder);
  });
  document.addEventListener("keydown", (event) => {
    const builder = event.target.closest?.("[data-builder]");
    if (!builder || event.key !== "Enter" || event.target.nodeName !== "INPUT") return;
    event.preventDefault(); // Enter ends a value; it does not send the page
    if (event.target.matches("[data-new-token]")) { if (event.target.value.trim()) redraw(builder, {}, event.target.id); } else foot(builder);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-builder] [data-do]");
    if (!button) return;
    const builder = button.closest("[data-builder]");
    const box = button.closest("[data-box]");
    event.stopPropagation();
    if (button.dataset.do === "token") { button.remove(); redraw(builder); return; }
    if (builder.prmStale) return;
    if (button.dataset.do === "remove") {
      const without = button.closest("[data-row]") ?? box;
      const around = without.parentElement.closest("[data-box]");
      redraw(builder, { without }, around.querySelector("[data-kind]").id.replace(/kind$/, "add"));
      return;
    }
    const place = box.querySelector("[data-kind]").id.replace(/kind$/, "");
    const at = box.querySelector("[data-items]").querySelectorAll(":scope > [data-row], :scope > [data-box]").length;
    const add = button.dataset.do === "row" ? { field: "" } : { any: [{ field: "" }] };
    redraw(builder, { into: box, add }, `${place}${at}${button.dataset.do === "row" ? "" : "-0"}-field`);
  });
  // Enter in a view's name saves the view; the form's first button would only show the rows.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches?.(".ui-save-view input:not([type=checkbox])")) return;
    event.preventDefault();
    event.target.closest(".ui-save-view").querySelector("button[name=do]").click();
  });
})();
