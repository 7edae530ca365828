"""Forms that speak the words of the person who fills them in, run one service, and never save by themselves.

    class ExtensionForm(ServiceForm):
        until = forms.DateField(label=_("Protect until"))
        evidence = forms.FileField(label=_("Evidence"))

    def extend(request, number):
        protection = get_object_or_404(Protection.objects.visible_to(request.actor), number=number)
        form = ExtensionForm(request.POST or None, request.FILES or None, actor=request.actor)
        if form.is_valid() and form.run(extend_protection, protection=protection, by=request.actor):
            return redirect(form.result)
        return render(request, "dealreg/extend.html", {"form": form}, status=form.status)

In the page: `{% include "components/form.html" with form=form submit=_("Extend") cancel=back %}`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prm.ui import formats
from prm.ui.formats import SYMBOLS
from prm.values.actor import Actor
from prm.values.errors import DomainError, NotAllowed, Unusual


@dataclass
class Block:
    """A part of a form: rows of one or two fields; `folded` ones open on a press, or by themselves for an error."""

    title: Any = ""
    rows: list[list[forms.BoundField]] = field(default_factory=list)
    folded: bool = False

    @property
    def is_open(self) -> bool:
        return any(bound.errors for row in self.rows for bound in row)


class ServiceForm(forms.Form):
    """A plain form with `run(service, **kwargs)`. Give `actor=` so that every choice offers only visible rows.

    draft   a name ("deal-new") keeps what is typed on this device until the form is taken; "" keeps nothing
    pairs   tuples of two field names that stand side by side
    more    field names that stand folded under "More"
    """

    draft = ""
    pairs: tuple[tuple[str, str], ...] = ()
    more: tuple[str, ...] = ()

    def __init__(self, *args, actor: Actor | None = None, currency: str = "CNY", **kwargs):
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.actor, self.result = actor, None
        for one in self.fields.values():
            if isinstance(one, VisibleChoice | VisibleChoices):
                one.show_to(actor)
            if isinstance(one, MoneyField):
                one.currency = currency
            _dress(one)

    def run(self, service: Callable[..., Any], **kwargs) -> bool:
        """Call the service with the form's fields and `kwargs`; True and `.result`, or False and the error shown.

        A DomainError lands on its field, or on top of the form. NotAllowed passes through: it is a 403.
        """
        try:
            self.result = service(**self.fields_for_service(), **kwargs)
        except NotAllowed:
            raise
        except DomainError as error:
            place = error.field if error.field in self.fields else None
            self.add_error(place, ValidationError(formats.refusal(error), code=error.code))
            return False
        return True

    def fields_for_service(self) -> dict[str, Any]:
        """What the service gets by keyword; override to rename or leave out."""
        return dict(self.cleaned_data)

    @property
    def status(self) -> int:
        """422 when something must be corrected, else 200."""
        return 422 if self.is_bound and self.errors else 200

    @property
    def problems(self) -> list[dict[str, Any]]:
        """For the summary on top: each sentence with its field's label and anchor."""
        found = [{"text": text, "label": "", "anchor": ""} for text in self.non_field_errors()]
        for name in self.fields:
            bound = self[name]
            found += [
                {
                    "text": text,
                    "label": _unless_told(bound.label, text),
                    "anchor": bound.id_for_label or bound.auto_id,
                }
                for text in bound.errors
            ]
        return found

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        """Visible fields in rows of one, or two where `pairs` says so; without those under `more`."""
        second = {right: left for left, right in self.pairs}
        first = dict(self.pairs)
        rows = []
        for bound in self.visible_fields():
            if bound.name in self.more or bound.name in second:
                continue
            rows.append([bound, self[first[bound.name]]] if bound.name in first else [bound])
        return rows

    @property
    def blocks(self) -> list[Block]:
        """All of it in the order of the page: the fields, then those under "More"."""
        found = [Block(rows=self.rows)]
        if self.more:
            found.append(Block(_("More"), [[self[name]] for name in self.more], folded=True))
        return found


