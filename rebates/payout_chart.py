"""Payout against volume as a small SVG: where the policy rises smoothly and where it jumps."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.files.charts import GAP, nice_steps, wide
from prm.ui import formats
from rebates import arithmetic, formula, own_targets
from rebates.mechanisms import bands_of
from rebates.numbers_in_words import measured

WIDTH, LEFT, BOTTOM, RIGHT = 480, 48, 206, 470
EXAMPLE = Decimal(1_000_000)  # a baseline that differs from partner to partner is drawn for this one
PRICE = Decimal(100)  # where units count and money is paid on, a unit is drawn as sold for this much


@dataclass(frozen=True)
class Chart:
    """Points in the picture's own units, with room for its words as they are written on a phone."""

    left: float  # where the curve begins, behind the amounts
    path: str
    jumps: list[dict[str, Any]]
    ticks_x: list[dict[str, Any]]
    ticks_y: list[dict[str, Any]]
    across: str  # in what the volume is measured
    up: str  # the currency of what it pays


def example_reference(policy: dict[str, Any]) -> Decimal | None:
    """The baseline or target that the curve is drawn for; None where the bounds are figures themselves."""
    bands = bands_of(policy)
    if bands.share_of == "target":
        return own_targets.example_of(policy)
    if bands.share_of == "baseline":
        return Decimal(policy.get("baseline", {}).get("amount", EXAMPLE))
    return None


def payout(policy: dict[str, Any], volume: Decimal) -> Decimal:
    """The unrounded rebate on `volume`: of it the qualifier, the paid base and, in a mix, the focus lines consist."""
    bands = bands_of(policy)
    base = volume * PRICE if is_priced(policy) else volume
    if bands.increment is not None:
        most = volume if bands.most_base is None else min(volume, bands.most_base)
        base = Decimal(most // bands.increment)
    reference = volume if bands.share_of == "total" else example_reference(policy)
    raw = arithmetic.raw(bands, arithmetic.Figures(volume, base, reference))
    if formula.by_formula(policy):
        raw = formula.value(policy, {"base": base, "qualifier": volume})
    return arithmetic.shown(arithmetic.limited(bands, raw))


def is_priced(policy: dict[str, Any]) -> bool:
    """Whether units count and money is paid on, so that the curve needs a price."""
    bands = bands_of(policy)
    return bands.reads_units and not bands.pays_units and policy["mechanism"]["kind"] != "lump_sum"


def usual_top(policy: dict[str, Any]) -> Decimal:
    """How far a curve without any bound is drawn."""
    return Decimal(100) if bands_of(policy).reads_units else Decimal(100_000)


def across(policy: dict[str, Any]) -> str:
    """In what the volume is measured."""
    bands = bands_of(policy)
    if bands.counts_sets:
        return _("complete sets")
    return _("units") if bands.reads_units else str(policy["currency"])


def volume_in_words(policy: dict[str, Any], volume: Decimal) -> str:
    """A volume with its unit: ¥50,000, 50 units, 50 sets."""
    bands = bands_of(policy)
    if bands.counts_sets:
        words = ngettext("%(count)s set", "%(count)s sets", 1 if volume == 1 else 2)
        return words % {"count": formats.number(volume, 0)}
    return measured(f"{volume:f}", "" if bands.reads_units else policy["currency"])


def bounds_of(policy: dict[str, Any]) -> list[Decimal]:
    """The volumes at which the curve bends or jumps."""
    bands = bands_of(policy)
    if bands.share_of == "total":
        return []
    scale = example_reference(policy) or Decimal(1)
    bounds = [low * scale for low in bands.lower if low > 0]
    if bands.floor:
        bounds.append(bands.floor)
    if bands.above:
        bounds.append(scale)
    if bands.slope:  # between the points the rate rises with the volume: a curve
        low, high = bands.lower
        bounds += [low + (high - low) * part / 6 for part in range(1, 6)]
    if bands.increment is not None:
        bounds += [bands.increment * number for number in range(1, 6)]
    bounds += [cap for cap in (bands.most_counted, bands.most_base) if cap is not None]
    return sorted(set(bounds))


def chart(policy: dict[str, Any]) -> Chart:
    """The curve to two fifths beyond the highest bound."""
    bounds = bounds_of(policy)
    top = max(bounds, default=usual_top(policy)) * Decimal("1.4")
    stops = sorted({Decimal(0), top, *(low for low in bounds if low < top)})
    marks = nice_steps(float(max(payout(policy, stop) for stop in stops)), spaces=4)
    amounts = [Decimal(f"{mark:.12g}") for mark in marks]
    highest = amounts[-1]

    ticks_y = [(amount, _money(policy, amount, highest)) for amount in amounts]
    left = max(LEFT, *(round(wide(words) + GAP, 1) for _amount, words in ticks_y))

    def x(value: Decimal) -> float:
        return round(left + (RIGHT - left) * float(value / top), 1)

    def y(value: Decimal) -> float:
        return round(float(BOTTOM - (BOTTOM - 14) * value / highest), 1)

    steps, jumps = [f"M{x(Decimal(0))} {y(payout(policy, Decimal(0)))}"], []
    hair = Decimal("0.0001")
    for stop in stops[1:]:
        before, after = payout(policy, stop - hair), payout(policy, stop)
        steps.append(f"L{x(stop)} {y(before)}")
        if stop < top and abs(after - before) > highest / 200:
            jumps.append(
                {"path": f"M{x(stop)} {y(before)}V{y(after)}", "y": (y(before) + y(after)) / 2}
                | _beside(x(stop), _jump(policy, after - before), left)
            )
            steps.append(f"M{x(stop)} {y(after)}")
    return Chart(
        left=left,
        path="".join(steps),
        jumps=jumps,
        ticks_x=_apart([{"x": x(stop), "label": _volume(policy, stop, stops[-2])} for stop in stops[1:-1]]),
        ticks_y=[{"y": y(amount), "label": words} for amount, words in ticks_y],
        across=across(policy),
        up=str(policy["currency"]),
    )


def _money(policy: dict[str, Any], amount: Decimal, highest: Decimal | None = None) -> str:
    """`highest`: of its axis, whose unit holds for all amounts there."""
    return formats.compact_money(amount, str(policy["currency"]), highest)


def _volume(policy: dict[str, Any], volume: Decimal, highest: Decimal) -> str:
    """A volume below the curve: a count, or money."""
    if bands_of(policy).reads_units:
        return formats.compact(volume, highest)
    return _money(policy, volume, highest)


def _jump(policy: dict[str, Any], by: Decimal) -> str:
    words = _("fall of %(size)s") if by < 0 else _("jump of %(size)s")
    return words % {"size": _money(policy, abs(by))}


def _beside(x: float, words: str, left: float) -> dict[str, Any]:
    """Words before a jump; behind it where they would run into the amounts at the side."""
    if x - GAP - wide(words) >= left:
        return {"words": words, "x": x - GAP, "anchor": "end"}
    return {"words": words, "x": x + GAP, "anchor": "start"}


def _apart(ticks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those whose words would touch the ones before, or be cut off."""
    found: list[dict[str, Any]] = []
    for tick in ticks:
        half = wide(tick["label"]) / 2
        before = found[-1]["x"] + wide(found[-1]["label"]) / 2 + GAP if found else 0
        if before <= tick["x"] - half and tick["x"] + half <= WIDTH:
            found.append(tick)
    return found
