"""A tenant's data as one file: the schema as SQL, uploaded files, and a note of what it is."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django_tenants.utils import schema_context

from prm.access.rules import require
from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.tenancy import pgdump
from prm.tenancy.errors import ConfirmationWrong
from prm.tenancy.models import Export, Tenant
from prm.tenancy.operator_log import log_operation
from prm.tenancy.services import media_folder, suspend_tenant
from prm.tenancy.state import code_state
from prm.values import clock
from prm.values.actor import Actor

CHUNK = 1024 * 1024


def folder() -> Path:
    """Where exports lie until somebody removes them."""
    made = Path(settings.DATA_DIR) / "exports"
    made.mkdir(parents=True, exist_ok=True)
    return made


def start_export(*, tenant: Tenant, by: Actor) -> Job:
    """Write the export in the background; its job belongs to the tenant, so everybody there can see it."""
    require(by, "tenancy.export_tenant")
    with schema_context(tenant.schema_name), transaction.atomic():
        job = start_job(
            kind="tenancy.export",
            key=tenant.slug,
            params={"slug": tenant.slug, "by": by.label},
            by=by.with_(user_id=None),
        )
        log_operation("export_started", by=by, tenant=tenant)
    return job


def begin_farewell(*, tenant: Tenant, confirmation: str, by: Actor) -> Job:
    """The first half of a deletion: nobody works in the tenant any more, and everything is written down."""
    require(by, "tenancy.delete")
    if confirmation.strip() != tenant.slug:
        raise ConfirmationWrong(slug=tenant.slug)
    if not tenant.is_suspended:
        suspend_tenant(tenant=tenant, reason="to be deleted", by=by)
    return start_export(tenant=tenant, by=by)


def export_now(*, tenant: Tenant, by: Actor) -> Export:
    """Write the export in this process and return its record."""
    require(by, "tenancy.export_tenant")
    name = f"{tenant.slug}-{clock.now():%Y%m%d-%H%M%S}"
    dump = write_dump(tenant, name)
    return pack(tenant, name, dump, by=by)


def write_dump(tenant: Tenant, name: str) -> Path:
    """The schema as plain SQL for psql."""
    target = folder() / f"{name}.sql"
    pgdump.schema_to_file(tenant.schema_name, target)
    return target


def pack(tenant: Tenant, name: str, dump: Path, *, by: Actor) -> Export:
    """Dump, files and note as one zip; its length and SHA-256 are kept beside it."""
    target, draft = folder() / f"{name}.zip", folder() / f"{name}.zip.part"
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=5, allowZip64=True) as archive:
        archive.writestr("tenant.json", json.dumps(_about(tenant), ensure_ascii=False, indent=2))
        archive.write(dump, "schema.sql")
        root = media_folder(tenant)
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if path.is_file():
                archive.write(path, f"files/{path.relative_to(root)}")
    draft.rename(target)
    dump.unlink()
    with schema_context(settings.PUBLIC_SCHEMA_NAME), transaction.atomic():
        export = Export.objects.create(
            tenant_slug=tenant.slug,
            file_name=target.name,
            size=target.stat().st_size,
            sha256=_digest(target),
            made_by=by.label,
        )
        log_operation(
            "exported", by=by, tenant=tenant, file=export.file_name, size=export.size, sha256=export.sha256
        )
    return export


def news_for(operator: Actor) -> int:
    """How many exports that `operator` asked for are written and not downloaded yet."""
    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        return Export.objects.filter(made_by=operator.label, downloaded_at__isnull=True).count()


def note_download(*, export: Export, by: Actor) -> None:
    """Somebody takes the file; it is no news any more."""
    require(by, "tenancy.export_tenant")
    with transaction.atomic():
        Export.objects.filter(pk=export.pk, downloaded_at__isnull=True).update(downloaded_at=clock.now())
        log_operation("downloaded", by=by, file=export.file_name)


def path_of(export: Export) -> Path:
    return folder() / export.file_name


def _about(tenant: Tenant) -> dict[str, str]:
    fields = ("slug", "name", "schema_name", "language", "currency", "time_zone", "accent", "contact_email")
    return {name: getattr(tenant, name) for name in fields} | {
        "exported_at": clock.now().isoformat(),
        "migration_state": code_state(),
        "restore": "psql -f schema.sql into a database that has the schema `extensions`; then add the tenant's row.",
    }


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
