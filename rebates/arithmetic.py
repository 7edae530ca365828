"""A policy's arithmetic for one figure, as it is shown to people: parts by band, and what one more order would pay.

The settlement computes in SQL (`settlement.py`); tests hold both to the same cent. Figures are exact fractions until
they are rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from prm.values.money import minor_unit
from rebates.mechanisms import NO_BOUND, Bands, bands_of

ZERO = Fraction(0)


@dataclass(frozen=True)
class Figures:
    """What a rebate is computed from, as a result keeps it; of a member of a group, the group's
    where they may be told.

    `base` is what is paid on: money, units, full increments or complete sets. `reference` is what the bounds are
    shares of; None where there is none.
    """

    qualifier: Decimal
    base: Decimal
    reference: Decimal | None = None

    @classmethod
    def of(cls, result: Any) -> Figures:
        exact = result.explanation.get("exact")
        if exact and "grouped" not in result.explanation:
            reference = exact["reference"]
            return cls(
                Decimal(exact["qualifier"]),
                Decimal(exact["base"]),
                None if reference is None else Decimal(reference),
            )
        said = result.explanation.get("grouped")
        if not said or "withheld" in said:
            return cls(result.qualifier, result.base, result.reference)
        counted_in, paid_on_in = Fraction(said["counted_in"]), Fraction(said["paid_on_in"])
        return cls(
            shown(Fraction(said["qualifier"]) / counted_in),
            shown(Fraction(said["base"]) / paid_on_in),
            None if said["reference"] is None else shown(Fraction(said["reference"]) / counted_in),
        )

    def with_more(self, extra: Decimal, bands: Bands) -> Figures:
        """After a further order of `extra` that counts and is paid on, also in what a mix is a share of."""
        total = bands.share_of == "total" and self.reference is not None
        return replace(
            self,
            qualifier=self.qualifier + extra,
            base=self.base + extra,
            reference=self.reference + extra if total and self.reference is not None else self.reference,
        )


@dataclass(frozen=True)
class Part:
    """`amount` = `base` × `rate`, or a lump sum; of the base between `lower` and `upper` (None: no limit).

    `base`, `rate` and `amount` are exact.
    """

    number: int
    lower: Decimal | None
    upper: Decimal | None
    exact_base: Fraction
    exact_rate: Fraction
    exact_amount: Fraction

    @property
    def is_all(self) -> bool:
        """Whether it has no bound at all."""
        return self.lower == NO_BOUND

    @property
    def base(self) -> Decimal:
        return shown(self.exact_base)

    @property
    def rate(self) -> Decimal:
        return shown(self.exact_rate)

    @property
    def amount(self) -> Decimal:
        return shown(self.exact_amount)

    @property
    def is_exact(self) -> bool:
        """Whether what is shown is all of it: a rate that was divided may have no end."""
        return Fraction(self.rate) == self.exact_rate and Fraction(self.amount) == self.exact_amount


def capped(bands: Bands, figures: Figures) -> Figures:
    """The figures with what counts and what is paid on at their caps; twice is as good as once."""
    qualifier, base = figures.qualifier, figures.base
    if bands.most_counted is not None:
        qualifier = min(qualifier, bands.most_counted)
    if bands.most_base is not None and bands.increment is None:  # increments are counted after the cap
        base = min(base, bands.most_base)
    return replace(figures, qualifier=qualifier, base=base)


def shown(value: Fraction) -> Decimal:
    """A fraction as a decimal: all its digits, or ten decimals where they have no end."""
    number = Decimal(value.numerator) / Decimal(value.denominator)
    if Fraction(number) == value:
        return number
    return number.quantize(Decimal("1e-10"))


def band_reached(bands: Bands, figures: Figures) -> int:
    """The band's number from 1, 0 below the first; lower bounds are inclusive."""
    if bands.share_of:
        if figures.reference is None:
            return 0
        reached = [n for n, low in enumerate(bands.lower, 1) if figures.qualifier >= low * figures.reference]
        return max(reached, default=0)
    return _band(bands, figures.base if bands.by_base else figures.qualifier)


