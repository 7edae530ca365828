"""A flow sets own fields of what it decides about, by the service that sets them elsewhere."""

from __future__ import annotations

import pytest

from prm.approvals import subjects
from prm.approvals.panel import _update
from prm.approvals.soundness import inspect
from prm.approvals.world import world_for
from prm.audit.models import AuditEntry
from prm.customfields import errors, services
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, waits_for
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(field):
    return {
        "route": field("deal", "route", "choice", choices=["Direct", "Shared"]),
        "checked": field("deal", "checked", "yes_no"),
        "seats": field("deal", "seats", "number"),
        "fee": field("deal", "fee", "computed", expression="seats * 2", places=0),
        "paper": field("deal", "paper", "file"),
    }


def sets(field, value, own="u"):
    return {"id": own, "kind": "update", "field": f"custom.{field}", "value": value}


def faults(*steps):
    document = {"schema": 1, "subject": "deal", "name": "Test", "steps": [*steps, approver("a", ADMINS)]}
    found = inspect(document, world_for(subjects.subject_of("deal"), document)).faults
    return {fault.code for fault in found} & {"unknown_update_field", "update_value"}


def test_a_flow_writes_own_fields_and_the_audit_trail_says_so(own, acme, manager, administrator):
    publish(
        sets("route", "shared"),
        sets("checked", True, "v"),
        sets("seats", 12, "w"),
        approver("first", MANAGER),
    )
    deal = deals.in_review(acme)
    deal.refresh_from_db()
    assert deal.custom == {"route": "shared", "checked": True, "seats": "12", "fee": "24"}
    assert waits_for(deal) == {"Lin Yue"}
    changed = [one.changes for one in AuditEntry.objects.of(deal).filter(verb="edited")]
    assert {"custom.route", "custom.checked", "custom.seats"} <= {name for one in changed for name in one}


def test_only_what_people_fill_in_can_be_set_and_only_to_what_fits(own, db):
    assert faults(sets("route", "direct"), sets("checked", False, "v"), sets("seats", "7", "w")) == set()
    assert (
        faults(sets("fee", "1"))
        == faults(sets("paper", "x"))
        == faults(sets("gone", "x"))
        == {"unknown_update_field"}
    )
    assert faults(sets("route", "gift")) == faults(sets("seats", "many")) == {"update_value"}


def test_the_designer_offers_them_with_their_choices(own, db):
    offered = _update({"field": "custom.route", "value": "shared"}, subjects.subject_of("deal"))
    assert {"type", "custom.route", "custom.checked", "custom.seats"} == {
        name for name, _label in offered["fields"]
    }
    assert offered["values"] == [('"direct"', "Direct", False), ('"shared"', "Shared", True)]


def test_a_field_that_a_published_flow_sets_is_not_deleted(own, acme, administrator):
    publish(sets("route", "shared"), approver("first", MANAGER))
    with pytest.raises(errors.FieldInUse) as refused:
        services.delete_field(field=own["route"], by=administrator)
    assert "approval flow" in refused.value.text
