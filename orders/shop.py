"""What the shop's pages show: products at the partner's prices, the cart, the form of an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dealreg.models import DealRegistration
from orders.forms import CheckOutForm, QuantityField, plain
from orders.models import CartLine, Order
from orders.pricing import PartnerPrice, line_amount, prices_for
from orders.services.ordering import check_items
from partners.models import Partner
from prm.catalogue.models import Product, ProductLine
from prm.values import clock
from prm.values.actor import Actor
from prm.values.money import round_money

MOST_SHOWN = 60


@dataclass(frozen=True)
class Row:
    """A product of the catalogue at the partner's price, and how much of it is in the cart."""

    product: Product
    price: PartnerPrice
    in_cart: Decimal


@dataclass(frozen=True)
class Line:
    """A line of the cart."""

    product: Product
    quantity: Decimal
    price: PartnerPrice

    @property
    def typed(self) -> str:
        return plain(self.quantity)

    @property
    def net(self) -> Decimal:
        return line_amount(self.quantity, self.price.unit_price, self.price.currency)

    @property
    def tax(self) -> Decimal:
        return round_money(self.net * self.product.tax_rate, self.price.currency)


def catalogue_page(partner: Partner, actor: Actor, query: Any) -> dict[str, Any]:
    """Active products, by product line and by words; 60 a page, by code."""
    text = query.get("q", "").strip()[:100].replace("\x00", "")
    lines = list(ProductLine.objects.filter(is_active=True, products__is_active=True).distinct())
    chosen = next((line for line in lines if line.code == query.get("line")), None)
    products = Product.objects.filter(is_active=True).select_related("product_line")
    if chosen:
        products = products.filter(product_line=chosen)
    if text:
        products = products.filter(_says(text))
    after = query.get("after", "")[:60].replace("\x00", "")
    found = list((products.filter(code__gt=after) if after else products).order_by("code")[: MOST_SHOWN + 1])
    return {
        "rows": rows_of(found[:MOST_SHOWN], partner, actor),
        "more": found[MOST_SHOWN - 1].code if len(found) > MOST_SHOWN else "",
        "text": text,
        "lines": lines,
        "chosen": chosen,
        "in_cart": cart_of(actor).count(),
    }


def cart_of(actor: Actor):
    return CartLine.objects.visible_to(actor).of(actor.user_id)


def rows_of(products: list[Product], partner: Partner, actor: Actor) -> list[Row]:
    prices = prices_for(products, partner, clock.today())
    in_cart = dict(cart_of(actor).filter(product__in=products).values_list("product_id", "quantity"))
    return [Row(product, prices[product.pk], in_cart.get(product.pk, Decimal(0))) for product in products]


def row_of(product: Product, partner: Partner, actor: Actor) -> Row:
    return rows_of([product], partner, actor)[0]


def cart_lines(partner: Partner, actor: Actor) -> list[Line]:
    lines = list(cart_of(actor).for_page())
    prices = prices_for([line.product for line in lines], partner, clock.today())
    return [Line(line.product, line.quantity, prices[line.product_id]) for line in lines]


def sums_of(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Net, tax and total by currency; an order takes one currency."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        sums = found.setdefault(
            line.price.currency, {"currency": line.price.currency, "net": Decimal(0), "tax": Decimal(0)}
        )
        sums["net"] += line.net
        sums["tax"] += line.tax
    return [{**sums, "total": sums["net"] + sums["tax"]} for sums in found.values()]


