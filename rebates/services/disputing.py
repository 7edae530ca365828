"""What a partner does about a statement: mark lines, add more, answer, withdraw; its own ledger: `comparing.py`.

Lock order: the partner, then the statement; balances last, so that nobody pays meanwhile what is held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from partners.models import Partner
from prm.access.rules import require
from prm.approvals.working import calendar
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number
from rebates import disputed
from rebates.dispute_events import DisputeAnswered, DisputeExtended, DisputeWithdrawn, StatementDisputed
from rebates.errors_of_disputes import (
    DisputeBeingDecided,
    DisputedAlready,
    DisputeNotInThisState,
    DisputeReasonMissing,
    DisputeWindowOver,
    NothingToDispute,
)
from rebates.models import (
    Dispute,
    DisputeAddition,
    DisputedLine,
    DisputeMessage,
    Programme,
    Result,
    Statement,
)
from rebates.services.claiming import Claim, claimed, refuse_known
from rebates.services.closing import hold_balances
from rebates.services.payments import open_on
from rebates.worth import worth_of

State = Dispute.State
ZERO = Decimal("0.00")
# Working hours in which finance answers, and in which a partner is asked to: five and ten days of eight.
FINANCE_HOURS, PARTNER_HOURS = 40, 80


@transaction.atomic
def open_dispute(*, statement: Statement, claims: Sequence[Claim], reason: str, by: Actor) -> Dispute:
    """Dispute lines of a statement; what rests on them is not paid before the decision."""
    require(by, "rebates.dispute", statement)
    statement = locked(statement)
    live = live_of(statement)
    if live is not None:
        raise DisputedAlready(number=live.number)
    results = disputable(statement)
    dispute = new_dispute(statement, Dispute.Kind.LINES, by)
    lines = claimed(dispute, claims, reason, results)
    measure(dispute, lines)
    send(dispute, reason, by)
    DisputedLine.objects.bulk_create(lines)
    return dispute


@transaction.atomic
def add_to_dispute(*, dispute: Dispute, claims: Sequence[Claim], reason: str, by: Actor) -> Dispute:
    """Dispute more lines of the same statement: the same dispute goes on, with its number, clock and timeline."""
    require(by, "rebates.dispute", dispute)
    statement = locked(dispute.statement)
    dispute = Dispute.objects.locked(dispute)
    if not dispute.takes_more:
        raise DisputeNotInThisState(number=dispute.number, state=dispute.shown_to(by).word)
    lines = claimed(dispute, claims, reason, disputable(statement))
    refuse_known(dispute, lines, sent_lines(dispute))
    return grow(dispute, lines, reason, by)


@transaction.atomic
def answer_dispute(*, dispute: Dispute, text: str, by: Actor) -> Dispute:
    """Say something; where finance asked back, this is the answer and it is finance's turn."""
    require(by, "rebates.dispute", dispute)
    dispute = Dispute.objects.locked(dispute)
    if not dispute.is_live:
        raise DisputeNotInThisState(number=dispute.number, state=dispute.get_state_display())
    say(dispute, text, by)
    if dispute.state == State.ASKED:
        move(dispute, State.IN_REVIEW, by)
        dispute.save()
        record(dispute, "answered", by=by, changes={"state": [State.ASKED, State.IN_REVIEW]})
    emit(DisputeAnswered(dispute_id=dispute.pk, at=clock.now().isoformat()), object_key=key_of(dispute))
    return dispute


@transaction.atomic
def withdraw_dispute(*, dispute: Dispute, reason: str = "", by: Actor) -> Dispute:
    """Take it back: nothing is held back any more, nothing changes."""
    require(by, "rebates.dispute", dispute)
    dispute = Dispute.objects.locked(dispute)
    must_be(dispute, State.WITHDRAWN, by)
    before = dispute.state
    move(dispute, State.WITHDRAWN, by)
    dispute.save()
    record(dispute, "withdrawn", by=by, changes={"state": [before, State.WITHDRAWN]}, reason=reason.strip())
    emit(DisputeWithdrawn(dispute_id=dispute.pk), object_key=key_of(dispute))
    return dispute


# What both sides' services share


def key_of(dispute: Dispute) -> str:
    return f"dispute:{dispute.pk}"


def must_be(dispute: Dispute, state: str, by: Actor) -> None:
    """Raise unless the dispute may become `state`."""
    if not dispute.may_become(state):
        raise DisputeNotInThisState(number=dispute.number, state=dispute.shown_to(by).word)


def move(dispute: Dispute, state: str, by: Actor) -> None:
    """Into the next state, with the clock of whose turn it is then. The caller saves.

    While it stays finance's turn, the moment since when and the promised day stay: no step of its own, such as a sum
    that waits for the second person, begins the wait of the partner anew.
    """
    must_be(dispute, state, by)
    theirs, since, promised = dispute.waits_for_partner, dispute.state_since, dispute.due
    dispute.state, dispute.state_since, dispute.due = state, clock.now(), None
    if state == State.ASKED:
        dispute.due = calendar().after(dispute.state_since, PARTNER_HOURS)
    elif dispute.is_live:
        if not theirs:
            dispute.state_since, dispute.due = since, promised
        dispute.due = dispute.due or calendar().after(dispute.state_since, FINANCE_HOURS)


def say(dispute: Dispute, text: str, by: Actor) -> DisputeMessage:
    if not text.strip():
        raise DisputeReasonMissing(field="text")
    return DisputeMessage.objects.create(
        dispute=dispute, author_id=by.user_id, author_label=by.label, text=text.strip(), at=clock.now()
    )


