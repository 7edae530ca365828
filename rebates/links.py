"""Programmes that are settled together: a cap that several share, a paid base net of others, the best of a group.

One programme states the link and names the others. A programme may stand in one shared cap, one best-of and any number
of net-ofs: those that share a cap or stand in a best-of are settled at once, first the cap, then the best; what is net
of one of them comes behind all of them. Publication keeps links sound (`services/linking.py`); here they are found
among the plans that are computed together.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from rebates.errors import LinkedInCircle
from rebates.models import Version
from rebates.plans import Plan

NET_OF, BEST_OF = "net_of", "best_of"
One = TypeVar("One", bound=Hashable)


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

    codes: list[str]
    numbers: Collection[int]  # of the plans whose links these are
    pools: list[Pool] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)  # best of, in order
    earlier: dict[int, list[int]] = field(default_factory=dict)  # net of

    @property
    def levels(self) -> list[list[int]]:
        """All plans, those first that wait for none of the rest.

        Raises LinkedInCircle where a draft waits for itself, which publication refuses.
        """
        left = {number: self.waits_for(number) for number in self.numbers}
        found: list[list[int]] = []
        while left:
            ready = [number for number, named in left.items() if not left.keys() & named]
            if not ready:
                others = sorted(self.codes[number] for number in list(left)[1:])
                raise LinkedInCircle(programme=self.codes[min(left)], others=", ".join(others))
            found.append(ready)
            left = {number: named for number, named in left.items() if number not in ready}
        return found

    def at(self, level: Collection[int]) -> Links:
        """The links of the plans of one level: who is settled at once stands in one."""
        return Links(
            self.codes,
            level,
            [pool for pool in self.pools if set(pool.members) <= set(level)],
            [group for group in self.groups if set(group) <= set(level)],
            {number: named for number, named in self.earlier.items() if number in level},
        )

    def waits_for(self, number: int) -> set[int]:
        """The plans that are computed before a plan can be."""
        return waits_for(number, self._at_once, self.earlier)

    def at_once_with(self, number: int) -> set[int]:
        """The plans that are settled at once with a plan, itself among them."""
        return _mates(self._at_once).get(number, {number})

    @property
    def ties(self) -> list[list[int]]:
        """What is settled together."""
        return [one for one in self._at_once if one] + [
            [number, *named] for number, named in self.earlier.items()
        ]

    @property
    def _at_once(self) -> list[list[int]]:
        return [*(list(pool.members) for pool in self.pools), *self.groups]


def waits_for(
    one: One, at_once: Iterable[Collection[One]], earlier: Mapping[One, Collection[One]]
) -> set[One]:
    """Who is computed before `one`: what it and those settled at once with it are net of, with whom these are settled
    at once, and all that these wait for. In a circle it waits for itself.
    """
    mates = _mates(at_once)
    found, left = set[One](), mates.get(one, {one})
    while left:
        named = {before for mate in left for before in earlier.get(mate, ())}
        left = {mate for before in named for mate in mates.get(before, {before})} - found
        found |= left
    return found


def _mates(at_once: Iterable[Collection[One]]) -> dict[One, set[One]]:
    """Of each with whom it is settled at once, directly or by way of another, itself among them."""
    found: dict[One, set[One]] = {}
    for tied in at_once:
        whole = {mate for one in tied for mate in found.get(one, {one})}
        found.update(dict.fromkeys(whole, whole))
    return found


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
    links = Links([plan.code for plan in plans], range(len(plans)))
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
