"""Flows for tests: written as documents, published for deal registrations in the place of the kit's own."""

from __future__ import annotations

from typing import Any

from prm.approvals.document import parse
from prm.approvals.models import ApprovalRun, Flow, FlowVersion, Task
from prm.values import clock


def publish(*steps: dict[str, Any], subject: str = "deal") -> FlowVersion:
    """The flow of `subject` is `steps` from now on; running cases stay on theirs."""
    data = {"schema": 1, "subject": subject, "name": "Test", "steps": list(steps)}
    flow, _ = Flow.objects.get_or_create(subject=subject)
    flow.versions.filter(state="published").update(state="retired", retired_at=clock.now())
    number = (flow.versions.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    return FlowVersion.objects.create(
        flow=flow, number=number, state="published", document=parse(data).to_data(), published_at=clock.now()
    )


def people(*users: Any) -> dict[str, Any]:
    return {"kind": "people", "users": [user.email for user in users]}


def approver(step: str, who: dict[str, Any], **says: Any) -> dict[str, Any]:
    return {"id": step, "kind": "approver", "name": step.title(), "who": who, **says}


MANAGER = {"kind": "partner_manager"}
ADMINS = {"kind": "role", "role": "administrator"}


def run_of(obj: Any) -> ApprovalRun:
    return ApprovalRun.objects.for_everyone(because="a test looks").filter(object_id=obj.pk).latest("pk")


def task_of(obj: Any, who: Any) -> Task:
    """The open task of a person (user or actor) about an object."""
    user_id = getattr(who, "user_id", None) or who.pk
    return Task.objects.open().select_related("run").get(run__object_id=obj.pk, user_id=user_id)


def waits_for(obj: Any) -> set[str]:
    return {str(task.user) for task in Task.objects.open().filter(run__object_id=obj.pk)}


def story(obj: Any) -> list[str]:
    """The kinds of a run's facts, in order."""
    return list(run_of(obj).decisions.order_by("number").values_list("kind", flat=True))
