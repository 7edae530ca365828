"""A cap on what a programme pays all partners together, see `pooled_sql.py`; and of which programmes each figure hangs
on those of all.

Guarantees
- Each figure hangs on those of all partners. Such a programme is always read for everybody, whoever is asked for, and
  told of those who are: the settlement, adjustments, accruals and back-tests say the same. A run computes it once,
  when all ranges of partners are done.
- A partner's explanation and kit hold its own figure, the sum of all and the cap; the factor is one divided by the
  other. Where fewer than four come to anything they hold no sum, for it would tell one's figure to another; who knows
  the cap can tell it from its own figure and its share where the cap lowered them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from django.db import connection

from partners.models import Partner
from prm.values import clock
from prm.values.periods import Period
from rebates import narrowing, traits
from rebates.errors import LinkSpansPartners
from rebates.links import links_of
from rebates.models import Version
from rebates.plans import Plan, plans_for
from rebates.scope import Scope

LEAST_MEMBERS = 4  # fewer could be told from each other's figures
# To how many decimals fractions of many partners are added up, and what falls to each in minor units is compared.
DECIMALS, TICKS = 400, 200
TOLD_TO = 10  # decimals of the sum of such fractions
# Whether what others add to the figure of `row` is not told; and its explanation without it.
IS_WITHHELD = (
    "COALESCE({row}.explanation -> 'grouped', {row}.explanation -> 'pooled') -> 'withheld' IS NOT NULL"
)
WITHOUT_SUM = (
    "jsonb_set({row}.explanation, ARRAY['pooled'],"
    " ({row}.explanation -> 'pooled') - 'sum' - 'parts' - 'decimals' || jsonb_build_object('withheld', true))"
)


def cap_of(policy: dict[str, Any]) -> dict[str, Any] | None:
    """The cap that all partners of a programme share."""
    return next((cap for cap in policy.get("caps", []) if cap.get("over") == "partners"), None)


def matter(plans: Iterable[Plan]) -> bool:
    return any(cap_of(plan.policy) for plan in plans)


def is_group(policy: dict[str, Any]) -> bool:
    """Whether the partners are taken together, see `partner_groups.py`."""
    return policy.get("who", {}).get("as") in ("group", "family")


def is_family(policy: dict[str, Any]) -> bool:
    """Whether each partner without a parent is a group with all that stand below it."""
    return bool(policy.get("who", {}).get("as") == "family")


def hangs_on_all(policy: dict[str, Any]) -> bool:
    """Whether each partner's figure hangs on those of all."""
    return cap_of(policy) is not None or is_group(policy)


def hanging(plans: Sequence[Plan]) -> set[int]:
    """The numbers of the plans of which each figure hangs on those of all: by themselves, or because they are net of,
    or in a best-of with, one that does.
    """
    own = {number for number, plan in enumerate(plans) if hangs_on_all(plan.policy)}
    if not own:
        return own
    links = links_of(plans)
    return {
        number for number in range(len(plans)) if own & (links.at_once_with(number) | links.waits_for(number))
    }


def hanging_programmes(versions: Iterable[tuple[Version, Period]]) -> set[int]:
    """The same of versions that are in force together: their programmes."""
    versions = list(versions)
    if not any(hangs_on_all(version.policy) for version, _period in versions):
        return set()
    plans = plans_for(versions)
    return {plans[number].version.programme_id for number in hanging(plans)}


def hanging_in(period: Period) -> set[int]:
    """The same of all that are in force in a period."""
    versions = Version.objects.in_force(period).select_related("programme").order_by("programme__code")
    return hanging_programmes((one, period) for one in versions if one.period_length == period.length)


def apart(plans: Iterable[Plan]) -> tuple[list[Plan], list[Plan]]:
    """The plans that compute each partner by itself, and those that need all: beside these, as `unseen` ones, what they
    are net of. Twice is as good as once.
    """
    plans = list(plans)
    numbers = hanging(plans)
    together = [plans[number] for number in sorted(numbers)]
    alone = [plan for number, plan in enumerate(plans) if number not in numbers and not plan.unseen]
    return alone, [*together, *earlier_of(together, plans)]


def bundles(together: Sequence[Plan]) -> list[list[Plan]]:
    """Of the plans that need all those that are computed with each other: each group and what it is net of, the group
    first; and all others.
    """
    groups = [plan for plan in together if is_group(plan.policy)]
    others = [plan for plan in together if not is_group(plan.policy) and not plan.unseen]
    found = [[one, *earlier_of([one], together)] for one in groups]
    return [*found, [*others, *earlier_of(others, together)]] if others else found


