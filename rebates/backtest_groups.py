"""A group of partners as a back-test's hints take it: as the one partner that bought what its members bought.

The sums are those that the settlement's own SQL tells the members, see `partner_groups.py`. Of a period in which so few
bought that these are withheld, nothing is told of the group.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection

from rebates import partner_pools, traits
from rebates.models import Version
from rebates.plans import plans_for

if TYPE_CHECKING:
    from prm.values.periods import Period
    from rebates.temptations import Stood

ALL = 0  # in place of a partner's number: the group of all that take part


def asks_members(policy: dict[str, Any]) -> bool:
    """Whether members count by gates and factors of their own: then it matters whose order one more is."""
    return bool(policy.get("gates") or policy.get("factors") or policy.get("sign_off") == "before_accrual")


def as_one(version: Version, period: Period, rows: Iterable[tuple[Stood, str | None]]) -> list[Stood]:
    """The groups of a version in a period. `rows` are its members, each with what its explanation says of the group."""
    told: dict[int, list[tuple[Stood, dict[str, Any]]]] = {}
    tops = _tops(version, period)
    for member, said in rows:
        told.setdefault(tops.get(member.partner_id, ALL), []).append((member, json.loads(said or "{}")))
    return [_group(top, members) for top, members in sorted(told.items())]


def _group(top: int, members: Sequence[tuple[Stood, dict[str, Any]]]) -> Stood:
    one, sums = members[0]
    taken = tuple(sorted(member.partner_id for member, _sums in members))
    if "qualifier" not in sums:  # withheld
        nothing = Decimal(0)
        return replace(
            one, partner_id=top, qualifier=nothing, base=nothing, reference=None, barred=True, members=taken
        )
    reference = sums.get("reference")
    return replace(
        one,
        partner_id=top,
        earned=Decimal(sums["figure"]),
        qualifier=Decimal(sums["qualifier"]),
        base=Decimal(sums["base"]),
        reference=None if reference is None else Decimal(reference),
        lines=sum(member.lines for member, _sums in members),
        # Where nobody is paid on anything there is nobody among whom a figure could be shared.
        barred=bool(one.barred) or not Decimal(sums["sum"]),
        counted=sums["counted"],
        members=taken,
    )


def _tops(version: Version, period: Period) -> dict[int, int]:
    """The topmost partner of each one's family; of a group of all nobody's."""
    if not partner_pools.is_family(version.policy):
        return {}
    members = traits.members_on(period.last_day, plans_for([(version, period)]))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT partner_id, family FROM ({members.text}) member", members.params)
        return dict(cursor.fetchall())
