"""A small world for claims: an agreement that two people agreed on, goods that were bought, and reported sales."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from claims.models import Agreement, Claim, ClaimLine, SellThroughLine, StockLine
from claims.services import (
    add_item,
    approve_agreement,
    create_agreement,
    draft_claim,
    new_version,
    remove_item,
    submit_agreement,
    submit_claim,
)
from prm.customers.models import EndCustomer
from prm.values import clock
from prm.values.actor import Actor
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import SalesLineFactory

BY = Actor.job("tests")
STARTS, LAST = date(2026, 9, 1), date(2026, 9, 30)
EVERYONE = "a test"


def product(code: str = "RT-100", price: Any = 100) -> Any:
    return ProductFactory(code=code, list_price=Decimal(price))


def agreed(
    company: Any, *, by: Any = BY, approved_by: Any = BY, price: Any = 80, limit: Any = None, money: Any = None,
    customer: Any = None, starts: date = STARTS, last_day: date = LAST, number: str = "SP-1", stated: Any = None,
    reason: str = "",
) -> Agreement:  # fmt: skip
    """RT-100 at 80 instead of its list price of 100 in September 2026, unless said otherwise."""
    agreement = create_agreement(
        partner=company.row, currency="CNY", starts=starts, last_day=last_day, number=number, end_customer=customer,
        amount_limit=money and Decimal(money), reason=reason, by=by,
    )  # fmt: skip
    add_item(
        agreement=agreement, product=product(), agreed_price=Decimal(price), quantity_limit=limit and Decimal(limit),
        basis="stated" if stated else "list", basis_price=stated and Decimal(stated), by=by,
    )  # fmt: skip
    return approve_agreement(agreement=submit_agreement(agreement=agreement, by=by), by=approved_by)


def bought(company: Any, quantity: Any, on: str = "2026-08-20", **more: Any) -> None:
    SalesLineFactory(
        partner=company.row, product=product(), quantity=Decimal(quantity), booking_date=date.fromisoformat(on),
        net_amount=Decimal(quantity) * 100, **more,
    )  # fmt: skip


def sold(company: Any, quantity: Any, on: str = "2026-09-10", **more: Any) -> SellThroughLine:
    """A reported sale under SP-1, unless said otherwise."""
    more.setdefault("agreement_number", "SP-1")
    more.setdefault("product", product())
    count = SellThroughLine.objects.for_everyone(because=EVERYONE).count()
    return SellThroughLine.objects.create(
        partner=company.row, day=date.fromisoformat(on), quantity=Decimal(quantity),
        line_number=more.pop("line_number", f"POS-{count + 1}"), recorded_by="tests", **more,
    )  # fmt: skip


def in_stock(company: Any, quantity: Any, on: str) -> StockLine:
    return StockLine.objects.create(
        partner=company.row, product=product(), day=date.fromisoformat(on), quantity=Decimal(quantity),
        recorded_by="tests",
    )  # fmt: skip


def superseded(agreement: Agreement, *, without: Any, within: Any) -> Agreement:
    """From today on a new version, with one product instead of another."""
    made = new_version(
        agreement=agreement, starts=clock.today(), last_day=agreement.last_day, reason="Renewed", by=BY
    )
    for item in made.items.filter(product=without):
        remove_item(item=item, by=BY)
    add_item(agreement=made, product=within, agreed_price=Decimal(70), by=BY)
    return approve_agreement(agreement=submit_agreement(agreement=made, by=BY), by=BY)


def claimed(
    agreement: Agreement, *, by: Any = BY, submit: bool = True, starts: date = STARTS, last_day: date = LAST
) -> Claim:
    claim = draft_claim(agreement=agreement, starts=starts, last_day=last_day, by=by)
    return submit_claim(claim=claim, by=by) if submit else claim


def lines(claim: Claim) -> list[ClaimLine]:
    return list(ClaimLine.objects.for_everyone(because=EVERYONE).filter(claim=claim).for_page())


def said_of(claim: Claim) -> list[tuple[str, Decimal, list[str]]]:
    """Of each line: verdict, accepted amount, reasons."""
    return [(line.verdict, line.amount, [one["code"] for one in line.findings]) for line in lines(claim)]


def again(row: Any) -> Any:
    return type(row).objects.for_everyone(because=EVERYONE).get(pk=row.pk)


def customer(name: str = "Meridian Mills Ltd") -> EndCustomer:
    from prm.customers.services import create_customer

    return create_customer(name=name, by=BY)


def of_rival(company: Any, customer_name: str) -> Claim:
    agreement = agreed(company, number="SP-UNSEEN")
    bought(company, 100)
    sold(company, 7, agreement_number="SP-UNSEEN", customer_name=customer_name)
    return claimed(agreement)


def agreement_of(claim: Claim) -> Agreement:
    return Agreement.objects.for_everyone(because=EVERYONE).get(number=claim.agreement_number)
