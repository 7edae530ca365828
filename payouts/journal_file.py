"""The journal as a file: a row for each entry, the same bytes whenever it is made.

Guarantee: it holds nothing that can change afterwards. Entries and transactions of the ledger never do, partners keep
their numbers, and the codes are those that the export froze. Columns are those of its layout: a later one only adds
some at the end. Debits and credits are equal in each transaction and currency, as the ledger's are.
"""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from typing import IO, Any

import xlsxwriter

from partners.models import Partner
from payouts.models import Journal, Journalled
from prm.ledger.models import Account, Entry
from prm.ui.export import safe_text

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Read by programs: the same in each language.
HEADS = (
    "transaction", "event", "booked_on", "account", "account_name", "kind", "partner_id", "purpose", "currency",
    "debit", "credit", "text",
)  # fmt: skip
# By layout, what stands after them: the partner's number, which it keeps for ever.
MORE_HEADS: dict[int, tuple[str, ...]] = {1: (), 2: ("partner",)}
CHART_HEADS = ("kind", "account", "account_name")
AMOUNTS = (HEADS.index("debit"), HEADS.index("credit"))
CHUNK = 5_000
IN_MEMORY = 4 * 1024 * 1024


def heads(journal: Journal) -> tuple[str, ...]:
    return HEADS + MORE_HEADS[journal.layout]


def rows(journal: Journal) -> Iterator[list[Any]]:
    """The entries in the order of the ledger."""
    columns = len(heads(journal))
    numbers = dict(Partner.objects.for_everyone(because="the books name them").values_list("pk", "number"))
    entries = (
        Entry.objects.for_everyone(because="the books of the whole channel")
        .filter(transaction__in=Journalled.objects.filter(journal=journal).values("transaction_id"))
        .select_related("transaction", "account", "purpose")
        .order_by("transaction_id", "pk")
    )
    for entry in entries.iterator(chunk_size=CHUNK):
        code, name = journal.codes[entry.account.kind]
        row = [
            f"T{entry.transaction_id}", entry.transaction.event, entry.transaction.booked_on.isoformat(),
            safe_text(code), safe_text(name), entry.account.kind, entry.account.partner_id or "",
            safe_text(entry.purpose.code) if entry.purpose else "", entry.account.currency,
            f"{max(entry.amount, 0):.2f}", f"{max(-entry.amount, 0):.2f}", safe_text(entry.transaction.memo),
            safe_text(numbers.get(entry.account.partner_id, "")),
        ]  # fmt: skip
        yield row[:columns]


def write(journal: Journal, kind: str, target: IO[bytes]) -> None:
    if kind == "csv":
        _write_csv(journal, target)
    else:
        _write_xlsx(journal, target)


def as_file(journal: Journal, kind: str) -> IO[bytes]:
    """The file, from its beginning; large ones stand on disk."""
    target: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)
    write(journal, kind, target)
    target.seek(0)
    return target


def digest(journal: Journal) -> str:
    """SHA-256 of the CSV file."""
    sink = _Hash()
    _write_csv(journal, sink)  # type: ignore[arg-type]
    return sink.hexdigest()


def _write_csv(journal: Journal, target: IO[bytes]) -> None:
    text = TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(heads(journal))
    writer.writerows(rows(journal))
    text.flush()
    text.detach()


def _write_xlsx(journal: Journal, target: IO[bytes]) -> None:
    """Two sheets: the entries, and the chart of accounts. The moment in it is that of the export."""
    book = xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": journal.made_at.replace(tzinfo=None, microsecond=0)})
    sheet, money = book.add_worksheet("journal"), book.add_format({"num_format": "#,##0.00"})
    sheet.write_row(0, 0, heads(journal))
    for at, row in enumerate(rows(journal), start=1):
        for column, value in enumerate(row):
            if column in AMOUNTS:
                sheet.write_number(at, column, float(value), money)
            else:
                sheet.write_string(at, column, str(value))
    chart = book.add_worksheet("accounts")
    for at, row in enumerate(chart_rows(journal)):
        for column, text in enumerate(row):
            chart.write_string(at, column, text)
    book.close()


def chart_rows(journal: Journal) -> list[list[str]]:
    """The chart of accounts as the export used it, with its headings."""
    found = [
        [kind, *map(safe_text, journal.codes[kind])] for kind in Account.Kind.values if kind in journal.codes
    ]
    return [list(CHART_HEADS), *found]


class _Hash(BytesIO):
    """A file that keeps nothing but its digest."""

    def __init__(self) -> None:
        super().__init__()
        self._hash = hashlib.sha256()

    def write(self, content: Any) -> int:
        self._hash.update(content)
        return len(content)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()
