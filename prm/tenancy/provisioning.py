"""New tenants: a clone of the template schema, an address, then the starter kit; about half a second.

Guarantee: a tenant exists wholly or not at all. Rows, schema and starter kit are one transaction.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django_tenants.utils import schema_context

from prm.access.rules import require
from prm.tenancy import errors
from prm.tenancy.logos import PLACE, as_png
from prm.tenancy.models import Domain, Tenant
from prm.tenancy.operator_log import log_operation
from prm.tenancy.state import note_state
from prm.tenancy.template import ensure_template, migrate_schema, template_sql
from prm.values.actor import Actor
from prm.values.money import is_known_currency

__all__ = ["create_tenant", "ensure_template", "on_created"]

SLUG = re.compile(r"[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?")
COLOUR = re.compile(r"#[0-9a-f]{6}")
RESERVED = frozenset(
    "www public operator operators extensions prm prm-template template static media files mail smtp imap ftp ns mx"
    " api admin localhost status health postgres autodiscover".split()
)
_hooks: list[tuple[int, Callable[..., None]]] = []


def on_created(function: Callable[..., None], *, order: int = 100) -> None:
    """Run `function(tenant, administrator_email=..., by=...)` inside each new tenant, in the same transaction."""
    _hooks.append((order, function))
    _hooks.sort(key=lambda pair: pair[0])


def create_tenant(
    *,
    slug: str,
    name: str,
    language: str = "en",
    currency: str = "CNY",
    time_zone: str = "Asia/Shanghai",
    accent: str = "#3150c8",
    contact_email: str = "",
    administrator_email: str | None = None,
    logo: Any = None,
    by: Actor,
) -> Tenant:
    """Make a tenant that answers at its address as soon as this returns.

    `slug` is the address' first part; `accent` the brand colour as #rrggbb; `logo` an uploaded picture. An
    administrator with `administrator_email` is invited. Raises a DomainError that names the field.
    """
    require(by, "tenancy.create")
    values = {
        "slug": slug.strip().lower(),
        "name": name.strip(),
        "language": language.lower(),
        "currency": currency.upper(),
        "time_zone": time_zone,
        "accent": accent.lower(),
        "contact_email": contact_email or administrator_email or "",
    }
    check_look(**values)
    check_slug(values["slug"])
    picture = as_png(logo) if logo else None
    sql = template_sql()  # may build the template, which is no part of this tenant's transaction
    schema = schema_of(values["slug"])
    if not sql:
        _by_migration(schema)
    before = connection.tenant
    try:
        connection.set_schema_to_public()
        with transaction.atomic():
            tenant = _add_rows(schema, values)
            if sql:
                _clone(sql, schema)
            note_state(schema)
            log_operation("created", by=by, tenant=tenant, name=tenant.name, currency=tenant.currency)
            connection.set_tenant(tenant)  # until the commit, whose callbacks belong to the new tenant
            _furnish(tenant, administrator_email=administrator_email, logo=picture, by=by)
    finally:
        connection.set_tenant(before)
    return tenant


def _furnish(tenant: Tenant, *, administrator_email: str | None, logo: bytes | None, by: Actor) -> None:
    """The starter kit and the first administrator; the logo last, since a file outlives what is undone."""
    for _order, hook in _hooks:
        hook(tenant, administrator_email=administrator_email, by=by)
    if logo:
        tenant.logo = default_storage.save(PLACE, ContentFile(logo))
        tenant.save(update_fields=["logo"])


def schema_of(slug: str) -> str:
    """`acme-asia` lives in the schema `t_acme_asia`: hyphens would need quoting, and no name is ever a system's."""
    return "t_" + slug.replace("-", "_")


def check_slug(slug: str) -> None:
    """Raise unless `slug` is free and may be the first part of a host name."""
    if not SLUG.fullmatch(slug):
        raise errors.SlugInvalid(slug=slug)
    if slug in RESERVED:
        raise errors.SlugReserved(slug=slug)
    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        if Tenant.objects.filter(slug=slug).exists():
            raise errors.SlugTaken(slug=slug)


def check_look(
    *, name: str, language: str, currency: str, time_zone: str, accent: str, **others: Any
) -> None:
    """Raise unless name, language, currency, zone and colour can be used."""
    known = [code for code, _name in settings.LANGUAGES]
    if not name:
        raise errors.NameMissing()
    if language not in known:
        raise errors.LanguageUnknown(language=language, known=", ".join(known))
    if not is_known_currency(currency):
        raise errors.CurrencyUnknown(currency=currency)
    if time_zone not in zoneinfo.available_timezones():
        raise errors.ZoneUnknown(zone=time_zone)
    if not COLOUR.fullmatch(accent):
        raise errors.ColourInvalid(colour=accent)


def _add_rows(schema: str, values: dict[str, Any]) -> Tenant:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))", [values["slug"]])
    check_slug(values["slug"])  # again, now that nobody else can take it
    tenant = Tenant.objects.create(schema_name=schema, **values)
    Domain.objects.create(domain=tenant.host, tenant=tenant, is_primary=True)
    return tenant


def _clone(sql: str, schema: str) -> None:
    """Run the template's dump under the new name. Without parameters, so that no % needs escaping."""
    with connection.cursor() as cursor:
        cursor.execute(sql.replace(settings.TEMPLATE_SCHEMA, schema))
    connection.search_path_set_schemas = None  # the script emptied the search path until the transaction ends


def _by_migration(schema: str) -> None:
    """The slow way, where no pg_dump is at hand; what a failed attempt left is cleared first."""
    quoted = connection.ops.quote_name(schema)
    with schema_context(settings.PUBLIC_SCHEMA_NAME), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {quoted} CASCADE; CREATE SCHEMA {quoted}")
    migrate_schema(schema)
