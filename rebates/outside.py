"""Periods that were settled before go-live: what came in late for them, and what was owed when they came in.

A late line of such a period is computed as any other: f(all lines) − settled. That needs the lines on which the other
system settled: a partner that earned something there and has no line of that time on file is left out, and said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import credited, returned, yearly
from rebates.models import OpeningBalance, SettledOutside, SettlementRun, Version
from rebates.plans import plans_for

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Late:
    """A period that was settled outside, with the versions of its programmes and who has late lines in it."""

    period: Period
    watermark: int
    brought_at: datetime
    versions: list[Version]
    partners: list[int]
    without_lines: list[int]  # settled there, and nothing of that time on file but what came late


def late_periods(run: SettlementRun, closed: Iterable[SettlementRun]) -> list[Late]:
    """Those with lines that came in after the figures and that no close has looked at yet, oldest first."""
    return [late for group in _groups() for late in _late(run, closed, *group)]


def findings(run: SettlementRun) -> list[dict[str, Any]]:
    """What people should look at: late lines that cannot be computed."""
    closed = SettlementRun.objects.closed().exclude(pk=run.pk)
    return [
        {
            "kind": "settled_outside_without_lines", "period": str(late.period), "partners": len(late.without_lines),
            "programmes": [version.programme.code for version in late.versions],
        }
        for late in late_periods(run, closed) if late.without_lines
    ]  # fmt: skip


def _groups() -> list[tuple[Any, Any, int, datetime, list[int]]]:
    """Programmes that were brought in together for one period: (starts, ends, watermark, when, programme ids)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT starts, ends, watermark, brought_at, array_agg(DISTINCT programme_id) FROM rebates_settledoutside"
            " WHERE reversed_at IS NULL GROUP BY starts, ends, watermark, brought_at ORDER BY ends, starts, brought_at"
        )
        return cursor.fetchall()


def _late(
    run: SettlementRun, closed: Iterable[SettlementRun], starts: Any, ends: Any, seen: int, at: datetime,
    programmes: list[int],
) -> list[Late]:  # fmt: skip
    """By what they read, and the first day from which it concerns them: the period's, or of a year that is counted its
    own.
    """
    period = Period(starts, ends)
    found = Version.objects.in_force(period).filter(programme__in=programmes).select_related("programme")
    versions = [one for one in found.order_by("programme__code") if one.period_length == period.length]
    alike: dict[tuple[str, Any], list[Version]] = {}
    for plan in plans_for((version, period) for version in versions):
        if yearly.adjusts(plan):
            place = (credited.table(plan.policy), plan.counted.start)
            alike.setdefault(place, []).append(plan.version)
    looked = max([seen, *(one.watermark for one in closed if one.frozen_at > at)])
    late = []
    for (table, first), some in alike.items():
        rows = _rows(table, first, ends, some, looked, seen, run.watermark)
        if rows:
            late.append(
                Late(
                    period=period, watermark=seen, brought_at=at, versions=some,
                    partners=[partner for partner, computable in rows if computable],
                    without_lines=[partner for partner, computable in rows if not computable],
                )
            )  # fmt: skip
    return late


def _rows(
    table: str, first: Any, ends: Any, versions: list[Version], looked: int, seen: int, watermark: int | None
) -> list[tuple[int, bool]]:
    """(partner, whether it can be computed) of those with late lines; of agents with late credits."""
    by_origin = any(returned.how(one.policy) == returned.BY_ORIGIN for one in versions)
    with connection.cursor() as cursor:
        cursor.execute(
            _LATE.replace("{by_origin}", _BY_ORIGIN if by_origin else "").replace("{table}", table),
            {
                "looked": looked, "seen": seen, "watermark": watermark, "starts": first, "ends": ends,
                "programmes": [version.programme_id for version in versions],
                "any_day": any("date_basis" in one.policy for one in versions),
            },
        )  # fmt: skip
        return cursor.fetchall()


_LATE = """
SELECT late.partner_id, EXISTS (
        SELECT FROM {table} known WHERE known.partner_id = late.partner_id AND known.id <= %(seen)s
            AND (%(any_day)s OR known.booking_date >= %(starts)s AND known.booking_date < %(ends)s)
    ) OR NOT EXISTS (
        SELECT FROM rebates_settledoutside settled WHERE settled.partner_id = late.partner_id
            AND settled.reversed_at IS NULL AND settled.ends = %(ends)s
            AND settled.programme_id = ANY(%(programmes)s)
            AND (settled.base <> 0 OR settled.earned <> 0)
    ) AS computable
FROM (
    SELECT DISTINCT partner_id FROM {table} WHERE id > %(looked)s AND id <= %(watermark)s
        AND (%(any_day)s OR booking_date >= %(starts)s AND booking_date < %(ends)s){by_origin}
) late ORDER BY late.partner_id
"""
_BY_ORIGIN = """
    UNION
    SELECT back.partner_id FROM {table} back JOIN {table} origin ON origin.id = back.reverses_id
    WHERE back.id > %(looked)s AND back.id <= %(watermark)s
        AND origin.booking_date >= %(starts)s AND origin.booking_date < %(ends)s"""


def watermark_of(programme_id: int, ends: Any) -> int | None:
    """Up to which sales line a period was settled outside; None where it was not."""
    rows = SettledOutside.objects.for_everyone(because="a period, of no partner in particular").in_force()
    return rows.filter(programme=programme_id, ends=ends).values_list("watermark", flat=True).first()


def brought_in(actor: Actor) -> dict[str, Decimal]:
    """What partners were owed at go-live, by currency: the stated balance, else earned less paid outside."""
    stated = OpeningBalance.objects.visible_to(actor).in_force()
    found: dict[str, Decimal] = dict(stated.order_by().values_list("currency").annotate(sum=Sum("amount")))
    known = set(stated.order_by().values_list("programme_id", "partner_id", "currency"))
    keys = ("programme_id", "partner_id", "currency")
    sums = SettledOutside.objects.visible_to(actor).in_force().order_by().values_list(*keys)
    for *key, earned, paid in sums.annotate(earned_sum=Sum("earned"), paid_sum=Sum("paid")):
        if tuple(key) not in known:
            found[key[2]] = found.get(key[2], ZERO) + earned - paid
    return found
