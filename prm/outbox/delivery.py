"""Delivering events: each listener hears of each committed event at least once, in order for each object.

Guarantees, whatever is killed:
- Listeners run in the transaction that notes that they have heard; a kill undoes both, and the next round repeats.
- One round of a tenant runs at a time, under a lock that dies with its database session.
- A listener that fails is undone alone. The failure stands in a row of its own (MissedDelivery), which is tried again
  with growing pauses and is given up after MAX_ATTEMPTS; the other listeners go on at once.
- While such a row is open or given up, that listener gets no later event with the same object key: it would read
  them in the wrong order. Everybody else does. An administrator retries the row or gives it up on purpose.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from prm.modules.registry import switched_off
from prm.outbox.events import Listener, event, from_payload, listeners_of, name_of
from prm.outbox.models import MissedDelivery, OutboxEvent
from prm.outbox.telling import telling
from prm.values import clock

log = structlog.get_logger(__name__)
MAX_ATTEMPTS = 12
BATCH = 200
LONGEST_PAUSE = 3600
# (listener, object key): nothing more for this listener about this object until an earlier delivery has ended.
Held = set[tuple[str, str]]


@event("outbox.given_up", version=1, label=_("Event given up"), internal=True)
class DeliveryGivenUp:
    """A listener failed at an event for the last time; a person must look at it."""

    missed_id: int
    attempts: int
    at: str


class Undeclared(LookupError):
    """Nobody declares this event or this listener any more, or not with this payload."""


def deliver_open_events(*, until: float | None = None) -> int:
    """Deliver what waits, oldest first, up to the monotonic time `until`. Returns how many ended."""
    key = f"{connection.schema_name}:outbox"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 1))", [key])
        if not cursor.fetchone()[0]:
            return 0
    try:
        return _retry_missed(until) + _deliver_new(until)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 1))", [key])


def _over(until: float | None) -> bool:
    return until is not None and time.monotonic() > until


def _deliver_new(until: float | None) -> int:
    fresh = list(OutboxEvent.objects.filter(delivered_at__isnull=True).order_by("id")[:BATCH])
    keys = {stored.object_key for stored in fresh if stored.object_key}
    held: Held = set(
        MissedDelivery.objects.holding().filter(object_key__in=keys).values_list("listener", "object_key")
    )
    done = 0
    for stored in fresh:
        if _over(until):
            break
        with transaction.atomic():
            _tell_everybody(stored, held)
            OutboxEvent.objects.filter(pk=stored.pk).update(delivered_at=clock.now())
        done += 1
    return done


def _tell_everybody(stored: OutboxEvent, held: Held) -> None:
    """Each listener hears of the event, or a row says why not yet."""
    key = stored.object_key
    try:
        fact = _read(stored)
    except Undeclared as problem:
        _miss(stored, "", problem)
        if key:
            held.add(("", key))
        return
    if key and ("", key) in held:  # an earlier one could not be read at all, so nobody knows what it meant
        _miss(stored, "", None)
        return
    for listener in listeners_of(type(fact)):
        name = name_of(listener)
        if key and (name, key) in held:
            _miss(stored, name, None)
            continue
        try:
            with transaction.atomic(), telling(stored):
                listener(fact)
        except Exception as problem:  # kept where a person can read it
            if _is_ours(problem):
                raise
            _miss(stored, name, problem)
            if key:
                held.add((name, key))


def _is_ours(problem: Exception) -> bool:
    """Whether the database went away: then nobody is to blame, and the whole round is repeated."""
    return not connection.is_usable() if connection.connection is not None else True


def _read(stored: OutboxEvent) -> Any:
    try:
        return from_payload(stored.name, stored.version, stored.payload)
    except (KeyError, TypeError) as problem:
        raise Undeclared(f"{stored.name}.v{stored.version}: {problem}") from problem


def _miss(stored: OutboxEvent, listener: str, problem: Exception | None) -> None:
    """Note that `listener` failed with `problem`, or (None) that it waits behind an earlier event."""
    attempts = 1 if problem else 0
    MissedDelivery.objects.create(
        event=stored,
        listener=listener,
        object_key=stored.object_key,
        attempts=attempts,
        next_try_at=_next(attempts),
        error=_sentence(problem) if problem else "",
    )
    if problem:
        log.error("event_delivery_failed", outbox_event=stored.name, event_id=stored.pk, listener=listener,
                  exc_info=problem)  # fmt: skip


def _retry_missed(until: float | None) -> int:
    """What is due, each with what waited behind it: a queue that stood still empties in one round."""
    done = 0
    for due in list(_due().select_related("event")[:BATCH]):
        missed: MissedDelivery | None = due
        while missed is not None and not _over(until) and _try_again(missed):
            done += 1
            missed = _next_behind(missed)
    return done


def _next_behind(missed: MissedDelivery) -> MissedDelivery | None:
    """The delivery to the same listener about the same object that may follow now; None where something holds it."""
    if not missed.object_key or not missed.listener:
        return None
    holding = MissedDelivery.objects.holding().filter(object_key=missed.object_key)
    mine = holding.filter(listener=missed.listener, event__gt=missed.event_id)
    found = mine.select_related("event").order_by("event_id").first()
    if found is None or found.state != MissedDelivery.State.OPEN or found.next_try_at > clock.now():
        return None
    unread = holding.filter(listener="", event__lt=found.event_id)
    return None if unread.exists() else found


def _due() -> QuerySet[MissedDelivery]:
    """What may be tried now, oldest first; not what stands behind an earlier one of the same listener and object."""
    before = (
        MissedDelivery.objects.holding()
        .filter(object_key=OuterRef("object_key"), event__lt=OuterRef("event"))
        .filter(listener__in=["", OuterRef("listener")])
        .exclude(object_key="")
    )
    open_now = MissedDelivery.objects.filter(state=MissedDelivery.State.OPEN, next_try_at__lte=clock.now())
    for module in switched_off():  # its listeners wait, no attempt counted, until it is on again
        open_now = open_now.exclude(listener__startswith=f"{module}.")
    return open_now.exclude(Exists(before)).order_by("event_id", "id")


def _try_again(missed: MissedDelivery) -> bool:
    """One more attempt; whether the delivery ended well. The row is read again: a person may have given it up."""
    try:
        with transaction.atomic():
            row = MissedDelivery.objects.select_for_update().filter(pk=missed.pk, state="open").first()
            if row is None:
                return False
            if row.listener:
                fact = _read(missed.event)
                with telling(missed.event):
                    _listener(fact, row.listener)(fact)
            else:
                _tell_everybody(missed.event, _held_for(missed.event))
            row.state, row.ended_at = MissedDelivery.State.DONE, clock.now()
            row.attempts, row.error = row.attempts + 1, ""
            row.save(update_fields=["state", "ended_at", "attempts", "error"])
        return True
    except Exception as problem:
        if _is_ours(problem):
            raise
        _note_failure(missed, problem)
        return False


def _held_for(stored: OutboxEvent) -> Held:
    _read(stored)  # still unreadable: the attempt fails as a whole
    earlier = MissedDelivery.objects.holding().filter(object_key=stored.object_key, event__lt=stored)
    return set(earlier.values_list("listener", "object_key"))


def _listener(fact: Any, name: str) -> Listener:
    for listener in listeners_of(type(fact)):
        if name_of(listener) == name:
            return listener
    raise Undeclared(name)


def _note_failure(missed: MissedDelivery, problem: Exception) -> None:
    from prm.outbox.services import emit

    log.error("event_delivery_failed", outbox_event=missed.event.name, event_id=missed.event_id,
              listener=missed.listener, exc_info=problem)  # fmt: skip
    with transaction.atomic():
        row = MissedDelivery.objects.select_for_update().filter(pk=missed.pk, state="open").first()
        if row is None:
            return
        row.attempts, row.error = row.attempts + 1, _sentence(problem)
        row.next_try_at = _next(row.attempts)
        if row.attempts >= MAX_ATTEMPTS:
            row.state = MissedDelivery.State.DEAD
            # A notice about a notice that cannot be given would go round for ever.
            if missed.event.name != DeliveryGivenUp.event_name:  # type: ignore[attr-defined]
                emit(
                    DeliveryGivenUp(missed_id=row.pk, attempts=row.attempts, at=clock.now().isoformat()),
                    object_key=f"missed:{row.pk}",
                )
        row.save(update_fields=["attempts", "error", "next_try_at", "state"])


def _next(attempts: int) -> Any:
    return clock.now() + timedelta(seconds=min(LONGEST_PAUSE, 2**attempts) if attempts else 0)


def _sentence(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:2000]
