"""Forms: unsound ones are refused naming the field, sound ones are published and hold on the real pages."""

from __future__ import annotations

import functools
import json
from datetime import timedelta

import pytest

from dealreg.models import DealRegistration
from prm.audit.models import AuditEntry
from prm.customfields import errors, form_services, layouts, targets
from prm.customfields.designing import Studio
from prm.customfields.models import FormLayout
from prm.customfields.plans import elements_of
from prm.values import clock
from prm.values.errors import NotAllowed
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db
OVER = {"field": "estimated_value", "op": "more_than", "value": "500000"}
LOCKED = ["partner", "customer_name", "product_lines", "estimated_value", "expected_close", "type"]


@pytest.fixture
def fields(field):
    field("deal", "competitor", "choice", choices=["Huaxin", "Nobody"])
    field("deal", "seats", "number")
    field("deal", "margin", "number", staff_only=True)
    field("deal", "must", required=True)
    field("deal", "profit", "computed", expression="estimated_value * seats")
    field("deal", "project", "reference", pattern="P-{n}")


def form(*places, without=(), **section):
    """A form with everything that is locked or required, and `places`, which take the place of their like."""
    given = [place["field"] for place in places]
    rest = [{"field": name} for name in [*LOCKED, "custom_must"] if name not in given and name not in without]
    return {"schema": 1, "sections": [{"title": "All", "columns": 1, **section, "fields": [*rest, *places]}]}


def problems(document, audience=""):
    target = targets.find("deal")
    return layouts.problems_of(document, target, elements_of(target, ""), audience=audience)


def test_a_sound_form_has_no_fault(fields):
    sound = form(
        {
            "field": "custom_competitor",
            "shown": OVER,
            "required": True,
            "default": "huaxin",
            "help": "Who else?",
        },
        {"field": "custom_seats", "required": {"any": [OVER, {"not": {"field": "region", "op": "empty"}}]}},
        {"field": "region", "readonly": True, "default": "East"},
    )
    assert [problem for problem in problems(sound) if not problem.warning] == []


C = "custom_competitor"
UNSOUND = {
    "a field that does not exist": (form({"field": "custom_gone"}), "custom_gone"),
    "a field twice": (form({"field": "region"}, {"field": "region"}), "region"),
    "without the customer": (form(without=["customer_name"]), "customer_name"),
    "without the product lines": (form(without=["product_lines"]), "product_lines"),
    "the value hidden": (
        form({"field": "estimated_value", "shown": {"field": "region", "op": "empty"}}), "estimated_value"
    ),
    "the closing day optional": (form({"field": "expected_close", "required": False}), "expected_close"),
    "the customer read-only": (form({"field": "customer_name", "readonly": True}), "customer_name"),
    "without what is required everywhere": (form(without=["custom_must"]), "custom_must"),
    "a condition about what is not on the form": (form({"field": C, "shown": {"field": "region", "op": "empty"}}), C),
    "a condition about itself": (form({"field": C, "shown": {"field": C, "op": "empty"}}), C),
    "an operator that does not fit": (form({"field": C, "shown": {**OVER, "op": "contains"}}), C),
    "an operator that does not exist": (form({"field": C, "shown": {**OVER, "op": "eval"}}), C),
    "a value that is no number": (form({"field": C, "shown": {**OVER, "value": "much"}}), C),
    "a value that is no option": (
        form({"field": C}, {"field": "region", "shown": {"field": C, "op": "is", "value": "ibm"}}), "region"
    ),
    "a condition that cannot be read": (form({"field": C, "shown": {"all": "x"}}), C),
    "a condition without end": (
        form({"field": C, "shown": functools.reduce(lambda rule, _turn: {"not": rule}, range(9), OVER)}), C
    ),
    "shown only when the other is": (
        form({"field": "region", "shown": {"field": "phone", "op": "not_empty"}},
             {"field": "phone", "shown": {"field": "region", "op": "not_empty"}}), "phone"
    ),
    "a default that is no option": (form({"field": C, "default": "ibm"}), C),
    "a default that is no number": (form({"field": "custom_seats", "default": "many"}), "custom_seats"),
    "required, read-only and empty": (form({"field": C, "required": True, "readonly": True}), C),
    "never shown": (form({"field": C, "shown": False}), C),
    "a computed field to fill in": (form({"field": "custom_profit"}), "custom_profit"),
    "a reference number to fill in": (form({"field": "custom_project"}), "custom_project"),
    "a help text without end": (form({"field": C, "help": "x" * 301}), C),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSOUND)
