"""Who is told what about disputes, and what makes kept accruals old.

Each listener may run again: a notice is stored once per fact, and what holds is not computed anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy

from orders.events import SalesLinesRecorded
from partners.events import PartnerTierChanged
from partners.models import Member
from prm.access.roles import Role
from prm.access.rules import who_may
from prm.exchange.events import RatesConfirmed
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from prm.values import clock
from rebates import (  # noqa: F401  they register their own
    budget_notices,
    correction_listeners,
    payout_listeners,
    return_listeners,
    review_listeners,
    signature_listeners,
)
from rebates import dispute_events as events
from rebates.events import GoLiveFiguresBrought, ProgrammePublished, SettlementClosed
from rebates.golive_events import GoLiveRowTakenBack
from rebates.models import Dispute
from rebates.services.keeping import keep_up

MAKE_OLD = (
    SalesLinesRecorded, PartnerTierChanged, RatesConfirmed, ProgrammePublished, SettlementClosed, GoLiveFiguresBrought,
    GoLiveRowTakenBack,
)  # fmt: skip


@listens_to(*MAKE_OLD, label=gettext_lazy("Accruals"))
def keep_accruals(fact: Any) -> None:
    keep_up()


@listens_to(events.StatementDisputed)
def tell_finance_of_a_dispute(fact: events.StatementDisputed) -> None:
    dispute = _dispute(fact.dispute_id)
    _tell(who_may("rebates.decide_disputes"), "opened", dispute)


@listens_to(events.DisputeAskedBack)
def ask_the_partner(fact: events.DisputeAskedBack) -> None:
    dispute = _dispute(fact.dispute_id)
    _tell(_partner_people(dispute), "asked_back", dispute, about=fact.at)


@listens_to(events.DisputeAnswered)
def tell_the_other_side(fact: events.DisputeAnswered) -> None:
    dispute = _dispute(fact.dispute_id)
    last = dispute.messages.order_by("pk").last()
    people = _partner_people(dispute)
    from_partner = last is not None and last.author_id in {user.pk for user in people}
    if from_partner:
        people = who_may("rebates.decide_disputes")
    _tell(people, "answered" if from_partner else "message", dispute, about=fact.at)


@listens_to(events.DisputeProposed)
def ask_a_second_person(fact: events.DisputeProposed) -> None:
    dispute = _dispute(fact.dispute_id)
    adjustment = getattr(dispute, "adjustment", None)
    if adjustment is None:
        return
    people = [user for user in who_may("rebates.approve") if user.pk != adjustment.proposed_by_id]
    amount = said.Money(adjustment.amount, adjustment.currency)
    _tell(people, "proposed", dispute, about=fact.at, amount=amount, who=adjustment.proposer)


@listens_to(events.DisputeDecided)
def tell_the_partner_of_the_decision(fact: events.DisputeDecided) -> None:
    dispute = _dispute(fact.dispute_id)
    kind = "rejected" if fact.state == Dispute.State.REJECTED else "accepted"
    _tell(_partner_people(dispute), kind, dispute)


@listens_to(events.DisputeWithdrawn)
def tell_finance_of_the_end(fact: events.DisputeWithdrawn) -> None:
    _tell(who_may("rebates.decide_disputes"), "withdrawn", _dispute(fact.dispute_id))


@listens_to(events.DisputeExtended)
def tell_finance_of_more_lines(fact: events.DisputeExtended) -> None:
    dispute = _dispute(fact.dispute_id)
    addition = dispute.additions.get(pk=fact.addition_id)
    words = {"held": said.Money(addition.held, dispute.currency), "reason": addition.reason}
    _tell(who_may("rebates.decide_disputes"), "extended", dispute, about=str(addition.pk), **words)


def _dispute(dispute_id: int) -> Dispute:
    return Dispute.objects.for_everyone(because="an event names it").for_page().get(pk=dispute_id)


def _partner_people(dispute: Dispute) -> list[Any]:
    """At the partner: who opened it and still belongs there, and the company's administrators."""
    today = Member.objects.for_everyone(because="people of the dispute's own partner").on(clock.today())
    members = today.filter(partner_id=dispute.partner_id).values("user_id")
    people = get_user_model().objects.filter(pk__in=members, is_active=True)
    return [user for user in people if user.pk == dispute.opened_by_id or user.role == Role.PARTNER_ADMIN]


def _tell(people: Iterable[Any], kind: str, dispute: Dispute, *, about: str = "", **more: Any) -> None:
    last = dispute.messages.order_by("pk").last()
    known = {
        "number": dispute.number, "partner": dispute.partner.name, "statement": dispute.statement.number,
        "held": said.Money(dispute.held, dispute.currency), "reason": dispute.decision or dispute.reason,
        "text": last.text if last else "", "author": last.author_label if last else "",
        "state": dispute.State(dispute.state).label,
    }  # fmt: skip
    notify(
        users=people, kind=f"rebates.dispute_{kind}", link=dispute.get_absolute_url(), values=known | more,
        fact=f"dispute.{kind}:{dispute.pk}{f':{about}' if about else ''}",
    )  # fmt: skip
