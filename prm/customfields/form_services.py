"""Verbs on forms: a draft is kept as often as the designer changes it, published whole, or thrown away."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from prm.access.roles import PARTNER_ROLES, STAFF_ROLES
from prm.access.rules import require
from prm.audit.services import record
from prm.customfields import errors, layouts, targets
from prm.customfields.form_differences import differences_of_forms
from prm.customfields.models import FormLayout
from prm.customfields.plans import deleted_of, elements_of, placements
from prm.values import clock
from prm.values.actor import Actor

State = FormLayout.State


def audience_of_role(role: str) -> str:
    """Whose form it is: "staff", "partner", or "" for both."""
    return "" if not role else "partner" if role.startswith("partner") else "staff"


def roles_of(target: targets.Target) -> list[str]:
    """Whose forms of a target can differ: those of "partner" and "staff" where both have it, and of single roles."""
    both = ["partner", "staff"] if len(target.audiences) > 1 else []
    roles = map(str, (*PARTNER_ROLES, *STAFF_ROLES))
    return both + [role for role in roles if audience_of_role(role) in target.audiences]


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
    if faults := faults_of(target, draft.document, role):
        raise errors.UnsoundForm(first=faults[0].text)
    return _put_in_force(draft, versions.filter(state=State.PUBLISHED).first(), by)


def faults_of(target: str, document: Any, role: str = "") -> list[layouts.Problem]:
    """What keeps a form from being published; warnings do not."""
    found = targets.find(target)
    audience = audience_of_role(role)
    problems = layouts.problems_of(document, found, elements_of(found, ""), audience=audience)
    return [problem for problem in problems if not problem.warning]


def _put_in_force(form: FormLayout, before: FormLayout | None, by: Actor) -> FormLayout:
    if before is not None:
        before.state = State.RETIRED
        before.save(update_fields=["state"])
    form.document = layouts.tidy(form.document)
    form.state, form.published_at, form.saved_by = State.PUBLISHED, clock.now(), by.label
    form.save()
    changes = {"version": [before.version if before else None, form.version]}
    record(form, "form_published", by=by, changes=changes | differences_of_forms(before, form))
    return form


@transaction.atomic
def install_layout(
    *, target: str, document: Any, by: Actor, variant: str = "", role: str = ""
) -> FormLayout | None:
    """Publish `document` as the next version of a form; None where the published one says just that.

    A draft stays a draft. Raises UnsoundForm naming the first faulty field.
    """
    require(by, "fields.configure")
    if faults := faults_of(target, document, role):
        raise errors.UnsoundForm(first=faults[0].text)
    versions = FormLayout.objects.select_for_update().filter(target=target, variant=variant, role=role)
    known = list(versions)
    before = next((one for one in known if one.state == State.PUBLISHED), None)
    if before is not None:
        kept = layouts.without(before.document, set(deleted_of(targets.find(target))))
        if layouts.tidy(kept) == layouts.tidy(document):
            return None  # a text names no deleted field; the places that are kept for those stay
    number = max((one.version for one in known), default=0) + 1
    for draft in known:
        if draft.state == State.DRAFT:  # it comes after this version
            draft.version, number = number, draft.version
            draft.save(update_fields=["version"])
    made = FormLayout(target=target, variant=variant, role=role, version=number, document=document)
    return _put_in_force(made, before, by)


@transaction.atomic
def restore_layout(*, form: FormLayout, by: Actor) -> FormLayout:
    """Bring an old version back as the draft, without fields that are no more. The audit keeps what the draft said."""
    require(by, "fields.configure")
    target = targets.find(form.target)
    known = {*elements_of(target, ""), *deleted_of(target)}
    lost = {place["field"] for place in placements(form.document)} - known
    which = {"target": form.target, "variant": form.variant, "role": form.role}
    before = FormLayout.objects.filter(**which, state=State.DRAFT).first()
    draft = save_layout(document=layouts.without(form.document, lost), by=by, **which)
    changes = {"version_restored": ["", form.version]}
    record(
        draft,
        "form_restored",
        by=by,
        changes=changes | (differences_of_forms(before, draft) if before else {}),
    )
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