class AsksOnceMore(ServiceForm):
    """A form of which the service may find the values unusual: then it asks whether they are meant, with a box to tick.

    The service takes `anyway` and raises an Unusual without it.
    """

    anyway = forms.BooleanField(
        label=_("It is meant so"), required=False, widget=forms.HiddenInput,
        help_text=_("Tick this and send the form again."),
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["anyway"] = self.fields.pop("anyway")  # below what it is asked about
        if self.is_bound and self.data.get(self.add_prefix("anyway")):
            self._ask()

    def run(self, service: Callable[..., Any], **kwargs) -> bool:
        def asking(**values: Any) -> Any:
            try:
                return service(**values)
            except Unusual:
                self._ask()
                raise

        return super().run(asking, **kwargs)

    def _ask(self) -> None:
        self.fields["anyway"].widget = forms.CheckboxInput(attrs={"class": "ui-check"})


def _unless_told(label: Any, text: Any) -> Any:
    """The label that stands before a sentence, "" where the sentence begins with it."""
    return "" if str(text).startswith(str(label)) else label


def _dress(field: forms.Field) -> None:
    """House classes, input types and words for what is wrong; what the page declared stays."""
    widget = field.widget
    if isinstance(field, forms.ModelChoiceField) and field.empty_label == "---------":
        field.empty_label = _("Choose")
    if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
        field.error_messages["required"] = _("This is missing. Fill it in.")
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        widget.attrs.setdefault("class", "ui-check")
    elif not isinstance(widget, forms.HiddenInput):
        widget.attrs.setdefault("class", "ui-input")
    if isinstance(widget, forms.Textarea):
        widget.attrs["rows"] = widget.attrs.get("rows", 3) if widget.attrs.get("rows") != "10" else 3
        widget.attrs.pop("cols", None)
    if isinstance(field, forms.DateField) and isinstance(widget, forms.DateInput):
        widget.input_type, widget.format = "date", "%Y-%m-%d"
    if isinstance(field, forms.DateTimeField) and isinstance(widget, forms.DateTimeInput):
        widget.input_type, widget.format = "datetime-local", "%Y-%m-%dT%H:%M"
    if isinstance(field, MoneyField | AmountField):
        widget.attrs.setdefault("inputmode", "decimal")


# Thousands may be set apart by commas or blanks: then every group but the first has three digits.
_GROUPED = re.compile(r"[-+]? ?\d{1,3}(?:[, ]\d{3})*(?:\.\d*)?")
_GROUPED_WRONGLY = re.compile(r"[-+]? ?[\d.]*[, ][\d., ]*")


class AmountField(forms.DecimalField):
    """A decimal as people type it: 264,000.50, full-width digits, a leading currency sign."""

    widget = forms.TextInput
    wrong: Any = _("Write an amount in digits, such as 264,000.50.")
    wrong_groups: Any = _("Write thousands in groups of three digits, such as 264,000.50, or without commas.")

    signs: tuple[str, ...] = (*SYMBOLS.values(), "RMB", "元")

    def __init__(self, **kwargs):
        kwargs.setdefault("max_digits", 18)
        kwargs.setdefault("decimal_places", 2)
        super().__init__(**kwargs)

    def to_python(self, value):
        if value in self.empty_values:
            return None
        text = unicodedata.normalize("NFKC", str(value)).replace("\u2212", "-").strip()
        for sign in self.signs:
            text = text.removeprefix(sign).removesuffix(sign).strip()
        if not _GROUPED.fullmatch(text) and _GROUPED_WRONGLY.fullmatch(text):
            raise ValidationError(self.wrong_groups, code="groups")
        text = text.replace(",", "").replace(" ", "")
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise ValidationError(self.wrong, code="invalid") from None
        if not number.is_finite():
            raise ValidationError(self.wrong, code="invalid")
        return number


class RateField(AmountField):
    """A share in per cent as people type it: 2.5, or 2.5%."""

    wrong: Any = _("Write a rate in per cent, such as 2.5.")
    signs = ("%",)


class MoneyField(AmountField):
    """An amount in the form's currency, whose sign stands in the field. Use `min_value=0` where it must be."""

    currency = "CNY"

    @property
    def sign(self) -> str:
        return SYMBOLS.get(self.currency, self.currency)


class _Visible:
    """A choice of a model's rows: those that the form's actor may see, narrowed by `narrow(rows)`.

    Rows that belong to no partner (products) are offered to partners only with `open_to_partners=True`.
    """

    def __init__(
        self, model, *, narrow: Callable | None = None, label_of: Callable | None = None,
        open_to_partners: bool = False, **kwargs,
    ):  # fmt: skip
        self._model, self._narrow, self._label_of = model, narrow, label_of
        self._open_to_partners = open_to_partners
        if isinstance(self, VisibleChoice):
            kwargs.setdefault("empty_label", _("Choose"))
        super().__init__(queryset=model._default_manager.none(), **kwargs)  # type: ignore[call-arg]

    def show_to(self, actor: Actor | None) -> None:
        rows = self._model._default_manager.all()
        if hasattr(rows, "visible_to"):
            rows = rows.visible_to(actor) if actor is not None else rows.none()
        elif actor is None or (actor.is_partner and not self._open_to_partners):
            rows = rows.none()
        self.queryset = self._narrow(rows) if self._narrow else rows

    def label_from_instance(self, obj) -> str:
        return str(self._label_of(obj) if self._label_of else obj)

    def __deepcopy__(self, memo):
        copy = super().__deepcopy__(memo)
        for name in ("_model", "_narrow", "_label_of", "_open_to_partners"):
            setattr(copy, name, getattr(self, name))
        return copy


class VisibleChoice(_Visible, forms.ModelChoiceField):
    """`VisibleChoice(Partner, label=_("Partner"), narrow=lambda rows: rows.active())`."""


class VisibleChoices(_Visible, forms.ModelMultipleChoiceField):
    """Several visible rows; with `widget=forms.CheckboxSelectMultiple` as ticks."""