def test_an_unsound_form_is_refused_naming_the_field(fields, administrator, name):
    document, at = UNSOUND[name]
    found = [problem for problem in problems(document) if not problem.warning]
    assert at in [problem.field for problem in found]
    assert all(problem.text for problem in found)
    form_services.save_layout(target="deal", document=document, by=administrator)
    with pytest.raises(errors.UnsoundForm):
        form_services.publish_layout(target="deal", by=administrator)
    assert not FormLayout.objects.filter(state="published").exists()


def test_what_is_for_staff_stands_on_no_partners_form(fields):
    at = [problem.field for problem in problems(form({"field": "custom_margin"}), audience="partner")]
    assert "custom_margin" in at
    assert "custom_margin" not in [
        one.field for one in problems(form({"field": "custom_margin"}), audience="staff")
    ]


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"schema": 2, "sections": []}, {"schema": 1, "sections": []}, {"schema": 1, "sections": "x"},
     {"schema": 1, "sections": [{"fields": [{"field": "region", "onclick": "x"}]}]},
     {"schema": 1, "sections": [{"fields": ["region"]}]}, form(columns=3), form(title="x" * 81)],
)  # fmt: skip
def test_what_is_no_form_is_not_even_kept(fields, administrator, document):
    with pytest.raises(errors.UnsoundForm):
        form_services.save_layout(target="deal", document=document, by=administrator)


def test_an_empty_section_can_be_drafted_but_not_published(fields, administrator):
    document = form()
    document["sections"].append({"title": "New", "columns": 2, "fields": []})
    form_services.save_layout(target="deal", document=document, by=administrator)
    with pytest.raises(errors.UnsoundForm):
        form_services.publish_layout(target="deal", by=administrator)


def test_more_than_six_mandatory_fields_are_a_warning(fields):
    many = form({"field": C, "required": True}, {"field": "region", "required": True})
    assert [problem.text for problem in problems(many) if problem.warning]
    assert not [problem for problem in problems(many) if not problem.warning]


class TestVersions:
    def test_a_draft_becomes_the_form_and_the_one_before_retires(self, fields, administrator, acme):
        for title in ("First", "Second"):
            form_services.save_layout(target="deal", document=form(title=title), by=administrator)
            form_services.publish_layout(target="deal", by=administrator)
        states = dict(FormLayout.objects.values_list("version", "state"))
        assert states == {1: "retired", 2: "published"}
        assert AuditEntry.objects.filter(verb="form_published").count() == 2
        form_services.withdraw_layout(target="deal", by=administrator)
        assert not FormLayout.objects.filter(state="published").exists()

    def test_only_administrators(self, fields, manager):
        with pytest.raises(NotAllowed):
            form_services.save_layout(target="deal", document=form(), by=manager)
        with pytest.raises(NotAllowed):
            form_services.publish_layout(target="deal", by=manager)


class TestDesigner:
    @pytest.mark.parametrize("code", ["deal", "partner", "customer", "product", "order"])
    def test_the_built_in_form_is_sound_and_drawn(self, browse, administrator, code):
        target = targets.find(code)
        for role, _label in Studio(target, variant="", role="", actor=administrator).roles:
            studio = Studio(target, variant="", role=role, actor=administrator)
            assert studio.faults == [], (code, role)
            page = browse(administrator).get(f"/settings/forms/{code}/", {"role": role})
            assert page.status_code == 200 and b"data-place=" in page.content

    def test_it_keeps_a_draft_shows_faults_and_publishes(self, fields, browse, administrator):
        client = browse(administrator)
        bad = form({"field": C, "shown": {**OVER, "value": "much"}})
        page = client.post("/settings/forms/deal/canvas/", {"document": json.dumps(bad), "selected": C})
        assert "does not fit" in page.content.decode() and "is-unsound" in page.content.decode()
        client.post("/settings/forms/deal/publish/")
        assert not FormLayout.objects.filter(state="published").exists()
        good = form({"field": C, "shown": OVER})
        page = client.post("/settings/forms/deal/canvas/", {"document": json.dumps(good), "mode": "phone"})
        assert "data-shown-when" in page.content.decode() and "ui-sheet-phone" in page.content.decode()
        client.post("/settings/forms/deal/publish/")
        assert FormLayout.objects.get(state="published").document == layouts.tidy(good)

    def test_locked_fields_say_why_and_cannot_be_taken_off(self, browse, administrator):
        page = browse(administrator).get("/settings/forms/deal/?field=customer_name").content.decode()
        assert "without its name nothing can be checked" in page
        assert 'data-do="remove"' not in page

    def test_what_is_unknown_is_not_found(self, browse, administrator, manager):
        client = browse(administrator)
        for path in (
            "/settings/forms/nonsense/",
            "/settings/forms/deal/?role=king",
            "/settings/forms/deal/?variant=x",
        ):
            assert client.get(path).status_code == 404
        assert browse(manager).get("/settings/forms/deal/").status_code == 403


