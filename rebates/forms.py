"""What finance fills in about a settlement: a reason, a payment. A programme's form stands in `programme_form.py`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.catalogue.models import ProductLine
from prm.ui.forms import MoneyField, ServiceForm, VisibleChoice
from prm.values import clock
from rebates import whatif
from rebates.models import Payment

MOST_TEXT = 200_000


class ReasonForm(ServiceForm):
    """Why not."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=2000, help_text=_("Kept in the history.")
    )


class TextForm(ServiceForm):
    """A programme's file, or its text."""

    file = forms.FileField(label=_("File"), required=False, help_text=_("YAML, as the download writes it."))
    text = forms.CharField(
        label=_("Or the text itself"),
        required=False,
        strip=False,
        widget=forms.Textarea,
        max_length=MOST_TEXT,
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        upload = said.get("file")
        if upload is not None:
            if upload.size > MOST_TEXT:
                raise ValidationError(_("The file is too long for a programme."))
            try:
                said["text"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError(_("The file is not text in UTF-8.")) from None
        if not (said.get("text") or "").strip() and not self.errors:
            raise ValidationError(_("Choose a file or paste a text."))
        return said

    def fields_for_service(self) -> dict[str, Any]:
        return {"text": self.cleaned_data["text"]}


class ReleaseForm(ServiceForm):
    """When money left and under which reference, for one statement or for all of a settlement."""

    paid_on = forms.DateField(
        label=_("Paid on"), help_text=_("Not before the close of the settlement, not after today.")
    )
    reference = forms.CharField(
        label=_("Bank reference"),
        max_length=100,
        required=False,
        help_text=_("As on the bank's slip; partners read it."),
    )
    account_checked = forms.CharField(
        label=_("How the account was checked"), widget=forms.Textarea, max_length=500, required=False,
        help_text=_("Of transfers to accounts that are not kept here. Kept in the history."),
    )  # fmt: skip
    pairs: tuple[tuple[str, str], ...] = (("paid_on", "reference"),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["paid_on"].initial = clock.today()

    def ask_about_accounts(self, ask: bool) -> None:
        """Whether the page asks about accounts that are not kept here."""
        if not ask:
            del self.fields["account_checked"]


class PaymentForm(ReleaseForm):
    """Money that left for a statement."""

    amount = MoneyField(label=_("Amount"), min_value=Decimal("0.01"))
    method = forms.ChoiceField(label=_("Paid as"), choices=Payment.Method.choices, required=False)
    goods = forms.CharField(
        label=_("What is delivered"), widget=forms.Textarea, max_length=2000, required=False,
        help_text=_("For a payment in goods: products and quantities. The partner reads it."),
    )  # fmt: skip
    # How many payments the statement had when the page was made.
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    pairs = (("amount", "paid_on"), ("method", "reference"))
    field_order = ("amount", "paid_on", "method", "reference", "goods", "account_checked")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["method"].always_chosen = True  # type: ignore[attr-defined]

    def show_anew(self, payments: int) -> None:
        """The page as it is answered now: pressed again on purpose it may pay beside what was paid meanwhile."""
        self.data = {**self.data.dict(), "seen": str(payments)} if self.is_bound else self.data


OFFERED = 300  # products that a browser completes at once


class WhatIfForm(ServiceForm):
    """An order that a partner thinks of. In the address, so that it can be sent to somebody."""

    partner = VisibleChoice(Partner, label=_("Partner"), narrow=lambda rows: rows.order_by("name"))
    product_line = VisibleChoice(ProductLine, label=_("Product line"), open_to_partners=True)
    product = forms.CharField(
        label=_("Product number"), max_length=60, required=False,
        help_text=_("Where a policy counts single products, or where your price is to be taken."),
    )  # fmt: skip
    quantity = forms.DecimalField(
        label=_("Quantity"), initial=1, min_value=Decimal("0.001"), max_digits=12, decimal_places=3
    )
    amount = MoneyField(
        label=_("Net amount"), min_value=Decimal("0.01"), required=False,
        help_text=_("Empty, with a product number: your price of it times the quantity."),
    )  # fmt: skip
    currency = forms.ChoiceField(label=_("Currency"))
    pairs = (("product_line", "product"), ("quantity", "amount"))

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any):
        super().__init__(*args, currency=currencies[0], **kwargs)
        self.fields["currency"].choices = [(code, code) for code in currencies]  # type: ignore[attr-defined]
        self.fields["currency"].initial = currencies[0]
        self.fields["product"].widget.attrs["list"] = "products"
        if len(currencies) == 1:
            self.fields["currency"].widget = forms.HiddenInput()
        if self.actor is not None and self.actor.is_partner:
            del self.fields["partner"]

    @property
    def offered_products(self) -> list[tuple[str, str]]:
        """The first products as (code, name and product line): what the browser completes."""
        return [(one.code, f"{one} · {one.product_line}") for one in whatif.products_on_sale(OFFERED)]
