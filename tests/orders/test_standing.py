"""Where an order stands, on its track and in somebody's inbox."""

from __future__ import annotations

import pytest
from django.utils import translation

from orders.pages import stages_of
from partners.services import assign_manager
from prm.notices import work
from prm.values.actor import Actor
from tests.factories.orders import order_of
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


def stands_at(order) -> str:
    with translation.override("en"):
        (now,) = [stage for stage in stages_of(order) if stage.state == "now"] or [None]
    return str(now.label).split(" <")[0] if now else ""


@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("submitted", "Submitted"),
        ("approved", "Approved"),
        ("confirmed", "Confirmed"),
        ("shipped", "Shipped"),
    ],
)
def test_the_dot_stands_where_the_order_stands(acme, state, step):
    order = order_of(acme.row, state=state)
    assert stands_at(order) == step
    labels = [stage.state for stage in stages_of(order)]
    assert labels == sorted(labels, key=["done", "now", "later"].index)


def test_an_approved_order_waits_in_the_inbox_of_who_confirms_it(
    acme, rival, manager, finance, administrator
):
    order = order_of(acme.row, state="approved")
    assigned = UserFactory(role="channel_manager")
    assign_manager(partner=rival.row, user=assigned, by=administrator)

    def waits(by: Actor) -> bool:
        found = any(one.link == order.get_absolute_url() for one in work.waiting_for(by))
        assert work.count_for(by) == len(work.waiting_for(by))
        return found

    assert waits(manager)
    assert not any(map(waits, (finance, acme.sales, actor(assigned))))
    confirmed = order_of(acme.row, state="confirmed")
    assert not any(one.link == confirmed.get_absolute_url() for one in work.waiting_for(manager))
