"""Fields that an automation may change: apps declare each with the service that changes it.

    updates.register("customer", "named_account", label=_("Named account"), field=forms.BooleanField(required=False),
                     apply=lambda row, value, by: update_customer(customer=row, named_account=value, by=by))

What is not declared here cannot be changed, whatever the model has. The service keeps its own rules. Fields that
differ by tenant are given when they are asked for:

    updates.extend("customer", lambda: [Update(…), …])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms


@dataclass(frozen=True)
class Update:
    subject: str
    name: str
    label: Any
    field: forms.Field
    apply: Callable[..., Any]
    # What the row holds now; by default its attribute of this name.
    current: Callable[[Any], Any] | None = None

    def value_of(self, row: Any) -> Any:
        return self.current(row) if self.current else getattr(row, self.name, None)

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
    found = [one for (about, _name), one in _updates.items() if about == subject]
    return found + [one for more in _more.get(subject, ()) for one in more()]


def update_of(subject: str, name: str) -> Update | None:
    return next((one for one in updates_of(subject) if one.name == name), None)
