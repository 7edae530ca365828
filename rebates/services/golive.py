"""Bringing in what another system settled and owed. Once for each programme, before its first close here.

In the ledger: what was earned outside is an expense that is payable, what was paid outside leaves payable again, and a
balance at go-live adds what is missing to it. In whatever order the two come in, a partner is owed its balance; without
one, what it earned less what it was paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, F, Min, Sum

from orders.models import CreditedLine, SalesLine
from prm.access.rules import require
from prm.audit.services import record
from prm.ledger.services import Move, Posting, post_many
from prm.outbox.services import emit
from prm.spreadsheets.models import Import
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.errors import SettledOutsideMeanwhile
from rebates.errors_of_golive import TakenBackMeanwhile
from rebates.events import GoLiveFiguresBrought
from rebates.marks import highest_of
from rebates.models import GoLiveReversal, OpeningBalance, Programme, SettledOutside, SettlementRun, Version
from rebates.services.closing import hold_balances

ZERO = Decimal("0.00")
EVENTS = ("rebates.outside_earned", "rebates.outside_paid", "rebates.opening")
WHY = "go-live concerns the partners of the file"
# By programme, partner and currency.
Key = tuple[int, int, str]


@dataclass(frozen=True)
class Settled:
    """What a partner earned and was paid for `period` under the version then in force."""

    version: Version
    partner_id: int
    period: Period
    base: Decimal
    earned: Decimal
    paid: Decimal
    measured: Decimal | None = (
        None  # `earned` in the currency in which the programme measures, where it pays in another
    )

    @property
    def key(self) -> Key:
        return self.version.programme_id, self.partner_id, self.version.paid_in


@dataclass(frozen=True)
class Balance:
    """What a partner was owed under a programme at go-live."""

    programme: Programme
    partner_id: int
    currency: str
    amount: Decimal

    @property
    def key(self) -> Key:
        return self.programme.pk, self.partner_id, self.currency


@transaction.atomic
def bring_settled(*, rows: Sequence[Settled], by: Actor, upload: Import) -> int:
    """Take over the periods of a file that were settled outside. The caller checked the rows. Returns how many."""
    require(by, "rebates.bring_in")
    if not rows:
        return 0
    hold_balances()
    seen, now, before = highest_of(SalesLine, CreditedLine), clock.now(), _taken_back(rows)
    SettledOutside.objects.bulk_create(
        SettledOutside(
            programme_id=row.version.programme_id, partner_id=row.partner_id, starts=row.period.start,
            ends=row.period.end, currency=row.version.paid_in, base=row.base, earned=row.earned, paid=row.paid,
            measured=row.measured,
            # In place of a row that was taken back, it knows the lines that that one knew.
            watermark=before.get((*row.key[:2], row.period.end), (seen, 0))[0], brought_at=now,
            brought_by_label=by.label[:200], upload=upload,
        )
        for row in rows
    )  # fmt: skip
    Version.objects.filter(pk__in={row.version.pk for row in rows}, accrued_at__isnull=True).update(
        accrued_at=now
    )
    programmes = _programmes(row.version.programme_id for row in rows)
    for event, debit, credit, name in (
        ("rebates.outside_earned", "expense", "payable", "earned"),
        ("rebates.outside_paid", "payable", "clearing", "paid"),
    ):
        postings = [
            _posting(
                f"{event}:{programmes[row.version.programme_id].code}:{row.partner_id}:{row.period}"
                + again(before.get((*row.key[:2], row.period.end), (seen, 0))[1]),
                Move(debit, credit, programmes[row.version.programme_id].purpose, getattr(row, name)),
                row.key, row.period,
            )
            for row in rows if getattr(row, name)
        ]  # fmt: skip
        post_many(event=event, postings=postings, by=by)
    _keep_balances(rows, programmes, by)
    _tell(programmes, len(rows), "settled", by)
    return len(rows)


@transaction.atomic
def bring_balances(*, rows: Sequence[Balance], by: Actor, upload: Import) -> int:
    """Take over what partners were owed by a file. The caller checked the rows. Returns how many."""
    require(by, "rebates.bring_in")
    if not rows:
        return 0
    hold_balances()
    known = _owed_outside(rows)
    OpeningBalance.objects.bulk_create(
        OpeningBalance(
            programme=row.programme, partner_id=row.partner_id, currency=row.currency, amount=row.amount,
            brought_at=clock.now(), brought_by_label=by.label[:200], upload=upload,
        )
        for row in rows
    )  # fmt: skip
    programmes = _programmes(row.programme.pk for row in rows)
    missing = {row.key: row.amount - known.get(row.key, ZERO) for row in rows}
    times = _balances_taken_back(rows)
    for key, amount in missing.items():
        if amount:
            _post_opening({key: amount}, programmes, f"balance{again(times.get(key, 0))}", by)
    _tell(programmes, len(rows), "balances", by)
    return len(rows)


def again(times: int) -> str:
    """What tells the key of a posting from those before it that were taken back."""
    return f":{times + 1}" if times else ""


def _taken_back(rows: Sequence[Settled]) -> dict[tuple[int, int, date], tuple[int, int]]:
    """By programme, partner and end: of rows that were taken back the line up to which they knew, and how many."""
    known = SettledOutside.objects.for_everyone(because=WHY).taken_back()
    known = known.filter(
        programme__in={row.version.programme_id for row in rows}, partner__in={row.partner_id for row in rows}
    )
    found = known.order_by().values_list("programme_id", "partner_id", "ends")
    return {
        (programme, partner, ends): (seen, times)
        for programme, partner, ends, seen, times in found.annotate(seen=Min("watermark"), times=Count("pk"))
    }


def _balances_taken_back(rows: Sequence[Balance]) -> dict[Key, int]:
    known = OpeningBalance.objects.for_everyone(because=WHY).taken_back()
    known = known.filter(partner__in={row.partner_id for row in rows})
    counted = (
        known.order_by().values_list("programme_id", "partner_id", "currency").annotate(times=Count("pk"))
    )
    return {(programme, partner, currency): times for programme, partner, currency, times in counted}


def _keep_balances(rows: Sequence[Settled], programmes: dict[int, Programme], by: Actor) -> None:
    """Where a balance came in before, it includes what these rows leave open: that is not owed twice."""
    left: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        left[row.key] += row.earned - row.paid
    stated = set(
        OpeningBalance.objects.for_everyone(because=WHY)
        .in_force()
        .filter(programme__in=programmes, partner__in={row.partner_id for row in rows})
        .values_list("programme_id", "partner_id", "currency")
    )
    twice = {key: -amount for key, amount in left.items() if amount and key in stated}
    _post_opening(twice, programmes, f"settled:{clock.now().isoformat()}", by)


def _owed_outside(rows: Sequence[Balance]) -> dict[Key, Decimal]:
    """Earned less paid outside, of the programmes and partners of `rows`."""
    sums = (
        SettledOutside.objects.for_everyone(because=WHY)
        .in_force()
        .filter(
            programme__in={row.programme.pk for row in rows}, partner__in={row.partner_id for row in rows}
        )
        .order_by()
        .values_list("programme_id", "partner_id", "currency")
        .annotate(left=Sum(F("earned") - F("paid")))
    )
    return {(programme, partner, currency): left for programme, partner, currency, left in sums}


def _post_opening(
    amounts: dict[Key, Decimal], programmes: dict[int, Programme], what: str, by: Actor
) -> None:
    postings = [
        _posting(
            f"rebates.opening:{programmes[key[0]].code}:{key[1]}:{key[2]}:{what}",
            Move("expense", "payable", programmes[key[0]].purpose, amount), key, None,
        )
        for key, amount in amounts.items()
    ]  # fmt: skip
    post_many(event="rebates.opening", postings=postings, by=by)


def _posting(name: str, move: Move, key: Key, period: Period | None) -> Posting:
    return Posting(
        key=name, moves=[move], currency=key[2], partner_id=key[1],
        booked_on=period.last_day if period else clock.today(), memo=str(period or ""),
    )  # fmt: skip


def _programmes(ids: Iterable[int]) -> dict[int, Programme]:
    return Programme.objects.select_related("purpose").in_bulk(set(ids))


def _tell(programmes: dict[int, Programme], count: int, what: str, by: Actor) -> None:
    for programme in sorted(programmes.values(), key=lambda one: one.code):
        record(programme, "brought in", by=by, changes={"rows": [None, count], "file": [None, what]})
        emit(
            GoLiveFiguresBrought(programme_id=programme.pk, kind=what),
            object_key=f"programme:{programme.pk}",
        )


def refuse_taken_back_since(run: SettlementRun) -> None:
    """A run that was frozen before a figure was taken back does not know it. The caller holds the balances."""
    taken = GoLiveReversal.objects.filter(
        state="confirmed", settled__isnull=False, decided_at__gt=run.frozen_at
    )
    first = taken.select_related("settled__programme").first()
    if first is not None and first.settled is not None:
        raise TakenBackMeanwhile(
            number=run.number, programme=str(first.settled.programme), period=first.settled.period
        )


def refuse_settled_outside(run: SettlementRun) -> None:
    """What came in after the computation is not settled a second time. The caller holds the balances."""
    scopes = set(run.scopes.values_list("programme_id", "ends"))
    outside = (
        SettledOutside.objects.for_everyone(because="whole periods")
        .in_force()
        .filter(ends__in={ends for _programme, ends in scopes})
    )
    for row in (
        outside.select_related("programme").distinct("programme_id", "ends").order_by("programme_id", "ends")
    ):
        if (row.programme_id, row.ends) in scopes:
            raise SettledOutsideMeanwhile(number=run.number, programme=str(row.programme), period=row.period)
