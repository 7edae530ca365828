"""Reads of automations."""

from __future__ import annotations

from prm.automations.models import Action


def actions_of(automation_id: int) -> list[Action]:
    """What an automation does, in order, with all that a page says about it."""
    return list(Action.objects.filter(automation_id=automation_id).select_related("receiver", "automation"))
