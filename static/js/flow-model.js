// An approval flow as a tree: finding, adding, moving, copying, deleting, with undo. Knows no page and no words.

const FIRST = { approver: "a", branch: "b", parallel: "p", notice: "n", wait: "w", decide: "d", update: "u", webhook: "h" };
export const KINDS = Object.keys(FIRST);
const MOST_STEPS_BACK = 200;

const clone = (value) => JSON.parse(JSON.stringify(value));
const holds = (kind) => kind === "branch" || kind === "parallel";

// Every step and branch below `steps`, with where it stands: {node, type, list, index, owner, inside}.
function* walk(steps, inside = "") {
  for (const [index, step] of steps.entries()) {
    yield { node: step, type: "step", list: steps, index, owner: null, inside };
    for (const [at, branch] of (step.branches || []).entries()) {
      yield { node: branch, type: "branch", list: step.branches, index: at, owner: step, inside };
      yield* walk(branch.steps || [], branch.id);
    }
  }
}

export class FlowModel {
  constructor(document) {
    this.document = clone(document);
    this.document.steps ||= [];
    this.past = [];
    this.future = [];
    this.heard = new Set();
    this.lastKey = this.here = this.returned = "";
  }

  onChange(listener) { this.heard.add(listener); }

  find(id) {
    for (const place of walk(this.document.steps)) if (place.node.id === id) return place;
    return null;
  }

  ids() { return [...walk(this.document.steps)].map((place) => place.node.id); }

  // How many steps there are, and how many levels.
  size() {
    const below = (list, depth) => (list || []).reduce((sum, step) => {
      const inner = (step.branches || []).map((branch) => below(branch.steps, depth + 1));
      return { steps: sum.steps + 1 + inner.reduce((all, one) => all + one.steps, 0), levels: Math.max(sum.levels, depth, ...inner.map((one) => one.levels)) };
    }, { steps: 0, levels: 0 });
    return below(this.document.steps, 1);
  }

  // The steps inside a branch; "" is the flow's own line.
  list(inside) {
    if (!inside) return this.document.steps;
    const place = this.find(inside);
    return place && place.type === "branch" ? (place.node.steps ||= []) : null;
  }

  newId(kind, taken = new Set(this.ids())) {
    const letter = FIRST[kind] || "x";
    let number = 1;
    while (taken.has(letter + number)) number += 1;
    taken.add(letter + number);
    return letter + number;
  }

  // Changes go through here: what was before is kept. The same `key` twice in a row is one step back (typing a word).
  change(work, key = "") {
    const before = JSON.stringify(this.document), here = this.here;
    const answer = work();
    if (JSON.stringify(this.document) === before) return answer;
    if (!key || key !== this.lastKey) this.past.push({ text: before, here });
    if (this.past.length > MOST_STEPS_BACK) this.past.shift();
    this.lastKey = key;
    this.future = [];
    this.tell();
    return answer;
  }

  tell() { for (const listener of this.heard) listener(this); }
  pause() { this.lastKey = ""; }

  // `here` is the step at which whoever changes it stands; going back leads there again: `returned`.
  undo() { return this.step(this.past, this.future); }
  redo() { return this.step(this.future, this.past); }
  step(from, to) {
    if (!from.length) return false;
    const then = from.pop();
    to.push({ text: JSON.stringify(this.document), here: this.here });
    this.document = JSON.parse(then.text);
    this.returned = then.here;
    this.lastKey = "";
    this.tell();
    return true;
  }

  replace(document) { this.change(() => { this.document = clone(document); this.document.steps ||= []; }); }

