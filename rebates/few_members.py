"""Programmes in which so few partners stand behind a sum that it would tell one's figure to another."""

from __future__ import annotations

from typing import Any

from django.db import connection

from prm.values.periods import Period
from rebates.models import SettlementRun, Version
from rebates.partner_pools import IS_WITHHELD, hangs_on_all

MOST_NAMED = 20


def findings(run: SettlementRun) -> list[dict[str, Any]]:
    """What a run lists: programmes and periods of which partners are told their own figures only, and which partners.

    Who knows the policy can still tell the whole from its own sum and its share: people decide whether that may be.
    """
    policies = Version.objects.values_list("programme_id", "policy")
    # Of no other programme's results are the explanations read: there are as many as partners, each.
    programmes = {programme for programme, policy in policies if hangs_on_all(policy)}
    if not programmes:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_WITHHELD, [MOST_NAMED, run.pk, sorted(programmes)])
        return [
            {
                "kind": "few_members", "programme": code, "period": str(Period(starts, ends)), "partners": partners,
                "named": list(named),
            }
            for code, starts, ends, partners, named in cursor.fetchall()
        ]  # fmt: skip


_WITHHELD = f"""
SELECT programme.code, result.starts, result.ends, count(*),
       (array_agg(partner.number ORDER BY partner.number COLLATE "C"))[:%s]
FROM rebates_result result
JOIN rebates_programme programme ON programme.id = result.programme_id
JOIN partners_partner partner ON partner.id = result.partner_id
WHERE result.run_id = %s AND result.programme_id = ANY(%s) AND {IS_WITHHELD.format(row="result")}
    AND COALESCE(result.explanation -> 'pooled' ->> 'lowered', 'true') = 'true'
    AND COALESCE(result.explanation #> '{{grouped,early}}', result.explanation #> '{{pooled,early}}') IS NULL
GROUP BY programme.code, result.starts, result.ends ORDER BY programme.code, result.ends
"""
