"""What the operator's health page shows: findings that other parts registered, and schemas that wait."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from prm.tenancy.deploy import behind
from prm.tenancy.models import Tenant

_readiness: Callable[[], dict[str, str]] | None = None


def register_readiness(function: Callable[[], dict[str, str]]) -> None:
    """`function()` answers each part (database, broker, worker …) with "ok" or what is wrong."""
    global _readiness
    _readiness = function


def findings() -> dict[str, str]:
    """Each part with "ok" or what is wrong."""
    return _readiness() if _readiness else {}


def parts() -> list[dict[str, str]]:
    """The findings under the names by which people call the parts."""
    names = {
        "database": _("Database"),
        "migrations": _("Migrations"),
        "broker": _("Broker"),
        "worker": _("Worker"),
    }
    return [{"label": str(names.get(part, part)), "finding": finding} for part, finding in findings().items()]


def figures() -> dict[str, str | int]:
    """Versions, sizes and counts of the installation."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), pg_database_size(current_database())")
        version, size = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        sessions = cursor.fetchone()[0]
    return {
        "version": version,
        "database_size": size,
        "sessions": sessions,
        "disk_free": shutil.disk_usage(settings.DATA_DIR).free,
        "tenants": Tenant.objects.count(),
        "behind": len(behind()),
    }
