// The panel beside the tree: one form per kind of step, drawn by the server; what is typed goes into the model at once.

const SMALL = matchMedia("(max-width: 991px)");

export class FlowPanel {
  constructor(aside, { root, model, act, closed }) {
    Object.assign(this, { aside, root, model, act, closed });
    this.id = "";
    this.turn = this.asked = 0;
    this.nothing = [...aside.childNodes]; // beside a wide tree the place stays, and says that nothing is chosen
    aside.addEventListener("input", (event) => this.typed(event));
    aside.addEventListener("change", (event) => this.typed(event));
    // The condition builder says each condition that it has read, with the property's name.
    aside.addEventListener("prm:condition", (event) => {
      if (this.id) try { model.set(this.id, { [event.detail.name]: JSON.parse(event.detail.value || "{}") }); } catch { /* half a condition is not kept */ }
    });
    aside.addEventListener("focusout", () => model.pause());
    aside.addEventListener("submit", (event) => event.preventDefault());
    aside.addEventListener("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (button) this.act(button.dataset.act, button.dataset.of || this.id);
    });
    SMALL.addEventListener("change", () => this.sheet(this.isOpen && SMALL.matches));
  }

  get isOpen() { return this.aside.dataset.open === "1"; }
  get isSheet() { return SMALL.matches; }

  async show(id, { focus = false } = {}) {
    this.id = id;
    this.wanted ||= focus; // a panel that is asked for again before it came still takes the focus
    const turn = ++this.turn;
    const body = new URLSearchParams({ document: JSON.stringify(this.model.document), node: id });
    let html = "";
    try {
      const answer = await fetch(this.root.dataset.panel, { method: "POST", body, headers: { "X-CSRFToken": this.root.dataset.token } });
      if (!answer.ok || answer.redirected) return;
      html = await answer.text();
    } catch { return; }
    if (turn !== this.turn) return;
    this.asked = turn;
    const held = this.aside.contains(document.activeElement) ? document.activeElement.id : "";
    // Parsed apart, so that no handler of the page runs over half a panel.
    const parsed = new DOMParser().parseFromString(html, "text/html");
    this.aside.replaceChildren(...parsed.body.childNodes);
    if (this.root.dataset.readonly) this.lock();
    window.htmx?.process(this.aside);
    this.aside.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: this.aside } }));
    this.aside.dataset.open = "1";
    this.sheet(SMALL.matches);
    const again = held && document.getElementById(held);
    const first = this.wanted;
    this.wanted = false;
    if (again) again.focus();
    else if (first) this.aside.querySelector("[data-first], input:not([type=hidden]), select, textarea, button")?.focus();
  }

  // A version that was published is read, not changed.
  lock() {
    this.aside.querySelector(".ui-flow-verbs")?.remove();
    for (const field of this.aside.querySelectorAll("input, select, textarea, button:not([data-act=close])")) field.disabled = true;
  }

  // On a tablet or phone the panel is a dialog: the tree behind it waits.
  sheet(on) {
    const behind = this.root.querySelector(".ui-board-col");
    behind.inert = on;
    if (on) { this.aside.setAttribute("role", "dialog"); this.aside.setAttribute("aria-modal", "true"); }
    else { this.aside.removeAttribute("role"); this.aside.removeAttribute("aria-modal"); }
  }

  close() {
    const waiting = this.asked !== this.turn;
    if (!this.isOpen && !waiting) return false;
    this.asked = this.turn += 1;
    this.aside.dataset.open = "";
    this.wanted = false;
    this.aside.replaceChildren(...this.nothing);
    this.id = "";
    this.sheet(false);
    this.closed();
    return true;
  }

  value(field) {
    if (field.dataset.type === "toggle") return field.checked ? JSON.parse(field.dataset.on) : undefined;
    if (field.type === "checkbox") {
      const group = [...this.aside.querySelectorAll(`input[type=checkbox][data-prop="${CSS.escape(field.dataset.prop)}"]`)];
      return field.dataset.type === "list" ? group.filter((one) => one.checked).map((one) => one.value) : field.checked;
    }
    if (field.type === "radio") return field.value;
    if (field.multiple) return [...field.selectedOptions].map((one) => one.value);
    if (field.dataset.type === "json") { try { return JSON.parse(field.value || "{}"); } catch { return undefined; } }
    if (field.dataset.type === "int") return field.value.trim() === "" ? undefined : Number(field.value);
    return field.dataset.drop === "empty" && field.value === "" ? undefined : field.value;
  }

  typed(event) {
    if (event.target.matches("[data-filter]")) { this.filter(event.target); return; }
    const field = event.target.closest("[data-prop]");
    if (!field || !this.id || this.root.dataset.readonly || (field.type === "radio" && !field.checked)) return;
    if (event.type === "input" && field.nodeName === "SELECT") return;
    const patch = { [field.dataset.prop]: this.value(field) };
    // Another kind of person needs other particulars: the old ones go.
    if (field.dataset.clears) for (const path of field.dataset.clears.split(" ")) patch[path] = undefined;
    this.model.set(field.dataset.of || this.id, patch);
    if (field.dataset.refresh !== undefined && event.type === "change") this.show(this.id);
  }

  filter(field) {
    const wanted = field.value.trim().toLowerCase();
    for (const label of field.closest("fieldset").querySelectorAll("label")) label.hidden = Boolean(wanted) && !label.textContent.toLowerCase().includes(wanted);
  }
}
