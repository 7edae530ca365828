// The line "not connected", a session that ended, and waiting regions that say so.
(() => {
  const offline = () => document.getElementById("offline");
  const show = (on) => { const line = offline(); if (line) line.hidden = !on; };
  addEventListener("offline", () => show(true));
  addEventListener("online", () => show(false));
  if (!navigator.onLine) show(true);

  document.addEventListener("htmx:sendError", () => show(true));
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) show(false); });
  document.addEventListener("htmx:beforeRequest", (event) => event.detail.target?.setAttribute("aria-busy", "true"));
  document.addEventListener("htmx:afterSettle", (event) => event.detail.target?.removeAttribute("aria-busy"));
  document.addEventListener("htmx:responseError", (event) => event.detail.target?.removeAttribute("aria-busy"));

  // A redirect to the sign-in page inside a fragment: keep the page and what was typed, and say it.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const answer = event.detail.xhr;
    const target = answer.getResponseHeader("HX-Redirect") || new URL(answer.responseURL || location.href).pathname;
    if (!target.includes("/sign-in/") || location.pathname.startsWith("/sign-in/")) return;
    event.preventDefault();
    const dialog = document.getElementById("session-ended");
    if (!dialog) { location.assign(target); return; }
    dialog.querySelector("[data-sign-in]").href = "/sign-in/?next=" + encodeURIComponent(location.pathname + location.search);
    if (!dialog.open) dialog.showModal();
  });

  // A part that failed says so in its own place and offers to try again.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if ((xhr.status === 409 || xhr.status === 422) && xhr.responseText) event.detail.shouldSwap = true;
  });
})();
