"""Rates that are far from the last one known of their pair: shown with it, and asked about before they are entered.

The last one known is the newest confirmed rate of the pair, of any source and either way round, of a day before; where
there is none, the first of a day after. Rates that are entered together are held against each other as well. Of a pair
of which nothing is known nothing is said.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from django.db.models import Q

from prm.exchange.models import Rate
from prm.ui import formats

FAR = Fraction(1, 5)  # by more than so much of the last one known
Known = tuple[date, Fraction]


class Quote(Protocol):
    """1 `base` = `value` `quote` on `day`."""

    @property
    def base(self) -> str: ...
    @property
    def quote(self) -> str: ...
    @property
    def day(self) -> date: ...
    @property
    def value(self) -> Decimal: ...


@dataclass(frozen=True)
class FarOff:
    """A rate beside the last one known, said the same way round."""

    pair: str
    day: date
    value: Decimal
    known: Fraction
    known_day: date

    @property
    def said(self) -> dict[str, Any]:
        """The values of a sentence about it."""
        share = Fraction(self.value) / self.known - 1
        percent = formats.percent(Decimal(share.numerator) / Decimal(share.denominator))
        known = Decimal(self.known.numerator) / Decimal(self.known.denominator)
        return {
            "pair": self.pair, "day": self.day, "rate": formats.all_digits(self.value), "known_day": self.known_day,
            "known": formats.all_digits(round(known, 8).normalize()),
            "percent": percent if share < 0 else f"+{percent}",
        }  # fmt: skip


def far_off(rates: Sequence[Quote], *, without: Iterable[int] = ()) -> list[FarOff]:
    """Those of `rates` that are far from the last one known; `without` what these batches brought."""
    known = _known(rates, list(without))
    found = []
    for one in sorted(rates, key=lambda rate: rate.day):
        history = known[_pair(one)]
        last = _last(history, one.day)
        if last is not None:
            there = last[1] if one.base <= one.quote else 1 / last[1]
            if abs(Fraction(one.value) - there) > FAR * there:
                found.append(FarOff(f"{one.base}/{one.quote}", one.day, one.value, there, last[0]))
        history.insert(bisect_right([day for day, _value in history], one.day), (one.day, _one_way(one)))
    return found


def _known(rates: Sequence[Quote], without: list[int]) -> dict[tuple[str, str], list[Known]]:
    """The confirmed rates of the pairs, by day."""
    wanted = Q(pk__in=[])
    for low, high in {_pair(one) for one in rates}:
        wanted |= Q(base=low, quote=high) | Q(base=high, quote=low)
    found: dict[tuple[str, str], list[Known]] = defaultdict(list)
    for row in Rate.objects.in_force().filter(wanted).exclude(batch__in=without).order_by("day", "id"):
        found[_pair(row)].append((row.day, _one_way(row)))
    return found


def _last(history: list[Known], day: date) -> Known | None:
    place = bisect_left([known for known, _value in history], day)
    if place:
        return history[place - 1]
    return next((one for one in history if one[0] > day), None)


def _pair(one: Quote) -> tuple[str, str]:
    return (min(one.base, one.quote), max(one.base, one.quote))


def _one_way(one: Quote) -> Fraction:
    """In the way round in which pairs are compared."""
    return Fraction(one.value) if one.base <= one.quote else 1 / Fraction(one.value)