class TestTheRealForm:
    def typed(self, **more):
        return {
            "customer_name": "Hangzhou Xunda", "product_lines": [deals.line().pk], "estimated_value": "600,000",
            "expected_close": (clock.today() + timedelta(days=30)).isoformat(), **more,
        }  # fmt: skip

    @pytest.fixture
    def asked(self, field, published):
        field(
            "deal",
            "competitor",
            "choice",
            choices=["Huaxin", "Nobody"],
            label="Competitor",
            label_zh="竞争对手",
        )
        places = [{"field": name} for name in LOCKED] + [{"field": C, "shown": OVER, "required": True}]
        published("deal", places, columns=2)

    def test_it_asks_what_the_rule_says(self, asked, acme, browse):
        client = browse(acme.sales)
        page = client.get("/deals/new/").content.decode()
        assert "data-shown-when" in page and "Tax number" not in page
        refused = client.post("/deals/new/", self.typed())
        assert list(refused.context["form"].errors) == [C]
        low = client.post("/deals/new/", self.typed(estimated_value="500000", **{C: "huaxin"}))
        assert low.status_code == 302
        high = client.post("/deals/new/", self.typed(customer_name="Another Works", **{C: "huaxin"}))
        assert high.status_code == 302
        rows = DealRegistration.objects.visible_to(acme.sales).order_by("pk")
        assert [row.custom for row in rows] == [{}, {"competitor": "huaxin"}]

    def test_a_draft_keeps_what_is_typed(self, asked, acme, browse):
        client = browse(acme.sales)
        client.post("/deals/draft/", self.typed(estimated_value="5", **{C: "huaxin"}))
        draft = DealRegistration.objects.visible_to(acme.sales).get()
        assert draft.custom == {"competitor": "huaxin"}
        form = client.get(f"/deals/{draft.number}/edit/").context["form"]
        assert form[C].value() == "huaxin"

    def test_in_chinese(self, asked, acme, browse):
        client = browse(acme.sales)
        assert "竞争对手" in client.get("/deals/new/", HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()

    def test_staff_meet_the_same_form_with_the_partner_on_top(self, asked, manager, browse, acme):
        client = browse(manager)
        answer = client.post("/deals/new/", self.typed(partner=acme.row.pk))
        assert list(answer.context["form"].errors) == [C]

    def test_another_type_may_have_another_form(self, published, field, acme, browse):
        from dealreg.models import RegistrationType

        first = (
            deals.type_()
            if hasattr(deals, "type_")
            else RegistrationType.objects.order_by("-is_default", "code").first()
        )
        referral = RegistrationType.objects.create(code="referral-x", name="Referral", protection_days=30)
        published(
            "deal",
            [*({"field": name} for name in LOCKED), {"field": "contact", "required": True}],
            variant="referral-x",
        )
        client = browse(acme.sales)
        assert client.post("/deals/new/", self.typed(type=first.pk)).status_code == 302
        refused = client.post("/deals/new/", self.typed(customer_name="Other Works", type=referral.pk))
        assert list(refused.context["form"].errors) == ["contact"]
        moved = client.post("/deals/draft/", self.typed(customer_name="Third Works", type=referral.pk))
        assert "/edit/" in moved["HX-Redirect"]

    def test_another_types_form_comes_at_once_with_what_is_typed_so_far(self, published, acme, browse):
        from dealreg.models import RegistrationType

        referral = RegistrationType.objects.create(code="referral-x", name="Referral", protection_days=30)
        published(
            "deal",
            [*({"field": name} for name in LOCKED), {"field": "contact", "required": True}],
            variant="referral-x",
        )
        client = browse(acme.sales)
        shown = client.get("/deals/new/").context["variant"]
        typed = self.typed(customer_name="", estimated_value="4711", type=referral.pk, shown=shown)
        answer = client.post("/deals/draft/", typed, HTTP_HX_REQUEST="true")
        assert (answer["HX-Retarget"], answer["HX-Reselect"]) == ("#deal-form", "#deal-form")
        page = answer.content.decode()
        assert 'name="contact"' in page and 'value="4711"' in page and 'value="referral-x"' in page
        again = client.post("/deals/draft/", typed | {"shown": "referral-x"}, HTTP_HX_REQUEST="true")
        assert "HX-Retarget" not in again
        assert not DealRegistration.objects.visible_to(acme.sales).exists()