def earlier_of(later: Sequence[Plan], plans: Sequence[Plan]) -> list[Plan]:
    """What plans are net of, directly or by way of more, with what shares a cap or stands in a best-of with these, and
    computes every partner by itself: as unseen ones.

    Raises LinkSpansPartners where a draft ties what cannot be, which publication refuses.
    """
    links, places, on_all = (
        links_of(plans),
        {_place(plan): number for number, plan in enumerate(plans)},
        hanging(plans),
    )
    earlier: dict[int, Plan] = {}
    for one in later:
        for number in sorted(links.waits_for(places[_place(one)])):
            other = plans[number]
            if is_group(other.policy) or (hangs_on_all(other.policy) and hangs_on_all(one.policy)):
                raise LinkSpansPartners(programme=one.code, other=other.code)
            if number not in on_all:
                earlier[number] = replace(other, unseen=True)
    return list(earlier.values())


def _place(plan: Plan) -> tuple[int, Period, str]:
    return plan.world, plan.period, plan.code


def with_earlier(plan: Plan, plans: Sequence[Plan]) -> list[Plan]:
    """The plan, and where each figure hangs on those of all what it is net of, whose lines and years move them too."""
    return [plan, *(earlier_of([plan], plans) if hangs_on_all(plan.policy) else ())]


def moving(plans: Sequence[Plan]) -> list[list[Plan]]:
    """Of each plan those whose lines move its figure: itself, and where it hangs on those of all what it is tied to."""
    links, numbers = links_of(plans), hanging(plans)
    return [
        [plans[one] for one in sorted(links.at_once_with(number) | links.waits_for(number))]
        if number in numbers
        else [plan]
        for number, plan in enumerate(plans)
    ]


def everybody(scope: Scope) -> Scope:
    return replace(scope, first_partner=None, last_partner=None, partners=None)


# SQL


def only_of(figures: str, scope: Scope, params: dict[str, Any]) -> str:
    """The figures of the partners that are asked for."""
    where = narrowing.within(scope, params, "", None)
    return f"SELECT * FROM ({figures}) pooled WHERE {' AND '.join(where)}" if where else figures


# Publication


def members(plan: Plan) -> dict[int | None, set[int]]:
    """The active partners that take part as things stand: by the topmost partner of each family, or all under None."""
    who, today = plan.policy.get("who", {}), clock.today()
    found = traits.members_on(today, [plan])
    where, params = ["partner.status = %(active)s"], {"active": Partner.Status.ACTIVE, **found.params}
    chosen = None if plan.chosen is None else sorted(plan.chosen)
    for name, values, condition in (
        # Also where each line's day is asked: who has none of these tiers now hides nobody.
        ("tiers", who.get("tiers"), "m.tier = ANY(%(tiers)s)"),
        ("types", who.get("types"), "m.type = ANY(%(types)s)"),
        ("regions", who.get("regions"), "m.region = ANY(%(regions)s)"),
        ("chosen", chosen, "m.partner_id = ANY(%(chosen)s)"),
    ):
        if values is not None:
            where.append(condition)
            params[name] = values
    certificates = traits.cells(plan)["certificates"][0]
    if certificates:
        params["certificates"] = certificates
        where.append(
            "EXISTS (SELECT FROM unnest(%(certificates)s) code WHERE (m.figures ->> code)::numeric >= 1)"
        )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT m.family, array_agg(m.partner_id) FROM ({found.text}) m"
            f" JOIN partners_partner partner ON partner.id = m.partner_id WHERE {' AND '.join(where)} GROUP BY 1",
            params,
        )
        taking = {top: set(partners) for top, partners in cursor.fetchall()}
        return taking if is_family(plan.policy) else {None: taking.get(None, set())}


def too_few(plan: Plan) -> tuple[int | None, int] | None:
    """The members of the smallest group whose sum would tell one's figure to another; of a family also its topmost
    partner. Who has neither parent nor branches is no family.
    """
    alone = 1 if is_family(plan.policy) else -1
    counts = {top: len(partners) for top, partners in members(plan).items()}
    small = [(count, top) for top, count in counts.items() if count < LEAST_MEMBERS and count != alone]
    count, top = min(small, key=lambda one: (one[0], one[1] or 0), default=(None, None))
    return None if count is None else (top, count)


def told_apart(one: Plan, other: Plan) -> int | None:
    """How many partners the sums of two programmes tell by subtraction, where a partner that takes part in both could
    tell so few from each other; None where they tell nobody.
    """
    found = [
        len(more)
        for mine, theirs in product(_sums_of(one), _sums_of(other))
        if mine & theirs
        for more in (mine - theirs, theirs - mine)
        if 0 < len(more) < LEAST_MEMBERS
    ]
    return min(found, default=None)


def _sums_of(plan: Plan) -> list[set[int]]:
    """Of whom a plan tells sums: who is a family by itself is told its own."""
    return [group for group in members(plan).values() if len(group) > 1 or not is_family(plan.policy)]
