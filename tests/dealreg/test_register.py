"""A partner writes a deal down and hands it in."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from dealreg import errors
from dealreg.models import DealRegistration
from dealreg.services import register_deal, save_draft, submit_registration
from partners.models import Partner
from prm.audit.models import AuditEntry
from prm.outbox.models import OutboxEvent
from prm.values import clock
from prm.values.errors import NotAllowed
from tests.factories import dealreg as deals


def test_a_draft_keeps_what_was_typed_so_far(acme):
    deals.registration_type()
    draft = save_draft(partner=acme.row, by=acme.sales, customer_name="  Taizhou Bay Robotics ")
    assert draft.state == "draft"
    assert draft.customer_name == "Taizhou Bay Robotics"
    assert draft.estimated_value is None
    assert draft.number.startswith("DR-")
    assert draft.submitted_at is None


def test_saving_again_changes_the_same_draft_and_its_lines(acme):
    routing, wireless = deals.line("routing"), deals.line("wireless")
    draft = deals.draft(acme, product_lines=[routing, wireless])
    again = save_draft(
        partner=acme.row,
        by=acme.sales,
        registration=draft,
        customer_name="Anji Bamboo",
        product_lines=[wireless],
    )
    assert again.pk == draft.pk
    assert [line.product_line for line in again.lines.all()] == [wireless]
    assert again.customer_name == "Anji Bamboo"


def test_typing_for_an_hour_writes_one_line_into_the_audit(acme):
    draft = deals.draft(acme)
    for name in ("A", "An", "Anj"):
        save_draft(partner=acme.row, by=acme.sales, registration=draft, customer_name=name)
    assert [entry.verb for entry in AuditEntry.objects.of(draft)] == ["draft_begun"]


def test_handing_in_takes_the_servers_time_and_names_one_end_customer(acme, time_machine):
    time_machine.move_to("2026-11-12T01:22:07Z", tick=False)
    registration = deals.in_review(acme)
    assert registration.state == "in_review"
    assert registration.submitted_at == registration.waiting_since == clock.now()
    assert registration.end_customer.name == "Hangzhou Xunda Logistics Co., Ltd."
    assert registration.submitted_by_id == acme.sales.user_id
    assert registration.number.startswith("DR-2611-")


def test_a_customer_nobody_holds_is_clear(acme):
    assert deals.in_review(acme).verdict == "clear"


def test_a_customer_that_is_protected_is_not_clear_for_a_rival(acme, rival, manager):
    deals.approved(acme, manager)
    registration = deals.in_review(rival)
    assert registration.verdict == "blocked"
    assert registration.match_count >= 1
    assert registration.state == "in_review"


def test_two_spellings_become_one_end_customer(acme, rival):
    first = deals.in_review(acme)
    second = deals.in_review(rival, customer_name="HANGZHOU  xunda logistics, CO LTD")
    assert first.end_customer_id == second.end_customer_id


def test_handing_in_is_told_to_the_world_in_the_same_transaction(acme):
    registration = deals.in_review(acme)
    event = OutboxEvent.objects.get(name="dealreg.submitted")
    assert event.payload == {"registration_id": registration.pk, "verdict": registration.verdict}
    assert [entry.verb for entry in AuditEntry.objects.of(registration)] == ["submitted", "draft_begun"]


@pytest.mark.parametrize(
    ("missing", "error"),
    [
        ({"customer_name": " "}, errors.CustomerMissing),
        ({"product_lines": []}, errors.LinesMissing),
        ({"estimated_value": None}, errors.ValueMissing),
        ({"expected_close": None}, errors.CloseMissing),
        ({"estimated_value": Decimal("-1")}, errors.ValueNegative),
    ],
)
def test_nothing_incomplete_is_handed_in(acme, missing, error):
    with pytest.raises(error) as refused:
        deals.in_review(acme, **missing)
    assert refused.value.field in {"customer_name", "product_lines", "estimated_value", "expected_close"}


def test_a_close_before_today_is_refused_and_today_is_taken(acme):
    with pytest.raises(errors.CloseInThePast):
        deals.in_review(acme, expected_close=clock.today() - timedelta(days=1))
    assert deals.in_review(acme, expected_close=clock.today()).state == "in_review"


def test_a_draft_is_handed_in_once(acme):
    draft = deals.draft(acme)
    submit_registration(registration=draft, by=acme.sales)
    with pytest.raises(errors.AlreadySubmitted):
        submit_registration(registration=draft, by=acme.sales)
    with pytest.raises(errors.AlreadySubmitted):
        save_draft(partner=acme.row, by=acme.sales, registration=draft, customer_name="Other")


def test_a_suspended_partner_registers_nothing_new(acme):
    Partner.objects.visible_to(acme.sales).update(status="suspended")
    acme.row.refresh_from_db()
    with pytest.raises(errors.PartnerNotActive):
        deals.in_review(acme)


def test_a_rival_cannot_write_into_anothers_draft(acme, rival):
    draft = deals.draft(acme)
    with pytest.raises(NotAllowed):
        save_draft(partner=rival.row, by=rival.sales, registration=draft, customer_name="Mine now")
    with pytest.raises(NotAllowed):
        save_draft(partner=acme.row, by=rival.sales, customer_name="In your name")
    with pytest.raises(NotAllowed):
        submit_registration(registration=draft, by=rival.sales)
    draft.refresh_from_db()
    assert (draft.partner_id, draft.state) == (acme.row.pk, "draft")


def test_a_channel_manager_registers_for_a_partner_and_finance_does_not(acme, manager, finance):
    registration = register_deal(partner=acme.row, by=manager, **deals.facts())
    assert registration.partner == acme.row
    assert registration.created_by_id == manager.user_id
    with pytest.raises(NotAllowed):
        register_deal(partner=acme.row, by=finance, **deals.facts())


def test_without_a_registration_type_nobody_is_left_guessing(acme):
    from dealreg.models import RegistrationType

    RegistrationType.objects.all().delete()
    with pytest.raises(errors.TypeMissing):
        save_draft(partner=acme.row, by=acme.sales, customer_name="Anji Bamboo")


def test_the_database_refuses_a_registration_in_review_without_a_customer(acme):
    from django.db import IntegrityError, transaction

    draft = deals.draft(acme)
    rows = DealRegistration.objects.visible_to(acme.sales).filter(pk=draft.pk)
    with pytest.raises(IntegrityError, match="submitted_registration_is_complete"), transaction.atomic():
        rows.update(state="in_review")
