"""Own fields and forms in the configuration as text."""

from __future__ import annotations

import copy

import pytest
from django_tenants.utils import tenant_context

from dealreg.models import RegistrationType
from prm.audit.models import AuditEntry
from prm.configuration import services
from prm.configuration.errors import ConfigurationProblem
from prm.customfields import form_services
from prm.customfields import services as services_of_fields
from prm.customfields.models import CustomField, FormLayout
from prm.tenancy.module_switch import switch_module
from tests.configuration.office import BY, apply, exported, fresh, here, plan
from tests.factories.dealreg import in_review

pytestmark = pytest.mark.django_db

FIELDS = [
    {"code": "competitor", "kind": "choice", "label": "Competitor", "label_zh": "竞争对手", "in_list": True,
     "options": {"choices": [{"code": "huaxin", "label": "Huaxin", "label_zh": "华信"},
                             {"code": "none", "label": "Nobody"}]}},
    {"code": "margin", "kind": "number", "label": "Margin", "help": "In percent", "staff_only": True,
     "options": {"places": 2}},
    {"code": "weighted", "kind": "computed", "label": "Weighted",
     "options": {"expression": "estimated_value * 0.5", "result": "money", "places": 2}},
    {"code": "ticket", "kind": "reference", "label": "Ticket", "options": {"pattern": "REF-{yyyy}-{n:4}"}},
    {"code": "why", "kind": "long_text", "label": "Why us?", "required": True},
]  # fmt: skip
BUILTIN = ["customer_name", "product_lines", "estimated_value", "expected_close"]
ABOVE = {"field": "estimated_value", "op": "more_than", "value": "500000"}
LEASE = {"all": [{"field": "type", "op": "is", "value": "referral"}, ABOVE]}
FORM = {
    "sections": [
        {"title": "Customer", "title_zh": "客户", "columns": 2,
         "fields": [*({"field": name} for name in BUILTIN), {"field": "type", "default": "referral"},
                    {"field": "partner"}]},
        {"fields": [
            {"field": "custom_competitor", "shown": ABOVE, "required": True},
            {"field": "custom_margin", "readonly": LEASE, "default": "12.50"},
            {"field": "custom_why", "wide": True, "help": "A line will do"},
        ]},
    ],
}  # fmt: skip
RECORDS = {"deal": {"fields": FIELDS, "forms": [FORM]}}


def changed(**how):
    text = copy.deepcopy(RECORDS)
    for name, value in how.items():
        text["deal"][name] = value
    return text


def codes(target="deal"):
    return [field.code for field in CustomField.objects.of(target)]


def test_fields_and_forms_are_made_and_read_back(tenant):
    apply(records=RECORDS)
    assert codes() == [one["code"] for one in FIELDS]
    form = FormLayout.objects.get(target="deal", state="published")
    referral = RegistrationType.objects.get(code="referral")
    rule = form.sections[1]["fields"][1]["readonly"]["all"][0]
    assert rule["value"] == str(referral.pk), "a rule in the database names the row by number"
    assert form.sections[0]["fields"][4]["default"] == str(referral.pk)
    assert exported("records")["deal"] == RECORDS["deal"], "and by its code in the text"


def test_the_same_text_again_publishes_nothing(tenant):
    apply(records=RECORDS)
    versions, rows = FormLayout.objects.count(), AuditEntry.objects.count()
    assert apply(records=RECORDS) == [] and apply(records=exported("records")) == []
    assert (FormLayout.objects.count(), AuditEntry.objects.count()) == (versions, rows)


def test_another_tenant_has_other_row_numbers_and_the_same_form(tenant):
    apply(records=RECORDS)
    source = services.current_text()
    with tenant_context(fresh("forms")):
        RegistrationType.objects.all().delete()
        types = [{"code": "lease", "name": "Lease", "protection_days": 9, "default": True}]
        apply(registration_types=types)
        services.apply(source=source, by=BY)
        assert services.current_text() == source
        form = FormLayout.objects.get(target="deal", state="published")
        assert form.sections[0]["fields"][4]["default"] == str(
            RegistrationType.objects.get(code="referral").pk
        )


