"""What finance does about a dispute: take it up, ask back, decide, confirm the sum of a decision.

Money needs two people: who decides with a sum proposes it, somebody else confirms it. Then the next close posts it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.money import Money
from rebates import disputed
from rebates.beyond import refuse_beyond
from rebates.could_change import could_change
from rebates.dispute_events import DisputeAnswered, DisputeAskedBack, DisputeDecided, DisputeProposed
from rebates.errors import AuthorMayNotApprove
from rebates.errors_of_disputes import (
    AdjustmentMovesNothing,
    DisputeNotInThisState,
    DisputeReasonMissing,
    ProgrammeOfTheStatement,
    SecondPersonConfirms,
    SumBeyondLines,
)
from rebates.models import Dispute, ManualAdjustment, Programme
from rebates.services.disputing import key_of, move, must_be, say

State = Dispute.State
Effect = Dispute.Effect


@transaction.atomic
def take_up_dispute(*, dispute: Dispute, by: Actor) -> Dispute:
    """Say that somebody looks at it: the partner sees it in review."""
    require(by, "rebates.decide_disputes", dispute)
    dispute = Dispute.objects.locked(dispute)
    if dispute.state != State.OPEN:
        raise DisputeNotInThisState(number=dispute.number, state=dispute.get_state_display())
    _go(dispute, State.IN_REVIEW, "taken up", by)
    return dispute


@transaction.atomic
def ask_back(*, dispute: Dispute, text: str, by: Actor) -> Dispute:
    """Ask the partner; it is its turn until it answers, and the money stays held back."""
    require(by, "rebates.decide_disputes", dispute)
    dispute = Dispute.objects.locked(dispute)
    must_be(dispute, State.ASKED, by)
    say(dispute, text, by)
    _go(dispute, State.ASKED, "asked back", by)
    emit(DisputeAskedBack(dispute_id=dispute.pk, at=clock.now().isoformat()), object_key=key_of(dispute))
    return dispute


@transaction.atomic
def comment_dispute(*, dispute: Dispute, text: str, by: Actor) -> Dispute:
    """Say something to the partner; whose turn it is stays."""
    require(by, "rebates.decide_disputes", dispute)
    dispute = Dispute.objects.locked(dispute)
    if not dispute.is_live:
        raise DisputeNotInThisState(number=dispute.number, state=dispute.get_state_display())
    say(dispute, text, by)
    emit(DisputeAnswered(dispute_id=dispute.pk, at=clock.now().isoformat()), object_key=key_of(dispute))
    return dispute


@transaction.atomic
def accept_dispute(*, dispute: Dispute, reason: str, fully: bool = True, by: Actor) -> Dispute:
    """Accept it: our sales lines are corrected, and what that changes is computed as an adjustment."""
    require(by, "rebates.decide_disputes", dispute)
    dispute = Dispute.objects.locked(dispute)
    return _decide(dispute, State.ACCEPTED if fully else State.PARTLY, Effect.LINES, reason, by)


@transaction.atomic
def reject_dispute(*, dispute: Dispute, reason: str, by: Actor) -> Dispute:
    """Reject it: what was held back is paid as it was computed."""
    require(by, "rebates.decide_disputes", dispute)
    dispute = Dispute.objects.locked(dispute)
    return _decide(dispute, State.REJECTED, Effect.NONE, reason, by)


@transaction.atomic
def propose_adjustment(
    *, dispute: Dispute, programme: Programme, amount: Decimal, reason: str, fully: bool = True,
    why_beyond: str = "", anyway: bool = False, by: Actor,
) -> Dispute:  # fmt: skip
    """Accept it with a sum that the next statement pays or takes; somebody else has to confirm the sum.

    `why_beyond`: why it is more than the disputed lines could change; `anyway`: also one beyond the whole statement.
    """
    require(by, "rebates.decide_disputes", dispute)
    dispute = Dispute.objects.locked(dispute)
    must_be(dispute, State.PROPOSED, by)
    if not reason.strip():
        raise DisputeReasonMissing()
    if not amount:
        raise AdjustmentMovesNothing()
    if programme.pk not in {result.programme_id for result in disputed.results_of(dispute.statement)}:
        raise ProgrammeOfTheStatement()
    could = could_change(dispute).under(programme.pk)
    if abs(amount) > could and not why_beyond.strip():
        most = Money(could, dispute.currency)
        raise SumBeyondLines(amount=Money(amount, dispute.currency), lines=most, programme=programme)
    if not anyway:
        refuse_beyond(amount, dispute.statement)
    adjustment = ManualAdjustment.objects.create(
        number=dispute.number, statement_id=dispute.statement_id, dispute=dispute, partner_id=dispute.partner_id,
        programme=programme, currency=dispute.currency, amount=amount,
        reason=reason.strip(), fully=fully, could_change=could,
        why_beyond=why_beyond.strip() if abs(amount) > could else "",
        proposed_by_id=by.user_id, proposed_by_label=by.label, proposed_at=clock.now(),
    )  # fmt: skip
    before = dispute.state
    move(dispute, State.PROPOSED, by)
    dispute.save()
    money = said.Money(adjustment.amount, adjustment.currency)
    changes: dict[str, list[Any]] = {"state": [before, State.PROPOSED], "amount": [None, money]}
    record(dispute, "adjustment proposed", by=by, changes=changes, reason=reason.strip())
    emit(DisputeProposed(dispute_id=dispute.pk, at=clock.now().isoformat()), object_key=key_of(dispute))
    return dispute


@transaction.atomic
def confirm_adjustment(*, dispute: Dispute, by: Actor) -> Dispute:
    """Confirm the proposed sum as the second person; with it the dispute is decided and the next close posts it."""
    require(by, "rebates.approve")
    dispute = Dispute.objects.locked(dispute)
    adjustment = _proposed(dispute)
    refuse_to_confirm(adjustment, by)
    adjustment.confirmed_by_id, adjustment.confirmed_by_label = by.user_id, by.label
    adjustment.confirmed_at, adjustment.state = clock.now(), ManualAdjustment.State.CONFIRMED
    adjustment.save()
    record(dispute, "adjustment confirmed", by=by)
    state = State.ACCEPTED if adjustment.fully else State.PARTLY
    return _close(dispute, state, Effect.MONEY, adjustment.reason, by)


@transaction.atomic
def send_back_adjustment(*, dispute: Dispute, reason: str, by: Actor) -> Dispute:
    """Do not confirm the sum: the proposal goes, the dispute is in review again."""
    require(by, "rebates.approve")
    dispute = Dispute.objects.locked(dispute)
    adjustment = _proposed(dispute)
    if not reason.strip():
        raise DisputeReasonMissing()
    adjustment.delete()
    _go(dispute, State.IN_REVIEW, "adjustment not confirmed", by, reason.strip())
    return dispute


def refuse_to_confirm(adjustment: ManualAdjustment, by: Actor) -> None:
    """Raise unless `by` may confirm: not who proposed it; above the stated sum, not who wrote the version."""
    if by.user_id is not None and by.user_id == adjustment.proposed_by_id:
        raise SecondPersonConfirms(person=adjustment.proposer)
    limit = Decimal(settings.REBATE_AUTHOR_LIMIT)
    if by.user_id is None or abs(adjustment.amount) <= limit:
        return
    for result in disputed.results_of(adjustment.statement):
        if result.programme_id == adjustment.programme_id and result.version.author_id == by.user_id:
            shown = f"{adjustment.currency} {limit:,.2f}"
            raise AuthorMayNotApprove(programme=str(adjustment.programme), limit=shown)


def _proposed(dispute: Dispute) -> ManualAdjustment:
    if dispute.state != State.PROPOSED:
        raise DisputeNotInThisState(number=dispute.number, state=dispute.get_state_display())
    return ManualAdjustment.objects.locked(dispute.adjustment)


def _go(dispute: Dispute, state: str, verb: str, by: Actor, reason: str = "") -> None:
    # A partner reads this: that a sum waited for finance's second person is told to staff by other entries.
    before = None if dispute.state == State.PROPOSED else dispute.state
    move(dispute, state, by)
    dispute.save()
    record(dispute, verb, by=by, changes={"state": [before, state]}, reason=reason)


def _decide(dispute: Dispute, state: str, effect: str, reason: str, by: Actor) -> Dispute:
    if dispute.state == State.PROPOSED:
        raise DisputeNotInThisState(number=dispute.number, state=dispute.get_state_display())
    must_be(dispute, state, by)
    if not reason.strip():
        raise DisputeReasonMissing()
    return _close(dispute, state, effect, reason.strip(), by)


def _close(dispute: Dispute, state: str, effect: str, reason: str, by: Actor) -> Dispute:
    dispute.decision, dispute.effect = reason, effect
    dispute.decided_by_id, dispute.decided_by_label, dispute.decided_at = by.user_id, by.label, clock.now()
    _go(dispute, state, "decided", by, reason)
    amount = dispute.adjustment.amount if effect == Effect.MONEY else Decimal("0.00")
    emit(
        DisputeDecided(dispute_id=dispute.pk, state=state, amount=str(amount), currency=dispute.currency),
        object_key=key_of(dispute),
    )
    return dispute
