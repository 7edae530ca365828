"""Reads for the pages of fields and forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from prm.customfields import services, targets
from prm.customfields.models import CustomField, FormLayout
from prm.values import clock

ICONS = {
    "text": "letter-case", "long_text": "align-left", "number": "number", "money": "coin-yuan", "date": "calendar",
    "yes_no": "toggle-left", "choice": "select", "many": "list-check", "person": "user", "partner": "building-store",
    "file": "paperclip", "link": "link", "computed": "math-function", "reference": "hash", "other": "forms",
}  # fmt: skip


@dataclass(frozen=True)
class Deleted:
    """A field that was taken away, how many rows hold it, and until when it can come back."""

    field: CustomField
    rows: int
    until: datetime


def target_or_404(code: str) -> targets.Target:
    """The target with this code; 404 while its module is off, as if there were none."""
    try:
        found = targets.find(code)
    except KeyError:
        raise Http404 from None
    if not found.is_on:
        raise Http404
    return found


def field_or_404(target: str, code: str, *, deleted: bool = False) -> CustomField:
    target_or_404(target)
    rows = CustomField.objects.deleted_of(target) if deleted else CustomField.objects.of(target)
    return get_object_or_404(rows, code=code)


def overview() -> list[dict[str, Any]]:
    """Each target with how many fields it has and which forms."""
    counts = dict(
        CustomField.objects.filter(deleted_at__isnull=True).values_list("target").annotate(Count("pk"))
    )
    forms: dict[str, list[FormLayout]] = {}
    for layout in live_layouts():
        forms.setdefault(layout.target, []).append(layout)
    return [
        {
            "target": target,
            "fields": counts.get(code, 0),
            "published": sum(one.state == "published" for one in forms.get(code, [])),
            "drafts": sum(one.state == "draft" for one in forms.get(code, [])),
        }
        for code, target in targets.all_targets().items()
        if target.is_on
    ]


def live_layouts(target: str = "") -> QuerySet[FormLayout]:
    """Drafts and published forms."""
    rows = FormLayout.objects.exclude(state=FormLayout.State.RETIRED)
    return rows.filter(target=target) if target else rows


def rows_of(target: str) -> list[dict[str, Any]]:
    """The fields of a target as its page lists them."""
    return [
        {"field": field, "icon": ICONS[field.kind], "first": at == 0}
        for at, field in enumerate(CustomField.objects.of(target))
    ]


def deleted_of(target: str) -> list[Deleted]:
    """What can still be restored, latest first."""
    return [
        Deleted(field, services.rows_using(field), field.deleted_at + services.KEPT_FOR)
        for field in CustomField.objects.deleted_of(target)
        if field.deleted_at > clock.now() - services.KEPT_FOR - timedelta(days=1)
    ]


def kinds_to_add() -> list[dict[str, Any]]:
    return [{"kind": kind, "label": label, "icon": ICONS[kind]} for kind, label in CustomField.Kind.choices]
