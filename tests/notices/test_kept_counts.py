"""The menu's numbers are kept for some seconds, and counted anew as soon as something happened."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealreg.models import DealRegistration
from prm.access.scoping import Unscoped, count_together
from prm.approvals import services
from prm.approvals.models import Task
from prm.automations import models as automations
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


def test_what_waits_in_several_places_is_counted_by_one_query(acme, manager, administrator):
    first, second = deals.in_review(acme), deals.in_review(acme, customer_name="Another")
    sets = [Task.objects.filter(run__object_id__in=[first.pk, second.pk]), automations.Task.objects.all(),
            DealRegistration.objects.visible_to(manager)]  # fmt: skip
    with CaptureQueriesContext(connection) as ran:
        assert count_together(sets, most=100) == 4
    assert len(ran.captured_queries) == 1
    assert count_together(sets, most=1) == 2, "of each set no further than that"
    assert count_together([], most=9) == count_together([DealRegistration.objects.none()], most=9) == 0


def test_counting_together_fails_closed_for_each_set(acme):
    plain = automations.Task.objects.all()
    for sets in ([DealRegistration.objects.all()], [plain, DealRegistration.objects.all()]):
        with pytest.raises(Unscoped):
            count_together(sets, most=9)
