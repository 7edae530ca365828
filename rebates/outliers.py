"""Results of a settlement that stand out: against the partner's own last periods, and against partners of its tier.

**Own**: under one programme the partner earned over 50 % more or less than in the middle of its last periods (up to
six that are settled, three at least). **Group**: per unit of base it earned more than twice, or less than half, of the
middle of the partners with the same tier under the same programme (five at least). Either only where it makes 1,000 or
more of the payout's currency. The middle is the median; of two in the middle the lower one. Nothing follows from it by
itself: it says where to look.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from rebates.models import Programme, RunScope, SettlementRun

PERIODS, LEAST = 6, 3  # of the partner's own past: looked at, at most and at least
SHARE = 50  # per cent by which it differs from its own middle
GROUP, TIMES = 5, 2  # partners of a tier at least; how many times its middle
MONEY = Decimal(1000)  # below this in the payout's currency nobody looks
MOST = 200


@dataclass(frozen=True)
class Outlier:
    """What a partner earned under a programme, and what the middle would have given. kind: own or group."""

    kind: str
    partner_id: int
    number: str
    name: str
    programme: Programme
    currency: str
    earned: Decimal
    middle: Decimal
    seen: int  # periods, or partners of the group

    @property
    def difference(self) -> Decimal:
        return self.earned - self.middle


def outliers(run: SettlementRun, *, most: int = MOST) -> list[Outlier]:
    """The largest differences first; at most one of each kind for a partner and programme."""
    programmes = Programme.objects.in_bulk()
    with connection.cursor() as cursor:
        cursor.execute(
            _OUTLIERS,
            {
                "run": run.pk, "most": most, "share": Decimal(SHARE) / 100, "times": Decimal(TIMES), "group": GROUP,
                "money": MONEY, "least": LEAST, **_earlier(run),
            },
        )  # fmt: skip
        names = [column.name for column in cursor.description]
        rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in cursor]
    return [Outlier(programme=programmes[row.pop("programme_id")], **row) for row in rows]


def _earlier(run: SettlementRun) -> dict[str, list[int]]:
    """The settlements of each programme's last periods before this one, as two lists side by side."""
    scopes = RunScope.objects.filter(
        programme__in=run.scopes.values("programme_id"), run__state__in=("closed", "paid"), ends__lt=run.ends
    )
    counted: dict[int, int] = {}
    runs, programmes = [], []
    for run_id, programme_id in scopes.order_by("programme_id", "-ends").values_list(
        "run_id", "programme_id"
    ):
        counted[programme_id] = counted.get(programme_id, 0) + 1
        if counted[programme_id] <= PERIODS:
            runs.append(run_id)
            programmes.append(programme_id)
    return {"runs": runs, "programmes": programmes}


_OUTLIERS = """
WITH now AS MATERIALIZED (
    SELECT result.partner_id, result.programme_id, result.currency, result.earned, result.base, member.tier
    FROM rebates_result result
    LEFT JOIN rebates_runmember member ON member.run_id = result.run_id AND member.partner_id = result.partner_id
    WHERE result.run_id = %(run)s AND result.kind = 'earned'
), past AS (
    SELECT result.partner_id, result.programme_id, result.currency, count(*) AS seen,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY result.earned) AS middle
    FROM unnest(%(runs)s::bigint[], %(programmes)s::bigint[]) AS earlier (run_id, programme_id)
    JOIN rebates_result result ON result.run_id = earlier.run_id AND result.programme_id = earlier.programme_id
    WHERE result.kind = 'earned'
    GROUP BY result.partner_id, result.programme_id, result.currency
    HAVING count(*) >= %(least)s
), rate AS (
    SELECT programme_id, currency, tier, count(*) AS seen,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY earned / base) AS middle
    FROM now WHERE base > 0 GROUP BY programme_id, currency, tier HAVING count(*) >= %(group)s
), found AS (
    SELECT 'own' AS kind, now.partner_id, now.programme_id, now.currency, now.earned, past.middle, past.seen
    FROM now JOIN past USING (partner_id, programme_id, currency)
    WHERE abs(now.earned - past.middle) > %(share)s * abs(past.middle)
    UNION ALL
    SELECT 'group', now.partner_id, now.programme_id, now.currency, now.earned, round(rate.middle * now.base, 2),
           rate.seen
    FROM now JOIN rate USING (programme_id, currency, tier)
    WHERE now.base > 0 AND (now.earned > %(times)s * rate.middle * now.base
                            OR now.earned * %(times)s < rate.middle * now.base)
)
SELECT found.kind, found.partner_id, found.programme_id, found.currency, found.earned, found.middle, found.seen,
       partner.number, partner.name
FROM found JOIN partners_partner partner ON partner.id = found.partner_id
WHERE abs(found.earned - found.middle) >= %(money)s
ORDER BY abs(found.earned - found.middle) DESC, found.partner_id, found.programme_id, found.kind
LIMIT %(most)s
"""
