"""What people fill in about deals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealreg.models import RegistrationType
from dealreg.services import check_close
from partners.models import Partner
from prm.catalogue.models import ProductLine
from prm.customfields.forms import CustomForm
from prm.ui.forms import MoneyField, ServiceForm, VisibleChoice, VisibleChoices


def _lines(**options: Any) -> VisibleChoices:
    lines = VisibleChoices(
        ProductLine,
        narrow=lambda rows: rows.filter(is_active=True),
        open_to_partners=True,
        label=_("Product lines"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("No product line is chosen. Choose at least one.")},
        **options,
    )
    lines.template = "dealreg/picks.html"
    return lines


class CheckForm(ServiceForm):
    """May I register this customer?"""

    more: tuple[str, ...] = ("tax_number", "domain", "region")

    customer_name = forms.CharField(
        label=_("Customer"), max_length=200, help_text=_("The full name as on the business licence."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "enterkeyhint": "search"}),
    )  # fmt: skip
    product_lines = _lines()
    tax_number = forms.CharField(
        label=_("Tax number"), max_length=40, required=False, help_text=_("For the surest answer.")
    )
    domain = forms.CharField(label=_("Web domain"), max_length=120, required=False)
    region = forms.CharField(label=_("Region"), max_length=80, required=False)


class RegisterForm(CustomForm):
    """A deal in four fields; what else is known stands under More."""

    target = "deal"

    pairs = (("estimated_value", "expected_close"), ("tax_number", "domain"), ("contact", "phone"))
    more: tuple[str, ...] = ("tax_number", "domain", "region", "contact", "phone", "note", "type")

    customer_name = forms.CharField(
        label=_("Customer"), max_length=200, help_text=_("The full name as on the business licence."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("The end customer is missing. Write its full name.")},
    )  # fmt: skip
    product_lines = _lines()
    estimated_value = MoneyField(label=_("Estimated value"), min_value=0)
    expected_close = forms.DateField(label=_("Expected close"))
    tax_number = forms.CharField(
        label=_("Tax number"), max_length=40, required=False, help_text=_("For the surest check.")
    )
    domain = forms.CharField(label=_("Web domain"), max_length=120, required=False)
    region = forms.CharField(label=_("Region"), max_length=80, required=False)
    contact = forms.CharField(label=_("Contact at the customer"), max_length=200, required=False)
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    note = forms.CharField(
        label=_("What do they need?"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    type = VisibleChoice(
        RegistrationType, label=_("Type"), required=False, empty_label=None, open_to_partners=True
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        kinds = self.fields.get("type")
        if kinds is not None and kinds.queryset.count() < 2:
            del self.fields["type"]
            self.more = tuple(name for name in self.more if name != "type")
        elif kinds is not None:
            kinds.initial = kinds.queryset.filter(is_default=True).first()
        self.fields["customer_name"].template = "dealreg/customer_field.html"
        for name in ("customer_name", "tax_number", "domain", "region"):
            if name in self.fields:
                self.fields[name].widget.attrs["data-checked"] = ""

    def checks(self, data: dict[str, Any]) -> list[Callable[[], Any]]:
        return [partial(check_close, data.get("expected_close"))]


class StaffRegisterForm(RegisterForm):
    """The same for a partner, in whose name staff write."""

    partner = VisibleChoice(Partner, label=_("Partner"), narrow=lambda rows: rows.active())
    field_order = ["partner"]


class DraftForm(RegisterForm):
    """What is typed so far: everything may be missing, what cannot be read is left out."""

    is_draft = True

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False

    def readable(self) -> dict[str, Any]:
        """The fields that can be kept as they are."""
        self.is_valid()
        typed = self.fields_for_service()
        return {name: value for name, value in typed.items() if value is not None}


class StaffDraftForm(StaffRegisterForm, DraftForm):
    """A draft in a partner's name; without the partner nothing can be kept."""


class CorrectForm(RegisterForm):
    """A registration that came back: what is in it, and an answer to what was asked."""

    text = forms.CharField(
        label=_("Your answer"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever asked reads it."),
    )  # fmt: skip

    def __init__(self, *args: Any, obj: Any, **kwargs: Any):
        super().__init__(*args, obj=obj, **kwargs)
        self.draft = f"deal-{obj.number}"
        if "customer_name" in self.fields:  # it is checked when it is handed in, not while it is typed
            self.fields["customer_name"].template = "components/field.html"


class ReasonForm(ServiceForm):
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(
        self, *args: Any, label: Any = None, help_text: Any = "", required: bool = True, **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        field = self.fields["reason"]
        field.label, field.help_text, field.required = label or field.label, help_text, required


class NoteForm(ReasonForm):
    """A reason that the service calls a note."""

    def fields_for_service(self) -> dict[str, Any]:
        return {"note": self.cleaned_data["reason"]}


class MessageForm(ServiceForm):
    text = forms.CharField(label=_("Message"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, label: Any = None, help_text: Any = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["text"].label, self.fields["text"].help_text = label, help_text


class ApproveForm(ServiceForm):
    """On which of the registered lines. It offers those in `free`; whether a line went meanwhile the service says."""

    product_lines = VisibleChoices(ProductLine, label=_("Product lines"), widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(
        label=_("Note to the partner"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, registration: Any, free: list[int], **kwargs: Any):
        super().__init__(*args, initial={"product_lines": free}, **kwargs)
        registered = registration.lines.values("product_line_id")
        field = self.fields["product_lines"]
        field.queryset = field.queryset.filter(pk__in=free if free and not self.is_bound else registered)
