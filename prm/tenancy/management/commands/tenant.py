from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser
from django.db import connection

from prm.tenancy import exports, services
from prm.tenancy.commands import ProductCommand, UsageError
from prm.tenancy.errors import (
    ColourInvalid,
    CurrencyUnknown,
    LanguageUnknown,
    NameMissing,
    SlugInvalid,
    TenantNotFound,
    ZoneUnknown,
)
from prm.tenancy.models import Tenant
from prm.tenancy.provisioning import create_tenant
from prm.values.actor import Actor

# What cannot be at all is a question of usage; what is taken or kept is refused by a rule.
UNUSABLE = (SlugInvalid, NameMissing, LanguageUnknown, CurrencyUnknown, ZoneUnknown, ColourInvalid)


class Command(ProductCommand):
    """`tenant create|list|suspend|resume|export|delete`"""

    help = "Create, list, suspend, resume, export and delete tenants."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        create = verbs.add_parser("create", help="make a tenant, live at once")
        create.add_argument("slug", metavar="SLUG", help="first part of its address: a-z, 0-9 and hyphens")
        create.add_argument("--name", required=True)
        create.add_argument("--language", default="en")
        create.add_argument("--currency", default="CNY")
        create.add_argument("--time-zone", default="Asia/Shanghai")
        create.add_argument("--accent", default="#3150c8", help="brand colour as #rrggbb")
        create.add_argument(
            "--contact", default="", metavar="EMAIL", help="shown on the page of a suspended tenant"
        )
        create.add_argument(
            "--administrator", metavar="EMAIL", help="invite this person as the first administrator"
        )
        create.add_argument("--json", action="store_true")
        listing = verbs.add_parser("list", help="all tenants")
        listing.add_argument("--json", action="store_true")
        for verb, text in (("suspend", "answer with a plain page"), ("resume", "serve again")):
            sub = verbs.add_parser(verb, help=text)
            sub.add_argument("slug", metavar="SLUG")
            sub.add_argument("--reason", default="", required=verb == "suspend")
        export = verbs.add_parser("export", help="write all data into one file")
        export.add_argument("slug", metavar="SLUG")
        export.add_argument("--json", action="store_true")
        delete = verbs.add_parser("delete", help="export, then drop everything; asks twice")
        delete.add_argument("slug", metavar="SLUG")
        delete.add_argument(
            "--confirm",
            nargs=2,
            metavar=("SLUG", "SLUG"),
            help="the slug twice, instead of being asked twice",
        )

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if connection.schema_name != "public":
            connection.set_schema_to_public()
        getattr(self, f"do_{verb}")(by=Actor.command(f"tenant {verb}"), **options)

    def do_create(
        self, *, by: Actor, json: bool, contact: str, administrator: str | None, **options: Any
    ) -> None:
        names = ("slug", "name", "language", "currency", "time_zone", "accent")
        values = {name: options[name] for name in names}
        try:
            tenant = create_tenant(**values, contact_email=contact, administrator_email=administrator, by=by)
        except UNUSABLE as refusal:
            raise UsageError(refusal.text) from refusal
        self.tell(described(tenant), json, f"{tenant.name} answers at {tenant.address}")

    def do_list(self, *, json: bool, **options: Any) -> None:
        tenants = [described(tenant) for tenant in Tenant.objects.order_by("slug")]
        lines = [f"{t['slug']:<24} {t['state']:<10} {t['address']:<44} {t['name']}" for t in tenants]
        self.tell(tenants, json, "\n".join(lines) or "There are no tenants.")

    def do_suspend(self, *, slug: str, reason: str, by: Actor, **options: Any) -> None:
        tenant = services.suspend_tenant(tenant=self.named(slug), reason=reason, by=by)
        self.stdout.write(f"{tenant.slug} is suspended.")

    def do_resume(self, *, slug: str, reason: str, by: Actor, **options: Any) -> None:
        tenant = services.resume_tenant(tenant=self.named(slug), reason=reason, by=by)
        self.stdout.write(f"{tenant.slug} is served again.")

    def do_export(self, *, slug: str, json: bool, by: Actor, **options: Any) -> None:
        made = exports.export_now(tenant=self.named(slug), by=by)
        path = str(exports.path_of(made))
        self.tell({"file": path, "size": made.size, "sha256": made.sha256}, json, path)

    def do_delete(self, *, slug: str, confirm: list[str] | None, by: Actor, **options: Any) -> None:
        tenant = self.named(slug)
        first, second = confirm or (None, None)
        if first is None:
            first = input(
                f"This suspends {tenant.name}, writes an export and deletes all its data. Type its slug: "
            )
        if first.strip() != tenant.slug:
            raise UsageError("That is not its slug. Nothing was changed.")
        if not tenant.is_suspended:
            tenant = services.suspend_tenant(tenant=tenant, reason="to be deleted", by=by)
        made = exports.export_now(tenant=tenant, by=by)
        self.stdout.write(f"Export: {exports.path_of(made)} ({made.size:,} bytes)")
        if second is None:
            second = input("The export is written. Type the slug again to delete the data for good: ")
        if second.strip() != tenant.slug:
            raise UsageError(f"That is not its slug. {tenant.slug} is suspended and keeps its data.")
        services.delete_tenant(tenant=tenant, confirmation=second, export=made, by=by)
        self.stdout.write(f"{slug} is deleted.")

    def named(self, slug: str) -> Tenant:
        try:
            return services.tenant_by_slug(slug)
        except TenantNotFound as error:
            raise UsageError(error.text) from error

    def tell(self, data: Any, as_json: bool, text: str) -> None:
        self.stdout.write(json.dumps(data, ensure_ascii=False) if as_json else text)


def described(tenant: Tenant) -> dict[str, Any]:
    """What scripts get of a tenant."""
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "address": tenant.address,
        "schema": tenant.schema_name,
        "state": tenant.state,
        "language": tenant.language,
        "currency": tenant.currency,
        "time_zone": tenant.time_zone,
        "created_at": tenant.created_at.isoformat(),
    }
