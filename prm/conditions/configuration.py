"""Views that an administrator shares, in the configuration as text."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from prm.conditions import registry
from prm.conditions.models import SavedView
from prm.conditions.registry import Field, Lookup
from prm.conditions.services import change_view, delete_view, save_view
from prm.configuration.errors import ConfigurationProblem
from prm.configuration.registry import at, each, exact, ordered, section
from prm.modules.registry import is_on
from prm.values.actor import Actor

ORDER = ("all", "any", "not", "field", "measure", "period", "op", "value", "currency")


@section(
    "views",
    order=72,
    comment=(
        "Views of lists that are shared with all colleagues, all of them: a list's condition, and what else narrows\n"
        "and sorts it. Views that people keep for themselves are not in this file."
    ),
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["list", "name"],
            "properties": {
                "list": {"type": "string"},
                "name": {"type": "string", "minLength": 1, "maxLength": 60},
                "condition": {"type": "object"},
                "also": {
                    "type": "object",
                    "maxProperties": 30,
                    "additionalProperties": {
                        "type": "array",
                        "maxItems": 30,
                        "items": {"type": "string", "minLength": 1, "maxLength": 200},
                    },
                },
            },
        },
    },
)
class Views:
    def export(self) -> list[dict[str, Any]]:
        return [_entry(view) for view in _shared()]

    def apply(self, wanted: list[dict[str, Any]], *, by: Actor) -> None:
        known = {(view.subject, view.name): view for view in _shared()}
        named: set[tuple[str, str]] = set()
        for key in set(known) - {(entry["list"], entry["name"]) for entry in wanted}:
            delete_view(view=known[key], by=by)
        for place, entry in each("views", wanted):
            key = (entry["list"], entry["name"])
            if entry["list"] not in _lists():
                raise ConfigurationProblem(
                    [f"{place}.list: " + _("there is no list “%(list)s” here") % entry]
                )
            if key in named:
                raise ConfigurationProblem(
                    [f"{place}: " + _("the view “%(name)s” stands there twice") % entry]
                )
            named.add(key)
            if key not in known or _entry(known[key]) != entry:
                _save(place, entry, known.get(key), by)


def _save(place: str, entry: dict[str, Any], view: SavedView | None, by: Actor) -> None:
    said: dict[str, Any] = {
        "name": entry["name"], "condition": exact(entry.get("condition", {})), "shared": True,
        "rest": _rows_named(place, entry["list"], entry.get("also", {})), "by": by,
    }  # fmt: skip
    with at(place):
        if view is None:
            save_view(subject=entry["list"], **said)
        else:
            change_view(view=view, **said)


def _lists() -> set[str]:
    """The kinds of records of modules that are on."""
    known = registry.known().values()
    return {subject.code for subject in known if is_on(subject.model_name.partition(".")[0])}


def _shared() -> list[SavedView]:
    return list(SavedView.objects.filter(shared=True, subject__in=_lists()).order_by("subject", "name"))


def _entry(view: SavedView) -> dict[str, Any]:
    entry: dict[str, Any] = {"list": view.subject, "name": view.name}
    if view.condition:
        entry["condition"] = ordered(view.condition, *ORDER)
    also = {name: _keys(_field(view.subject, name), values) for name, values in sorted(view.rest.items())}
    return entry | ({"also": also} if also else {})


# ---- a list's address names rows by number, the text by what is the same in every tenant ----


def _field(subject: str, name: str) -> Field | None:
    operand = Lookup().find(subject, name)
    return operand.field if operand is not None and operand.field.to else None


def _keys(field: Field | None, values: list[str]) -> list[str]:
    if field is None or field.key == "pk":
        return values
    rows = field.target._base_manager.filter(pk__in=[one for one in values if one.isdecimal()])
    known = {str(pk): str(key) for pk, key in rows.values_list("pk", field.key)}
    return [known.get(one, one) for one in values]


def _rows_named(place: str, subject: str, also: dict[str, list[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, values in also.items():
        field = _field(subject, name)
        if field is None or field.key == "pk":
            found[name] = values
            continue
        rows = field.target._base_manager.filter(**{f"{field.key}__in": values})
        known = {str(key): str(pk) for pk, key in rows.values_list("pk", field.key)}
        for one in values:
            if one not in known:
                words = _("there is no “%(name)s”") % {"name": one}
                raise ConfigurationProblem([f"{place}.also.{name}: {words}"])
        found[name] = [known[one] for one in values]
    return found
