"""A tenant's configuration as text: `manage.py config export TENANT`, `config apply TENANT FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from prm.configuration import registry, services, text
from prm.configuration.errors import ConfigurationProblem
from prm.tenancy.commands import BadRows, TenantCommand, UsageError
from prm.values.actor import Actor


class Command(TenantCommand):
    help = (
        "export: write the tenant's configuration as YAML. apply: make it what FILE says, all or nothing; again changes"
        " nothing; --dry-run only shows what would change. schema: print the JSON Schema (of any tenant)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["export", "apply", "schema"])
        parser.add_argument("tenant", metavar="TENANT", nargs="?", default="", help="the tenant's slug")
        parser.add_argument(
            "file", metavar="FILE", nargs="?", default="", help="to apply; - for standard input"
        )
        parser.add_argument("--out", type=Path, metavar="FILE", help="where export writes; by default, here")
        parser.add_argument("--drafts", action="store_true", help="export what is not published yet as well")
        parser.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, action: str, tenant: str, **options: Any) -> Any:
        if action == "schema":
            self.stdout.write(json.dumps(text.schema(), indent=2, ensure_ascii=False))
            return None
        if not tenant:
            raise UsageError("Name the tenant: config export TENANT")
        return super().handle(*args, tenant=tenant, action=action, **options)

    def handle_tenant(self, tenant: Any, *, action: str, **options: Any) -> None:
        if action == "export":
            self._export(options["out"], options["drafts"])
        else:
            self._apply(options["file"], options["dry_run"], options["json"])

    def _export(self, out: Path | None, drafts: bool) -> None:
        written = services.export_text(drafts=drafts, by=Actor.command("config export"))
        if not drafts and (waiting := registry.unpublished()):
            # Beside the file and not in it: the same configuration is the same bytes in every tenant.
            self.stderr.write(
                f"not in it, because unpublished (--drafts takes them along): {', '.join(waiting)}"
            )
        if out is None:
            self.stdout.write(written, ending="")
            return
        try:
            out.write_text(written, encoding="utf-8")
        except OSError as problem:
            raise UsageError(f"{out} cannot be written: {problem}") from problem

    def _apply(self, file: str, dry_run: bool, as_json: bool) -> None:
        if not file:
            raise UsageError("Name the file: config apply TENANT FILE")
        try:
            source = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            raise UsageError(f"{file} cannot be read: {problem}") from problem
        by = Actor.command("config apply")
        try:
            found = services.plan(source=source, by=by) if dry_run else services.apply(source=source, by=by)
        except ConfigurationProblem as problem:
            if as_json:
                self.stdout.write(json.dumps({"problems": problem.problems}, ensure_ascii=False))
            raise BadRows("\n".join(problem.problems)) from problem
        if as_json:
            differences = [one.as_json() for one in found]
            told = {"applied": not dry_run, "differences": differences, "notes": found.notes}
            told |= {"effects": found.effects} if dry_run else {}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for one in found:
            self.stdout.write(one.line)
        for line in found.effects:
            self.stdout.write(f"= {line}")
        for line in found.notes:
            self.stdout.write(f"! {line}")
        verb = "would change" if dry_run else "changed"
        self.stdout.write(f"{len(found)} {verb}" if found else "nothing to change")
