"""Notices on people's devices, behind the same interface as group robots: `tell`, and a worker that sends.

Guarantees: a device hears what its person would get as a letter at once, outside of quiet hours, and once for each
fact; the push service in between reads nothing. A device that is gone (404, 410) is forgotten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import translation

from prm.access.rules import require
from prm.audit.services import record
from prm.egress import client
from prm.egress.addresses import parse
from prm.egress.errors import EgressError
from prm.notices import kinds, webpush
from prm.notices.errors import DeviceUnfit
from prm.notices.links import current_tenant
from prm.notices.models import Device, PushKey, PushMessage
from prm.values import clock
from prm.values.actor import Actor

log = structlog.get_logger(__name__)
MOST_DEVICES, LONGEST_ENDPOINT = 10, 1000
LONGEST_TITLE, LONGEST_BODY = 200, 800
MAX_ATTEMPTS, BATCH = 6, 50
# What is older says nothing new any more; push services keep it no longer either.
TOO_OLD = timedelta(days=1)
GONE, TOO_LARGE = (404, 410), 413


# ---- devices ----


def public_key() -> str:
    """The tenant's public key, as browsers ask for it; the pair is made when it is first needed."""
    return webpush.to_text(webpush.public_of(_key()))


def _key() -> Any:
    row = PushKey.objects.first()
    if row is None:
        made = PushKey(pk=1)
        made.private = webpush.new_key()
        PushKey.objects.bulk_create([made], ignore_conflicts=True)
        row = PushKey.objects.get()
    return webpush.private_of(row.private)


@transaction.atomic
def add_device(*, user: Any, endpoint: str, p256dh: str, auth: str, name: str, by: Actor) -> Device:
    """Let a browser hear the notices of `user`. A browser that was somebody else's is theirs no more."""
    require(by, "accounts.change_own")
    try:
        browser, secret = webpush.to_bytes(p256dh), webpush.to_bytes(auth)
        webpush.point_of(browser)
    except ValueError:
        raise DeviceUnfit() from None
    if len(secret) != 16 or len(endpoint) > LONGEST_ENDPOINT:
        raise DeviceUnfit()
    parse(endpoint)  # what can be no address is refused; where it leads is checked at each message
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    Device.objects.filter(digest=digest).delete()
    for old in Device.objects.filter(user=user).order_by("-id")[MOST_DEVICES - 1 :]:
        old.delete()
    device = Device(user=user, digest=digest, name=" ".join(name.split())[:120])
    device.subscription = json.dumps({"endpoint": endpoint, "p256dh": p256dh, "auth": auth})
    device.save()
    record(user, "device_added", by=by, changes={"device": [None, device.name]})
    return device


@transaction.atomic
def remove_device(*, device: Device, by: Actor) -> None:
    """The device hears nothing more."""
    require(by, "accounts.change_own")
    record(device.user, "device_removed", by=by, changes={"device": [device.name, None]})
    device.delete()


# ---- telling ----


def tell(
    *, kind: kinds.Kind, due: Mapping[int, datetime], values: Mapping[str, Any], link: str, fact: str
) -> None:
    """A message to each device of the people in `due`, not before the moment that is given for each."""
    devices = Device.objects.filter(user__in=due)
    content = {"kind": kind.name, "values": dict(values), "link": link}
    key = f"{kind.name}:{fact}"[:160]
    messages = [
        PushMessage(device=device, key=key, content=content, next_try_at=due[device.user_id])
        for device in devices
    ]
    if messages:
        PushMessage.objects.bulk_create(messages, ignore_conflicts=True)
        transaction.on_commit(_wake)


def _wake() -> None:
    from prm.notices.tasks import wake_pushes

    wake_pushes()


def text_of(message: PushMessage) -> dict[str, str]:
    """What the device shows, in its person's language."""
    content = message.content
    with translation.override(message.device.user.letter_language or current_tenant().language):
        kind = kinds.kind_of(content["kind"])
        title = kinds.fill(kind.title, content["values"])[:LONGEST_TITLE]
        body = kinds.fill(kind.body, content["values"])[:LONGEST_BODY]
    return {"title": title, "body": body, "url": content["link"] or "/inbox/notices/", "tag": message.key}


# ---- sending ----


def send_open() -> int:
    """Send what is due, each in a transaction of its own. Returns how many were tried."""
    PushMessage.objects.filter(created_at__lte=clock.now() - TOO_OLD).delete()
    due = PushMessage.objects.filter(next_try_at__lte=clock.now()).order_by("id")
    return sum(_send(pk) for pk in due.values_list("pk", flat=True)[:BATCH])


def _send(pk: int) -> int:
    """Try one message under its lock, so that two workers never send it twice. What was taken is not kept."""
    with transaction.atomic():
        rows = PushMessage.objects.select_for_update(skip_locked=True, of=("self",))
        message = rows.select_related("device__user").filter(pk=pk, next_try_at__lte=clock.now()).first()
        if message is None:
            return 0
        if not message.device.user.is_active:
            message.device.delete()
            return 1
        status = _post(message)
        message.attempts += 1
        if status in GONE:
            message.device.delete()
        elif 200 <= status < 300 or status == TOO_LARGE or message.attempts >= MAX_ATTEMPTS:
            _done(message, taken=200 <= status < 300)
        else:
            message.next_try_at = clock.now() + timedelta(minutes=2 ** (message.attempts - 1))
            message.save(update_fields=["attempts", "next_try_at"])
    return 1


def _done(message: PushMessage, *, taken: bool) -> None:
    """The row stays for a day without a time to try: the same fact told again is known."""
    message.next_try_at = None
    message.save(update_fields=["attempts", "next_try_at"])
    if taken:
        Device.objects.filter(pk=message.device_id).update(last_ok_at=clock.now())


def _post(message: PushMessage) -> int:
    """The push service's answer; 0 where there was none."""
    known = json.loads(message.device.subscription or "{}")
    if not known:  # sealed with another installation's key
        return 410
    text = json.dumps(text_of(message), ensure_ascii=False).encode()
    body = webpush.sealed(
        text, browser=webpush.to_bytes(known["p256dh"]), secret=webpush.to_bytes(known["auth"])
    )
    headers = {
        "Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm",
        "TTL": str(int(TOO_OLD.total_seconds())), "Urgency": "normal",
        "Authorization": webpush.authorization(
            known["endpoint"], key=_key(), contact=f"mailto:{settings.DEFAULT_FROM_EMAIL}", now=clock.now()
        ),
    }  # fmt: skip
    try:
        return client.request("POST", known["endpoint"], body=body, headers=headers, cut=True).status
    except EgressError as refusal:
        log.warning("push_failed", message=message.pk, error=refusal.text)
        return 0


def devices_of(users: Iterable[Any]) -> Any:
    """The devices of some people, the newest first."""
    return Device.objects.filter(user__in=list(users)).order_by("-id")
