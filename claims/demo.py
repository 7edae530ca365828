"""The demo's special prices, what partners reported, claims in every state, and price drops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Sum

from claims.models import Agreement, Claim, ClaimPayment
from claims.services import (
    add_item,
    approve_agreement,
    approve_claim,
    confirm_drop,
    create_agreement,
    draft_claim,
    draft_price_claim,
    enter_drop,
    pay_claim,
    submit_agreement,
    submit_claim,
)
from orders.models import SalesLine
from partners.models import Partner
from prm.access.scope import actor_for
from prm.catalogue.models import Product
from prm.customers.models import EndCustomer
from prm.starter import kit
from prm.starter.demo import bring_in
from prm.values import clock

# Days ago, product (2 is not in the agreement), units, buyer (1 is not the agreement's); a return names its sale.
FIRST = ((86, 0, 3, 0), (83, 1, 2, 0), (80, 0, 2, 0))
SECOND = ((66, 1, 2, 0), (63, 0, 1, 0))
THIRD = ((44, 0, 2, 0), (41, 1, 1, 1), (38, 2, 1, 0), (35, 1, 1, 0))
LAST = ((13, 0, 1, 0), (9, 1, 2, 0))
STOCK_DAY, DROP_DAYS_BACK = 6, 60


class Cast:
    """Who acts: staff of the sign-in page, the controller, and the administrator of a partner."""

    def __init__(self) -> None:
        self.today = clock.today()
        people = get_user_model().objects
        self.manager, self.finance, self.controller, self.admin = (
            actor_for(people.get(email=f"{name}@demo.example"))
            for name in ("channel-manager", "finance", "controller", "partner-admin")
        )

    def day(self, ago: int) -> date:
        """So many days before the day on which the demo is made, whatever the clock is set to."""
        return clock.days_after(self.today, -ago)


def fill(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """Agreements in force and waiting, reports, and claims: paid, approved, in review, submitted, a draft."""
    say("special prices and claims")
    cast = Cast()
    partner = Partner.objects.visible_to(cast.admin).get(pk=cast.admin.partner_id)
    products = _bought_most(partner, since=cast.day(400), until=cast.day(90))
    customers = list(EndCustomer.objects.living().filter(direct_only=False).order_by("number")[40:43])
    if len(products) < 3 or len(customers) < 3:
        return
    agreement = _agree(partner, products, customers[0], cast, tenant.currency)
    _claims(agreement, products, customers, cast)
    _drops(partner, cast, tenant.currency)
    others = Partner.objects.visible_to(cast.manager).exclude(pk=partner.pk).order_by("number")
    _agree_with(others[0], products[:2], customers[2], cast, tenant.currency)


def _bought_most(
    partner: Partner, *, since: date, until: date, most: int = 3
) -> list[tuple[Product, Decimal]]:
    """Products of which the partner bought most in these days, each with a tenth of the quantity."""
    rows = SalesLine.objects.for_everyone(because="the demo's reports").filter(
        partner=partner, booking_date__gt=since, booking_date__lte=until
    )
    sums = rows.order_by().values_list("product").annotate(sum=Sum("quantity")).order_by("-sum", "product")
    found = {product: max(Decimal(1), quantity // 10) for product, quantity in sums[:most] if quantity >= 12}
    return [(Product.objects.get(pk=pk), unit) for pk, unit in found.items()]


def _agree(
    partner: Partner, products: list[Any], customer: EndCustomer, cast: Cast, currency: str
) -> Agreement:
    """In force for the first two products, with limits of which the claims take a part."""
    with clock.at(_ago(96)):
        agreement = create_agreement(
            partner=partner, number="SPA-1042", currency=currency, starts=cast.day(92), last_day=cast.day(-60),
            end_customer=customer, amount_limit=_money(products[:2], units=9), by=cast.manager,
            reason="Quote of the hotel project, agreed with the buyer",
        )  # fmt: skip
        for (product, unit), share in zip(products[:2], (Decimal("0.80"), Decimal("0.85")), strict=True):
            add_item(
                agreement=agreement, product=product, agreed_price=_price(product, share),
                quantity_limit=unit * 14, by=cast.manager,
            )  # fmt: skip
        submit_agreement(agreement=agreement, by=cast.manager)
    with clock.at(_ago(95)):
        return approve_agreement(agreement=agreement, by=cast.finance)


def _agree_with(
    partner: Partner, products: list[Any], customer: EndCustomer, cast: Cast, currency: str
) -> None:
    """Entered by the manager: whoever signs in for finance approves it."""
    with clock.at(_ago(2)):
        agreement = create_agreement(
            partner=partner, number="SPA-1057", currency=currency, starts=cast.day(-1), last_day=cast.day(-90),
            end_customer=customer, amount_limit=_money(products, units=5), by=cast.manager,
            reason="Tender of the new office, price as in the offer",
        )  # fmt: skip
        for product, unit in products:
            add_item(
                agreement=agreement, product=product, agreed_price=_price(product, Decimal("0.85")),
                quantity_limit=unit * 6, by=cast.manager,
            )  # fmt: skip
        submit_agreement(agreement=agreement, by=cast.manager)


def _claims(agreement: Agreement, products: list[Any], customers: list[EndCustomer], cast: Cast) -> None:
    """Four claims of the partner: paid, approved, in review with a refused line, and a draft."""
    first = _claim(agreement, FIRST, 78, products, customers, cast, returned=True)
    with clock.at(_ago(75)):
        approve_claim(claim=first, by=cast.controller)
    with clock.at(_ago(70)):
        # The partner’s account came later; a credit note needs none.
        pay_claim(
            claim=first, method=ClaimPayment.Method.CREDIT_NOTE, reference="CN-SPA-1042-1", by=cast.finance
        )
    second = _claim(agreement, SECOND, 60, products, customers, cast)
    with clock.at(_ago(52)):
        approve_claim(claim=second, by=cast.controller)
    _claim(agreement, THIRD, 3, products, customers, cast)
    _claim(agreement, LAST, 1, products, customers, cast, submit=False)


def _claim(
    agreement: Agreement, sales: tuple[tuple[int, int, int, int], ...], days: int, products: list[Any],
    customers: list[EndCustomer], cast: Cast, *, submit: bool = True, returned: bool = False,
) -> Claim:  # fmt: skip
    """Report the sales and claim them, so many days ago, all by the partner's administrator."""
    rows = [
        _sale(agreement.number, at, *sale, products, customers, cast)
        for at, sale in enumerate(sales, start=1)
    ]
    if returned:
        sold = rows[0]["line_number"]
        rows.append(rows[0] | {"line_number": f"{sold}-R", "quantity": -products[0][1], "reverses": sold})
    with clock.at(_ago(days)):
        bring_in("sell-through", rows, by=cast.admin)
        claim = draft_claim(
            agreement=agreement, starts=cast.day(sales[0][0]), last_day=cast.day(sales[-1][0]), by=cast.admin
        )
        return submit_claim(claim=claim, by=cast.admin) if submit else claim


