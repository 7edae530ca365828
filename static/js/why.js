// A figure's explanation. On a phone its panel moves into a bottom sheet; on a desk it stands beside the table and the
// address names it (#why=…), so that it opens again from there. Esc, Close and Back shut it; focus returns.
(() => {
  const phone = matchMedia("(max-width: 991px)");
  const sheet = () => document.getElementById("why-sheet");

  document.addEventListener("htmx:afterSettle", (event) => {
    const panel = event.detail.target, dialog = sheet();
    if (panel?.id !== "why" || !dialog || dialog.open || !phone.matches) return;
    const home = panel.parentElement;
    dialog.querySelector("[data-place]").append(panel);
    history.pushState({ sheet: "why" }, "");
    dialog.addEventListener("close", () => {
      home.insertBefore(panel, dialog);
      if (history.state?.sheet === "why") history.back();
    }, { once: true });
    window.prmOpenDialog(dialog, event.detail.requestConfig.elt);
    dialog.scrollTop = 0;
    panel.focus({ preventScroll: true });
  });
  addEventListener("popstate", () => { if (sheet()?.open) sheet().close(); });

  const MARK = "#why=";
  let empty = null, opener = null, pushed = false;

  const shut = () => {
    const panel = document.getElementById("why");
    if (!opener || !panel) return;
    panel.innerHTML = empty;
    const back = opener;
    opener = null;
    back.focus({ preventScroll: true });
    if (location.hash.startsWith(MARK)) history.replaceState(null, "", location.pathname + location.search);
  };
  const close = () => { if (pushed) { pushed = false; history.back(); } else shut(); };

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "why" && empty === null) empty = event.detail.target.innerHTML;
  });
  // As soon as the panel shows it, not when it has settled: Esc pressed between the two would leave the page.
  document.addEventListener("htmx:afterSwap", (event) => {
    const panel = event.detail.target, figure = event.detail.requestConfig?.elt;
    if (panel?.id !== "why" || phone.matches || !figure?.matches("[hx-target='#why']")) return;
    const address = MARK + figure.getAttribute("hx-get");
    if (opener || location.hash === address) history.replaceState({ why: true }, "", address);
    else { history.pushState({ why: true }, "", address); pushed = true; }
    opener = figure;
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-why-close]")) close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !opener || document.querySelector("dialog[open], details.ui-drop[open]")) return;
    // Before all others that hear of Esc: the page stays.
    event.preventDefault();
    close();
  }, true);
  addEventListener("popstate", () => { if (!location.hash.startsWith(MARK)) { pushed = false; shut(); } });
  addEventListener("load", () => {
    if (!location.hash.startsWith(MARK) || phone.matches) return;
    const path = location.hash.slice(MARK.length);
    document.querySelector(`[hx-target="#why"][hx-get="${CSS.escape(path)}"]`)?.click();
  });
})();
