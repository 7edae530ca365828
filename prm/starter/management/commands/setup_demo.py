from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import connection, transaction
from django.utils.module_loading import autodiscover_modules
from django_tenants.utils import tenant_context

from prm.tenancy.commands import ProductCommand
from prm.tenancy.deploy import migrate_all
from prm.tenancy.models import Operator, Tenant
from prm.tenancy.provisioning import create_tenant
from prm.values.actor import Actor

DEMO_OPERATOR = "operator@demo.example"
# slug, name, language, zone, currency, colour, how much data
TENANTS = (
    ("demo", "Lianhe Home 联和家居", "zh-hans", "Asia/Shanghai", "CNY", "#3150c8", "full"),
    ("demo2", "Nordlys Trading", "en", "Europe/Berlin", "EUR", "#0f766e", "small"),
)


class Command(ProductCommand):
    """Used by bin/demo at each start: migrations, template, the demo's operator and tenants, and their data."""

    help = "Set up or bring up to date the demo's database. What is there already is left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-data", action="store_true", help="one empty tenant instead of two filled ones"
        )

    def handle(self, *, no_data: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("setup_demo is for demo mode (PRM_DEMO=1) only.", returncode=3)
        connection.set_schema_to_public()
        failed = migrate_all(self.say)
        if failed:
            raise CommandError(f"not migrated: {', '.join(failed)}", returncode=1)
        if not Operator.objects.filter(email=DEMO_OPERATOR).exists():
            # No password and no second factor: only the button of demo mode opens this account.
            Operator.objects.create(email=DEMO_OPERATOR, name="Demo operator", password="!")
        for slug, name, language, zone, currency, accent, size in TENANTS[: 1 if no_data else None]:
            if Tenant.objects.filter(slug=slug).exclude(state=Tenant.State.FILLING).exists():
                continue
            drop_half_filled(slug)
            began = time.monotonic()
            tenant = create_tenant(
                slug=slug, name=name, language=language, currency=currency, time_zone=zone, accent=accent,
                contact_email=f"administrator@{slug}.example", by=Actor.command("setup_demo"),
            )  # fmt: skip
            self.say(f"tenant {slug} made in {time.monotonic() - began:.1f} s")
            if not no_data:
                self.fill(tenant, size)

    def fill(self, tenant: Tenant, size: str) -> None:
        from prm.starter import kit

        autodiscover_modules("demo")
        Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.State.FILLING)
        with tenant_context(tenant):
            for filler in kit.demo_fillers():
                began = time.monotonic()
                filler.function(tenant=tenant, size=size, say=self.say)
                self.say(f"{tenant.slug}: {filler.name} in {time.monotonic() - began:.1f} s")
        Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.State.ACTIVE)

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def drop_half_filled(slug: str) -> None:
    """Throw away what a filling left that was stopped half-way."""
    for tenant in Tenant.objects.filter(slug=slug, state=Tenant.State.FILLING):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {connection.ops.quote_name(tenant.schema_name)} CASCADE")
            tenant.delete()
