"""What would one more order pay? Computed by the settlement's own SQL over a sales line that is taken back at once.

Guarantee: exact for every mechanism, and for programmes that are settled together; nothing is stored. The line is
written and thrown away within one transaction, so that nobody ever reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from orders.models import SalesLine
from orders.pricing import line_amount, price_for
from partners.models import Partner
from prm.access.rules import require
from prm.catalogue.models import Product, ProductLine
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import arithmetic
from rebates.accruals import Accrual, accruals
from rebates.credited import is_credited
from rebates.errors import NoSuchProduct, NothingToSell, ProductOrAmountNeeded
from rebates.group_words import tells_own_only
from rebates.mechanisms import named_products
from rebates.models import Programme, Version
from rebates.next_step import gap_in_words

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Effect:
    """A programme's open period without the order and with it."""

    programme: Programme
    period: Period
    currency: str
    before: Decimal
    after: Decimal
    accrual: Accrual | None  # with the order
    to_next_band: Decimal | None

    @property
    def gap(self) -> str:
        """What is missing to the next band, in words; empty where nothing is."""
        policy = self.accrual.version.policy if self.accrual else None
        return gap_in_words(policy, self.to_next_band) if policy else ""

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class WhatIf:
    """The order that was tried, and what it would change."""

    what: Product | ProductLine  # as it was asked for
    quantity: Decimal
    amount: Decimal
    currency: str
    effects: list[Effect]

    @property
    def totals(self) -> dict[str, Decimal]:
        """What it would pay more, by currency."""
        found: dict[str, Decimal] = {}
        for effect in self.effects:
            found[effect.currency] = found.get(effect.currency, ZERO) + effect.difference
        return found


def what_if(
    *, partner: Partner, product_line: ProductLine, product: str, quantity: Decimal,
    amount: Decimal | None, currency: str, by: Actor,
) -> WhatIf:  # fmt: skip
    """Try an order booked today. `product` is a code, or "" for any product of the line that no policy needs by name;
    without `amount` it is the partner's price of the product × quantity, in the price's currency.
    """
    require(by, "rebates.view")
    if not product and amount is None:
        raise ProductOrAmountNeeded  # prices differ within a line: none of them is the one that was meant
    sold = _product(product_line, product)
    if amount is None:
        price = price_for(sold, partner, clock.today())
        amount, currency = line_amount(quantity, price.unit_price, price.currency), price.currency
    with transaction.atomic():
        before = _by_period(accruals(by=by, partners=[partner.pk]))
        SalesLine.objects.for_everyone(because="a line that nobody reads").create(
            line_number=f"what-if-{clock.now().timestamp()}-{partner.pk}", partner=partner, product=sold,
            product_line=sold.product_line, booking_date=clock.today(),
            order_date=clock.today(), quantity=quantity, net_amount=amount,
            currency=currency, source=SalesLine.Source.IMPORT, document="what-if",
        )  # fmt: skip
        after = _by_period(accruals(by=by, partners=[partner.pk]))
        transaction.set_rollback(True)
    return WhatIf(sold if product else product_line, quantity, amount, currency, _effects(before, after))


def products_on_sale(most: int) -> list[Product]:
    """The first products by code that an order may be tried with."""
    return list(_on_sale().order_by("code")[:most])


def _on_sale() -> QuerySet[Product]:
    return Product.objects.filter(is_active=True).select_related("product_line")


def _product(line: ProductLine, code: str) -> Product:
    goods = _on_sale().filter(product_line=line)
    if not code:
        policies = Version.objects.published().values_list("policy", flat=True)
        named = {one for policy in policies for one in named_products(policy)}
        found = goods.exclude(code__in=named).order_by("code").first() or goods.order_by("code").first()
        if found is None:
            raise NothingToSell(line=line)
        return found
    found = goods.filter(code__iexact=code.strip()).first()
    if found is None:
        raise NoSuchProduct(code=code, line=line)
    return found


def _by_period(found: list[Accrual]) -> dict[tuple[int, Period], Accrual]:
    return {(one.programme.pk, one.period): one for one in found}


def _effects(
    before: dict[tuple[int, Period], Accrual], after: dict[tuple[int, Period], Accrual]
) -> list[Effect]:
    """Of the periods that run today; the largest effect first. None of what hangs on sums that are not told."""
    today, effects = clock.today(), []
    for key, now in after.items():
        if today not in now.period or is_credited(now.version.policy):
            continue  # what a partner buys is nothing that it is credited with
        was = before.get(key)
        if any(one is not None and tells_own_only(one) for one in (was, now)):
            continue  # two figures around an order of one's own would tell the others' sums
        effects.append(
            Effect(
                now.programme, now.period, now.currency, was.amount if was else ZERO, now.amount, now,
                arithmetic.to_next_band(now.version.policy, arithmetic.Figures.of(now)),
            )
        )  # fmt: skip
    return sorted(effects, key=lambda effect: (-effect.difference, effect.programme.code))