  make(kind) {
    const taken = new Set(this.ids());
    const step = { id: this.newId(kind, taken), kind, name: "" };
    const fresh = () => this.newId("branch", taken);
    if (kind === "approver") Object.assign(step, { who: { kind: "partner_manager" }, mode: "one", deadline: { hours: 16, then: "none" } });
    if (kind === "branch") step.branches = [{ id: fresh(), name: "", when: { all: [] }, steps: [] }, { id: fresh(), name: "", steps: [] }];
    if (kind === "parallel") step.branches = [{ id: fresh(), name: "", steps: [] }, { id: fresh(), name: "", steps: [] }];
    if (kind === "notice") Object.assign(step, { to: { kind: "submitter" }, text: "" });
    if (kind === "wait") step.hours = 8;
    if (kind === "decide") Object.assign(step, { when: { all: [] }, outcome: "approve" });
    if (kind === "update") Object.assign(step, { field: "", value: "" });
    if (kind === "webhook") step.url = "";
    return step;
  }

  add(kind, inside, index) {
    const step = this.make(kind);
    return this.change(() => { this.list(inside).splice(index, 0, step); return step.id; });
  }

  // A further condition stands before the default; a further side of a parallel part stands last.
  addBranch(id) {
    const owner = this.find(id).node;
    const branch = { id: this.newId("branch"), name: "", steps: [] };
    if (owner.kind === "branch") branch.when = { all: [] };
    const at = owner.kind === "branch" ? owner.branches.length - 1 : owner.branches.length;
    return this.change(() => { owner.branches.splice(at, 0, branch); return branch.id; });
  }

  isDefault(id) {
    const place = this.find(id);
    return Boolean(place && place.type === "branch" && place.owner.kind === "branch" && place.index === place.list.length - 1);
  }

  // What may be selected once `id` is gone; null where it may not go (the default stays while conditions stand).
  remove(id) {
    const place = this.find(id);
    if (!place || this.isDefault(id)) return null;
    const next = this.neighbour(id, "up") || "start";
    return this.change(() => {
      place.list.splice(place.index, 1);
      if (place.type === "branch" && place.list.length < 2) this.dissolve(place.owner);
      return this.find(next) ? next : "start";
    });
  }

  // A fork with one way is no fork: its steps come up into the line.
  dissolve(owner) {
    const place = this.find(owner.id);
    place.list.splice(place.index, 1, ...(owner.branches[0]?.steps || []));
  }

  within(id, inside) {
    const place = this.find(id);
    return Boolean(place) && [...walk([place.type === "step" ? place.node : { branches: [place.node] }])].some((one) => one.node.id === inside);
  }

  move(id, inside, index) {
    const place = this.find(id);
    if (!place || place.type !== "step" || this.within(id, inside) || !this.list(inside)) return false;
    const target = this.list(inside);
    const at = place.list === target && place.index < index ? index - 1 : index;
    if (place.list === target && at === place.index) return false;
    this.change(() => { place.list.splice(place.index, 1); target.splice(at, 0, place.node); });
    return true;
  }

  // One place along the line (steps) or sideways (branches, never past the default).
  shift(id, by) {
    const place = this.find(id);
    if (!place) return false;
    const to = place.index + by;
    const last = place.type === "branch" && place.owner.kind === "branch" ? place.list.length - 2 : place.list.length - 1;
    if (this.isDefault(id) || to < 0 || to > last) return false;
    this.change(() => { place.list.splice(place.index, 1); place.list.splice(to, 0, place.node); });
    return true;
  }

  // Into the branch beside the one that holds the step.
  sideways(id, by) {
    const place = this.find(id);
    if (!place) return false;
    if (place.type === "branch") return this.shift(id, by);
    const home = place.inside && this.find(place.inside);
    const target = home && home.list[home.index + by];
    return target ? this.move(id, target.id, Math.min(place.index, (target.steps ||= []).length)) : false;
  }

  // The step becomes the first thing in a new fork around it.
  wrap(id, kind) {
    const place = this.find(id);
    if (!place || place.type !== "step") return null;
    const fork = this.make(kind);
    return this.change(() => {
      fork.branches[0].steps.push(place.node);
      place.list.splice(place.index, 1, fork);
      return fork.branches[0].id;
    });
  }

  copied(id) {
    const place = this.find(id);
    return place ? { type: place.type, owner: place.owner?.kind || "", node: clone(place.node) } : null;
  }

