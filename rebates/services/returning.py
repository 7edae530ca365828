"""A booked payment that the bank sends back: reported by one person, confirmed by another.

Guarantee: the ledger takes back both postings of the payment, each by its mirror image that names it, once; from then
on the payment counts as not made, and what it paid is open again. Nobody confirms what they reported themselves.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.ledger.models import Transaction
from prm.ledger.services import reverse
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from rebates.errors_of_payouts import NotPaidByTransfer
from rebates.errors_of_returns import (
    ReturnDecided,
    ReturnedAlready,
    ReturnedBeforePaid,
    ReturnedInTheFuture,
    ReturnReasonMissing,
    SecondPersonConfirmsReturn,
)
from rebates.models import Payment, PaymentReturn, SettlementRun
from rebates.return_events import PaymentReturned, PaymentReturnReported
from rebates.services.closing import hold_balances

STATE = PaymentReturn.State
POSTINGS = ("rebates.pay", "rebates.release")  # in the order in which they are taken back


@transaction.atomic
def report_return(
    *, payment: Payment, returned_on: date, reason: str, by: Actor, wrong_account: bool = False
) -> PaymentReturn:
    """Say that the bank returned `payment`. Nothing is booked until somebody else confirms it."""
    require(by, "rebates.pay", payment)
    Partner.objects.hold([payment.statement.partner_id])
    payment = Payment.objects.locked(payment)
    if not reason.strip():
        raise ReturnReasonMissing()
    if payment.method != Payment.Method.TRANSFER:
        raise NotPaidByTransfer(number=payment.number)
    if payment.returned_on is not None or payment.returns.exclude(state=STATE.REFUSED).exists():
        raise ReturnedAlready(number=payment.number)
    if returned_on < payment.paid_on:
        raise ReturnedBeforePaid(day=payment.paid_on)
    if returned_on > clock.today():
        raise ReturnedInTheFuture(today=clock.today())
    found = PaymentReturn.objects.create(
        payment=payment, returned_on=returned_on, reason=reason.strip(), wrong_account=wrong_account,
        reported_by_id=by.user_id, reported_by_label=by.label[:200], reported_at=clock.now(),
    )  # fmt: skip
    _record(found, "return reported", by, found.reason)
    emit(PaymentReturnReported(**_names(found)), object_key=f"statement:{payment.statement_id}")
    return found


@transaction.atomic
def confirm_return(*, found: PaymentReturn, by: Actor) -> PaymentReturn:
    """Confirm it as the second person: the ledger takes the payment back, the statement is open again."""
    require(by, "rebates.pay", found)
    statement = found.payment.statement
    Partner.objects.hold([statement.partner_id])
    run = SettlementRun.objects.select_for_update().get(pk=statement.run_id)
    found = _locked(found)
    refuse_to_confirm(found, by)
    hold_balances()
    _decide(found, STATE.CONFIRMED, "", by)
    payment = Payment.objects.locked(found.payment)
    for event in POSTINGS:
        booked = Transaction.objects.for_everyone(because="the payment's own").get(
            key=f"{event}:{payment.number}"
        )
        reverse(original=booked, booked_on=found.returned_on, by=by, memo=payment.number)
    payment.returned_on = found.returned_on
    payment.save(update_fields=["returned_on"])
    _record(found, "payment returned", by, found.reason)
    if run.state == SettlementRun.State.PAID:
        run.state, run.state_since = SettlementRun.State.CLOSED, clock.now()
        run.save(update_fields=["state", "state_since"])
        record(run, "open again", by=by, changes={"payment": [None, payment.number]})
    emit(PaymentReturned(**_names(found)), object_key=f"statement:{payment.statement_id}")
    return found


@transaction.atomic
def refuse_return(*, found: PaymentReturn, reason: str, by: Actor) -> PaymentReturn:
    """It did not come back, or was reported by mistake: the payment stands."""
    require(by, "rebates.pay", found)
    found = _locked(found)
    if not reason.strip():
        raise ReturnReasonMissing()
    _decide(found, STATE.REFUSED, reason.strip(), by)
    _record(found, "return not confirmed", by, found.decision)
    return found


def refuse_to_confirm(found: PaymentReturn, by: Actor) -> None:
    """Raise unless `by` may confirm it: a second person."""
    if by.user_id is not None and by.user_id == found.reported_by_id:
        raise SecondPersonConfirmsReturn(person=found.reporter)


def _locked(found: PaymentReturn) -> PaymentReturn:
    found = PaymentReturn.objects.locked(found)
    if found.state != STATE.REPORTED:
        raise ReturnDecided(state=found.get_state_display())
    return found


def _decide(found: PaymentReturn, state: str, decision: str, by: Actor) -> None:
    found.state, found.decision = state, decision
    found.decided_by_id, found.decided_by_label, found.decided_at = by.user_id, by.label[:200], clock.now()
    found.save()


def _record(found: PaymentReturn, verb: str, by: Actor, reason: str) -> None:
    payment = found.payment
    money = said.Money(payment.amount, payment.statement.currency)
    changes: dict[str, list[Any]] = {
        "payment": [None, payment.number],
        "amount": [None, money],
        "day": [None, found.returned_on],
    }
    record(payment.statement, verb, by=by, changes=changes, reason=reason)


def _names(found: PaymentReturn) -> dict[str, int]:
    return {
        "statement_id": found.payment.statement_id, "payment_id": found.payment_id, "return_id": found.pk,
    }  # fmt: skip
