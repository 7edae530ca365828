"""Programmes that count lines of several currencies, or pay in another one than they measure in.

Guarantee: nothing is rounded before the total. A rate is a fraction, so a programme with exchange is computed in parts
of its measure currency that are small enough for every amount to be whole: lines, bounds and sums of money are all
multiplied by `scale`, and the total is divided by it once, when it is rounded. The payout is the rounded total times
the rate's fraction, rounded once more.

A programme without exchange is read as ever; each one with exchange is read by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from math import lcm
from typing import Any

from babel.numbers import get_currency_precision
from django.db import connection

from prm.exchange.book import Book
from prm.exchange.errors import NoRate
from rebates.conversion import Money
from rebates.linked_sql import COLUMNS
from rebates.mechanisms import Bands
from rebates.plans import Payout, Plan
from rebates.sums import Scope, Sums

EXACT = Context(prec=200_000, Emax=999_999, Emin=-999_999)
# Where rates come from: the rates in force between two days.
Books = Callable[[date, date], Book]


@dataclass(frozen=True)
class Part:
    """Plans that are read together; `numbers` are their places among all plans."""

    sums: Sums
    numbers: list[int]


@dataclass(frozen=True)
class Stopped:
    """A plan that is not computed, because a rate is missing."""

    plan: Plan
    missing: NoRate

    @property
    def said(self) -> dict[str, Any]:
        """What a run's finding says."""
        values = self.missing.values
        return {
            "kind": "no_rate", "programme": self.plan.code, "period": str(self.plan.period), "pair": values["pair"],
            "day": values["day"].isoformat(), "source": values["source"], "days": values["days"],
        }  # fmt: skip


def is_exchanged(policy: dict[str, Any]) -> bool:
    """Whether lines in other currencies count."""
    return policy.get("exchange", "none") != "none"


def needs_rates(policy: dict[str, Any]) -> bool:
    return is_exchanged(policy) or policy.get("payout_currency", policy["currency"]) != policy["currency"]


def days_of(plans: Sequence[Plan]) -> tuple[date, date]:
    """The first and last day of which a rate may be needed."""
    periods = [plan.period_of(term) for plan in plans for term in plan.terms]
    return min(period.start for period in periods), max(period.last_day for period in periods)


def parts(
    plans: Sequence[Plan], scope: Scope, *, books: Books, on: date, stopped: list[Stopped] | None = None
) -> list[Part]:
    """What is read together. `on`: the day until which rates are known, where a period ends later.

    A plan for which a rate is missing goes to `stopped` and is left out; without such a list NoRate is raised.
    """
    if not any(needs_rates(plan.policy) for plan in plans):
        return [Part(Sums(plans, scope), list(range(len(plans))))]
    book = books(*days_of([plan for plan in plans if needs_rates(plan.policy)]))
    plain: list[tuple[int, Plan]] = []
    found: list[Part] = []
    for number, plan in enumerate(plans):
        try:
            paid = _with_payout(plan, book, on)
            if is_exchanged(plan.policy):
                found.append(Part(_exchanged(paid, scope, book, on), [number]))
            else:
                plain.append((number, paid))
        except NoRate as missing:
            if stopped is None:
                raise
            stopped.append(Stopped(plan, missing))
    if plain:
        found.insert(
            0, Part(Sums([plan for _number, plan in plain], scope), [number for number, _plan in plain])
        )
    return found


def rate_day(plan: Plan, on: date) -> date:
    """Of which day the rate at the end of the period is: in a period that runs, of today."""
    return min(plan.period.last_day, on)


def _with_payout(plan: Plan, book: Book, on: date) -> Plan:
    version = plan.version
    if version.paid_in == version.currency:
        return plan
    factor = book.factor(version.currency, version.paid_in, rate_day(plan, on))
    said = [
        {
            "base": one.base,
            "quote": one.quote,
            "value": f"{one.value.normalize():f}",
            "day": one.day.isoformat(),
        }
        for one in factor.rates
    ]
    return replace(plan, payout=Payout(version.paid_in, factor.up, factor.down, said))


def _exchanged(plan: Plan, scope: Scope, book: Book, on: date) -> Sums:
    """The read of one programme whose lines are converted."""
    currency = plan.version.currency
    spans = [
        (code, first, after, book.factor(code, currency, day).exact)
        for code, first, after, day in _needed(plan, scope, on)
    ]
    scale = lcm(*(_without_tens(share.denominator) for _code, _first, _after, share in spans)) if spans else 1
    rows = tuple((code, first, after, _decimal(share * scale)) for code, first, after, share in spans)
    return Sums([_scaled(plan, scale)], scope, money=Money(currency, scale, rows))


