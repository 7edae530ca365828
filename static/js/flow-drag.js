// Dragging nodes with mouse, pen or finger (press and hold): a step lands at the nearest ＋, a condition beside its sisters.

const FAR = 6, HOLD = 350, EDGE = 48;

export function watchDrag(board, view, { canDrag, dropStep, dropBranch, say }) {
  let held = null, dragging = null, timer = 0, quiet = false;

  const begin = (event) => {
    clearTimeout(timer);
    const box = held.node.getBoundingClientRect();
    const ghost = held.node.cloneNode(true);
    ghost.classList.add("ui-ghost");
    ghost.removeAttribute("data-node");
    ghost.style.width = `${box.width}px`;
    document.body.append(ghost);
    dragging = { ...held, ghost, dx: held.x - box.left, dy: held.y - box.top, target: null };
    held.node.classList.add("is-dragged");
    board.classList.add("is-dragging");
    try { board.setPointerCapture(held.pointer); } catch { /* the pointer is already gone */ }
    say("dragging");
    if (event) follow(event);
  };

  const branchUnder = (x, y) => {
    const under = document.elementsFromPoint(x, y).map((one) => one.closest?.("[data-node]")).find((one) => one && board.contains(one));
    return under && under.dataset.node !== dragging.id ? under : null;
  };

  const follow = (event) => {
    dragging.ghost.style.transform = `translate(${event.clientX - dragging.dx}px, ${event.clientY - dragging.dy}px)`;
    dragging.target?.classList.remove("is-target");
    dragging.target = dragging.isBranch ? branchUnder(event.clientX, event.clientY) : view.nearest(event.clientX, event.clientY);
    dragging.target?.classList.add("is-target");
    const box = board.getBoundingClientRect();
    const pull = (at, low, high) => (at < low + EDGE ? -12 : at > high - EDGE ? 12 : 0);
    board.scrollBy(pull(event.clientX, box.left, box.right), pull(event.clientY, box.top, box.bottom));
  };

  const end = (drop) => {
    clearTimeout(timer);
    const was = dragging;
    held = dragging = null;
    if (!was) return;
    was.ghost.remove();
    was.node.classList.remove("is-dragged");
    was.target?.classList.remove("is-target");
    board.classList.remove("is-dragging");
    quiet = true;
    setTimeout(() => { quiet = false; });
    if (!drop || !was.target) return;
    if (was.isBranch) dropBranch(was.id, was.target.dataset.node);
    else dropStep(was.id, was.target.dataset.inside, Number(was.target.dataset.index));
  };

  board.addEventListener("pointerdown", (event) => {
    const node = event.target.closest("[data-node]");
    if (!node || event.button !== 0) return;
    const what = canDrag(node.dataset.node);
    if (!what) return;
    held = { node, id: node.dataset.node, isBranch: what === "branch", x: event.clientX, y: event.clientY, pointer: event.pointerId, touch: event.pointerType === "touch" };
    if (held.touch) timer = setTimeout(() => held && begin(null), HOLD);
  });
  board.addEventListener("pointermove", (event) => {
    if (dragging) { follow(event); return; }
    if (!held) return;
    const far = Math.hypot(event.clientX - held.x, event.clientY - held.y) > FAR;
    if (far && held.touch) { clearTimeout(timer); held = null; } else if (far) begin(event);
  });
  // A finger that holds a step drags it; one that does not, scrolls.
  board.addEventListener("touchmove", (event) => { if (dragging) event.preventDefault(); }, { passive: false });
  board.addEventListener("pointerup", () => end(true));
  board.addEventListener("pointercancel", () => end(false));
  board.addEventListener("click", (event) => { if (quiet) { event.preventDefault(); event.stopImmediatePropagation(); } }, true);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && dragging) { event.preventDefault(); event.stopPropagation(); end(false); } }, true);
}
