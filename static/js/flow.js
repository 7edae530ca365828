// The flow designer: ties the tree, its keys, the panel and the draft together. Loaded by the designer's page only.
import { FlowModel } from "./flow-model.js";
import { FlowView } from "./flow-view.js";
import { FlowPanel } from "./flow-panel.js";
import { FlowKeeper } from "./flow-save.js";
import { watchDrag } from "./flow-drag.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const ZOOMS = [50, 60, 75, 90, 100, 110, 125, 150];
const WAYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

class Designer {
  constructor(root) {
    this.root = root;
    this.words = read("flow-words");
    this.state = read("flow-state");
    this.board = root.querySelector("#flow-board");
    this.model = new FlowModel(read("flow-document"));
    this.view = new FlowView(this.board, { icons: root.dataset.icons, words: this.words });
    this.selected = "start";
    this.clip = null;
    this.readOnly = root.dataset.readonly === "1";
    this.panel = new FlowPanel(root.querySelector("#flow-panel"), {
      root, model: this.model, act: (verb, of) => this.act(verb, of), closed: () => this.view.focus(this.selected),
    });
    this.keeper = new FlowKeeper(root, this.model, {
      answered: (said) => this.answered(said), failed: (text) => this.line("saved", text || this.words.not_saved, "is-bad"),
      clash: (said) => this.clash(said), saving: () => this.line("saved", this.words.saving),
    });
    this.model.onChange(() => { this.draw(); this.counted(); this.stale(); if (!this.readOnly) this.keeper.changed(); });
    this.listen();
    this.zoomTo(this.kept("zoom") || 100);
    this.draw();
    this.showState();
    // On a phone the whole tree is shown first, as far as it can still be read.
    if (this.panel.isSheet && this.view.flow.scrollWidth > this.board.clientWidth) this.zoom("fit");
    this.restore();
  }

  kept(name) { try { return Number(localStorage.getItem(`prm:flow-${name}`)); } catch { return 0; } }
  part(name) { return this.root.querySelector(`[data-part="${name}"]`); }

  line(name, text, css = "") {
    const place = this.part(name);
    if (!place) return;
    place.textContent = text;
    place.className = `ui-sub ${css}`.trim();
  }

  // What is shown of the server's last answer; a change since then leaves labels as they were until the next.
  draw() {
    const held = this.board.contains(document.activeElement) && document.activeElement.dataset.node;
    if (this.model.returned) [this.selected, this.model.returned] = [this.model.returned, ""];
    if (!["start", "end"].includes(this.selected) && !this.model.find(this.selected)) this.selected = "start";
    this.model.here = this.selected;
    const problems = {};
    for (const one of this.state.problems) (problems[one.node || "start"] ||= []).push(one.text);
    this.view.draw(this.model, {
      labels: this.state.labels, problems, unreached: new Set(this.state.unreached), selected: this.selected,
      start: this.words.start, end: this.words.end,
    });
    if (held) this.view.focus(this.selected);
    for (const [verb, past] of [["undo", this.model.past], ["redo", this.model.future]]) {
      const button = document.querySelector(`[data-flow="${verb}"]`);
      if (button) button.disabled = !past.length;
    }
  }

  // At once, in the words of the server's own line.
  counted() {
    const { steps, levels } = this.model.size();
    const said = (name, n) => this.words[`${name}_${n === 1 ? "one" : "many"}`].replace("{n}", n);
    this.line("count", this.words.counted.replace("{steps}", said("steps", steps)).replace("{levels}", said("levels", levels)), "ui-hide-sm");
  }

  stale() {
    this.part("soundness")?.setAttribute("aria-busy", "true");
    this.publishable({ ready: false, why: this.words.checking });
  }

  publishable({ ready, why }) {
    for (const button of document.querySelectorAll('[data-flow="publish"]')) button.disabled = !ready;
    const place = this.part("why");
    if (place) place.textContent = why;
  }

  answered(said) {
    this.state = said;
    this.line("saved", said.saved);
    this.draw();
    this.showState();
    if (this.panel.isOpen && !this.typing()) this.panel.show(this.panel.id);
    else if (this.panel.isOpen) this.panelProblems();
  }

  typing() { return this.panel.aside.contains(document.activeElement) && document.activeElement.matches("input, textarea, select, [data-builder] *"); }