def test_a_form_that_says_something_else_is_the_next_version_and_a_draft_stays(administrator):
    apply(records=RECORDS)
    draft = {"schema": 1, "sections": [{"title": "Mine", "fields": [{"field": "customer_name"}]}]}
    form_services.save_layout(target="deal", document=draft, by=administrator)
    other = copy.deepcopy(FORM)
    other["sections"][1]["fields"].reverse()
    other["sections"][0]["title"] = "Client"
    found = [one.line for one in apply(records=changed(forms=[other]))]
    assert any("custom_why, custom_margin, custom_competitor" in line for line in found), found
    rows = {row.state: row for row in FormLayout.objects.filter(target="deal")}
    assert [rows[state].version for state in ("retired", "published", "draft")] == [1, 2, 3]
    assert rows["draft"].document == draft


def test_what_is_not_named_goes_and_comes_back_with_its_values(acme):
    deal = in_review(acme)
    apply(records=RECORDS)
    deal.custom = {"margin": "9.50", "competitor": "huaxin"}
    deal.save()
    without = [one for one in FIELDS if one["code"] != "margin"]
    form = copy.deepcopy(FORM)
    form["sections"][1]["fields"].pop(1)
    lines = [one.line for one in apply(records=changed(fields=without, forms=[form]))]
    assert any(line.startswith("records.deal.fields[margin]: taken away") for line in lines)
    assert codes() == ["competitor", "weighted", "ticket", "why"]
    apply(records=RECORDS)
    deal.refresh_from_db()
    assert codes() == [one["code"] for one in FIELDS] and deal.custom["margin"] == "9.50"


def test_an_older_text_takes_a_computed_field_away_with_what_it_reckons_with(tenant):
    operand = {"code": "seats", "kind": "number", "label": "Seats", "options": {"places": 0}}
    result = {"code": "fee", "kind": "computed", "label": "Fee", "options": {"expression": "seats * 12"}}
    apply(records={"deal": {"fields": [operand, result]}})
    apply(records={"deal": {"fields": []}})
    assert codes() == []
    apply(records={"deal": {"fields": [operand, result]}})
    assert codes() == ["seats", "fee"], "both come back"


def test_fields_alone_leave_the_forms_and_a_form_that_is_not_named_goes(tenant):
    partners = {"role": "partner", **copy.deepcopy(FORM)}
    partners["sections"][0]["fields"].pop()
    partners["sections"][1]["fields"].pop(1)
    apply(records=changed(forms=[FORM, partners, {"type": "resale", **FORM}]))
    assert [(one.get("type"), one.get("role")) for one in exported("records")["deal"]["forms"]] == [
        (None, None), (None, "partner"), ("resale", None),
    ]  # fmt: skip
    apply(records={"deal": {"fields": FIELDS}})
    assert FormLayout.objects.filter(state="published").count() == 3
    apply(records={"deal": {"forms": [FORM]}})
    assert FormLayout.objects.filter(state="published").count() == 1 and codes()


def field(code, **more):
    return {"code": code, "kind": "text", "label": code.title(), **more}


def form(*places, **more):
    first = [{"field": name} for name in [*BUILTIN, "type", "partner"]]
    return {"sections": [{"fields": [*first, *places]}], **more}


