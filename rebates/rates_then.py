"""The exchange rates of an earlier moment, carried on: what a later figure would be had no rate moved since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from prm.exchange.book import Book, Stored
from prm.ui import formats

FOR_EVER = 36_500  # days: a rate of then holds until the later figure


def carried_on(then: Book, day: date, now: Book) -> Book:
    """The rates of `then` up to `day`, also for every day after it. A pair that had none is as it is now."""
    rates: list[Stored] = []
    for pair in then.by_pair.keys() | now.by_pair.keys():
        known = [rate for rate in then.by_pair.get(pair, ([], []))[1] if rate.day <= day]
        rates += known or now.by_pair.get(pair, ([], []))[1]
    source = then if then.by_pair else now
    return Book.of(rates, source=source.source, most_days=FOR_EVER, through=source.through or now.through)


def words(policy: dict[str, Any], then: Book, day: date, now: Book, today: date) -> str:
    """The rates that moved between two days, of the currencies in which a programme measures and pays."""
    wanted = {policy["currency"], policy.get("payout_currency", policy["currency"]), now.through}
    said = []
    for pair in sorted(now.by_pair, key=sorted):
        was, is_now = _last(then, pair, day), _last(now, pair, today)
        if was and is_now and pair & wanted and (was.base, was.value) != (is_now.base, is_now.value):
            said.append(_said(was, is_now))
    return pgettext("between the words of a list", ", ").join(said) or _("Rates of the days between")


def _last(book: Book, pair: frozenset[str], day: date) -> Stored | None:
    rates: Sequence[Stored] = book.by_pair.get(pair, ([], []))[1]
    return next((rate for rate in reversed(rates) if rate.day <= day), None)


def _said(was: Stored, now: Stored) -> str:
    def shown(value: Decimal) -> str:
        return formats.all_digits(value.normalize())

    if was.base != now.base:
        return (
            f"1 {was.base} = {shown(was.value)} {was.quote} → 1 {now.base} = {shown(now.value)} {now.quote}"
        )
    return f"1 {now.base} = {shown(was.value)} → {shown(now.value)} {now.quote}"