class OrderForm(CheckOutForm):
    """A quantity for each product that is chosen or was found, and what the check-out asks."""

    apart = ("product_",)
    searched = ""
    is_cut = False

    def __init__(self, *args: Any, rows: list[tuple[Product, PartnerPrice, Decimal | None]], **options: Any):
        self.product_rows = rows
        self.base_fields = {
            **{
                f"product_{product.pk}": QuantityField(
                    label=str(product), initial=plain(quantity) if quantity else None
                )
                for product, _price, quantity in rows
            },
            **type(self).base_fields,
        }
        super().__init__(*args, **options)

    @property
    def choices(self) -> list[dict[str, Any]]:
        return [
            {"product": product, "price": price, "field": self[f"product_{product.pk}"]}
            for product, price, _quantity in self.product_rows
        ]

    @property
    def rows(self) -> list[list[Any]]:
        return [row for row in super().rows if not row[0].name.startswith(self.apart)]

    def checks(self, data: dict[str, Any]) -> list[Callable[[], Any]]:
        return [*super().checks(data), partial(self._check_items, data)]

    def _check_items(self, data: dict[str, Any]) -> None:
        if not any(name.startswith(self.apart) for name in self.errors):
            check_items(self._items(data))

    def _items(self, data: dict[str, Any]) -> list[tuple[Product, Decimal]]:
        typed = [
            (product, data.get(f"product_{product.pk}")) for product, _price, _quantity in self.product_rows
        ]
        return [(product, quantity) for product, quantity in typed if quantity]

    def fields_for_service(self) -> dict[str, Any]:
        rest = {name: value for name, value in self.cleaned_data.items() if not name.startswith("product_")}
        return {"items": self._items(self.cleaned_data), **self.with_custom(rest)}


class ReturnedOrderForm(OrderForm):
    """An order that came back: what is in it, and an answer to what was asked."""

    text = forms.CharField(
        label=_("Your answer"), max_length=1000, required=False, widget=forms.Textarea,
        help_text=_("Whoever asked reads it."),
    )  # fmt: skip


def order_form(
    data: Any, *, actor: Actor, partner: Partner, deal: DealRegistration | None, order: Order | None = None,
    files: Any = None,
) -> OrderForm:  # fmt: skip
    """The form over what is chosen and what was searched for, of the deal's product lines or of all products.

    Filled from `order` when a draft, or one that came back, is changed. With `find` in the data it is filled from
    them and not yet checked.
    """
    products = Product.objects.filter(is_active=True).select_related("product_line")
    if deal:
        products = products.filter(product_line__in=deal.lines.values("product_line"))
    ordered = {line.product_id: line.quantity for line in order.lines.all()} if order else {}
    typed = {} if data is None else _typed(data)
    text = "" if data is None else data.get("q", "").strip()[:100].replace("\x00", "")
    chosen = list(products.filter(pk__in={*ordered, *typed}).order_by("code"))
    others = products.exclude(pk__in=[product.pk for product in chosen])
    found = chosen + list((others.filter(_says(text)) if text else others).order_by("code")[:MOST_SHOWN])
    prices = prices_for(found, partner, clock.today())
    words = ("purchase_number", "ship_to", "wanted_on", "note")
    initial = {name: getattr(order, name) for name in words} if order else {}
    if data is not None and "find" in data:
        initial = {name: data.get(name, "") for name in (*words, "text")}
        initial |= {f"product_{pk}": typed.get(pk, "") for pk in {*ordered, *typed}}
        data = files = None
    rows = [(product, prices[product.pk], ordered.get(product.pk)) for product in found]
    kind = ReturnedOrderForm if order is not None and order.state == Order.State.RETURNED else OrderForm
    form = kind(data, files, actor=actor, rows=rows, initial=initial, obj=order)
    form.searched, form.is_cut = text, len(found) - len(chosen) == MOST_SHOWN
    return form


def _typed(data: Any) -> dict[int, str]:
    """The quantities that were sent, by product, as they were typed."""
    prefix = "product_"
    keys = [key for key in data if key.startswith(prefix) and key.removeprefix(prefix).isascii()]
    found = {key.removeprefix(prefix): data[key].strip() for key in keys}
    return {
        int(pk): quantity for pk, quantity in found.items() if quantity and pk.isdecimal() and len(pk) < 19
    }


def _says(text: str) -> Q:
    return Q(code__icontains=text) | Q(name__icontains=text) | Q(name_zh__icontains=text)
