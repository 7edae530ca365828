"""Reads of receivers."""

from __future__ import annotations

from prm.egress.models import Receiver


def webhooks_on() -> list[Receiver]:
    """Webhooks that are switched on, by name."""
    return list(Receiver.objects.filter(kind="webhook", is_active=True).order_by("name"))
