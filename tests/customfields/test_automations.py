"""Automations set own fields by the rules that hold for everybody, and keep a field from being deleted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from dealreg.services import complete_registration
from orders.errors import WrongState
from orders.services import complete_order
from partners.services import create_partner
from prm.audit.models import AuditEntry
from prm.automations import updates
from prm.automations.errors import FieldGone, ValueUnfit
from prm.automations.models import Run
from prm.automations.services import add_action, switch_automation
from prm.catalogue.services import complete_product, save_product
from prm.conditions.models import SavedView
from prm.customers.services import create_customer
from prm.customfields import errors
from prm.customfields.daily import drop_deleted_fields
from prm.customfields.services import change_field, create_field, delete_field, places_using
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError, NotAllowed
from tests.automations.test_running import automation, deliver
from tests.factories import dealreg as deals
from tests.factories.orders import order_of

pytestmark = pytest.mark.django_db
CREATED = {
    "partner": "partners.created.v1", "customer": "customers.created.v1", "deal": "dealreg.submitted.v1",
    "order": "orders.submitted.v1", "product": "catalogue.product_added.v1",
}  # fmt: skip


def page(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def made(target, acme, manager):
    if target == "partner":
        return create_partner(name="One", by=manager)
    if target == "customer":
        return create_customer(name="East Mills Ltd", by=manager)
    if target == "product":
        return save_product(
            code="AP-1", name="Access point", product_line=deals.line(), list_price=Decimal("9.50"), currency="CNY",
            by=manager,
        )  # fmt: skip
    return deals.in_review(acme) if target == "deal" else order_of(acme.row, state="submitted")


@pytest.mark.parametrize("target", CREATED)
def test_a_field_of_every_kind_of_record_is_set(field, administrator, acme, manager, target):
    segment = field(target, "segment", "choice", choices=["Small", "Large"], label="Market segment")
    automation(administrator, CREATED[target], kind="update", field="custom.segment", value="Large")
    row = made(target, acme, manager)
    deliver()
    row.refresh_from_db()
    assert row.custom[segment.code] == "large"
    entry = AuditEntry.objects.get(object_id=str(row.pk), changes__has_key="custom.segment")
    assert entry.actor_kind == "job" and "automation" in entry.actor_label


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("text", " A  b ", "A b"), ("number", "1,200.00", "1200"), ("money", "¥12.50", "12.50"),
        ("date", "2026-12-01", "2026-12-01"), ("yes_no", "yes", True), ("many", "Small; Large", ["small", "large"]),
        ("link", "https://example.com/x", "https://example.com/x"), ("text", "", None),
    ],
)  # fmt: skip
def test_what_is_typed_is_read_as_the_field_reads_it(field, kind, value, stored):
    field("partner", "it", kind, **({"choices": ["Small", "Large"]} if kind == "many" else {}))
    assert updates.update_of("partner", "custom.it").cleaned(value) == stored


def test_a_person_and_a_partner_are_named_by_what_they_are_called_everywhere(field, administrator, acme):
    field("partner", "helper", "partner")
    field("partner", "owner", "person")
    assert updates.update_of("partner", "custom.helper").cleaned(acme.row.number) == acme.row.pk
    email = administrator_email(administrator)
    assert updates.update_of("partner", "custom.owner").cleaned(email) == administrator.user_id


def administrator_email(administrator):
    from prm.accounts.models import User

    return User.objects.get(pk=administrator.user_id).email


def test_what_comes_by_itself_and_files_are_not_offered(field):
    field("partner", "licence", "file")
    field("partner", "project", "reference", pattern="P-{n}")
    assert not [one for one in updates.updates_of("partner") if one.name.startswith("custom.")]


def test_a_value_that_does_not_fit_is_refused_with_the_fields_own_words(field, administrator):
    field("deal", "seats", "number")
    with pytest.raises(ValueUnfit) as refused:
        automation(administrator, kind="update", field="custom.seats", value="many")
    assert "is not a number" in refused.value.text


def test_the_rules_of_the_form_hold_for_automations_too(field, administrator, acme):
    segment = field("deal", "segment")
    automation(administrator, kind="update", field="custom.segment", value="")
    deal = deals.in_review(acme)
    deal.custom = {"segment": "East"}
    deal.save(update_fields=["custom"])
    change_field(field=segment, required=True, by=administrator)
    deliver()
    deal.refresh_from_db()
    assert deal.custom == {"segment": "East"}
    assert Run.objects.get().outcome == "failed" and "missing" in Run.objects.get().error


def test_on_the_screen_the_field_offers_its_choices(field, administrator, browse):
    field("deal", "segment", "choice", choices=["Small", "Large"], label="Market segment")
    field("deal", "starts", "date", label="Start")
    row = automation(administrator, on=False)
    page = browse(administrator).get(f"{row.get_absolute_url()}actions/update/?field=custom.segment")
    assert (
        "Market segment" in page.content.decode() and '<option value="large">Large' in page.content.decode()
    )
    page = browse(administrator).get(f"{row.get_absolute_url()}actions/update/?field=custom.starts")
    assert 'type="date"' in page.content.decode()


@pytest.mark.parametrize("language,words", [("en", "Direct; By a partner"), ("zh-hans", "直接; 经伙伴")])
def test_a_choice_is_told_by_its_words_never_by_its_code(administrator, browse, acme, language, words):
    choices = [("a", "Direct", "直接"), ("b", "By a partner", "经伙伴")]
    how = {"target": "deal", "label": "Way", "options": {"choices": choices}, "by": administrator}
    create_field(code="way", kind="choice", **how)
    create_field(code="ways", kind="many", **how | {"label": "Ways"})
    row = automation(administrator, kind="update", field="custom.way", value="a")
    add_action(automation=row, kind="update", field="custom.ways", value="a; b", by=administrator)
    deals.in_review(acme)
    with translation.override(language):
        client = browse(administrator)
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        address, first = row.get_absolute_url(), words.split(";")[0]
        assert f": {first}<" in page(client.get(address)) and f": {words}<" in page(client.get(address))
        assert f"“{first}”" in page(client.get(f"{address}test/")) and words in page(
            client.get(f"{address}test/")
        )
        deliver()
        run = Run.objects.get(automation=row)
        assert words in page(client.get(run.get_absolute_url())) and "“a”" not in page(
            client.get(run.get_absolute_url())
        )


@pytest.mark.parametrize(
    ("subject", "name", "value"),
    [
        ("partner", "website", "https://one.example"), ("partner", "address", "1 Road"),
        ("customer", "region", "North"), ("deal", "contact", "Ms Lin"), ("order", "note", "By truck"),
        ("product", "name_zh", "接入点"), ("product", "description", "For walls"),
    ],
)  # fmt: skip
def test_fields_of_the_product_too(administrator, acme, manager, subject, name, value):
    automation(administrator, CREATED[subject], kind="update", field=name, value=value)
    row = made(subject, acme, manager)
    deliver()
    row.refresh_from_db()
    assert getattr(row, name) == value


class TestWhatTheObjectLeadsTo:
    @pytest.mark.parametrize(
        ("subject", "name", "of"),
        [
            ("deal", "partner", "partner"),
            ("deal", "end_customer", "end_customer"),
            ("order", "partner", "partner"),
        ],
    )
    def test_its_fields_are_set_too(self, field, administrator, acme, manager, subject, name, of):
        field("customer" if of == "end_customer" else "partner", "last_seen", label="Last seen")
        automation(
            administrator, CREATED[subject], kind="update", field=f"{name}.custom.last_seen", value="now"
        )
        row = made(subject, acme, manager)
        deliver()
        row.refresh_from_db()
        assert getattr(row, of).custom == {"last_seen": "now"}

    def test_the_products_own_fields_of_it_too_with_the_object_itself(self, administrator, acme):
        from prm.automations.services import add_action

        row = automation(administrator, kind="update", field="contact", value="Ms Lin", on=False)
        add_action(automation=row, kind="update", field="partner.region", value="North", by=administrator)
        switch_automation(automation=row, on=True, by=administrator)
        deal = deals.in_review(acme)
        with CaptureQueriesContext(connection) as seen:
            deliver()
        deal.refresh_from_db()
        assert (deal.contact, deal.partner.region) == ("Ms Lin", "North")
        locked = [query["sql"] for query in seen if "FOR UPDATE" in query["sql"]]
        tables = [
            one
            for sql in locked
            for one in ("partners_partner", "dealreg_dealregistration")
            if f'FROM "{one}"' in sql
        ]
        assert tables[0] == "partners_partner"  # as every verb locks
        entry = AuditEntry.objects.get(object_id=str(deal.partner_id), changes__has_key="region")
        assert "automation" in entry.actor_label

    def test_an_order_without_end_customer_is_a_failed_run_that_says_so(self, administrator, acme, manager):
        automation(administrator, CREATED["order"], kind="update", field="end_customer.region", value="North")
        made("order", acme, manager)
        deliver()
        run = Run.objects.get()
        assert run.outcome == "failed" and "End customer’s region" in run.error

    def test_the_screen_names_whose_field_it_is(self, field, administrator, browse):
        field("partner", "segment", label="Segment")
        row = automation(administrator, on=False)
        page = browse(administrator).get(f"{row.get_absolute_url()}actions/update/").content.decode()
        assert '<optgroup label="Partner">' in page and 'hx-swap="outerHTML"' in page
        assert "Partner’s segment" in page and "Partner’s region" in page and "End customer’s phone" in page

    def test_such_a_field_is_not_deleted_from_under_it(self, field, administrator):
        segment = field("partner", "segment", label="Segment")
        other = field("deal", "segment", label="Segment")
        row = automation(administrator, kind="update", field="partner.custom.segment", value="x")
        assert places_using(segment) == [f"automation “{row.name}”"]
        assert places_using(other) == []

    def test_what_a_service_rules_is_never_offered(self, db):
        ruled = {"tier", "status", "state", "manager", "partner", "number", "code", "list_price", "product_line",
                 "tax_rate", "is_active", "estimated_value", "expected_close", "net_total"}  # fmt: skip
        for subject in CREATED:
            names = {one.name.rpartition(".")[2] for one in updates.updates_of(subject)}
            assert names and not names & ruled, subject
        with pytest.raises(FieldGone):
            automation(Actor.job("test"), kind="update", field="partner.tier", value="gold")

    def test_a_product_is_completed_in_words_only(self, acme, manager):
        product = made("product", acme, manager)
        with pytest.raises(TypeError):
            complete_product(product=product, list_price=Decimal(1), by=manager)
        with pytest.raises(NotAllowed):
            complete_product(product=product, description="x", by=acme.sales)


class TestCompleting:
    def test_a_draft_is_its_partners(self, acme, manager):
        with pytest.raises(DomainError):
            complete_registration(registration=deals.draft(acme), contact="Ms Lin", by=manager)
        with pytest.raises(WrongState):
            complete_order(order=order_of(acme.row, state="draft"), note="x", by=manager)

    def test_partners_complete_nothing_and_nothing_else_is_completed(self, acme, manager):
        deal = deals.in_review(acme)
        with pytest.raises(NotAllowed):
            complete_registration(registration=deal, contact="Ms Lin", by=acme.sales)
        with pytest.raises(NotAllowed):
            complete_order(order=order_of(acme.row, state="submitted"), note="x", by=acme.sales)
        with pytest.raises(TypeError):
            complete_registration(registration=deal, estimated_value="1", by=manager)


class TestDeleting:
    def test_what_uses_a_field_is_named_and_keeps_it(self, field, administrator):
        segment = field("deal", "segment", label="Segment")
        made = automation(administrator, kind="update", field="custom.segment", value="x")
        condition = {"all": [{"field": "custom.segment", "op": "is", "value": "x"}]}
        SavedView.objects.create(
            subject="deal", name="Segment x", condition=condition, shared=True, owner_id=administrator.user_id
        )
        assert places_using(segment) == [f"automation “{made.name}”", "saved view “Segment x”"]
        with pytest.raises(errors.FieldInUse):
            delete_field(field=segment, by=administrator)

    def test_a_flow_that_asks_for_it_is_named(self, field, administrator):
        from prm.approvals.models import Flow, FlowVersion

        segment = field("deal", "segment", label="Segment")
        version = FlowVersion.objects.filter(state="published", flow=Flow.objects.get(subject="deal")).get()
        when = {"field": "custom.segment", "op": "is", "value": "x"}
        version.document = {**version.document, "steps": [{"id": "d9", "kind": "decide", "when": when}]}
        version.save(update_fields=["document"])
        assert "approval flow" in places_using(segment)[0]

    def test_the_screen_asks_says_how_many_hold_it_and_brings_it_back(
        self, field, administrator, browse, manager
    ):
        field("partner", "segment", label="Segment")
        rows = [create_partner(name=f"P {n}", custom={"segment": f"s{n}"}, by=manager) for n in range(3)]
        client = browse(administrator)
        asked = client.get("/settings/fields/partner/segment/delete/").content.decode()
        assert "3 rows hold a value" in asked and "30 days" in asked
        page = client.post("/settings/fields/partner/segment/delete/", follow=True).content.decode()
        assert "Restore" in page and "3 rows hold a value" in page
        address = f"/partners/{rows[1].pk}/"
        assert client.get(address).context["own"] == []
        with clock.at(clock.now() + timedelta(days=29)):
            drop_deleted_fields()
            client.post("/settings/fields/partner/segment/restore/")
        assert [fact.value for fact in client.get(address).context["own"]] == ["s1"]

    def test_after_30_days_the_values_are_gone(self, field, administrator, manager):
        segment = field("partner", "segment", label="Segment")
        partner = create_partner(name="One", custom={"segment": "x"}, by=manager)
        delete_field(field=segment, by=administrator)
        with clock.at(clock.now() + timedelta(days=31)):
            drop_deleted_fields()
        partner.refresh_from_db()
        assert partner.custom == {}

    def test_renaming_keeps_what_records_hold(self, field, administrator, browse, manager):
        field("partner", "segment", label="Segment")
        partner = create_partner(name="One", custom={"segment": "Retail"}, by=manager)
        browse(administrator).post(
            "/settings/fields/partner/segment/", {"label": "Market", "label_zh": "市场", "staff_only": "on"}
        )
        page = browse(manager).get(f"/partners/{partner.pk}/").content.decode()
        assert "Market" in page and "Retail" in page and "Segment" not in page
