"""Staff decide: approve, on some lines or all, reject, ask."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from dealreg import errors
from dealreg.models import Protection
from dealreg.services import (
    answer_information,
    approve_registration,
    mark_lost,
    register_deal,
    reject_registration,
    request_information,
)
from prm.audit.models import AuditEntry
from prm.customers.models import EndCustomer
from prm.customers.services import confirm_customer
from prm.outbox.models import OutboxEvent
from prm.values.errors import NotAllowed
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor


def test_approved_on_4_september_for_90_days_the_last_day_is_2_december(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    registration = deals.approved(acme, manager)
    protection = registration.protections.get()
    assert (
        protection.last_day
        == protection.promised_last_day
        == registration.protected_until
        == date(2026, 12, 2)
    )
    assert protection.is_live(date(2026, 9, 4))
    assert protection.is_live(date(2026, 12, 2))
    assert not protection.is_live(date(2026, 12, 3))


def test_the_day_is_the_one_in_the_tenants_zone(acme, manager, tenant, time_machine):
    assert tenant.time_zone == "Asia/Shanghai"
    time_machine.move_to("2026-09-03T17:00:00Z")  # already 4 September there
    assert deals.approved(acme, manager).protected_until == date(2026, 12, 2)


def test_the_registrations_type_says_for_how_many_days(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    deals.registration_type(protection_days=30)
    assert deals.approved(acme, manager).protected_until == date(2026, 10, 3)


def test_each_product_line_is_protected_and_told(acme, manager):
    routing, wireless = deals.line("routing"), deals.line("wireless")
    registration = deals.approved(acme, manager, product_lines=[routing, wireless])
    assert {protection.product_line for protection in registration.protections.all()} == {routing, wireless}
    assert registration.decided_by_id == manager.user_id
    event = OutboxEvent.objects.get(name="dealreg.approved")
    assert event.payload["last_day"] == registration.protected_until.isoformat()
    assert AuditEntry.objects.of(registration).first().verb == "approved"


def test_some_lines_alone_may_be_approved(acme, manager):
    routing, wireless = deals.line("routing"), deals.line("wireless")
    registration = deals.in_review(acme, product_lines=[routing, wireless])
    approve_registration(registration=registration, product_lines=[wireless], by=manager)
    assert [protection.product_line for protection in registration.protections.all()] == [wireless]
    assert {line.product_line: line.approved for line in registration.lines.all()} == {
        routing: False,
        wireless: True,
    }


def test_a_line_that_was_not_registered_is_not_approved(acme, manager):
    registration = deals.in_review(acme)
    with pytest.raises(errors.LineNotRegistered):
        approve_registration(registration=registration, product_lines=[deals.line("wireless")], by=manager)
    with pytest.raises(errors.LinesMissing):
        approve_registration(registration=registration, product_lines=[], by=manager)


def test_a_line_that_a_rival_holds_is_named_and_nothing_is_changed(acme, rival, manager):
    routing, wireless = deals.line("routing"), deals.line("wireless")
    deals.approved(rival, manager, product_lines=[routing])
    registration = deals.in_review(acme, product_lines=[routing, wireless])
    with pytest.raises(errors.LineNotAvailable) as refused:
        approve_registration(registration=registration, by=manager)
    assert str(routing) in refused.value.text
    assert rival.name not in refused.value.text
    registration.refresh_from_db()
    assert registration.state == "in_review"
    assert not registration.protections.exists()
    evidence = registration.check_result
    approve_registration(registration=registration, product_lines=[wireless], by=manager)
    registration.refresh_from_db()
    assert registration.state == "approved"
    # Why the other line was left out is still to be read.
    assert (registration.verdict, registration.check_result) == ("blocked", evidence)


def test_the_database_itself_allows_one_protection_per_customer_and_line(acme, rival, manager):
    held = deals.approved(acme, manager).protections.get()
    other = deals.in_review(rival)
    copy = {"registration": other, "end_customer": held.end_customer, "product_line": held.product_line}
    days = {"first_day": held.first_day, "promised_last_day": held.promised_last_day}
    with pytest.raises(IntegrityError, match="one_protection_per_customer_and_line"), transaction.atomic():
        Protection.objects.create(**copy, **days, during=held.during)
    after = DateRange(held.during.upper, date(2099, 1, 1))
    assert Protection.objects.create(**copy, **days, during=after).pk


def test_after_a_loss_the_customer_is_free_on_the_same_day(acme, rival, manager):
    mark_lost(registration=deals.approved(acme, manager), reason="Went elsewhere", by=acme.sales)
    assert deals.approved(rival, manager).state == "approved"


def test_nobody_approves_what_they_registered_themselves(acme, manager, administrator):
    registration = register_deal(partner=acme.row, by=manager, **deals.facts())
    with pytest.raises(errors.OwnRegistration):
        approve_registration(registration=registration, by=manager)
    with pytest.raises(errors.OwnRegistration):
        reject_registration(registration=registration, reason="No", by=manager)
    assert approve_registration(registration=registration, by=administrator).state == "approved"


def test_whoever_hands_a_draft_in_cannot_approve_it_either(acme, manager):
    from dealreg.services import submit_registration

    registration = submit_registration(registration=deals.draft(acme), by=manager)
    with pytest.raises(errors.OwnRegistration):
        approve_registration(registration=registration, by=manager)


def test_too_late_is_not_the_same_as_not_allowed(acme, manager, administrator, finance):
    registration = deals.approved(acme, manager)
    with pytest.raises(errors.AlreadyApproved) as late:
        approve_registration(registration=registration, by=administrator)
    assert "Lin Yue" in late.value.text
    for stranger in (acme.sales, acme.admin, finance):
        with pytest.raises(NotAllowed):
            approve_registration(registration=registration, by=stranger)


def test_a_manager_decides_only_about_partners_assigned_to_them(acme):
    elsewhere = actor(UserFactory(role="channel_manager", name="Chen Rui"))
    with pytest.raises(NotAllowed):
        approve_registration(registration=deals.in_review(acme), by=elsewhere)


def test_an_operator_who_acts_for_a_manager_never_decides(acme, manager):
    acting = manager.with_(kind="operator", acting_operator="op@example.com")
    registration = deals.in_review(acme)
    with pytest.raises(NotAllowed):
        approve_registration(registration=registration, by=acting)
    with pytest.raises(NotAllowed):
        reject_registration(registration=registration, reason="No", by=acting)


def test_a_rejection_says_why(acme, manager):
    registration = deals.in_review(acme)
    with pytest.raises(errors.ReasonMissing):
        reject_registration(registration=registration, reason="  ", by=manager)
    rejected = reject_registration(registration=registration, reason="Named account", by=manager)
    assert (rejected.state, rejected.decision_reason) == ("rejected", "Named account")
    assert rejected.waiting_since is None
    with pytest.raises(errors.AlreadyRejected):
        approve_registration(registration=registration, by=manager)


def test_a_question_turns_the_promise_clock_round_and_the_answer_turns_it_back(acme, manager, time_machine):
    time_machine.move_to("2026-11-12T01:22:00Z", tick=False)
    registration = deals.in_review(acme)
    time_machine.move_to("2026-11-12T03:00:00Z", tick=False)
    asked = request_information(registration=registration, text="Who decides there?", by=manager)
    registration.refresh_from_db()
    assert (registration.state, registration.waiting_since) == ("info_requested", asked.at)
    with pytest.raises(errors.WaitsForPartner):
        approve_registration(registration=registration, by=manager)
    time_machine.move_to("2026-11-12T05:00:00Z", tick=False)
    answered = answer_information(registration=registration, text="Xu Peng, IT director", by=acme.sales)
    registration.refresh_from_db()
    assert (registration.state, registration.waiting_since) == ("in_review", answered.at)
    assert [message.from_staff for message in registration.messages.all()] == [True, False]
    assert approve_registration(registration=registration, by=manager).state == "approved"


def test_only_what_was_asked_can_be_answered_and_only_by_its_partner(acme, rival, manager):
    registration = deals.in_review(acme)
    with pytest.raises(errors.AlreadySubmitted):
        answer_information(registration=registration, text="Hello", by=acme.sales)
    request_information(registration=registration, text="Who decides there?", by=manager)
    with pytest.raises(NotAllowed):
        answer_information(registration=registration, text="Me", by=rival.sales)
    with pytest.raises(errors.TextMissing):
        answer_information(registration=registration, text=" ", by=acme.sales)


def test_a_possible_conflict_is_for_a_person_to_decide(acme, rival, manager):
    deals.approved(rival, manager, customer_name="浙江迅达供应链管理有限公司")
    registration = deals.in_review(acme, customer_name="迅达供应链")
    assert registration.verdict == "possible"
    with pytest.raises(errors.CustomerNotSettled):
        approve_registration(registration=registration, by=manager)
    for customer in EndCustomer.objects.all():
        confirm_customer(customer=customer, by=manager)
    assert approve_registration(registration=registration, by=manager).state == "approved"
