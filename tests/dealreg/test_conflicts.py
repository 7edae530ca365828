"""What stands against a registration, and what of it a partner hears."""

from __future__ import annotations

import json

import pytest

from dealreg import errors
from dealreg.conflicts import check, what_partner_hears
from dealreg.models import AvailabilityQuestion, Protection
from dealreg.services import approve_registration, mark_lost, withdraw_registration
from dealreg.services.availability import answer_of, ask_availability
from prm.customers.models import EndCustomer
from prm.customers.services import confirm_customer, create_customer, merge_customers
from prm.outbox.models import OutboxEvent
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.factories import dealreg as deals

FULL = "浙江迅达供应链管理有限公司"
SPELLED = "浙江省迅達供應鏈管理 有限責任公司"
SHORT = "迅达供应链"


def checked(company, name=FULL, **more):
    return check(name=name, product_lines=more.pop("lines", [deals.line()]), partner=company.row, **more)


def heard(company, name=FULL, **more):
    return what_partner_hears(checked(company, name, **more))


def on_file(name=FULL, **known):
    return create_customer(name=name, by=Actor.command("tests"), **known)


def test_nobody_on_file_is_clear(acme):
    result = checked(acme)
    assert (result.verdict, result.rule, result.matches) == ("clear", "nobody_on_file", ())


def test_a_customer_on_file_without_protection_is_clear(acme):
    on_file()
    result = checked(acme, SPELLED)
    assert (result.verdict, result.rule) == ("clear", "existing_customer")
    assert result.matches[0].decides


def test_a_rivals_live_protection_blocks(acme, rival, manager):
    registration = deals.approved(rival, manager, customer_name=FULL)
    result = checked(acme, SPELLED)
    assert (result.verdict, result.rule) == ("blocked", "live_protection")
    standing = result.matches[0].stands[0]
    assert (standing.partner, standing.registration) == (rival.name, registration.number)


def test_another_product_line_is_clear(acme, rival, manager):
    deals.approved(rival, manager, customer_name=FULL)
    assert heard(acme, lines=[deals.line("wireless")]) == "clear"
    assert heard(acme, lines=[deals.line("wireless"), deals.line()]) == "not_available"