# How a dispute is put together, here and from a ledger


def locked(statement: Statement) -> Statement:
    """The statement under the lock of its partner."""
    Partner.objects.hold([statement.partner_id])
    return Statement.objects.locked(statement)


def live_of(statement: Statement) -> Dispute | None:
    """The dispute under way, locked; raises where it is being decided, so that nothing can be added."""
    rows = Dispute.objects.for_everyone(because="one at a time").of(statement).live()
    live = rows.select_for_update().first()
    if live is not None and not live.takes_more:
        raise DisputeBeingDecided(number=live.number, day=disputed.window(statement))
    return live


def disputable(statement: Statement) -> list[Result]:
    last = disputed.window(statement)
    if last is None:
        raise NothingToDispute(number=statement.number)
    results = disputed.open_results(statement)
    if not results:
        raise DisputeWindowOver(number=statement.number, day=last)
    return results


def new_dispute(statement: Statement, kind: str, by: Actor) -> Dispute:
    return Dispute(
        statement=statement, partner_id=statement.partner_id, kind=kind, opened_by_id=by.user_id,
        number=new_number("DS", Dispute, on=clock.today(), length=7), opened_by_label=by.label, state_since=clock.now(),
    )  # fmt: skip


def sent_lines(dispute: Dispute) -> list[DisputedLine]:
    return list(dispute.lines.select_related("addition", "sales_line", "credit"))


def measure(dispute: Dispute, lines: Sequence[DisputedLine], known: Sequence[DisputedLine] = ()) -> None:
    """Set what the dispute holds back, the difference in sales, and what that would have earned: `lines` disputed now
    and `known` ones disputed before, together. Where removing two lines loses a band, single sums would be too little.
    """
    today = clock.today()
    sent = [(line, line.sent_at.astimezone(clock.tenant_zone()).date()) for line in known]
    first = min((day for _line, day in sent), default=today)
    together = [*known, *lines]
    worth = worth_of(dispute.statement, together, disputed.open_results(dispute.statement, on=first))
    dispute.worth = worth.amount
    told = {key: value for key, value in dispute.summary.items() if not key.startswith("untold")}
    untold: dict[str, Any] = {}
    if worth.untold:
        untold = {"untold": worth.untold, "untold_lines": len(worth.left)}
    if worth.others:
        untold["untold_programmes"] = [one.code for one in Programme.objects.filter(pk__in=worth.others)]
    dispute.summary = told | untold
    hold_balances()
    (found,) = open_on([dispute.statement])
    held = disputed.held_since(dispute.statement, [*sent, *((line, today) for line in lines)])
    dispute.held = min(held, found.rest)
    set_difference(dispute, together)


def set_difference(dispute: Dispute, lines: Sequence[DisputedLine]) -> None:
    """By how much the sales lines would change, and of how many lines the partner says what is right."""
    said = [line.difference for line in lines if line.difference is not None]
    dispute.difference = sum(said, ZERO)
    dispute.summary = dispute.summary | {"said": len(said), "unsaid": len(lines) - len(said)}


def send(dispute: Dispute, reason: str, by: Actor) -> Dispute:
    dispute.reason, dispute.opened_at = reason.strip(), clock.now()
    dispute.opened_by_id, dispute.opened_by_label = by.user_id, by.label
    move(dispute, State.OPEN, by)
    dispute.save()
    held = said.Money(dispute.held, dispute.currency)
    record(dispute, "disputed", by=by, changes={"held": [None, held]}, reason=dispute.reason)
    emit(
        StatementDisputed(
            dispute_id=dispute.pk, statement_id=dispute.statement_id, held=str(dispute.held),
            currency=dispute.currency,
        ),
        object_key=key_of(dispute),
    )  # fmt: skip
    return dispute


def grow(
    dispute: Dispute, lines: Sequence[DisputedLine], reason: str, by: Actor, *, file_name: str = ""
) -> Dispute:
    """Add lines to a dispute under way, and what all of them come to together. Its clock runs on; where finance had
    asked, they are the answer. What was held back stays held back, whatever became of the balance meanwhile.
    """
    before, state = dispute.held, dispute.state
    measure(dispute, lines, known=sent_lines(dispute))
    dispute.held = max(before, dispute.held)
    addition = DisputeAddition.objects.create(
        dispute=dispute, reason=reason.strip(), count=len(lines), held=dispute.held, difference=dispute.difference,
        file_name=file_name, by_id=by.user_id, by_label=by.label, at=clock.now(),
    )  # fmt: skip
    for line in lines:
        line.dispute, line.addition = dispute, addition
    DisputedLine.objects.bulk_create(lines)
    if state == State.ASKED:
        move(dispute, State.IN_REVIEW, by)
    dispute.save()
    was, held = said.Money(before, dispute.currency), said.Money(dispute.held, dispute.currency)
    changes: dict[str, list[Any]] = {"held": [was, held]} if before != dispute.held else {}
    if state != dispute.state:
        changes["state"] = [state, dispute.state]
    record(dispute, "lines added", by=by, changes=changes, reason=addition.reason)
    emit(
        DisputeExtended(
            dispute_id=dispute.pk, addition_id=addition.pk, held=str(dispute.held), currency=dispute.currency
        ),
        object_key=key_of(dispute),
    )
    return dispute