def _needed(plan: Plan, scope: Scope, on: date) -> list[tuple[str, date, date, date]]:
    """(currency, first day, day after the last, day of the rate) of the lines that the plan reads."""
    by_day = plan.policy["exchange"] == "booking_date"
    where, params = Sums([plan], scope).picked()
    # What the catalogue's products outside the terms were sold for needs no rate.
    wanted, of_periods = [], {plan.period_of(term) for term in plan.terms}
    for period in sorted(of_periods):
        day = "booking_date" if by_day else "NULL::date"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT currency, {day} FROM orders_salesline WHERE {where}"
                " AND booking_date >= %(span_first)s AND booking_date < %(span_after)s ORDER BY 1, 2",
                params | {"span_first": period.start, "span_after": period.end},
            )
            rows = cursor.fetchall()
        for currency, booked in rows:
            if by_day:
                wanted.append((currency, booked, date.fromordinal(booked.toordinal() + 1), booked))
            else:
                last = min(period.last_day, on) if period == plan.period else period.last_day
                wanted.append((currency, period.start, period.end, last))
    return wanted


def _without_tens(number: int) -> int:
    """What keeps a fraction from being a decimal: its denominator without the factors 2 and 5."""
    for prime in (2, 5):
        while number % prime == 0:
            number //= prime
    return number


def _decimal(value: Fraction) -> Decimal:
    """A fraction that is a decimal, with all its digits."""
    return EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))


def _scaled(plan: Plan, scale: int) -> Plan:
    """The same plan in parts of its currency, `scale` to the unit."""
    bands, by = plan.bands, Decimal(scale)
    counts = not bands.reads_units
    pays = not bands.pays_units
    pays_sums = pays and not bands.counts_increments  # else an amount for each of a number

    def times(value: Any, wanted: bool) -> Any:
        if value is None or not wanted:
            return value
        if isinstance(value, tuple):
            return tuple(EXACT.multiply(one, by) for one in value)
        return EXACT.multiply(value, by)

    made: Bands = replace(
        bands,
        lower=times(bands.lower, (pays if bands.by_base else counts) and not bands.share_of),
        fixed=times(bands.fixed, pays_sums),
        offset=times(bands.offset, pays_sums),
        floor=times(bands.floor, pays_sums),
        target=times(bands.target, counts),
        span=times(bands.span, counts and bool(bands.slope)),
        increment=times(bands.increment, pays),
        most_counted=times(bands.most_counted, counts),
        most_base=times(bands.most_base, pays),
    )
    return replace(plan, bands=made, counted_in=scale if counts else 1, paid_on_in=scale if pays_sums else 1)


def paid_out(figures: str, plans: Sequence[Plan]) -> str:
    """`figures` with what is paid in another currency: step 10, from the rounded total."""
    rows = []
    for number, plan in enumerate(plans):
        if plan.payout is not None:
            even = "true" if plan.rounding == "half_even" else "false"
            rows.append(
                f"({number}, '{plan.payout.currency}', {plan.payout.up:f}::numeric, {plan.payout.down:f}::numeric,"
                f" {get_currency_precision(plan.payout.currency)}, {even}, {plan.payout.literal}::jsonb)"
            )
    if not rows:
        return figures
    others = ", ".join(
        f"single.{name}" for name in COLUMNS if name not in ("earned", "explanation", "currency")
    )
    minor = "abs(single.earned) * money.up * 10.0 ^ money.digits"
    return f"""
        SELECT {others}, COALESCE(money.currency, single.currency) AS currency,
               CASE WHEN money.no IS NULL THEN single.earned ELSE sign(single.earned) * (paid.units
                    + CASE WHEN paid.rest > money.down
                           OR paid.rest = money.down AND (NOT money.even OR mod(paid.units, 2) = 1)
                           THEN 1 ELSE 0 END) / 10.0 ^ money.digits END AS earned,
               CASE WHEN money.no IS NULL THEN single.explanation ELSE single.explanation || jsonb_build_object(
                    'payout', jsonb_build_object('measured', single.earned::text, 'rates', money.said)) END
                    AS explanation
        FROM ({figures}) single
        LEFT JOIN (VALUES {", ".join(rows)}) money(no, currency, up, down, digits, even, said)
            ON money.no = single.plan
        CROSS JOIN LATERAL (SELECT div({minor}, money.down) AS units, 2 * mod({minor}, money.down) AS rest OFFSET 0)
            paid"""
