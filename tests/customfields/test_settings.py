"""The administrator's pages of fields: add, rename, order, delete, restore; and the end of a deleted field."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import translation

from partners.services import create_partner
from prm.audit.models import AuditEntry
from prm.customfields import errors, form_services, services, targets
from prm.customfields.daily import drop_deleted_fields
from prm.customfields.expressions import WrongKind
from prm.customfields.models import CustomField, FormLayout
from prm.customfields.plans import elements_of, placements
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


def asked_by(client):
    """The fields of the registration form as `client` meets it."""
    return list(client.get("/deals/new/").context["form"].fields)


def test_forms_go_on_without_a_deleted_field_and_have_it_back_where_it_stood(
    boss, field, published, acme, browse
):
    field("deal", "competitor", required=False)
    places = [{"field": "custom_competitor", "required": True, "help": "Who else?"}, {"field": "phone"}]
    published("deal", places, role="partner")
    partner = browse(acme.sales)
    page = boss.get("/settings/fields/deal/competitor/delete/").content.decode()
    assert "Forms that go on without it" in page and "All partners" in page and "Delete field" in page
    boss.post("/settings/fields/deal/competitor/delete/")
    assert "custom_competitor" not in asked_by(partner)
    designer = boss.get("/settings/forms/deal/?role=partner").content.decode()
    assert "was deleted. The form skips it" in designer
    boss.post("/settings/fields/deal/competitor/restore/")
    form = partner.get("/deals/new/").context["form"]
    rows = [bound.name for block in form.blocks for row in block.rows for bound in row]
    assert rows.index("custom_competitor") < rows.index("phone")
    assert (form["custom_competitor"].help_text, form.fields["custom_competitor"].required) == (
        "Who else?",
        True,
    )


def test_a_field_for_which_a_condition_of_a_form_asks_is_kept_and_the_page_says_where(boss, field, published):
    field("deal", "competitor", label="Competitor")
    field("deal", "strength", label="Strength")
    asks = {"field": "custom_strength", "shown": {"field": "custom_competitor", "op": "not_empty"}}
    published("deal", [{"field": "custom_competitor"}, asks], role="partner")
    page = boss.get("/settings/fields/deal/competitor/delete/").content.decode()
    assert "a condition of the published form “Deal registration, All partners”, at “Strength”" in page
    assert "Delete field" not in page and "it disappears" not in page
    assert boss.post("/settings/fields/deal/competitor/delete/").status_code == 409
    assert CustomField.objects.of("deal").filter(code="competitor").exists()


def test_a_form_with_a_deleted_field_is_published_and_forgets_it_after_thirty_days(
    field, published, administrator
):
    made = field("deal", "competitor")
    form = published("deal", [{"field": "custom_competitor"}, {"field": "phone"}])
    services.delete_field(field=made, by=administrator)
    document = elements_and(form)
    form_services.save_layout(target="deal", document=document, by=administrator)
    assert form_services.publish_layout(target="deal", by=administrator).version == 2
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        drop_deleted_fields()
    kept = FormLayout.objects.get(state="published").document
    assert "custom_competitor" not in [place["field"] for place in placements(kept)]


def elements_and(form):
    """The form with everything that must stand on it besides."""
    locked = [name for name, one in elements_of(targets.find("deal"), "").items() if one.locked]
    section = form.document["sections"][0]
    return {
        "schema": 1,
        "sections": [{**section, "fields": [*section["fields"], *({"field": n} for n in locked)]}],
    }


@pytest.mark.parametrize(
    ("label", "code"),
    [("Estimated value", "estimated_value_2"), ("Round", "round_2"), ("Main competitor", "main_competitor")],
)
def test_a_field_without_a_code_gets_a_free_one(boss, label, code):
    assert boss.post("/settings/fields/deal/new/?kind=text", {"label": label}).status_code == 302
    assert CustomField.objects.get().code == code


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("estimated_value", "own field “Estimated value” has the code"),
        ("round", "is a word of expressions"),
        ("1st", "A code begins with a letter"),
    ],
)
def test_a_code_is_refused_for_the_reason_that_there_is(boss, code, said):
    answer = boss.post("/settings/fields/deal/new/?kind=text", {"label": "X", "code": code})
    assert said in " ".join(answer.context["form"].errors["code"])


def test_choices_are_not_called_optional_and_a_label_is_not_said_twice(boss, field, acme, browse):
    page = boss.get("/settings/fields/deal/new/?kind=choice").content.decode()
    choices = page[page.index('for="id_choices"') : page.index("<textarea")]
    assert "optional" not in choices
    field("deal", "site", "link", label="Site")
    refused = browse(acme.sales).post("/deals/new/", {"custom_site": "nowhere"})
    said = [one for one in refused.context["form"].problems if "is not a web address" in one["text"]]
    assert [one["label"] for one in said] == [""] and said[0]["text"].startswith("Site is not a web address")
    assert "Site: Site" not in refused.content.decode()


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
