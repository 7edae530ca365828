"""Emitting events, and what an administrator does with those that could not be delivered."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from prm.access.rules import require
from prm.audit.services import record
from prm.modules.registry import switched_off
from prm.outbox.delivery import deliver_open_events
from prm.outbox.errors import DeliveryEnded, NotGivenUpYet
from prm.outbox.events import heard_by
from prm.outbox.models import MissedDelivery, OutboxEvent
from prm.outbox.telling import next_depth
from prm.values import clock, pulse
from prm.values.actor import Actor

__all__ = ["deliver_open_events", "emit", "give_up_delivery", "prune", "retry_all", "retry_delivery"]
log = structlog.get_logger(__name__)
PRUNED_AT_ONCE = 5_000


def emit(fact: Any, *, object_key: str = "") -> OutboxEvent:
    """Store `fact` in the caller's transaction; a worker delivers it after the commit."""
    stored = OutboxEvent.objects.create(
        name=fact.event_name,
        version=fact.event_version,
        payload=dataclasses.asdict(fact),
        object_key=object_key,
        depth=next_depth(),
    )
    wake_on_commit()
    pulse.beat()
    return stored


def wake_on_commit() -> None:
    """One wake-up for a transaction is enough. Django forgets it with a rollback, so its own list is asked."""
    if not any(planned[1] is _wake for planned in connection.run_on_commit):
        transaction.on_commit(_wake)


def _wake() -> None:
    from prm.outbox.tasks import deliver

    try:
        deliver.apply_async(retry=False, expires=30)
    except Exception as problem:  # the broker may be down: the scheduler's round delivers later
        log.warning("outbox_wake_failed", error=str(problem))


@transaction.atomic
def retry_delivery(*, missed: MissedDelivery, by: Actor) -> MissedDelivery:
    """Try a delivery again at once, with all its attempts before it."""
    require(by, "outbox.manage")
    missed = MissedDelivery.objects.select_for_update(of=("self",)).get(pk=missed.pk)
    if missed.state not in MissedDelivery.HOLDING:
        raise DeliveryEnded(state=missed.get_state_display())
    _let_it_go(missed)
    record(missed, "delivery_retried", by=by)
    wake_on_commit()
    return missed


@transaction.atomic
def retry_all(*, by: Actor) -> int:
    """Try everything again that was given up by the product. Returns how many."""
    require(by, "outbox.manage")
    dead = list(MissedDelivery.objects.dead().select_for_update(of=("self",)).order_by("event_id"))
    for missed in dead:
        _let_it_go(missed)
    if dead:
        record(None, "deliveries_retried", by=by, changes={"count": [None, len(dead)]})
        wake_on_commit()
    return len(dead)


def _let_it_go(missed: MissedDelivery) -> None:
    missed.state, missed.attempts, missed.next_try_at = MissedDelivery.State.OPEN, 0, clock.now()
    missed.save(update_fields=["state", "attempts", "next_try_at"])


@transaction.atomic
def give_up_delivery(*, missed: MissedDelivery, reason: str, by: Actor) -> MissedDelivery:
    """Never deliver this one; later events of the same object go on."""
    require(by, "outbox.manage")
    missed = MissedDelivery.objects.select_for_update(of=("self",)).get(pk=missed.pk)
    if not missed.may_become(MissedDelivery.State.DROPPED):
        raise DeliveryEnded(state=missed.get_state_display())
    if not missed.attempts:  # it only waits its turn behind another one, which is to be decided on first
        raise NotGivenUpYet()
    missed.state, missed.ended_at = MissedDelivery.State.DROPPED, clock.now()
    missed.save(update_fields=["state", "ended_at"])
    record(missed, "delivery_given_up", by=by, reason=reason)
    wake_on_commit()
    return missed


def prune() -> int:
    """Delete events that everybody has heard of and that are older than PRM_EVENTS_DAYS. Returns how many."""
    before = clock.now() - timedelta(days=settings.EVENTS_DAYS)
    unfinished = MissedDelivery.objects.holding().filter(event=OuterRef("pk"))
    old = OutboxEvent.objects.filter(created_at__lt=before, delivered_at__isnull=False).exclude(
        Exists(unfinished)
    )
    for module in switched_off():  # it catches up with these when it is on again
        old = old.exclude(name__in=[name for name, _version in heard_by(module)])
    total = 0
    while True:  # in small pieces: nobody waits for a long delete
        some = list(old.order_by("id").values_list("pk", flat=True)[:PRUNED_AT_ONCE])
        OutboxEvent.objects.filter(pk__in=some).delete()
        total += len(some)
        if len(some) < PRUNED_AT_ONCE:
            return total
