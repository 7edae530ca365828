"""The audit list costs a fixed number of queries, however many flows, forms and fields its rows tell of."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.accounts.models import User
from prm.approvals.services.installing import install_flow
from tests.approvals.flows import ADMINS, MANAGER, approver, people
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
LARGE = {"field": "estimated_value", "op": "at_least"}


def versions(administrator, numbers) -> None:
    """Published flows of deals, each unlike the one before it: in a condition, a person and a deadline."""
    for number in numbers:
        condition = {"all": [LARGE | {"value": f"{number}000.00"}]}
        branches = [{"id": "large", "when": condition, "steps": [approver("director", ADMINS)]},
                    {"id": "else", "steps": []}]  # fmt: skip
        steps = [approver("owner", MANAGER), approver("clerk", people(clerk := UserFactory(finance=True))),
                 {"id": "fork", "kind": "branch", "branches": branches}]  # fmt: skip
        data = {"schema": 1, "subject": "deal", "name": f"Deals {number}", "steps": steps}
        install_flow(data=data, by=administrator)
        User.objects.filter(pk=clerk.pk).update(is_active=False)


def test_flows_that_differ_row_by_row_cost_no_query_for_each(administrator, browse):
    client = browse(administrator)
    counts = []
    for numbers in (range(2, 5), range(5, 16)):
        versions(administrator, numbers)
        client.get("/settings/audit/?verb=published")
        with CaptureQueriesContext(connection) as caught:
            page = client.get("/settings/audit/?verb=published").content.decode()
        assert f"is now “Deals {numbers[-1]}”" in page
        counts.append(len(caught))
    assert counts[0] == counts[1]
