"""The sealed audit trail at a terminal: `manage.py audit verify TENANT` and `audit chain TENANT`."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from prm.sealing.canonical import row_bytes
from prm.sealing.chain import chain
from prm.sealing.errors import HeadUnreadable
from prm.sealing.verify import Outcome, verify
from prm.tenancy.commands import REFUSED, TenantCommand, UsageError


class Command(TenantCommand):
    help = (
        "verify: say whether the tenant's audit trail agrees with its seals (exit 0), or from where it differs"
        " (exit 3). chain: write every batch with its rows as lines of JSON, for somebody else's verification."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["verify", "chain"])
        super().add_arguments(parser)

    def add_more_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", action="append", default=[], metavar="HEX",
            help="a head that went out, NUMBER:HEX or HEX; may be given several times",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true")

    def handle_tenant(self, tenant: Any, *, action: str, head: list[str], **options: Any) -> None:
        if action == "chain":
            for seal, rows in chain():
                line = {"number": seal.number, "previous": seal.previous, "hash": seal.hash, "at": seal.at}
                listed = [{"id": row["id"], "bytes": row_bytes(row).decode()} for row in rows]
                self.stdout.write(json.dumps({**line, "rows": listed}, default=_moment, ensure_ascii=False))
            return
        try:
            outcome = verify(heads=head)
        except HeadUnreadable as problem:
            raise UsageError(problem.text) from problem
        self._say(outcome, options["json"])
        if not outcome.good:
            raise CommandError(f"the audit trail of {tenant.slug} differs from its seals", returncode=REFUSED)

    def _say(self, outcome: Outcome, as_json: bool) -> None:
        if as_json:
            told = {
                "good": outcome.good,
                "batches": outcome.batches,
                "rows": outcome.rows,
                "waiting": outcome.waiting,
                "head": outcome.head,
                "heads": [one.as_json() for one in outcome.heads],
                "differences": [one.as_json() for one in outcome.differences],
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.stdout.write(
            f"{outcome.rows} rows in {outcome.batches} batches, {outcome.waiting} waiting; head {outcome.head or '-'}"
        )
        for known in outcome.heads:
            self.stdout.write(known.text)
        for difference in outcome.differences:
            self.stdout.write(difference.text)
        if outcome.good:
            self.stdout.write("good: every row is as it was sealed")


def _moment(value: Any) -> str:
    from prm.sealing.canonical import moment

    return moment(value)
