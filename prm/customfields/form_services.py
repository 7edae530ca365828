"""Verbs on forms: a draft is kept as often as the designer changes it, published whole, or thrown away."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.audit.services import record
from prm.customfields import errors, layouts, targets
from prm.customfields.models import FormLayout
from prm.customfields.plans import elements_of, placements
from prm.values import clock
from prm.values.actor import Actor

State = FormLayout.State


def audience_of_role(role: str) -> str:
    """Whose form it is: "staff", "partner", or "" for both."""
    return "" if not role else "partner" if role.startswith("partner") else "staff"


@transaction.atomic
def save_layout(*, target: str, document: Any, by: Actor, variant: str = "", role: str = "") -> FormLayout:
    """Keep a form's draft, sound or not. Raises UnsoundForm only for what cannot be read at all."""
    require(by, "fields.configure")
    found = layouts.shape_of(document)
    if found:
        raise errors.UnsoundForm(first=found[0].text)
    versions = FormLayout.objects.select_for_update().filter(target=target, variant=variant, role=role)
    draft = versions.filter(state=State.DRAFT).first()
    if draft is None:
        last = versions.order_by("-version").values_list("version", flat=True).first() or 0
        draft = FormLayout(target=target, variant=variant, role=role, version=last + 1)
    draft.document, draft.saved_at, draft.saved_by = document, clock.now(), by.label
    draft.save()
    return draft


@transaction.atomic
def publish_layout(*, target: str, by: Actor, variant: str = "", role: str = "") -> FormLayout:
    """Let the draft be the form from now on. Raises NothingToPublish, and UnsoundForm naming the first faulty field."""
    require(by, "fields.configure")
    versions = FormLayout.objects.select_for_update().filter(target=target, variant=variant, role=role)
    draft = versions.filter(state=State.DRAFT).first()
    if draft is None:
        raise errors.NothingToPublish()
    found = targets.find(target)
    audience = audience_of_role(role)
    faults = layouts.problems_of(draft.document, found, elements_of(found, ""), audience=audience)
    faults = [fault for fault in faults if not fault.warning]
    if faults:
        raise errors.UnsoundForm(first=faults[0].text)
    before = versions.filter(state=State.PUBLISHED).first()
    if before is not None:
        before.state = State.RETIRED
        before.save(update_fields=["state"])
    draft.document = layouts.tidy(draft.document)
    draft.state, draft.published_at, draft.saved_by = State.PUBLISHED, clock.now(), by.label
    draft.save()
    asked = [_names(before.document) if before else "", _names(draft.document)]
    record(draft, "form_published", by=by, changes={"version": [before.version if before else None, draft.version],
                                                    "fields": asked})  # fmt: skip
    return draft


@transaction.atomic
def discard_draft(*, target: str, by: Actor, variant: str = "", role: str = "") -> None:
    """Throw the draft away; what is published stays. Twice is as good as once."""
    require(by, "fields.configure")
    draft = FormLayout.objects.filter(target=target, variant=variant, role=role, state=State.DRAFT).first()
    if draft is not None:
        record(draft, "form_discarded", by=by)
        draft.delete()


@transaction.atomic
def withdraw_layout(*, target: str, by: Actor, variant: str = "", role: str = "") -> None:
    """Go back to the form that holds without this one: of all roles and types, or the built-in order."""
    require(by, "fields.configure")
    rows = FormLayout.objects.select_for_update().filter(target=target, variant=variant, role=role)
    published = rows.filter(state=State.PUBLISHED).first()
    if published is None:
        raise errors.NothingToPublish()
    published.state = State.RETIRED
    published.save(update_fields=["state"])
    record(published, "form_withdrawn", by=by)


def _names(document: dict[str, Any]) -> str:
    return ", ".join(place["field"] for place in placements(document))
