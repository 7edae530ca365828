"""What staff decide about a registration in review, and the talk that goes with it.

`approve_registration`, `reject_registration` and `request_information` are the verbs of the registration's page: where
an approval flow is under way they decide the reader's task in it. `grant_protection`, `refuse_registration` and
`ask_partner` change the registration itself; they are called by those verbs or by the end of the flow.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Case, Value, When
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from dealreg import conflicts, errors
from dealreg.approvals import CODE
from dealreg.conflicts import ConflictResult
from dealreg.events import (
    InformationAnswered,
    InformationRequested,
    RegistrationApproved,
    RegistrationRejected,
)
from dealreg.models import DealRegistration, Protection, RegistrationMessage, RegistrationType
from dealreg.services.checking import keep_evidence, look_up
from dealreg.services.rules import State, must_be_able_to_become, must_not_be_own, must_say, wrong_state
from partners.models import Partner
from prm.access.rules import require
from prm.approvals import services as approvals
from prm.audit.services import record
from prm.catalogue.models import ProductLine
from prm.customers.models import EndCustomer
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor

CONSTRAINT = "one_protection_per_customer_and_line"


@transaction.atomic
def approve_registration(
    *,
    registration: DealRegistration,
    by: Actor,
    product_lines: Iterable[ProductLine] | None = None,
    note: str = "",
) -> DealRegistration:
    """Say yes: at one's step of the flow that is under way, else at once. Protection begins with the last yes."""
    task, registration = turn(registration, "dealreg.approve", State.APPROVED, by=by)
    if task is None:
        return grant_protection(registration=registration, by=by, product_lines=product_lines, note=note)
    chosen = _chosen_lines(registration, _registered_lines(registration), product_lines)
    says = {"product_lines": [line.pk for line in chosen]} if product_lines is not None else {}
    approvals.approve(task=task, by=by, text=note, says=says)
    registration.refresh_from_db()
    return registration


@transaction.atomic
def reject_registration(*, registration: DealRegistration, reason: str, by: Actor) -> DealRegistration:
    """Say no. It is final, at whichever step of a flow."""
    task, registration = turn(registration, "dealreg.reject", State.REJECTED, by=by)
    if task is None:
        return refuse_registration(registration=registration, reason=reason, by=by)
    approvals.reject(task=task, by=by, text=must_say(reason, errors.ReasonMissing))
    registration.refresh_from_db()
    return registration


@transaction.atomic
def request_information(*, registration: DealRegistration, text: str, by: Actor) -> RegistrationMessage:
    """Ask the partner something; a flow that is under way stands still until it answers."""
    task, registration = turn(registration, "dealreg.ask", State.INFO_REQUESTED, by=by, own=True)
    if task is None:
        return ask_partner(registration=registration, text=text, by=by)
    approvals.hand_back(task=task, by=by, text=must_say(text, errors.TextMissing))
    return registration.messages.latest("pk")


def turn(
    registration: DealRegistration, verb: str, state: str, *, by: Actor, own: bool = False
) -> tuple[Any, DealRegistration]:
    """The task with which `by` decides, None where no flow is under way; and the registration under its lock."""
    require(by, verb, registration)
    approvals.hold(CODE, registration.pk)  # the run before everything else
    Partner.objects.locked(registration.partner)
    registration = DealRegistration.objects.locked(registration)
    must_be_able_to_become(registration, state)
    if not own:
        must_not_be_own(registration, by)
    if by.is_system:
        approvals.cancel_run(subject=CODE, obj=registration, by=by)
        return None, registration
    if registration.state == State.INFO_REQUESTED:
        approvals.reject_returned(subject=CODE, obj=registration, by=by)
        return None, registration
    return approvals.turn_for(subject=CODE, obj=registration, by=by), registration


