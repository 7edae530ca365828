"""Programmes in which so few partners stand behind a sum that it would tell one's figure to another."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.ui import formats
from prm.values.periods import Period
from rebates.models import SettlementRun, Version
from rebates.partner_pools import IS_WITHHELD, hangs_on_all

MOST_NAMED = 5  # where there are more, their number says it


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
                "kind": "few_members", "programme": code, "names": [name, name_zh],
                "period": str(Period(starts, ends)), "partners": partners,
                "named": list(named) if partners <= MOST_NAMED else [],
            }
            for code, name, name_zh, starts, ends, partners, named in cursor.fetchall()
        ]  # fmt: skip


def words(facts: dict[str, Any]) -> str:
    """A finding in one sentence; the partners only where they are few."""
    said = ngettext(
        "In %(programme)s, %(period)s, %(count)s partner reads its own figures only: fewer than four stand behind a sum"
        " that it shares, or behind what moved that sum, so that it would tell one's figure to another.",
        "In %(programme)s, %(period)s, %(count)s partners read their own figures only: fewer than four of them stand"
        " behind a sum that they share, or behind what moved that sum, so that it would tell one's figure to another.",
        facts["partners"],
    ) % {
        "programme": programme_in_language(facts.get("names", [facts["programme"], ""])),
        "period": formats.period(Period.parse(facts["period"])),
        "count": formats.number(facts["partners"]),
    }
    if facts["partners"] > MOST_NAMED:
        return said
    named = _("They are: %(partners)s.") % {"partners": ", ".join(facts["named"])}
    return _("%(said)s %(more)s") % {"said": said, "more": named}


def programme_in_language(names: list[str]) -> str:
    """Of the name and the Chinese name, "" where there is none."""
    name, name_zh = names
    return name_zh if name_zh and formats.is_chinese() else name


_WITHHELD = f"""
SELECT programme.code, programme.name, programme.name_zh, result.starts, result.ends, count(*),
       (array_agg(partner.number ORDER BY partner.number COLLATE "C"))[:%s]
FROM rebates_result result
JOIN rebates_programme programme ON programme.id = result.programme_id
JOIN partners_partner partner ON partner.id = result.partner_id
WHERE result.run_id = %s AND result.programme_id = ANY(%s) AND {IS_WITHHELD.format(row="result")}
    AND COALESCE(result.explanation -> 'pooled' ->> 'lowered', 'true') = 'true'
    AND COALESCE(result.explanation #> '{{grouped,early}}', result.explanation #> '{{pooled,early}}') IS NULL
GROUP BY programme.id, result.starts, result.ends ORDER BY programme.code, result.ends
"""
