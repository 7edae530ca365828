// Rules of forms: fields that appear, become required or read-only with what is typed. The server asks the same questions
// (prm/customfields/rules.py); tests/customfields/test_rules.py puts one table of examples to both.
(() => {
  const narrow = (text) => String(text).normalize("NFKC");
  const PLACES = 10n ** 8n;

  // A decimal as people type it, scaled to a whole number so that no digit is lost; null when it is none.
  const decimal = (raw) => {
    let text = narrow(raw).replace(/[, ]/g, "").replace(/\u2212/g, "-");
    for (const sign of ["¥", "$", "€", "£", "HK$", "NT$", "S$", "JP¥", "RMB", "元"]) {
      if (text.startsWith(sign)) text = text.slice(sign.length);
      if (text.endsWith(sign)) text = text.slice(0, -sign.length);
    }
    const found = /^([+-]?)(\d+\.?\d*|\.\d+)$/.exec(text);
    if (!found) return null;
    const [whole, part = ""] = found[2].split(".");
    const size = BigInt(whole || 0) * PLACES + BigInt(part.slice(0, 8).padEnd(8, "0"));
    return found[1] === "-" ? -size : size;
  };
  const day = (raw) => {
    const found = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(narrow(raw).trim());
    return found ? found[1] + found[2].padStart(2, "0") + found[3].padStart(2, "0") : null;
  };
  const truth = (raw) => {
    const text = narrow(raw).trim().toLowerCase();
    if (["yes", "true", "1", "y", "on", "是"].includes(text)) return true;
    return ["no", "false", "0", "n", "否"].includes(text) ? false : null;
  };
  const valueOf = (raw, kind) => {
    if (raw === null || raw === undefined || raw === "" || (Array.isArray(raw) && !raw.length)) return null;
    if (kind === "number" || kind === "money") return decimal(raw);
    if (kind === "date") return day(raw);
    if (kind === "yes_no") return truth(raw);
    if (kind === "many") return Array.isArray(raw) ? raw.map(String) : [String(raw)];
    if (kind === "file") return raw || null;
    return String(raw).normalize("NFC").split(/\s+/).filter(Boolean).join(" ").toLowerCase() || null;
  };
  const compared = (op, value, wanted, kind) => {
    if (op === "empty") return value === null;
    if (op === "not_empty") return value !== null;
    if (op === "none_of") return !compared(kind === "many" ? "any_of" : "one_of", value, wanted, kind);
    if (op === "one_of") return value !== null && wanted.some((one) => valueOf(one, kind) === value);
    if (op === "any_of") return value !== null && wanted.some((one) => value.includes(String(one)));
    if (op === "all_of") return value !== null && wanted.every((one) => value.includes(String(one)));
    if (op === "is_not") return !compared("is", value, wanted, kind);
    if (op === "not_contains") return !compared("contains", value, wanted, kind);
    if (op === "between") return compared("at_least", value, wanted.from, kind) && compared("at_most", value, wanted.to, kind);
    const other = valueOf(wanted, kind);
    if (value === null || other === null) return false;
    if (op === "is") return value === other;
    if (op === "contains") return value.includes(other);
    if (op === "starts_with") return value.startsWith(other);
    if (op === "ends_with") return value.endsWith(other);
    if (op === "more_than" || op === "after") return value > other;
    if (op === "at_least" || op === "on_or_after") return value >= other;
    if (op === "less_than" || op === "before") return value < other;
    return (op === "at_most" || op === "on_or_before") && value <= other;
  };
  const holds = (rule, values, kinds) => {
    if (rule === null || rule === undefined || typeof rule === "boolean") return Boolean(rule);
    if (rule.all) return rule.all.every((part) => holds(part, values, kinds));
    if (rule.any) return rule.any.some((part) => holds(part, values, kinds));
    if (rule.not) return !holds(rule.not, values, kinds);
    if (!rule.field) return true;
    const kind = kinds[rule.field] || "text";
    return compared(rule.op, valueOf(values[rule.field], kind), rule.value, kind);
  };
  window.prmRules = { holds };

  // Chosen now, handed in before, or kept by the record and not taken away.
  const hasFile = (form, name, input) => {
    const ticket = form.querySelector(`[name="${CSS.escape(`${name}-ticket`)}"]`);
    if (!input) return false;
    if (input.files.length || (ticket && ticket.value)) return true;
    const clear = form.querySelector(`[name="${CSS.escape(`${name}-clear`)}"]`);
    return input.hasAttribute("data-kept") && !(clear && clear.checked);
  };
  const read = (form, name, kind) => {
    const parts = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    if (kind === "file") return hasFile(form, name, parts[0]);
    const ticks = parts.filter((one) => one.type === "checkbox" || one.type === "radio");
    if (ticks.length) {
      const on = ticks.filter((one) => one.checked).map((one) => one.value);
      return kind === "many" ? on : kind === "yes_no" ? String(on.length > 0) : on[0] || "";
    }
    if (!parts.length) return "";
    return parts[0].multiple ? [...parts[0].selectedOptions].map((one) => one.value) : parts[0].value;
  };

  const ruleOf = (part, what) => JSON.parse(part.dataset[what + "When"] || "null");
  const apply = (form) => {
    const kinds = JSON.parse(form.querySelector("[data-form-rules]").dataset.formRules);
    const ruled = [...form.querySelectorAll("[data-field]")].map((part) => ({ part, name: part.dataset.field, shown: ruleOf(part, "shown"), required: ruleOf(part, "required"), readonly: ruleOf(part, "readonly") }));
    const typed = Object.fromEntries(Object.keys(kinds).map((name) => [name, read(form, name, kinds[name])]));
    let hidden = new Set();
    // What is hidden counts as empty for the others, until nothing changes any more.
    for (let turn = 0; turn <= ruled.length; turn += 1) {
      const seen = Object.fromEntries(Object.entries(typed).filter(([name]) => !hidden.has(name)));
      const now = new Set(ruled.filter((one) => one.shown && !holds(one.shown, seen, kinds)).map((one) => one.name));
      const same = now.size === hidden.size && [...now].every((name) => hidden.has(name));
      hidden = now;
      if (same) break;
    }
    const seen = Object.fromEntries(Object.entries(typed).filter(([name]) => !hidden.has(name)));
    for (const one of ruled) {
      const fold = one.part.closest("details");
      if (fold && one.part.hidden && !hidden.has(one.name)) fold.open = true;
      one.part.hidden = hidden.has(one.name);
      if (one.required) {
        const must = holds(one.required, seen, kinds);
        one.part.querySelectorAll("[data-when-required]").forEach((mark) => { mark.hidden = !must; });
        one.part.querySelectorAll("[data-when-optional]").forEach((mark) => { mark.hidden = must; });
      }
      if (one.readonly) {
        const still = holds(one.readonly, seen, kinds);
        one.part.querySelectorAll("input,textarea").forEach((field) => { field.readOnly = still; });
        one.part.querySelectorAll("select,[type=checkbox],[type=radio]").forEach((field) => { field.inert = still; });
      }
    }
  };
  // What rules ask about the partner only the server knows: asked anew when another one is chosen.
  const ask = async (form, address) => {
    const url = new URL(address, location.href);
    url.searchParams.set("partner", read(form, "partner", "partner"));
    const turn = (form.prmAsked = (form.prmAsked || 0) + 1);
    const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || turn !== form.prmAsked) return;
    const rules = await answer.json();
    for (const part of form.querySelectorAll("[data-field]"))
      for (const [what, rule] of Object.entries(rules[part.dataset.field] || {})) part.dataset[what + "When"] = JSON.stringify(rule);
    apply(form);
  };
  const start = () => {
    for (const mark of document.querySelectorAll("[data-form-rules]")) {
      const form = mark.closest("form, [data-form]");
      if (!form) continue;
      apply(form);
      if (form.dataset.ruled) continue;
      form.dataset.ruled = "1";
      for (const kind of ["input", "change"]) form.addEventListener(kind, () => form.querySelector("[data-form-rules]") && apply(form));
      form.addEventListener("change", (event) => {
        const asks = form.querySelector("[data-form-asks]");
        if (asks && event.target.name === "partner") ask(form, asks.dataset.formAsks);
      });
    }
  };
  start();
  document.addEventListener("htmx:afterSettle", start);
})();
