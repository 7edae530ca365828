from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from prm.tenancy.commands import REFUSED, ProductCommand
from prm.tenancy.deploy import StrayTables, migrate_all


class Command(ProductCommand):
    """Shared tables, the template, then each tenant. Can be stopped and started again; quick when all is done."""

    help = "Bring the shared tables, the template and every tenant to this release's migrations."

    def handle(self, **options: Any) -> None:
        try:
            failed = migrate_all(lambda text: self.stdout.write(text))
        except StrayTables as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        if failed:
            raise CommandError(f"not migrated: {', '.join(failed)}; start the command again", returncode=1)
