"""How a tenant looks: name, colour, logo, language, currency, zone; set by its own administrator."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, models, transaction

from prm.access.rules import require
from prm.audit.services import differences, record
from prm.tenancy.errors import CurrencyInUse
from prm.tenancy.logos import PLACE, as_png
from prm.tenancy.models import Tenant
from prm.tenancy.provisioning import check_look
from prm.values import clock
from prm.values.actor import Actor

FIELDS = ("name", "accent", "language", "currency", "time_zone", "logo")


def set_brand(
    *,
    tenant: Tenant,
    name: str,
    accent: str,
    language: str,
    currency: str,
    time_zone: str,
    logo: Any = None,
    remove_logo: bool = False,
    by: Actor,
) -> Tenant:
    """Change the tenant's look. `logo` is an uploaded file; it is stored anew as PNG. Pages show it at once."""
    require(by, "tenancy.brand")
    picture = as_png(logo) if logo else None
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
        before = {field: getattr(tenant, field) for field in FIELDS}
        tenant.name, tenant.accent, tenant.language = name.strip(), accent.lower(), language.lower()
        tenant.currency, tenant.time_zone = currency.upper(), time_zone
        check_look(**{field: getattr(tenant, field) for field in FIELDS if field != "logo"})
        if tenant.currency != before["currency"] and currency_is_used():
            raise CurrencyInUse(currency=before["currency"])
        if picture or remove_logo:
            tenant.logo = default_storage.save(PLACE, ContentFile(picture)) if picture else ""
        changes = differences(before, {field: getattr(tenant, field) for field in FIELDS})
        if changes:
            tenant.brand_version += 1
            tenant.brand_changed_by, tenant.brand_changed_at = by.label, clock.now()
            tenant.save()
            record(tenant, "brand_changed", by=by, changes=changes)
        if "logo" in changes and before["logo"]:
            old = before["logo"]
            transaction.on_commit(lambda: default_storage.delete(old))
    connection.set_tenant(tenant)  # the rest of this request already counts in the new zone and currency
    return tenant


def currency_is_used() -> bool:
    """Whether any row of the tenant holds an amount; a price list without prices does not."""
    return any(
        model._base_manager.filter(**{f"{field.name}__isnull": False}).exists()
        for model in apps.get_models()
        if model._meta.app_config.name in settings.TENANT_APPS
        for field in model._meta.get_fields()
        if isinstance(field, models.DecimalField)
    )
