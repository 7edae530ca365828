"""Fields of the tenant's own that published flows ask for, and those that flows may set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from prm.approvals.models import FlowVersion
from prm.approvals.subjects import Settable, Subject
from prm.customfields import kinds, targets
from prm.customfields.errors import ValueRefused
from prm.customfields.models import CustomField
from prm.customfields.uses import is_asked
from prm.values.actor import Actor

CHECKER = Actor.job("approval flow")


def in_flows(field: CustomField) -> list[str]:
    """The published flows that would break without the field, in words."""
    rows = FlowVersion.objects.filter(state=FlowVersion.State.PUBLISHED).select_related("flow")
    return [
        _("the approval flow of “%(subject)s”") % {"subject": row.document.get("name", row.flow.subject)}
        for row in rows
        if is_asked(row.document, field)
    ]


def set_by_flows(subject: Subject) -> dict[str, Settable]:
    """`custom.<code>` for each field that people fill in by words: set by the service that sets it elsewhere."""
    target = next((one for one in targets.all_targets().values() if one.model_name == subject.model), None)
    if target is None or target.change is None:
        return {}
    rows = CustomField.objects.of(target.code)
    return {
        f"custom.{field.code}": _settable(field, target.change)
        for field in rows
        if field.is_written and field.kind != CustomField.Kind.FILE
    }


def _settable(field: CustomField, change: Callable[..., Any]) -> Settable:
    def put(obj: Any, value: Any, *, by: Actor) -> None:
        change(obj, {field.code: value}, by)

    def takes(value: Any) -> bool:
        """Nothing empties the field, where it may be empty."""
        try:
            return kinds.read(field, value, by=CHECKER) is not None or not field.required
        except ValueRefused:
            return False

    return Settable(field.words, put, choices=_choices(field), takes=takes)


def _choices(field: CustomField) -> Callable[[], Any] | None:
    if field.kind == CustomField.Kind.CHOICE:
        return lambda: field.choices
    if field.kind == CustomField.Kind.YES_NO:
        return lambda: [(True, _("Yes")), (False, _("No"))]
    return None
