"""Sending messages: one receiver at a time by one worker, in order for each object, with growing pauses.

A message is marked after the receiver took it, so a kill in between sends it again: receivers know it by its id.
While a message is open, later ones about the same object wait. One that was given up holds nobody back: the receiver
has the time in each message, and a receiver that was gone for two days must not be gone for good.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from prm.egress import client
from prm.egress.errors import EgressError
from prm.egress.events import MessageGivenUp, ReceiverGone
from prm.egress.kinds import kind_of
from prm.egress.models import Message, Receiver
from prm.jobs.services import alone
from prm.outbox.services import emit
from prm.values import clock

log = structlog.get_logger(__name__)
# Seconds of pause after the first, second … failure; then the message is given up, after a day and a half.
PAUSES = [5, 60, 300, 1800, 7200, 18000, 36000, 36000]
MAX_ATTEMPTS = len(PAUSES) + 1
LONGEST_REST = 300
LONGEST_ROUND = 30.0
BATCH = 50
TRIES_KEPT = 20


def receivers_due() -> list[int]:
    """Receivers with something to send that do not rest."""
    rows = Receiver.objects.filter(is_active=True).exclude(rest_until__gt=clock.now())
    return list(
        rows.filter(Exists(Message.objects.due().filter(receiver=OuterRef("pk")))).values_list(
            "pk", flat=True
        )
    )


def send_due(receiver_id: int) -> int:
    """Send what is due for one receiver, for half a minute at most. Returns how many were taken."""
    taken, until = 0, time.monotonic() + LONGEST_ROUND
    with alone(f"receiver:{receiver_id}") as got:
        if not got:
            return 0
        while time.monotonic() < until:
            receiver = Receiver.objects.filter(pk=receiver_id, is_active=True).first()
            if receiver is None or (receiver.rest_until and receiver.rest_until > clock.now()):
                break
            message = _next_of(receiver).first()
            if message is None:
                break
            taken += _send(receiver, message)
    return taken


def _next_of(receiver: Receiver) -> QuerySet[Message]:
    earlier = Message.objects.filter(
        receiver=receiver, state=Message.State.OPEN, object_key=OuterRef("object_key"), pk__lt=OuterRef("pk")
    ).exclude(object_key="")
    return Message.objects.due().filter(receiver=receiver).exclude(Exists(earlier)).order_by("id")


def _send(receiver: Receiver, message: Message) -> bool:
    """One try, outside of any transaction; the result is written whole."""
    begun = time.monotonic()
    kind = kind_of(receiver.kind)
    status, said, gone = 0, "", False
    try:
        out = kind.compose(receiver, message)
        answer = client.request("POST", out.url, body=out.body, headers=out.headers, cut=True)
        status, said = answer.status, answer.text()
        error, gone = kind.problem(answer), kind.is_gone(answer)
    except EgressError as refusal:
        error = refusal.text
    except Exception as problem:  # a message that cannot be written must not stop the others
        log.exception("message_not_composed", message_id=message.pk)
        error = f"{type(problem).__name__}: {problem}"[:300]
    one_try = {
        "at": clock.now().isoformat(),
        "status": status,
        "ms": int((time.monotonic() - begun) * 1000),
        "error": error,
        "answer": said,
    }
    with transaction.atomic():
        row = Message.objects.select_for_update(of=("self",)).filter(pk=message.pk).first()
        if row is None or row.state != Message.State.OPEN:
            return False
        row.tries = [*row.tries, one_try][-TRIES_KEPT:]
        row.attempts += 1
        if error:
            _failed(receiver, row, gone)
        else:
            row.state, row.ended_at = Message.State.DONE, clock.now()
            Receiver.objects.filter(pk=receiver.pk).update(
                failures=0, rest_until=None, last_ok_at=clock.now()
            )
        row.save(update_fields=["tries", "attempts", "state", "ended_at", "next_try_at"])
    return not error


def _failed(receiver: Receiver, row: Message, gone: bool) -> None:
    now = clock.now()
    failures = receiver.failures + 1
    rest = now + timedelta(seconds=min(LONGEST_REST, 5 * 2 ** min(failures - 1, 10)))
    changes = {"failures": failures, "rest_until": rest}
    if gone:
        row.state, row.ended_at = Message.State.DEAD, now
        changes |= {"is_active": False, "off_because": "410 Gone"}
        emit(ReceiverGone(receiver_id=receiver.pk, at=now.isoformat()), object_key=f"receiver:{receiver.pk}")
    elif row.attempts >= MAX_ATTEMPTS:
        row.state, row.ended_at = Message.State.DEAD, now
        emit(MessageGivenUp(message_id=row.pk, at=now.isoformat()), object_key=f"receiver:{receiver.pk}")
    else:
        row.next_try_at = now + timedelta(seconds=PAUSES[row.attempts - 1])
    Receiver.objects.filter(pk=receiver.pk).update(**changes)
