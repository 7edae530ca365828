"""Orders live through flows as deal registrations do."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from orders.services import approve_order, cancel_order, reject_order
from prm.approvals import services
from prm.approvals.errors import NotYourTurn
from prm.notices import work
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.ui.formats import money
from prm.ui.said import shown
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, run_of, task_of, waits_for
from tests.factories.orders import order_of

pytestmark = pytest.mark.django_db


def test_with_the_flow_of_the_starter_kit_the_channel_manager_approves(acme, manager):
    order = order_of(acme.row, state="submitted")
    assert waits_for(order) == {"Lin Yue"}
    deliver_open_events()
    told = Notice.objects.get(user_id=manager.user_id, kind="orders.submitted")
    assert shown(told.values["total"]) == f"{money(order.net_total, order.currency)} net"
    assert approve_order(order=order, by=manager).state == "approved"
    assert run_of(order).state == "approved"


def test_two_steps_by_value_and_a_rejection_at_the_second(acme, manager, administrator):
    publish(approver("first", MANAGER), approver("second", ADMINS), subject="order")
    order = order_of(acme.row, state="submitted")
    assert approve_order(order=order, by=manager).state == "submitted"
    with pytest.raises(NotYourTurn):
        approve_order(order=order, by=manager)
    assert reject_order(order=order, reason="Over the credit line", by=administrator).state == "rejected"
    assert run_of(order).state == "rejected"


def test_a_cancelled_order_ends_its_run(acme, manager):
    order = order_of(acme.row, state="submitted")
    cancel_order(order=order, by=acme.sales)
    assert (run_of(order).state, waits_for(order)) == ("cancelled", set())


def test_the_inbox_has_it_once_and_both_sides_read_whose_turn_it_is(acme, manager, browse):
    order = order_of(acme.row, state="submitted")
    found = [row for row in work.waiting_for(manager) if order.number in f"{row.title}{row.subtitle}"]
    assert [row.link for row in found] == [f"/inbox/decisions/{task_of(order, manager).pk}/"]
    page = browse(acme.sales).get(order.get_absolute_url()).content.decode()
    assert "Waiting for <b>Lin Yue</b>" in page
    record = browse(manager).get(found[0].link).content.decode()
    assert "Net total" in record


def test_a_condition_over_the_order(acme, manager, administrator):
    large = {"id": "large", "when": {"field": "net_total", "op": "at_least", "value": "0.01"},
             "steps": [approver("director", ADMINS)]}  # fmt: skip
    publish(
        {"id": "size", "kind": "branch", "branches": [large, {"id": "usual", "steps": []}]}, subject="order"
    )
    order = order_of(acme.row, state="submitted")
    assert waits_for(order) == {"Ada Admin"}
    services.approve(task=task_of(order, administrator), by=administrator)
    order.refresh_from_db()
    assert (order.state, order.decided_by_id) == ("approved", administrator.user_id)


def test_while_a_question_waits_its_answer_leads_the_page_of_the_order(acme, manager, browse):
    order = order_of(acme.row, state="submitted", by=acme.sales)
    address = f"/inbox/asked/{run_of(order).pk}/answer/"
    submitter = get_user_model().objects.get(pk=acme.sales.user_id)
    services.say(run=run_of(order), text="Which dock?", asked=submitter, for_submitter=True, by=manager)
    page = browse(acme.sales).get(order.get_absolute_url()).content.decode()
    assert f'class="btn btn-primary" href="{address}"' in page
    assert page.index("Which dock?") < page.index("ui-aside")
    services.say(run=run_of(order), text="Dock 4.", by=acme.sales)
    assert (
        f'btn-primary" href="{address}"'
        not in browse(acme.sales).get(order.get_absolute_url()).content.decode()
    )
