// Draws a flow as a tree of buttons; asks for nothing, remembers nothing but what it drew.

const COLOURS = { approver: "live", branch: "warn", decide: "ok", notice: "note", wait: "", update: "", webhook: "", parallel: "" };
export const ICONS = {
  approver: "user-check", approvers: "users", branch: "arrows-split-2", parallel: "arrows-split", notice: "bell", wait: "hourglass",
  decide: "bolt", update: "pencil", webhook: "world",
};

const SVG = "http://www.w3.org/2000/svg";

export class FlowView {
  constructor(board, { icons, words }) {
    this.board = board;
    this.icons = icons;
    this.words = words;
    this.flow = board.querySelector(".ui-flow");
  }

  icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `${this.icons}#i-${name}`);
    svg.append(use);
    return svg;
  }

  make(tag, css, ...children) {
    const node = document.createElement(tag);
    if (css) node.className = css;
    if (tag === "button") node.type = "button";
    node.append(...children);
    return node;
  }

  // `state`: labels {id: {top, name, sub}}, problems {id: [text]}, unreached (set of ids), selected, start, end (words).
  draw(model, state) {
    this.model = model;
    this.state = state;
    const parts = [this.pill("start", state.start), ...this.line(model.document.steps, ""), this.pill("end", state.end)];
    this.flow.replaceChildren(...parts);
    this.rove(state.selected);
  }

  // One node of the tree is in the tab order; arrows lead to the others.
  rove(id) {
    const nodes = [...this.flow.querySelectorAll("[data-node]")];
    const here = nodes.find((node) => node.dataset.node === id) || nodes[0];
    for (const node of nodes) node.tabIndex = node === here ? 0 : -1;
    return here;
  }

  node(id) { return this.flow.querySelector(`[data-node="${CSS.escape(id)}"]`); }

  focus(id) {
    const node = this.rove(id);
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  pill(id, text) {
    const node = this.make("button", "ui-node ui-node-pill", text);
    node.dataset.node = id;
    return this.mark(node, id);
  }

  mark(node, id) {
    node.setAttribute("aria-pressed", String(this.state.selected === id));
    const problems = this.state.problems[id];
    if (problems) {
      node.classList.add("is-unsound");
      const flag = this.make("span", "ui-node-flag", this.icon("exclamation-mark"));
      node.append(flag, this.make("span", "visually-hidden", problems.join(" ")));
    }
    return node;
  }

  wire(inside, index) {
    const plus = this.make("button", "ui-plus", this.icon("plus"));
    plus.setAttribute("aria-label", this.words.add_here);
    plus.tabIndex = -1;
    plus.dataset.inside = inside;
    plus.dataset.index = index;
    return this.make("span", "ui-wire ui-wire-add", plus);
  }

  *line(steps, inside) {
    yield this.wire(inside, 0);
    for (const [index, step] of steps.entries()) {
      if (step.kind === "branch") yield this.fork(step);
      else if (step.kind === "parallel") yield this.parallel(step);
      else yield this.step(step);
      yield this.wire(inside, index + 1);
    }
  }

  label(id, kind) {
    return this.state.labels[id] || { top: this.words.kinds[kind], name: this.words.unnamed, sub: "" };
  }

  box(id, kind, icon, css) {
    const text = this.label(id, kind);
    const node = this.make("button", `ui-node ${css}`.trim(),
      this.make("span", "ui-node-top", this.icon(icon), text.top),
      this.make("span", "ui-node-name d-block", text.name));
    const sub = this.state.unreached.has(id) ? this.words.never_reached : text.sub;
    if (sub) node.append(this.make("span", "ui-node-sub d-block", sub));
    node.dataset.node = id;
    if (this.state.unreached.has(id)) node.classList.add("is-mute");
    return this.mark(node, id);
  }

  step(step) {
    const many = step.kind === "approver" && this.label(step.id, step.kind).many;
    return this.box(step.id, step.kind, ICONS[many ? "approvers" : step.kind] || "circle", COLOURS[step.kind] ? `is-${COLOURS[step.kind]}` : "");
  }

  fork(step) {
    const add = this.make("button", "ui-join ui-fork-add", this.icon("plus"), this.words.add_condition);
    add.dataset.branchOf = step.id;
    add.tabIndex = -1;
    const last = step.branches.length - 1;
    const branches = this.make("div", "ui-branches", ...step.branches.map((branch, index) => this.make("div", "ui-branch",
      this.make("span", "ui-wire"),
      this.box(branch.id, "branch", ICONS.branch, index === last ? "" : "is-warn"),
      ...this.line(branch.steps || [], branch.id),
      this.make("span", "ui-wire ui-wire-fill"))));
    return this.make("div", "ui-fork", add, branches);
  }

  parallel(step) {
    const text = this.label(step.id, "parallel");
    const head = this.make("button", "ui-par-label", this.icon(ICONS.parallel), text.name);
    head.dataset.node = step.id;
    this.mark(head, step.id);
    const sides = step.branches.map((branch) => {
      const side = this.make("div", "ui-branch", this.make("span", "ui-wire"));
      if (branch.name) side.append(this.make("span", "ui-par-side", this.label(branch.id, "parallel").name));
      side.append(...this.line(branch.steps || [], branch.id));
      if (!(branch.steps || []).length) side.append(this.make("span", "ui-par-empty", this.words.no_step));
      side.append(this.make("span", "ui-wire ui-wire-fill"));
      return side;
    });
    const box = this.make("div", "ui-par", head, this.make("div", "ui-branches", ...sides), this.make("span", "ui-join", text.sub || this.words.joins));
    if (this.state.problems[step.id]) box.classList.add("is-unsound");
    return box;
  }

  zoom(percent) { this.flow.style.zoom = String(percent / 100); }

  // The ＋ nearest to a point, at most 90 px away: where a dragged step would land.
  nearest(x, y) {
    let best = null, least = 90 * 90;
    for (const plus of this.flow.querySelectorAll(".ui-plus")) {
      const box = plus.getBoundingClientRect();
      const away = (box.left + box.width / 2 - x) ** 2 + (box.top + box.height / 2 - y) ** 2;
      if (away < least) { least = away; best = plus; }
    }
    return best;
  }
}