@transaction.atomic
def grant_protection(
    *,
    registration: DealRegistration,
    by: Actor,
    product_lines: Iterable[ProductLine] | None = None,
    note: str = "",
    days: tuple[date, date] | None = None,
) -> DealRegistration:
    """Protect the end customer for the partner, on all registered product lines or on `product_lines` only.

    The conflict check runs again here. Protection is for whole days in the tenant's zone, the day of approval
    being the first: approved 4 September for 90 days, last day 2 December. `days`, first and last, where another
    system promised them.
    """
    require(by, "dealreg.approve", registration)
    partner = Partner.objects.locked(registration.partner)
    registration = DealRegistration.objects.select_related("type", "end_customer").locked(registration)
    registration.partner = partner
    must_be_able_to_become(registration, State.APPROVED)
    must_not_be_own(registration, by)
    if partner.status != Partner.Status.ACTIVE:
        raise errors.PartnerNotActive(partner=partner.name)
    registered = _registered_lines(registration)
    chosen = _chosen_lines(registration, registered, product_lines)
    # Approvals for one customer, however it is spelled, queue here: the second meets the first one's protections.
    conflicts.hold_customer(registration)
    customer = EndCustomer.objects.select_for_update().get(pk=registration.end_customer_id)
    registration.end_customer = customer
    _must_be_free(customer, chosen)
    _must_not_clash(registration, customer, chosen, is_whole=len(chosen) == len(registered))

    last_day = _protect(registration, customer, chosen, days)
    registration.state, registration.waiting_since = State.APPROVED, None
    registration.decided_at, registration.decided_by_id = clock.now(), by.user_id
    registration.decision_reason, registration.protected_until = note.strip(), last_day
    registration.save()
    _mark_lines(registration, chosen)
    changes: dict[str, list[Any]] = {
        "state": ["in_review", "approved"],
        "product_lines": ["", said.in_each(lambda: _names(chosen))],
        "last_day": ["", last_day],
    }
    record(registration, "approved", by=by, changes=changes, reason=note.strip())
    emit(
        RegistrationApproved(registration_id=registration.pk, last_day=last_day.isoformat()),
        object_key=f"deal:{registration.pk}",
    )
    return registration


def _must_not_clash(
    registration: DealRegistration, customer: EndCustomer, chosen: list[ProductLine], *, is_whole: bool
) -> None:
    """Check for conflicts once more; what the check found is kept with the registration."""
    of_customer, of_text = conflicts.matches_for_approval(registration)
    conflicts.must_be_settled(registration, chosen, of_customer)
    result = look_up(registration, chosen, of_text)
    _must_not_be_blocked(result, customer, chosen)
    if is_whole:
        # Of a part, what was decided on stays: it tells why the other lines were left out.
        keep_evidence(registration, result)


@transaction.atomic
def refuse_registration(*, registration: DealRegistration, reason: str, by: Actor) -> DealRegistration:
    """Say no. The partner reads the reason, so it must not say who else."""
    require(by, "dealreg.reject", registration)
    registration = DealRegistration.objects.locked(registration)
    must_be_able_to_become(registration, State.REJECTED)
    must_not_be_own(registration, by)
    reason = must_say(reason, errors.ReasonMissing)
    was, registration.state = registration.state, State.REJECTED
    registration.waiting_since = None
    registration.decided_at, registration.decided_by_id = clock.now(), by.user_id
    registration.decision_reason = reason
    registration.save(update_fields=["state", "waiting_since", "decided_at", "decided_by", "decision_reason"])
    registration.lines.update(approved=False)
    record(registration, "rejected", by=by, changes={"state": [was, "rejected"]}, reason=reason)
    emit(RegistrationRejected(registration_id=registration.pk), object_key=f"deal:{registration.pk}")
    return registration


@transaction.atomic
def ask_partner(*, registration: DealRegistration, text: str, by: Actor) -> RegistrationMessage:
    """Ask the partner something. From now on the registration waits for the partner."""
    require(by, "dealreg.ask", registration)
    registration = DealRegistration.objects.locked(registration)
    must_be_able_to_become(registration, State.INFO_REQUESTED)
    message = say(registration, text, by=by, from_staff=True)
    registration.state, registration.waiting_since = State.INFO_REQUESTED, message.at
    registration.save(update_fields=["state", "waiting_since"])
    record(
        registration,
        "info_requested",
        by=by,
        changes={"state": ["in_review", "info_requested"]},
        reason=message.text,
    )
    emit(
        InformationRequested(registration_id=registration.pk, message_id=message.pk),
        object_key=f"deal:{registration.pk}",
    )
    return message


@transaction.atomic
def answer_information(*, registration: DealRegistration, text: str, by: Actor) -> RegistrationMessage:
    """Answer what was asked. The registration goes back into review."""
    require(by, "dealreg.register", registration)
    approvals.hold(CODE, registration.pk)
    registration = DealRegistration.objects.locked(registration)
    if registration.state != State.INFO_REQUESTED:
        raise wrong_state(registration)
    message = say(registration, text, by=by, from_staff=by.is_staff)
    registration.state, registration.waiting_since = State.IN_REVIEW, message.at
    registration.save(update_fields=["state", "waiting_since"])
    record(
        registration,
        "answered",
        by=by,
        changes={"state": ["info_requested", "in_review"]},
        reason=message.text,
    )
    emit(
        InformationAnswered(registration_id=registration.pk, message_id=message.pk),
        object_key=f"deal:{registration.pk}",
    )
    approvals.resume_run(subject=CODE, obj=registration, by=by, text=message.text)
    return message


