"""Programmes that count lines of several currencies, take tax out of them, or pay in another currency.

Guarantee: nothing is rounded before the total. A rate is a fraction, and so is 1 ÷ (1 + tax): such a programme is
computed in parts of its measure currency that are small enough for every amount to be whole: lines, bounds and sums of
money are all multiplied by `scale`, and the total is divided by it once, when it is rounded. The payout is the rounded
total times the rate's fraction, rounded once more.

A programme without either is read as ever; each one with exchange or on gross amounts is read by itself, beside those
that it is settled together with.
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
from prm.values.periods import Period
from rebates import partner_pools
from rebates.conversion import Money, tax_of_line
from rebates.linked_sql import COLUMNS
from rebates.links import links_of
from rebates.mechanisms import Bands
from rebates.plans import Payout, Plan
from rebates.reads import Together, grouped
from rebates.returned import AT_ORIGINAL_RATE, basis, days_sold, first_day, how
from rebates.scope import Scope
from rebates.sums import Sums

EXACT = Context(prec=200_000, Emax=999_999, Emin=-999_999)
# Where rates come from: the rates in force between two days.
Books = Callable[[date, date], Book]


@dataclass(frozen=True)
class Part:
    """Plans that are read together."""

    sums: Sums | Together


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


def is_gross(policy: dict[str, Any]) -> bool:
    """Whether tax is taken out of the lines' gross amounts."""
    return policy.get("amount_basis", "net") == "gross"


def is_converted(policy: dict[str, Any]) -> bool:
    """Whether a line counts with another amount than its net one."""
    return is_exchanged(policy) or is_gross(policy)


def tax_stated(policy: dict[str, Any]) -> Decimal | None:
    """The rate at which a policy takes tax out; None: each line's own."""
    return Decimal(policy["tax_rate"]) if "tax_rate" in policy else None


def needs_rates(policy: dict[str, Any]) -> bool:
    return is_exchanged(policy) or policy.get("payout_currency", policy["currency"]) != policy["currency"]


def days_of(plans: Sequence[Plan]) -> tuple[date, date]:
    """The first and last day of which a rate may be needed."""
    periods = [plan.period_of(term) for plan in plans for term in plan.terms]
    return min(map(first_day, plans)), max(period.last_day for period in periods)


def parts(
    plans: Sequence[Plan], scope: Scope, *, books: Books, on: date, stopped: list[Stopped] | None = None
) -> list[Part]:
    """What is read together. `on`: the day until which rates are known, where a period ends later.

    A plan for which a rate is missing goes to `stopped` and is left out; without such a list NoRate is raised.
    """
    alone, together = partner_pools.apart(plans)
    everybody = partner_pools.everybody(scope)
    only = None if everybody == scope else scope
    return [
        *_parts(alone, scope, None, books, on, stopped),
        # Of everybody where each figure hangs on those of all.
        *(
            part
            for bundle in partner_pools.bundles(together)
            for part in _parts(bundle, everybody, only, books, on, stopped)
        ),
    ]


def _parts(
    plans: Sequence[Plan], scope: Scope, only: Scope | None, books: Books, on: date, stopped: list[Stopped] | None
) -> list[Part]:  # fmt: skip
    wanting = [plan for plan in plans if needs_rates(plan.policy)]
    book = books(*days_of(wanting)) if wanting else None
    ready: list[tuple[int, Plan, Money | None]] = []
    missing: list[Stopped] = []
    for number, plan in enumerate(plans):
        try:
            ready.append((number, *_ready(plan, scope, book, on)))
        except NoRate as one:
            if stopped is None:
                raise
            missing.append(Stopped(plan, one))
    ready = _without_tied(plans, ready, missing)
    if stopped is not None:  # what is unseen here says it where it is told
        stopped += [one for one in missing if not one.plan.unseen]
    # Each plan that converts, or of which each figure hangs on those of all partners, is read by itself.
    keys = [
        (basis(plan), number if money or partner_pools.hangs_on_all(plan.policy) else -1)
        for number, (_n, plan, money) in enumerate(ready)
    ]
    found = []
    for reads in grouped(keys, links_of([plan for _number, plan, _money in ready]).ties):
        sums = [
            Sums([ready[one][1] for one in read], scope, money=ready[read[0]][2], only=only) for read in reads
        ]
        found.append(Part(sums[0] if len(sums) == 1 else Together(sums)))
    return found


