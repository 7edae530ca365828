"""Who is told what after a registration moved. Each listener may run again: a notice is stored once per fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext, gettext_lazy

from dealreg.events import (
    AskedTooOften,
    InformationAnswered,
    InformationRequested,
    ProtectionEndsSoon,
    RegistrationApproved,
    RegistrationCorrected,
    RegistrationExpired,
    RegistrationLost,
    RegistrationRejected,
    RegistrationSubmitted,
    RegistrationWithdrawn,
    RegistrationWon,
)
from dealreg.models import AvailabilityQuestion, DealRegistration
from dealreg.waiting import deciders, deciders_by_partner
from partners.events import PartnerStatusChanged
from partners.models import Member
from prm.access.roles import Role
from prm.approvals import reads as approvals
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor

Values = Callable[[DealRegistration], dict[str, Any]]


@listens_to(RegistrationSubmitted)
def ask_for_a_decision(fact: RegistrationSubmitted) -> None:
    registration = _read(fact.registration_id)
    if approvals.run_of("deal", registration.pk) is None:  # a flow asks its people itself
        _tell(deciders(registration), "dealreg.submitted", registration, fact="submitted", values=_money)


@listens_to(RegistrationApproved)
def tell_of_the_protection(fact: RegistrationApproved) -> None:
    registration = _read(fact.registration_id)
    last_day = date.fromisoformat(fact.last_day)
    _tell(
        partner_people(registration), "dealreg.approved", registration, fact="approved",
        values=lambda row: {"day": said.Day(last_day), "lines": said.InEach(lambda: _approved_lines(row))},
    )  # fmt: skip


@listens_to(RegistrationRejected)
def tell_of_the_rejection(fact: RegistrationRejected) -> None:
    registration = _read(fact.registration_id)
    _tell(
        partner_people(registration), "dealreg.rejected", registration, fact="rejected",
        values=lambda row: {"reason": row.decision_reason},
    )  # fmt: skip


@listens_to(InformationRequested)
def pass_the_question_on(fact: InformationRequested) -> None:
    registration = _read(fact.registration_id)
    _tell_message(partner_people(registration), "dealreg.info_requested", registration, fact.message_id)


@listens_to(InformationAnswered)
def pass_the_answer_on(fact: InformationAnswered) -> None:
    registration = _read(fact.registration_id)
    _tell_message(deciders(registration), "dealreg.answered", registration, fact.message_id)


@listens_to(RegistrationCorrected)
def ask_for_a_decision_anew(fact: RegistrationCorrected) -> None:
    registration = _read(fact.registration_id)
    if approvals.run_of("deal", registration.pk) is None:  # a flow asks its people itself
        _tell(
            deciders(registration),
            "dealreg.corrected",
            registration,
            fact=f"corrected.{fact.at}",
            values=_money,
        )


@listens_to(RegistrationWithdrawn)
def tell_of_the_withdrawal(fact: RegistrationWithdrawn) -> None:
    registration = _read(fact.registration_id)
    _tell(deciders(registration), "dealreg.withdrawn", registration, fact="withdrawn")


@listens_to(RegistrationWon)
def tell_of_the_win(fact: RegistrationWon) -> None:
    registration = _read(fact.registration_id)
    _tell(deciders(registration), "dealreg.won", registration, fact="won", values=_money)


@listens_to(RegistrationLost)
def tell_of_the_loss(fact: RegistrationLost) -> None:
    registration = _read(fact.registration_id)
    _tell(
        deciders(registration), "dealreg.lost", registration, fact="lost",
        values=lambda row: {"reason": row.closed_reason},
    )  # fmt: skip


@listens_to(RegistrationExpired)
def tell_of_the_end(fact: RegistrationExpired) -> None:
    registration = _read(fact.registration_id)
    _tell(partner_people(registration), "dealreg.expired", registration, fact="expired")


@listens_to(ProtectionEndsSoon)
def remind(fact: ProtectionEndsSoon) -> None:
    registration = _read(fact.registration_id)
    last_day = date.fromisoformat(fact.last_day)
    _tell(
        partner_people(registration), "dealreg.ends_soon", registration, fact=f"ends_soon.{fact.days}",
        values=lambda row: {"day": said.Day(last_day)},
    )  # fmt: skip


@listens_to(AskedTooOften)
def hand_the_question_over(fact: AskedTooOften) -> None:
    """The page answers no more about this customer: a person does."""
    questions = AvailabilityQuestion.objects.for_everyone(because="an event names it").select_related(
        "partner"
    )
    asked = questions.get(pk=fact.question_id)
    notify(
        users=deciders_by_partner([asked.partner_id])[asked.partner_id],
        kind="dealreg.asked_too_often",
        fact=f"question:{asked.pk}",
        values={"partner": asked.partner.name, "customer": asked.customer_name},
        link=asked.partner.get_absolute_url(),
    )


@listens_to(PartnerStatusChanged, label=gettext_lazy("Release of protections"))
def release_what_a_partner_held(fact: PartnerStatusChanged) -> None:
    """A partner that has left holds no customer any more."""
    if fact.after != "exited":
        return
    from dealreg.services import withdraw_registration

    left = DealRegistration.objects.for_everyone(because="the partner has left").filter(
        partner_id=fact.partner_id
    )
    for registration in left.filter(state__in=["draft", "in_review", "info_requested", "approved"]):
        withdraw_registration(registration=registration, reason=fact.reason, by=Actor.job("partner exit"))


def partner_people(registration: DealRegistration) -> list[Any]:
    """At the partner: who registered it and still belongs there, and the company's administrators."""
    today = (
        Member.objects.for_everyone(because="people of the registration's own partner")
        .filter(partner_id=registration.partner_id)
        .on(clock.today())
        .values("user_id")
    )
    people = get_user_model().objects.filter(pk__in=today, is_active=True)
    own = (registration.created_by_id, registration.submitted_by_id)
    return [user for user in people if user.pk in own or user.role == Role.PARTNER_ADMIN]


def _read(registration_id: int) -> DealRegistration:
    return (
        DealRegistration.objects.for_everyone(because="an event names it")
        .for_detail()
        .get(pk=registration_id)
    )


def _tell(
    people: Iterable[Any],
    kind: str,
    registration: DealRegistration,
    *,
    fact: str,
    values: Values | None = None,
) -> None:
    known = {
        "number": registration.number,
        "customer": registration.customer_name,
        "partner": registration.partner.name,
        "who": str(registration.decided_by or "") or said.InEach(lambda: gettext("the flow")),
    }
    notify(
        users=people,
        kind=kind,
        fact=f"deal.{fact}:{registration.pk}",
        values=known | (values(registration) if values else {}),
        link=registration.get_absolute_url(),
    )


def _tell_message(people: Iterable[Any], kind: str, registration: DealRegistration, message_id: int) -> None:
    message = next(one for one in registration.messages.all() if one.pk == message_id)
    words = {"author": message.author_label, "text": message.text}
    _tell(people, kind, registration, fact=f"message.{message_id}", values=lambda row: words)


def _money(registration: DealRegistration) -> dict[str, Any]:
    value = said.Money(registration.estimated_value, registration.currency, 0)
    return {"value": value, "check": said.InEach(registration.get_verdict_display)}


def _approved_lines(registration: DealRegistration) -> str:
    return ", ".join(str(line.product_line) for line in registration.lines.all() if line.approved)
