"""Fields that an automation may change: apps declare each with the service that changes it.

    updates.register("customer", "named_account", label=_("Named account"), field=forms.BooleanField(required=False),
                     apply=lambda row, value, by: update_customer(customer=row, named_account=value, by=by))

What is not declared here cannot be changed, whatever the model has. The service keeps its own rules.
"""

from __future__ import annotations

from collections.abc import Callable
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

    def cleaned(self, text: str) -> Any:
        """The value in Python; forms.ValidationError when the text is none."""
        return self.field.clean(text)


_updates: dict[tuple[str, str], Update] = {}


def register(subject: str, name: str, *, label: Any, field: forms.Field, apply: Callable[..., Any]) -> None:
    _updates[subject, name] = Update(subject, name, label, field, apply)


def updates_of(subject: str) -> list[Update]:
    return [one for (about, _name), one in _updates.items() if about == subject]


def update_of(subject: str, name: str) -> Update | None:
    return _updates.get((subject, name))
