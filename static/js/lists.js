// Lists: J/K/X/Enter and /, selection with its bulk bar, "select all", and filters that apply at once.
(() => {
  const results = () => document.getElementById("results");
  const rows = () => [...(results()?.querySelectorAll("tbody tr[data-href]") ?? [])];
  const boxes = () => [...(results()?.querySelectorAll("tbody .ui-check[name=row]") ?? [])];
  let here = -1;

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    here = Math.min(Math.max(here + step, 0), all.length - 1);
    all.forEach((row, at) => row.classList.toggle("is-here", at === here));
    all[here].querySelector("a")?.focus({ preventScroll: true });
    all[here].scrollIntoView({ block: "nearest" });
  };

  const count = () => {
    const bar = document.getElementById("bulk");
    const picked = boxes().filter((box) => box.checked);
    for (const box of boxes()) box.closest("tr").setAttribute("aria-selected", String(box.checked));
    const all = results()?.querySelector("[data-select-all]");
    if (all) { all.checked = picked.length > 0 && picked.length === boxes().length; all.indeterminate = picked.length > 0 && !all.checked; }
    if (!bar) return;
    bar.hidden = picked.length === 0;
    const sum = picked.reduce((total, box) => total + Number(box.dataset.amount || 0), 0);
    const words = bar.querySelector("[data-count]");
    const money = bar.dataset.sign && sum ? " · " + bar.dataset.sign + sum.toLocaleString("en", { maximumFractionDigits: 0 }) : "";
    words.textContent = words.dataset.count.replace("0", String(picked.length)) + money;
    for (const button of bar.querySelectorAll("[data-verb]")) {
      const able = picked.filter((box) => (box.dataset.can || "").split(" ").includes(button.dataset.verb)).length;
      button.querySelector("[data-able]").textContent = able === picked.length ? "" : button.dataset.of.replace("{able}", able).replace("{all}", picked.length);
      button.disabled = able === 0;
      button.title = able === 0 ? button.dataset.none : "";
    }
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-all]")) for (const box of boxes()) box.checked = event.target.checked;
    if (event.target.matches("[data-select-all], .ui-check[name=row]")) count();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-clear-selection]")) { for (const box of boxes()) box.checked = false; count(); }
  });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "list") { here = -1; count(); } });
  document.addEventListener("prm:key", (event) => {
    const row = () => rows()[here];
    switch (event.detail) {
      case "j": move(1); break;
      case "k": move(-1); break;
      case "x": { const box = row()?.querySelector(".ui-check[name=row]"); if (box) { box.checked = !box.checked; count(); } break; }
      case "Enter": if (row()) location.assign(row().dataset.href); break;
      case "/": document.querySelector("[data-list-search]")?.focus(); break;
      case "f": { const drop = document.querySelector("[data-add-filter]"); if (drop) { drop.open = true; drop.querySelector("input, select, a, button")?.focus(); } break; }
    }
  });
  // Fields that were left empty do not belong in the address.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.id !== "list-form") return;
    const filled = event.detail.formData;
    for (const [name, value] of [...filled.entries()]) if (value === "") filled.delete(name);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches?.("[data-list-search]") && !event.target.value) event.target.blur();
  });
  // The search field lives through a swap; what another link changed is taken over from the answer.
  document.addEventListener("htmx:afterSettle", () => {
    const field = document.getElementById("list-search");
    const list = document.getElementById("list");
    if (field && list && document.activeElement !== field && field.value !== list.dataset.q) field.value = list.dataset.q;
  });
  count();
})();
