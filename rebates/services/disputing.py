"""What a partner does about a statement: mark lines, compare its own ledger, send, answer, withdraw.

Lock order: the partner, then the statement; balances last, so that nobody pays meanwhile what is held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from orders.models import CreditedLine, SalesLine
from partners.models import Partner
from prm.access.rules import require
from prm.approvals.working import calendar
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import formats, said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.money import Money, round_money
from prm.values.numbers import random_number
from rebates import disputed, ledger_file, ledger_reach, own_ledger
from rebates.dispute_events import DisputeAnswered, DisputeWithdrawn, StatementDisputed
from rebates.errors_of_disputes import (
    DisputedAlready,
    DisputeNotInThisState,
    DisputeReasonMissing,
    DisputeWindowOver,
    LedgerAgrees,
    LedgerAgreesAsFar,
    LedgerOfAnotherTime,
    LineDisputedAlready,
    NotALineOfTheStatement,
    NothingMarked,
    NothingToDispute,
    SignsDiffer,
)
from rebates.ledger_reach import Reach
from rebates.models import Dispute, DisputedLine, DisputeMessage, Result, Statement
from rebates.services.closing import hold_balances
from rebates.services.payments import open_on
from rebates.worth import worth_of

State = Dispute.State
What = DisputedLine.What
ZERO = Decimal("0.00")
PIECES = Decimal("0.001")
Ours = SalesLine | CreditedLine
# Working hours in which finance answers, and in which a partner is asked to: five and ten days of eight.
FINANCE_HOURS, PARTNER_HOURS = 40, 80


@dataclass(frozen=True)
class Claim:
    """What a partner says about one line: a sales line or a credit of ours by its id, or one that is missing here."""

    what: str
    sales_line: int | None = None
    document: str = ""
    day: date | None = None
    product: str = ""
    quantity: Decimal | None = None
    amount: Decimal | None = None


@transaction.atomic
def open_dispute(*, statement: Statement, claims: Sequence[Claim], reason: str, by: Actor) -> Dispute:
    """Dispute lines of a statement; what rests on them is not paid before the decision."""
    require(by, "rebates.dispute", statement)
    statement = _locked(statement)
    results = _disputable(statement)
    dispute = _new(statement, Dispute.Kind.LINES, by)
    lines = _lines(dispute, claims, reason, results)
    return _sent(dispute, lines, reason, results, by)


@transaction.atomic
def add_to_dispute(*, dispute: Dispute, claims: Sequence[Claim], reason: str, by: Actor) -> Dispute:
    """Dispute more lines of the same statement: it goes on as a new dispute with all its lines and what was said.

    So one sum is held back for all of them together, what a dispute says never changes, and nothing is paid meanwhile.
    """
    require(by, "rebates.dispute", dispute)
    statement = _statement_locked(dispute.statement)
    dispute = Dispute.objects.locked(dispute)
    must_be(dispute, State.WITHDRAWN, by)
    results = _disputable(statement)
    known = list(dispute.lines.select_related("sales_line", "credit"))
    _refuse_known(dispute, known, claims)
    more = _new(statement, dispute.kind, by)
    more.file_name, more.summary = dispute.file_name, dispute.summary
    lines = _lines(more, claims, reason, results)
    told = said.Sentence(_("Goes on as %(number)s, with more lines"), number=more.number)
    _take_back(dispute, told, by)
    for line in known:
        line.pk, line.dispute = None, more
    _sent(more, [*known, *lines], f"{dispute.reason}\n\n{reason.strip()}", results, by)
    talk = list(dispute.messages.all())
    for message in talk:
        message.pk, message.dispute = None, more
    DisputeMessage.objects.bulk_create(talk)
    return more


@transaction.atomic
def compare_ledger(*, statement: Statement, file: Any, reach: str = Reach.FILE, by: Actor) -> Dispute:
    """Read a partner's own ledger and keep what differs as a draft, in place of an earlier one. Nothing is sent yet.

    `reach`: which of our lines of earlier periods it is compared with, see `ledger_reach.py`.
    """
    require(by, "rebates.dispute", statement)
    statement = _locked(statement)
    results = _disputable(statement)
    theirs = ledger_file.read(file)
    ours = {line.pk: line for line in disputed.lines_of(statement, results)}
    plain = [_plain(line) for line in ours.values()]
    sides = ledger_reach.compared(
        plain, theirs, periods=ledger_reach.periods_of(results), reach=reach,
        late=ledger_reach.late_lines(statement.run, results, plain),
    )  # fmt: skip
    if not sides.theirs:
        last = max(result.period.last_day for result in results)
        raise LedgerOfAnotherTime(first=min(result.starts for result in results), last=last)
    found = own_ledger.match(sides.ours, sides.theirs)
    agreed = sum((line.amount for line in found.agreed), ZERO)
    if found.is_same:
        said: dict[str, Any] = {"count": len(found.agreed), "sum": Money(agreed, statement.currency)}
        raise LedgerAgreesAsFar(left=len(sides.left), **said) if sides.left else LedgerAgrees(**said)
    for draft in Dispute.objects.visible_to(by).of(statement).filter(state=State.DRAFT):
        draft.delete()
    dispute = _new(statement, Dispute.Kind.LEDGER, by)
    dispute.file_name = str(getattr(file, "name", ""))[:200]
    dispute.summary = {
        "rows": len(theirs), "outside": len(theirs) - len(sides.theirs), "agree": len(found.agreed),
        "agreed": str(agreed), "ours": str(sum((line.amount for line in sides.ours), ZERO)),
        "theirs": str(sum((line.amount for line in sides.theirs), ZERO)), **sides.told,
    }  # fmt: skip
    lines = _differing(dispute, found, ours, statement)
    _measure(dispute, lines, results)
    dispute.save()
    DisputedLine.objects.bulk_create(lines)
    record(dispute, "ledger compared", by=by)
    return dispute


@transaction.atomic
def send_dispute(*, dispute: Dispute, reason: str, by: Actor) -> Dispute:
    """Send what a comparison found to finance, measured anew against what is open by now."""
    require(by, "rebates.dispute", dispute)
    statement = _locked(dispute.statement)
    dispute = Dispute.objects.locked(dispute)
    must_be(dispute, State.OPEN, by)
    results = _disputable(statement)
    if not reason.strip():
        raise DisputeReasonMissing()
    _measure(dispute, list(dispute.lines.select_related("sales_line", "credit")), results)
    return _send(dispute, reason, by)


@transaction.atomic
def discard_draft(*, dispute: Dispute, by: Actor) -> None:
    """Throw a comparison away that was not sent."""
    require(by, "rebates.dispute", dispute)
    dispute = Dispute.objects.locked(dispute)
    must_be(dispute, State.OPEN, by)
    if dispute.state != State.DRAFT:
        raise DisputeNotInThisState(number=dispute.number, state=dispute.get_state_display())
    record(dispute, "draft deleted", by=by)
    dispute.delete()


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
    return _take_back(dispute, reason.strip(), by)


def _take_back(dispute: Dispute, reason: Any, by: Actor) -> Dispute:
    before = dispute.state
    move(dispute, State.WITHDRAWN, by)
    dispute.save()
    record(dispute, "withdrawn", by=by, changes={"state": [before, State.WITHDRAWN]}, reason=reason)
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
    """Into the next state, with the clock of whose turn it is then. The caller saves."""
    must_be(dispute, state, by)
    dispute.state, dispute.state_since, dispute.due = state, clock.now(), None
    if dispute.is_live:
        hours = PARTNER_HOURS if state == State.ASKED else FINANCE_HOURS
        dispute.due = calendar().after(dispute.state_since, hours)


def say(dispute: Dispute, text: str, by: Actor) -> DisputeMessage:
    if not text.strip():
        raise DisputeReasonMissing(field="text")
    return DisputeMessage.objects.create(
        dispute=dispute, author_id=by.user_id, author_label=by.label, text=text.strip(), at=clock.now()
    )


# How a dispute is put together


def _statement_locked(statement: Statement) -> Statement:
    Partner.objects.hold([statement.partner_id])
    return Statement.objects.locked(statement)


def _locked(statement: Statement) -> Statement:
    statement = _statement_locked(statement)
    live = Dispute.objects.for_everyone(because="one at a time").of(statement).live().first()
    if live is not None:
        raise DisputedAlready(number=live.number)
    return statement


def _disputable(statement: Statement) -> list[Result]:
    last = disputed.window(statement)
    if last is None:
        raise NothingToDispute(number=statement.number)
    results = disputed.open_results(statement)
    if not results:
        raise DisputeWindowOver(number=statement.number, day=last)
    return results


def _new(statement: Statement, kind: str, by: Actor) -> Dispute:
    return Dispute(
        statement=statement, partner_id=statement.partner_id, kind=kind, opened_by_id=by.user_id,
        number=random_number("DS", on=clock.today(), length=7), opened_by_label=by.label, state_since=clock.now(),
    )  # fmt: skip


def _lines(
    dispute: Dispute, claims: Sequence[Claim], reason: str, results: Sequence[Result]
) -> list[DisputedLine]:
    """What is claimed, as lines of the dispute; nothing is stored."""
    if not claims:
        raise NothingMarked()
    if not reason.strip():
        raise DisputeReasonMissing()
    wanted = {claim.sales_line for claim in claims if claim.sales_line is not None}
    ours = {line.pk: line for line in disputed.lines_of(dispute.statement, results, ids=wanted)}
    if wanted - set(ours):
        raise NotALineOfTheStatement()
    for claim in claims:
        _refuse_signs(claim, ours.get(claim.sales_line or 0), dispute.currency)
    return [_marked(dispute, claim, ours.get(claim.sales_line or 0)) for claim in claims]


def _refuse_known(dispute: Dispute, known: Sequence[DisputedLine], claims: Sequence[Claim]) -> None:
    """Raise where a line that is claimed stands in the dispute already."""
    marked = {line.ours.pk: line.document for line in known if line.ours is not None}
    for claim in claims:
        if claim.sales_line in marked:
            raise LineDisputedAlready(document=marked[claim.sales_line], number=dispute.number)


def _sent(
    dispute: Dispute, lines: list[DisputedLine], reason: str, results: Sequence[Result], by: Actor
) -> Dispute:
    """Measure a new dispute, send it and store its lines."""
    _measure(dispute, lines, results)
    _send(dispute, reason, by)
    DisputedLine.objects.bulk_create(lines)
    return dispute


def _refuse_signs(claim: Claim, ours: Ours | None, currency: str) -> None:
    """Raise where the right amount has another sign than the quantity, which is ours where none is named."""
    if ours is None:
        quantity, amount, row = claim.quantity, claim.amount, (claim.document, claim.product)
    else:
        plain = _plain(ours)
        quantity = plain.quantity if claim.quantity is None else claim.quantity
        amount = plain.amount if claim.amount is None else claim.amount
        row = (plain.document, plain.product)
    is_named = claim.quantity is not None or claim.amount is not None
    if is_named and own_ledger.signs_differ(quantity, amount):
        money = None if amount is None else Money(amount, currency)
        raise SignsDiffer(
            row=", ".join(filter(None, row)), amount=money, quantity=formats.all_digits(quantity, 0)
        )


def _marked(dispute: Dispute, claim: Claim, ours: Ours | None) -> DisputedLine:
    if ours is None:
        return DisputedLine(
            dispute=dispute, what=What.MISSING, document=claim.document, day=claim.day, product=claim.product,
            their_quantity=claim.quantity, their_amount=claim.amount,
        )  # fmt: skip
    return DisputedLine(
        dispute=dispute,
        what=claim.what,
        their_quantity=claim.quantity,
        their_amount=claim.amount,
        **_ours(ours),
    )


def _ours(line: Ours) -> dict[str, Any]:
    plain = _plain(line)
    return {
        "credit" if isinstance(line, CreditedLine) else "sales_line": line, "document": line.document,
        "day": line.booking_date, "product": line.product.code, "our_quantity": plain.quantity,
        "our_amount": plain.amount,
    }  # fmt: skip


def _plain(line: Ours) -> own_ledger.Line:
    """As both sides' books have it: a share of a line has more decimals than anybody books."""
    quantity, amount = line.quantity, line.net_amount
    if isinstance(line, CreditedLine):
        quantity, amount = quantity.quantize(PIECES, ROUND_HALF_UP), round_money(amount, line.currency)
    return own_ledger.Line(line.pk, line.document, line.booking_date, line.product.code, quantity, amount)


