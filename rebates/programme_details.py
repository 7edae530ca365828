"""Which fields each mechanism asks for in the programme's form, and how they become the policy's text and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rebates.formula import name_of, names_read
from rebates.policy import DEFAULTS
from rebates.programme_rows import MOST
from rebates.targets_field import as_lines
from rebates.traits import offered

BAND_ROWS = MOST["bands"]
PART_ROWS = 4
COUNTS = ("product_lines", "products")
PAYS = ("pay_lines", "pay_products")
# What each column of the bands holds: an amount, a share in percent, a rate in percent.
AMOUNT, SHARE, RATE, NOTHING = "amount", "share", "rate", ""


@dataclass(frozen=True)
class Kind:
    """A mechanism in the form: `rows` of bands with what their two columns hold, and the further fields."""

    label: Any
    low: str = AMOUNT
    value: str = RATE
    rows: int = BAND_ROWS
    fields: tuple[str, ...] = ()
    counting: tuple[str, ...] = COUNTS
    by_quantity: bool = False


BOTH = (*COUNTS, *PAYS)
KINDS: dict[str, Kind] = {
    "marginal": Kind(
        gettext_lazy("Marginal: each band's rate on the part inside it"), fields=("split",), counting=BOTH
    ),
    "retroactive": Kind(
        gettext_lazy("Retroactive: the rate reached on everything"), counting=BOTH, by_quantity=True
    ),
    "retroactive_from_floor": Kind(
        gettext_lazy("Retroactive from a floor: one rate below it, the rate reached above it"),
        fields=("floor", "first_rate"), counting=BOTH, by_quantity=True,
    ),
    "flat": Kind(gettext_lazy("Flat: one rate on everything"), rows=1),
    "lump_sum": Kind(
        gettext_lazy("Lump sum: the amount of the band reached"), value=AMOUNT, by_quantity=True
    ),
    "linear": Kind(
        gettext_lazy("Rising rate: a straight line between two points"),
        rows=2, counting=BOTH, by_quantity=True,
    ),
    "growth": Kind(
        gettext_lazy("Growth: a rate for buying more than before"), low=SHARE, by_quantity=True,
        fields=("on", "baseline", "new_partner", "baseline_amount"), counting=BOTH,
    ),
    "target": Kind(
        gettext_lazy("Target: a rate for reaching a stated figure"), low=SHARE, by_quantity=True,
        fields=("target", "targets", "on"), counting=BOTH,
    ),
    "mix": Kind(
        gettext_lazy("Mix: a rate for the share of focus product lines"), low=SHARE, by_quantity=True,
        fields=("focus",), counting=BOTH,
    ),
    "per_unit": Kind(
        gettext_lazy("Per unit: an amount for each unit"), low=NOTHING, rows=0, fields=("amount",)
    ),
    "per_unit_stepped": Kind(gettext_lazy("Per unit, stepped: each unit by its own band"), value=AMOUNT),
    "spif": Kind(
        gettext_lazy("SPIF: an amount for each unit or serial number of chosen products"),
        low=NOTHING, rows=0, fields=("per", "amount"),
    ),
    "per_increment": Kind(
        gettext_lazy("Per full increment: an amount for each full step"), low=NOTHING, rows=0, by_quantity=True,
        fields=("increment", "amount"),
    ),
    "bundle": Kind(
        gettext_lazy("Bundle: an amount for each complete set"),
        low=NOTHING, rows=0, fields=("amount",), counting=(),
    ),
    "formula": Kind(
        gettext_lazy("Formula: an expression of what is paid on and of declared figures"),
        low=NOTHING, rows=0, by_quantity=True, fields=("expression", "measures"), counting=BOTH,
    ),
}  # fmt: skip


# Without which a mechanism pays nothing.
NEEDED = ("floor", "first_rate", "target", "increment", "amount", "focus", "expression")


def needed_by(kind: str, *, with_targets: bool = False) -> list[str]:
    """Names of the fields that a mechanism cannot do without: a target for all, where single partners have none."""
    given = {"target"} if with_targets else set()
    return [name for name in KINDS[kind].fields if name in NEEDED and name not in given]


def unit_beside(name: str, currency: str, *, units: bool) -> str:
    """The unit of an amount that a mechanism asks for: a currency, or units; empty where there is none."""
    if name in ("amount", "floor"):
        return currency
    if name in ("target", "targets", "increment", "baseline_amount"):
        return _("units") if units else currency
    return ""


def fields_of(kind: str) -> list[str]:
    """Names of the fields that a mechanism asks for besides its bands, in the form's order."""
    chosen = KINDS[kind]
    return [*(["measure"] if chosen.by_quantity else []), *chosen.fields]


