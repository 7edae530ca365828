// Dialogs and bottom sheets: opened by [data-sheet="id"], closed by Esc, by their form, or beside them; focus returns.
(() => {
  const open = (dialog, opener) => {
    if (dialog.open) return;
    dialog.showModal();
    dialog.addEventListener("close", () => opener?.focus?.(), { once: true });
  };
  window.prmOpenDialog = open;

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-sheet]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.sheet);
      if (dialog) { event.preventDefault(); open(dialog, opener); }
      return;
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    if (event.target.nodeName === "DIALOG") {
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside && event.clientX + event.clientY > 0) event.target.close();
    }
    // One open drop-down at a time; a click elsewhere closes it.
    for (const drop of document.querySelectorAll("details.ui-drop[open]")) if (!drop.contains(event.target)) drop.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const drop = document.querySelector("details.ui-drop[open]");
    // Before all others that hear of Esc: it closes what is open and does not leave the page as well.
    if (drop) { drop.open = false; drop.querySelector("summary").focus(); event.preventDefault(); event.stopPropagation(); }
  }, true);
})();
