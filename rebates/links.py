"""Programmes that are settled together: a cap that several share, a paid base net of others, the best of a group.

One programme states the link and names the others. Publication keeps links sound (`services/linking.py`); here they
are found among the plans that are computed together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rebates.models import Version
from rebates.plans import Plan

NET_OF, BEST_OF = "net_of", "best_of"


def shared_cap(policy: dict[str, Any]) -> dict[str, Any] | None:
    """The cap on the payout that a policy shares with programmes it names."""
    return next((cap for cap in policy.get("caps", []) if "programmes" in cap), None)


def stacked_on(policy: dict[str, Any], kind: str) -> list[str]:
    """The codes that a policy names in a stack of that kind."""
    stacking = policy.get("stacking", {})
    return list(stacking.get("programmes", [])) if stacking.get("kind") == kind else []


def named_programmes(policy: dict[str, Any]) -> set[str]:
    """Codes of all programmes that a policy is linked with."""
    cap = shared_cap(policy)
    stack = stacked_on(policy, NET_OF) + stacked_on(policy, BEST_OF)
    return {*(cap["programmes"] if cap else ()), *stack}


def in_order(code: str, named: Sequence[str]) -> list[str]:
    """The programmes of a group in their stated order; the one that states it comes last unless it says where."""
    return list(dict.fromkeys(named if code in named else [*named, code]))


@dataclass(frozen=True)
class Pool:
    """Plans that share a cap on the payout, by programme code."""

    amount: Decimal
    members: tuple[int, ...]
    codes: tuple[str, ...]
    stated_by: str


@dataclass(frozen=True)
class Links:
    """What ties plans together, by their numbers."""

    pools: list[Pool] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)  # best of, in order
    earlier: dict[int, list[int]] = field(default_factory=dict)  # net of

    @property
    def levels(self) -> list[list[int]]:
        """Plans that are net of others, those first that need no other of them; what needs nobody is left out."""
        found: list[list[int]] = []
        left = dict(self.earlier)
        while left:
            ready = sorted(number for number, named in left.items() if not left.keys() & set(named))
            if not ready:
                raise ValueError("programmes are net of each other")  # publication refuses it
            found.append(ready)
            left = {number: named for number, named in left.items() if number not in ready}
        return found

    @property
    def ties(self) -> list[list[int]]:
        """What is settled together."""
        tied = [list(pool.members) for pool in self.pools] + self.groups
        return [one for one in tied if one] + [[number, *named] for number, named in self.earlier.items()]

    def touches(self, number: int) -> bool:
        """Whether a plan's figure hangs on others."""
        return (
            number in self.earlier
            or any(number in pool.members for pool in self.pools)
            or any(number in group for group in self.groups)
        )


def linked_with(version: Version, others: Sequence[Version]) -> list[Version]:
    """Of `others` those of other programmes that are settled together with `version`, directly or by way of more."""
    others = [other for other in others if other.programme_id != version.programme_id]
    found: list[Version] = []
    reached = [version]
    while reached:
        one = reached.pop()
        more = [other for other in others if other not in found and _are_linked(one, other)]
        found += more
        reached += more
    return found


def _are_linked(one: Version, other: Version) -> bool:
    return other.programme.code in named_programmes(one.policy) or one.programme.code in named_programmes(
        other.policy
    )


def links_of(plans: Sequence[Plan]) -> Links:
    """Only plans of the same period and world are linked."""
    places = {(plan.world, plan.period, plan.code): number for number, plan in enumerate(plans)}
    links = Links()
    for number, plan in enumerate(plans):

        def numbers(codes: Sequence[str], plan: Plan = plan) -> list[int]:
            found = (places.get((plan.world, plan.period, code)) for code in codes)
            return [place for place in found if place is not None]

        cap = shared_cap(plan.policy)
        if cap:
            codes = sorted({*cap["programmes"], plan.code})
            pool = Pool(Decimal(cap["amount"]), tuple(numbers(codes)), tuple(codes), plan.code)
            links.pools.append(pool)
        group = numbers(in_order(plan.code, stacked_on(plan.policy, BEST_OF)))
        if len(group) > 1:
            links.groups.append(group)
        earlier = numbers(stacked_on(plan.policy, NET_OF))
        if earlier:
            links.earlier[number] = earlier
    return links
