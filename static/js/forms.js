// Forms: drafts kept on this device, one submit only, segment buttons, and focus on the summary of errors.
(() => {
  const forms = () => document.querySelectorAll("form[data-draft]");
  const keyOf = (form) => "prm:draft:" + location.host + ":" + form.dataset.person + ":" + form.dataset.draft;
  const fields = (form) => [...form.elements].filter((e) => e.name && (e.dataset.kept !== undefined || !["hidden", "password", "file", "submit", "button"].includes(e.type)));
  const say = (form, text) => { const line = form.querySelector("[data-draft-line]"); if (line) { line.hidden = !text; line.querySelector("span").textContent = text; } };
  const time = () => new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });

  const read = (form) => fields(form).map((e) => [e.name, e.type === "checkbox" || e.type === "radio" ? [e.value, e.checked] : e.multiple ? [...e.selectedOptions].map((o) => o.value) : e.value]);
  // By name, the n-th of it; gives back what has no field: a choice may bring its fields only when it is made.
  const write = (form, kept) => {
    const all = new Map(), seen = {};
    for (const e of fields(form)) all.set(e.name, [...(all.get(e.name) || []), e]);
    return kept.filter(([name, value]) => {
      const e = all.get(name)?.[seen[name] = (seen[name] ?? -1) + 1];
      if (!e) return true;
      if (e.type === "checkbox" || e.type === "radio") { if (e.value === value[0]) e.checked = value[1]; }
      else if (e.multiple) for (const option of e.options) option.selected = value.includes(option.value);
      else e.value = value;
      return false;
    });
  };
  // Fields that hang on a choice are fetched as if it were made now; then the rest of the draft is written into them.
  const reshape = (form, rest) => {
    const chosen = form.querySelector("[data-draft-reshapes] :checked");
    if (!chosen) return;
    const wait = (event) => {
      if (!form.contains(event.target) || write(form, rest).length === rest.length) return; // other parts come too
      document.removeEventListener("htmx:afterSettle", wait);
      form.dispatchEvent(new Event("change", { bubbles: true }));
    };
    if (rest.length) document.addEventListener("htmx:afterSettle", wait);
    const fetched = () => chosen.dispatchEvent(new Event("change", { bubbles: true }));
    if (document.readyState === "complete") fetched(); else addEventListener("load", fetched);
  };

  const start = (form) => {
    if (form.dataset.started) return;
    form.dataset.started = "1";
    let timer;
    const key = keyOf(form);
    const clean = !form.querySelector(".ui-summary");
    try {
      const kept = JSON.parse(localStorage.getItem(key) || "null");
      if (kept && clean && form.dataset.bound !== "1") {
        reshape(form, write(form, kept.values));
        const words = form.dataset.restored.replace("%s", kept.at), note = form.querySelector("[data-draft-note]");
        say(form, words);
        if (note) { note.hidden = false; note.querySelector("span").textContent = words; }
        for (const drop of form.querySelectorAll("[data-draft-drop]")) drop.hidden = false;
      }
    } catch { localStorage.removeItem(key); }
    const keep = () => {
      try {
        localStorage.setItem(key, JSON.stringify({ at: time(), values: read(form) }));
        say(form, form.dataset.saved.replace("%s", time()));
      } catch { say(form, ""); }
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 800); });
    form.addEventListener("click", (event) => {
      if (!event.target.closest("[data-draft-drop]")) return;
      clearTimeout(timer);
      localStorage.removeItem(key);
      form.reset();
      say(form, "");
      for (const gone of form.querySelectorAll("[data-draft-drop],[data-draft-note]")) gone.hidden = true;
    });
    // The draft goes only when the server has taken the form: it then answers with another page.
    form.addEventListener("submit", () => { clearTimeout(timer); keep(); sessionStorage.setItem("prm:sent", key); });
  };

  // Sent, and no form with that draft came back: the server took it.
  const sent = sessionStorage.getItem("prm:sent");
  if (sent && !document.querySelector(".ui-gate")) {
    if (![...forms()].some((form) => keyOf(form) === sent)) localStorage.removeItem(sent);
    sessionStorage.removeItem("prm:sent");
  }
  const all = () => forms().forEach(start);
  all();
  document.addEventListener("htmx:afterSettle", all);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.hasAttribute("hx-get") || form.method === "get") return;
    if (!navigator.onLine) { event.preventDefault(); return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => { for (const form of document.forms) { delete form.dataset.sent; form.removeAttribute("aria-busy"); } });
  document.addEventListener("htmx:afterRequest", (event) => { const form = event.detail.elt.closest?.("form"); if (form) { delete form.dataset.sent; form.removeAttribute("aria-busy"); } });

  document.querySelector(".ui-summary")?.focus();

  // A link to a part that is folded opens it.
  document.addEventListener("click", (event) => {
    const to = event.target.closest("a[href^='#']")?.getAttribute("href").slice(1);
    for (let part = to && document.getElementById(to); part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  });

  // Many ticks: those whose words hold what is typed stay; what is ticked stays too.
  document.addEventListener("input", (event) => {
    const field = event.target.closest("[data-tick-filter]");
    if (!field) return;
    const wanted = field.value.trim().toLowerCase();
    for (const label of field.closest("fieldset").querySelectorAll(".ui-options label")) {
      label.hidden = Boolean(wanted) && !label.textContent.toLowerCase().includes(wanted) && !label.querySelector("input")?.checked;
    }
  });

  // One match at a time, desktop/phone: [data-show="id"] buttons in a group show their part and hide the others.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-show]");
    if (!button) return;
    for (const other of button.parentElement.querySelectorAll("[data-show]")) {
      other.setAttribute("aria-pressed", String(other === button));
      const part = document.getElementById(other.dataset.show);
      if (part) part.hidden = other !== button;
    }
  });
})();
