"""The demo's catalogue and end customers, brought in by the product's own imports."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prm.catalogue.models import ProductLine
from prm.catalogue.services import save_product_line
from prm.outbox.models import OutboxEvent
from prm.spreadsheets.whole import import_file
from prm.starter import dataset, kit, outside, rates
from prm.values import clock
from prm.values.actor import Actor

# How many units of a currency a pound of the source becomes: round, so that figures stay readable.
FACTORS = {"CNY": Decimal(10), "GBP": Decimal(1), "EUR": Decimal(1), "USD": Decimal("1.4")}
CUSTOMERS = {"full": 690, "small": 120}
STILL_TO_TELL = 12


def fill(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """Product lines, products and end customers."""
    by = Actor.command("demo")
    say("catalogue and end customers")
    for code, (name, name_zh) in dataset.PRODUCT_LINES.items():
        line = ProductLine.objects.filter(code=code).first()
        save_product_line(code=code, name=name, name_zh=name_zh, line=line, by=by)
    factor = FACTORS[tenant.currency]
    bring_in("products", (_product(row, factor) for row in dataset.products()), by=by)
    customers = list(dataset.customers())[: CUSTOMERS[size]]
    bring_in("customers", (_customer(number, row) for number, row in enumerate(customers)), by=by)


def bring_in(kind: str, rows: Iterable[dict[str, Any]], *, by: Actor) -> int:
    """Import `rows` as a file of `kind`. Returns how many there were; a bad row is a mistake of ours and raises."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = None
            for row in rows:
                if writer is None:
                    writer = csv.DictWriter(file, list(row))
                    writer.writeheader()
                writer.writerow(row)
        upload = import_file(kind=kind, path=path, by=by)
    bad = upload.rows.filter(verdict="bad").first()
    if bad is not None:
        raise RuntimeError(f"demo {kind}, row {bad.number}: {bad.problems}")
    return upload.total


def _product(row: dict[str, str], factor: Decimal) -> dict[str, Any]:
    return {
        "product_code": row["product_code"],
        "name": row["name"],
        "product_line": row["product_line"],
        "list_price": Decimal(row["list_price"]) * factor,
        "tax_rate": "0.13" if factor == 10 else "0.19",
    }


def _customer(number: int, row: dict[str, str]) -> dict[str, Any]:
    country = {"United States": "US", "United Kingdom": "GB"}.get(row["country"], row["country"])
    return {
        "customer_number": f"EC-{10001 + number}",
        "name": row["name"],
        "region": row["region"],
        "country": country if len(country) == 2 else "",
        "direct_only": "yes" if number in (17, 61) else "no",
        "named_account": "yes" if number in (5, 17, 61, 88) else "no",
    }


def calm(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """What happened in the past months was told long ago: only the newest events are left for the worker to deliver."""
    newest = OutboxEvent.objects.order_by("-id").values_list("pk", flat=True)[:STILL_TO_TELL]
    OutboxEvent.objects.filter(delivered_at=None).exclude(pk__in=list(newest)).update(
        delivered_at=clock.now()
    )


kit.register_demo("catalogue", fill, order=5)
kit.register_demo("exchange", rates.fill, order=45)
kit.register_demo("outside", outside.fill, order=85)
kit.register_demo("notices", calm, order=90)
