"""What a mechanism means in figures: every one of them as pieces that are straight lines.

The settlement hands these figures to SQL (`settlement.py`), the explanation reads them aloud (`arithmetic.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

UNITS = ("per_unit", "per_unit_stepped")
# Bands that are shares of another figure of the same partner: of the baseline, of the target, of all that counts.
SHARES = {"growth": "baseline", "target": "target", "mix": "total"}
# A negative base takes the first band's rate in these and pays nothing in all others.
FALLS_BELOW_ZERO = (
    "flat",
    "per_unit",
    "per_unit_stepped",
    "marginal",
    "retroactive",
    "retroactive_from_floor",
)
NO_BOUND = Decimal("-1e15")
ONE = Decimal(1)


@dataclass(frozen=True)
class SetPart:
    """What a complete set holds of a product or of a product line."""

    quantity: Decimal
    product: str = ""
    product_line: str = ""


@dataclass(frozen=True)
class Bands:
    """A mechanism's figures.

    In band b (1 …) the rebate is `fixed[b] + rate[b] × (base − offset[b])`; below the first band it is 0. With a
    floor it is `first_rate` on what lies below it and `rate[b]` on the rest. A negative base takes `first_rate`.
    """

    lower: tuple[Decimal, ...]
    fixed: tuple[Decimal, ...]
    rate: tuple[Decimal, ...]
    offset: tuple[Decimal, ...]
    first_rate: Decimal
    floor: Decimal | None = None
    # Whether the band is read from the paid base (each part by its own band) or from the qualifier.
    by_base: bool = False
    # How a base that differs from the qualifier meets marginal bands: at the qualifier's average, or as its top slice.
    split: str = ""
    # Whether the base is a quantity, and whether the qualifier is.
    pays_units: bool = False
    reads_units: bool = False
    # Of what the lower bounds are shares: "baseline", "target", "total"; empty: they are figures themselves.
    share_of: str = ""
    # Whether only what lies above that figure is paid on.
    above: bool = False
    target: Decimal | None = None
    # Between two points the rate of a band rises by slope ÷ span for each unit of the qualifier above its lower bound.
    slope: tuple[Decimal, ...] = ()
    span: Decimal = ONE
    # Only full increments of the base count, each as one.
    increment: Decimal | None = None
    # An expression that pays instead; see formula.py.
    expression: str = ""
    # The base is the number of complete sets of these.
    parts: tuple[SetPart, ...] = field(default_factory=tuple)
    # At most so much counts, at most so much is paid on, at most so much is paid.
    most_counted: Decimal | None = None
    most_base: Decimal | None = None
    most_paid: Decimal | None = None

    @property
    def counts_increments(self) -> bool:
        """Whether the base counts full increments or sets: one more unit of sales may add nothing to it."""
        return self.increment is not None or self.counts_sets

    @property
    def counts_sets(self) -> bool:
        return bool(self.parts)


def bands_of(policy: dict[str, Any]) -> Bands:
    """The figures of a policy that `policy.uncomputed` finds nothing in."""
    mechanism = policy["mechanism"]
    kind = mechanism["kind"]
    units = kind in UNITS
    pays_units = (
        units or kind == "bundle" or (kind == "per_increment" and policy.get("measure") == "quantity")
    )
    common: dict[str, Any] = {
        "pays_units": pays_units or kind == "spif",
        "reads_units": pays_units or kind == "spif" or policy.get("measure") == "quantity",
        **_caps_of(policy),
    }
    if kind == "linear":
        return _between(mechanism["points"], common)
    return Bands(
        **_lines_of(mechanism),
        floor=Decimal(mechanism["floor"]) if "floor" in mechanism else None,
        by_base=kind in ("marginal", "per_unit_stepped")
        and mechanism.get("split", "own_bands") == "own_bands",
        split=mechanism["split"] if mechanism.get("split", "own_bands") != "own_bands" else "",
        share_of=SHARES.get(kind, ""),
        above=mechanism.get("on") in ("growth", "excess"),
        target=Decimal(mechanism["target"]) if "target" in mechanism else None,
        expression=mechanism.get("expression", ""),
        increment=Decimal(mechanism["increment"]) if "increment" in mechanism else None,
        parts=tuple(
            SetPart(Decimal(part["quantity"]), part.get("product", ""), part.get("product_line", ""))
            for part in mechanism.get("parts", [])
        ),
        **common,
    )


def _caps_of(policy: dict[str, Any]) -> dict[str, Decimal]:
    """The caps that concern this programme alone."""
    found = {}
    for cap in policy.get("caps", []):
        if cap["on"] == "measure":
            names = {"qualifier": ["most_counted"], "base": ["most_base"]}
            chosen = names.get(cap.get("of", "both"), ["most_counted", "most_base"])
            found |= {name: Decimal(cap["amount"]) for name in chosen}
        elif "programmes" not in cap and cap.get("over") != "partners":
            found["most_paid"] = Decimal(cap["amount"])
    return found


def _lines_of(mechanism: dict[str, Any]) -> dict[str, Any]:
    """The straight lines: lower, fixed, rate, offset and first_rate."""
    kind = mechanism["kind"]
    rows = mechanism.get("bands") or [{"from": "0", **mechanism}]
    lower = tuple(Decimal(row["from"]) for row in rows)
    rate = tuple(Decimal(row.get("rate", row.get("amount", "0"))) for row in rows)
    zeros = (Decimal(0),) * len(rows)
    fixed, offset = zeros, zeros
    # A serial that came back is taken back.
    falls = kind in FALLS_BELOW_ZERO or (kind == "spif" and mechanism.get("per", "serial") == "serial")
    first_rate = rate[0] if falls else Decimal(0)
    if kind in ("marginal", "per_unit_stepped"):
        fixed, offset = accumulated(lower, rate), lower
    elif not mechanism.get("bands"):
        lower = (NO_BOUND,)
    elif kind == "lump_sum":
        fixed, rate = rate, zeros
    elif kind == "retroactive_from_floor":
        first_rate = Decimal(mechanism["first_rate"])
    elif kind == "growth":
        lower = tuple(ONE + share for share in lower)
    return {"lower": lower, "fixed": fixed, "rate": rate, "offset": offset, "first_rate": first_rate}


def _between(points: list[dict[str, str]], common: dict[str, Any]) -> Bands:
    """0 below the first point, a straight line between the two, the last rate from the second on."""
    low, high = (Decimal(point["at"]) for point in points)
    first, last = (Decimal(point["rate"]) for point in points)
    zeros = (Decimal(0), Decimal(0))
    return Bands(
        lower=(low, high),
        fixed=zeros,
        rate=(first, last),
        offset=zeros,
        first_rate=Decimal(0),
        slope=(last - first, Decimal(0)),
        span=high - low,
        **common,
    )


def accumulated(lower: tuple[Decimal, ...], rate: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """What the bands below each band pay when they are full."""
    sums = [Decimal(0)]
    for index in range(1, len(lower)):
        sums.append(sums[-1] + rate[index - 1] * (lower[index] - lower[index - 1]))
    return tuple(sums)


def partners_named(policy: dict[str, Any]) -> list[str] | None:
    """The numbers of the partners that alone may take part; None where whoever fits does. Where some have a target of
    their own and none is stated for the others, they are those.
    """
    named, rules = policy.get("who", {}).get("partners"), policy["mechanism"]
    if "targets" not in rules or "target" in rules:
        return named
    return [number for number in rules["targets"] if named is None or number in named]


def named_products(policy: dict[str, Any]) -> list[str]:
    """Codes of the products that a policy names."""
    found = [code for part in ("qualify", "pay") for code in policy.get(part, {}).get("products", [])]
    return found + [part["product"] for part in policy["mechanism"].get("parts", []) if "product" in part]


def named_lines(policy: dict[str, Any]) -> list[str]:
    """Codes of the product lines that a policy names."""
    found = [code for part in ("qualify", "pay") for code in policy.get(part, {}).get("product_lines", [])]
    sets = [part["product_line"] for part in policy["mechanism"].get("parts", []) if "product_line" in part]
    return [*found, *policy["mechanism"].get("focus", []), *sets]
