"""Which of our lines a partner's ledger is compared with, where a statement also rests on earlier periods.

A statement that adjusts a closed month, or counts a year as a whole, rests on many lines that were on statements
before. Guarantee: what is new in a statement is always compared, unless it lies outside the days of the file; of the
rest only what the partner asked for, or what its file reaches; what is left out is told. Pure but for `late_lines`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from rebates.adjustments import seen_to
from rebates.models import Result, SettlementRun
from rebates.own_ledger import Line, spelled

Span = tuple[date, date]  # the first day, the day after the last


class Reach(models.TextChoices):
    FILE = (
        "file",
        _("As far as the file reaches: this period, and the days and documents before it that the file has"),
    )
    NEW = "new", _("What is new: this period, and lines of earlier ones that came late into this statement")
    ALL = "all", _("All lines of this period and of those that the statement adjusts")


@dataclass(frozen=True)
class Periods:
    """What a statement settles for the first time, and all that it rests on."""

    own: Sequence[Span]
    all: Sequence[Span]


@dataclass
class Compared:
    """Both sides' lines that are compared, and those of ours that are not."""

    ours: list[Line] = field(default_factory=list)
    theirs: list[Line] = field(default_factory=list)
    left: list[Line] = field(default_factory=list)

    @property
    def told(self) -> dict[str, Any]:
        """What is not compared, for a dispute's summary; nothing where all is."""
        if not self.left:
            return {}
        days = sorted(line.day for line in self.left)
        sum_of = sum((line.amount for line in self.left), Decimal("0.00"))
        return {
            "left": len(self.left), "left_sum": str(sum_of), "left_first": days[0].isoformat(),
            "left_last": days[-1].isoformat(),
        }  # fmt: skip


def rests_on_earlier(results: Iterable[Result]) -> bool:
    """Whether some figures rest on lines of periods that were on statements before."""
    return any(one.kind == "adjusted" or "cumulative" in one.explanation for one in results)


def periods_of(results: Sequence[Result]) -> Periods:
    own = [(one.starts, one.ends) for one in results if one.kind != "adjusted"]
    return Periods(own, [(one.starts, one.ends) for one in results])


def late_lines(run: SettlementRun, results: Sequence[Result], ours: Sequence[Line]) -> set[int]:
    """The keys of those of our lines that no settlement had read when `run` adjusted their periods."""
    closed = list(SettlementRun.objects.closed().filter(frozen_at__lt=run.frozen_at).order_by("ends"))
    found = set[int]()
    for result in results:
        scope = {"version": result.version_id, "starts": result.starts, "ends": result.ends}
        settled = [one for one in closed if one.ends == result.ends and one.scopes.filter(**scope).exists()]
        if result.kind == "adjusted" and settled:
            seen = seen_to(settled[0], closed)
            found |= {
                line.key for line in ours if line.key > seen and result.starts <= line.day < result.ends
            }
    return found


def compared(
    ours: Sequence[Line], theirs: Sequence[Line], *, periods: Periods, late: set[int], reach: str
) -> Compared:
    """What is compared with what, and what is left."""
    own = {line.key for line in ours if _within(line.day, periods.own)}
    takes = {line.key for line in ours} if reach == Reach.ALL else own | late
    if reach == Reach.FILE:
        takes = own | _in_reach(ours, theirs, own | late, periods)
    found = Compared([line for line in ours if line.key in takes])
    found.left = [line for line in ours if line.key not in takes]
    spans = periods.own if reach == Reach.NEW else periods.all
    documents = {spelled(line.document) for line in found.ours}
    found.theirs = [
        line for line in theirs if _within(line.day, spans) or spelled(line.document) in documents
    ]
    return found


def _in_reach(ours: Sequence[Line], theirs: Sequence[Line], new: set[int], periods: Periods) -> set[int]:
    """The keys of our lines of which the file has the document, or which lie between the first and the last day that it
    has before the own period. It has such days only if some document there was on a statement before: a row or two of
    what came late, or of what we do not have, make no ledger of that time.
    """
    in_file = {spelled(line.document) for line in theirs}
    found = {line.key for line in ours if spelled(line.document) in in_file}
    before = {spelled(line.document) for line in ours if line.key not in new}
    before -= {spelled(line.document) for line in ours if line.key in new}
    if in_file.isdisjoint(before):
        return found
    days = [
        line.day
        for line in theirs
        if not _within(line.day, periods.own)
        and (spelled(line.document) in before or _within(line.day, periods.all))
    ]
    if days:
        found |= {line.key for line in ours if min(days) <= line.day <= max(days)}
    return found


def _within(day: date, spans: Iterable[Span]) -> bool:
    return any(first <= day < after for first, after in spans)
