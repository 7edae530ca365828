"""The builder's round trips, more filters of lists, and saved views, each within what the person may see."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given, settings

from prm.audit.models import AuditEntry
from prm.conditions import Problem, drafts, narrow, validate
from prm.conditions.models import SavedView
from prm.conditions.registry import Lookup, subject
from prm.conditions.services import change_view, delete_view, save_view
from prm.values.errors import DomainError, NotAllowed
from tests.conditions.world import conditions, fill
from tests.factories.dealreg import in_review
from tests.factories.people import UserFactory, actor

BIG = {"field": "estimated_value", "op": "at_least", "value": "300000"}
DEALS = "/deals/"


@pytest.fixture
def deals(acme, rival):
    """Two of ACME's, one of them large, and a large one of the rival."""
    return {
        "small": in_review(acme, customer_name="Kleine Mühle", estimated_value=Decimal("299999.99")),
        "large": in_review(acme, customer_name="Great Harbour", estimated_value=Decimal("300000")),
        "rival": in_review(rival, customer_name="Unseen Works", estimated_value=Decimal("900000")),
    }


def build(client, condition, code="deal", **more):
    data = {"condition": json.dumps(condition), "name": "condition", **more}
    return client.post(f"/conditions/{code}/builder/", data)


def refine(client, condition, do="show", back=DEALS, code="deal", **more):
    data = {"condition": json.dumps(condition), "do": do, "back": back, **more}
    return client.post(f"/conditions/{code}/refine/", data)


def shown(response):
    return unescape(response.content.decode())


def listed(client, condition, path=DEALS, **more):
    query = "&".join([f"if={quote(json.dumps(condition))}", *(f"{k}={v}" for k, v in more.items())])
    return client.get(f"{path}?{query}")


# ---- the builder ----


def test_the_builder_says_the_condition_and_how_many_of_the_visible_records_it_takes(
    browse, acme, manager, deals
):
    for who, taken in ((acme.sales, "Takes 1 of 2 today."), (manager, "Takes 2 of 3 today.")):
        page = shown(build(browse(who), BIG))
        assert "Estimated value is at least ¥300,000.00" in page and taken in page


def test_a_half_built_condition_is_shown_with_what_is_missing(browse, manager):
    page = shown(build(browse(manager), {"all": [{"field": "expected_close", "op": "is", "value": ""}]}))
    assert "Not complete yet. Expected close: the value is missing." in page
    page = shown(build(browse(manager), {"all": [{"field": ""}]}))
    assert "No field is chosen yet" in page and "Choose a field" in page and "always holds" not in page
    assert "Nothing is asked: it always holds" in shown(build(browse(manager), {"all": []}))


def test_a_yes_or_no_of_the_partner_is_named_in_english_one_can_read(manager):
    labels = Lookup(manager).labels("deal")
    assert labels["partner.has_people"] == "Partner: somebody can sign in"
    assert labels["partner.region"] == "Partner’s region"


@pytest.mark.parametrize("sent", ["[", "7", '{"all": {"x": 1}}', '{"field": 7}', "x" * 60_000, "[" * 3000,
                                  '{"field": "password", "op": "is", "value": "x"}', '{"measure": ["x"]}',
                                  '{"any": [{"field": "state", "op": {"a": 1}, "value": [7, null]}]}'])  # fmt: skip
def test_whatever_is_sent_to_the_builder_it_answers_calmly(browse, manager, sent):
    answer = browse(manager).post("/conditions/deal/builder/", {"condition": sent, "name": "condition"})
    assert answer.status_code == 200
    assert "password" not in answer.content.decode()


@pytest.mark.parametrize("code", ["deal", "order", "partner"])
def test_to_open_a_condition_in_the_builder_changes_nothing_of_its_meaning(db, code):
    fill(seed=3, count=15)

    @settings(max_examples=min(settings.default.max_examples, 300))
    @given(condition=conditions(code))
    def same(condition):
        draft = drafts.completed(condition, code, Lookup())
        assert drafts.completed(draft, code, Lookup()) == draft
        rows = subject(code).model._base_manager.order_by("pk")
        if not [p for p in validate(condition, code) if p.code != "no_such_record"]:
            assert set(narrow(rows, draft, code)) == set(narrow(rows, condition, code))

    same()


def test_who_may_not_read_a_list_cannot_ask_about_it(browse, acme, finance):
    assert build(browse(acme.sales), {}, "settlement_run").status_code == 403
    assert build(browse(acme.sales), {}, "partner").status_code == 403
    assert build(browse(finance), {}, "settlement_run").status_code == 200
    assert build(browse(finance), {}, "nothing").status_code == 404
    assert build(browse(finance), {}, name="<b>").status_code == 404


