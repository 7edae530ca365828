"""What people fill in about agreements, claims and price drops."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from claims.models import Agreement, AgreementItem, ClaimPayment
from partners.models import Partner
from prm.catalogue.models import Product
from prm.customers.models import EndCustomer
from prm.ui.forms import AmountField, MoneyField, ServiceForm, VisibleChoice
from prm.ui.picker import CodePicker
from prm.values import clock
from prm.values.money import is_known_currency


def currency_of(text: str) -> str:
    """The currency's code; a ValidationError where there is none such."""
    code = text.strip().upper()
    if not is_known_currency(code):
        raise forms.ValidationError(_("Write a currency's code of three letters, such as EUR or CNY."))
    return code


def own_only(form: ServiceForm, name: str, path: str) -> None:
    """Offer a partner what is of its own company, not all that it may see."""
    if form.actor is not None and form.actor.is_partner:
        field = cast(VisibleChoice, form.fields[name])
        field.queryset = field.queryset.filter(**{path: form.actor.partner_id})


def a_product() -> VisibleChoice:
    """A product by its code, which is searched for by code or name."""
    return VisibleChoice(
        Product, label=_("Product"), to_field_name="code",
        widget=CodePicker("catalogue:pick", coded=True, single=True),
        error_messages={"invalid_choice": _("No product has the code %(value)s.")},
    )  # fmt: skip


class AgreementForm(ServiceForm):
    """Whose agreement, for how long, and up to how much."""

    partner = VisibleChoice(Partner, label=_("Partner"))
    number = forms.CharField(
        label=_("Number"), max_length=40, required=False,
        help_text=_("As on the quote; partners name it in their reports. Made up where it is empty."),
    )  # fmt: skip
    currency = forms.CharField(label=_("Currency"), max_length=3)
    end_customer = forms.CharField(
        label=_("End customer number"), max_length=40, required=False,
        help_text=_("Only sales to it count, where one is named. Any customer's, where it is empty."),
    )  # fmt: skip
    starts = forms.DateField(label=_("Valid from"))
    last_day = forms.DateField(label=_("Last day"))
    amount_limit = AmountField(
        label=_("Amount limit"), required=False, min_value=Decimal("0.01"),
        help_text=_("The most that claims on it may come to. No limit where it is empty."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)
    pairs: tuple[tuple[str, str], ...] = (("number", "currency"), ("starts", "last_day"))

    def clean_currency(self) -> str:
        return currency_of(self.cleaned_data["currency"])

    def clean_end_customer(self) -> EndCustomer | None:
        number = self.cleaned_data["end_customer"].strip()
        if not number or self.actor is None:
            return None
        found = EndCustomer.objects.visible_to(self.actor).living().filter(number=number).first()
        if found is None:
            raise forms.ValidationError(_("No end customer has this number."))
        return found


class ItemForm(ServiceForm):
    """A product and its agreed price."""

    product = a_product()
    basis = forms.ChoiceField(label=_("Price basis"), choices=AgreementItem.Basis.choices)
    basis_price = AmountField(
        label=_("Basis price"), required=False, decimal_places=4, min_value=Decimal(0),
        help_text=_("Only for a stated price."),
    )  # fmt: skip
    agreed_price = AmountField(label=_("Agreed price"), decimal_places=4, min_value=Decimal(0))
    quantity_limit = AmountField(
        label=_("Quantity limit"), required=False, decimal_places=3, min_value=Decimal("0.001"),
        help_text=_("No limit where it is empty."),
    )  # fmt: skip
    pairs: tuple[tuple[str, str], ...] = (("basis", "basis_price"), ("agreed_price", "quantity_limit"))


class ReasonForm(ServiceForm):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=300, help_text=_("Kept in the history.")
    )


class EndForm(ServiceForm):
    """From when on an agreement no longer holds, and why."""

    last_day = forms.DateField(label=_("Last day"))
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept in the history."))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["last_day"].initial = clock.today()


class VersionForm(ServiceForm):
    """From when on a new version holds."""

    starts = forms.DateField(label=_("Valid from"))
    last_day = forms.DateField(label=_("Last day"))
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept in the history."))
    pairs: tuple[tuple[str, str], ...] = (("starts", "last_day"),)


class ClaimForm(ServiceForm):
    """Which agreement, and sales of which days."""

    agreement = VisibleChoice(
        Agreement,
        label=_("Agreement"),
        narrow=lambda rows: rows.for_claims(),
        label_of=lambda row: row.with_partner,
    )
    starts = forms.DateField(label=_("Sold from"))
    last_day = forms.DateField(label=_("Sold until"))
    pairs: tuple[tuple[str, str], ...] = (("starts", "last_day"),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        own_only(self, "agreement", "partner")
        self.fields["last_day"].initial = clock.today()
        self.fields["starts"].initial = clock.today().replace(day=1)


class StockClaimForm(ServiceForm):
    """Whose stock."""

    partner = VisibleChoice(Partner, label=_("Partner"))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        own_only(self, "partner", "pk")
        if self.actor is not None and self.actor.is_partner:
            self.fields["partner"].initial = self.actor.partner_id


class PayForm(ServiceForm):
    """How a claim is paid."""

    amount = MoneyField(label=_("Amount"), min_value=Decimal("0.01"), help_text=_("The rest stays open."))
    method = forms.ChoiceField(label=_("Paid as"), choices=ClaimPayment.Method.choices)
    paid_on = forms.DateField(label=_("Paid on"))
    reference = forms.CharField(
        label=_("Reference"), max_length=100, required=False,
        help_text=_("Of the bank or of the credit note; the partner reads it."),
    )  # fmt: skip
    account_checked = forms.CharField(
        label=_("How the account was checked"), widget=forms.Textarea, max_length=500, required=False,
        help_text=_("Of a transfer to an account that is not kept here. Kept in the history."),
    )  # fmt: skip
    pairs: tuple[tuple[str, str], ...] = (("amount", "method"), ("paid_on", "reference"))

    def __init__(self, *args: Any, open_amount: Decimal, asks_about_account: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not asks_about_account:
            del self.fields["account_checked"]
        self.fields["amount"].initial = open_amount
        self.fields["paid_on"].initial = clock.today()


class DropForm(ServiceForm):
    """Which product became cheaper, when and by how much."""

    product = a_product()
    currency = forms.CharField(label=_("Currency"), max_length=3)
    day = forms.DateField(
        label=_("Day of the drop"), help_text=_("The stock reported for this day is protected.")
    )
    old_price = AmountField(label=_("Old price"), decimal_places=4, min_value=Decimal(0))
    new_price = AmountField(label=_("New price"), decimal_places=4, min_value=Decimal(0))
    days_back = forms.IntegerField(
        label=_("Bought within, days"), min_value=1, max_value=730, initial=90,
        help_text=_("No more is protected than the partner bought in so many days before the drop."),
    )  # fmt: skip
    pairs: tuple[tuple[str, str], ...] = (("currency", "day"), ("old_price", "new_price"))

    def clean_currency(self) -> str:
        return currency_of(self.cleaned_data["currency"])
