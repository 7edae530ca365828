"""What somebody outside needs to see that a row of the trail stands in the chain that a head of before belongs to.

Of every other row there is its id and its digest, and nothing else.
"""

from __future__ import annotations

from typing import Any

from prm.sealing.canonical import NOTHING_BEFORE, moment, row_bytes
from prm.sealing.models import Seal, SealedEntry
from prm.sealing.services import audit_rows
from prm.sealing.verify import parse_head

MOST = 20  # batches: with up to a thousand digests each, some megabytes


def proof(entry: int, *, since: str) -> dict[str, Any] | None:
    """The batches after the head `since` up to the one that seals `entry`; None while it waits for its seal.

    `from` is that head, or, where more than MOST batches lie between, the one right before the last batch.
    """
    sealed = SealedEntry.objects.filter(entry_id=entry).select_related("seal").first()
    if sealed is None:
        return None
    first = (parse_head(since)[0] or 0) + 1 if since else 1
    if not first <= sealed.seal_id < first + MOST:
        first = sealed.seal_id
    seals = list(Seal.objects.filter(number__range=(first, sealed.seal_id)).order_by("number"))
    listed: dict[int, list[list[Any]]] = {seal.number: [] for seal in seals}
    entries = SealedEntry.objects.filter(seal__in=seals).order_by("entry_id")
    for batch, row, digest in entries.values_list("seal_id", "entry_id", "digest"):
        listed[batch].append([row, digest])
    return {
        "from": f"{first - 1}:{seals[0].previous if seals else NOTHING_BEFORE}",
        "batches": [
            {"number": seal.number, "at": moment(seal.at), "rows": listed[seal.number], "hash": seal.hash}
            for seal in seals
        ],
        "to": sealed.seal.head,
        "entry": entry,
    }


def bytes_of(entry: int) -> str:
    """The bytes that are sealed of a row, as text."""
    (row,) = audit_rows([entry])
    return row_bytes(row).decode()
