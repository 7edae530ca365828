"""The inbox and a decision with many running approvals, against the same with a hundred.

    .venv/bin/python -m benchmarks.approvals [--runs 10000] [--requests 60]

All of them wait for one person, which is the worst case. Prints p95 and queries of the inbox, of one record and of a
decision (the service, from lock to commit), and the ratio of the medians to those with 100 runs in the same process.
Aim: the inbox within 100 ms at p95, a decision within 50 ms.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

from benchmarks.database import enter, own_database
from benchmarks.pages import _ask

INBOX_MS, DECISION_MS, FEW = 100, 50, 100


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=60)
    options = parser.parse_args()
    with own_database():
        return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    import logging

    from django.conf import settings

    from prm.config.collecting import collect_rarely

    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    logging.disable(logging.CRITICAL)
    found: dict[str, list[tuple[float, float, int]]] = {}
    for slug, runs in (("beta", FEW), ("alpha", options.runs)):
        enter(slug)
        manager, task = _fill(runs)
        collect_rarely()  # as a web process does at its start
        for address in ("/inbox/", f"/inbox/decisions/{task}/", "/deals/?view=decide"):
            name = "one record" if "decisions" in address else address
            found.setdefault(name, []).append(_ask(slug, manager, address, options.requests))
        found.setdefault("a decision", []).append(_decide(manager, min(options.requests, FEW // 2)))
    print(f"{options.runs:,} running approvals of one person against {FEW}, {options.requests} of each")
    print(f"{'':24}{'p95 ms':>9}{'queries':>9}{'ratio':>8}")
    slow = 0
    for name, (few, many) in found.items():
        late = many[1] > (DECISION_MS if name == "a decision" else INBOX_MS)
        slow += late
        print(f"{name:24}{many[1]:9.1f}{many[2]:9}{many[0] / few[0]:8.2f}{'  over the aim' if late else ''}")
    return 1 if slow else 0


def _fill(count: int) -> tuple[Any, int]:
    """Registrations in review with a run each, straight into the tables: what is measured is reading and deciding."""
    from django.db import connection

    from dealreg.models import DealRegistration, RegistrationLine
    from prm.approvals.engine import published
    from prm.approvals.models import ApprovalRun, Decision, Task
    from prm.customers.bulk import import_customers
    from prm.customers.models import EndCustomer
    from prm.values import clock
    from prm.values.actor import Actor
    from tests.cast import Company
    from tests.factories.dealreg import line, registration_type
    from tests.factories.people import UserFactory

    acme, manager, version = Company("ACME Networks"), UserFactory(manager=True), published("deal")
    kind, now, routing = registration_type(), clock.now(), line()
    names = ({"number": f"EC-{n}", "name": f"Company {n}"} for n in range(count))
    import_customers(rows=names, by=Actor.command("benchmark"))
    customers = list(EndCustomer.objects.order_by("pk").values_list("pk", flat=True))
    deals = DealRegistration.objects.bulk_create(
        [
            DealRegistration(
                number=f"DR-{n}", partner=acme.row, type=kind, customer_name=f"Company {n}", currency="CNY",
                end_customer_id=customers[n], estimated_value=1000 + n, expected_close=clock.today(),
                state="in_review", verdict="clear", submitted_at=now, waiting_since=now,
                created_by=acme.sales_user, submitted_by=acme.sales_user,
            )
            for n in range(count)
        ]
    )  # fmt: skip
    RegistrationLine.objects.bulk_create(
        [RegistrationLine(registration=deal, product_line=routing) for deal in deals]
    )
    runs = ApprovalRun.objects.bulk_create(
        [
            ApprovalRun(
                version=version, subject="deal", object_id=deal.pk, partner_id=acme.row.pk, length=2,
                title=deal.customer_name, submitter=acme.sales_user,
            )
            for deal in deals
        ]
    )  # fmt: skip
    opened = {"mode": "one", "quorum": 1, "people": [[manager.pk, None]]}
    for number, fact in enumerate(
        [{"kind": "started"}, {"kind": "opened", "step": "manager", "passage": 1}], 1
    ):
        says = opened if fact["kind"] == "opened" else {"version": 1}
        Decision.objects.bulk_create(
            [Decision(run=run, number=number, who="x", says=says, **fact) for run in runs]
        )
    tasks = Task.objects.bulk_create(
        [Task(run=run, step="manager", passage=1, user=manager, due=now, nonce="x") for run in runs]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return manager, tasks[-1].pk


def _decide(manager: Any, count: int) -> tuple[float, float, int]:
    """Median and p95 in milliseconds, and the queries, of approving: engine, protection, audit and events."""
    from django.db import connection

    from prm.approvals import services
    from prm.approvals.models import Task
    from tests.factories.people import actor

    by, times, queries = actor(manager), [], []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    for task in Task.objects.open().filter(user=manager).select_related("run").order_by("pk")[:count]:
        queries.clear()
        with connection.execute_wrapper(note):
            began = time.perf_counter()
            services.approve(task=task, by=by)
            times.append(1000 * (time.perf_counter() - began))
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.95)], len(queries)


if __name__ == "__main__":
    sys.exit(main())
