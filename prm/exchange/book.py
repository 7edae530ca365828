"""Which rate is in force on a day, and converting by it, exactly.

Guarantee: nothing is rounded on the way. A pair that is stored the other way round is inverted, two currencies without
a pair of their own meet in one that both have a rate with; the result is a fraction, and money is rounded once.
The SQL function `exchange_convert` gives the same answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Self

from babel.numbers import get_currency_precision
from django.db import connection
from django.db.models import F, Func, Value

from prm.exchange.errors import NoRate
from prm.exchange.models import Policy, Rate


@dataclass(frozen=True)
class Stored:
    """A rate as it was confirmed: 1 `base` = `value` `quote`."""

    base: str
    quote: str
    day: date
    value: Decimal


@dataclass(frozen=True)
class Factor:
    """By what an amount is multiplied: `up` ÷ `down`, both exact decimals, and the one or two rates behind it."""

    up: Decimal
    down: Decimal
    rates: tuple[Stored, ...]

    @property
    def exact(self) -> Fraction:
        return Fraction(self.up) / Fraction(self.down)


EXACT = Context(prec=100)  # two rates have 36 digits at most
SAME = Factor(Decimal(1), Decimal(1), ())


@dataclass(frozen=True)
class Book:
    """The rates in force of one source over some days, as `between` read them or as somebody kept them."""

    source: str
    most_days: int
    through: str
    # By pair: days ascending, and what stands at each.
    by_pair: dict[frozenset[str], tuple[list[date], list[Stored]]]

    @classmethod
    def between(cls, first: date, last: date, *, known_before: datetime | None = None) -> Self:
        """What the tenant computes with from `first` to `last`; `known_before`: by what was confirmed until then."""
        policy = policy_of_tenant()
        if known_before is None:
            rows = Rate.objects.in_force().filter(source=policy.source)
        else:  # of a day the newest comes last, and counts
            rows = Rate.objects.confirmed().filter(source=policy.source).order_by("id")
            rows = rows.filter(batch__decision__decided_at__lt=known_before)
        rows = rows.between(first - timedelta(days=policy.most_days), last)
        stored = (Stored(*row) for row in rows.values_list("base", "quote", "day", "value"))
        return cls.of(stored, source=policy.source, most_days=policy.most_days, through=policy.through)

    @classmethod
    def of(cls, rates: Iterable[Stored], *, source: str, most_days: int, through: str) -> Self:
        found: dict[frozenset[str], list[Stored]] = defaultdict(list)
        for rate in sorted(rates, key=lambda rate: rate.day):
            found[frozenset((rate.base, rate.quote))].append(rate)
        by_pair = {pair: ([rate.day for rate in rows], rows) for pair, rows in found.items()}
        return cls(source, most_days, through, by_pair)

    def with_more(self, other: Self) -> Self:
        """This book, and of pairs and days of which it has no rate what `other` has."""
        known = {(pair, rate.day) for pair, (_days, rows) in self.by_pair.items() for rate in rows}
        own = [rate for _days, rows in self.by_pair.values() for rate in rows]
        more = [
            rate
            for pair, (_days, rows) in other.by_pair.items()
            for rate in rows
            if (pair, rate.day) not in known
        ]
        if not own:
            return other
        return self.of([*own, *more], source=self.source, most_days=self.most_days, through=self.through)

    def factor(self, currency: str, target: str, day: date) -> Factor:
        """By what amounts of `currency` are multiplied to be `target` on `day`. Raises NoRate."""
        if currency == target:
            return SAME
        found = self._leg(currency, target, day)
        if found is None and self.through not in (currency, target):
            first, second = self._leg(currency, self.through, day), self._leg(self.through, target, day)
            if first and second:
                rates = (*first.rates, *second.rates)
                found = Factor(
                    EXACT.multiply(first.up, second.up), EXACT.multiply(first.down, second.down), rates
                )
        if found is None:
            raise NoRate(pair=f"{currency}/{target}", day=day, source=self.source, days=self.most_days)
        return found

    def _leg(self, currency: str, target: str, day: date) -> Factor | None:
        days, rows = self.by_pair.get(frozenset((currency, target)), ([], []))
        place = bisect_right(days, day)
        if not place or days[place - 1] < day - timedelta(days=self.most_days):
            return None
        rate = rows[place - 1]
        if rate.base == currency:
            return Factor(rate.value, Decimal(1), (rate,))
        return Factor(Decimal(1), rate.value, (rate,))


def stored_policy() -> Policy:
    """The tenant's choice as it was made; what stands for it where none was."""
    return Policy.objects.first() or Policy()


def policy_of_tenant() -> Policy:
    """What the tenant computes with; `through` is filled in."""
    row = stored_policy()
    row.through = row.through or getattr(connection.tenant, "currency", "CNY")
    return row


def convert(amount: Decimal, currency: str, target: str, day: date, mode: str = "half_up") -> Decimal:
    """`amount` in `target` at the rate in force on `day`, rounded once to its minor unit. Raises NoRate."""
    factor = Book.between(day, day).factor(currency, target, day)
    return rounded(Fraction(amount) * factor.exact, target, mode)


def rounded(value: Fraction, currency: str, mode: str = "half_up") -> Decimal:
    """To the currency's minor unit, by magnitude: ties away from zero, or to the even neighbour."""
    digits = get_currency_precision(currency)
    units = abs(value) * 10**digits
    whole, rest = divmod(units.numerator, units.denominator)
    twice = 2 * rest - units.denominator
    if twice > 0 or (twice == 0 and (mode == "half_up" or whole % 2)):
        whole += 1
    return Decimal(whole if value >= 0 else -whole).scaleb(-digits)


def converted(amount: Any, currency: Any, target: str, day: Any, mode: str = "half_up") -> Func:
    """`convert` for a query: `amount`, `currency` and `day` are expressions. NULL where there is no rate."""
    policy = policy_of_tenant()
    words = [F(one) if isinstance(one, str) else one for one in (amount, currency)]
    return Func(
        words[0], words[1], Value(target), F(day) if isinstance(day, str) else day, Value(policy.source),
        Value(policy.most_days), Value(policy.through), Value(get_currency_precision(target)),
        Value(mode == "half_even"), function="exchange_convert", output_field=Rate._meta.get_field("value"),
    )  # fmt: skip