def _without_tied(
    plans: Sequence[Plan], ready: list[tuple[int, Plan, Money | None]], stopped: list[Stopped]
) -> list[tuple[int, Plan, Money | None]]:
    """Without what is settled together with a plan that is not computed: it is not computed either."""
    known = {number for number, _plan, _money in ready}
    gone, ties = set(range(len(plans))) - known, links_of(plans).ties if stopped else []
    while more := [one for tie in ties if gone & set(tie) for one in tie if one not in gone]:
        for number in more:
            if number not in gone:
                stopped.append(Stopped(plans[number], stopped[-1].missing))
            gone.add(number)
    return [one for one in ready if one[0] not in gone]


def _ready(plan: Plan, scope: Scope, book: Book | None, on: date) -> tuple[Plan, Money | None]:
    """A plan with its payout, and how its lines are converted."""
    paid = _with_payout(plan, book, on) if needs_rates(plan.policy) else plan
    return _converted(paid, scope, book, on) if is_converted(plan.policy) else (paid, None)


def rate_day(plan: Plan, on: date) -> date:
    """Of which day the rate at the end of the period is: in a period that runs, of today."""
    return min(plan.period.last_day, on)


def _with_payout(plan: Plan, book: Book | None, on: date) -> Plan:
    version = plan.version
    if version.paid_in == version.currency or book is None:
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


def _converted(plan: Plan, scope: Scope, book: Book | None, on: date) -> tuple[Plan, Money]:
    """A programme whose lines are converted, or whose tax is taken out, in parts of its currency."""
    currency, gross, tax = plan.version.currency, is_gross(plan.policy), tax_stated(plan.policy)
    spans = []
    for code, rate, first, after, day in _needed(plan, scope, on):
        share = 1 / (1 + Fraction(rate))
        if is_exchanged(plan.policy) and book is not None:
            share *= book.factor(code, currency, day).exact
        elif code != currency:
            continue
        spans.append((code, rate, first, after, share))
    scale = lcm(*(_without_tens(share.denominator) for *_span, share in spans)) if spans else 1
    rows = tuple(
        (code, rate, first, after, _decimal(share * scale)) for code, rate, first, after, share in spans
    )
    return _scaled(plan, scale), Money(currency, scale, rows, is_exchanged(plan.policy), gross, tax)


def _needed(plan: Plan, scope: Scope, on: date) -> list[tuple[str, Decimal, date, date, date]]:
    """(currency, tax rate, first day, day after the last, day of the rate) of the lines that the plan reads."""
    by_day = plan.policy.get("exchange") == "booking_date"
    tax = tax_of_line(is_gross(plan.policy), tax_stated(plan.policy))
    sums = Sums([plan], replace(scope, kept=False))  # the lines themselves are asked
    where, params = sums.picked()
    source = sums.relation(sums.table, params, alias="line")
    sold: set[tuple[str, Decimal, date]] = set()
    # What the catalogue's products outside the terms were sold for needs no rate.
    for period in sorted({plan.period_of(term) for term in plan.terms}):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT currency, {tax}, booking_date FROM {source} WHERE {where}"
                " AND booking_date >= %(span_first)s AND booking_date < %(span_after)s",
                params | {"span_first": period.start, "span_after": period.end},
            )
            sold |= set(cursor.fetchall())
    if how(plan.policy) == AT_ORIGINAL_RATE:
        sold |= set(days_sold(plan, scope, tax))
    wanted = set()
    for currency, rate, booked in sold:
        if by_day:
            wanted.add((currency, rate, booked, date.fromordinal(booked.toordinal() + 1), booked))
        else:
            # Of a baseline, and of each period of a year, its own last day.
            period = Period.of(plan.period.length, booked)
            wanted.add((currency, rate, period.start, period.end, min(period.last_day, on)))
    return sorted(wanted)


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
    return replace(
        plan, scale=scale, bands=made, counted_in=scale if counts else 1, paid_on_in=scale if pays_sums else 1
    )


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