def _band(bands: Bands, measured: Decimal | Fraction) -> int:
    return sum(1 for low in bands.lower if measured >= low)


def parts(bands: Bands, figures: Figures) -> list[Part]:
    """What adds up to the unrounded rebate, before the cap on the payout; a formula has no parts."""
    figures = capped(bands, figures)
    if bands.expression:
        return []
    base = Fraction(figures.base)
    if base < 0:
        return [_part(0, None, None, base, bands.first_rate)] if bands.first_rate else []
    band = band_reached(bands, figures)
    if bands.floor is not None:
        return _parts_from_floor(bands, base, band)
    if band == 0:
        return []
    if bands.by_base:
        return _slices(bands, base)
    if bands.split:
        return _parts_of_split(bands, figures, band)
    lower, upper, rate = bands.lower[band - 1], _upper(bands, band), Fraction(bands.rate[band - 1])
    if bands.slope:
        beyond = Fraction(figures.qualifier) - Fraction(lower)
        rate += Fraction(bands.slope[band - 1]) * beyond / Fraction(bands.span)
    if bands.above and figures.reference is not None:
        base -= Fraction(figures.reference)
    if bands.share_of == "baseline":  # what is said is how much more than the baseline
        lower, upper = lower - 1, None if upper is None else upper - 1
    part = _part(band, lower, upper, base, rate)
    return [replace(part, exact_amount=part.exact_amount + Fraction(bands.fixed[band - 1]))]


def _part(
    number: int, lower: Decimal | None, upper: Decimal | None, base: Fraction, rate: Decimal | Fraction
) -> Part:
    return Part(number, lower, upper, base, Fraction(rate), base * Fraction(rate))


def _slices(bands: Bands, value: Fraction) -> list[Part]:
    """Each band's rate on the part of `value` inside it; the first band's rate below zero."""
    if value < 0:
        return [_part(0, None, None, value, bands.first_rate)]
    found = []
    for number in range(1, _band(bands, value) + 1):
        lower, upper = bands.lower[number - 1], _upper(bands, number)
        inside = (value if upper is None else min(value, Fraction(upper))) - Fraction(lower)
        found.append(_part(number, lower, upper, inside, bands.rate[number - 1]))
    return found


def _parts_of_split(bands: Bands, figures: Figures, band: int) -> list[Part]:
    """The paid base at the qualifier's average rate, or as the qualifier's top slice."""
    base, qualifier = Fraction(figures.base), Fraction(figures.qualifier)
    if bands.split == "average":
        on_all = sum((part.exact_amount for part in _slices(bands, qualifier)), ZERO)
        rate = on_all / qualifier if qualifier > 0 else Fraction(bands.rate[0])
        return [_part(band, None, None, base, rate)]
    below = {part.number: part for part in _slices(bands, qualifier - base)}
    found = []
    for part in _slices(bands, qualifier):
        taken = below.pop(part.number, None)
        inside = part.exact_base - (taken.exact_base if taken else ZERO)
        if inside:
            found.append(_part(part.number, part.lower, part.upper, inside, part.exact_rate))
    return found + [
        replace(part, exact_base=-part.exact_base, exact_amount=-part.exact_amount) for part in below.values()
    ]


def _parts_from_floor(bands: Bands, base: Fraction, band: int) -> list[Part]:
    floor = Fraction(bands.floor or 0)
    below = min(base, floor)
    found = [_part(0, Decimal(0), bands.floor, below, bands.first_rate)]
    if band and base > below:
        found.append(_part(band, bands.floor, None, base - below, bands.rate[band - 1]))
    return found


def _upper(bands: Bands, number: int) -> Decimal | None:
    return bands.lower[number] if number < len(bands.lower) else None


def raw(bands: Bands, figures: Figures) -> Fraction:
    """The rebate before it is rounded."""
    return sum((part.exact_amount for part in parts(bands, figures)), ZERO)


def from_notes(notes: dict[str, Any], bands: Bands, figures: Figures) -> Fraction:
    """The same as a result has it: where each line was rounded, only its notes know the sum."""
    if "formula" in notes:
        return Fraction(notes["formula"]["up"]) / Fraction(notes["formula"]["down"])
    return Fraction(notes["line_sum"]) if "line_sum" in notes else raw(bands, figures)


