"""Custom values on pages, in lists, exports, searches, conditions and the audit trail."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model

from dealreg.models import DealRegistration
from dealreg.services import register_deal
from partners.services import create_partner, update_partner
from prm.conditions import holds, narrow, sentence, validate
from prm.customfields.models import CustomField
from prm.customfields.showing import facts_of
from prm.search.registry import search
from prm.values import clock
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db


def registered(company, name, **custom):
    return register_deal(
        by=company.sales, partner=company.row, customer_name=name, product_lines=[deals.line()],
        estimated_value=Decimal(600_000), expected_close=clock.today() + timedelta(days=30), custom=custom,
    )  # fmt: skip


@pytest.fixture
def two(field, acme):
    """Two deals of ACME with a value in a field of each kind."""
    field("deal", "competitor", "choice", choices=["Huaxin", "Nobody"], in_list=True)
    field("deal", "seats", "number")
    field("deal", "budget", "money")
    field("deal", "starts", "date")
    field("deal", "urgent", "yes_no")
    field("deal", "wants", "many", choices=["Support", "Training"])
    field("deal", "remark")
    field("deal", "helper", "partner")
    field("deal", "owner", "person")
    one = registered(
        acme, "Alpha Works", competitor="huaxin", seats="120", budget="1000.50", starts="2026-12-01", urgent=True,
        wants=["support", "training"], remark="Zebra crossing", helper=acme.row.pk, owner=acme.admin_user.pk,
    )  # fmt: skip
    other = registered(
        acme, "Quite Different Mills", competitor="nobody", seats="9", urgent=False, wants=["training"]
    )
    return one, other


def shown(page):
    return [line.name for line in page.context["list"].lines]


class TestLists:
    def test_a_column_is_shown_when_it_is_for_lists_or_chosen(self, two, browse, manager):
        client = browse(manager)
        page = client.get("/deals/").content.decode()
        assert "Huaxin" in page and "Zebra" not in page
        page = client.get("/deals/?columns=-&columns=own_remark").content.decode()
        assert "Zebra" in page and '<th role="columnheader">Competitor' not in page

    @pytest.mark.parametrize(
        "query",
        [
            "own_competitor=huaxin", "own_seats_from=100", "own_budget_from=1000&own_budget_to=1001",
            "own_starts_from=2026-12-01", "own_urgent=yes", "own_wants=support", "own_remark=zebra",
            "own_helper=acme", "own_owner=boss",
        ],
    )  # fmt: skip
    def test_every_kind_filters(self, two, browse, manager, query):
        assert shown(browse(manager).get(f"/deals/?{query}")) == [two[0].number]

    @pytest.mark.parametrize(
        "column", ["own_seats", "own_budget", "own_starts", "own_competitor", "own_remark"]
    )
    def test_sorting_asks_the_database_and_empty_ones_come_last(self, two, browse, manager, column):
        client = browse(manager)
        assert shown(client.get(f"/deals/?sort=-{column}&columns={column}"))[-1:] != []
        numbers = shown(client.get(f"/deals/?sort={column}"))
        assert set(numbers) == {row.number for row in two}
        if column == "own_seats":
            assert numbers == [two[1].number, two[0].number]
        else:
            assert numbers[0] == two[0].number

    def test_a_search_finds_them(self, two, browse, manager, acme):
        assert shown(browse(manager).get("/deals/?q=zebra")) == [two[0].number]
        assert shown(browse(manager).get("/deals/?q=huaxin")) == [two[0].number]
        groups = search(actor=acme.sales, text="zebra")
        assert [row.title for group in groups for row in group.rows] == ["Alpha Works"]

    def test_the_export_holds_all_of_them(self, two, browse, manager):
        answer = browse(manager).get("/deals/?export=csv")
        text = b"".join(answer.streaming_content).decode()
        for words in (
            "Competitor",
            "Huaxin",
            "1000.50",
            "2026-12-01",
            "Support, Training",
            "Zebra crossing",
            "ACME",
        ):
            assert words in text

    def test_the_cost_does_not_grow(self, two, browse, manager, django_assert_max_num_queries):
        client = browse(manager)
        client.get("/deals/")
        with django_assert_max_num_queries(60) as used:
            client.get("/deals/?columns=-&columns=own_helper&columns=own_owner")
        for _turn in range(2):
            CustomField.objects.of("deal").first()
        with django_assert_max_num_queries(len(used)):
            client.get("/deals/?columns=-&columns=own_helper&columns=own_owner&columns=own_remark")


class TestPages:
    def test_both_sides_read_them(self, two, browse, manager, acme):
        one = two[0]
        for client, path in (
            (browse(manager), f"/deals/{one.number}/?tab=registration"),
            (browse(acme.sales), f"/deals/{one.number}/"),
        ):
            page = client.get(path).content.decode()
            assert "Huaxin" in page and "Zebra crossing" in page and "Support, Training" in page

    def test_what_is_for_staff_a_partner_never_reads(self, field, acme, browse, manager):
        field("deal", "margin", "number", staff_only=True, in_list=True)
        deal = registered(acme, "Alpha Works")
        deal.custom = {"margin": "4711"}
        deal.save()
        assert "4,711" in browse(manager).get(f"/deals/{deal.number}/?tab=registration").content.decode()
        for path in (
            f"/deals/{deal.number}/",
            "/deals/",
            "/deals/?own_margin_from=1",
            "/deals/?sort=own_margin",
        ):
            text = browse(acme.sales).get(path).content.decode()
            assert "4,711" not in text and "Margin" not in text
        csv = browse(acme.admin).get("/deals/?export=csv")
        assert b"4711" not in b"".join(csv.streaming_content)

    def test_a_name_that_the_reader_may_not_see_is_not_told(self, field, acme, rival, administrator):
        field("deal", "helper", "partner")
        deal = registered(acme, "Alpha Works")
        deal.custom = {"helper": rival.row.pk}
        assert [fact.value for fact in facts_of("deal", deal, administrator)] == [rival.name]
        assert [fact.value for fact in facts_of("deal", deal, acme.sales)] == ["not visible to you"]


class TestConditions:
    @pytest.mark.parametrize(
        ("name", "op", "value"),
        [
            ("competitor", "is", "huaxin"), ("seats", "more_than", "100"), ("budget", "at_least", "1000.50"),
            ("starts", "on_or_after", "2026-12-01"), ("urgent", "is", True), ("wants", "any_of", ["support"]),
            ("remark", "contains", "zebra"), ("owner", "is", "EMAIL"), ("helper", "is", "NUMBER"),
        ],
    )  # fmt: skip
    def test_every_kind_can_be_asked_and_set_and_row_agree(self, two, acme, manager, name, op, value):
        value = (
            {"EMAIL": acme.admin_user.email, "NUMBER": acme.row.number}.get(value, value)
            if isinstance(value, str)
            else value
        )
        condition = {"field": f"custom.{name}", "op": op, "value": value}
        assert validate(condition, "deal") == []
        rows = DealRegistration.objects.visible_to(manager)
        assert list(narrow(rows, condition, "deal")) == [two[0]]
        assert [holds(condition, "deal", row) for row in two] == [True, False]
        assert CustomField.objects.get(code=name).label.lower() in sentence(condition, "deal").lower()

    def test_a_field_that_was_never_there_is_refused(self, db):
        assert validate({"field": "custom.nonsense", "op": "is", "value": "x"}, "deal")


class TestAudit:
    def test_the_trail_speaks_in_the_fields_own_words(self, field, browse, manager, administrator):
        field("partner", "segment", "choice", choices=["SMB", "Enterprise"], label="Market segment")
        partner = create_partner(name="One", custom={"segment": "smb"}, by=manager)
        update_partner(partner=partner, custom={"segment": "enterprise"}, by=manager)
        for path in (f"/partners/{partner.pk}/", "/settings/audit/"):
            assert "Market segment SMB → Enterprise" in browse(administrator).get(path).content.decode()

    def test_the_trail_names_people_and_tells_partners_by_number(self, field, acme, browse, administrator):
        field("partner", "owner", "person", label="Owner")
        field("partner", "helper", "partner", label="Helper")
        custom = {
            "owner": get_user_model().objects.get(pk=administrator.user_id).email,
            "helper": acme.row.number,
        }
        partner = create_partner(name="One", custom=custom, by=administrator)
        page = browse(administrator).get(f"/partners/{partner.pk}/").content.decode()
        assert "Owner Ada Admin" in page and f"Helper {acme.row.number}" in page

    def test_the_list_of_the_trail_costs_the_same_however_many_values_it_names(
        self, field, browse, manager, administrator, django_assert_max_num_queries
    ):
        field("partner", "segment")
        partner = create_partner(name="One", by=manager)
        client = browse(administrator)
        with django_assert_max_num_queries(60) as few:
            client.get("/settings/audit/")
        for number in range(8):
            update_partner(partner=partner, custom={"segment": f"s{number}"}, by=manager)
        with django_assert_max_num_queries(len(few) + 1):
            client.get("/settings/audit/")


def test_the_page_of_a_product_shows_what_nobody_fills_in(field, administrator, browse):
    from prm.catalogue.models import Product
    from tests.factories.catalogue import ProductFactory

    field("product", "item", "reference", pattern="IT-{n}")
    product = ProductFactory(code="R-1")
    Product.objects.filter(pk=product.pk).update(custom={"item": "IT-17"})
    assert "IT-17" in browse(administrator).get(f"/products/{product.pk}/").content.decode()