def _sale(
    agreement: str, at: int, days: int, place: int, units: int, buyer: int, products: list[Any],
    customers: list[EndCustomer], cast: Cast,
) -> dict[str, Any]:  # fmt: skip
    product, unit = products[place]
    day = cast.day(days)
    return {
        "line_number": f"POS-{day:%y%m%d}-{at}", "day": day.isoformat(), "product_code": product.code,
        "quantity": unit * units, "customer_name": customers[buyer].name, "document": f"INV-{day:%y%m%d}",
        "agreement_number": agreement, "reverses": "",
    }  # fmt: skip


def _drops(partner: Partner, cast: Cast, currency: str) -> None:
    """A confirmed drop with the claim on it, and one that waits for whoever signs in for finance."""
    day = cast.day(STOCK_DAY)
    since = clock.days_after(day, -DROP_DAYS_BACK)
    bought = _bought_most(partner, since=since, until=clock.days_after(day, -1), most=1)
    other = Product.objects.filter(list_price__gt=10).exclude(pk__in=[one.pk for one, _unit in bought])
    _drop(other.order_by("code")[0], currency, 1, cast)
    if not bought:
        return
    (product, unit) = bought[0]
    drop = _drop(product, currency, STOCK_DAY, cast)
    stock = {"report": 1, "day": day.isoformat(), "product_code": product.code, "quantity": unit * 6}
    with clock.at(_ago(4)):
        drop = confirm_drop(drop=drop, by=cast.controller)
        bring_in("stock", [stock], by=cast.admin)
    with clock.at(_ago(2)):
        submit_claim(claim=draft_price_claim(drop=drop, partner=partner, by=cast.admin), by=cast.admin)


def _drop(product: Product, currency: str, days: int, cast: Cast) -> Any:
    with clock.at(_ago(days)):
        return enter_drop(
            product=product, currency=currency, day=cast.day(days), old_price=product.list_price,
            new_price=_price(product, Decimal("0.9")), days_back=DROP_DAYS_BACK, by=cast.manager,
        )  # fmt: skip


def _ago(days: int) -> datetime:
    return clock.now() - timedelta(days=days)


def _price(product: Product, share: Decimal) -> Decimal:
    return (product.list_price * share).quantize(Decimal("0.01"))


def _money(products: list[Any], *, units: int) -> Decimal:
    """A round limit: a fifth of the price of so many units of each product."""
    whole = sum((product.list_price * unit * units / 5 for product, unit in products), Decimal(0))
    return max(Decimal(100), (whole / 100).quantize(Decimal(1)) * 100)


kit.register_demo("claims", fill, order=60)
