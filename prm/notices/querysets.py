"""Reads of notices and letters."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404

from prm.notices.models import Device, Letter, LetterText, Notice, Preference
from prm.values.actor import Actor

MAILBOX_PAGE = 50


def own_notice(actor: Actor, pk: int) -> Notice:
    """One of the actor's own notices, else 404."""
    return get_object_or_404(Notice.objects.filter(user_id=actor.user_id), pk=pk)


def deliveries_of(user: Any) -> dict[str, str]:
    """What the person chose, by kind; a kind that is missing comes at once."""
    return dict(Preference.objects.filter(user=user).values_list("kind", "delivery"))


def worded_letters() -> dict[str, list[LetterText]]:
    """Letters with words of the tenant's own, by name."""
    found: dict[str, list[LetterText]] = {}
    for row in LetterText.objects.order_by("name", "language"):
        found.setdefault(row.name, []).append(row)
    return found


def letter_text(name: str, language: str) -> LetterText | None:
    return LetterText.objects.filter(name=name, language=language).first()


def mailbox_letters(search: str = "", before: int | None = None) -> tuple[list[Letter], bool]:
    """The newest letters, newest first, and whether there are more; only where the demo has no mail server."""
    need_mailbox()
    rows = Letter.objects.order_by("-id").defer("html")
    if search:
        rows = rows.filter(to__icontains=search) | rows.filter(subject__icontains=search)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: MAILBOX_PAGE + 1])
    return found[:MAILBOX_PAGE], len(found) > MAILBOX_PAGE


def mailbox_letter(pk: int) -> Letter:
    need_mailbox()
    return get_object_or_404(Letter, pk=pk)


def need_mailbox() -> None:
    """404 outside demo mode and where letters really leave."""
    if not settings.DEMO or settings.EMAIL_URL:
        raise Http404


def own_device(actor: Actor, pk: int) -> Device:
    """One of the person's own devices."""
    return get_object_or_404(Device, pk=pk, user_id=actor.user_id or 0)
