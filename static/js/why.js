// A figure's explanation on a phone: its panel moves into a bottom sheet. Esc, Close and Back shut it; focus returns.
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
})();
