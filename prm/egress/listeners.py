"""Every event that somebody outside subscribed to becomes a message to them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.egress.models import Receiver
from prm.egress.services import queue
from prm.outbox import told
from prm.outbox.events import listens_to_all
from prm.outbox.models import OutboxEvent
from prm.outbox.telling import current_event


@listens_to_all(label=_("Webhooks and robots"))
def pass_on_to_webhooks(fact: Any) -> None:
    """One message for each subscribed webhook, made with the mark that the event was heard: none is lost or doubled."""
    code = type(fact).declared.code
    subscribed = Receiver.objects.filter(kind="webhook", is_active=True, wants__contains=[code])
    stored = current_event()
    content = content_of(stored, fact) if subscribed else {}
    for receiver in subscribed:
        queue(
            receiver=receiver,
            key=f"event:{stored.pk}",
            object_key=stored.object_key,
            title=code,
            content=content,
        )


def content_of(stored: OutboxEvent, fact: Any) -> dict[str, Any]:
    """What receivers get: the event's name, when it happened, its values, and what its object is called now."""
    return {
        "type": type(fact).declared.code,
        "timestamp": stored.created_at.isoformat(),
        "object": stored.object_key,
        "data": {**told.about(fact), **asdict(fact)},
    }
