"""Taking back a wrong row of before go-live: asked for with a reason, confirmed by a second person.

Guarantee: afterwards the row counts for nothing, and the partner is owed what the rows that are left say: the stated
balance, else earned less paid outside. The ledger reverses the row's own postings by mirror images that name them. A
corrected row then comes in like any other. It can be done until the programme is closed here for the first time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Sum

from prm.access.rules import require
from prm.audit.services import record
from prm.ledger.models import Transaction
from prm.ledger.services import Move, post, reverse
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from rebates.errors_of_golive import (
    GoLiveIsOver,
    ReversalDecided,
    RunComputedMeanwhile,
    SecondPersonTakesBack,
    TakeBackReasonMissing,
    TakenBackAlready,
)
from rebates.golive_events import GoLiveRowTakenBack, GoLiveTakingBackAsked
from rebates.models import GoLiveReversal, OpeningBalance, RunScope, SettledOutside, SettlementRun
from rebates.services.closing import hold_balances
from rebates.services.golive import again

ZERO = Decimal("0.00")
STATE = GoLiveReversal.State
WHY = "the row names programme and partner"
Row = SettledOutside | OpeningBalance


@transaction.atomic
def ask_to_take_back(*, row: Row, reason: str, by: Actor) -> GoLiveReversal:
    """Ask that a row is taken back. Nothing is booked until somebody else confirms it."""
    require(by, "rebates.bring_in")
    row = type(row).objects.locked(row)
    if not reason.strip():
        raise TakeBackReasonMissing()
    if row.reversed_at is not None or row.reversals.exclude(state=STATE.REFUSED).exists():
        raise TakenBackAlready()
    _refuse_settled_here(row)
    place = {"settled": row} if isinstance(row, SettledOutside) else {"balance": row}
    found = GoLiveReversal.objects.create(
        **place,
        reason=reason.strip(),
        asked_by_id=by.user_id,
        asked_by_label=by.label[:200],
        asked_at=clock.now(),
    )
    _record(found, "reversal asked for", by, found.reason)
    emit(GoLiveTakingBackAsked(programme_id=row.programme_id, reversal_id=found.pk), object_key=_key(row))
    return found


@transaction.atomic
def confirm_taking_back(*, found: GoLiveReversal, by: Actor) -> GoLiveReversal:
    """Confirm it as the second person: the ledger reverses the row's postings, and the row counts no more."""
    require(by, "rebates.bring_in")
    hold_balances()
    found = _locked(found)
    refuse_to_confirm(found, by)
    row = type(found.row).objects.locked(found.row)
    _refuse_settled_here(row)
    _decide(found, STATE.CONFIRMED, "", by)
    if isinstance(row, SettledOutside):
        _reverse_settled(row, found, by)
    else:
        _reverse_balance(row, found, by)
    row.reversed_at = clock.now()
    row.save(update_fields=["reversed_at"])
    _record(found, "taken back", by, found.reason)
    emit(GoLiveRowTakenBack(programme_id=row.programme_id, reversal_id=found.pk), object_key=_key(row))
    return found


@transaction.atomic
def refuse_taking_back(*, found: GoLiveReversal, reason: str, by: Actor) -> GoLiveReversal:
    """The row is right after all, or the wish was a mistake: it stands."""
    require(by, "rebates.bring_in")
    found = _locked(found)
    if not reason.strip():
        raise TakeBackReasonMissing()
    _decide(found, STATE.REFUSED, reason.strip(), by)
    _record(found, "reversal not confirmed", by, found.decision)
    return found


def refuse_to_confirm(found: GoLiveReversal, by: Actor) -> None:
    """Raise unless `by` may confirm it: a second person."""
    if by.user_id is not None and by.user_id == found.asked_by_id:
        raise SecondPersonTakesBack(person=found.asker)


