// Lines that are marked on a long form: how many, and their sum, in the line at the bottom of the page.
(() => {
  const number = (text) => Number.parseFloat(String(text).replace(/[\s,]/g, "")) || 0;

  const count = (line) => {
    const form = document.getElementById(line.dataset.marks);
    const boxes = [...form.querySelectorAll("input[data-amount]:checked")];
    const typed = [...form.querySelectorAll("tr[data-mark-typed]")].filter((row) =>
      [...row.querySelectorAll("input")].some((field) => field.value.trim()));
    const amounts = [
      ...boxes.map((box) => number(box.dataset.amount)),
      ...typed.map((row) => number(row.querySelector("[data-mark-amount]").value)),
    ];
    const { zero } = line.dataset;
    const digits = zero.match(/0(?:\.(0+))?/);
    const places = digits[1]?.length ?? 0;
    const unit = 10 ** places;
    const sum = amounts.reduce((all, amount) => all + Math.round(amount * unit), 0) / unit;
    const shown = Math.abs(sum).toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
    line.textContent = amounts.length
      ? line.dataset.said.replace("{count}", amounts.length).replace("{sum}", (sum < 0 ? "−" : "") + zero.replace(digits[0], shown))
      : line.dataset.none;
    line.hidden = false;
  };

  for (const line of document.querySelectorAll("[data-marks]")) {
    const form = document.getElementById(line.dataset.marks);
    for (const kind of ["change", "input"]) form.addEventListener(kind, () => count(line));
    count(line);
    addEventListener("pageshow", () => count(line));
  }
})();