WRONG = {
    "records.deal.fields[0].code: “and” is a word of expressions": {"fields": [field("and")]},
    "stands there twice": {"fields": [field("a"), field("a")]},
    "there is no kind “poem”": {"fields": [field("a", kind="poem")]},
    "records.deal.fields[0].choices": {"fields": [field("a", kind="choice")]},
    "records.deal.fields[0].pattern": {"fields": [field("a", kind="reference", options={"pattern": "x"})]},
    "unknown key: places": {"fields": [field("a", options={"places": 2})]},
    "records.deal.fields[0].label": {"fields": [field("a", label=" ")]},
    "“custom_nothing” does not exist": {"forms": [form({"field": "custom_nothing"})]},
    "cannot be hidden": {"forms": [{"sections": [{"fields": [
        {"field": "customer_name", "shown": ABOVE},
        *({"field": name} for name in [*BUILTIN[1:], "type", "partner"])]}]}]},
    "there is no type “lease”": {"forms": [form(type="lease")]},
    "there is no role “boss”": {"forms": [form(role="boss")]},
    "there is another form": {"forms": [form(), form()]},
    "does not fit": {"forms": [form({"field": "note", "shown": {"field": "type", "op": "is", "value": "lease"}})]},
    "“note” stands on the form twice": {"forms": [form({"field": "note"}, {"field": "note"})]},
    "Expected close": {"forms": [{"sections": [{"fields": [{"field": name} for name in BUILTIN[:3]]}]}]},
}  # fmt: skip


@pytest.mark.parametrize("sentence", WRONG)
def test_what_is_wrong_is_named_and_nothing_is_half_applied(sentence, tenant):
    before = services.current_text()
    hours = {"hours": {"sunday": "10:00-11:00"}}
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(working_time=hours, records={"deal": WRONG[sentence]})
    assert sentence in "\n".join(refusal.value.problems)
    assert services.current_text() == before


def test_a_field_keeps_its_kind_and_what_is_used_is_not_taken_away(tenant):
    apply(records=RECORDS)
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(records={"deal": {"fields": [{**one, "kind": "text"} for one in FIELDS[1:2]]}})
    assert "keeps its kind" in str(refusal.value)
    uses = form(
        {"field": "note", "shown": {"field": "custom_why", "op": "not_empty"}}, {"field": "custom_why"}
    )
    apply(records=changed(forms=[uses]))
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(records={"deal": {"fields": FIELDS[:-1]}})
    assert "records.deal.fields[why]" in str(refusal.value)
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(records=changed(fields=FIELDS[:-1], forms=[uses]))
    assert "“custom_why” does not exist or was deleted" in str(refusal.value)


def test_a_dry_run_makes_no_field(tenant):
    rows = AuditEntry.objects.count()
    assert plan(records=RECORDS)
    assert not codes() and not FormLayout.objects.exists() and AuditEntry.objects.count() == rows


def test_records_of_a_module_that_is_off_are_neither_exported_nor_taken(tenant):
    for code in ("claims", "payouts", "rebates", "orders", "dealreg"):
        switch_module(tenant=here(), code=code, on=False, by=BY)
    assert "deal" not in exported("records") and "partner" in exported("records")
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(records=RECORDS)
    assert "records.deal" in str(refusal.value)


def test_fields_of_one_label_are_refused_by_name_and_labels_can_be_exchanged(tenant):
    fields = [{"code": "one", "kind": "text", "label": "One", "label_zh": "一"},
              {"code": "two", "kind": "text", "label": "Two", "label_zh": "二"}]  # fmt: skip
    apply(records={"deal": {"fields": fields}})
    same = [fields[0], fields[1] | {"label_zh": "一"}]
    with pytest.raises(ConfigurationProblem) as refused:
        apply(records={"deal": {"fields": same}})
    assert "records.deal.fields[1].label_zh" in str(refused.value.problems) and "“one”" in str(
        refused.value.problems
    )
    swapped = [fields[0] | {"label": "Two", "label_zh": "二"}, fields[1] | {"label": "One", "label_zh": "一"}]
    apply(records={"deal": {"fields": swapped}})
    assert [one["label"] for one in exported("records")["deal"]["fields"]] == ["Two", "One"]


def test_a_deleted_field_is_named_by_no_text_and_its_place_outlives_one(tenant):
    apply(records=RECORDS)
    services_of_fields.delete_field(field=CustomField.objects.get(code="competitor"), by=BY)
    text = exported("records")
    assert "competitor" not in str(text)
    apply(records=text)
    form = FormLayout.objects.get(target="deal", state="published")
    assert (form.version, form.sections[1]["fields"][0]["field"]) == (1, "custom_competitor")
