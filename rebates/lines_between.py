"""The lines behind a cause of a change: those that came in between two moments, or what a statement's figure counts.

A page at a time, in the order in which they came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from rebates.accruals import Accrual
from rebates.credited import is_credited
from rebates.explained_lines import lines_behind
from rebates.models import Result, SettlementRun

SIZE = 50
KINDS = {
    "all": _("All"), "sold": _("Sales"), "new": _("of them new"), "late": _("of them late"), "returns": _("Returns"),
    "taken_back": _("Credits taken back"),
}  # fmt: skip


@dataclass(frozen=True)
class CameIn:
    """What came in for a figure; `late` is what was booked on that day or before it."""

    rows: Any
    credited: bool
    late_until: date | None = None

    @property
    def kinds(self) -> dict[str, Q]:
        """What each kind is, by its key."""
        returns = Q(is_return=True) if self.credited else Q(net_amount__lt=0) | Q(quantity__lt=0)
        taken_back = Q(takes_back__isnull=False, is_return=False) if self.credited else None
        sold = ~returns & ~taken_back if taken_back is not None else ~returns
        found = {"all": Q(), "sold": sold, "returns": returns}
        if self.late_until is not None:
            found |= {
                "new": sold & Q(booking_date__gt=self.late_until),
                "late": sold & Q(booking_date__lte=self.late_until),
            }
        return found | ({"taken_back": taken_back} if taken_back is not None else {})

    def counts(self) -> dict[str, int]:
        """How many there are of each kind, those without any left out but for all."""
        kinds = self.kinds
        counted = self.rows.order_by().aggregate(
            **{
                f"of_{name}": Count("pk", filter=kinds[name])
                for name in KINDS
                if name in kinds and name != "all"
            },
            of_all=Count("pk"),
        )
        found = {name: counted[f"of_{name}"] for name in KINDS if name in kinds}
        return {name: count for name, count in found.items() if count or name == "all"}

    def page(self, kind: str, *, after: int = 0) -> tuple[list[Any], int | None]:
        """A page of the lines of a kind with ids above `after`, and after which the next one begins."""
        rows = list(self.rows.filter(self.kinds[kind], pk__gt=after).order_by("pk")[: SIZE + 1])
        return rows[:SIZE], rows[SIZE - 1].pk if len(rows) > SIZE else None


def between(accrual: Accrual, first: datetime, after: datetime | None, *, late_until: date) -> CameIn:
    """What was recorded from `first` on, before `after`, of the lines that an open figure counts."""
    rows = lines_behind(accrual).filter(recorded_at__gte=first)
    if after is not None:
        rows = rows.filter(recorded_at__lt=after)
    return CameIn(rows, is_credited(accrual.version.policy), late_until)


def counted(result: Result) -> CameIn:
    """What a settled figure counts."""
    return CameIn(lines_behind(result), is_credited(result.version.policy))


def came_late(result: Result) -> CameIn:
    """What an adjustment of a closed period counts that no settlement before its own had read."""
    before = (
        SettlementRun.objects.closed()
        .filter(watermark__lt=result.run.watermark)
        .order_by("-watermark")
        .first()
    )
    rows = lines_behind(result)
    return CameIn(
        rows.filter(pk__gt=before.watermark) if before else rows, is_credited(result.version.policy)
    )
