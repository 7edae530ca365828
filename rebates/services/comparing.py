"""A partner compares its own ledger with our lines: what differs is a draft, which it sends or throws away.

While a dispute of the statement is under way, the draft has what is new, and sending it adds that to the dispute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from orders.models import CreditedLine, SalesLine
from prm.access.rules import require
from prm.audit.services import record
from prm.values.actor import Actor
from prm.values.money import Money
from rebates import disputed, ledger_file, ledger_reach, own_ledger
from rebates.errors_of_disputes import (
    AllDisputedAlready,
    DisputeNotInThisState,
    DisputeReasonMissing,
    LedgerOfAnotherTime,
)
from rebates.ledger_reach import Reach
from rebates.models import Dispute, DisputedLine, Statement
from rebates.services.claiming import Ours, only_new, ours_of, plain
from rebates.services.disputing import (
    disputable,
    grow,
    live_of,
    locked,
    measure,
    must_be,
    new_dispute,
    send,
    sent_lines,
    set_difference,
)

State = Dispute.State
What = DisputedLine.What
ZERO = Decimal("0.00")
MOST_SHIFTS = 20  # lines on another day of the same period that are named


@dataclass(frozen=True)
class Agreement:
    """A ledger with nothing to dispute: how many lines agree, what they come to, how many of ours were not compared,
    and which the partner has on another day of the same period.
    """

    count: int
    sum: Money
    left: int
    shifted: Sequence[own_ledger.Pair]


@transaction.atomic
def compare_ledger(
    *, statement: Statement, file: Any, reach: str = Reach.FILE, by: Actor
) -> Dispute | Agreement:
    """Read a partner's own ledger and keep what differs as a draft, in place of an earlier one. Nothing is sent yet;
    where nothing differs, nothing is kept.

    `reach`: which of our lines of earlier periods it is compared with, see `ledger_reach.py`.
    """
    require(by, "rebates.dispute", statement)
    statement = locked(statement)
    live = live_of(statement)
    results = disputable(statement)
    theirs = ledger_file.read(file)
    ours = {line.pk: line for line in disputed.lines_of(statement, results)}
    lines = [plain(line) for line in ours.values()]
    sides = ledger_reach.compared(
        lines, theirs, periods=ledger_reach.periods_of(results), reach=reach,
        late=ledger_reach.late_lines(statement.run, results, lines),
    )  # fmt: skip
    if not sides.theirs:
        last = max(result.period.last_day for result in results)
        raise LedgerOfAnotherTime(first=min(result.starts for result in results), last=last)
    found = own_ledger.match(sides.ours, sides.theirs, ledger_reach.periods_of(results).all)
    agreed = sum((line.amount for line in found.agreed), ZERO)
    if found.is_same:
        return Agreement(len(found.agreed), Money(agreed, statement.currency), len(sides.left), found.shifted)
    for draft in Dispute.objects.visible_to(by).of(statement).filter(state=State.DRAFT):
        draft.delete()
    dispute = new_dispute(statement, Dispute.Kind.LEDGER, by)
    dispute.file_name = str(getattr(file, "name", ""))[:200]
    dispute.summary = {
        "rows": len(theirs), "outside": len(theirs) - len(sides.theirs), "agree": len(found.agreed),
        "agreed": str(agreed), "ours": str(sum((line.amount for line in sides.ours), ZERO)),
        "theirs": str(sum((line.amount for line in sides.theirs), ZERO)), **sides.told, **_shifts(found.shifted),
    }  # fmt: skip
    differing = _new_ones(_differing(dispute, found, ours, statement), live)
    _measure_draft(dispute, differing, live)
    dispute.save()
    DisputedLine.objects.bulk_create(differing)
    record(dispute, "ledger compared", by=by)
    return dispute


@transaction.atomic
def send_dispute(*, dispute: Dispute, reason: str, by: Actor) -> Dispute:
    """Send what a comparison found to finance, measured anew against what is open by now: as a dispute, or as more
    lines of the one that is under way, which is then the answer.
    """
    require(by, "rebates.dispute", dispute)
    statement = locked(dispute.statement)
    live = live_of(statement)
    dispute = Dispute.objects.locked(dispute)
    must_be(dispute, State.OPEN, by)
    disputable(statement)
    if not reason.strip():
        raise DisputeReasonMissing()
    lines = list(dispute.lines.select_related("sales_line", "credit"))
    if live is None:
        measure(dispute, lines)
        return send(dispute, reason, by)
    more = _new_ones(lines, live)
    live.summary = dispute.summary
    file_name = dispute.file_name
    record(dispute, "draft deleted", by=by)
    dispute.delete()
    for line in more:
        line.pk = None
    return grow(live, more, reason, by, file_name=file_name)


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


def _new_ones(lines: list[DisputedLine], live: Dispute | None) -> list[DisputedLine]:
    """What the dispute under way does not have yet."""
    if live is None:
        return lines
    found = only_new(lines, sent_lines(live))
    if not found:
        raise AllDisputedAlready(number=live.number)
    return found


def _measure_draft(dispute: Dispute, lines: list[DisputedLine], live: Dispute | None) -> None:
    """What it comes to; beside a dispute under way, what that would come to more with these lines."""
    measure(dispute, lines, known=sent_lines(live) if live is not None else ())
    set_difference(dispute, lines)
    if live is not None:
        dispute.held = max(ZERO, dispute.held - live.held)
        if dispute.worth is not None:
            dispute.worth -= live.worth or ZERO


def _differing(
    dispute: Dispute, found: own_ledger.Matched, ours: dict[int, Ours], statement: Statement
) -> list[DisputedLine]:
    lines = []
    for pair in found.differ:
        lines.append(
            DisputedLine(
                dispute=dispute, what=_what(pair), their_day=pair.theirs.day if pair.is_moved else None,
                their_quantity=pair.theirs.quantity, their_amount=pair.theirs.amount,
                file_row=pair.theirs.key, **ours_of(ours[pair.ours.key]),
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
        DisputedLine(dispute=dispute, what=What.NOT_OURS, **ours_of(ours[line.key]))
        for line in found.only_ours
    ]
    return lines


def _what(pair: own_ledger.Pair) -> str:
    if pair.difference:
        return What.AMOUNT
    same = pair.theirs.quantity in (None, pair.ours.quantity)
    return What.DAY if same else What.QUANTITY


def _shifts(pairs: Sequence[own_ledger.Pair]) -> dict[str, Any]:
    """For a dispute's summary."""
    if not pairs:
        return {}
    rows = [[one.ours.document, str(one.ours.day), str(one.theirs.day)] for one in pairs[:MOST_SHIFTS]]
    return {"shifted": len(pairs), "shifts": rows}


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
