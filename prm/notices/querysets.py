"""Reads of notices and letters."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404

from prm.notices.models import Letter, NoLetter, Notice
from prm.values.actor import Actor

MAILBOX_PAGE = 50


def own_notice(actor: Actor, pk: int) -> Notice:
    """One of the actor's own notices, else 404."""
    return get_object_or_404(Notice.objects.filter(user_id=actor.user_id), pk=pk)


def refused_kinds(user: Any) -> set[str]:
    return set(NoLetter.objects.filter(user=user).values_list("kind", flat=True))


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
