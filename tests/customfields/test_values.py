"""Custom values: read, required, hidden and computed by the same rules on every path."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from dealreg.models import DealRegistration
from dealreg.services import register_deal, save_draft
from orders.services import place_order, submit_order
from partners.services import create_partner, update_partner
from prm.audit.models import AuditEntry
from prm.catalogue.services import save_product
from prm.customers.services import confirm_customer, create_customer, resolve_customer, update_customer
from prm.customfields import errors, kinds
from prm.customfields.models import CustomField
from prm.values import clock
from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductFactory, ProductLineFactory
from tests.factories.orders import order_of
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def registered(company, **words):
    facts = {
        "customer_name": "Hangzhou Xunda Logistics", "product_lines": [deals.line()],
        "estimated_value": Decimal(600_000), "expected_close": clock.today() + timedelta(days=30),
    }  # fmt: skip
    return register_deal(by=company.sales, partner=company.row, **{**facts, **words})


class TestReading:
    @pytest.mark.parametrize(
        ("kind", "typed", "stored"),
        [
            ("text", "  two   words ", "two words"),
            ("text", "", None),
            ("long_text", "one\r\ntwo", "one\ntwo"),
            ("number", "1,234", "1234"),
            ("money", "¥12,400.50", "12400.50"),
            ("money", Decimal("7.5"), "7.50"),
            ("date", "2026/3/9", "2026-03-09"),
            ("date", "2026年3月9日", "2026-03-09"),
            ("yes_no", "是", True),
            ("yes_no", False, False),
            ("choice", "dell", "dell"),
            ("choice", "Dell", "dell"),
            ("many", "HP; Dell", ["hp", "dell"]),
            ("many", ["dell"], ["dell"]),
            ("link", "https://example.com/a", "https://example.com/a"),
        ],
    )
    def test_what_people_type_has_one_stored_form(self, field, administrator, kind, typed, stored):
        made = field("partner", "it", kind, choices=["HP", "Dell"])
        assert kinds.read(made, typed, by=administrator) == stored

    @pytest.mark.parametrize(
        ("kind", "typed", "error"),
        [
            ("text", "x" * 201, errors.TooLong),
            ("text", "a\x00b", errors.ValueRefused),
            ("number", "12a", errors.NotANumber),
            ("number", "NaN", errors.NotANumber),
            ("number", "1.5", errors.TooManyPlaces),
            ("money", "1.234", errors.TooManyPlaces),
            ("money", "1" + "0" * 16, errors.NumberOutOfRange),
            ("date", "31/10/2026", errors.NotADay),
            ("date", "2026-02-30", errors.NotADay),
            ("yes_no", "maybe", errors.NotYesOrNo),
            ("choice", "IBM", errors.NotAChoice),
            ("many", "HP; IBM", errors.NotAChoice),
            ("link", "javascript:alert(1)", errors.NotALink),
            ("link", "ftp://example.com", errors.NotALink),
            ("person", "nobody@example.com", errors.NobodyLikeThat),
            ("partner", "P-404", errors.NobodyLikeThat),
        ],
    )
    def test_what_cannot_be_read_is_refused_naming_the_field(self, field, administrator, kind, typed, error):
        made = field("partner", "it", kind, label="Thing", choices=["HP", "Dell"])
        with pytest.raises(error) as refused:
            kinds.read(made, typed, by=administrator)
        assert refused.value.field == "custom_it"
        assert "Thing" in refused.value.text

    def test_a_partner_names_only_its_own_people_and_itself(self, field, acme, rival):
        person, partner = field("deal", "helper", "person"), field("deal", "subcontractor", "partner")
        assert kinds.read(person, acme.admin_user, by=acme.sales) == acme.admin_user.pk
        assert kinds.read(partner, acme.row.pk, by=acme.sales) == acme.row.pk
        for made, other in (
            (person, rival.sales_user.pk),
            (partner, rival.row.pk),
            (person, UserFactory().pk),
        ):
            with pytest.raises(errors.NobodyLikeThat):
                kinds.read(made, other, by=acme.sales)


class TestDeals:
    def test_a_required_field_is_asked_when_it_is_handed_in_not_in_a_draft(self, field, acme):
        field("deal", "competitor", required=True)
        draft = save_draft(by=acme.sales, partner=acme.row, customer_name="Xunda")
        assert draft.custom == {}
        with pytest.raises(errors.ValueMissing) as refused:
            registered(acme)
        assert refused.value.field == "custom_competitor"
        deal = registered(acme, custom={"competitor": "Huaxin"})
        assert deal.custom == {"competitor": "Huaxin"}
        entry = AuditEntry.objects.of(deal).get(verb="submitted")
        assert entry.changes["custom.competitor"] == ["", "Huaxin"]

    def test_a_field_under_a_condition_is_asked_only_then_and_not_kept_otherwise(
        self, field, published, acme
    ):
        field("deal", "competitor")
        over = {"field": "estimated_value", "op": "more_than", "value": "500000"}
        published("deal", [
            {"field": "customer_name"}, {"field": "product_lines"}, {"field": "estimated_value"},
            {"field": "expected_close"}, {"field": "custom_competitor", "shown": over, "required": True},
        ])  # fmt: skip
        low = registered(acme, estimated_value=Decimal(500_000), custom={"competitor": "kept nowhere"})
        assert low.custom == {}
        with pytest.raises(errors.ValueMissing):
            registered(acme, estimated_value=Decimal("500000.01"))
        assert registered(acme, custom={"competitor": "Huaxin"}).custom == {"competitor": "Huaxin"}

    def test_a_draft_keeps_what_is_hidden_now(self, field, published, acme):
        field("deal", "competitor")
        over = {"field": "estimated_value", "op": "more_than", "value": "500000"}
        published("deal", [{"field": "custom_competitor", "shown": over, "required": True}])
        draft = save_draft(
            by=acme.sales, partner=acme.row, customer_name="X", custom={"competitor": "Huaxin"}
        )
        assert draft.custom == {"competitor": "Huaxin"}

    def test_a_form_can_require_one_of_the_products_own_fields(self, published, acme):
        published("deal", [{"field": "contact", "required": True}])
        with pytest.raises(errors.ValueMissing) as refused:
            registered(acme)
        assert refused.value.field == "contact"
        assert registered(acme, contact="Chen Jie").contact == "Chen Jie"

    def test_a_hidden_field_of_the_product_is_not_kept(self, published, acme):
        published(
            "deal",
            [{"field": "region", "shown": {"field": "contact", "op": "not_empty"}}, {"field": "contact"}],
        )
        assert registered(acme, region="East").region == ""
        assert registered(acme, region="East", contact="Chen").region == "East"

    def test_the_form_of_a_role_or_type_goes_first(self, published, acme, manager):
        published("deal", [{"field": "contact", "required": True}], role="partner")
        with pytest.raises(errors.ValueMissing):
            registered(acme)
        deal = register_deal(
            by=manager, partner=acme.row, customer_name="Ordinary Works", product_lines=[deals.line()],
            estimated_value=Decimal(1), expected_close=clock.today(),
        )  # fmt: skip
        assert deal.state == "in_review"

    def test_staff_only_fields_do_not_exist_for_partners(self, field, acme):
        field("deal", "margin", "number", required=True, staff_only=True)
        with pytest.raises(errors.UnknownCustomField):
            registered(acme, custom={"margin": "7"})
        assert registered(acme).state == "in_review"

    def test_an_unknown_field_is_refused(self, acme):
        with pytest.raises(errors.UnknownCustomField):
            registered(acme, custom={"nonsense": "7"})

    def test_reference_numbers_follow_one_another(self, field, acme):
        field("deal", "project", "reference", pattern="PRJ-{yyyy}-{n:3}")
        year = clock.today().year
        first, second = registered(acme), registered(acme, customer_name="Quite Another Company")
        assert (first.custom["project"], second.custom["project"]) == (f"PRJ-{year}-001", f"PRJ-{year}-002")
        assert "project" not in save_draft(by=acme.sales, partner=acme.row, customer_name="X").custom

    def test_computed_values_are_stored_and_nobody_types_them(self, field, acme):
        field("deal", "margin", "number", places=1)
        field("deal", "profit", "computed", expression="estimated_value * margin / 100", result="money")
        deal = registered(acme, custom={"margin": "7.5", "profit": "1"})
        assert deal.custom == {"margin": "7.5", "profit": "45000.00"}
        assert DealRegistration.objects.for_everyone(because="a test").get(pk=deal.pk).custom == deal.custom

    def test_read_only_keeps_the_default(self, field, published, acme):
        field("deal", "source")
        published("deal", [{"field": "custom_source", "readonly": True, "default": "portal"}])
        assert registered(acme, custom={"source": "mine"}).custom == {"source": "portal"}

    def test_a_field_newer_than_the_form_stands_at_its_end(self, field, published, acme):
        published("deal", [{"field": "customer_name"}])
        field("deal", "competitor", required=True)
        with pytest.raises(errors.ValueMissing):
            registered(acme)


class TestOthers:
    def test_partners_when_they_are_made_and_changed(self, field, manager):
        field("partner", "segment", "choice", choices=["SMB", "Enterprise"], required=True)
        with pytest.raises(errors.ValueMissing):
            create_partner(name="New", by=manager)
        partner = create_partner(name="New", custom={"segment": "smb"}, by=manager)
        update_partner(partner=partner, custom={"segment": "Enterprise"}, by=manager)
        partner.refresh_from_db()
        assert partner.custom == {"segment": "enterprise"}
        assert AuditEntry.objects.of(partner).filter(verb="edited").get().changes == {
            "custom.segment": ["smb", "enterprise"]
        }
        with pytest.raises(errors.ValueMissing):
            update_partner(partner=partner, custom={"segment": ""}, by=manager)

    def test_customers_when_staff_keep_them_not_when_a_partner_types_a_name(self, field, manager, acme):
        field("customer", "industry", required=True)
        typed = resolve_customer(name="Xunda Logistics", by=acme.sales).customer
        with pytest.raises(errors.ValueMissing):
            confirm_customer(customer=typed, by=manager)
        with pytest.raises(errors.ValueMissing):
            create_customer(name="Another", by=manager)
        assert update_customer(customer=typed, custom={"industry": "Freight"}, by=manager).custom
        assert create_customer(name="Another", custom={"industry": "Food"}, by=manager).custom == {
            "industry": "Food"
        }

    def test_products(self, field, manager):
        field("product", "warranty", "number", required=True)
        facts = {
            "code": "X", "name": "X", "product_line": ProductLineFactory(), "list_price": Decimal(1),
            "currency": "CNY", "by": manager,
        }  # fmt: skip
        with pytest.raises(errors.ValueMissing):
            save_product(**facts)
        assert save_product(**facts, custom={"warranty": "36"}).custom == {"warranty": "36"}

    def test_orders_when_they_are_submitted(self, field, acme):
        field("order", "cost_centre", required=True)
        items = [(ProductFactory(), Decimal(1))]
        draft = place_order(partner=acme.row, items=items, by=acme.sales)
        with pytest.raises(errors.ValueMissing):
            submit_order(order=draft, by=acme.sales)
        draft = place_order(partner=acme.row, items=items, custom={"cost_centre": "K7"}, by=acme.sales)
        assert submit_order(order=draft, by=acme.sales).custom == {"cost_centre": "K7"}

    def test_moving_an_order_on_asks_for_nothing(self, field, acme, manager):
        order = order_of(acme.row, state="submitted")
        field("order", "cost_centre", required=True)
        from orders.services import approve_order

        assert approve_order(order=order, by=manager).state == "approved"
        assert CustomField.objects.count() == 1
