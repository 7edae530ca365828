"""Rebate programmes as text: `manage.py programmes apply TENANT FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django_tenants.utils import tenant_context

from prm.tenancy.commands import BadRows, ProductCommand, UsageError, refuse_when_off
from prm.tenancy.errors import TenantNotFound
from prm.tenancy.services import tenant_by_slug
from prm.values.actor import Actor
from rebates.policy import PolicyProblem, read_yaml
from rebates.services.programmes import apply_programmes


class Command(ProductCommand):
    help = (
        "Apply rebate programmes from a YAML file that begins `schema: 1`. Applying it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["apply"])
        parser.add_argument("tenant", metavar="TENANT", help="the tenant's slug")
        parser.add_argument("file", metavar="FILE", help="the YAML file, or - for standard input")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, tenant: str, file: str, **options: Any) -> None:
        try:
            found = tenant_by_slug(tenant)
            text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
        except TenantNotFound as error:
            raise UsageError(error.text) from error
        except (OSError, UnicodeDecodeError) as problem:
            raise UsageError(f"{file} cannot be read: {problem}") from problem
        with tenant_context(found):
            refuse_when_off(self)
            self._apply(text, options["json"])

    def _apply(self, text: str, as_json: bool) -> None:
        """Read, check, apply all or nothing, say what happened to each."""
        try:
            applied = apply_programmes(texts=read_yaml(text), by=Actor.command("programmes apply"))
        except PolicyProblem as problem:
            raise BadRows("\n".join(problem.problems)) from problem
        rows = [
            {
                "programme": version.programme.code,
                "version": version.number,
                "from": version.starts.isoformat(),
                "outcome": outcome,
            }
            for version, outcome in applied
        ]
        if as_json:
            self.stdout.write(json.dumps({"programmes": rows}))
            return
        for row in rows:
            self.stdout.write(
                f"{row['programme']} version {row['version']} from {row['from']}: {row['outcome']}"
            )
