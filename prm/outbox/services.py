"""Emitting and delivering events."""

from __future__ import annotations

import dataclasses
import time
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from prm.outbox.events import from_payload, listeners_of
from prm.outbox.models import OutboxEvent
from prm.values import clock

log = structlog.get_logger(__name__)
MAX_ATTEMPTS = 12
BATCH = 200


def emit(fact: Any, *, object_key: str = "") -> OutboxEvent:
    """Store `fact` in the caller's transaction; a worker delivers it after the commit."""
    stored = OutboxEvent.objects.create(
        name=fact.event_name,
        version=fact.event_version,
        payload=dataclasses.asdict(fact),
        object_key=object_key,
    )
    # One wake-up for a transaction is enough. Django forgets it with a rollback, so its own list is asked.
    if not any(planned[1] is _wake for planned in connection.run_on_commit):
        transaction.on_commit(_wake)
    return stored


def _wake() -> None:
    from prm.outbox.tasks import deliver

    try:
        deliver.apply_async(retry=False, expires=30)
    except Exception as problem:  # the broker may be down: the scheduler's round delivers later
        log.warning("outbox_wake_failed", error=str(problem))


def deliver_open_events(*, until: float | None = None) -> int:
    """Deliver what waits, oldest first, up to the monotonic time `until`. Returns how many were delivered.

    Listeners and the mark "delivered" commit together, so a listener's rows are written once even when the
    worker dies. A failing event waits with back-off and holds back later events of the same object only.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 1))", [f"{connection.schema_name}:outbox"]
        )
        if not cursor.fetchone()[0]:
            return 0
    try:
        return _deliver_batch(until)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_unlock(hashtextextended(%s, 1))", [f"{connection.schema_name}:outbox"]
            )


def _deliver_batch(until: float | None) -> int:
    held: set[str] = set()
    done = 0
    for stored in _due()[:BATCH]:
        if until is not None and time.monotonic() > until:
            break
        if stored.object_key and stored.object_key in held:
            continue
        if _deliver_one(stored):
            done += 1
        elif stored.object_key:
            held.add(stored.object_key)
    return done


def _due() -> QuerySet[OutboxEvent]:
    """What may leave now, oldest first: not what waits after a failure, nor what follows it for the same object."""
    now = clock.now()
    unfinished = OutboxEvent.objects.filter(delivered_at__isnull=True, attempts__lt=MAX_ATTEMPTS)
    waits_before = unfinished.filter(
        object_key=OuterRef("object_key"), id__lt=OuterRef("id"), next_try_at__gt=now
    ).exclude(object_key="")
    return unfinished.filter(Q(next_try_at=None) | Q(next_try_at__lte=now), ~Exists(waits_before)).order_by(
        "id"
    )


def _deliver_one(stored: OutboxEvent) -> bool:
    try:
        with transaction.atomic():
            fact = from_payload(stored.name, stored.version, stored.payload)
            for listener in listeners_of(type(fact)):
                listener(fact)
            OutboxEvent.objects.filter(pk=stored.pk).update(delivered_at=clock.now(), error="")
        return True
    except Exception as problem:  # kept with the event, where a person can read it
        wait = timedelta(seconds=min(3600, 2 ** (stored.attempts + 1)))
        OutboxEvent.objects.filter(pk=stored.pk).update(
            attempts=stored.attempts + 1,
            next_try_at=clock.now() + wait,
            error=f"{type(problem).__name__}: {problem}",
        )
        log.exception("event_delivery_failed", outbox_event=stored.name, event_id=stored.pk)
        return False
