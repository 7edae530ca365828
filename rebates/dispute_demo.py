"""The demo's disputes: one that waits for finance, one that was decided with a sum for the next statement."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model

from prm.access.scope import actor_for
from prm.values import clock
from prm.values.actor import Actor
from rebates import disputed
from rebates.models import Dispute, DisputedLine, SettlementRun, Statement
from rebates.services import (
    Claim,
    confirm_adjustment,
    confirm_correction,
    open_dispute,
    propose_adjustment,
    propose_correction,
)

What = DisputedLine.What
CORRECTIONS = (
    ("120.00", "Launch bonus of the trade fair, promised in writing by the channel manager."),
    ("-45.50", "Paid twice by hand before the portal was in use."),
)


def fill(run: SettlementRun, *, finance: Actor, controller: Actor) -> None:
    """Disputes of the statements that `run` issued; a partner without a statement disputes nothing."""
    with clock.at(clock.now() - timedelta(days=6)):
        decided = _dispute(
            run, "sales1@demo.example", "We got three cases less than you booked.", more=Decimal("0.8")
        )
    if decided is not None:
        results = disputed.results_of(decided.statement)
        with clock.at(clock.now() - timedelta(days=4)):
            proposed = propose_adjustment(
                dispute=decided, programme=results[0].programme, amount=Decimal("-36.00"), fully=False, anyway=True,
                reason="Delivery note shows one case less; the other two were signed for.", by=finance,
            )  # fmt: skip
        with clock.at(clock.now() - timedelta(days=3)):
            confirm_adjustment(dispute=proposed, by=controller)
    with clock.at(clock.now() - timedelta(hours=20)):
        _dispute(run, "partner-admin@demo.example", "The invoice of this line was credited; please check.")


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


def _dispute(run: SettlementRun, email: str, reason: str, *, more: Decimal | None = None) -> Dispute | None:
    """The person disputes the largest counted line of its statement; `more`: it should be that share of it."""
    by = _actor(email)
    statement = Statement.objects.visible_to(by).select_related("run", "partner").filter(run=run).first()
    if statement is None:
        return None
    results = disputed.open_results(statement)
    lines = list(disputed.lines_of(statement, results))
    counted = disputed.counted(results, lines)
    lines = [line for line in lines if line.pk in counted]
    if not lines:
        return None
    line = max(lines, key=lambda one: (one.net_amount, one.pk))
    amount = (line.net_amount * more).quantize(Decimal("0.01")) if more is not None else None
    claims = [Claim(what=What.AMOUNT, sales_line=line.pk, amount=amount)]
    return open_dispute(statement=statement, claims=claims, reason=reason, by=by)


def _actor(email: str) -> Any:
    return actor_for(get_user_model().objects.get(email=email))
