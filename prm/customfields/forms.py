"""Forms of targets: the product's own fields and the tenant's, laid out and ruled as the tenant published it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.customfields import kinds, related, targets
from prm.customfields.file_fields import OwnFileField, kept_file
from prm.customfields.models import CustomField, StoredFile, in_language
from prm.customfields.plans import Plan, plan_for
from prm.customfields.showing import currency_of
from prm.ui import formats
from prm.ui.forms import AmountField, Block, MoneyField, ServiceForm, VisibleChoice
from prm.values.actor import Actor
from prm.values.errors import DomainError

Kind = CustomField.Kind
MISSING = _("This is missing. Fill it in.")
# The field in which staff say whose record it is going to be.
PARTNER = "partner"


class CustomForm(ServiceForm):
    """A ServiceForm of a target. Its service takes what is typed into the tenant's fields as `custom`, by code.

    target   the code under which the app registered it
    apart    prefixes of fields that the page shows in a place of its own
    obj      the row that is changed; None for a new one        variant  the registration type's code
    layout   a form's document in place of the published one: the designer's preview
    """

    target = ""
    is_draft = False
    apart: tuple[str, ...] = ()

    def __init__(
        self, *args: Any, actor: Actor | None = None, obj: Any = None, variant: str = "", layout: Any = None,
        **kwargs: Any,
    ):  # fmt: skip
        self.plan: Plan = plan_for(targets.find(self.target), actor, variant=variant, document=layout)
        self.obj, self.variant = obj, variant
        self.kept: Mapping[str, Any] = (obj.custom or {}) if obj is not None else {}
        written = [field for field in self.plan.fields if field.is_written]
        # A form without a row asks in the tenant's currency: the designer's preview too.
        kwargs.setdefault("currency", currency_of(obj))
        self.base_fields = {**self.base_fields, **{field.name: form_field(field, actor) for field in written}}
        super().__init__(*args, actor=actor, **kwargs)
        self.asks_partner = bool(self.plan.about_partner)
        if self.asks_partner:
            self.plan.settle(self._partner())
        self.left_out = {}
        for field in written:
            self._fill(field)
        for name in [name for name in self.plan.elements if name in self.fields]:
            self._rule(name)
        if self.more and self.plan.layout is None:
            self.more = (*self.more, *(f.name for f in written if f.name in self.fields and not f.required))

    def _fill(self, field: CustomField) -> None:
        """The row's value, or the form's default for a new row."""
        value = self.kept.get(field.code)
        if value is None:
            return
        shown = self.fields[field.name]
        if isinstance(shown, forms.ModelChoiceField) and not shown.queryset.filter(pk=value).exists():
            # What the reader may not see, the reader may not change.
            shown.disabled, shown.help_text = True, _("You may not see what is chosen here.")
        elif field.kind == Kind.YES_NO:
            value = "yes" if value else "no"
        elif field.kind == Kind.FILE:
            value = kept_file(field, value, self.obj)
        self.initial.setdefault(field.name, value)

    def _rule(self, name: str) -> None:
        rule, shown = self.plan.rules[name], self.fields[name]
        if not rule.on or (self.plan.layout is not None and not self._is_placed(name)):
            self.left_out[name] = self.fields.pop(name)
            return
        conditional = not isinstance(rule.shown, bool)
        if rule.help:
            shown.help_text = rule.help
        if rule.default not in (None, ""):
            shown.initial = rule.default
        if rule.required is True and not self.plan.elements[name].locked:
            shown.required = True
        if rule.readonly is True:
            shown.disabled = True
        asked = {"shown": rule.shown, "required": rule.required, "readonly": rule.readonly}
        ruled = {
            f"data-{what}-when": json.dumps(when, ensure_ascii=False)
            for what, when in asked.items()
            if isinstance(when, Mapping)
        }
        shown.ruled = {**ruled, "data-field": name} if ruled else {}
        shown.marks = shown.required or isinstance(rule.required, Mapping)
        shown.may_be_optional = isinstance(rule.required, Mapping)
        if conditional or self.is_draft:
            shown.required = False

    def _partner(self) -> Any:
        """The partner whose record it is going to be: the one who is chosen, the record's, the reader's own."""
        if (chosen := self.fields.get(PARTNER)) is not None:
            try:
                return chosen.to_python(self[PARTNER].value())
            except ValidationError:
                return None
        return related.partner_of(self.target, self.obj) or related.own_partner(self.actor)

    def _is_placed(self, name: str) -> bool:
        placed = any(place["field"] == name for section in self.sections for place in section["fields"])
        element = self.plan.elements[name]
        return placed or bool(element.locked) or element.custom is not None

    @property
    def sections(self) -> list[dict[str, Any]]:
        return (self.plan.layout or {}).get("sections", [])

    # ---- on the page ----

    @property
    def kinds_json(self) -> str:
        """The kinds of fields that rules read, for the browser; empty when no rule depends on anything."""
        if not any(getattr(field, "ruled", {}) for field in self.fields.values()):
            return ""
        return json.dumps(
            {name: kind for name, kind in self.plan.kinds.items() if name in self.fields and kind}
        )

    @property
    def asked_again(self) -> str:
        """Where the browser asks anew when another partner is chosen; "" where none is chosen, or no rule asks."""
        if not self.asks_partner or PARTNER not in self.fields:
            return ""
        asked = urlencode({"variant": self.variant} if self.variant else {})
        return f"{reverse('customfields:rules', args=[self.target])}?{asked}"

    @property
    def blocks_of_the_product(self) -> list[Block]:
        """The built-in order."""
        return super().blocks

    @property
    def blocks(self) -> list[Block]:
        """The sections of the published form, and at the end what stands in none; else the built-in order."""
        self._hide()
        if self.plan.layout is None:
            return super().blocks
        placed: set[str] = set()
        found = []
        for section in self.sections:
            places = [place for place in section["fields"] if place["field"] in self.fields]
            placed |= {place["field"] for place in places}
            title = in_language(section.get("title", ""), section.get("title_zh", ""))
            rows = self._in_rows(places, section.get("columns", 1))
            if rows:
                found.append(
                    Block(
                        title or (_("More") if section.get("folded") else ""),
                        rows,
                        bool(section.get("folded")),
                    )
                )
        rest = [
            [bound]
            for bound in self.visible_fields()
            if bound.name not in placed and not bound.name.startswith(self.apart or ("\0",))
        ]
        return [*found, Block(rows=rest)] if rest else found

    def _in_rows(self, places: list[dict[str, Any]], columns: int) -> list[list[forms.BoundField]]:
        rows: list[list[forms.BoundField]] = []
        half = False
        for place in places:
            bound = self[place["field"]]
            if columns == 2 and not place.get("wide") and half:
                rows[-1].append(bound)
                half = False
            else:
                rows.append([bound])
                half = columns == 2 and not place.get("wide")
        return rows

    def _hide(self) -> None:
        """Say which fields the present values hide, so that a page without scripts is right after each answer."""
        values = {name: self[name].value() for name in self.fields}
        shown = self.plan.shown_with(values)
        for name, field in self.fields.items():
            if getattr(field, "ruled", {}) and name not in shown:
                field.ruled = {**field.ruled, "hidden": ""}

    # ---- what was typed ----

    def clean(self) -> dict[str, Any]:
        """The rules of the form: what is hidden is neither wrong nor kept, what is required must be there."""
        data = super().clean() or self.cleaned_data
        if self.is_draft:
            return data
        values = {name: data.get(name, self[name].value()) for name in self.fields}
        shown = self.plan.shown_with(values)
        for name in self.plan.elements:
            if name not in self.fields:
                continue
            if name not in shown:
                self._errors.pop(name, None)
                data[name] = getattr(self.fields[name], "empty_value", None)
            elif self.plan.asks("readonly", name, values, shown):
                data[name] = self._unchanged(name)
            elif self.plan.elements[name].locked or name in self.errors:
                continue
            elif self.plan.asks("required", name, values, shown):
                self._miss(name, data)
        self._read_own(data, shown)
        for check in self.checks(data):
            self._heed(check)
        return data

    def checks(self, data: dict[str, Any]) -> Iterable[Callable[[], Any]]:
        """What the service refuses and can be asked beforehand, so that all that is wrong is said in one round.

        Functions of the service that raise DomainError, over `data`, in which what was wrong already is missing.
        """
        return ()

    def _read_own(self, data: dict[str, Any], shown: set[str]) -> None:
        """What the service will refuse in the tenant's own fields; a file was judged when it came in."""
        for field in self.plan.fields:
            name = field.name
            if name not in self.fields or name not in shown or name in self.errors or field.kind == Kind.FILE:
                continue
            if self.actor is not None and not self.fields[name].disabled:
                self._heed(partial(kinds.read, field, data.get(name), by=self.actor))

    def _heed(self, check: Callable[[], Any]) -> None:
        try:
            check()
        except DomainError as error:
            place = error.field if error.field in self.fields else None
            if place is None or place not in self.errors:
                self.add_error(place, ValidationError(formats.refusal(error), code=error.code))

    def _unchanged(self, name: str) -> Any:
        field = self.fields[name]
        initial = self.get_initial_for_field(field, name)
        if isinstance(field, OwnFileField):
            return initial
        try:
            return field.to_python(getattr(initial, "pk", initial))
        except ValidationError:
            return None

    def _miss(self, name: str, data: dict[str, Any]) -> None:
        value = data.get(name)
        if value is None or value == "" or (hasattr(value, "__len__") and not len(value)):
            words = self.fields[name].error_messages.get("required", MISSING)
            self.add_error(name, ValidationError(words, code="required"))

    def fields_for_service(self) -> dict[str, Any]:
        return self.with_custom(super().fields_for_service())

    def with_custom(self, values: dict[str, Any]) -> dict[str, Any]:
        """`values` for the service: the tenant's own by code in `custom`; what the form left out as it was."""
        custom = {}
        for field in self.plan.fields:
            if field.name not in values:
                continue
            typed = values.pop(field.name)
            if field.kind == Kind.FILE and not isinstance(typed, StoredFile | bool):
                continue  # neither handed in nor taken away
            if not self.fields[field.name].disabled:
                custom[field.code] = typed
        for name in self.left_out:
            if name in self.initial and not name.startswith("custom_"):
                values.setdefault(name, self.initial[name])
        return {**values, "custom": custom} if self.plan.fields else values


