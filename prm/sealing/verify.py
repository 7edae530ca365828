"""Does the audit trail still agree with its seals, and the seals with each other and with heads that went out?

Guarantee: a row that was changed, added or taken out after it was sealed is named, with its batch; so is a batch that
was changed or taken out. Whoever rewrote everything consistently is found by any head that had gone out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from prm.sealing import facts
from prm.sealing.canonical import FIELDS, NOTHING_BEFORE, read_json, row_digest, seal_hash
from prm.sealing.errors import HeadUnreadable
from prm.sealing.models import Seal, SealedEntry, Waiting

CHUNK = 20
MOST = 50
HEAD = re.compile(r"(?:(\d{1,18}):)?([0-9a-f]{64})")


@dataclass(frozen=True)
class Difference:
    """Where the chain differs: the batch (0 when the row is in none), the row if it is one, and what is wrong.

    kind: changed, missing, unsealed (a row), batch, gap (a batch), fact (what a row tells of), head.
    """

    kind: str
    batch: int
    entry: int | None = None
    detail: str = ""

    @property
    def text(self) -> str:
        known = {"batch": self.batch, "entry": self.entry, "detail": self.detail}
        return self._sentence() % known

    def _sentence(self) -> str:
        return {
            "changed": _("Batch %(batch)s: row %(entry)s was changed after it was sealed."),
            "missing": _("Batch %(batch)s: row %(entry)s was taken out after it was sealed."),
            "unsealed": _("Row %(entry)s stands in no batch: it was put in past the product."),
            "batch": _("Batch %(batch)s: its own figures were changed; it and all later ones prove nothing."),
            "gap": _("Batch %(batch)s is missing."),
            "fact": _("Batch %(batch)s, row %(entry)s: %(detail)s"),
            "head": _(
                "The head %(detail)s is not in the chain: it differs from batch %(batch)s or earlier on."
            ),
        }[self.kind]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "text": self.text}


@dataclass(frozen=True)
class KnownHead:
    """A head that went out and is in the chain: which batch it closed, when (UTC), and how many rows it vouches for."""

    head: str
    batch: int
    at: datetime
    rows: int

    @property
    def text(self) -> str:
        values = {
            "head": self.head,
            "batch": self.batch,
            "at": f"{self.at:%Y-%m-%d %H:%M} UTC",
            "rows": self.rows,
        }
        return (
            _("The head %(head)s is in the chain: batch %(batch)s, sealed %(at)s; it covers %(rows)s rows.")
            % values
        )

    def as_json(self) -> dict[str, Any]:
        return {"head": self.head, "batch": self.batch, "at": self.at.isoformat(), "rows": self.rows}


@dataclass
class Outcome:
    """What a verification found."""

    batches: int = 0
    rows: int = 0
    waiting: int = 0
    head: str = ""
    differences: list[Difference] = field(default_factory=list)
    heads: list[KnownHead] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.differences


def parse_head(text: str) -> tuple[int | None, str]:
    """(number or None, hash) of a head as it went out."""
    found = HEAD.fullmatch(text.strip().lower())
    if not found:
        raise HeadUnreadable(text=text[:100])
    return int(found[1]) if found[1] else None, found[2]


def verify(*, heads: Iterable[str] = ()) -> Outcome:
    """Verify the current tenant's chain from its first batch on, and that each of `heads` is in it."""
    wanted = [parse_head(text) for text in heads]
    last = Seal.objects.order_by("-number").first()
    outcome = Outcome(head=last.head if last else "")
    for first in range(1, (last.number if last else 0) + 1, CHUNK):
        batches, rows, found = check_batches(first, min(first + CHUNK - 1, last.number))
        outcome.batches += batches
        outcome.rows += rows
        outcome.differences += found
    outcome.differences += unsealed_rows()
    for number, digest in wanted:
        one = check_head(number, digest)
        if isinstance(one, KnownHead):
            outcome.heads.append(one)
        else:
            outcome.differences.append(one)
    outcome.waiting = Waiting.objects.count()
    return outcome


def check_batches(first: int, last: int) -> tuple[int, int, list[Difference]]:
    """(batches, rows, differences) of the batches from `first` to `last`, both included."""
    before = Seal.objects.filter(number=first - 1).first()
    previous = before.hash if before else NOTHING_BEFORE
    seals = {seal.number: seal for seal in Seal.objects.filter(number__range=(first, last))}
    rows = _rows_of(first, last)
    found: list[Difference] = []
    count = 0
    for number in range(first, last + 1):
        seal = seals.get(number)
        if seal is None:
            found.append(Difference("gap", number))
            continue
        mine = rows.get(number, [])
        count += len(mine)
        found += _check_rows(number, mine)
        listed = [(row["entry_id"], row["digest"]) for row in mine]
        own = seal_hash(number=number, previous=previous, at=seal.at, rows=listed)
        if own != seal.hash or seal.previous != previous or seal.rows != len(mine):
            found.append(Difference("batch", number))
        previous = seal.hash
    return len(seals), count, found


def _rows_of(first: int, last: int) -> dict[int, list[dict[str, Any]]]:
    """The sealed rows of some batches beside what the trail holds now."""
    columns = ", ".join(f"a.{name}::text" if name == "changes" else f"a.{name}" for name in FIELDS)
    names = ("batch", "entry_id", "digest", *FIELDS)
    sealed = SealedEntry._meta.db_table
    found: dict[int, list[dict[str, Any]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.seal_id, s.entry_id, s.digest, {columns} FROM {sealed} s"
            " LEFT JOIN audit_auditentry a ON a.id = s.entry_id"
            " WHERE s.seal_id BETWEEN %s AND %s ORDER BY s.seal_id, s.entry_id",
            [first, last],
        )
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            found.setdefault(row["batch"], []).append(row)
    return found


def _check_rows(batch: int, rows: list[dict[str, Any]]) -> Iterator[Difference]:
    for row in rows:
        if row["id"] is None:
            yield Difference("missing", batch, row["entry_id"])
        elif row_digest(row) != row["digest"]:
            yield Difference("changed", batch, row["entry_id"])
        elif detail := facts.complaint({**row, "changes": read_json(row["changes"])}):
            yield Difference("fact", batch, row["entry_id"], detail)


def unsealed_rows() -> list[Difference]:
    """Rows that neither wait nor are sealed: the trigger was not there when they were written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id FROM audit_auditentry a"
            " WHERE NOT EXISTS (SELECT FROM sealing_sealedentry s WHERE s.entry_id = a.id)"
            " AND NOT EXISTS (SELECT FROM sealing_waiting w WHERE w.entry_id = a.id) ORDER BY a.id LIMIT %s",
            [MOST],
        )
        return [Difference("unsealed", 0, row[0]) for row in cursor.fetchall()]


def check_head(number: int | None, digest: str) -> KnownHead | Difference:
    """A head that went out must be the hash of its batch."""
    seal = Seal.objects.filter(hash=digest).first()
    if seal is not None and number in (None, seal.number):
        rows = SealedEntry.objects.filter(seal_id__lte=seal.number).count()
        return KnownHead(seal.head, seal.number, seal.at, rows)
    last = Seal.objects.order_by("-number").first()
    shown = f"{number}:{digest}" if number else digest
    return Difference("head", number or (last.number if last else 1), detail=shown)
