"""Credits of agents that were taken back, where a difference of figures is told: which documents, by which shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from orders.models import CreditedLine
from orders.services.credits import percent
from rebates.credited import is_credited
from rebates.explained_lines import lines_behind
from rebates.models import Result, SettlementRun

MOST_NAMED = 5
WHY = "the figure that is told is the reader's own"


def name() -> str:
    return _("Credits taken back")


def behind(results: Iterable[Any]) -> str:
    """What moved a figure from one result to another: on which not both rest, newest first."""
    moved = set[int]()
    for result in results:
        moved ^= _of(result)
    return said(list(CreditedLine.objects.for_everyone(because=WHY).filter(pk__in=moved).order_by("-id")))


def behind_adjustment(result: Result) -> str:
    """What was taken back since the closes before an adjustment, "" where it was something else."""
    new = {pk for pk in _of(result) if pk > _known_before(result)}
    rows = CreditedLine.objects.for_everyone(because=WHY).filter(pk__in=new).order_by("-id")
    return said(list(rows)) if new else ""


def _of(result: Any) -> set[int]:
    if not is_credited(result.version.policy):
        return set()
    rows = lines_behind(result).filter(takes_back__isnull=False, is_return=False)
    return set(rows.order_by().values_list("pk", flat=True))


def _known_before(result: Result) -> int:
    """Up to which credit the closes before an adjustment had read."""
    closed = SettlementRun.objects.closed().filter(watermark__lt=result.run.watermark)
    return int(closed.aggregate(last=Max("watermark"))["last"] or 0)


def said(rows: list[CreditedLine]) -> str:
    """INV-7 (40%), INV-8 (12.5%), and more."""
    words = [
        _("%(document)s (%(share)s)") % {"document": row.document, "share": percent(row.share)}
        for row in rows[:MOST_NAMED]
    ]
    if not words:
        return _("None of those that are counted")
    named = pgettext("between the words of a list", ", ").join(words)
    return _("%(credits)s, and more") % {"credits": named} if len(rows) > MOST_NAMED else named
