"""The exchange rates that a settlement computes with: kept when it begins, frozen for ever when it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

from prm.exchange.book import Book, Stored
from prm.values import clock
from rebates.currencies import Books, Stopped, days_of, needs_rates, parts
from rebates.errors import RatesMissing
from rebates.models import RunRate, SettlementRun
from rebates.plans import Plan
from rebates.scope import Scope


def freeze_rates(run: SettlementRun, plans: Sequence[Plan]) -> None:
    """Keep the rates in force, and which programmes cannot be computed for want of one.

    The caller has thrown away what an earlier computation kept, and saves the run.
    """
    wanting = [plan for plan in plans if needs_rates(plan.policy)]
    if not wanting:
        return
    book = Book.between(*days_of(wanting))
    RunRate.objects.bulk_create(
        RunRate(run=run, base=rate.base, quote=rate.quote, day=rate.day, value=rate.value)
        for _days, rates in book.by_pair.values() for rate in rates
    )  # fmt: skip
    on, stopped = min(run.period.last_day, clock.today()), list[Stopped]()
    parts(
        plans,
        Scope(watermark=run.watermark, paid_to=run.paid_watermark),
        books=lambda first, last: book,
        on=on,
        stopped=stopped,
    )
    run.exchange = {
        "source": book.source, "most_days": book.most_days, "through": book.through, "on": on.isoformat(),
        "stopped": [one.said for one in stopped],
    }  # fmt: skip


def books_of(run: SettlementRun) -> Books:
    """The rates as the run kept them."""
    book = cache(lambda: book_of(run))
    return lambda first, last: book()


def book_of(run: SettlementRun) -> Book:
    rows = RunRate.objects.filter(run=run).values_list("base", "quote", "day", "value")
    return Book.of(
        (Stored(*row) for row in rows), source=run.exchange.get("source", ""),
        most_days=run.exchange.get("most_days", 0), through=run.exchange.get("through", ""),
    )  # fmt: skip


def books_after(run: SettlementRun) -> Books:
    """For adjustments of a closed run: what it froze, and for what it had no rate of, what is known by now."""
    kept = book_of(run)

    def books(first: date, last: date) -> Book:
        return kept.with_more(Book.between(first, last))

    return books


def last_known(run: SettlementRun) -> date:
    """The day until which rates were known to the run."""
    said = run.exchange.get("on")
    return date.fromisoformat(said) if said else run.period.last_day


def computable(run: SettlementRun, plans: Sequence[Plan]) -> list[Plan]:
    """Without the programmes that want a rate."""
    stopped = {one["programme"] for one in run.exchange.get("stopped", [])}
    return [plan for plan in plans if plan.code not in stopped]


def refuse_without_rates(run: SettlementRun) -> None:
    """A programme that could not be computed is not settled with nothing: its rate is entered first."""
    for finding in run.findings:
        if finding["kind"] == "no_rate":
            raise RatesMissing(
                number=run.number, programme=finding["programme"], pair=finding["pair"],
                day=date.fromisoformat(finding["day"]),
            )  # fmt: skip
