"""The menu's numbers are kept for some seconds, and counted anew as soon as something happened."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.approvals import services
from prm.notices import work
from prm.values import pulse
from tests.approvals.flows import task_of
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keep(monkeypatch):
    monkeypatch.setattr(pulse, "KEPT_SECONDS", 10)


def test_what_waits_is_counted_once_until_something_happens(acme, manager):
    deal = deals.in_review(acme)
    assert work.count_for(manager) == 1
    with CaptureQueriesContext(connection) as ran:
        assert work.count_for(manager) == 1
    assert len(ran.captured_queries) == 0
    deals.in_review(acme, customer_name="Another")
    assert work.count_for(manager) == 2
    services.hold_decision(task=task_of(deal, manager), kind="approve", by=manager)
    assert work.count_for(manager) == 1
    services.undo_decision(task=task_of(deal, manager), by=manager)
    assert work.count_for(manager) == 2


def test_nobody_is_shown_what_was_counted_for_somebody_else(acme, manager):
    deals.in_review(acme)
    nobodys = actor(UserFactory(role="channel_manager", name="Sees nothing"))
    assert (work.count_for(manager), work.count_for(nobodys), work.count_for(acme.sales)) == (1, 0, 0)


def test_without_the_broker_it_is_counted_anew(acme, manager, monkeypatch):
    def down(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get_many", down)
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.set", down)
    deals.in_review(acme)
    assert work.count_for(manager) == 1
