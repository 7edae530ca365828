"""Handing the ledger over to the finance system: each transaction once, balanced, under the tenant's own codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.utils import translation

from payouts import journal_file
from payouts.errors import CodeLooksLikeAFormula, CodeMissing, NothingToExport, PeriodHasNotEnded
from payouts.events import JournalExported
from payouts.models import AccountCode, Journal, Journalled
from prm.access.rules import require
from prm.audit.services import record
from prm.ledger.models import Account, Entry
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number

FORMULA = ("=", "+", "-", "@")
_TAKE = """
INSERT INTO payouts_journalled (transaction_id, journal_id)
SELECT t.id, %s FROM ledger_transaction t
WHERE t.booked_on <= %s AND NOT EXISTS (SELECT FROM payouts_journalled j WHERE j.transaction_id = t.id)
ORDER BY t.id
"""


@transaction.atomic
def export_journal(*, last_day: date, by: Actor) -> Journal:
    """Export what is booked until `last_day` and in no earlier export; pressed twice, the second finds nothing."""
    require(by, "payouts.export_journal")
    if last_day > clock.today():
        raise PeriodHasNotEnded()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))", [f"{connection.schema_name}:journal"]
        )
    journal = Journal.objects.create(
        number=new_number("JX", Journal, on=clock.today()), last_day=last_day, made_by_id=by.user_id,
        made_by_label=by.label, made_at=clock.now(), transaction_count=0, entry_count=0,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [journal.pk, last_day])
        journal.transaction_count = cursor.rowcount
    if not journal.transaction_count:
        raise NothingToExport(day=last_day)
    entries = Entry.objects.for_everyone(because="the books of the whole channel").filter(
        transaction__in=Journalled.objects.filter(journal=journal).values("transaction_id")
    )
    journal.codes = _codes(entries.order_by().values_list("account__kind", flat=True).distinct())
    sums = (
        entries.order_by()
        .values("account__currency")
        .annotate(debit=Sum("amount", filter=Q(amount__gt=0)), entries=Count("pk"))
    )
    for row in sums:
        journal.totals[row["account__currency"]] = str(row["debit"] or Decimal("0.00"))
        journal.entry_count += row["entries"]
    journal.totals = dict(sorted(journal.totals.items()))
    journal.digest = journal_file.digest(journal)
    journal.save()
    record(
        journal, "journal exported", by=by,
        changes={"digest": [None, journal.digest], "transaction_count": [None, journal.transaction_count]},
    )  # fmt: skip
    emit(JournalExported(journal_id=journal.pk), object_key=f"journal:{journal.pk}")
    return journal


def _codes(kinds: Iterable[str]) -> dict[str, list[str]]:
    """Code and name of all kinds; of those that the export names each must have a code. A kind that nobody named is
    called as here, in the tenant's language, whoever exports.
    """
    with translation.override(connection.tenant.language):
        known = {
            row.kind: [row.code, row.name or str(row.get_kind_display())] for row in AccountCode.objects.all()
        }
    missing = [str(Account.Kind(kind).label) for kind in sorted(kinds) if kind not in known]
    if missing:
        raise CodeMissing(kinds=", ".join(missing))
    return dict(sorted(known.items()))


@transaction.atomic
def set_account_codes(*, codes: Mapping[str, tuple[str, str]], by: Actor) -> None:
    """All kinds at once: {kind: (code, name)}."""
    require(by, "payouts.set_codes")
    for kind, (code, name) in codes.items():
        set_account_code(kind=kind, code=code, name=name, by=by)


@transaction.atomic
def set_account_code(*, kind: str, code: str, name: str = "", by: Actor) -> AccountCode | None:
    """Say what the finance system calls a kind of account; without a code it has none. Earlier exports keep theirs."""
    require(by, "payouts.set_codes")
    known = AccountCode.objects.select_for_update().filter(kind=kind).first()
    code, name = code.strip(), name.strip()
    if code.startswith(FORMULA):
        raise CodeLooksLikeAFormula(field=f"code_{kind}", given=code, sign=code[0])
    before = known.code if known is not None else None
    if not code:
        if known is not None:
            record(known, "account code set", by=by, changes={"code": [before, None]})
            known.delete()
        return None
    if known is not None and (known.code, known.name) == (code, name):
        return known
    row = known or AccountCode(kind=kind)
    row.code, row.name = code, name
    row.save()
    record(row, "account code set", by=by, changes={"code": [before, code]})
    return row