def line_rate(bands: Bands, figures: Figures) -> Decimal:
    """The one rate that all lines together reach, where there is one."""
    if figures.base < 0:
        return bands.first_rate
    band = band_reached(bands, figures)
    return bands.rate[band - 1] if band else Decimal(0)


def gates_are_met(notes: dict[str, Any]) -> bool:
    """Whether every gate is met that the notes of a result tell of."""
    return all(gate["passed"] for gate in notes.get("gates", []))


def through_gates(notes: dict[str, Any], value: Fraction) -> Fraction:
    """Behind a gate that is not met nothing is paid above zero, and nothing is forgiven below."""
    return value if gates_are_met(notes) else min(value, ZERO)


def by_measures(notes: dict[str, Any], value: Fraction) -> Fraction:
    """What counts by the measures that factors go by."""
    for said in notes.get("factors", []) if value > 0 else ():
        value *= Fraction(said["factor"])
    return value


def by_members(notes: dict[str, Any], value: Fraction) -> Fraction:
    """What of a group's figure counts by the gates and factors of its members."""
    said = notes.get("grouped", {})
    if value <= 0 or "counting" not in said or not Fraction(said["sum"]):
        return value
    value *= Fraction(said["counting"]) / Fraction(said["sum"])
    return round(value, 8) if "decimals" in said else value  # of which the sum is told rounded


def by_collection(notes: dict[str, Any], value: Fraction) -> Fraction:
    """What counts by the days until invoices were paid."""
    said = notes.get("collection")
    return value * Fraction(said["collected"]) / Fraction(said["due"]) if said and value > 0 else value


def taken_back(notes: dict[str, Any], value: Fraction) -> Fraction:
    """With what returns take back of what earlier periods paid."""
    rows = notes.get("returned", [])
    return value + sum(
        (Fraction(one["returned"]) * Fraction(one["paid"]) / Fraction(one["base"]) for one in rows), ZERO
    )


def limited(bands: Bands, value: Fraction) -> Fraction:
    """The unrounded rebate after the cap on the payout."""
    return value if bands.most_paid is None else min(value, Fraction(bands.most_paid))


def rounded(value: Fraction, currency: str, mode: str = "half_up") -> Decimal:
    """To the currency's minor unit, by magnitude: ties away from zero, or to the even unit."""
    unit = minor_unit(currency)
    count = abs(value) / Fraction(unit)
    whole, rest = divmod(count.numerator, count.denominator)
    twice = 2 * rest
    if twice > count.denominator or (twice == count.denominator and (mode == "half_up" or whole % 2)):
        whole += 1
    return (-whole if value < 0 else whole) * unit


def rebate(policy: dict[str, Any], figures: Figures) -> Decimal:
    """The rounded rebate on these sums."""
    mode = policy.get("rounding", {}).get("mode", "half_up")
    bands = bands_of(policy)
    return rounded(limited(bands, raw(bands, figures)), policy["currency"], mode)


def one_more(policy: dict[str, Any], figures: Figures, *, extra: Decimal) -> Decimal:
    """What a further order of `extra`, qualifying and paid, would add."""
    return rebate(policy, figures.with_more(extra, bands_of(policy))) - rebate(policy, figures)


def to_next_band(policy: dict[str, Any], figures: Figures) -> Decimal | None:
    """How much is missing to the next band; None in the last, above a cap, and where more sales move the bound."""
    bands = bands_of(policy)
    if bands.share_of == "total" or (bands.share_of and figures.reference is None):
        return None
    scale = figures.reference if bands.share_of and figures.reference is not None else Decimal(1)
    figures = capped(bands, figures)
    measured = figures.base if bands.by_base else figures.qualifier
    most = bands.most_base if bands.by_base else bands.most_counted
    higher = [low * scale for low in bands.lower if low * scale > measured]
    if most is not None and higher and higher[0] > most:
        return None
    return higher[0] - measured if higher else None
