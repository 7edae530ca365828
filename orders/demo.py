"""The demo's prices, six months of sales and the orders of the last weeks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from dealreg.models import DealRegistration
from orders import credits_demo, facts_demo, services
from orders.models import Order, PriceList
from partners.models import Member, Partner, Tier
from prm.access.scope import actor_for
from prm.accounts.models import User
from prm.catalogue.models import Product
from prm.starter import dataset, kit
from prm.starter.demo import FACTORS, bring_in
from prm.values import clock
from prm.values.actor import Actor

SHARES = {"gold": Decimal("0.82"), "silver": Decimal("0.88"), "bronze": Decimal("0.94")}
CENT = Decimal("0.01")
# Who has projects abroad, and what goes there: of a product all, as a return has the currency of its sale.
ABROAD, GOES_ABROAD, DOLLARS = Partner.Type.INTEGRATOR, "kitchen", "USD"


def fill(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """Price lists by tier, sales lines, and orders in every state."""
    by = Actor.command("demo")
    say("prices and six months of sales")
    _price_lists(tenant, by)
    _sales(tenant, by)
    credits_demo.fill(by=by)
    facts_demo.fill(by=by)
    say("orders")
    _orders(by, count=26 if size == "full" else 8)


def _price_lists(tenant: Any, by: Actor) -> None:
    products = list(Product.objects.all())
    for tier in Tier.objects.filter(code__in=SHARES):
        listed = PriceList.objects.filter(tier=tier).first() or services.create_price_list(
            name=f"{tier.name} {clock.today().year}", currency=tenant.currency, tier=tier, by=by
        )
        prices = {p: (p.list_price * SHARES[tier.code]).quantize(CENT, ROUND_HALF_UP) for p in products}
        services.set_prices(price_list=listed, prices=prices, by=by)


def _sales(tenant: Any, by: Actor) -> None:
    partners = Partner.objects.for_everyone(because="the demo's sales").filter(number__startswith="P-10")
    kinds = dict(partners.order_by("number").values_list("number", "type"))
    numbers = list(kinds)
    abroad = {
        (number, code)
        for number in numbers
        if kinds[number] == ABROAD
        for code in Product.objects.filter(product_line__code=GOES_ABROAD).values_list("code", flat=True)
    }
    sold = dataset.sales(today=clock.today(), partners=len(numbers))
    for _week, some in groupby(sold, key=lambda sale: (sale.day.year, sale.day.month, sale.day.day // 8)):
        sales = list(some)
        # On file by the evening of the newest, in its own month: a line recorded later would be a late one.
        evening = clock.start_of_day(sales[-1].day) + timedelta(hours=20)
        with clock.at(min(evening, clock.now())):
            bring_in("sales-lines", _lines(sales, numbers, abroad, tenant.currency), by=by)


def _lines(
    sales: Iterable[dataset.Sale], numbers: list[str], abroad: set[tuple[str, str]], usual: str
) -> Iterator[dict[str, Any]]:
    """`abroad`: which partner's sales of which product are in dollars."""
    for sale in sales:
        number = numbers[sale.partner]
        currency = DOLLARS if (number, sale.product_code) in abroad else usual
        yield {
            "line_number": sale.line,
            "partner_number": number,
            "product_code": sale.product_code,
            "booking_date": sale.day.isoformat(),
            "quantity": sale.quantity,
            "net_amount": (sale.quantity * sale.unit_price * FACTORS[currency]).quantize(CENT, ROUND_HALF_UP),
            "currency": currency,
            "document": sale.document,
            "source": "invoice" if sale.quantity > 0 else "credit_note",
            "reverses": sale.reverses,
        }


def _orders(by: Actor, *, count: int) -> None:
    """Orders of the last four weeks by people of the partners, moved on as far as their age says."""
    dice = random.Random(7)
    buyers = [actor_for(user) for user in _people()]
    finance = actor_for(User.objects.get(email="finance@demo.example"))
    manager = actor_for(User.objects.get(email="channel-manager@demo.example"))
    products = list(Product.objects.order_by("code"))
    for number in range(count):
        buyer = buyers[number % len(buyers)]
        age = (
            timedelta(days=27 - number, hours=dice.randrange(1, 8))
            if number < 24
            else timedelta(hours=30 - number)
        )
        partner = Partner.objects.visible_to(buyer).get(pk=buyer.partner_id)
        with clock.at(clock.now() - age):
            deal = _won_deal(partner)
            wanted = [p for p in products if p.product_line_id in deal[1]] if deal else products
            items = [
                (p, Decimal(dice.choice([6, 12, 24, 48, 96])))
                for p in dice.sample(wanted, dice.randrange(2, 7))
            ]
            order = services.order_at_once(
                partner=partner,
                items=items,
                registration=deal[0] if deal else None,
                purchase_number=f"PO-{4100 + 17 * number}" if number % 3 else "",
                by=buyer,
                ship_to=f"{partner.region}, warehouse 2",
            )
            _move(order, number, age.days, manager, finance, dice)


def _won_deal(partner: Partner) -> tuple[DealRegistration, set[int]] | None:
    """A deal that the partner had won by then and has not ordered from, with its product lines."""
    won = DealRegistration.objects.for_everyone(because="the demo's orders").filter(
        partner=partner, state="won", closed_at__lte=clock.now()
    )
    deal = won.filter(orders=None).order_by("closed_at").first()
    return (deal, {line.product_line_id for line in deal.lines.all()}) if deal else None


def _people() -> list[User]:
    members = Member.objects.for_everyone(because="the demo's buyers").filter(user__role="partner_sales")
    return [
        member.user for member in members.select_related("user").order_by("partner__number", "user__name")
    ]


def _move(order: Order, number: int, age: int, manager: Actor, finance: Actor, dice: random.Random) -> None:
    if age < 3:
        return
    if number % 11 == 5:
        services.reject_order(
            order=order, reason="Credit limit reached; pay the open invoices first.", by=manager
        )
        return
    order = services.approve_order(order=order, by=manager)
    if age < 6:
        return
    order = services.confirm_order(order=order, by=manager)
    if age < 9:
        return
    lines = list(order.lines.all())
    part = lines[: max(1, len(lines) // 2)] if number % 4 == 1 else lines
    shipped = {line.pk: line.quantity for line in part}
    services.ship_order(
        order=order,
        quantities=shipped,
        carrier="SF Express",
        tracking_number=f"SF{1200345 + 77 * number}",
        by=manager,
    )
    if age < 12:
        return
    invoice = services.invoice_order(order=order, quantities=shipped, by=finance)
    if age > 20:
        services.mark_paid(invoice=invoice, by=finance)
    if number % 7 == 3:
        first = invoice.lines.order_by("position").first()
        services.credit_invoice(
            invoice=invoice,
            quantities={first.pk: Decimal(1)},
            reason="One piece broken in transit",
            by=finance,
        )


kit.register_demo("orders", fill, order=30)
