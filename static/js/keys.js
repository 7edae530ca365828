// Single-key shortcuts: off inside fields and dialogs, and when the person switched them off.
(() => {
  let prefix = 0;
  const isOff = () => { try { return localStorage.getItem("prm:keys") === "off"; } catch { return false; } };
  const typing = (node) => node.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const press = (name) => document.dispatchEvent(new CustomEvent("prm:key", { detail: name }));

  for (const box of document.querySelectorAll("[data-keys-switch]")) {
    box.checked = !isOff();
    box.addEventListener("change", () => { try { localStorage.setItem("prm:keys", box.checked ? "" : "off"); } catch { /* not kept */ } });
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      press("palette");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isOff()) return;
    if (document.querySelector("dialog[open]") || typing(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;

    if (Date.now() - prefix < 1500 && key !== "g") {
      prefix = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); }
      return;
    }
    if (key === "g") { prefix = Date.now(); return; }
    if (key === "?") {
      const help = document.getElementById("help-dialog");
      if (help) { event.preventDefault(); window.prmOpenDialog(help, document.activeElement); }
      return;
    }
    if (key === "Enter" && event.target.closest("a, button, summary")) return;
    // A page names its own verbs: <button data-key="a">Approve</button>.
    const verb = key.length === 1 && document.querySelector(`[data-key="${CSS.escape(key)}"]:not([disabled])`);
    if (verb && verb.offsetParent !== null) { event.preventDefault(); verb.click(); verb.focus(); return; }
    if (key === "Escape") {
      const back = document.querySelector("[data-back]");
      if (back && !event.defaultPrevented) location.assign(back.href);
      return;
    }
    if (["/", "f", "j", "k", "x", "[", "Enter"].includes(key)) {
      if (key === "/") event.preventDefault();
      press(key);
    }
  });
})();
