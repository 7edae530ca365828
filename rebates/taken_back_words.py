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


def name() -> str:
    return _("Credits taken back")


def behind(results: Iterable[Any]) -> str:
    """Those on which figures rest, newest first."""
    found: list[CreditedLine] = []
    for result in results:
        if is_credited(result.version.policy):
            rows = lines_behind(result).filter(takes_back__isnull=False, is_return=False)
            if result.kind == Result.Kind.ADJUSTED:  # those before it knew already
                rows = rows.filter(pk__gt=_known_before(result))
            found += rows.order_by("-id")[: MOST_NAMED + 1]
    return said(sorted(found, key=lambda row: -row.pk))


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
