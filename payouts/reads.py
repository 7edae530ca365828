"""Figures for pages that no single row gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef

from payouts.models import AccountCode, Batch, BatchLine, Journalled, PayingAccount
from payouts.prospect import Sum
from prm.ledger.models import Account, Entry, Transaction
from prm.values.actor import Actor

LINES_A_PAGE = 100


@dataclass(frozen=True)
class Waiting:
    """Transactions that no export holds yet, and the day of the first."""

    count: int
    first: date | None


def not_exported() -> Waiting:
    held = Journalled.objects.filter(transaction_id=OuterRef("pk"))
    rows = Transaction.objects.for_everyone(because="the books of the whole channel").filter(~Exists(held))
    found = rows.aggregate(count=Count("pk"), first=Min("booked_on"))
    return Waiting(found["count"], found["first"])


def paying_accounts() -> list[PayingAccount]:
    """The tenant's own accounts, by currency."""
    return list(PayingAccount.objects.order_by("currency"))


def kinds_in_use() -> list[str]:
    """The kinds of account on which something is booked: an export asks a code of each."""
    entries = Entry.objects.for_everyone(because="the books of the whole channel")
    return [kind for kind in Account.Kind.values if entries.filter(account__kind=kind).exists()]


def known_codes() -> dict[str, tuple[str, str]]:
    return {row.kind: (row.code, row.name) for row in AccountCode.objects.all()}


@dataclass(frozen=True)
class LinePage:
    rows: list[BatchLine]
    next_after: int | None


def lines_page(batch: Batch, actor: Actor, after: str) -> LinePage:
    """The lines of a payout, so many a page, in the order of its file."""
    rows: Any = BatchLine.objects.visible_to(actor).filter(batch=batch).for_list()
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__gt=int(after))
    found = list(rows[: LINES_A_PAGE + 1])
    shown = found[:LINES_A_PAGE]
    return LinePage(shown, shown[-1].pk if len(found) > LINES_A_PAGE else None)


def sums_by_state(batch: Batch, actor: Actor) -> dict[str, list[Sum]]:
    """What of a payout is under way, paid, refused and left out: by currency."""
    found: dict[str, list[Sum]] = {}
    for state in BatchLine.State.values:
        rows = BatchLine.objects.visible_to(actor).filter(batch=batch, state=state).sums()
        sums = [Sum(row["statement__currency"], row["lines"], row["amount"]) for row in rows]
        if sums:
            found[state] = sums
    return found
