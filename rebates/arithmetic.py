"""A policy's arithmetic for one figure, as it is shown to people: parts by band, and what one more order would pay.

The settlement computes in SQL (`settlement.py`); tests hold both to the same cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from prm.values.money import round_money
from rebates.policy import Bands, bands_of


@dataclass(frozen=True)
class Part:
    """`amount` = `base` × `rate`, or a lump sum; of the base between `lower` and `upper` (None: no limit)."""

    number: int
    lower: Decimal | None
    upper: Decimal | None
    base: Decimal
    rate: Decimal
    amount: Decimal


def band_reached(bands: Bands, *, qualifier: Decimal, base: Decimal) -> int:
    """The band's number from 1, 0 below the first; lower bounds are inclusive."""
    measured = base if bands.by_base else qualifier
    return sum(1 for low in bands.lower if measured >= low)


def parts(bands: Bands, *, qualifier: Decimal, base: Decimal) -> list[Part]:
    """What adds up to the unrounded rebate."""
    if base < 0:
        return [Part(0, None, None, base, bands.first_rate, base * bands.first_rate)]
    band = band_reached(bands, qualifier=qualifier, base=base)
    if bands.floor is not None:
        return _parts_from_floor(bands, base, band)
    if band == 0:
        return []
    if bands.by_base:
        return [_slice(bands, number, base) for number in range(1, band + 1)]
    lower, upper = bands.lower[band - 1], _upper(bands, band)
    rate, fixed = bands.rate[band - 1], bands.fixed[band - 1]
    return [Part(band, lower, upper, base, rate, fixed + rate * base)]


def _slice(bands: Bands, number: int, base: Decimal) -> Part:
    lower, upper, rate = bands.lower[number - 1], _upper(bands, number), bands.rate[number - 1]
    inside = (base if upper is None else min(base, upper)) - lower
    return Part(number, lower, upper, inside, rate, inside * rate)


def _parts_from_floor(bands: Bands, base: Decimal, band: int) -> list[Part]:
    below = min(base, bands.floor or Decimal(0))
    found = [Part(0, Decimal(0), bands.floor, below, bands.first_rate, below * bands.first_rate)]
    if band and base > below:
        rate = bands.rate[band - 1]
        found.append(Part(band, bands.floor, None, base - below, rate, (base - below) * rate))
    return found


def _upper(bands: Bands, number: int) -> Decimal | None:
    return bands.lower[number] if number < len(bands.lower) else None


def rebate(policy: dict[str, Any], *, qualifier: Decimal, base: Decimal) -> Decimal:
    """The rounded rebate on these sums."""
    raw = sum((part.amount for part in parts(bands_of(policy), qualifier=qualifier, base=base)), Decimal(0))
    return round_money(raw, policy["currency"], policy.get("rounding", {}).get("mode", "half_up"))


def one_more(policy: dict[str, Any], *, qualifier: Decimal, base: Decimal, extra: Decimal) -> Decimal:
    """What a further order of `extra`, qualifying and paid, would add."""
    more = rebate(policy, qualifier=qualifier + extra, base=base + extra)
    return more - rebate(policy, qualifier=qualifier, base=base)


def to_next_band(policy: dict[str, Any], *, qualifier: Decimal, base: Decimal) -> Decimal | None:
    """How much is missing to the next band; None in the last."""
    bands = bands_of(policy)
    measured = base if bands.by_base else qualifier
    higher = [low for low in bands.lower if low > measured]
    return higher[0] - measured if higher else None
