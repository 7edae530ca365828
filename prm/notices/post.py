"""Sending letters: one at a time, each attempt committed, with growing pauses after failures."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction

from prm.notices.links import current_tenant
from prm.notices.models import Letter
from prm.notices.wording import sender
from prm.values import clock

log = structlog.get_logger(__name__)
BATCH = 50
MAX_ATTEMPTS = 10
# A letter that could not leave for this long says nothing new any more.
TOO_OLD = timedelta(days=3)


def send_open_letters() -> int:
    """Send what is due. Returns how many were tried; without a mail server none, they stay readable."""
    if not settings.EMAIL_URL:
        return 0
    due = Letter.objects.filter(
        sent_at__isnull=True,
        attempts__lt=MAX_ATTEMPTS,
        next_try_at__lte=clock.now(),
        created_at__gt=clock.now() - TOO_OLD,
    ).order_by("id")
    tried = 0
    with get_connection() as line:
        for pk in due.values_list("pk", flat=True)[:BATCH]:
            tried += _send(pk, line)
    return tried


def _send(pk: int, line: object) -> int:
    """Try one letter under its row lock, so that two workers never send it twice."""
    with transaction.atomic():
        letter = (
            Letter.objects.select_for_update(skip_locked=True).filter(pk=pk, sent_at__isnull=True).first()
        )
        if letter is None or letter.next_try_at > clock.now():
            return 0
        letter.attempts += 1
        try:
            known = sender()
            message = EmailMultiAlternatives(
                letter.subject,
                letter.text,
                f'"{_quoted(known.name or current_tenant().name)}" <{settings.DEFAULT_FROM_EMAIL}>',
                [letter.to],
                reply_to=[known.reply_to] if known.reply_to else None,
                connection=line,
            )
            message.attach_alternative(letter.html, "text/html")
            message.send()
            letter.sent_at, letter.error = clock.now(), ""
        except Exception as problem:  # kept with the letter, where the administrator's page shows it
            letter.error = f"{type(problem).__name__}: {problem}"[:500]
            letter.next_try_at = clock.now() + timedelta(minutes=min(2 ** (letter.attempts - 1), 360))
            log.warning("letter_failed", letter=letter.pk, attempt=letter.attempts, error=letter.error)
        letter.save(update_fields=["attempts", "sent_at", "error", "next_try_at"])
    return 1


def _quoted(name: str) -> str:
    return name.replace("\\", "").replace('"', "")
