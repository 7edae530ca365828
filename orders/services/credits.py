"""Agents' credits by hand: give one, take it back, correct its share.

Lock order: the sales line before everything else; the database locks it again for each row. A credit that is wrong is
taken back by a further row, a corrected one is given anew in the same step.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum

from orders.errors_of_credits import (
    AgentIsTheBuyer,
    CreditedAlready,
    CreditReasonMissing,
    CreditTakenBack,
    NotToBeTakenBack,
    ReturnFollowsItsSale,
    SameShare,
    ShareOutOfRange,
    SharesAboveAll,
)
from orders.events import CreditsRecorded
from orders.models import CreditedLine, SalesLine
from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number

ALL, ZERO = Decimal(100), Decimal(0)
PLACES = Decimal("0.0001")


@transaction.atomic
def record_credit(
    *, line: SalesLine, agent: Partner, share: Decimal, by: Actor, reason: str = ""
) -> CreditedLine:
    """Credit an agent with `share` percent of a sales line, and of its returns."""
    require(by, "credits.record", agent)
    line = SalesLine.objects.locked(line)
    credit = _give(line, agent, share, reason, by)
    record(credit, "credited with", by=by, changes=_said(credit), reason=credit.reason)
    emit(CreditsRecorded(count=1, source="portal"))
    return credit


@transaction.atomic
def take_back_credit(*, credit: CreditedLine, reason: str, by: Actor) -> CreditedLine:
    """Take a credit back: from now on it is as if it had never been given. Returns the row that says so."""
    require(by, "credits.record", credit)
    SalesLine.objects.locked(credit.line)
    taken = _take_back(credit, reason, by)
    record(credit, "credit taken back", by=by, changes=_said(credit), reason=taken.reason)
    emit(CreditsRecorded(count=1, source="portal"))
    return taken


@transaction.atomic
def correct_credit(*, credit: CreditedLine, share: Decimal, reason: str, by: Actor) -> CreditedLine:
    """Take a credit back and give it anew with the right share. Returns the new one."""
    require(by, "credits.record", credit)
    line = SalesLine.objects.locked(credit.line)
    if share == credit.share:
        raise SameShare()
    _take_back(credit, reason, by)
    given = _give(line, credit.partner, share, reason, by)
    changes: dict[str, list[Any]] = {"share": [percent(credit.share), percent(given.share)]}
    record(given, "credit corrected", by=by, changes=changes, reason=given.reason)
    emit(CreditsRecorded(count=2, source="portal"))
    return given


def percent(share: Decimal) -> str:
    """A share as people read it: 40 %."""
    return formats.percent(share / ALL, None)


def left_of(line: SalesLine) -> Decimal:
    """How much of a line nobody is credited with, in percent."""
    given = CreditedLine.objects.for_everyone(because="shares of one line").in_force().filter(line=line)
    return ALL - (given.aggregate(sum=Sum("share"))["sum"] or ZERO)


def _give(line: SalesLine, agent: Partner, share: Decimal, reason: str, by: Actor) -> CreditedLine:
    """The caller holds the line."""
    if not ZERO < share <= ALL or share != share.quantize(PLACES):
        raise ShareOutOfRange()
    if line.partner_id == agent.pk:
        raise AgentIsTheBuyer(agent=agent)
    if line.reverses is not None:
        raise ReturnFollowsItsSale(line=line.reverses.line_number)
    own = CreditedLine.objects.for_everyone(because="of the agent itself").in_force()
    known = own.filter(line=line, partner=agent).first()
    if known is not None:
        raise CreditedAlready(agent=agent, share=percent(known.share))
    left = left_of(line)
    if share > left:
        raise SharesAboveAll(taken=percent(ALL - left), left=percent(left))
    return _write(line, agent, share, reason=reason, by=by)


def _take_back(credit: CreditedLine, reason: str, by: Actor) -> CreditedLine:
    """The caller holds the line."""
    if credit.takes_back_id is not None or credit.source == CreditedLine.Source.RETURN:
        raise NotToBeTakenBack()
    if not reason.strip():
        raise CreditReasonMissing()
    rows = CreditedLine.objects.for_everyone(because="of the credit that the caller loaded")
    if rows.filter(takes_back=credit).exists():
        raise CreditTakenBack()
    return _write(credit.line, credit.partner, credit.share, takes_back=credit, reason=reason, by=by)


def _write(
    line: SalesLine, agent: Partner, share: Decimal, *, reason: str, by: Actor,
    takes_back: CreditedLine | None = None,
) -> CreditedLine:  # fmt: skip
    """The row, read again: what it copies from the line is written by the database."""
    now = clock.now()
    number = new_number("CR", CreditedLine, on=clock.today(), length=8)
    rows = CreditedLine.objects.for_everyone(because="the row that is written here")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_creditedline (number, line_id, partner_id, share, takes_back_id, source, reason,"
            " recorded_by_label, recorded_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                number, line.pk, agent.pk, share, takes_back.pk if takes_back else None, CreditedLine.Source.PORTAL,
                reason.strip()[:300], by.label[:200], now,
            ],
        )  # fmt: skip
    return rows.select_related("partner", "line").get(number=number)


def _said(credit: CreditedLine) -> dict[str, list[Any]]:
    """What the trail says: nothing that the agent may not read."""
    return {"share": [None, percent(credit.share)], "document": [None, credit.document]}
