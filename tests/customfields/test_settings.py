"""The administrator's pages of fields: add, rename, order, delete, restore; and the end of a deleted field."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import translation

from partners.services import create_partner
from prm.audit.models import AuditEntry
from prm.customfields import errors, services
from prm.customfields.daily import drop_deleted_fields
from prm.customfields.expressions import WrongKind
from prm.customfields.form_services import withdraw_layout
from prm.customfields.models import CustomField
from prm.values import clock
from prm.values.errors import NotAllowed
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(browse, administrator):
    return browse(administrator)


def test_a_field_is_added_on_its_page(boss):
    answer = boss.post("/settings/fields/deal/new/?kind=choice", {
        "label": "Main competitor", "label_zh": "主要竞争对手", "required": "on",
        "choices": "Huaxin | 华信\nnone: Nobody | 无",
    })  # fmt: skip
    assert answer["Location"] == "/settings/fields/deal/"
    made = CustomField.objects.get()
    assert (made.code, made.required) == ("main_competitor", True)
    assert made.options["choices"] == [
        {"code": "huaxin", "label": "Huaxin", "label_zh": "华信"},
        {"code": "none", "label": "Nobody", "label_zh": "无"},
    ]
    assert AuditEntry.objects.of(made).get().verb == "field_created"
    assert "Main competitor" in boss.get("/settings/fields/deal/").content.decode()
    assert "Deal registration" in boss.get("/settings/fields/").content.decode()


@pytest.mark.parametrize(
    ("kind", "typed", "at"),
    [
        ("text", {"label": ""}, "label"),
        ("text", {"label": "竞争对手"}, "code"),
        ("text", {"label": "X", "code": "customer_name"}, "code"),
        ("text", {"label": "X", "code": "1st"}, "code"),
        ("text", {"label": "X", "code": "min"}, "code"),
        ("choice", {"label": "X", "choices": ""}, "choices"),
        ("choice", {"label": "X", "choices": "A\nA"}, "choices"),
        ("computed", {"label": "X", "expression": "salary * 2"}, "expression"),
        ("computed", {"label": "X", "expression": "estimated_value >"}, "expression"),
        ("computed", {"label": "X", "expression": "estimated_value / (2 - 2)"}, "expression"),
        ("reference", {"label": "X", "pattern": "REF-{day}-{n}"}, "pattern"),
        ("reference", {"label": "X", "pattern": "REF"}, "pattern"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(boss, kind, typed, at):
    answer = boss.post(f"/settings/fields/deal/new/?kind={kind}", typed)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [at]


def test_renaming_keeps_the_data(boss, field, manager):
    field("partner", "segment", "choice", choices=["SMB", "Enterprise"])
    partner = create_partner(name="One", custom={"segment": "smb"}, by=manager)
    page = boss.get("/settings/fields/partner/segment/")
    assert "smb: SMB" in page.content.decode()
    boss.post(
        "/settings/fields/partner/segment/", {"label": "Size", "choices": "smb: Small\nenterprise: Large"}
    )
    partner.refresh_from_db()
    assert partner.custom == {"segment": "smb"}
    assert "Small" in boss.get(f"/partners/{partner.pk}/").content.decode()


def test_a_choice_that_rows_hold_is_not_taken_away(field, manager, administrator):
    made = field("partner", "segment", "choice", choices=["SMB", "Enterprise"])
    create_partner(name="One", custom={"segment": "smb"}, by=manager)
    with pytest.raises(errors.ChoiceInUse):
        services.change_field(field=made, options={"choices": [("", "Enterprise", "")]}, by=administrator)
    services.change_field(field=made, options={"choices": [("", "SMB", "")]}, by=administrator)


def test_fields_are_put_in_order(boss, field):
    for code in ("one", "two", "three"):
        field("deal", code)
    boss.post("/settings/fields/deal/three/move/", {"to": "0"})
    assert [row.code for row in CustomField.objects.of("deal")] == ["three", "one", "two"]


def test_deleting_asks_how_many_rows_use_it_and_can_be_undone(boss, field, manager):
    field("partner", "segment")
    partner = create_partner(name="One", custom={"segment": "SMB"}, by=manager)
    asked = boss.get("/settings/fields/partner/segment/delete/").content.decode()
    assert "1 row holds a value" in asked
    boss.post("/settings/fields/partner/segment/delete/")
    assert boss.get(f"/partners/{partner.pk}/").context["own"] == []
    assert boss.get("/settings/fields/partner/segment/").status_code == 404
    again = boss.post("/settings/fields/partner/new/?kind=text", {"label": "Segment"})
    assert list(again.context["form"].errors) == ["code"]
    boss.post("/settings/fields/partner/segment/restore/")
    assert [fact.value for fact in boss.get(f"/partners/{partner.pk}/").context["own"]] == ["SMB"]


def test_after_thirty_days_the_values_are_dropped_for_good(field, manager, administrator):
    made = field("partner", "segment")
    field("partner", "note2")
    partner = create_partner(name="One", custom={"segment": "SMB", "note2": "stays"}, by=manager)
    services.delete_field(field=made, by=administrator)
    with time_machine.travel(clock.now() + timedelta(days=29), tick=False):
        drop_deleted_fields()
        assert CustomField.objects.filter(code="segment").exists()
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        drop_deleted_fields()
        drop_deleted_fields()
    partner.refresh_from_db()
    assert partner.custom == {"note2": "stays"}
    assert not CustomField.objects.filter(code="segment").exists()
    assert AuditEntry.objects.get(verb="field_dropped").changes["rows"] == [1, 0]


def test_a_field_that_others_need_is_not_deleted(boss, field, administrator):
    margin = field("deal", "margin", "number")
    field("deal", "profit", "computed", expression="estimated_value * margin")
    assert "computed field" in boss.get("/settings/fields/deal/margin/delete/").content.decode()
    assert boss.post("/settings/fields/deal/margin/delete/").status_code == 409
    with pytest.raises(errors.FieldInUse):
        services.delete_field(field=margin, by=administrator)


def test_a_field_on_a_published_form_is_first_taken_off_it(boss, field, published, administrator):
    made = field("deal", "competitor")
    form = published("deal", [{"field": "custom_competitor"}], role="partner")
    page = boss.get("/settings/fields/deal/competitor/delete/").content.decode()
    assert "published form “All partners”" in page and "Delete field" not in page
    assert boss.post("/settings/fields/deal/competitor/delete/").status_code == 409
    assert CustomField.objects.of("deal").exists()
    withdraw_layout(target="deal", variant="", role=form.role, by=administrator)
    assert services.places_using(made) == []
    assert boss.post("/settings/fields/deal/competitor/delete/").status_code == 302


def test_a_computed_field_stays_a_number_or_a_date(field, administrator):
    field("partner", "seats", "number")
    field("partner", "since", "date")
    made = field("partner", "fee", "computed", expression="seats * 12", in_list=True)
    with pytest.raises(errors.ResultOfAnotherKind):
        services.change_field(field=made, options={"expression": "since + seats"}, by=administrator)
    services.change_field(
        field=made, options={"expression": "seats * 2", "result": "money"}, by=administrator
    )


@pytest.mark.parametrize(
    ("expression", "said"),
    [("since + fee", "date, money"), ("since - fee", "date, money"), ("fee * (fee + 1)", "money, money")],
)
def test_money_is_not_counted_in_days_nor_multiplied_with_money(field, expression, said):
    field("partner", "fee", "money")
    field("partner", "since", "date")
    with pytest.raises(WrongKind) as refusal:
        field("partner", "odd", "computed", expression=expression)
    assert said in refusal.value.text


@pytest.mark.parametrize(
    "expression",
    ["fee * 2 + 1", "fee / fee", "if(fee > 3, fee, 0)", "since + fee / fee", "2 * value(fee, 0)"],
)
def test_what_makes_sense_of_money_and_numbers_is_taken(field, expression):
    field("partner", "fee", "money")
    field("partner", "since", "date")
    assert field("partner", "good", "computed", expression=expression).pk


def test_a_day_is_not_shown_as_money(field, administrator, browse):
    field("partner", "since", "date")
    with pytest.raises(errors.DayAsMoney):
        field("partner", "odd", "computed", expression="since + 30", result="money")
    assert (
        field("partner", "until", "computed", expression="since + 30", result="number").options["result"]
        == "date"
    )


def test_a_computed_field_fills_the_rows_that_are_there(field, manager, administrator):
    field("partner", "seats", "number")
    partner = create_partner(name="One", custom={"seats": "7"}, by=manager)
    made = field("partner", "fee", "computed", expression="seats * 12", places=0)
    partner.refresh_from_db()
    assert partner.custom["fee"] == "84"
    services.change_field(field=made, options={"expression": "seats * 10", "places": 0}, by=administrator)
    partner.refresh_from_db()
    assert partner.custom["fee"] == "70"


def test_only_administrators_configure(browse, manager, acme, field):
    for who in (manager, acme.admin):
        assert browse(who).get("/settings/fields/deal/").status_code == 403
        with pytest.raises(NotAllowed):
            services.create_field(target="deal", code="x", kind="text", label="X", by=who)


def test_what_does_not_exist_is_not_found(boss):
    for path in (
        "/settings/fields/nonsense/",
        "/settings/fields/deal/new/?kind=picture",
        "/settings/fields/deal/none/",
    ):
        assert boss.get(path).status_code == 404


def test_no_two_fields_in_use_are_called_the_same_in_either_language(field, administrator, browse):
    seats = field("deal", "seats", label="Seats", label_zh="席位")
    for label, label_zh, wrong in (
        ("seats", "", "label"),
        ("Chairs", "席位", "label_zh"),
        ("席位", "", "label"),
    ):
        with pytest.raises(errors.LabelTaken) as refused:
            field("deal", "chairs", label=label, label_zh=label_zh)
        assert refused.value.field == wrong and "seats" in refused.value.text
    field("partner", "seats", label="Seats")
    chairs = field("deal", "chairs", label="Chairs")
    with pytest.raises(errors.LabelTaken):
        services.change_field(field=chairs, label="SEATS", by=administrator)
    services.change_field(field=chairs, help="For the hall", by=administrator)
    services.delete_field(field=seats, by=administrator)
    services.change_field(field=chairs, label="Seats", by=administrator)
    client = browse(administrator)
    page = client.post("/settings/fields/deal/seats/restore/", follow=True).content.decode()
    assert "Choose a label that tells them apart" in page and CustomField.objects.get(pk=seats.pk).deleted_at
    typed = {"label": "Seats", "label_zh": "", "code": "third", "help": "", "help_zh": ""}
    answer = client.post("/settings/fields/deal/new/?kind=text", typed)
    assert (
        answer.status_code == 422
        and "is what the field “chairs” is called already" in answer.content.decode()
    )


def test_a_choice_in_use_is_named_in_the_readers_language(field, administrator, acme):
    choices = [("a", "Direct", "直接"), ("b", "By a partner", "经伙伴")]
    how = {"target": "deal", "code": "way", "kind": "choice", "label": "Way", "by": administrator}
    way = services.create_field(options={"choices": choices}, **how)
    deal = deals.in_review(acme)
    type(deal).objects.for_everyone(because="a test").filter(pk=deal.pk).update(custom={"way": "a"})
    with pytest.raises(errors.ChoiceInUse) as refused:
        services.change_field(field=way, options={"choices": choices[1:]}, by=administrator)
    assert "Direct" in refused.value.text
    with translation.override("zh-hans"), pytest.raises(errors.ChoiceInUse) as refused:
        services.change_field(field=way, options={"choices": choices[1:]}, by=administrator)
    assert "直接" in refused.value.text and "Direct" not in refused.value.text