def test_a_search_for_records_offers_only_visible_ones(browse, acme, rival, manager):
    def offered(who, query):
        return shown(browse(who).get(f"/conditions/deal/options/?field=partner&q={query}"))

    assert acme.name in offered(acme.sales, "") and rival.name not in offered(acme.sales, "")
    assert rival.name not in offered(acme.sales, rival.row.number)
    assert rival.name in offered(manager, "rival")
    for field in ("state", "submitted_by.password", "end_customer.name", ""):
        assert browse(manager).get(f"/conditions/deal/options/?field={field}").status_code == 404


def test_a_partner_is_not_offered_what_it_is_not_told(browse, acme, manager):
    mine, theirs = (
        shown(build(browse(acme.sales), {"all": [{"field": ""}]})),
        shown(build(browse(manager), {"all": [{"field": ""}]})),
    )
    for word in ("Conflict check", "Matches found", "Named account", "Channel manager"):
        assert word not in mine
    assert "Conflict check" in theirs and "Matches found" in theirs


# ---- more filters of a list ----


def test_more_filters_narrow_the_list_and_read_as_a_sentence(browse, manager, deals):
    answer = refine(
        browse(manager), {"all": [BIG, {"field": ""}]}, back="/deals/?sort=-estimated_value&after=x"
    )
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert json.loads(query["if"][0]) == {"all": [BIG]} and query["sort"] == ["-estimated_value"]
    assert "after" not in query
    page = shown(browse(manager).get(answer["Location"]))
    assert "Estimated value is at least ¥300,000.00" in page
    assert "Great Harbour" in page and "Unseen Works" in page and "Kleine Mühle" not in page


def test_with_scripts_the_list_is_swapped_in_place(browse, manager):
    data = {"condition": json.dumps(BIG), "do": "show", "back": DEALS}
    answer = browse(manager).post("/conditions/deal/refine/", data, headers={"HX-Request": "true"})
    assert json.loads(answer["HX-Location"])["target"] == "#list"


def test_on_a_page_of_its_own_the_builder_goes_on_to_the_list(browse, manager):
    data = {"condition": json.dumps(BIG), "do": "show", "back": DEALS}
    here = {"HX-Request": "true", "HX-Current-URL": f"http://test/conditions/deal/refine/?back={DEALS}"}
    answer = browse(manager).post("/conditions/deal/refine/", data, headers=here)
    assert answer["HX-Redirect"].startswith("/deals/?") and "HX-Location" not in answer


def test_a_condition_that_is_not_complete_stays_in_the_builder(browse, manager):
    answer = refine(browse(manager), {"all": [{**BIG, "value": ""}]})
    assert answer.status_code == 422 and "Estimated value: the value is missing." in shown(answer)


def test_a_condition_never_widens_what_is_visible(browse, acme, deals):
    everything = {"any": [{"all": []}, {"not": {"field": "number", "op": "is", "value": "x"}}]}
    page = shown(listed(browse(acme.sales), everything))
    assert "Great Harbour" in page and "Kleine Mühle" in page and "Unseen Works" not in page


@pytest.mark.parametrize(
    "text", ["[", '{"field":"password","op":"is","value":"x"}', '{"any":[]}', "%FF", "7"]
)
def test_an_unsound_condition_in_the_address_takes_no_row_and_says_so(browse, manager, deals, text):
    answer = browse(manager).get(f"/deals/?if={quote(text, safe='%')}")
    page = shown(answer)
    assert answer.status_code == 200 and "Filter does not work:" in page and "Great Harbour" not in page


