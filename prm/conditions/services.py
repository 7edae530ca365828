"""Verbs of saved views. A view belongs to the person who saved it; an administrator's may be for all colleagues."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from prm.access.rules import require
from prm.audit.services import record
from prm.conditions import language, registry
from prm.conditions.errors import NameMissing, NameTaken, TooManyViews, Unsound
from prm.conditions.models import SavedView
from prm.values.actor import Actor
from prm.values.errors import NotAllowed

MOST_VIEWS = 30
MOST_PARAMETERS = 30


@transaction.atomic
def save_view(
    *, subject: str, name: str, condition: dict[str, Any], rest: dict[str, list[str]], shared: bool, by: Actor
) -> SavedView:
    """Keep a list's condition and parameters under a name."""
    _may(by, subject, shared)
    if SavedView.objects.of(subject).filter(owner=by.user_id).count() >= MOST_VIEWS:
        raise TooManyViews(most=MOST_VIEWS)
    view = SavedView(subject=subject, owner_id=by.user_id, shared=shared)
    _fill(view, name, condition, rest, by)
    record(view, "view_saved", by=by)
    return view


@transaction.atomic
def change_view(
    *,
    view: SavedView,
    name: str,
    condition: dict[str, Any],
    rest: dict[str, list[str]],
    shared: bool,
    by: Actor,
) -> SavedView:
    """Give a view another name, condition or audience."""
    _may_change(by, view)
    _may(by, view.subject, shared)
    view = SavedView.objects.select_for_update().get(pk=view.pk)
    before = view.name
    view.shared = shared
    _fill(view, name, condition, rest, by)
    record(view, "view_changed", by=by, changes={"name": [before, view.name]} if before != view.name else {})
    return view


@transaction.atomic
def delete_view(*, view: SavedView, by: Actor) -> None:
    _may_change(by, view)
    record(view, "view_deleted", by=by)
    view.delete()


def may_change(by: Actor, view: SavedView) -> bool:
    """The owner's own; what is shared only by those who may share."""
    if by.read_only or by.acting_operator:
        return False
    if view.shared:
        return by.is_system or "views.share" in by.permissions
    return view.owner_id == by.user_id


def _may_change(by: Actor, view: SavedView) -> None:
    if not may_change(by, view):
        raise NotAllowed()


def _may(by: Actor, subject: str, shared: bool) -> None:
    require(by, "views.save")
    require(by, registry.subject(subject).verb)
    if shared:
        require(by, "views.share")


def _fill(
    view: SavedView, name: str, condition: dict[str, Any], rest: dict[str, list[str]], by: Actor
) -> None:
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise NameMissing()
    problems = language.validate(condition, view.subject, by=by)
    if problems:
        raise Unsound(problem=problems[0].message)
    view.name, view.condition = name, condition
    view.rest = {key: values[:MOST_PARAMETERS] for key, values in list(rest.items())[:MOST_PARAMETERS]}
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise NameTaken(name=name) from None