  // The field in use keeps its place: only the lines about what is wrong change.
  panelProblems() {
    const label = this.state.labels[this.panel.id];
    const title = this.panel.aside.querySelector("[data-title]");
    if (label && title) title.textContent = label.name;
    const mine = this.state.problems.filter((one) => one.node === this.panel.id);
    const mark = this.panel.aside.querySelector("[data-mark]");
    if (mark) {
      mark.className = `ui-state ui-xs ${mine.length ? "is-bad" : mark.dataset.mark}`.trim();
      mark.querySelector("[data-unsound]").hidden = !mine.length;
    }
    const list = this.panel.aside.querySelector("[data-problems]");
    if (!list) return;
    list.hidden = !mine.length;
    list.querySelector("[data-list]").replaceChildren(...mine.map((one) => this.view.make("span", "ui-strong", one.text)));
  }

  showState() {
    const place = this.part("soundness");
    if (!place) return;
    place.removeAttribute("aria-busy");
    const problems = this.state.problems;
    const tag = place.querySelector("[data-tag]");
    tag.className = `ui-tag is-${problems.length ? "bad" : "ok"}`;
    tag.replaceChildren(this.view.icon(problems.length ? "alert-triangle" : "circle-check"), this.state.line);
    this.line("count", this.state.count, "ui-hide-sm");
    const list = this.part("problems");
    list.replaceChildren(...problems.map((one) => {
      const button = this.view.make("button", "ui-flow-problem", this.view.make("b", "", one.name), one.text);
      button.dataset.selects = one.node || "start";
      return this.view.make("li", "", button);
    }));
    list.hidden = !problems.length;
    this.publishable(this.state.publish);
    const asked = document.querySelector('[data-part="publish-revision"]');
    if (asked) asked.value = this.state.revision;
    document.getElementById("flow-tag").textContent = this.state.tag;
    if (this.state.dry_run_stale && this.part("dock-stale")) this.part("dock-stale").hidden = false;
  }

  select(id, { focus = true, open = this.panel.isOpen } = {}) {
    this.selected = this.model.here = id;
    for (const node of this.board.querySelectorAll("[data-node]")) node.setAttribute("aria-pressed", String(node.dataset.node === id));
    if (focus) this.view.focus(id);
    if (open) this.panel.show(id);
  }

  async openPanel(id) { this.select(id, { focus: false, open: false }); await this.panel.show(id, { focus: true }); }

  // ---- verbs ----

  act(verb, id = this.selected) {
    if (verb === "close") { this.panel.close(); return true; }
    if (verb === "undo" || verb === "redo") { if (this.model[verb]()) this.refresh(); return true; }
    if (verb === "copy") { this.clip = this.model.copied(id) || this.clip; if (this.clip) this.say(this.words.copied); return true; }
    if (this.readOnly) return false;
    const turned = {
      up: () => this.model.shift(id, -1), down: () => this.model.shift(id, 1),
      left: () => this.model.sideways(id, -1), right: () => this.model.sideways(id, 1),
    }[verb];
    if (turned) { const done = turned(); if (done) this.select(id, { focus: !this.panel.isOpen }); this.say(done ? this.words.moved : this.words.cannot_move); return true; }
    if (verb === "delete") return this.remove(id);
    const made = {
      paste: () => this.model.paste(this.clip, id), duplicate: () => this.model.paste(this.model.copied(id), id),
      "wrap-branch": () => this.model.wrap(id, "branch"), "wrap-parallel": () => this.model.wrap(id, "parallel") && id,
      "add-side": () => this.model.addBranch(id) && id,
    }[verb];
    if (!made) return false;
    const fresh = made();
    if (fresh) this.select(fresh, { focus: !this.panel.isOpen });
    this.say(fresh ? this.words.added : this.words.cannot_paste);
    return true;
  }

  remove(id) {
    if (this.model.isDefault(id)) { this.say(this.words.default_stays); return true; }
    const inPanel = this.panel.isOpen && id === this.panel.id;
    const next = this.model.remove(id);
    if (next === null) return false;
    const shown = this.model.find(this.panel.id) ? this.panel.id : next;
    this.select(inPanel ? next : shown, { focus: !this.panel.isOpen || inPanel });
    this.say(this.words.deleted);
    return true;
  }

