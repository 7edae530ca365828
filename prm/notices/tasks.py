from __future__ import annotations

import structlog
from celery import shared_task
from django.conf import settings

from prm.notices import digest, post, push
from prm.outbox.tenants import schemas_where, send_to_tenant

log = structlog.get_logger(__name__)


@shared_task
def send_letters() -> None:
    """Send the current tenant's open letters."""
    while post.send_open_letters():
        pass


@shared_task
def send_letters_everywhere() -> None:
    """Wake the sending of each tenant whose letters are due: retries, and wake-ups that were lost."""
    if settings.EMAIL_URL:
        for schema in schemas_where(
            "notices_letter", "sent_at IS NULL AND attempts < 10 AND next_try_at <= now()"
        ):
            send_to_tenant(send_letters, schema, expires=20)


@shared_task
def write_digests() -> None:
    """Write the current tenant's digests whose time has come."""
    while digest.write_due_digests():
        pass


@shared_task
def write_digests_everywhere() -> None:
    due = "digest_due <= now() AND digested_at IS NULL"
    for schema in schemas_where("notices_notice", due):
        send_to_tenant(write_digests, schema, expires=60)


@shared_task
def send_pushes() -> None:
    """Send the current tenant's open messages to devices."""
    while push.send_open():
        pass


@shared_task
def send_pushes_everywhere() -> None:
    for schema in schemas_where("notices_pushmessage", "next_try_at <= now()"):
        send_to_tenant(send_pushes, schema, expires=20)


def wake_pushes() -> None:
    """Let a worker send what was just committed; with the broker down the scheduler's round does it later."""
    try:
        send_pushes.apply_async(retry=False, expires=60)
    except Exception as problem:
        log.warning("pushes_wake_failed", error=str(problem))


def wake() -> None:
    """Let a worker send what was just committed; with the broker down the scheduler's round does it later."""
    if not settings.EMAIL_URL:
        return
    try:
        send_letters.apply_async(retry=False, expires=60)
    except Exception as problem:
        log.warning("letters_wake_failed", error=str(problem))
