"""Lists whose subject is registered: the condition in the address, its chip, saved views, the way to the builder."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from prm.conditions import language, registry
from prm.conditions.forms import dumped, loaded
from prm.conditions.models import SavedView
from prm.ui.filters import Chip
from prm.ui.refine import CONDITION, SAVED, SavedTab

# What is a place in the list, not a filter.
PLACES = ("after", "before", "at", "export", CONDITION, SAVED)


class Refiner:
    """See prm/ui/refine.py."""

    def narrow(self, page: Any, rows: QuerySet) -> tuple[QuerySet, Chip | None]:
        """An unsound condition takes no row, and its chip says why: never more than was asked for."""
        condition = condition_in(page.query)
        problems = language.validate(condition, page.subject, by=page.actor)
        if problems:
            return rows.none(), Chip(_("Filter does not work:"), problems[0].message, [CONDITION, SAVED])
        words = language.sentence(condition, page.subject, by=page.actor)
        return language.narrow(rows, condition, page.subject), Chip("", words, [CONDITION, SAVED])

    def saved(self, page: Any) -> list[SavedTab]:
        views = SavedView.objects.visible_to(page.actor).of(page.subject)
        path = page.request.path
        return [SavedTab(str(view.pk), view.name, address_of(view, path), view.shared) for view in views]

    def address(self, page: Any) -> str:
        subject = registry.known().get(page.subject)
        if subject is None or "conditions.use" not in page.actor.permissions:
            return ""
        back = page.request.path + (f"?{page.query.urlencode()}" if page.query else "")
        return f"{reverse('conditions:refine', args=[page.subject])}?{urlencode({'back': back})}"


def condition_in(query: QueryDict) -> Any:
    """The condition in an address; None where it is no JSON."""
    try:
        return loaded(query.get(CONDITION) or "{}")
    except ValueError:
        return None


def address_of(view: SavedView, path: str) -> str:
    return address(path, view.condition, view.rest, str(view.pk))


def address(path: str, condition: dict[str, Any], rest: dict[str, list[str]], saved: str = "") -> str:
    """A list's address with a condition, and whatever else narrows or sorts it."""
    query = QueryDict(mutable=True)
    for name, values in rest.items():
        query.setlist(name, values)
    if condition not in ({}, {"all": []}):
        query[CONDITION] = dumped(condition)
    if saved:
        query[SAVED] = saved
    return f"{path}?{query.urlencode()}" if query else path


def place_of(back: str, subject: str) -> tuple[str, QueryDict] | None:
    """Path and parameters of a list of this subject; None for any other address."""
    parts = urlsplit(back)
    if parts.scheme or parts.netloc or len(back) > 60_000:
        return None
    try:
        page = getattr(resolve(parts.path).func, "list_page", None)
    except Resolver404:
        return None
    return (parts.path, QueryDict(parts.query)) if page is not None and page.subject == subject else None


def rest_of(query: QueryDict) -> dict[str, list[str]]:
    """What narrows and sorts a list besides the condition."""
    return {
        name[:60]: [value[:200] for value in values if value]
        for name, values in query.lists()
        if name not in PLACES and any(values)
    }