  refresh() { if (this.panel.isOpen) this.panel.show(this.model.find(this.panel.id) ? this.panel.id : "start"); }
  say(text) { this.part("spoken").textContent = text; }

  choose(place, opener) {
    this.place = place;
    const dialog = document.getElementById("flow-kinds");
    window.prmOpenDialog(dialog, opener);
    if (!matchMedia("(min-width: 992px)").matches || !opener) return;
    const box = opener.getBoundingClientRect(), own = dialog.getBoundingClientRect();
    dialog.style.left = `${Math.max(8, Math.min(box.right + 8, innerWidth - own.width - 8))}px`;
    dialog.style.top = `${Math.max(8, Math.min(box.top - 12, innerHeight - own.height - 8))}px`;
  }

  addChosen(kind) {
    document.getElementById("flow-kinds").close();
    const id = this.model.add(kind, this.place.inside, this.place.index);
    const made = this.model.find(id).node;
    this.opened(kind === "branch" ? made.branches[0].id : id);
  }

  // What was just made has the focus in the tree, its panel beside it; a panel that is a sheet takes the focus itself.
  opened(id) {
    if (!id) return;
    this.select(id, { open: false });
    this.panel.show(id, { focus: this.panel.isSheet });
  }

  // The chooser is walked with the arrow keys as the tree is.
  walkKinds(event) {
    const all = [...event.currentTarget.querySelectorAll("[data-adds]")];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length].focus();
  }

  zoomTo(percent) {
    this.percent = percent;
    this.view.zoom(percent);
    const shown = this.part("zoom");
    if (shown) shown.textContent = `${percent}%`;
    try { localStorage.setItem("prm:flow-zoom", String(percent)); } catch { /* this page only */ }
  }

  zoom(way) {
    if (way === "fit") {
      this.view.zoom(100);
      const wide = this.view.flow.scrollWidth, high = this.view.flow.scrollHeight;
      const most = Math.min((this.board.clientWidth - 40) / wide, (this.board.clientHeight - 40) / high) * 100;
      this.zoomTo(ZOOMS.filter((one) => one <= Math.max(most, 50)).at(-1));
      return;
    }
    const at = ZOOMS.findIndex((one) => one >= this.percent);
    this.zoomTo(way === "in" ? ZOOMS[Math.min(at + 1, ZOOMS.length - 1)] : way === "out" ? ZOOMS[Math.max(at - 1, 0)] : 100);
  }

  // ---- what comes from outside ----

  clash(said) {
    const box = this.part("clash");
    box.hidden = false;
    box.querySelector("[data-text]").textContent = said.text;
    box.querySelector("[data-list]").replaceChildren(...said.difference.map((text) => this.view.make("li", "", text)));
    this.line("saved", this.words.not_saved, "is-bad");
    box.querySelector("button").focus();
  }

  restore() {
    const left = this.readOnly ? null : this.keeper.left();
    if (!left) return;
    if (left.fits) { this.model.replace(left.document); this.say(this.words.restored); return; }
    this.model.replace(left.document);
    this.keeper.revision = left.revision;
    this.keeper.save();
  }

  async verb(button) {
    const { flow } = button.dataset;
    if (flow === "undo" || flow === "redo") { this.act(flow); return; }
    if (flow.startsWith("zoom-")) { this.zoom(flow.slice(5)); return; }
    if (flow === "keep-mine") { this.part("clash").hidden = true; await this.keeper.keepMine(); return; }
    if (flow === "take-theirs") { this.keeper.takeTheirs(); return; }
    if (flow === "dry-run") await this.dryRun(button);
    if (flow === "publish" && await this.keeper.settled()) window.prmOpenDialog(document.getElementById("flow-publish"), button);
  }

  async dryRun(button) {
    if (!await this.keeper.settled()) return;
    const dock = document.getElementById("flow-dock");
    dock.hidden = false;
    dock.setAttribute("aria-busy", "true");
    button.disabled = true;
    try {
      const answer = await fetch(this.root.dataset.dryRun, { method: "POST", body: new URLSearchParams({ revision: this.keeper.revision }), headers: { "X-CSRFToken": this.root.dataset.token } });
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      dock.replaceChildren(...(answer.ok || answer.status === 422 ? parsed.body.childNodes : [this.view.make("p", "ui-bad", this.words.dry_run_failed)]));
      if (answer.ok) this.publishable({ ready: dock.querySelector("[data-ready]")?.dataset.ready === "1", why: dock.querySelector("[data-ready]")?.dataset.why || "" });
    } catch { dock.replaceChildren(this.view.make("p", "ui-bad", this.words.dry_run_failed)); }
    dock.removeAttribute("aria-busy");
    button.disabled = false;
  }

  listen() {
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-flow]");
      if (button) this.verb(button);
      const kind = event.target.closest("[data-adds]");
      if (kind) this.addChosen(kind.dataset.adds);
      const problem = event.target.closest("[data-selects]");
      if (problem) { problem.closest("details")?.removeAttribute("open"); this.view.focus(problem.dataset.selects); this.openPanel(problem.dataset.selects); }
    });
    this.board.addEventListener("click", (event) => {
      const plus = event.target.closest(".ui-plus");
      if (plus && !this.readOnly) { this.choose({ inside: plus.dataset.inside, index: Number(plus.dataset.index) }, plus); return; }
      const more = event.target.closest("[data-branch-of]");
      if (more && !this.readOnly) { this.opened(this.model.addBranch(more.dataset.branchOf)); return; }
      const node = event.target.closest("[data-node]");
      if (node) this.openPanel(node.dataset.node);
    });
    this.board.addEventListener("focusin", (event) => {
      const node = event.target.closest("[data-node]");
      if (node && node.dataset.node !== this.selected) this.select(node.dataset.node, { focus: false });
    });
    document.addEventListener("keydown", (event) => this.pressed(event), true);
    document.getElementById("flow-kinds")?.addEventListener("keydown", (event) => this.walkKinds(event));
    watchDrag(this.board, this.view, {
      canDrag: (id) => { const place = !this.readOnly && this.model.find(id); return place && !this.model.isDefault(id) ? place.type : ""; },
      dropStep: (id, inside, index) => { if (this.model.move(id, inside, index)) this.select(id); else this.say(this.words.cannot_move); },
      dropBranch: (id, beside) => {
        const from = this.model.find(id), to = this.model.find(beside);
        if (from && to && from.list === to.list && this.model.shift(id, Math.min(to.index, from.list.length - 2) - from.index)) this.select(id);
        else this.say(this.words.cannot_move);
      },
      say: () => this.say(this.words.dragging),
    });
  }

  pressed(event) {
    if (document.querySelector("dialog[open]")) return;
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    const onBoard = this.board.contains(event.target) || event.target === document.body;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const done = () => { event.preventDefault(); event.stopPropagation(); };
    // Esc closes the panel, also one that is still on its way; it never leaves the designer.
    if (key === "Escape" && !event.defaultPrevented && !document.querySelector("details.ui-drop[open]")) { done(); this.panel.close(); return; }
    if (event.ctrlKey || event.metaKey) {
      if (field) return;
      const verb = { z: event.shiftKey ? "redo" : "undo", y: "redo", c: "copy", v: "paste", d: "duplicate" }[key];
      if (verb === "copy" && String(getSelection())) return;
      if (verb && (onBoard || verb === "undo" || verb === "redo")) { done(); this.act(verb); }
      return;
    }
    if (!onBoard || field) return;
    if (event.altKey && WAYS[key]) { done(); this.act(WAYS[key]); return; }
    if (event.altKey) return;
    if (WAYS[key]) { done(); const next = this.model.neighbour(this.selected, WAYS[key]); if (next) this.select(next); return; }
    if (key === "Home" || key === "End") { done(); this.select(key === "Home" ? "start" : "end"); return; }
    if (key === "Enter" && !event.target.closest(".ui-plus, .ui-fork-add, a")) { done(); this.openPanel(this.selected); return; }
    if ((key === "Delete" || key === "Backspace") && !this.readOnly) { done(); this.act("delete"); return; }
    if (key === "n" && !this.readOnly) { done(); this.choose(this.model.after(this.selected), this.view.node(this.selected)); return; }
    if (key === "+" || key === "=" || key === "-" || key === "0") { done(); this.zoom({ "-": "out", 0: "reset" }[key] || "in"); }
  }
}

const root = document.getElementById("flow");
if (root) {
  document.getElementById("shell")?.classList.add("ui-shell-fold"); // the tree needs the room; "[" opens the rail again
  new Designer(root);
}
