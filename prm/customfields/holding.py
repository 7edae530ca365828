"""Files as values of fields: kept when handed in, read by whoever may see the row, dropped when no row has them.

Guarantees:
- A row's JSON names a file by id only after `keep` stored it for that very field; nothing that is typed, imported or
  sent can name another one.
- A file is reached by its row (target, row, field), never by its own id: who does not see the row sees no file.
- A file that no row names a day after it was handed in is gone the next night; so a form that failed, a file that was
  replaced and a row that was deleted leave nothing behind.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404

from prm.customfields import errors, targets
from prm.customfields.models import CustomField, StoredFile
from prm.files.uploads import checked
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError

GRACE = timedelta(days=1)
SALT = "customfields.handed-in"


def keep(field: CustomField, upload: Any, *, by: Actor) -> StoredFile:
    """Store a file that was handed in for `field`. Raises ValueRefused with the reason."""
    if not isinstance(upload, UploadedFile):
        raise errors.ValueRefused(field=field.name, label=field.words)
    try:
        found = checked(upload)
    except DomainError as refused:
        raise errors.FileNotTaken(field=field.name, label=field.words, why=refused.text) from None
    return StoredFile.objects.create(
        target=field.target, code=field.code, name=found.name, size=len(found.content),
        digest=hashlib.sha256(found.content).hexdigest(), file=ContentFile(found.content, name=found.name),
        kept_at=clock.now(), kept_by=by.label[:200],
    )  # fmt: skip


def ticket_for(stored: StoredFile, by: Actor) -> str:
    """With this the same person hands the same file in again, when the form was sent back for something else."""
    return signing.dumps([stored.pk, by.user_id], salt=SALT)


def of_ticket(ticket: str, field: CustomField, by: Actor) -> StoredFile | None:
    """The file of a ticket that is this person's, for this field and of today; None for any other."""
    try:
        pk, user_id = signing.loads(ticket, salt=SALT, max_age=GRACE / 2)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if user_id is None or user_id != by.user_id:
        return None
    return StoredFile.objects.filter(pk=pk, target=field.target, code=field.code).first()


def held(field: CustomField, row: Any) -> StoredFile:
    """The file that `row` holds in `field`; Http404 when it holds none."""
    value = (row.custom or {}).get(field.code)
    if not isinstance(value, dict):
        raise Http404
    return get_object_or_404(StoredFile, pk=value.get("id"), target=field.target, code=field.code)


def drop_unheld() -> int:
    """Delete files that no row names a day after they were handed in. Returns how many."""
    count = 0
    for target in targets.all_targets().values():
        table = connection.ops.quote_name(target.model._meta.db_table)
        rows = StoredFile.objects.filter(target=target.code, kept_at__lt=clock.now() - GRACE).extra(
            where=[
                f"NOT EXISTS (SELECT 1 FROM {table} t WHERE t.custom @> jsonb_build_object("
                "customfields_storedfile.code, jsonb_build_object('id', customfields_storedfile.id)))"
            ]
        )
        count += drop(list(rows))
    return count


def drop_of(field: CustomField) -> int:
    """Delete all files of a field that is dropped."""
    return drop(list(StoredFile.objects.filter(target=field.target, code=field.code)))


def drop(stored: list[StoredFile]) -> int:
    """Delete rows, and what lies on the disk once that is certain."""
    with transaction.atomic():
        StoredFile.objects.filter(pk__in=[one.pk for one in stored]).delete()
        for one in stored:
            transaction.on_commit(lambda file=one.file: file.storage.delete(file.name))
    return len(stored)
