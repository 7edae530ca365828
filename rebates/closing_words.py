"""Why a statement closes with another sum than it pays itself, in a line for its page."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from prm.ui import formats
from prm.values.actor import Actor
from rebates.models import Dispute, Statement
from rebates.services.payments import open_on

ZERO = Decimal("0.00")


def why_closing_differs(statement: Statement, actor: Actor) -> str:
    """What of the closing the statement pays, and what the rest is; "" where it pays all of it."""
    if statement.closing == statement.payable:
        return ""
    why = "; ".join(part for part in (_earlier(statement, actor), _kept(statement)) if part)
    if statement.payable <= 0:
        return _("This statement itself pays nothing: %(why)s.") % {"why": why}
    return _("This statement itself pays %(money)s: %(why)s.") % {
        "money": formats.money(statement.payable, statement.currency),
        "why": why,
    }


def _earlier(statement: Statement, actor: Actor) -> str:
    """What was owed before its own figures, or what a negative balance of before takes off them."""
    earlier = statement.closing - statement.kept - statement.payable
    words = {"money": formats.money(abs(earlier), statement.currency)}
    if earlier < 0:
        return _("%(money)s is set off against a negative balance") % words
    if not earlier:
        return ""
    held = _held_of_earlier(statement, actor)
    if not held:
        return _("earlier statements still owed %(money)s when it was issued") % words
    words |= {"held": formats.money(sum(held.values(), ZERO), statement.currency), "why": ", ".join(held)}
    return (
        _(
            "earlier statements still owed %(money)s when it was issued, of which %(held)s is held back by %(why)s"
        )
        % words
    )


def _held_of_earlier(statement: Statement, actor: Actor) -> dict[str, Decimal]:
    """By the number of each dispute under way of an earlier statement: what it holds back."""
    rows = Dispute.objects.visible_to(actor).live().select_related("statement__run", "statement__partner")
    live = list(
        rows.filter(
            statement__partner=statement.partner_id,
            statement__currency=statement.currency,
            statement__ends__lt=statement.ends,
        ).order_by("number")
    )
    opens = open_on([dispute.statement for dispute in live])
    return {dispute.number: one.disputed for dispute, one in zip(live, opens, strict=True) if one.disputed}


def _kept(statement: Statement) -> str:
    if not statement.kept:
        return ""
    words = (
        _("%(money)s is below the minimum payout and carried forward")
        if statement.kept > 0
        else _("%(money)s below zero is carried to the next statement")
    )
    return words % {"money": formats.money(abs(statement.kept), statement.currency)}
