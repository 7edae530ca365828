"""Rebates paid by credit note: due with the payment, told to the world, issued once under a number of its own."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from prm.outbox.models import OutboxEvent
from prm.values import clock
from rebates import wording
from rebates.books import reconciled
from rebates.errors_of_payouts import CreditNoteTaken, IssuedAlready, IssuedInTheFuture, NotPaidByTransfer
from rebates.kit import facts_of
from rebates.models import CreditNote, Payment
from rebates.programme_form import initial_of, is_editable
from rebates.services import confirm_credit_note, delivering, pay_statement, release_run, report_return
from tests.rebates.test_goods_and_wallet import FLAT, balances, settled, statement_of, told
from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db


def note_of(payment: Payment) -> CreditNote:
    return CreditNote.objects.for_everyone(because="a test").get(payment=payment)


@pytest.fixture
def paid(acme, finance):
    return pay_statement(statement=settled(acme, payout_as="credit_note"), by=finance)


def test_released_with_the_others_it_is_told_to_whoever_issues_credit_notes(acme, finance):
    statement = settled(acme, payout_as="credit_note")
    assert release_run(run=statement.run, by=finance) == 1
    found = balances()
    assert (found["credit_notes"], found["approved"], found["payable"]) == (Decimal("-1000.00"), 0, 0)
    assert "clearing" not in found
    (check,) = reconciled(finance)
    assert (check.paid, check.difference) == (Decimal("1000.00"), 0)
    (event,) = OutboxEvent.objects.filter(name="rebates.credit_note_due")
    payment = Payment.objects.for_everyone(because="a test").get()
    asked = {name: event.payload[name] for name in ("payment", "partner", "amount", "currency")}
    assert asked == {
        "payment": payment.number, "partner": acme.row.number, "amount": "1000.00", "currency": "CNY",
    }  # fmt: skip
    assert told("credit_note_due") == [acme.admin_user.pk]
    assert facts_of(statement)["payments"][0]["as"] == "credit_note"


def test_finance_confirms_the_number_and_the_partner_reads_it(acme, finance, browse, paid):
    client, statement = browse(finance), statement_of(acme)
    assert paid.number in client.get("/credit-notes/?view=due").content.decode()
    page = client.get(statement.get_absolute_url()).content.decode()
    assert f"/payouts/{paid.number}/credit-note/" in page and "To be issued" in page
    asked = client.post(f"/payouts/{paid.number}/credit-note/", {"issued_on": "", "reference": ""})
    assert asked.status_code == 422
    sent = {"issued_on": clock.today().isoformat(), "reference": "CN-2026-7"}
    assert client.post(f"/payouts/{paid.number}/credit-note/", sent).status_code == 302
    assert told("credit_note_issued") == [acme.admin_user.pk]
    page = browse(acme.admin).get(statement.get_absolute_url()).content.decode()
    assert "CN-2026-7" in page and "Issued" in page
    assert paid.number not in client.get("/credit-notes/?view=due").content.decode()
    assert paid.number in client.get("/credit-notes/?view=issued&q=CN-2026").content.decode()


def test_it_is_issued_once_not_ahead_and_under_a_number_of_its_own(acme, rival, finance, paid):
    note, today = note_of(paid), clock.today()
    with pytest.raises(IssuedInTheFuture):
        confirm_credit_note(note=note, issued_on=clock.days_after(today, 1), reference="CN-1", by=finance)
    confirm_credit_note(note=note, issued_on=today, reference="CN-1", by=finance)
    with pytest.raises(IssuedAlready):
        confirm_credit_note(note=note, issued_on=today, reference="CN-2", by=finance)
    sell(rival, 50_000, "2026-10-05")
    settle("2026-10")
    other = note_of(pay_statement(statement=statement_of(rival), by=finance))
    with pytest.raises(CreditNoteTaken, match=paid.number):
        confirm_credit_note(note=other, issued_on=today, reference=" CN-1 ", by=finance)
    rows = CreditNote.objects.for_everyone(because="a test").filter(pk=note.pk)
    for change in (lambda: rows.update(reference="CN-3"), lambda: rows.delete()):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()
    with pytest.raises(NotPaidByTransfer):
        report_return(payment=paid, returned_on=today, reason="?", by=finance)


def test_two_confirm_one_number_at_the_same_moment_and_one_of_them_is_told(
    acme, rival, finance, paid, monkeypatch
):
    sell(rival, 50_000, "2026-10-05")
    settle("2026-10")
    first, other = note_of(paid), note_of(pay_statement(statement=statement_of(rival), by=finance))
    confirm_credit_note(note=first, issued_on=clock.today(), reference="CN-1", by=finance)
    looks = iter([""])  # the other one is stored between the look and the write
    known = delivering._payment_of
    monkeypatch.setattr(delivering, "_payment_of", lambda reference: next(looks, known(reference)))
    with pytest.raises(CreditNoteTaken, match=paid.number):
        confirm_credit_note(note=other, issued_on=clock.today(), reference="CN-1", by=finance)
    assert note_of(other.payment).state == "due"


def test_nobody_else_confirms_it_and_no_other_partner_sees_it(acme, rival, browse, paid):
    address = f"/payouts/{paid.number}/credit-note/"
    assert browse(acme.admin).get(address).status_code == 403
    assert browse(rival.admin).get(statement_of(acme).get_absolute_url()).status_code == 404
    assert list(CreditNote.objects.visible_to(rival.admin)) == []
    assert [note.payment_id for note in CreditNote.objects.visible_to(acme.admin)] == [paid.pk]


def test_words_and_editor_know_the_choice(acme):
    (version,) = apply(policy(mechanism=FLAT, payout_as="credit_note"))
    assert "paid by credit note" in wording.sentence(version)
    assert initial_of(version)["payout_as"] == "credit_note" and is_editable(version.policy)
