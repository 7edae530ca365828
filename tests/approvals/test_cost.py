"""What a decision and the inbox cost the database: a number of statements that does not grow, and stays small."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners import services as partners
from prm.approvals import services
from prm.approvals.document import parse_once
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, run_of, task_of
from tests.factories import dealreg as deals
from tests.factories.orders import order_of
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db


def cost(task, by) -> int:
    with CaptureQueriesContext(connection) as ran:
        services.approve(task=task, by=by)
    return len(ran)


def test_the_last_decision_with_everything_that_follows_from_it(acme, manager):
    first, second = (deals.in_review(acme, customer_name=name) for name in ("Suzhou Ruigu", "Wuhan Donghu"))
    cost(task_of(first, manager), manager)
    assert cost(task_of(second, manager), manager) <= 34
    assert run_of(second).state == "approved"


def test_a_decision_in_the_middle(acme, manager, administrator):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    first, second = (deals.in_review(acme, customer_name=name) for name in ("Suzhou Ruigu", "Wuhan Donghu"))
    cost(task_of(first, manager), manager)
    assert cost(task_of(second, manager), manager) <= 22


def test_the_inbox_costs_the_same_for_one_decision_and_for_many(acme, manager, browse):
    client = browse(manager)

    def asked() -> int:
        with CaptureQueriesContext(connection) as ran:
            assert client.get("/inbox/?part=work").status_code == 200
        return len(ran)

    deals.in_review(acme, customer_name="Suzhou Ruigu")
    order_of(acme.row, by=acme.sales)
    asked()
    few = asked()
    for number in range(12):
        deals.in_review(acme, customer_name=f"Works {number * 7} of Wuhan")
        order_of(acme.row, by=acme.sales)
    assert asked() == few <= 32


def test_many_changes_of_partners_cost_the_inbox_what_one_costs(acme, manager, administrator, browse):
    publish(approver("boss", ADMINS), subject="partner_change")
    client = browse(administrator)

    def asked() -> int:
        with CaptureQueriesContext(connection) as ran:
            assert "ACME Holdings" in client.get("/inbox/?part=work").content.decode()
        return len(ran)

    partners.update_partner(partner=acme.row, name="ACME Holdings", by=manager)
    asked()
    few = asked()
    for number in range(6):
        company = PartnerFactory(name=f"Works {number * 7} of Wuhan")
        partners.update_partner(partner=company, name=f"New {number}", by=manager)
    assert asked() == few


def test_one_text_is_one_document(acme, manager):
    deals.in_review(acme, customer_name="Suzhou Ruigu")
    deal = deals.in_review(acme, customer_name="Wuhan Donghu")
    data = run_of(deal).version.document
    assert parse_once(data) is parse_once({**data}) is run_of(deal).version.parsed
    assert parse_once({**data, "name": "Other"}).name == "Other"


def test_beside_a_record_stands_its_part_of_a_long_list(acme, manager, browse):
    made = [deals.in_review(acme, customer_name=f"Works {number * 7} of Wuhan") for number in range(60)]
    task = task_of(made[40], manager)
    page = browse(manager).get(f"/inbox/decisions/{task.pk}/").content.decode()
    beside = [one for one in made if f'href="/inbox/decisions/{task_of(one, manager).pk}/"' in page]
    assert len(beside) <= 50 and made[40] in beside and made[41] in beside and made[0] not in beside
