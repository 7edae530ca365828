"""A small world for rebate tests: policies written as text, sales lines, a settlement in three words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orders.models import SalesLine
from prm.catalogue.models import Product
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.models import Result, SettlementRun, Version
from rebates.policy import read_document
from rebates.services import apply_programmes, approve_run, close_run, compute_run
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import SalesLineFactory

BY = Actor.job("tests")
T = [{"from": 0, "rate": "2%"}, {"from": 100_000, "rate": "3%"}, {"from": 250_000, "rate": "5%"}]


def policy(code: str = "core", kind: str = "marginal", **entries: Any) -> dict[str, Any]:
    """A monthly programme from January 2026 on; without more words the bands are T."""
    mechanism = entries.pop("mechanism", None) or {"kind": kind, "bands": entries.pop("bands", T)}
    made = {
        "code": code,
        "name": code.title(),
        "from": "2026-01-01",
        "currency": "CNY",
        "mechanism": mechanism,
    }
    return made | {key.rstrip("_"): value for key, value in entries.items()}


def apply(*policies: dict[str, Any]) -> list[Version]:
    texts = read_document({"schema": 1, "programmes": list(policies)})
    return [version for version, _outcome in apply_programmes(texts=texts, by=BY)]


def catalogue(*lines: str) -> None:
    """Product lines that policies may name, with one product each."""
    for line in lines:
        ProductFactory(code=f"{line}-1", product_line__code=line)


def sell(
    partner: Any, amount: Any, on: str = "2026-09-15", *, line: str = "routing", **more: Any
) -> SalesLine:
    """A sales line of `partner` (a Company of the cast, or a Partner)."""
    known = Product.objects.select_related("product_line").filter(code=f"{line}-1").first()
    product = known or ProductFactory(code=f"{line}-1", product_line__code=line)
    return SalesLineFactory(
        partner=getattr(partner, "row", partner),
        product=product,
        booking_date=date.fromisoformat(on),
        net_amount=Decimal(str(amount)),
        quantity=Decimal(str(more.pop("quantity", -1 if Decimal(str(amount)) < 0 else 1))),
        **more,
    )


def settle(period: str, *, close: bool = True, chunk: int = 20_000) -> SettlementRun:
    run = compute_run(period=Period.parse(period), by=BY, chunk=chunk)
    if close:
        run = close_run(run=approve_run(run=run, by=BY), by=BY)
    return run


def results(run: SettlementRun) -> list[Result]:
    return list(Result.objects.for_everyone(because="a test").for_review(run))


def only(run: SettlementRun) -> Result:
    found = results(run)
    assert len(found) == 1, found
    return found[0]


def adjustments(run: SettlementRun) -> list[Result]:
    return [result for result in results(run) if result.kind == "adjusted"]


def days_after(day: str, count: int) -> date:
    return date.fromisoformat(day) + timedelta(days=count)


def posted(run: SettlementRun) -> dict[tuple[str, int, date], Fraction]:
    """What a settlement posted, by programme, partner and the day after the period."""
    rows = Result.objects.for_everyone(because="a test").filter(run=run).select_related("programme")
    return {(row.programme.code, row.partner_id, row.ends): Fraction(row.amount) for row in rows}
