"""What people fill in about orders, shipments, invoices and prices."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.models import Invoice, Order
from orders.querysets import tiers_without_list
from orders.services.ordering import check_wanted
from partners.models import Tier
from prm.catalogue.models import Product
from prm.customfields.forms import CustomForm
from prm.ui import formats
from prm.ui.forms import AmountField, ServiceForm
from prm.values import clock


class QuantityField(AmountField):
    """A quantity: up to three decimals, as people type it."""

    wrong = _("Write a quantity in digits, such as 12 or 2.5.")

    def __init__(self, **options: Any):
        super().__init__(
            **{"max_digits": 18, "decimal_places": 3, "min_value": 0, "required": False, **options}
        )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "decimal", "autocomplete": "off"}


def plain(number: Decimal) -> str:
    """A quantity for an input: without trailing zeros, never as 1E+2."""
    return format(number.normalize(), "f")


class CheckOutForm(CustomForm):
    """The few things an order needs besides products."""

    target = "order"

    ship_to = forms.CharField(
        label=_("Ship to"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    purchase_number = forms.CharField(
        label=_("Your order number"), max_length=60, required=False,
        help_text=_("Printed on shipments and invoices."),
    )  # fmt: skip
    wanted_on = forms.DateField(label=_("Wanted on"), required=False)
    note = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=forms.Textarea)
    more = ("note",)
    pairs = (("purchase_number", "wanted_on"),)

    def checks(self, data: dict[str, Any]) -> list[Callable[[], Any]]:
        return [partial(check_wanted, data.get("wanted_on"))]


class QuantitiesForm(ServiceForm):
    """A quantity for each line of a document, and what else the verb needs. `lines` gives rows for the table."""

    def __init__(
        self, *args: Any, lines: list[Any], offered: dict[int, Decimal], fill: bool = True, **options: Any
    ):
        self.lines = [line for line in lines if offered[line.pk] > 0]
        self.base_fields = {
            **{
                f"line_{line.pk}": QuantityField(
                    label=_("Quantity of line %(position)s") % {"position": line.position},
                    initial=plain(offered[line.pk]) if fill else None,
                )
                for line in self.lines
            },
            **type(self).base_fields,
        }
        self.offered = offered
        super().__init__(*args, **options)

    @property
    def line_rows(self) -> list[dict[str, Any]]:
        """Each line with its field and how much of it is open."""
        return [
            {"line": line, "field": self[f"line_{line.pk}"], "open": self.offered[line.pk]}
            for line in self.lines
        ]

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [row for row in super().rows if not row[0].name.startswith("line_")]

    def fields_for_service(self) -> dict[str, Any]:
        quantities = {line.pk: self.cleaned_data.get(f"line_{line.pk}") for line in self.lines}
        rest = {name: value for name, value in self.cleaned_data.items() if not name.startswith("line_")}
        return {"quantities": quantities, **rest}


class ShipForm(QuantitiesForm):
    carrier = forms.CharField(label=_("Carrier"), max_length=80, required=False)
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=80, required=False)
    shipped_on = forms.DateField(label=_("Shipped on"), initial=clock.today)
    pairs = (("carrier", "tracking_number"),)


class InvoiceForm(QuantitiesForm):
    issued_on = forms.DateField(label=_("Invoice date"), initial=clock.today)


class CreditForm(QuantitiesForm):
    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("The partner reads it."))
    issued_on = forms.DateField(label=_("Date"), initial=clock.today)


class ReasonForm(ServiceForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea, help_text=_("The partner reads it.")
    )


class ReturnForm(ServiceForm):
    text = forms.CharField(
        label=_("What has to change?"),
        max_length=1000,
        widget=forms.Textarea,
        help_text=_("The partner reads it."),
    )


class OptionalReasonForm(ServiceForm):
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea, required=False)


class ConfirmForm(ServiceForm):
    erp_number = forms.CharField(
        label=_("Number in the ERP"),
        max_length=60,
        required=False,
        help_text=_("Where the order was entered by hand."),
    )


class PaidForm(ServiceForm):
    paid_on = forms.DateField(label=_("Paid on"), initial=clock.today)


class PriceListForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=80)
    tier = forms.ModelChoiceField(
        label=_("For partners of tier"),
        queryset=Tier.objects.none(),
        required=False,
        empty_label=_("all partners"),
    )
    currency = forms.CharField(label=_("Currency"), max_length=3, min_length=3)

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.fields["tier"].queryset = tiers_without_list()

    def fields_for_service(self) -> dict[str, Any]:
        return {**self.cleaned_data, "currency": self.cleaned_data["currency"].upper()}


class PricesForm(ServiceForm):
    """A price for each product shown; an empty field takes the product off the list."""

    def __init__(self, *args: Any, products: list[Product], prices: dict[int, Decimal], **options: Any):
        self.products = products
        self.base_fields = {
            f"price_{product.pk}": AmountField(
                label=product.code, max_digits=18, decimal_places=4, min_value=0, required=False,
                initial=plain(prices[product.pk]) if product.pk in prices else None,
            )
            for product in products
        }  # fmt: skip
        super().__init__(*args, **options)

    @property
    def price_rows(self) -> list[dict[str, Any]]:
        return [{"product": product, "field": self[f"price_{product.pk}"]} for product in self.products]

    def fields_for_service(self) -> dict[str, Any]:
        return {"prices": {product: self.cleaned_data[f"price_{product.pk}"] for product in self.products}}


def to_ship(order: Order) -> dict[int, Decimal]:
    return {line.pk: line.to_ship for line in order.lines.all()}


def to_invoice(order: Order) -> dict[int, Decimal]:
    return {line.pk: line.to_invoice for line in order.lines.all()}


def to_credit(invoice: Invoice) -> dict[int, Decimal]:
    """What is left to take back of each line."""
    lines = invoice.lines.prefetch_related("credit_lines")
    return {line.pk: line.quantity + sum(one.quantity for one in line.credit_lines.all()) for line in lines}


def told(quantity: Decimal) -> str:
    return formats.number(quantity, None)