@transaction.atomic
def change_type(*, registration: DealRegistration, code: str, by: Actor) -> DealRegistration:
    """Give a registration in review another type; what an approval then promises follows from it."""
    require(by, "dealreg.approve", registration)
    registration = DealRegistration.objects.locked(registration)
    if registration.state not in DealRegistration.OPEN:
        raise wrong_state(registration)
    kind = RegistrationType.objects.filter(code=code).first()
    if kind is None:
        raise errors.TypeUnknown(code=code)
    if kind.pk != registration.type_id:
        was, registration.type = registration.type, kind
        registration.save(update_fields=["type"])
        record(registration, "changed", by=by, changes={"type": [was, kind]})
    return registration


def lines_taken(customer: EndCustomer, product_lines: Iterable[ProductLine]) -> list[ProductLine]:
    """Which of `product_lines` somebody holds a running protection on, for `customer`."""
    taken = set(
        Protection.objects.held_for([customer.pk])
        .filter(product_line__in=list(product_lines))
        .values_list("product_line_id", flat=True)
    )
    return [line for line in product_lines if line.pk in taken]


def _must_be_free(customer: EndCustomer, product_lines: list[ProductLine]) -> None:
    taken = lines_taken(customer, product_lines)
    if taken:
        raise errors.LineNotAvailable(line=_names(taken))


def _must_not_be_blocked(
    result: ConflictResult, customer: EndCustomer, product_lines: list[ProductLine]
) -> None:
    if result.verdict != DealRegistration.Verdict.BLOCKED:
        return
    if result.rule == "direct_only":
        raise errors.DirectOnly(name=customer.name)
    raise errors.LineNotAvailable(line=_names(product_lines))


def _registered_lines(registration: DealRegistration) -> list[ProductLine]:
    # In one order for all, so that two approvals never wait for each other crosswise.
    lines = [line.product_line for line in registration.lines.select_related("product_line")]
    return sorted(lines, key=lambda line: line.pk)


def _chosen_lines(
    registration: DealRegistration, registered: list[ProductLine], wanted: Iterable[ProductLine] | None
) -> list[ProductLine]:
    if wanted is None:
        return registered
    wanted = list(wanted)
    for line in wanted:
        if line not in registered:
            raise errors.LineNotRegistered(line=line, number=registration.number)
    if not wanted:
        raise errors.LinesMissing()
    return [line for line in registered if line in wanted]


def _protect(
    registration: DealRegistration, customer: EndCustomer, product_lines: list[ProductLine],
    days: tuple[date, date] | None,
) -> date:  # fmt: skip
    """Make a protection for each line; the last day of all of them."""
    first_day = days[0] if days else clock.today()
    after = first_day + timedelta(days=registration.type.protection_days)
    after = days[1] + timedelta(days=1) if days else after
    for line in product_lines:
        try:
            with transaction.atomic():
                Protection.objects.create(
                    registration=registration, end_customer=customer, product_line=line, first_day=first_day,
                    during=DateRange(first_day, after), promised_last_day=after - timedelta(days=1),
                )  # fmt: skip
        except IntegrityError as problem:
            if CONSTRAINT in str(problem):
                raise errors.LineNotAvailable(line=line) from problem
            raise
    return after - timedelta(days=1)


def _mark_lines(registration: DealRegistration, approved: list[ProductLine]) -> None:
    chosen = When(product_line__in=approved, then=Value(True))
    registration.lines.update(approved=Case(chosen, default=Value(False)))


def say(registration: DealRegistration, text: str, *, by: Actor, from_staff: bool) -> RegistrationMessage:
    return RegistrationMessage.objects.create(
        registration=registration,
        author_id=by.user_id,
        author_label=by.label,
        from_staff=from_staff,
        text=must_say(text, errors.TextMissing),
        at=clock.now(),
    )


def _names(product_lines: Iterable[ProductLine]) -> object:
    names = [str(line) for line in product_lines]
    if len(names) < 2:
        return "".join(names)
    return format_lazy(_("{first} and {last}"), first=", ".join(names[:-1]), last=names[-1])
