// Keeps the draft: on this device at once, on the server half a second later; two people at it are told, nothing is lost.
// The steps back are kept in this tab, with the draft's revision: after a reload they fit that text and no other.

const WAIT = 500;
const MOST_STEPS_KEPT = 50;

export class FlowKeeper {
  constructor(root, model, { answered, failed, clash, saving }) {
    Object.assign(this, { root, model, answered, failed, clash, saving });
    this.revision = root.dataset.revision;
    this.key = `prm:flow:${location.host}:${root.dataset.person}:${root.dataset.subject}`;
    this.saved = JSON.stringify(model.document);
    this.stopped = false;
    this.recall();
    addEventListener("online", () => this.soon());
    addEventListener("pagehide", () => { if (this.dirty && !this.stopped) this.send({ keepalive: true }).catch(() => {}); });
  }

  get dirty() { return JSON.stringify(this.model.document) !== this.saved; }

  // What a broken visit left on this device: the document, and whether the server's draft is still the one it was made from.
  left() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) || "null");
      return kept && JSON.stringify(kept.document) !== this.saved ? { ...kept, fits: kept.revision === this.revision } : null;
    } catch { return null; }
  }

  keep() { try { localStorage.setItem(this.key, JSON.stringify({ revision: this.revision, document: this.model.document })); } catch { /* kept on the server only */ } }
  forget() { try { localStorage.removeItem(this.key); } catch { /* as above */ } }

  remember() {
    const { past, future } = this.model;
    const steps = { past: past.slice(-MOST_STEPS_KEPT), future: future.slice(-MOST_STEPS_KEPT) };
    try { sessionStorage.setItem(this.key, JSON.stringify({ revision: this.revision, ...steps })); } catch { /* until the page is left */ }
  }

  recall() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.key) || "null");
      if (kept?.revision === this.revision && !this.root.dataset.readonly) Object.assign(this.model, { past: kept.past, future: kept.future });
    } catch { /* nothing to go back to */ }
  }

  changed() {
    this.keep();
    if (!this.dirty) this.remember(); // stepped back to what is saved
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    if (this.stopped || !this.dirty) return;
    this.saving();
    this.timer = setTimeout(() => this.save(), WAIT);
  }

  send({ force = false, keepalive = false } = {}) {
    const body = new URLSearchParams({ document: JSON.stringify(this.model.document), revision: this.revision });
    if (force) body.set("over", "1");
    return fetch(this.root.dataset.save, { method: "POST", body, keepalive, headers: this.headers });
  }

  get headers() { return { "X-CSRFToken": this.root.dataset.token, Accept: "application/json" }; }

  // One request at a time; what changed meanwhile goes with the next.
  async save(how = {}) {
    clearTimeout(this.timer);
    if (this.busy) { await this.busy; if (this.stopped || !this.dirty) return; }
    this.busy = this.exchange(how);
    await this.busy;
    this.busy = null;
    if (this.dirty && !this.stopped && !this.broken) this.soon();
  }

  async exchange(how) {
    const sent = JSON.stringify(this.model.document);
    this.broken = false;
    try {
      const answer = await this.send(how);
      const said = (answer.headers.get("content-type") || "").includes("json") ? await answer.json() : {};
      if (answer.status === 409) { this.stopped = true; this.theirs = said; this.clash(said); return; }
      if (!answer.ok || answer.redirected) { this.broken = true; this.failed(said.text || ""); return; }
      this.revision = said.revision;
      this.saved = sent;
      this.stopped = false;
      if (this.dirty) this.keep(); else { this.forget(); this.remember(); }
      this.answered(said);
    } catch { this.broken = true; this.failed(""); }
  }

  async settled() {
    if (this.dirty && !this.stopped) await this.save();
    return !this.dirty && !this.stopped;
  }

  async keepMine() {
    this.revision = this.theirs.revision;
    this.stopped = false;
    await this.save({ force: true });
  }

  takeTheirs() {
    this.forget();
    this.saved = JSON.stringify(this.model.document);
    location.reload();
  }
}
