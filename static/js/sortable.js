// A list in which each row moves: dragged by its handle, or by Alt and the arrow keys; its own form carries it out.
(() => {
  for (const list of document.querySelectorAll("[data-sortable]")) {
    const rows = () => [...list.children].filter((one) => one.dataset.place);
    let held = null;
    const move = (row, to) => {
      const form = row.querySelector("form[data-move]");
      if (!form || String(to) === row.dataset.place) return;
      const said = document.createElement("input");
      Object.assign(said, { type: "hidden", name: "to", value: String(to) });
      form.append(said);
      form.requestSubmit();
    };
    const unmark = () => { for (const row of rows()) row.classList.remove("is-before", "is-after", "is-held"); };
    // The place that the held row would have where the pointer is.
    const target = (event) => {
      const over = event.target.closest("li[data-place]");
      if (!over || !list.contains(over)) return null;
      const box = over.getBoundingClientRect();
      return { over, after: event.clientY > box.top + box.height / 2 };
    };
    list.addEventListener("dragstart", (event) => {
      const grip = event.target.closest?.("[data-grip]");
      if (!grip) return;
      held = grip.closest("li");
      held.classList.add("is-held");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", held.id);
      event.dataTransfer.setDragImage(held, 12, 12);
    });
    list.addEventListener("dragover", (event) => {
      const found = held && target(event);
      if (!found) return;
      event.preventDefault();
      for (const row of rows()) row.classList.remove("is-before", "is-after");
      found.over.classList.add(found.after ? "is-after" : "is-before");
    });
    list.addEventListener("drop", (event) => {
      const found = held && target(event);
      if (!found) return;
      event.preventDefault();
      const others = rows().filter((one) => one !== held);
      const at = others.indexOf(found.over);
      const row = held;
      unmark();
      held = null;
      if (at >= 0) move(row, at + (found.after ? 1 : 0));
    });
    list.addEventListener("dragend", () => { unmark(); held = null; });
    list.addEventListener("keydown", (event) => {
      if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
      const row = event.target.closest("li[data-place]");
      if (!row) return;
      event.preventDefault();
      row.querySelector(event.key === "ArrowUp" ? "[data-up]" : "[data-down]")?.click();
    });
    // The row that was moved keeps the focus.
    const moved = location.hash && list.querySelector(CSS.escape ? `#${CSS.escape(location.hash.slice(1))}` : "none");
    if (moved) moved.focus();
  }
})();