  // A copy after `id` (or first in the line, or first in a branch); every id in it is new.
  paste(clip, id) {
    if (!clip) return null;
    const place = this.find(id);
    const node = this.renamed(clip.node);
    return this.change(() => {
      if (clip.type === "branch") {
        const owner = place?.type === "branch" ? place.owner : place && holds(place.node.kind) ? place.node : null;
        if (!owner || owner.kind !== clip.owner) return null;
        if (owner.kind === "branch") node.when ||= { all: [] };
        owner.branches.splice(owner.kind === "branch" ? owner.branches.length - 1 : owner.branches.length, 0, node);
        return node.id;
      }
      const { inside, index } = this.after(id);
      this.list(inside).splice(index, 0, node);
      return node.id;
    });
  }

  renamed(node) {
    const taken = new Set(this.ids());
    const give = (one, kind) => {
      one.id = this.newId(kind, taken);
      for (const branch of one.branches || []) give(branch, "branch");
      for (const step of one.steps || []) give(step, step.kind);
      return one;
    };
    return give(clone(node), node.kind || "branch");
  }

  // The place right after `id`: for a branch its first, for the start the line's first.
  after(id) {
    const place = this.find(id);
    if (!place) return id === "end" ? { inside: "", index: this.document.steps.length } : { inside: "", index: 0 };
    if (place.type === "branch") return { inside: place.node.id, index: 0 };
    return { inside: place.inside, index: place.index + 1 };
  }

  set(id, patch) {
    const place = this.find(id);
    if (!place) return;
    this.change(() => {
      for (const [path, value] of Object.entries(patch)) {
        const names = path.split(".");
        const last = names.pop();
        let at = place.node;
        for (const name of names) at = at[name] ||= {};
        if (value === undefined) delete at[last];
        else at[last] = value;
      }
    }, `${id}:${Object.keys(patch).join()}`);
  }

  // Where an arrow leads. A condition fork has no box of its own: its branches stand for it. A parallel part has.
  neighbour(id, way) {
    if (id === "start") return way === "down" ? this.enter(this.document.steps[0]) || "end" : null;
    if (id === "end") return way === "up" ? this.leave(this.document.steps.at(-1)) || "start" : null;
    const place = this.find(id);
    if (!place) return "start";
    if (way === "left" || way === "right") return this.beside(place, way === "left" ? -1 : 1);
    if (way === "down") {
      if (place.type === "branch") return this.enter(place.node.steps?.[0]) || this.below(place.owner.id);
      if (place.node.kind === "parallel") return this.enter(place.node.branches.flatMap((one) => one.steps || [])[0]) || this.below(id);
      return this.below(id);
    }
    if (place.type === "branch") return this.above(place.owner.id);
    return this.above(id);
  }

  enter(step) { return step ? (step.kind === "branch" ? step.branches[0].id : step.id) : null; }

  leave(step) {
    if (!step) return null;
    if (!holds(step.kind)) return step.id;
    const branch = step.branches[0];
    return this.leave(branch.steps?.at(-1)) || (step.kind === "parallel" ? step.id : branch.id);
  }

  below(id) {
    const place = this.find(id);
    const next = place.list[place.index + 1];
    if (next) return this.enter(next);
    return place.inside ? this.below(this.find(place.inside).owner.id) : "end";
  }

  above(id) {
    const place = this.find(id);
    const before = place.list[place.index - 1];
    if (before) return this.leave(before);
    if (!place.inside) return "start";
    const home = this.find(place.inside);
    return home.owner.kind === "parallel" ? home.owner.id : home.node.id;
  }

  beside(place, by) {
    const home = place.type === "branch" ? place : place.inside ? this.find(place.inside) : null;
    const target = home && home.list[home.index + by];
    if (!target) return null;
    if (place.type === "branch") return target.id;
    const same = (target.steps || [])[Math.min(place.index, (target.steps || []).length - 1)];
    return this.enter(same) || (home.owner.kind === "branch" ? target.id : null);
  }
}