def form_field(field: CustomField, actor: Actor | None) -> forms.Field:
    """The control in which a field is filled in."""
    common: dict[str, Any] = {"label": field.words, "help_text": field.hint, "required": field.required}
    kind = field.kind
    if kind == Kind.LONG_TEXT:
        return forms.CharField(max_length=kinds.MOST[Kind.LONG_TEXT], widget=forms.Textarea, **common)
    if kind in (Kind.NUMBER, Kind.MONEY):
        amount = MoneyField if kind == Kind.MONEY else AmountField
        return amount(decimal_places=field.places, max_digits=15 + field.places, **common)
    if kind == Kind.DATE:
        return forms.DateField(**common)
    if kind == Kind.YES_NO:
        answers = [("", _("Choose")), ("yes", _("Yes")), ("no", _("No"))]
        return forms.ChoiceField(choices=answers, **common)
    if kind == Kind.CHOICE:
        return forms.ChoiceField(choices=[("", _("Choose")), *field.choices], **common)
    if kind == Kind.MANY:
        return forms.MultipleChoiceField(choices=field.choices, widget=forms.CheckboxSelectMultiple, **common)
    if kind == Kind.PERSON:
        people = targets.people_for(actor) if actor is not None else None
        return forms.ModelChoiceField(queryset=people, empty_label=_("Choose"), **common)
    if kind == Kind.PARTNER:
        return VisibleChoice(targets.partner_model(), **common)
    if kind == Kind.FILE:
        return OwnFileField(field, actor, **common)
    if kind == Kind.LINK:
        return forms.CharField(
            max_length=kinds.MOST[Kind.LINK],
            widget=forms.URLInput(attrs={"placeholder": "https://"}),
            **common,
        )
    return forms.CharField(max_length=kinds.MOST[Kind.TEXT], **common)
