"""Shared views of lists in the configuration as text."""

from __future__ import annotations

import pytest
from django_tenants.utils import tenant_context

from prm.audit.models import AuditEntry
from prm.conditions.models import SavedView
from prm.conditions.services import save_view
from prm.configuration import services
from prm.configuration.errors import ConfigurationProblem
from prm.customfields.models import CustomField
from tests.configuration.office import BY, apply, exported, fresh

pytestmark = pytest.mark.django_db
LARGE = {"all": [{"field": "estimated_value", "op": "more_than", "value": "500000"}]}
VIEWS = [
    {"list": "deal", "name": "Large 大额", "condition": LARGE, "also": {"sort": ["-estimated_value"]}},
    {"list": "order", "name": "Late", "also": {"state": ["approved", "submitted"]}},
]


def test_shared_views_are_made_read_back_and_made_no_second_time(administrator, manager):
    save_view(subject="deal", name="Mine", condition={}, rest={}, shared=False, by=manager)
    apply(views=VIEWS)
    assert exported("views") == VIEWS
    assert SavedView.objects.visible_to(manager).count() == 3
    rows = AuditEntry.objects.count()
    assert apply(views=VIEWS) == [] and AuditEntry.objects.count() == rows
    apply(by=administrator, views=[{**VIEWS[0], "condition": {}}])
    assert exported("views") == [{key: VIEWS[0][key] for key in ("list", "name", "also")}]
    assert SavedView.objects.filter(name="Mine").exists()


def test_a_partner_in_the_address_of_a_view_is_named_by_its_number(acme, administrator):
    rest = {"partner": [str(acme.row.pk)], "sort": ["number"]}
    save_view(subject="deal", name="ACME", condition={}, rest=rest, shared=True, by=administrator)
    assert exported("views")[0]["also"] == {"partner": [acme.row.number], "sort": ["number"]}
    text = exported("views")
    SavedView.objects.all().delete()
    apply(views=text)
    assert SavedView.objects.get().rest == rest
    with tenant_context(fresh("views")):
        with pytest.raises(ConfigurationProblem) as refusal:
            apply(views=text)
        assert f"views[0].also.partner: there is no “{acme.row.number}”" in str(refusal.value)


@pytest.mark.parametrize(
    ("sentence", "views"),
    [
        ("views[0].list: there is no list “holiday”", [{"list": "holiday", "name": "x"}]),
        ("views[1]: the view", [VIEWS[0], VIEWS[0]]),
        ("nothing", [{**VIEWS[0], "condition": {"field": "nothing", "op": "is", "value": "x"}}]),
    ],
)
def test_what_is_wrong_with_a_view_is_named(sentence, views, tenant):
    before = services.current_text()
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(views=views)
    assert sentence in str(refusal.value) and services.current_text() == before


def test_views_of_products_and_programmes_and_a_flow_that_sets_own_fields_go_to_another_tenant(administrator):
    seats = {"code": "seats", "kind": "number", "label": "Seats", "options": {"places": 0}}
    many = {"all": [{"field": "custom.seats", "op": "more_than", "value": "8"},
                    {"field": "list_price", "op": "at_least", "value": "500.00", "currency": "CNY"}]}  # fmt: skip
    flat = {"all": [{"field": "mechanism", "op": "is", "value": "marginal"}]}
    apply(
        records={"product": {"fields": [seats]}, "deal": {"fields": [seats]}},
        views=[
            {"list": "product", "name": "Many seats", "condition": many},
            {"list": "programme", "name": "In bands", "condition": flat},
        ],
    )
    steps = [
        {"id": "u", "kind": "update", "field": "custom.seats", "value": "7"},
        {"id": "a", "kind": "approver", "who": {"kind": "role", "role": "administrator"}},
    ]
    apply(flows={"deal": {"name": "Deals", "steps": steps}})
    source = services.current_text()
    assert "Many seats" in source and "custom.seats" in source
    with tenant_context(fresh("seats")):
        older = services.current_text()
        services.apply(source=source, by=BY)
        assert services.current_text() == source
        services.apply(source=older, by=BY)
        assert "custom.seats" not in services.current_text(), "fields go with what asks for them"
        assert not CustomField.objects.of("deal").exists()
