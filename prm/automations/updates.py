"""Fields that an automation may change: apps declare each with the service that changes it.

    updates.register("customer", "named_account", label=_("Named account"), field=forms.BooleanField(required=False),
                     apply=lambda row, value, by: update_customer(customer=row, named_account=value, by=by))

What is not declared here cannot be changed, whatever the model has. The service keeps its own rules. Fields that
differ by tenant are given when they are asked for:

    updates.extend("customer", lambda: [Update(…), …])

What may be changed about a record may be changed from an event about one that leads to it: `partner.region` of a deal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from prm.conditions import registry


@dataclass(frozen=True)
class Update:
    subject: str
    name: str
    label: Any
    field: forms.Field
    apply: Callable[..., Any]
    # What the row holds now; by default its attribute of this name.
    current: Callable[[Any], Any] | None = None
    # Whose field it is: what the row leads to, or None where it is the row's own.
    related: Callable[[Any], Any] | None = None

    def value_of(self, row: Any) -> Any:
        return self.current(row) if self.current else getattr(row, self.name, None)

    def shown(self, text: str) -> str:
        """The text of an action as people read it: a choice by its label, yes and no as words."""
        if isinstance(self.field, forms.BooleanField):
            return {"True": _("Yes"), "False": _("No")}.get(text, text)
        labels = {str(code): str(label) for code, label in getattr(self.field, "choices", ()) if code != ""}
        labels |= dict(getattr(self.field, "parts", ()))
        return (
            "; ".join(labels.get(part.strip(), part.strip()) for part in text.split(";")) if labels else text
        )

    def cleaned(self, text: str) -> Any:
        """The value in Python; forms.ValidationError when the text is none."""
        return self.field.clean(text)


_updates: dict[tuple[str, str], Update] = {}
_more: dict[str, list[Callable[[], Iterable[Update]]]] = {}


def register(subject: str, name: str, *, label: Any, field: forms.Field, apply: Callable[..., Any]) -> None:
    _updates[subject, name] = Update(subject, name, label, field, apply)


def extend(subject: str, more: Callable[[], Iterable[Update]]) -> None:
    _more.setdefault(subject, []).append(more)


def updates_of(subject: str) -> list[Update]:
    """What may be changed from an event about the subject: its own fields, then those of what it leads to."""
    found = _own(subject)
    if subject not in registry.known():
        return found
    for step in registry.subject(subject).relations.values():
        found += [_through(step, one) for one in _own(step.to)]
    return found


def _own(subject: str) -> list[Update]:
    found = [one for (about, _name), one in _updates.items() if about == subject]
    return found + [one for more in _more.get(subject, ()) for one in more()]


def _through(step: registry.Relation, one: Update) -> Update:
    def related(row: Any) -> Any:
        return getattr(row, step.column)

    def apply(row: Any, value: Any, by: Any) -> Any:
        return one.apply(related(row), value, by)

    label = _("%(owner)s’s %(field)s") % {"owner": step.label, "field": registry.lowered(str(one.label))}
    return replace(
        one, name=f"{step.name}.{one.name}", label=capfirst(label), apply=apply, related=related,
        current=lambda row: one.value_of(related(row)),
    )  # fmt: skip


def update_of(subject: str, name: str) -> Update | None:
    return next((one for one in updates_of(subject) if one.name == name), None)
