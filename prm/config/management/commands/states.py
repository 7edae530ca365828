"""`manage.py states`: print the tables of transitions into docs/reference/states.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from prm.config import states


class Command(BaseCommand):
    help = "Print each state machine's table of transitions into docs/reference/states.md."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        states.PAGE.parent.mkdir(parents=True, exist_ok=True)
        states.PAGE.write_text(states.page(), encoding="utf-8")
        self.stdout.write(f"{states.PAGE.relative_to(states.PAGE.parents[2])} is written.")
