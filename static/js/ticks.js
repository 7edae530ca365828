// Boxes of one form: "all", how many are ticked. A box that the page marks as stuck is ticked by hand only.
(() => {
  const count = (form) => {
    const boxes = [...form.querySelectorAll("input[data-tick]")];
    const able = boxes.filter((box) => !("stuck" in box.dataset));
    const ticked = boxes.filter((box) => box.checked).length;
    const all = form.querySelector("[data-tick-all]");
    all.checked = able.length > 0 && able.every((box) => box.checked);
    all.indeterminate = ticked > 0 && !all.checked;
    const words = form.querySelector("[data-ticked]");
    words.textContent = words.dataset.ticked.replace("{ticked}", ticked).replace("{all}", boxes.length);
  };

  for (const form of document.querySelectorAll("form[data-ticks]")) {
    for (const part of form.querySelectorAll("[data-with-ticks]")) part.hidden = false;
    form.addEventListener("change", (event) => {
      if (event.target.matches("[data-tick-all]")) {
        for (const box of form.querySelectorAll("input[data-tick]:not([data-stuck])")) box.checked = event.target.checked;
        if (!event.target.checked) for (const box of form.querySelectorAll("input[data-tick]")) box.checked = false;
      }
      count(form);
    });
    count(form);
  }
  addEventListener("pageshow", () => document.querySelectorAll("form[data-ticks]").forEach(count));
})();