def _refuse_settled_here(row: Row) -> None:
    closed = RunScope.objects.filter(
        programme=row.programme_id, run__state__in=("closing", "closed", "paid")
    ).select_related("run")
    first = closed.order_by("ends").first()
    if first is not None:
        raise GoLiveIsOver(programme=str(row.programme), run=first.run.number)
    computed = SettlementRun.objects.computed_and_open().first()
    if computed is not None:
        raise RunComputedMeanwhile(run=computed.number)


# What the ledger does


def _reverse_settled(row: SettledOutside, found: GoLiveReversal, by: Actor) -> None:
    """Take both postings back; where a balance is stated, that stays what is owed."""
    times = again(_times(row, ends=row.ends))
    for event in ("rebates.outside_paid", "rebates.outside_earned"):
        _mirror(f"{event}:{row.programme.code}:{row.partner_id}:{row.period}{times}", by)
    stated = OpeningBalance.objects.for_everyone(because=WHY).in_force()
    same = {"programme": row.programme_id, "partner": row.partner_id, "currency": row.currency}
    if stated.filter(**same).exists():
        _set_right(row, row.earned - row.paid, found, by)


def _reverse_balance(row: OpeningBalance, found: GoLiveReversal, by: Actor) -> None:
    """Take its posting back; what is owed then is what the settled periods leave open."""
    times = again(_times(row, currency=row.currency))
    code = row.programme.code
    posted = _mirror(f"rebates.opening:{code}:{row.partner_id}:{row.currency}:balance{times}", by)
    settled = SettledOutside.objects.for_everyone(because=WHY).in_force()
    left = settled.filter(
        programme=row.programme_id, partner=row.partner_id, currency=row.currency
    ).aggregate(left=Sum(F("earned") - F("paid")))["left"]
    _set_right(row, (left or ZERO) - row.amount + posted, found, by)


def _mirror(key: str, by: Actor) -> Decimal:
    """Reverse the posting with that key, where there is one. Returns what it had added to what is owed."""
    booked = Transaction.objects.for_everyone(because=WHY).filter(key=key).first()
    if booked is None:
        return ZERO
    reverse(original=booked, booked_on=clock.today(), by=by, memo=booked.memo)
    amounts = booked.entries.filter(account__kind="payable").values_list("amount", flat=True)
    return -sum(amounts, ZERO)


def _set_right(row: Row, amount: Decimal, found: GoLiveReversal, by: Actor) -> None:
    """Post what is still missing to what the rows that are left say."""
    if not amount:
        return
    post(
        key=f"rebates.opening:{row.programme.code}:{row.partner_id}:{row.currency}:reversal:{found.pk}",
        event="rebates.opening", moves=[Move("expense", "payable", row.programme.purpose, amount)],
        currency=row.currency, partner_id=row.partner_id, booked_on=clock.today(), by=by,
    )  # fmt: skip


def _times(row: Row, **place: object) -> int:
    """How often a row at this place was taken back before."""
    rows = type(row).objects.for_everyone(because=WHY).taken_back()
    return rows.filter(programme=row.programme_id, partner=row.partner_id, **place).count()


def _locked(found: GoLiveReversal) -> GoLiveReversal:
    found = GoLiveReversal.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if found.state != STATE.ASKED:
        raise ReversalDecided(state=found.get_state_display())
    return found


def _decide(found: GoLiveReversal, state: str, decision: str, by: Actor) -> None:
    found.state, found.decision = state, decision
    found.decided_by_id, found.decided_by_label, found.decided_at = by.user_id, by.label[:200], clock.now()
    found.save()


def _record(found: GoLiveReversal, verb: str, by: Actor, reason: str) -> None:
    row = found.row
    figure = row.earned if isinstance(row, SettledOutside) else row.amount
    changes: dict[str, list[Any]] = {
        "partner": [None, row.partner.name],
        "amount": [None, said.Money(figure, row.currency)],
    }
    if isinstance(row, SettledOutside):
        changes["period"] = [None, str(row.period)]
    record(row.programme, verb, by=by, changes=changes, reason=reason)


def _key(row: Row) -> str:
    return f"programme:{row.programme_id}"
