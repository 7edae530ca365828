"""The tenant's own fields as what automations may set: read and checked as everywhere, written by services."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prm.automations.updates import Update
from prm.customfields import kinds
from prm.customfields.errors import ValueRefused
from prm.customfields.models import CustomField
from prm.values.actor import Actor

Kind = CustomField.Kind
WRITER = Actor.job("automations")
HELP = {
    Kind.PERSON: _("Write the person's e-mail address."),
    Kind.PARTNER: _("Write the partner's number."),
    Kind.MANY: _("Write the choices with ; between them."),
}


class _Reads:
    """The text of an action as the field reads it; nothing empties the field."""

    custom: CustomField

    def clean(self, text: Any) -> Any:
        try:
            return kinds.read(self.custom, text, by=WRITER)
        except ValueRefused as refused:
            raise ValidationError(refused.text) from None


class OwnText(_Reads, forms.CharField):
    pass


class OwnDay(_Reads, forms.DateField):
    pass


class OwnChoice(_Reads, forms.ChoiceField):
    pass


def updates_of(target: str, change: Callable[..., Any]) -> Callable[[], Iterable[Update]]:
    """What prm.automations asks for: every field that a line of text can fill in.

    change(row, custom, by) is the service of the app.
    """

    def more() -> list[Update]:
        rows = CustomField.objects.of(target)
        return [_update(field, change) for field in rows if field.is_written and field.kind != Kind.FILE]

    return more


def _update(field: CustomField, change: Callable[..., Any]) -> Update:
    return Update(
        field.target, f"custom.{field.code}", field.words, _control(field),
        apply=lambda row, value, by: change(row, {field.code: value}, by),
        current=lambda row: (row.custom or {}).get(field.code),
    )  # fmt: skip


def _control(field: CustomField) -> forms.Field:
    help_text = HELP.get(Kind(field.kind), field.hint)
    made: Any
    if field.kind == Kind.CHOICE:
        made = OwnChoice(choices=[("", "—"), *field.choices], help_text=help_text)
    elif field.kind == Kind.YES_NO:
        words = [("", "—"), ("yes", _("Yes")), ("no", _("No"))]
        made = OwnChoice(choices=words, help_text=help_text)
    elif field.kind == Kind.MANY:
        made = OwnText(help_text=help_text)
        made.parts = field.choices
    else:
        made = (OwnDay if field.kind == Kind.DATE else OwnText)(help_text=help_text)
    made.custom = field
    return made
