// Folding the rail with "[": remembered on this device.
(() => {
  const shell = document.getElementById("shell");
  if (!shell) return;
  const fold = (on) => {
    shell.classList.toggle("ui-shell-fold", on);
    try { localStorage.setItem("prm:fold", on ? "1" : ""); } catch { /* private mode keeps nothing */ }
  };
  try { if (localStorage.getItem("prm:fold")) shell.classList.add("ui-shell-fold"); } catch { /* as above */ }
  document.addEventListener("prm:key", (event) => {
    if (event.detail === "[") fold(!shell.classList.contains("ui-shell-fold"));
  });
})();
