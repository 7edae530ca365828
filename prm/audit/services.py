"""Writing the audit trail."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.functional import Promise

from prm.access.scoping import partner_id_of
from prm.audit.models import AuditEntry
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor


def record(
    obj: models.Model | None,
    verb: str,
    *,
    by: Actor,
    changes: dict[str, list[Any]] | None = None,
    reason: Any = "",
    label: Any = "",
) -> AuditEntry:
    """Append to the audit trail, in the caller's transaction.

    `changes` maps a field's name to [old, new]. Values are stored as text or plain JSON; what has words in each
    language (a lazy sentence, prm.ui.said) is stored so that each reader has their own. So are a reason in the
    product's words and the object's name; `label` names what it is about where there is no object.
    """
    return AuditEntry.objects.create(
        at=clock.now(),
        verb=verb,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        object_label=said.in_one_line(lambda: label if obj is None else obj, longest=200),
        partner_id=partner_id_of(obj) if obj is not None else None,
        user_id=by.user_id,
        actor_kind=by.kind,
        actor_label=by.label[:200],
        acting_operator=by.acting_operator[:200],
        # These two come from headers, which may hold anything.
        address=by.address[:45],
        request_id=by.request_id[:64],
        changes=_plain(changes or {}),
        reason=reason if isinstance(reason, str) else said.in_one_line(lambda: reason, longest=2000),
    )


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """What differs between two dictionaries with the same keys, as `record` wants it."""
    return {key: [before[key], after[key]] for key in before if before[key] != after[key]}


def _plain(changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {key: [_as_json(value) for value in pair] for key, pair in changes.items()}


def _as_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, models.Model):  # it may have a name in each language
        return said.in_each(lambda: value)
    if isinstance(value, dict) and said.KIND in value:  # stored before
        return value
    if isinstance(value, Promise | said.Sentence | said.InEach | said.Day | said.Money):
        return said.stored(value)
    try:
        return DjangoJSONEncoder().default(value)
    except TypeError:
        return str(value)
