"""Sealing what the audit trail holds, and handing out heads of the chain."""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from prm.access.rules import require
from prm.audit.models import AuditEntry
from prm.audit.services import differences, record
from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.notices.letters import write_letter
from prm.sealing.canonical import FIELDS, NOTHING_BEFORE, row_digest, seal_hash
from prm.sealing.errors import AddressInvalid, TooManyAddresses
from prm.sealing.models import Seal, SealedEntry, SealingSettings, Waiting
from prm.sealing.verify import parse_head
from prm.values import clock
from prm.values.actor import Actor

log = structlog.get_logger(__name__)
BATCH = 1000
MOST_ADDRESSES = 20
VERIFY_JOB = "sealing.verify"


def seal_waiting(*, until: float | None = None) -> int:
    """Seal what waits, batch by batch, up to the monotonic time `until`. Returns how many rows were sealed.

    One process at a time: whoever does not get the lock leaves. Nobody who writes waits for this.
    """
    sealed = 0
    while until is None or time.monotonic() < until:
        count = _seal_batch()
        sealed += count
        if count < BATCH:
            break
    return sealed


@transaction.atomic
def _seal_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 6))",
            [f"{connection.schema_name}:sealing"],
        )
        if not cursor.fetchone()[0]:
            return 0
    waiting = list(Waiting.objects.order_by("entry_id").values_list("entry_id", flat=True)[:BATCH])
    if not waiting:
        return 0
    rows = [(row["id"], row_digest(row)) for row in audit_rows(waiting)]
    last = Seal.objects.order_by("-number").first()
    parts = {
        "number": last.number + 1 if last else 1,
        "previous": last.hash if last else NOTHING_BEFORE,
        "at": clock.now(),
    }
    seal = Seal.objects.create(**parts, rows=len(rows), hash=seal_hash(**parts, rows=rows))
    SealedEntry.objects.bulk_create(
        SealedEntry(entry_id=entry, seal=seal, digest=digest) for entry, digest in rows
    )
    Waiting.objects.filter(entry_id__in=waiting).delete()
    return len(waiting)


def audit_rows(ids: Iterable[int]) -> Iterable[dict]:
    """Rows of the trail with every digit of their numbers, in the order of ids."""
    columns = ", ".join(f"{name}::text" if name == "changes" else name for name in FIELDS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {AuditEntry._meta.db_table} WHERE id = ANY(%s) ORDER BY id", [list(ids)]
        )
        return [dict(zip(FIELDS, row, strict=True)) for row in cursor.fetchall()]


def last_seal() -> Seal | None:
    return Seal.objects.order_by("-number").first()


def head() -> str:
    """The chain's head as it goes out, `number:hash`; empty before the first batch."""
    last = last_seal()
    return last.head if last else ""


def hand_out_head() -> Seal | None:
    """Tell the operator's log and the tenant's addresses the head of today. Twice a day tells nobody twice."""
    last = last_seal()
    if last is None:
        return None
    log.info("audit_head", batch=last.number, head=last.hash, sealed_at=last.at.isoformat())
    for address in settings_now().addresses:
        write_letter(
            to=address,
            subject=_("Head of the audit trail, batch %(number)s"),
            paragraphs=[
                _("The audit trail of %(name)s is sealed up to batch %(number)s. Keep this letter."),
                "%(head)s",
                _(
                    "Whoever changes, adds or removes a row of before breaks the chain to this head. To see whether"
                    " it still holds: manage.py audit verify %(slug)s --head %(head)s"
                ),
            ],
            values={
                "number": last.number,
                "head": last.head,
                "name": connection.tenant.name,
                "slug": connection.tenant.slug,
            },
            fact=f"audit head {clock.today()}",
        )
    return last


def settings_now() -> SealingSettings:
    """The stored settings, or the ones that everybody begins with."""
    return SealingSettings.objects.filter(pk=1).first() or SealingSettings(pk=1)


@transaction.atomic
def set_head_addresses(*, addresses: Iterable[str], by: Actor) -> SealingSettings:
    """Send each day's head to these addresses from now on."""
    require(by, "audit.configure")
    SealingSettings.objects.get_or_create(pk=1)
    stored = SealingSettings.objects.select_for_update().get(pk=1)
    wanted = sorted({address.strip().lower() for address in addresses if address.strip()})
    if len(wanted) > MOST_ADDRESSES:
        raise TooManyAddresses(most=MOST_ADDRESSES)
    for address in wanted:
        try:
            validate_email(address)
        except Exception:
            raise AddressInvalid(address=address) from None
    changes = differences({"addresses": ", ".join(stored.addresses)}, {"addresses": ", ".join(wanted)})
    if changes:
        stored.addresses, stored.changed_by, stored.changed_at = wanted, by.label, clock.now()
        stored.save()
        record(stored, "changed", by=by, changes=changes)
    return stored


def start_verification(*, head: str = "", by: Actor) -> Job:
    """Verify the whole chain in the background, and that `head`, kept elsewhere, is in it; the page shows how it ended.

    Raises HeadUnreadable.
    """
    require(by, "audit.verify")
    if head:
        parse_head(head)
    last = last_seal()
    return start_job(
        kind=VERIFY_JOB,
        key="chain",
        link="/settings/audit/seal/",
        params={"last": last.number if last else 0, "head": head.strip().lower()},
        by=by,
    )
