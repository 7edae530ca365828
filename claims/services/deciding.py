"""A person decides: about lines that the check left open, then about the claim. Never who submitted it."""

from __future__ import annotations

from django.db import transaction

from claims.errors import (
    AnotherPersonDecides,
    LineNotOpen,
    LinesUndecided,
    NothingAccepted,
    SaleUndecided,
)
from claims.events import ClaimApproved, ClaimRejected
from claims.models import Claim, ClaimLine
from claims.services import limits
from claims.services.claiming import add_up, locked, move
from claims.services.paying import post_approval, settle
from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor

State, Verdict = Claim.State, ClaimLine.Verdict


def refuse_to_decide(claim: Claim, by: Actor) -> None:
    if by.user_id is not None and by.user_id == claim.submitted_by_id:
        raise AnotherPersonDecides(person=claim.submitter)


def refuse_to_approve(claim: Claim) -> None:
    """A claim is approved once every line is decided, and something of it is accepted."""
    sums = ClaimLine.objects.for_everyone(because="the claim's own").filter(claim=claim).how_many()
    if sums["undecided"]:
        raise LinesUndecided(count=sums["undecided"])
    if not sums["accepted"]:
        raise NothingAccepted()


@transaction.atomic
def decide_line(*, line: ClaimLine, accept: bool, reason: str, by: Actor) -> ClaimLine:
    """Accept an exception as far as the limits leave something, or reject it, and its returns with it.

    The partner reads the reason.
    """
    require(by, "claims.decide", line)
    claim = _held(line.claim)
    refuse_to_decide(claim, by)
    line = ClaimLine.objects.locked(line)
    if line.verdict != Verdict.EXCEPTION:
        raise LineNotOpen(state=line.get_verdict_display())
    if line.waits_for_sale:
        raise SaleUndecided()
    rows = ClaimLine.objects.for_everyone(because="the claim's own")
    returns = list(rows.waiting_for(line))
    taking = limits.Taking([line, *returns])
    if accept:
        taking.take(line, line.findings)
    else:
        line.verdict, line.live = Verdict.REJECTED, False
    for back in returns:
        taking.take(back, [])
    taking.write()
    for one in (line, *returns):
        one.decision, one.decided_by_label = reason, by.label
        one.save()
        record(
            claim, "claim line decided", by=by, reason=reason,
            changes={"line": [None, one.position], "amount": [None, one.amount]},
        )  # fmt: skip
    add_up(claim)
    return line


@transaction.atomic
def approve_claim(*, claim: Claim, by: Actor) -> Claim:
    """Owe what was accepted, in part where lines were rejected: expense to payable, once whatever is pressed."""
    require(by, "claims.decide", claim)
    claim = _held(claim)
    refuse_to_decide(claim, by)
    refuse_to_approve(claim)
    _decide(claim, State.APPROVED, by)
    add_up(claim)
    post_approval(claim, by)
    record(
        claim,
        "claim approved",
        by=by,
        changes={"approved_amount": [None, said.Money(claim.approved_amount, claim.currency)]},
    )
    emit(ClaimApproved(claim_id=claim.pk), object_key=f"claim:{claim.pk}")
    settle(claim, by)
    return Claim.objects.for_everyone(because="just approved").get(pk=claim.pk)


@transaction.atomic
def reject_claim(*, claim: Claim, reason: str, by: Actor) -> Claim:
    """Refuse the whole: what it took is open again, for another claim."""
    require(by, "claims.decide", claim)
    claim = _held(claim)
    refuse_to_decide(claim, by)
    limits.release(claim)
    rows = ClaimLine.objects.for_everyone(because="the claim's own").filter(claim=claim)
    rows.update(verdict=Verdict.REJECTED)
    claim.reason = reason
    _decide(claim, State.REJECTED, by)
    add_up(claim)
    record(claim, "claim rejected", by=by, reason=reason)
    emit(ClaimRejected(claim_id=claim.pk), object_key=f"claim:{claim.pk}")
    return claim


def _held(claim: Claim) -> Claim:
    Partner.objects.hold([claim.partner_id])
    limits.hold(claim.agreement_number, claim.partner_id)
    return locked(claim, State.SUBMITTED, State.IN_REVIEW)


def _decide(claim: Claim, state: str, by: Actor) -> None:
    move(claim, state)
    claim.decided_by_id, claim.decided_by_label, claim.decided_at = by.user_id, by.label, clock.now()