def heads_of(kind: str, currency: str, *, units: bool) -> tuple[str, str]:
    """The words above the two columns of the bands."""
    chosen = KINDS[kind]
    by_units = units or kind == "per_unit_stepped"
    shares = {"growth": _("Growth from, %"), "target": _("Share of the target from, %")}
    lows = {
        AMOUNT: _("From, units") if by_units else _("From, %(currency)s") % {"currency": currency},
        SHARE: shares.get(kind, _("Share from, %")),
    }
    values = {RATE: _("Rate, %"), AMOUNT: _("Amount, %(currency)s") % {"currency": currency}}
    return lows.get(chosen.low, ""), values[chosen.value]


def columns_of(kind: str) -> str:
    """What the two columns of the bands hold; empty without bands."""
    chosen = KINDS[kind]
    return f"{chosen.low} {chosen.value}" if chosen.rows else ""


def without_other_columns(values: dict[str, Any], columns: str, kind: str) -> dict[str, Any]:
    """What was typed, without the columns that hold something else under `kind`: 30,000 in money is no 30,000 %.

    `columns`: what they held when they were typed, as `columns_of`; empty where that is not known.
    """
    kept = dict(values)
    pairs = zip(("from", "rate"), columns.split(), columns_of(kind).split(), strict=False)
    for name in (name for name, was, now in pairs if was != now):
        kept |= {f"{name}_{row}": "" for row in range(BAND_ROWS)}
        if name == "from" and KINDS[kind].low == AMOUNT:
            kept["from_0"] = "0"
    return kept


class Missing(Exception):
    """A field that the mechanism needs is empty or wrong: its name and a sentence."""

    def __init__(self, field: str, words: str):
        self.field, self.words = field, words
        super().__init__(words)


def mechanism_of(kind: str, values: dict[str, Any], bands: list[tuple[Decimal, Decimal]]) -> dict[str, Any]:
    """The policy's mechanism as the schema wants it. `bands` are the rows typed. Raises Missing."""
    chosen = KINDS[kind]
    made: dict[str, Any] = {"kind": kind}
    if chosen.rows and not bands:
        raise Missing("rate_0", _("Enter at least one band: from which amount, and the rate."))
    rows = [
        {
            "from": _text(low, chosen.low),
            "amount" if chosen.value == AMOUNT else "rate": _text(value, chosen.value),
        }
        for low, value in bands
    ]
    if kind == "flat":
        return made | {"rate": rows[0]["rate"]}
    if kind == "linear":
        if len(rows) != 2:
            raise Missing("from_1", _("A rising rate has two rows: where it begins and where it ends."))
        return made | {"points": [{"at": row["from"], "rate": row["rate"]} for row in rows]}
    if rows and chosen.rows:
        made["bands"] = rows
    return made | _further(kind, values)


def _text(number: Decimal, holds: str) -> str:
    return f"{number:f}" if holds == AMOUNT else f"{number:f}%"


