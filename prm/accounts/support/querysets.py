"""Reads of support access."""

from __future__ import annotations

from django.db.models import QuerySet

from prm.accounts.models import SupportAccess
from prm.accounts.support.services import CONSENT_LASTS
from prm.values import clock


def requests_of(operator_email: str) -> QuerySet[SupportAccess]:
    """The requests of one operator in the current tenant: an operator sees no other's."""
    return SupportAccess.objects.select_related("user").filter(operator_email=operator_email)


def waiting_for_consent() -> QuerySet[SupportAccess]:
    """Requests that an administrator may still answer, the longest wait first."""
    rows = SupportAccess.objects.select_related("user").filter(granted__isnull=True, ended_at__isnull=True)
    return rows.filter(requested_at__gt=clock.now() - CONSENT_LASTS).order_by("requested_at")


def with_standing(*, limit: int, operator_email: str = "") -> list[SupportAccess]:
    """The newest requests, each with `standing`: asked, lapsed, refused, granted, running, over or ended."""
    rows = SupportAccess.objects.select_related("user", "decided_by").order_by("-id")
    if operator_email:
        rows = rows.filter(operator_email=operator_email)
    found = list(rows[:limit])
    for access in found:
        access.standing = standing_of(access)  # type: ignore[attr-defined]
    return found


def standing_of(access: SupportAccess) -> str:
    """In one word, where a request stands now."""
    now = clock.now()
    if access.granted is False:
        return "refused"
    if access.ended_at:
        return "ended"
    if access.granted is None:
        return "asked" if access.requested_at > now - CONSENT_LASTS else "lapsed"
    if access.started_at is None:
        return "granted" if access.decided_at and access.decided_at > now - CONSENT_LASTS else "lapsed"
    return "running" if access.ends_at and access.ends_at > now else "over"