def test_the_export_follows_the_condition(browse, manager, deals):
    answer = listed(browse(manager), BIG, export="csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert {row["End customer"] for row in rows} == {"Great Harbour", "Unseen Works"}


def test_partners_and_orders_have_them_too(browse, manager, acme, rival):
    page = shown(
        listed(browse(manager), {"field": "tier", "op": "is", "value": "gold"}, "/partners/", view="all")
    )
    assert acme.name in page and rival.name not in page.split("<tbody")[1]
    assert (
        listed(
            browse(manager), {"field": "net_total", "op": "at_least", "value": "1"}, "/orders/"
        ).status_code
        == 200
    )


@pytest.mark.parametrize("back", ["https://evil.example/deals/", "//evil.example/deals/", "/orders/", "/inbox/",
                                  "/none/", "", "javascript:alert(1)", "/deals/%2e%2e/"])  # fmt: skip
def test_the_way_back_leads_to_a_list_of_the_subject_and_nowhere_else(browse, manager, back):
    assert refine(browse(manager), BIG, back=back).status_code == 404


# ---- saved views ----


def keep(by, name="Large ones", **more):
    given = {"subject": "deal", "condition": BIG, "rest": {"sort": ["-estimated_value"]}, "shared": False}
    return save_view(**{**given, **more}, name=name, by=by)


def test_a_view_is_saved_from_the_panel_and_stands_after_the_lists_own(browse, manager, deals):
    client = browse(manager)
    answer = refine(client, BIG, do="save", name="  Large   ones ", back="/deals/?view=decide&q=har")
    view = SavedView.objects.get()
    assert (view.name, view.owner_id, view.shared) == ("Large ones", manager.user_id, False)
    assert view.rest == {"view": ["decide"], "q": ["har"]}
    page = shown(client.get(answer["Location"]))
    tab = page.split("Large ones")[0].rpartition("<a ")[2]
    assert 'aria-current="page"' in tab and f"saved={view.pk}" in tab
    assert "Great Harbour" in page and "Unseen Works" not in page
    assert page.index("Protection ends in 14 days") < page.index("Large ones")
    assert AuditEntry.objects.filter(verb="view_saved").count() == 1


def test_a_view_is_its_owners_alone_unless_an_administrator_shares_it(browse, manager, acme, administrator):
    keep(manager, "Mine alone")
    keep(administrator, "For us all", shared=True)
    other = actor(UserFactory(role="channel_manager", all_partners=True))

    def tabs(who):
        page = shown(browse(who).get(DEALS))
        return [name for name in ("Mine alone", "For us all") if name in page]

    assert tabs(manager) == ["Mine alone", "For us all"]
    assert tabs(other) == ["For us all"]
    assert tabs(acme.sales) == []
    with pytest.raises(NotAllowed):
        keep(manager, "Pushed", shared=True)


def test_a_view_is_renamed_changed_and_deleted_by_who_may(browse, manager, administrator):
    own, shared = keep(manager), keep(administrator, "Shared", shared=True)
    client = browse(manager)
    back = f"/deals/?saved={own.pk}"
    refine(client, {**BIG, "value": "5"}, do="change", name="Five", back=back)
    own.refresh_from_db()
    assert own.name == "Five" and own.condition["value"] == "5"
    answer = refine(client, BIG, do="change", name="Hijacked", back=f"/deals/?saved={shared.pk}")
    assert answer.status_code == 403
    for by in (administrator, actor(UserFactory(role="channel_manager"))):
        with pytest.raises(NotAllowed):
            delete_view(view=own, by=by)
        with pytest.raises(NotAllowed):
            change_view(view=own, name="x", condition={}, rest={}, shared=False, by=by)
    assert refine(client, {}, do="delete", back=back)["Location"] == DEALS
    assert list(SavedView.objects.all()) == [shared]
    change_view(view=shared, name="Ours", condition={}, rest={}, shared=True, by=administrator)
    assert AuditEntry.objects.filter(verb__startswith="view_").count() == 5


def test_names_are_told_apart_and_missing_ones_are_asked_for(browse, manager):
    keep(manager)
    answer = refine(browse(manager), BIG, do="save", name="Large ones")
    assert answer.status_code == 422 and "There is a view “Large ones” already." in shown(answer)
    assert refine(browse(manager), BIG, do="save", name=" ").status_code == 422
    assert keep(actor(UserFactory(role="channel_manager"))).name == "Large ones"
    with pytest.raises(DomainError, match="not complete"):
        keep(manager, "Broken", condition={"any": []})


def test_a_view_whose_field_is_gone_takes_no_row_and_says_so(browse, manager, deals):
    view = keep(manager)
    view.condition = {"field": "custom.gone", "op": "is", "value": "x"}
    view.save()
    client = browse(manager)
    tab = shown(client.get(DEALS)).split("Large ones")[0].rpartition('href="')[2].split('"')[0]
    page = shown(client.get(tab))
    assert "There is no field “custom.gone” here." in page and "Great Harbour" not in page


def test_a_list_asks_one_query_more_for_its_saved_views_however_many(
    browse, manager, deals, django_assert_max_num_queries
):
    client = browse(manager)
    client.get(DEALS)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost():
        with CaptureQueriesContext(connection) as asked:
            client.get(DEALS)
        return len(asked)

    before = cost()
    for number in range(5):
        keep(manager, f"View {number}")
    assert cost() == before


def test_a_problem_reads_as_a_line():
    assert (
        str(Problem("all[1].value", "Wrong.")) == "all[1].value: Wrong."
        and str(Problem("", "Wrong.")) == "Wrong."
    )