def _further(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    targets = values.get("targets") or {}
    for name in ("floor", "target", "increment", "amount"):
        if name in KINDS[kind].fields and not (name == "target" and targets and values.get(name) is None):
            made[name] = f"{_needed(values, name):f}"
    if kind == "retroactive_from_floor":
        made["first_rate"] = f"{_needed(values, 'first_rate'):f}%"
    elif kind == "marginal" and values.get("split") not in ("", None, "own_bands"):
        made["split"] = values["split"]
    elif kind in ("growth", "target"):
        above = "growth" if kind == "growth" else "excess"
        made["on"] = above if values.get("on") == "above" else "all"
        if kind == "target" and targets:
            made["targets"] = {number: f"{target:f}" for number, target in targets.items()}
    elif kind == "mix":
        made["focus"] = [line.code for line in _needed(values, "focus")]
    elif kind == "bundle":
        made["parts"] = parts_of(values)
    elif kind == "formula":
        made["expression"] = _needed(values, "expression")
        read = _figures_read(made["expression"], values.get("measures") or [])
        made |= {"measures": read} if read else {}
    elif kind == "spif":
        made["per"] = "serial" if values.get("per") == "serial" else "unit"
    return made


def _figures_read(expression: str, ticked: list[str]) -> list[str]:
    """The figures that a formula reads: those ticked, and those that it names without a tick."""
    named = names_read(expression)
    return ticked + [code for code, _l in offered("measure") if name_of(code) in named and code not in ticked]


def _needed(values: dict[str, Any], name: str) -> Any:
    found = values.get(name)
    if not found and found != 0:
        raise Missing(name, _("This mechanism needs it."))
    return found


def parts_of(values: dict[str, Any]) -> list[dict[str, str]]:
    """The set's parts: what as ("product_line" or "product", code), and how many. Raises Missing."""
    found = []
    for row in range(PART_ROWS):
        what, count = values.get(f"part_{row}"), values.get(f"count_{row}")
        if not what and count is None:
            continue
        if not what or count is None:
            raise Missing(f"count_{row}" if what else f"part_{row}", _("Fill in both, or neither."))
        found.append({what[0]: what[1], "quantity": f"{count:f}"})
    if not found:
        raise Missing("part_0", _("Say what a complete set holds."))
    return found


def baseline_of(values: dict[str, Any]) -> dict[str, Any]:
    """What growth is measured against; empty where it is the default. Raises Missing."""
    kind, new = values.get("baseline") or "prior_period", values.get("new_partner") or "skip"
    made: dict[str, Any] = {}
    if kind != "prior_period":
        made["kind"] = kind
    if kind != "stated" and new != "skip":
        made["new_partner"] = new
    if "stated" in made.values():
        made["amount"] = f"{_needed(values, 'baseline_amount'):f}"
    return made


def codes_of(text: str) -> list[str]:
    """Codes typed with commas, spaces or lines between them, each once."""
    return list(dict.fromkeys(code for code in re.split(r"[\s,;，；、]+", text or "") if code))


# Back: a policy as the form shows it


def initial_details(policy: dict[str, Any]) -> dict[str, Any]:
    """The fields of the mechanism, of what counts and of what is paid on."""
    rules, values = policy["mechanism"], {"mechanism": policy["mechanism"]["kind"]}
    kind = KINDS.get(rules["kind"])
    if kind is None:
        return values
    rows = (
        rules.get("bands")
        or rules.get("points")
        or ([{"from": "0", **rules}] if rules["kind"] == "flat" else [])
    )
    for row, band in enumerate(rows[:BAND_ROWS]):
        values[f"from_{row}"] = _typed(band.get("from", band.get("at")), kind.low)
        values[f"rate_{row}"] = _typed(band.get("rate", band.get("amount")), kind.value)
    for name in ("floor", "target", "increment", "amount"):
        if name in rules:
            values[name] = _typed(rules[name], AMOUNT)
    if "first_rate" in rules:
        values["first_rate"] = _typed(rules["first_rate"], RATE)
    for row, part in enumerate(rules.get("parts", [])[:PART_ROWS]):
        values[f"part_{row}"] = part.get("product", part.get("product_line"))
        values[f"count_{row}"] = _typed(part["quantity"], AMOUNT)
    base = policy.get("baseline", {})
    return values | {
        "split": rules.get("split", "own_bands"),
        "on": "all" if rules.get("on", "all") == "all" else "above",
        "per": rules.get("per", "serial" if rules["kind"] == "spif" else "unit"),
        "focus": rules.get("focus", []),
        "targets": as_lines(rules.get("targets", {})),
        "expression": rules.get("expression", ""),
        "measures": rules.get("measures", []),
        "measure": policy.get("measure", DEFAULTS["measure"]),
        "baseline": base.get("kind", "prior_period"),
        "new_partner": base.get("new_partner", "skip"),
        "baseline_amount": base.get("amount"),
        "product_lines": policy.get("qualify", {}).get("product_lines", []),
        "products": ", ".join(policy.get("qualify", {}).get("products", [])),
        "pay_lines": policy.get("pay", {}).get("product_lines", []),
        "pay_products": ", ".join(policy.get("pay", {}).get("products", [])),
    }


def _typed(text: Any, holds: str) -> str:
    number = Decimal(text)
    return f"{(number if holds == AMOUNT else number * 100).normalize():f}"
