// Ctrl-K: one box for records and pages. The server finds; this moves the choice and opens it.
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = dialog.querySelector("#palette-input");
  const list = dialog.querySelector("#palette-list");
  const rows = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");
  const choose = (row) => {
    for (const other of rows()) other.setAttribute("aria-selected", String(other === row));
    if (row) { input.setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  };
  const open = (opener) => {
    window.prmOpenDialog(dialog, opener);
    input.focus();
    input.select();
    htmx.trigger(input, "palette-open");
  };

  document.addEventListener("prm:key", (event) => { if (event.detail === "palette") dialog.open ? dialog.close() : open(document.activeElement); });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-palette]");
    if (opener && !event.ctrlKey && !event.metaKey) { event.preventDefault(); open(opener); }
  });
  list.addEventListener("htmx:afterSwap", () => choose(rows()[0]));
  input.addEventListener("keydown", (event) => {
    const all = rows();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(all[(at + step + all.length) % all.length]);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const row = chosen();
      if (!row) return;
      if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
      else location.assign(row.dataset.href);
    }
  });
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[role=option]");
    if (row) location.assign(row.dataset.href);
  });
})();
