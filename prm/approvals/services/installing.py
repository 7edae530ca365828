"""The flow with which a subject begins: from a starter kit, once."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.approvals.document import parse
from prm.approvals.models import Flow, FlowVersion
from prm.approvals.subjects import subject_of
from prm.audit.services import record
from prm.values import clock
from prm.values.actor import Actor


@transaction.atomic
def install_flow(*, data: Any, by: Actor) -> FlowVersion | None:
    """Publish the first version of a subject's flow; None where the subject has one already, whatever it says."""
    require(by, "approvals.design")
    document = parse(data)
    subject_of(document.subject)
    flow, _made = Flow.objects.get_or_create(subject=document.subject)
    Flow.objects.select_for_update().get(pk=flow.pk)
    if flow.versions.exists():
        return None
    now = clock.now()
    version = FlowVersion.objects.create(
        flow=flow, number=1, state=FlowVersion.State.PUBLISHED, document=document.to_data(),
        created_by_id=by.user_id, created_at=now, saved_at=now, published_by_id=by.user_id, published_at=now,
    )  # fmt: skip
    record(version, "published", by=by)
    return version
