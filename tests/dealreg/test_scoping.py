"""What belongs to a partner is as good as not there for its rival, on every page and in every form."""

from __future__ import annotations

import re

import pytest

from dealreg import figures
from dealreg.models import AvailabilityQuestion, DealRegistration, Protection, RegistrationMessage
from dealreg.pages import decision_of
from dealreg.registrations import find
from dealreg.services import request_information
from dealreg.services.availability import ask_availability
from prm.access.scoping import Unscoped
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory

VERBS = ["", "edit/", "approve/", "reject/", "ask/", "answer/", "won/", "lost/", "withdraw/"]


def plain(response) -> str:
    """A page without what differs between any two requests."""
    return re.sub(r'[A-Za-z0-9]{64}|"[0-9a-f-]{32,36}"', "…", response.content.decode())


@pytest.fixture
def foreign(acme, manager):
    """A deal of ACME with everything that could leak."""
    registration = deals.in_review(acme, customer_name="Zhoushan Cold Chain", contact="Gu Jian")
    request_information(registration=registration, text="Who decides there?", by=manager)
    registration.refresh_from_db()
    return registration


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_rivals_deal_answers_like_a_number_that_never_was(acme, rival, foreign, browse, verb, method):
    for who in (rival.sales, rival.admin):
        client = browse(who)
        theirs = getattr(client, method)(f"/deals/{foreign.number}/{verb}")
        nobodys = getattr(client, method)(f"/deals/DR-2611-2ZZZZ/{verb}")
        assert theirs.status_code == nobodys.status_code
        assert plain(theirs).replace(foreign.number, "DR-2611-2ZZZZ") == plain(nobodys)
        assert theirs.status_code in (403, 404, 405)
    before = foreign.state
    foreign.refresh_from_db()
    assert foreign.state == before


def test_a_manager_of_other_partners_finds_nothing_either(foreign, browse):
    elsewhere = browse(UserFactory(role="channel_manager", name="Chen Rui"))
    assert elsewhere.get(foreign.get_absolute_url()).status_code == 404
    assert foreign.number not in elsewhere.get("/deals/").content.decode()
    assert elsewhere.post("/deals/", {"bulk": "approve", "row": [foreign.pk]}).status_code == 404


def test_a_draft_cannot_be_taken_over_by_its_number(acme, rival, browse):
    draft = deals.draft(acme)
    answer = browse(rival.sales).post("/deals/draft/", {"draft": draft.number, "customer_name": "Mine"})
    assert answer.status_code == 404
    answer = browse(rival.sales).post("/deals/new/", {"draft": draft.number, "customer_name": "Mine"})
    assert answer.status_code == 404
    draft.refresh_from_db()
    assert draft.customer_name.startswith("Hangzhou")


def test_a_partner_writes_in_its_own_name_whatever_the_form_says(acme, rival, browse):
    from tests.dealreg.test_pages import typed

    deals.registration_type()
    browse(rival.sales).post("/deals/new/", typed(partner=acme.row.pk))
    assert [row.partner for row in DealRegistration.objects.for_everyone(because="a test looks")] == [
        rival.row
    ]


def test_lists_search_and_figures_hold_only_ones_own(acme, rival, foreign):
    assert not list(DealRegistration.objects.visible_to(rival.sales))
    assert find(rival.sales, "Zhoushan", 8) == []
    assert find(rival.sales, foreign.number, 8) == []
    assert figures.pipeline_value(rival.sales) == {}
    assert sum(figures.counts_by_state(rival.sales).values()) == 0
    assert figures.latest(rival.sales) == []
    assert figures.waiting_for_partner(rival.sales) == 0
    assert figures.waiting_for_partner(acme.sales) == 1


def test_the_search_and_the_filters_of_the_list_do_not_reach_a_rival(acme, rival, foreign, browse):
    client = browse(rival.sales)
    for query in ({"q": "Zhoushan"}, {"q": foreign.number}, {"partner": acme.row.pk}, {"export": "csv"}):
        page = client.get("/deals/", query)
        body = b"".join(page.streaming_content) if page.streaming else page.content
        told = body.decode().replace("Zhoushan", "", 1) if query.get("q") == "Zhoushan" else body.decode()
        assert "Zhoushan Cold Chain" not in told
        assert acme.name not in told


def test_a_question_is_its_companys_own(acme, rival, browse):
    deals.registration_type()
    asked = ask_availability(customer_name="Anji Bamboo", product_lines=[deals.line()], by=acme.sales)
    client = browse(rival.sales)
    assert client.get(f"/check/{asked.token}/").status_code == 404
    assert client.get(f"/deals/new/?from={asked.token}").status_code == 404
    assert "Anji Bamboo" not in client.get("/check/").content.decode()
    assert not list(AvailabilityQuestion.objects.visible_to(rival.sales))


def test_a_blocked_partner_never_reads_who_nor_why_nor_a_score(acme, rival, manager, browse):
    held = deals.approved(rival, manager)
    blocked = deals.in_review(acme)
    assert blocked.verdict == "blocked"
    client = browse(acme.sales)
    pages = [client.get(blocked.get_absolute_url()), client.get("/deals/"), client.get("/check/")]
    asked = client.post(
        "/check/", {"customer_name": blocked.customer_name, "product_lines": [deals.line().pk]}
    )
    AvailabilityQuestion.objects.visible_to(acme.sales).update(answer_at="2020-01-01T00:00:00Z")
    pages += [
        client.get(asked["Location"]),
        client.get(asked["Location"].split("#")[0], headers={"HX-Request": "true"}),
    ]
    for page in pages:
        told = page.content.decode()
        assert page.status_code == 200
        for secret in (
            rival.name,
            held.number,
            "blocked",
            "Blocked",
            "Score",
            "Same core name",
            "protection of another",
        ):
            assert secret not in told
    assert "not available" in pages[-1].content.decode()


def test_finance_reads_and_decides_nothing(acme, manager, finance):
    registration = deals.in_review(acme)
    assert list(DealRegistration.objects.visible_to(finance)) == [registration]
    assert decision_of(registration, finance) is None
    assert decision_of(registration, manager) is not None


@pytest.mark.parametrize("model", [DealRegistration, Protection, RegistrationMessage, AvailabilityQuestion])
def test_a_query_that_named_nobody_does_not_run(db, model):
    with pytest.raises(Unscoped):
        list(model.objects.all())
