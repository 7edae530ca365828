"""The main lists over many rows, against the same lists over a handful.

    .venv/bin/python -m benchmarks.pages [--rows 100000] [--requests 60]

Each list is asked for by a partner and by a channel manager: first page, an older page, a filter, a search, a sort.
Prints requests a second, p95 and the number of queries with many rows, and the ratio of the medians to those with
100 rows, measured in the same run. Aim: every p95 at most 100 ms, and the same number of queries.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from datetime import timedelta
from typing import Any

from benchmarks.database import enter, own_database

AIM_MS = 100
LISTS = {
    "partner": ["/deals/", "/orders/", "/statements/", "/catalogue/"],
    "manager": ["/deals/", "/orders/", "/sales/", "/partners/", "/customers/", "/statements/"],
}
WAYS = ["", "?q=Company+77", "?view=all", "?q=2611"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=60)
    options = parser.parse_args()
    with own_database():
        return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    from django.conf import settings

    from prm.config.collecting import collect_rarely

    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.LOGGING_CONFIG = None
    import logging

    logging.disable(logging.CRITICAL)
    found: dict[tuple[str, str], list[tuple[float, float, int]]] = {}
    for slug, rows in (("beta", 100), ("alpha", options.rows)):
        enter(slug)
        people = _fill(rows)
        collect_rarely()  # as a web process does at its start
        for role, addresses in LISTS.items():
            for address in addresses:
                for way in WAYS:
                    found.setdefault((role, address + way), []).append(
                        _ask(slug, people[role], address + way, options.requests)
                    )
    print(
        f"{options.rows:,} registrations, orders and sales lines against 100 of each, {options.requests} requests each"
    )
    print(f"{'':10}{'list':34}{'requests/s':>11}{'p95 ms':>9}{'queries':>9}{'ratio':>8}")
    slow = 0
    for (role, address), (few, many) in found.items():
        late = many[1] > AIM_MS or many[2] > few[2]
        slow += late
        print(
            f"{role:10}{address:34}{1000 / many[0]:11.0f}{many[1]:9.1f}{many[2]:9}{many[0] / few[0]:8.2f}"
            f"{'  over the aim' if late else ''}"
        )
    print(f"{slow} of {len(found)} over the aim of {AIM_MS} ms at p95 with a fixed number of queries")
    return 1 if slow else 0


def _ask(slug: str, user: Any, address: str, count: int) -> tuple[float, float, int]:
    """Median and p95 in milliseconds, and the number of queries, of `count` requests for a page."""
    from django.db import connection
    from django.test import Client

    client = Client(HTTP_HOST=f"{slug}.localhost")
    client.force_login(user)
    queries: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    client.get(address)  # what the first request of a process and of a person reads once more
    with connection.execute_wrapper(note):
        answer = client.get(address)
    if answer.status_code != 200:
        sys.exit(f"{address} answered {answer.status_code}")
    older = re.search(rb'href="([^"]*after=[^"]*)"', answer.content)
    targets = [address, older[1].decode().replace("&amp;", "&")] if older else [address]
    targets = [
        target if target.startswith("/") else address.split("?", maxsplit=1)[0] + target for target in targets
    ]
    times = []
    for number in range(count):
        began = time.perf_counter()
        client.get(targets[number % len(targets)])
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.95)], len(queries)


def _fill(rows: int) -> dict[str, Any]:
    """Rows straight into the tables of the current tenant: what is measured is reading."""
    from django.db import connection

    from partners.models import Partner
    from prm.customers.bulk import import_customers
    from prm.customers.models import EndCustomer
    from prm.values.actor import Actor
    from tests.cast import Company
    from tests.factories.people import UserFactory

    acme, manager = Company("ACME Networks", tier="gold"), UserFactory(manager=True)
    others = max(20, rows // 500)
    Partner.objects.bulk_create(Partner(number=f"Q-{n}", name=f"Partner {n}") for n in range(others))
    import_customers(
        rows=({"number": f"EC-{n}", "name": f"Company {n}"} for n in range(rows)),
        by=Actor.command("benchmark"),
    )
    everyone = Partner.objects.for_everyone(because="a benchmark").exclude(pk=acme.row.pk)
    ids = list(everyone.values_list("pk", flat=True))
    owners = [acme.row.pk if n % 10 == 0 else ids[n % len(ids)] for n in range(rows)]
    customers = list(EndCustomer.objects.order_by("pk").values_list("pk", flat=True))
    for model, made in _records(owners, customers):
        model.objects.bulk_create(made, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"partner": acme.sales_user, "manager": manager}


def _records(owners: list[int], customers: list[int]) -> Any:
    """Registrations, orders and sales lines, a tenth of them of one partner."""
    from dealreg.models import DealRegistration
    from orders.models import Order, SalesLine
    from prm.values import clock
    from tests.factories.catalogue import ProductFactory
    from tests.factories.dealreg import registration_type

    kind, product = registration_type(), ProductFactory(code="MR-1", product_line__code="routing")
    today, now = clock.today(), clock.now()
    yield (
        DealRegistration,
        (
            DealRegistration(
                number=f"DR-2611-{n}", partner_id=owner, type=kind, customer_name=f"Company {n}", currency="CNY",
                end_customer_id=customers[n], estimated_value=1000 + n, expected_close=today + timedelta(days=n % 90),
                state=("in_review", "approved", "won", "rejected", "expired")[n % 5], verdict="clear",
                submitted_at=now - timedelta(minutes=n),
            )
            for n, owner in enumerate(owners)
        ),
    )  # fmt: skip
    yield (
        Order,
        (
            Order(
                number=f"SO-2611-{n}", partner_id=owner, currency="CNY", net_total=n, submitted_at=now,
                state=("submitted", "approved", "confirmed", "shipped", "closed")[n % 5],
            )
            for n, owner in enumerate(owners)
        ),
    )  # fmt: skip
    yield (
        SalesLine,
        (
            SalesLine(
                line_number=f"L-{n}", partner_id=owner, product=product, product_line_id=product.product_line_id,
                booking_date=today - timedelta(days=n % 180), quantity=1, net_amount=n % 997, currency="CNY",
                source="import", document=f"D-{n // 7}",
            )
            for n, owner in enumerate(owners)
        ),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
