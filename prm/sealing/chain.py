"""The chain as it can be given away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prm.sealing.models import Seal
from prm.sealing.services import audit_rows


def chain() -> Iterator[tuple[Seal, list[dict[str, Any]]]]:
    """Every batch with its rows as the trail holds them now, the first batch first."""
    for seal in Seal.objects.order_by("number").iterator(chunk_size=200):
        ids = seal.entries.order_by("entry_id").values_list("entry_id", flat=True)
        yield seal, list(audit_rows(ids))
