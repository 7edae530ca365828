"""The demo's disputes: one that waits for finance, one that was decided with a sum for the next statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model

from prm.access.scope import actor_for
from prm.values import clock
from prm.values.actor import Actor
from rebates import disputed
from rebates.models import Dispute, DisputedLine, Programme, SettlementRun, Statement
from rebates.services import (
    Claim,
    confirm_adjustment,
    confirm_correction,
    open_dispute,
    propose_adjustment,
    propose_correction,
)
from rebates.worth import worth_of

What = DisputedLine.What
CORRECTIONS = (
    ("120.00", "Launch bonus of the trade fair, promised in writing by the channel manager."),
    ("-45.50", "Paid twice by hand before the portal was in use."),
)


def fill(run: SettlementRun, *, finance: Actor, controller: Actor) -> None:
    """Disputes of the statements that `run` issued; a partner without a statement disputes nothing."""
    with clock.at(clock.now() - timedelta(days=6)):
        decided = _dispute(
            run, "sales1@demo.example", "We got three cases less than you booked.", less=Decimal(3)
        )
    if decided is not None:
        with clock.at(clock.now() - timedelta(days=4)):
            programme, amount = _one_case_less(decided)
            proposed = propose_adjustment(
                dispute=decided, programme=programme, amount=amount, fully=False,
                reason="Delivery note shows one case less; the other two were signed for.", by=finance,
            )  # fmt: skip
        with clock.at(clock.now() - timedelta(days=3)):
            confirm_adjustment(dispute=proposed, by=controller)
    with clock.at(clock.now() - timedelta(hours=20)):
        _dispute(run, "partner-admin@demo.example", "The invoice of this line was credited; please check.")


def _one_case_less(dispute: Dispute) -> tuple[Programme, Decimal]:
    """The programme that a case less of the line changes most, and by how much, as the engine has it."""
    line = dispute.lines.select_related("sales_line__reverses", "credit").get()
    line.their_quantity = (line.our_quantity or Decimal(0)) - 1
    line.their_amount = _of_fewer(line.our_amount or Decimal(0), line.our_quantity or Decimal(1), Decimal(1))
    found = worth_of(dispute.statement, [line], disputed.open_results(dispute.statement)).by_programme
    programme_id, amount = max(found.items(), key=lambda one: abs(one[1]))
    return Programme.objects.get(pk=programme_id), amount


def _of_fewer(amount: Decimal, quantity: Decimal, less: Decimal) -> Decimal:
    return (amount * (quantity - less) / quantity).quantize(Decimal("0.01"))


def correct(run: SettlementRun, *, finance: Actor, controller: Actor) -> None:
    """Two statements of `run` corrected by hand: the next close posts one, the other waits for the clerk."""
    statements = Statement.objects.visible_to(finance).filter(run=run, earned__gt=0).order_by("pk")[:2]
    for place, (statement, (amount, reason)) in enumerate(zip(statements, CORRECTIONS, strict=False)):
        programme = disputed.results_of(statement)[0].programme
        words: dict[str, Any] = {"statement": statement, "programme": programme, "reason": reason}
        with clock.at(clock.start_of_day(clock.days_after(run.ends, 17))):
            found = propose_correction(amount=Decimal(amount), anyway=True, by=controller, **words)
            if place == 0:
                confirm_correction(adjustment=found, by=finance)


def own_partner() -> int | None:
    """The partner of whoever signs in as its administrator: what it is owed stays open, so that a part is held back."""
    return _actor("partner-admin@demo.example").partner_id


def _dispute(run: SettlementRun, email: str, reason: str, *, less: Decimal | None = None) -> Dispute | None:
    """The person disputes the largest counted line of its statement; `less`: it should be so many units fewer."""
    by = _actor(email)
    statement = Statement.objects.visible_to(by).select_related("run", "partner").filter(run=run).first()
    if statement is None:
        return None
    results = disputed.open_results(statement)
    lines = list(disputed.lines_of(statement, results))
    counted = disputed.counted(results, lines)
    lines = [line for line in lines if line.pk in counted and line.quantity > (less or 0)]
    if not lines:
        return None
    line = max(lines, key=lambda one: (one.net_amount, one.pk))
    claim = Claim(what=What.AMOUNT, sales_line=line.pk)
    if less is not None:
        right = _of_fewer(line.net_amount, line.quantity, less)
        claim = replace(claim, amount=right, quantity=line.quantity - less)
    return open_dispute(statement=statement, claims=[claim], reason=reason, by=by)


def _actor(email: str) -> Any:
    return actor_for(get_user_model().objects.get(email=email))