def test_a_protection_that_ended_does_not_block(acme, rival, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    deals.approved(rival, manager, customer_name=FULL)
    time_machine.move_to("2026-12-02T08:00:00Z")
    assert heard(acme) == "not_available"
    time_machine.move_to("2026-12-03T08:00:00Z")
    assert heard(acme) == "clear"


def test_a_lost_deal_frees_the_customer(acme, rival, manager):
    registration = deals.approved(rival, manager, customer_name=FULL)
    mark_lost(registration=registration, reason="no budget", by=rival.sales)
    assert heard(acme) == "clear"


def test_a_rivals_open_registration_is_possible_until_it_is_withdrawn(acme, rival):
    registration = deals.in_review(rival, customer_name=FULL)
    assert (checked(acme).verdict, checked(acme).rule) == ("possible", "open_registration")
    withdraw_registration(registration=registration, reason="", by=rival.sales)
    assert heard(acme) == "clear"


def test_a_name_that_only_might_be_the_same_is_possible(acme, rival, manager):
    deals.approved(rival, manager, customer_name=FULL)
    result = checked(acme, SHORT)
    assert (result.verdict, result.rule, result.matches[0].same) == ("possible", "possible_match", False)


def test_direct_only_blocks_and_a_named_account_is_decided_by_a_person(acme):
    customer = on_file(direct_only=True)
    assert (checked(acme).verdict, checked(acme).rule) == ("blocked", "direct_only")
    EndCustomer.objects.filter(pk=customer.pk).update(direct_only=False, named_account=True)
    assert (checked(acme).verdict, checked(acme).rule) == ("possible", "named_account")


def test_the_partners_own_registration_is_named_to_it(acme, manager):
    first = deals.in_review(acme, customer_name=FULL)
    result = checked(acme, SPELLED)
    assert (result.verdict, result.rule, result.own) == ("possible", "own_registration", first.number)
    approve_registration(registration=first, by=manager)
    result = checked(acme, SPELLED)
    assert (result.verdict, result.rule, result.own) == ("blocked", "own_protection", first.number)


def test_the_first_to_register_a_new_customer_is_told_clear(acme, rival):
    assert deals.in_review(acme, customer_name=FULL).verdict == "clear"
    assert deals.in_review(rival, customer_name=SPELLED).verdict == "possible"
    assert EndCustomer.objects.count() == 1


def test_the_strictest_finding_decides_and_is_marked(acme, rival, manager):
    deals.approved(rival, manager, customer_name=FULL)
    on_file(SHORT)
    result = checked(acme, FULL)
    assert [finding.decides for finding in result.matches].count(True) == 1
    assert next(finding for finding in result.matches if finding.decides).rule == "live_protection"
    json.dumps(result.as_json())


def test_a_check_makes_a_fixed_number_of_queries(acme, rival, manager):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            checked(acme)
        return len(queries)

    on_file()
    few = count()
    for place in ("江苏", "广东", "福建", "湖南"):
        on_file(f"{place}迅达供应链管理有限公司")
        deals.in_review(rival, customer_name=f"{place}迅达供应链管理有限公司", product_lines=[deals.line()])
    assert count() <= few + 1


# Two spellings of one company must not both be protected.


def test_a_short_form_is_not_approved_beside_the_protected_full_name(acme, rival, manager):
    deals.approved(rival, manager, customer_name=FULL)
    short = deals.in_review(acme, customer_name=SHORT)
    with pytest.raises(errors.CustomerNotSettled):
        approve_registration(registration=short, by=manager)
    assert Protection.objects.for_everyone(because="test").count() == 1


def test_two_confirmed_companies_are_both_protected(acme, rival, manager):
    first = deals.approved(rival, manager, customer_name=FULL)
    short = deals.in_review(acme, customer_name=SHORT)
    for registration in (first, short):
        confirm_customer(customer=registration.end_customer, by=manager)
    assert approve_registration(registration=short, by=manager).state == "approved"


def test_merging_moves_what_partners_hold(acme, rival, manager):
    held = deals.approved(rival, manager, customer_name=SHORT)
    full = on_file(FULL)
    merge_customers(customer=held.end_customer, into=full, by=manager)
    assert checked(acme, FULL).rule == "live_protection"
    held.refresh_from_db()
    assert held.end_customer == full


def test_two_protected_customers_are_not_merged(acme, rival, manager):
    one = deals.approved(rival, manager, customer_name=FULL)
    confirm_customer(customer=one.end_customer, by=manager)
    other = deals.in_review(acme, customer_name=SHORT)
    confirm_customer(customer=other.end_customer, by=manager)
    approve_registration(registration=other, by=manager)
    with pytest.raises(errors.BothProtected):
        merge_customers(customer=other.end_customer, into=one.end_customer, by=manager)


# May I register this customer?


def ask(company, name=FULL, **more):
    deals.registration_type()
    return ask_availability(customer_name=name, product_lines=[deals.line()], by=company.sales, **more)


def test_the_answer_comes_half_a_second_later_whatever_was_found(acme, rival, manager, time_machine):
    time_machine.move_to("2026-11-25T07:00:00Z", tick=False)
    deals.approved(rival, manager, customer_name=FULL)
    time_machine.move_to("2026-11-25T08:00:00Z", tick=False)
    questions = [ask(acme), ask(acme, "Nobody Yet Ltd")]
    assert [answer_of(question) for question in questions] == ["", ""]
    assert {(question.answer_at - question.asked_at).total_seconds() for question in questions} == {0.5}
    time_machine.move_to("2026-11-25T08:00:00.501Z", tick=False)
    assert [answer_of(question) for question in questions] == ["not_available", "clear"]


def test_asking_puts_nobody_on_file(acme):
    ask(acme)
    assert not EndCustomer.objects.exists()


def test_the_fourth_question_in_90_days_goes_to_the_channel_manager(acme, rival, time_machine):
    time_machine.move_to("2026-08-01T08:00:00Z", tick=False)
    for name in (FULL, SPELLED, FULL):
        assert ask(acme, name).answer == "clear"
    fourth = ask(acme)
    assert (fourth.answer, fourth.result) == ("ask_manager", {})
    assert OutboxEvent.objects.filter(name="dealreg.asked_too_often").count() == 1
    assert ask(rival).answer == "clear"
    time_machine.move_to("2026-10-31T08:00:00Z", tick=False)
    assert ask(acme).answer == "clear"


def test_the_same_tax_number_counts_as_the_same_customer(acme):
    for number in range(3):
        ask(acme, f"Spelling {number} Ltd", tax_number="91440300708461136T")
    assert ask(acme, "Another", tax_number="9144 0300 7084 6113 6T").answer == "ask_manager"


def test_what_the_partner_can_read_names_nobody(acme, rival, manager, browse, time_machine):
    time_machine.move_to("2026-11-25T07:00:00Z", tick=False)
    deals.approved(rival, manager, customer_name=FULL)
    time_machine.move_to("2026-11-25T08:00:00Z", tick=False)
    question = ask(acme)
    time_machine.move_to("2026-11-25T08:00:01Z", tick=False)
    page = browse(acme.sales).get(f"/check/{question.token}/").content.decode()
    stored = question.result["matches"][0]
    for secret in (rival.name, stored["number"], stored["stands"][0]["registration"], "live_protection"):
        assert secret not in page


def test_only_partners_ask_and_only_for_themselves(acme, rival, finance):
    deals.registration_type()
    with pytest.raises(NotAllowed):
        ask_availability(customer_name=FULL, product_lines=[], partner=rival.row, by=acme.sales)
    with pytest.raises(NotAllowed):
        ask_availability(customer_name=FULL, product_lines=[], partner=rival.row, by=finance)
    assert not AvailabilityQuestion.objects.for_everyone(because="test").exists()