def _differing(
    dispute: Dispute, found: own_ledger.Matched, ours: dict[int, Ours], statement: Statement
) -> list[DisputedLine]:
    lines = []
    for pair in found.differ:
        what = What.AMOUNT if pair.difference else What.QUANTITY
        lines.append(
            DisputedLine(
                dispute=dispute, what=what, their_quantity=pair.theirs.quantity, their_amount=pair.theirs.amount,
                file_row=pair.theirs.key, **_ours(ours[pair.ours.key]),
            )
        )  # fmt: skip
    booked = _booked_elsewhere(statement, {line.document for line in found.only_theirs}, set(ours))
    for line in found.only_theirs:
        lines.append(
            DisputedLine(
                dispute=dispute, what=What.MISSING, document=line.document, day=line.day, product=line.product,
                their_quantity=line.quantity, their_amount=line.amount, file_row=line.key,
                booked_on=booked.get(own_ledger.spelled(line.document)),
            )
        )  # fmt: skip
    lines += [
        DisputedLine(dispute=dispute, what=What.NOT_OURS, **_ours(ours[line.key])) for line in found.only_ours
    ]
    return lines


def _booked_elsewhere(statement: Statement, documents: set[str], known: set[int]) -> dict[str, date]:
    """On which day we booked documents that stand in no period of the statement."""
    found: dict[str, date] = {}
    for model in (CreditedLine, SalesLine):
        rows = model.objects.for_everyone(because="of the statement's own partner").filter(
            partner_id=statement.partner_id, document__in=documents
        )
        for pk, document, day in rows.order_by("-id").values_list("pk", "document", "booking_date"):
            if pk not in known:
                found[own_ledger.spelled(document)] = day
    return found


def _measure(dispute: Dispute, lines: list[DisputedLine], results: Sequence[Result]) -> None:
    """Set what the dispute holds back, the difference in sales, and what that would have earned."""
    worth = worth_of(dispute.statement, lines, results)
    dispute.worth = worth.amount
    told = {key: value for key, value in dispute.summary.items() if key != "untold"}
    dispute.summary = told | ({"untold": worth.untold} if worth.untold else {})
    hold_balances()
    (found,) = open_on([dispute.statement])
    dispute.held = min(disputed.held_of(lines, results), found.rest)
    dispute.difference = sum((line.difference for line in lines), ZERO)


def _send(dispute: Dispute, reason: str, by: Actor) -> Dispute:
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
