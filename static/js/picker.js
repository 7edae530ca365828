// Codes picked by search: [data-picker] is a plain field of codes with commas between; here it becomes chips and a search.
// The field stays and is what is sent; without scripts it is what one fills in.
(() => {
  const several = (text) => [...new Set(text.split(/[\s,;，；、]+/).filter(Boolean))];
  const single = (text) => [text.trim()].filter(Boolean); // one code, which may hold blanks and commas
  const made = (tag, attributes) => Object.assign(document.createElement(tag), attributes);

  const start = (field) => {
    if (field.dataset.started) return;
    field.dataset.started = "1";
    const { picker: address, hint, takes, none, unknown } = field.dataset;
    const isOne = field.dataset.single !== undefined, codesOf = isOne ? single : several;
    const names = new Map(); // by code; null: there is no such
    let drawn = null, rows = [], at = -1, wait, asked = 0;

    const box = made("div", { className: "ui-tokens ui-picker" });
    const input = made("input", { className: "ui-input", autocomplete: "off", placeholder: hint });
    const list = made("ul", { className: "ui-picker-list", hidden: true });
    const told = made("span", { className: "visually-hidden" });
    told.setAttribute("role", "status");
    // The search takes the field's id, so that its label and the links of the summary lead to what can be typed into.
    input.id = field.id;
    field.id += "_codes";
    list.id = input.id + "_list";
    list.setAttribute("role", "listbox");
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(name, value);
    const label = document.querySelector(`label[for="${CSS.escape(input.id)}"]`);
    list.setAttribute("aria-label", label?.firstChild?.textContent.trim() || hint);
    for (const name of ["aria-describedby", "aria-invalid"]) if (field.hasAttribute(name)) { input.setAttribute(name, field.getAttribute(name)); }
    field.hidden = true;
    field.after(box);
    box.append(input, list, told);

    const values = () => codesOf(field.value);
    const url = (query) => {
      const asks = new URLSearchParams(query);
      for (const name of (field.dataset.beside || "").split(" ").filter(Boolean)) {
        const other = field.form?.elements[name];
        if (other?.value) asks.set(name, other.value);
      }
      return `${address}?${asks}`;
    };
    const fetched = async (query) => {
      const answer = await fetch(url(query), { headers: { Accept: "application/json" } });
      return answer.ok ? (await answer.json()).rows : [];
    };

    const draw = () => {
      drawn = field.value;
      box.querySelectorAll("[data-code]").forEach((chip) => chip.remove());
      for (const code of values()) {
        const name = names.get(code);
        const chip = made("button", { type: "button", className: "ui-chip", title: name === null ? unknown : code });
        chip.dataset.code = code;
        if (name === null) chip.classList.add("is-unknown");
        chip.setAttribute("aria-label", takes.replace("%s", name || code) + (name === null ? `, ${unknown}` : ""));
        chip.append(made("b", { textContent: name || code }));
        if (name && field.dataset.coded !== undefined) chip.append(made("span", { className: "ui-dim ui-fig", textContent: code }));
        chip.append(made("span", { textContent: "×" }));
        chip.lastChild.setAttribute("aria-hidden", "true");
        box.insertBefore(chip, input);
      }
    };
    const name = async () => {
      const missing = values().filter((code) => !names.has(code));
      if (!missing.length) return;
      const found = await fetched({ codes: missing.join(",") }).catch(() => null);
      if (!found) return;
      for (const code of missing) names.set(code, null);
      for (const row of found) names.set(row.code, row.name);
      draw();
    };
    const set = (codes) => {
      field.value = codes.join(", ");
      draw();
      name();
      for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
    };
    const add = (codes) => { input.value = ""; shut(); set(isOne ? codes : [...new Set([...values(), ...codes])]); };

    const shut = () => {
      clearTimeout(wait);
      asked++;
      list.hidden = true;
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const mark = (to) => {
      at = to;
      [...list.children].forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
      const one = list.children[at];
      if (!one || !rows.length) return;
      input.setAttribute("aria-activedescendant", one.id);
      one.scrollIntoView({ block: "nearest" });
    };
    const show = async () => {
      const turn = ++asked;
      const found = await fetched({ q: input.value.trim() }).catch(() => []);
      if (turn !== asked || document.activeElement !== input) return;
      const taken = values();
      rows = found.filter((row) => !taken.includes(row.code));
      list.replaceChildren(...rows.map((row, place) => {
        const one = made("li", { id: `${list.id}_${place}` });
        one.setAttribute("role", "option");
        one.dataset.at = place;
        one.append(made("span", { textContent: row.name }), made("span", { className: "ui-xs ui-dim ui-fig", textContent: [row.code, row.note].filter(Boolean).join(" · ") }));
        return one;
      }));
      if (!rows.length) {
        const empty = made("li", { className: "ui-dim", textContent: none });
        empty.setAttribute("role", "option");
        empty.setAttribute("aria-disabled", "true");
        list.append(empty);
      }
      told.textContent = rows.length ? "" : none;
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark(rows.length && input.value.trim() ? 0 : -1);
    };
    const choose = (place) => {
      const row = rows[place];
      if (!row) return;
      names.set(row.code, row.name);
      add([row.code]);
    };

    input.addEventListener("input", (event) => {
      event.stopPropagation(); // it is no field of the form
      clearTimeout(wait);
      if (!isOne && /[,;，；、\n]/.test(input.value)) { add(codesOf(input.value)); return; }
      wait = setTimeout(show, 200);
    });
    input.addEventListener("change", (event) => event.stopPropagation());
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const open = !list.hidden, chips = [...box.querySelectorAll("[data-code]")];
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!open) show();
        else if (rows.length) mark((at + (event.key === "ArrowDown" ? 1 : -1) + rows.length + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % rows.length);
      } else if (event.key === "Enter") {
        if (open && at >= 0) { event.preventDefault(); choose(at); }
        else if (input.value.trim()) { event.preventDefault(); add(codesOf(input.value)); }
      } else if (event.key === "Escape" && open) {
        event.preventDefault();
        event.stopPropagation();
        shut();
      } else if (event.key === "Backspace" && !input.value && chips.length) {
        set(values().slice(0, -1));
      } else if (event.key === "ArrowLeft" && !input.value && chips.length) {
        chips.at(-1).focus();
      }
    });
    // Nothing typed is lost: what stands there when one goes on is a code as well; whether there is such one, the server says.
    input.addEventListener("blur", () => { shut(); if (input.value.trim()) add(codesOf(input.value)); });
    input.addEventListener("click", () => { if (list.hidden) show(); });
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the search keeps the focus
    list.addEventListener("click", (event) => { const one = event.target.closest("[data-at]"); if (one) choose(Number(one.dataset.at)); });

    // Chips: a press takes one away; arrows walk, with Alt they move it, where the order says something.
    box.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-code]");
      if (!chip) return;
      set(values().filter((code) => code !== chip.dataset.code));
      input.focus();
      shut();
    });
    box.addEventListener("keydown", (event) => {
      const chip = event.target.closest("[data-code]");
      if (!chip) return;
      const codes = values(), place = codes.indexOf(chip.dataset.code);
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Backspace" || event.key === "Delete") { event.preventDefault(); chip.click(); return; }
      if (!step) return;
      event.preventDefault();
      if (event.altKey && field.dataset.ordered !== undefined && codes[place + step]) {
        [codes[place], codes[place + step]] = [codes[place + step], codes[place]];
        set(codes);
        box.querySelectorAll("[data-code]")[place + step].focus();
      } else if (!event.altKey) (box.querySelectorAll("[data-code]")[place + step] ?? (step > 0 ? input : chip)).focus();
    });

    // A draft that is restored, or dropped, writes into the field.
    const again = () => { if (field.isConnected && field.value !== drawn) { draw(); name(); } };
    field.form?.addEventListener("change", again);
    field.form?.addEventListener("reset", () => setTimeout(again));
    draw();
    name();
  };

  const all = () => document.querySelectorAll("[data-picker]").forEach(start);
  all();
  document.addEventListener("htmx:afterSettle", all);
})();
