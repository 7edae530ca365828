"""The pages of deal registration, as each side meets them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealreg.home import pipeline
from dealreg.models import DealRegistration
from dealreg.services import (
    answer_information,
    approve_registration,
    reject_registration,
    request_information,
)
from prm.approvals.services import say
from prm.values import clock
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, run_of
from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductLineFactory
from tests.factories.dealreg import registration_type
from tests.factories.people import UserFactory

REASON = "Served by another team"


def text(response) -> str:
    return response.content.decode()


def typed(**changes):
    return {
        "customer_name": "Taizhou Bay Robotics",
        "product_lines": [deals.line().pk],
        "estimated_value": "264,000",
        "expected_close": (clock.today() + timedelta(days=60)).isoformat(),
        **changes,
    }


def asks(deal, words, who, *, by):
    person = get_user_model().objects.get(pk=who.user_id)
    say(run=run_of(deal), text=words, asked=person, for_submitter=True, by=by)


def all_of(actor):
    return DealRegistration.objects.visible_to(actor)


def test_a_partner_registers_in_four_fields_and_reads_who_it_waits_for(acme, manager, browse):
    deals.registration_type()
    client = browse(acme.sales)
    assert "Submit registration" in text(client.get("/deals/new/"))
    response = client.post("/deals/new/", typed(), follow=True)
    assert response.status_code == 200
    registration = all_of(acme.sales).get()
    assert registration.state == "in_review"
    page = text(response)
    assert "In review" in page
    assert "Lin Yue" in page
    assert "promised by" in page


def test_what_is_missing_is_named_on_its_field(acme, browse):
    deals.registration_type()
    response = browse(acme.sales).post("/deals/new/", typed(expected_close="2020-01-01", customer_name=""))
    assert response.status_code == 422
    assert "The end customer is missing" in text(response)
    response = browse(acme.sales).post("/deals/new/", typed(expected_close="2020-01-01"))
    assert "Expected close is before today" in text(response)
    assert not all_of(acme.sales).exists()


def test_a_draft_saves_itself_and_is_found_again(acme, browse):
    deals.registration_type()
    client = browse(acme.sales)
    response = client.post("/deals/draft/", {"customer_name": "Taizhou", "estimated_value": "about 3"})
    draft = all_of(acme.sales).get()
    assert (draft.customer_name, draft.estimated_value) == ("Taizhou", None)
    assert response["HX-Replace-Url"] == f"/deals/{draft.number}/edit/"
    client.post(
        "/deals/draft/", {"customer_name": "Taizhou Bay", "draft": draft.number, "estimated_value": "3"}
    )
    assert [row.customer_name for row in all_of(acme.sales)] == ["Taizhou Bay"]
    assert "Taizhou Bay" in text(client.get(f"/deals/{draft.number}/edit/"))
    client.post("/deals/new/", typed(draft=draft.number))
    draft.refresh_from_db()
    assert draft.state == "in_review"


def test_staff_do_not_read_a_partners_draft(acme, manager, browse):
    draft = deals.draft(acme)
    client = browse(manager)
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert draft.number not in text(client.get("/deals/"))


def test_staff_register_in_a_partners_name(acme, manager, browse):
    deals.registration_type()
    client = browse(manager)
    assert "Register for a partner" in text(client.get("/deals/new/"))
    client.post("/deals/new/", typed(partner=acme.row.pk))
    registration = all_of(manager).get()
    assert (registration.partner, registration.created_by_id) == (acme.row, manager.user_id)
    assert "You registered this yourself" in text(client.get(registration.get_absolute_url()))


def test_the_reviewer_sees_the_evidence_side_by_side(acme, rival, manager, browse):
    held = deals.approved(rival, manager)
    registration = deals.in_review(acme, product_lines=[deals.line("routing"), deals.line("wireless")])
    page = text(browse(manager).get(registration.get_absolute_url()))
    assert held.number in page
    assert rival.name in page
    assert "Same core name" in page
    assert "Live protection" in page
    assert "<mark>" in page
    assert "Approve Wireless only" in page


def test_the_reviewer_approves_from_the_decision_line(acme, manager, browse):
    registration = deals.in_review(acme)
    response = browse(manager).post(
        f"{registration.get_absolute_url()}approve/", {"product_lines": [deals.line().pk]}, follow=True
    )
    registration.refresh_from_db()
    assert registration.state == "approved"
    assert "is approved and protected until" in text(response)


def test_too_late_is_told_and_nothing_changes(acme, manager, browse):
    registration = deals.approved(acme, manager)
    chen = UserFactory(role="channel_manager", name="Chen Rui", all_partners=True)
    response = browse(chen).post(
        f"{registration.get_absolute_url()}approve/", {"product_lines": [deals.line().pk]}
    )
    assert response.status_code == 422
    assert "already approved by Lin Yue" in text(response)


def test_reject_and_ask_need_words(acme, manager, browse):
    registration = deals.in_review(acme)
    client, address = browse(manager), registration.get_absolute_url()
    assert client.post(f"{address}reject/", {"reason": ""}).status_code == 422
    assert client.post(f"{address}ask/", {"text": "Who decides?"}).status_code == 302
    registration.refresh_from_db()
    assert registration.state == "info_requested"


def test_the_partner_answers_and_ends_its_deal(acme, manager, browse):
    registration = deals.in_review(acme)
    request_information(registration=registration, text="Who decides there?", by=manager)
    client, address = browse(acme.sales), registration.get_absolute_url()
    page = text(client.get(address))
    assert "Who decides there?" in page
    assert "Your answer is needed" in page
    client.post(f"{address}answer/", {"text": "Xu Peng"})
    browse(manager).post(f"{address}approve/", {"product_lines": [deals.line().pk]})
    assert "Protected until" in text(client.get(address))
    client.post(f"{address}won/", {"reason": ""})
    registration.refresh_from_db()
    assert registration.state == "won"


def test_lost_needs_a_reason_and_withdraw_does_not(acme, manager, browse):
    client = browse(acme.sales)
    registration = deals.approved(acme, manager)
    address = registration.get_absolute_url()
    assert client.post(f"{address}lost/", {"reason": ""}).status_code == 422
    assert client.post(f"{address}lost/", {"reason": "Price"}).status_code == 302
    other = deals.in_review(acme, customer_name="Anji Bamboo")
    assert client.post(f"{other.get_absolute_url()}withdraw/", {}).status_code == 302
    other.refresh_from_db()
    assert other.state == "withdrawn"


def test_many_are_approved_at_once_and_each_refusal_says_why(acme, rival, manager, browse):
    deals.approved(rival, manager)
    free = deals.in_review(acme, customer_name="Anji Bamboo Works")
    held = deals.in_review(acme)
    page = text(browse(manager).get("/deals/?view=decide"))
    assert f'value="{free.pk}" data-can="approve"' in page
    assert f'value="{held.pk}" data-can=""' in page
    response = browse(manager).post("/deals/", {"bulk": "approve", "row": [free.pk, held.pk]}, follow=True)
    free.refresh_from_db()
    held.refresh_from_db()
    assert (free.state, held.state) == ("approved", "in_review")
    assert f"{held.number}:" in text(response)
    assert "protected for this customer already" in text(response)


@pytest.mark.parametrize(
    "query", ["", "?view=decide", "?view=conflicts", "?view=ending", "?q=xunda", "?state=in_review"]
)
def test_each_view_of_the_list_opens_for_staff(acme, manager, browse, query):
    deals.in_review(acme)
    assert browse(manager).get(f"/deals/{query}").status_code == 200


def test_in_conflict_are_those_that_certainly_and_that_perhaps_clash(acme, rival, manager, browse):
    deals.approved(rival, manager, customer_name="浙江迅达供应链管理有限公司")
    certain = deals.in_review(acme, customer_name="浙江迅达供应链管理有限公司")
    perhaps = deals.in_review(acme, customer_name="迅达供应链")
    clear = deals.in_review(acme, customer_name="Taizhou Bay Robotics")
    assert (certain.verdict, perhaps.verdict, clear.verdict) == ("blocked", "possible", "clear")
    page = text(browse(manager).get("/deals/?view=conflicts"))
    assert [one.number in page for one in (certain, perhaps, clear)] == [True, True, False]


def test_where_every_line_is_held_the_form_to_approve_says_so(acme, rival, manager, browse):
    deals.approved(rival, manager)
    held = deals.in_review(acme)
    page = browse(manager).get(f"/deals/{held.number}/approve/", follow=True)
    assert page.redirect_chain == [(held.get_absolute_url(), 302)]
    assert "there is nothing to approve" in text(page)


def test_where_some_lines_are_held_the_form_to_approve_offers_the_free_ones(acme, rival, manager, browse):
    held, free = deals.line(), deals.line("sensors")
    deals.approved(rival, manager, product_lines=[held])
    partly = deals.in_review(acme, product_lines=[held, free])
    form = browse(manager).get(f"/deals/{partly.number}/approve/").context["form"]
    assert list(form.fields["product_lines"].queryset) == [free]
    assert form.initial == {"product_lines": [free.pk]}


@pytest.mark.parametrize(
    "query", ["", "?view=mine", "?view=review", "?view=protected", "?view=ending", "?view=drafts"]
)
def test_each_view_of_the_list_opens_for_a_partner(acme, manager, browse, query):
    deals.approved(acme, manager)
    assert browse(acme.sales).get(f"/deals/{query}").status_code == 200


def test_the_search_box_finds_customer_number_and_tax_number(acme, manager, browse):
    registration = deals.in_review(acme, tax_number="91330109MA2H4K7Q3Q")
    for wanted in ("xunda", registration.number[-5:], "2H4K7Q"):
        assert registration.number in text(browse(manager).get("/deals/", {"q": wanted}))
    assert registration.number not in text(browse(manager).get("/deals/", {"q": "zhoushan"}))


def test_the_queue_leads_from_one_to_the_next(acme, manager, browse):
    first = deals.in_review(acme)
    second = deals.in_review(acme, customer_name="Anji Bamboo")
    page = text(browse(manager).get(first.get_absolute_url()))
    assert "1 of 2 to decide" in page
    assert f'href="{second.get_absolute_url()}" rel="next"' in page


def test_an_app_to_the_left_offers_its_action(acme, manager, browse):
    from dealreg import actions

    registration = deals.approved(acme, manager)
    actions.register(
        "test.order", label="Order from this deal", icon="shopping-cart", verb="dealreg.view",
        href=lambda row: f"/orders/new/?deal={row.number}", shown=lambda row: row.state in ("approved", "won"),
    )  # fmt: skip
    try:
        page = text(browse(acme.sales).get(registration.get_absolute_url()))
        assert f"/orders/new/?deal={registration.number}" in page
    finally:
        actions._actions.pop("test.order")


def counted(client, address) -> int:
    """How many statements a page runs; `SET search_path` only says in whose schema."""
    with CaptureQueriesContext(connection) as ran:
        assert client.get(address).status_code == 200
    return sum(not one["sql"].startswith("SET") for one in ran.captured_queries)


@pytest.mark.parametrize("who", ["staff", "partner"])
def test_the_list_costs_the_same_queries_for_one_row_and_for_twelve(acme, manager, browse, who):
    client = browse(manager if who == "staff" else acme.sales)
    lines = [deals.line("routing"), deals.line("wireless")]
    deals.approved(acme, manager, product_lines=lines)
    deals.in_review(acme, customer_name="Anji 1", product_lines=lines)
    counted(client, "/deals/")
    few = counted(client, "/deals/")
    for number in range(2, 12):
        deals.in_review(acme, customer_name=f"Customer {number} Works", product_lines=lines)
    assert counted(client, "/deals/") == few
    assert few <= 24


def test_the_detail_costs_the_same_queries_for_no_match_and_for_several(acme, rival, manager, browse):
    client = browse(manager)
    one = deals.in_review(acme, customer_name="Anji Bamboo Works", product_lines=[deals.line("routing")])
    counted(client, one.get_absolute_url())
    few = counted(client, one.get_absolute_url())
    deals.approved(rival, manager, product_lines=[deals.line("wireless")])
    deals.in_review(rival, customer_name="Xunda Logistics Group")
    more = deals.in_review(acme, product_lines=[deals.line("routing"), deals.line("wireless")])
    assert more.match_count >= 1
    assert counted(client, more.get_absolute_url()) <= few + 2
    assert few <= 24


def test_a_draft_is_discarded_only_after_the_page_said_what_that_means(acme, browse):
    draft = deals.draft(acme)
    browser = browse(acme.sales)
    page = browser.get(f"/deals/{draft.number}/withdraw/").content.decode()
    assert "Nobody has seen this draft" in page and "protection ends" not in page
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_withdrawing_says_that_a_protection_ends_only_where_there_is_one(acme, manager, browse):
    waits, holds = deals.in_review(acme, customer_name="Anji Bamboo"), deals.approved(acme, manager)
    browser = browse(acme.sales)
    early = text(browser.get(f"/deals/{waits.number}/withdraw/"))
    assert "protection ends" not in early and "nothing is protected so far" in early
    assert "The protection ends now" in text(browser.get(f"/deals/{holds.number}/withdraw/"))


def test_while_a_question_waits_its_answer_leads_the_partners_page(acme, manager, browse):
    deal = deals.in_review(acme)
    address = f"/inbox/asked/{run_of(deal).pk}/answer/"
    before = text(browse(acme.sales).get(deal.get_absolute_url()))
    assert address not in before
    asks(deal, "Which site?", acme.sales, by=manager)
    page = text(browse(acme.sales).get(deal.get_absolute_url()))
    assert f'class="btn btn-primary" href="{address}"' in page, "the primary action of the decision line"
    assert page.index("Which site?") < page.index('id="deal-title"'), "the question comes before the facts"
    assert "An answer is awaited from <b>you</b>" in page
    say(run=run_of(deal), text="Plant two.", by=acme.sales)
    answered = text(browse(acme.sales).get(deal.get_absolute_url()))
    assert f'class="btn btn-primary" href="{address}"' not in answered and "Plant two." in answered


def test_what_was_sent_back_and_what_was_asked_is_one_talk(acme, manager, browse):
    deal = deals.in_review(acme)
    request_information(registration=deal, text="Name the site", by=manager)
    answer_information(registration=deal, text="Plant two", by=acme.sales)
    asks(deal, "And the floor?", acme.sales, by=manager)
    for reader in (manager, acme.sales):
        page = text(browse(reader).get(deal.get_absolute_url()))
        assert page.count("Questions and answers") == 1
        places = [page.index(words) for words in ("Name the site", "Plant two", "And the floor?")]
        assert places == sorted(places)


def test_the_evidence_names_product_lines_in_the_readers_language(acme, rival, manager, browse):
    line = ProductLineFactory(code="wifi", name="Wireless", name_zh="无线")
    deals.approved(rival, manager, product_lines=[line], customer_name="浙江迅达供应链管理有限公司")
    asked = deals.in_review(acme, product_lines=[line], customer_name="迅达供应链")
    page = browse(manager).get(f"/deals/{asked.number}/", HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
    assert "无线" in page and "Wireless" not in page
    assert (
        "Wireless"
        in browse(manager).get(f"/deals/{asked.number}/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    )


def test_a_promise_that_is_over_is_not_promised_any_more(acme, manager, browse, time_machine):
    time_machine.move_to("2026-11-12T01:22:00Z", tick=False)
    deal = deals.in_review(acme)
    path = f"/deals/{deal.number}/"
    assert "promised by" in browse(acme.sales).get(path).content.decode()
    time_machine.move_to("2026-11-20T01:22:00Z", tick=False)
    page = browse(acme.sales).get(path).content.decode()
    assert ": overdue" in page and "is promised by" not in page


@pytest.mark.parametrize("who", ["staff", "partner"])
def test_the_figure_of_the_pipeline_leads_to_just_its_deals(acme, manager, browse, who):
    reader = manager if who == "staff" else acme.sales
    deals.approved(acme, manager, customer_name="Beihai Works")
    disputed = deals.in_review(acme, customer_name="Anji 1")
    DealRegistration.objects.visible_to(manager).filter(pk=disputed.pk).update(state="disputed")
    over = deals.in_review(acme, customer_name="Changshu Mills")
    DealRegistration.objects.visible_to(manager).filter(pk=over.pk).update(state="rejected")
    shown = pipeline(reader)
    assert "2 open deals" in shown.note
    lines = browse(reader).get(shown.href).context["list"].lines
    assert sorted(line.name for line in lines) == sorted(
        DealRegistration.objects.visible_to(reader).exclude(pk=over.pk).values_list("number", flat=True)
    )


def test_the_timeline_says_at_which_step_it_was_approved_and_what_a_flow_changed(
    acme, manager, administrator, browse
):
    registration_type(code="referral", name="Referral", protection_days=60)
    update = {"id": "kind", "kind": "update", "field": "type", "value": "referral"}
    publish(approver("first", MANAGER), update, approver("second", ADMINS))
    deal = deals.in_review(acme)
    approve_registration(registration=deal, by=manager)
    page = browse(manager).get(f"{deal.get_absolute_url()}?tab=history").content.decode()
    assert "Approved at a step by Lin Yue" in page and "step First" in page
    assert "Changed by the product (approval flow)" in page and "→ Referral" in page


def test_whoever_was_rejected_reads_why_and_how_to_try_again(acme, manager, browse):
    deal = deals.in_review(acme, customer_name="Taizhou & Sons")
    reject_registration(registration=deal, reason=REASON, by=manager)
    page = text(browse(acme.sales).get(deal.get_absolute_url()))
    assert REASON in page and f'<dd class="ui-fig">{deal.number}</dd>' in page
    assert "/deals/new/?customer=Taizhou%20%26%20Sons" in page
    form = browse(acme.sales).get("/deals/new/?customer=Taizhou%20%26%20Sons").context["form"]
    assert form["customer_name"].value() == "Taizhou & Sons"
