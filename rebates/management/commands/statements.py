"""What each partner is owed and why, as data: `manage.py statements TENANT PERIOD --format json|csv`."""

from __future__ import annotations

import csv
import json
from typing import Any

from django.core.management.base import CommandParser

from prm.tenancy.commands import TenantCommand, UsageError
from prm.tenancy.models import Tenant
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.statements import COLUMNS, statement_rows


class Command(TenantCommand):
    help = "Print a row for every partner and programme of a period; nothing else goes to standard output."

    def add_more_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("period", metavar="PERIOD", help="2026-09, 2026-Q3 or 2026")
        parser.add_argument("--format", choices=["json", "csv"], default="csv")

    def handle_tenant(self, tenant: Tenant, **options: Any) -> None:
        try:
            period = Period.parse(options["period"])
        except ValueError as problem:
            raise UsageError(str(problem)) from problem
        rows = statement_rows(period=period, by=Actor.command("statements"))
        if not rows:
            own = (
                " A quarter or a year shows only programmes of its own length."
                if period.length != "month"
                else ""
            )
            self.stderr.write(f"Nothing is accrued, settled or owed for {period}.{own}")
        if options["format"] == "json":
            self.stdout.write(
                json.dumps([{name: row[name] for name in COLUMNS} for row in rows], ensure_ascii=False)
            )
            return
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([row[name] for name in COLUMNS] for row in rows)
