"""Rules of forms that ask about product lines, people, partners and files: in forms, services and the designer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dealreg.models import DealRegistration
from dealreg.services import register_deal
from partners.services import create_partner
from prm.customfields import errors, layouts, targets
from prm.customfields.configuration import _code_of, _told
from prm.customfields.plans import elements_of
from prm.values import clock
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db
LOCKED = ["partner", "customer_name", "product_lines", "estimated_value", "expected_close", "type"]
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n"


@pytest.fixture(autouse=True)
def files_apart(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def asking(published, rule, *others, what="required"):
    """The form of deals, which asks for a remark when `rule` holds."""
    places = [*LOCKED, *others]
    published("deal", [{"field": name} for name in places] + [{"field": "custom_remark", what: rule}])


def typed(**more):
    return {
        "customer_name": "Hangzhou Xunda", "product_lines": [deals.line().pk], "estimated_value": "600,000",
        "expected_close": (clock.today() + timedelta(days=30)).isoformat(), **more,
    }  # fmt: skip


def missed(client, **more):
    """The fields at which the registration form finds something; [] when it is handed in."""
    answer = client.post("/deals/new/", typed(**more))
    return [] if answer.status_code == 302 else list(answer.context["form"].errors)


class TestProductLines:
    @pytest.fixture
    def wifi(self, field, published):
        field("deal", "remark")
        wifi = deals.line("wifi")
        asking(published, {"field": "product_lines", "op": "any_of", "value": [str(wifi.pk)]})
        return wifi

    def test_the_form_asks_by_what_is_ticked(self, wifi, acme, browse):
        client = browse(acme.sales)
        assert "data-required-when" in client.get("/deals/new/").content.decode()
        assert missed(client, product_lines=[deals.line().pk, wifi.pk]) == ["custom_remark"]
        assert missed(client, product_lines=[deals.line().pk]) == []

    def test_so_does_the_service(self, wifi, acme):
        with pytest.raises(errors.ValueMissing) as refused:
            register_deal(partner=acme.row, by=acme.sales, **deals.facts(product_lines=[wifi]))
        assert refused.value.field == "custom_remark"
        register_deal(partner=acme.row, by=acme.sales, **deals.facts())
        with_remark = deals.facts(product_lines=[wifi], customer_name="Suzhou Works", custom={"remark": "x"})
        assert register_deal(partner=acme.row, by=acme.sales, **with_remark).custom == {"remark": "x"}

    def test_a_draft_reads_the_lines_that_are_being_saved(self, field, published, acme):
        field("deal", "remark")
        wifi = deals.line("wifi")
        asking(
            published, {"field": "product_lines", "op": "any_of", "value": [str(wifi.pk)]}, what="readonly"
        )
        draft = deals.draft(acme, product_lines=[wifi], custom={"remark": "x"})
        assert draft.custom == {}

    def test_the_text_of_the_configuration_names_them_by_code(self, wifi):
        rule = {"field": "product_lines", "op": "any_of", "value": [str(wifi.pk)]}
        sections = [{"title": "All", "fields": [{"field": "custom_remark", "required": rule}]}]
        (told,) = _told(sections, targets.find("deal"), _code_of)
        assert told["fields"][0]["required"]["value"] == ["wifi"]


class TestPeopleAndPartners:
    def test_a_partner_field_is_asked_by_number(self, field, published, manager, acme, rival, browse):
        field("deal", "remark")
        field("deal", "ally", "partner")
        rule = {"field": "custom_ally", "op": "is", "value": rival.row.number}
        asking(published, rule, "custom_ally")
        client = browse(manager)
        assert missed(client, partner=acme.row.pk, custom_ally=rival.row.pk) == ["custom_remark"]
        assert missed(client, partner=acme.row.pk, custom_ally=acme.row.pk) == []
        page = client.get("/deals/new/").content.decode()
        assert f"&quot;value&quot;: &quot;{rival.row.pk}&quot;" in page  # the browser compares what it posts

    def test_the_products_own_partner_too(self, field, published, manager, acme, rival, browse):
        field("deal", "remark")
        asking(published, {"field": "partner", "op": "none_of", "value": [acme.row.number]})
        client = browse(manager)
        assert missed(client, partner=rival.row.pk) == ["custom_remark"]
        assert missed(client, partner=acme.row.pk) == []
        with pytest.raises(errors.ValueMissing):
            register_deal(partner=rival.row, by=manager, **deals.facts(customer_name="Wuxi Works"))

    def test_a_person_is_asked_by_e_mail(self, field, published, manager, administrator):
        field("partner", "remark")
        field("partner", "keeper", "person")
        keeper = manager_row(administrator)
        rule = {"field": "custom_keeper", "op": "is", "value": keeper.email}
        places = ["name", "type", "custom_keeper"]
        published(
            "partner", [{"field": name} for name in places] + [{"field": "custom_remark", "required": rule}]
        )
        with pytest.raises(errors.ValueMissing):
            create_partner(name="One", custom={"keeper": keeper.pk}, by=manager)
        create_partner(name="One", custom={"keeper": manager.user_id}, by=manager)
        create_partner(name="Two", by=manager)

    def test_one_that_is_gone_holds_for_nobody(self, field, published, manager, acme, rival, browse):
        field("deal", "remark")
        asking(published, {"field": "partner", "op": "is", "value": "P-GONE"})
        assert missed(browse(manager), partner=rival.row.pk) == []


class TestFiles:
    @pytest.mark.parametrize(("op", "with_file"), [("not_empty", ["custom_remark"]), ("empty", [])])
    def test_a_file_is_asked_whether_it_is_there(self, field, published, acme, browse, op, with_file):
        field("deal", "remark")
        field("deal", "tender", "file")
        asking(published, {"field": "custom_tender", "op": op}, "custom_tender")
        client = browse(acme.sales)
        pdf = SimpleUploadedFile("plan.pdf", PDF)
        without = ["custom_remark"] if op == "empty" else []
        assert missed(client, customer_name="Alpha Works") == without
        assert missed(client, customer_name="Beta Works", custom_tender=pdf) == with_file

    def test_the_service_reads_the_kept_file(self, field, published, acme, browse):
        field("deal", "remark")
        field("deal", "tender", "file")
        asking(published, {"field": "custom_tender", "op": "empty"}, "custom_tender", what="shown")
        client = browse(acme.sales)
        assert missed(client, custom_tender=SimpleUploadedFile("plan.pdf", PDF), custom_remark="x") == []
        assert set(DealRegistration.objects.visible_to(acme.sales).get().custom) == {"tender"}


class TestTheDesigner:
    @pytest.fixture
    def places(self, field):
        field("deal", "remark")
        field("deal", "tender", "file")
        field("deal", "ally", "partner")
        field("deal", "keeper", "person")
        return ["custom_tender", "custom_ally", "custom_keeper"]

    def faults(self, places, rule):
        fields = [{"field": name} for name in [*LOCKED, *places]]
        document = {"schema": 1, "sections": [{"title": "All", "columns": 1, "fields": fields}]}
        fields.append({"field": "custom_remark", "shown": rule})
        target = targets.find("deal")
        return document, [
            one.text
            for one in layouts.problems_of(document, target, elements_of(target, ""))
            if not one.warning
        ]

    def test_it_offers_them_with_the_operators_of_their_kind(self, places, browse, administrator, acme):
        rule = {"field": "custom_ally", "op": "is", "value": acme.row.number}
        document, faults = self.faults(places, rule)
        assert faults == []
        page = browse(administrator).post(
            "/settings/forms/deal/canvas/",
            {"document": json.dumps(document), "selected": "custom_remark"},
        ).content.decode()  # fmt: skip
        for name in ("product_lines", "partner", "custom_tender", "custom_ally", "custom_keeper"):
            assert f'value="f:{name}"' in page, name
        assert f"Ally is {acme.row.name}" in page

    def test_many_rows_are_searched_as_in_every_other_condition(
        self, places, browse, administrator, acme, monkeypatch
    ):
        monkeypatch.setattr("prm.conditions.builder.MOST_OPTIONS", 0)
        client = browse(administrator)
        document, _faults = self.faults(places, {"field": "custom_ally", "op": "is", "value": ""})
        page = client.post(
            "/settings/forms/deal/canvas/", {"document": json.dumps(document), "selected": "custom_remark"}
        ).content.decode()  # fmt: skip
        address = "/conditions/deal/options/?field=custom.ally"
        assert address in page
        monkeypatch.undo()
        assert acme.row.name in client.get(f"{address}&q={acme.row.number}").content.decode()

    @pytest.mark.parametrize(
        "rule",
        [
            {"field": "custom_tender", "op": "is", "value": "plan.pdf"},
            {"field": "custom_ally", "op": "contains", "value": "P"},
            {"field": "custom_ally", "op": "is", "value": "P-GONE"},
            {"field": "custom_keeper", "op": "one_of", "value": ["nobody@example.com"]},
            {"field": "product_lines", "op": "any_of", "value": ["999999"]},
            {"field": "product_lines", "op": "is", "value": "1"},
        ],
    )
    def test_what_does_not_fit_is_refused(self, places, rule):
        assert self.faults(places, rule)[1]


def manager_row(actor):
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(pk=actor.user_id)
