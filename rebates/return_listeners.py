"""Who is told about returned payments. A notice is stored once per fact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from partners.people import administrators_of
from prm.access.rules import who_may
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from rebates.models import PaymentReturn
from rebates.return_events import PaymentReturned, PaymentReturnReported


@listens_to(PaymentReturnReported)
def ask_a_second_person_about_a_return(fact: PaymentReturnReported) -> None:
    found = _found(fact.return_id)
    people = [user for user in who_may("rebates.pay", found) if user.pk != found.reported_by_id]
    _tell(people, "return_reported", found, found.get_absolute_url())


@listens_to(PaymentReturned)
def tell_that_a_payment_came_back(fact: PaymentReturned) -> None:
    """Those who pay, and the partner's administrators, whose bank account it was."""
    found = _found(fact.return_id)
    partner_id = found.payment.statement.partner_id
    partners_own = administrators_of({partner_id})[partner_id]
    people = {user.pk: user for user in (*who_may("rebates.pay", found), *partners_own)}
    _tell(people.values(), "payment_returned", found, found.payment.statement.get_absolute_url())


def _found(return_id: int) -> PaymentReturn:
    return PaymentReturn.objects.for_everyone(because="an event names it").for_page().get(pk=return_id)


def _tell(people: Iterable[Any], kind: str, found: PaymentReturn, link: str) -> None:
    payment = found.payment
    notify(
        users=people, kind=f"rebates.{kind}", fact=f"{kind}:{found.pk}", link=link,
        values={
            "payment": payment.number, "partner": payment.statement.partner.name, "who": found.reporter,
            "reason": found.reason, "statement": payment.statement.number,
            "amount": said.Money(payment.amount, payment.statement.currency),
        },
    )  # fmt: skip
