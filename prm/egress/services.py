"""Receivers outside: setting them up, and what an administrator does with their messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction

from prm.access.rules import require
from prm.audit.services import differences, record
from prm.egress import webhooks
from prm.egress.addresses import parse, resolve
from prm.egress.errors import (
    AddressMissing,
    EgressError,
    MessageEnded,
    NameTaken,
    NothingWanted,
    ReceiverOff,
)
from prm.egress.kinds import kind_of
from prm.egress.models import Message, Receiver
from prm.values import clock
from prm.values.actor import Actor

log = structlog.get_logger(__name__)
# For so long after a change messages are signed with the old secret as well.
OVERLAP = timedelta(hours=24)
# Looking the address up while a person waits.
LOOK_UP_SECONDS = 4.0


def queue(
    *, receiver: Receiver, key: str, title: str, content: dict[str, Any], object_key: str = ""
) -> Message | None:
    """Store a message in the caller's transaction; a worker sends it after the commit.

    A second message to the same receiver about the same `key` is not stored, and None is returned.
    """
    message, made = Message.objects.get_or_create(
        receiver=receiver,
        key=key[:160],
        defaults={"title": title[:200], "content": content, "object_key": object_key},
    )
    if not made:
        return None
    _wake_on_commit()
    return message


def _wake_on_commit() -> None:
    if not any(planned[1] is _wake for planned in connection.run_on_commit):
        transaction.on_commit(_wake)


def _wake() -> None:
    from prm.egress.tasks import send_of_tenant

    try:
        send_of_tenant.apply_async(retry=False, expires=30)
    except Exception as problem:  # the scheduler's round sends later
        log.warning("egress_wake_failed", error=str(problem))


@transaction.atomic
def save_receiver(
    *,
    receiver: Receiver | None,
    kind: str,
    name: str,
    url: str,
    wants: list[str],
    secret: str = "",
    audience: str = "",
    language: str = "",
    off_because: str = "",
    by: Actor,
) -> Receiver:
    """Set up or change a receiver. An empty `url` or `secret` keeps what is stored; webhooks get a secret made.

    A new one is on at once, unless `off_because` says why it waits until somebody switches it on.
    """
    require(by, "egress.manage")
    declared = kind_of(kind)
    if Receiver.objects.filter(name=name).exclude(pk=receiver.pk if receiver else None).exists():
        raise NameTaken()
    if not wants and declared.is_robot:  # to a webhook flows and automations write by themselves
        raise NothingWanted()
    if url:
        _check_address(url)
    offered = {value for value, _label in declared.choices()}
    made = receiver is None
    row = receiver or Receiver(
        kind=kind, created_label=by.label, is_active=not off_because, off_because=off_because
    )
    before = {} if made else _shown(row)
    at_rest = set(row.wants or ()) - offered  # of a module that is off: told again when it is on
    row.name, row.wants = name, sorted(offered & set(wants) | at_rest)
    row.audience, row.language = audience, language
    if url:
        row.url = url
    if declared.makes_secret and not row.sealed_secret:
        row.secret = webhooks.new_secret()
    elif secret and not declared.makes_secret:
        row.secret = secret
    row.save()
    changes = {} if made else differences(before, _shown(row))
    record(row, "receiver_created" if made else "changed", by=by, changes=changes)
    return row


def _shown(row: Receiver) -> dict[str, Any]:
    """What the audit trail tells of a receiver; never the whole address nor a secret."""
    return {"name": row.name, "host": row.host, "wants": ", ".join(row.wants), "audience": row.audience,
            "language": row.language}  # fmt: skip


def _check_address(url: str) -> None:
    """Refuse at once what could never be sent to; an unknown name too, since it is most likely mistyped."""
    try:
        resolve(parse(url), seconds=LOOK_UP_SECONDS)
    except EgressError as refusal:
        refusal.field = "url"
        raise


@transaction.atomic
def receiver_for(*, url: str, name: str, by: Actor) -> Receiver:
    """The webhook at `url`, set up where there is none: it is told of no event, only of what is queued for it.

    For the product's own parts, whose administrator chose the address. Whether it may be spoken to is asked when a
    message is sent, as for every receiver.
    """
    with connection.cursor() as cursor:  # addresses are encrypted, so no constraint can keep two apart
        lock = f"{connection.schema_name}:receiver"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [lock])
    rows = list(Receiver.objects.filter(kind="webhook").order_by("pk"))
    for row in rows:
        if row.url == url:
            return row
    taken, number, wanted = {row.name for row in Receiver.objects.only("name")}, 2, name[:110]
    while wanted in taken:
        wanted, number = f"{name[:110]} {number}", number + 1
    made = Receiver(kind="webhook", name=wanted, created_label=by.label[:200])
    made.url, made.secret = url, webhooks.new_secret()
    made.save()
    record(made, "receiver_created", by=by)
    return made


@transaction.atomic
def switch_receiver(*, receiver: Receiver, on: bool, by: Actor) -> Receiver:
    """Off: nothing new is queued and nothing waiting is sent. On: what waits is sent."""
    require(by, "egress.manage")
    receiver = Receiver.objects.select_for_update().get(pk=receiver.pk)
    if on and not receiver.host:
        raise AddressMissing()
    if receiver.is_active != on:
        receiver.is_active, receiver.off_because = on, ""
        receiver.failures, receiver.rest_until = 0, None
        receiver.save(update_fields=["is_active", "off_because", "failures", "rest_until"])
        record(receiver, "switched_on" if on else "switched_off", by=by)
        _wake_on_commit()
    return receiver


@transaction.atomic
def rotate_secret(*, receiver: Receiver, by: Actor) -> Receiver:
    """Make a new secret; for a day messages carry the old signature as well, so that no message is refused."""
    require(by, "egress.manage")
    receiver = Receiver.objects.select_for_update().get(pk=receiver.pk)
    receiver.sealed_old_secret, receiver.old_secret_until = receiver.sealed_secret, clock.now() + OVERLAP
    receiver.secret = webhooks.new_secret()
    receiver.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until"])
    record(receiver, "secret_changed", by=by)
    return receiver


@transaction.atomic
def show_secret(*, receiver: Receiver, by: Actor) -> str:
    """The secret in clear, to be copied into the receiving system; that somebody looked is recorded."""
    require(by, "egress.manage")
    record(receiver, "secret_shown", by=by)
    return receiver.secret


@transaction.atomic
def delete_receiver(*, receiver: Receiver, by: Actor) -> None:
    """The receiver and the log of its messages."""
    require(by, "egress.manage")
    record(receiver, "deleted", by=by)
    receiver.delete()


@transaction.atomic
def send_test(*, receiver: Receiver, by: Actor) -> Message:
    """A message that says only that it is a test."""
    require(by, "egress.manage")
    if not receiver.is_active:
        raise ReceiverOff()
    now = clock.now()
    message = queue(
        receiver=receiver,
        key=f"test:{now.isoformat()}",
        title="qudao.test.v1",
        content={
            "type": "qudao.test.v1",
            "timestamp": now.isoformat(),
            "object": "",
            "data": {"sent_by": by.label},
            "kind": "",
        },
    )
    Receiver.objects.filter(pk=receiver.pk).update(failures=0, rest_until=None)
    record(receiver, "test_sent", by=by)
    assert message is not None
    return message


@transaction.atomic
def retry_message(*, message: Message, by: Actor) -> Message:
    """Send it (again) at once: what was not taken, given up, or taken and is wanted once more."""
    require(by, "egress.manage")
    message = Message.objects.select_for_update(of=("self",)).select_related("receiver").get(pk=message.pk)
    if not message.receiver.is_active:
        raise ReceiverOff()
    message.state, message.attempts, message.next_try_at = Message.State.OPEN, 0, clock.now()
    message.ended_at = None
    message.save(update_fields=["state", "attempts", "next_try_at", "ended_at"])
    Receiver.objects.filter(pk=message.receiver_id).update(failures=0, rest_until=None)
    record(message, "delivery_retried", by=by)
    _wake_on_commit()
    return message


@transaction.atomic
def drop_message(*, message: Message, by: Actor) -> Message:
    """Never send it; later messages about the same object go on."""
    require(by, "egress.manage")
    message = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if not message.may_become(Message.State.DROPPED):
        raise MessageEnded(state=message.get_state_display())
    message.state, message.ended_at = Message.State.DROPPED, clock.now()
    message.save(update_fields=["state", "ended_at"])
    record(message, "delivery_given_up", by=by)
    _wake_on_commit()
    return message


def prune() -> int:
    """Delete messages that ended more than PRM_EVENTS_DAYS ago. Returns how many."""
    before = clock.now() - timedelta(days=settings.EVENTS_DAYS)
    return Message.objects.filter(ended_at__lt=before).delete()[0]
