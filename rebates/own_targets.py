"""Targets of single partners: who has one of its own is held against that, all others against the one for all.

Guarantees
- A policy states them by partner number, so that they are published, amended, approved and back-tested with it; where
  none is stated for the others, these take no part (`policy.partners_named`).
- A partner reads its own target and nobody else's: `policy_of` is the policy as it concerns one partner. What it reads,
  signs and recomputes is made of that.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from rebates.models import Version
from rebates.plans import Plan

COLUMN = "target"  # what a partner is asked for, in the measure currency or units


def targets_of(policy: dict[str, Any]) -> dict[str, str]:
    """The targets of single partners, by number."""
    return dict(policy["mechanism"].get("targets", {}))


def policy_of(policy: dict[str, Any], number: str) -> dict[str, Any]:
    """The policy as it concerns one partner: its own target is the target, and of others none is told."""
    own = targets_of(policy)
    if not own:
        return policy
    mine = {"target": own[number]} if number in own else {}
    return policy | {"mechanism": policy["mechanism"] | mine | {"targets": {}}}


def version_of(version: Version, number: str) -> Version:
    """The version as it concerns one partner; not for saving."""
    if not targets_of(version.policy):
        return version
    own = copy.copy(version)
    own.policy = policy_of(version.policy, number)
    return own


def example_of(policy: dict[str, Any]) -> Decimal:
    """The target that a curve is drawn for: the one for all, else the middle one of the partners' own."""
    rules = policy["mechanism"]
    if "target" in rules:
        return Decimal(rules["target"])
    own = sorted(Decimal(one) for one in rules["targets"].values())
    return own[len(own) // 2]


# SQL


def matter(plans: Iterable[Plan]) -> bool:
    return any(plan.targets for plan in plans)


def joined(based: str, names: Sequence[str], plans: Sequence[Plan], params: dict[str, Any]) -> str:
    """`based`, a SELECT of `names`, with each partner's own target as what bands are shares of, and as `COLUMN`."""
    rows = []
    for number, plan in enumerate(plans):
        if plan.targets:
            whose, amounts = f"targets_{number}_of", f"targets_{number}"
            params[whose], params[amounts] = list(plan.targets), list(plan.targets.values())
            rows.append(
                f"SELECT {number} AS no, own.partner_id, own.amount, own.amount * {plan.counted_in} AS parts"
                f" FROM unnest(%({whose})s::bigint[], %({amounts})s::numeric[]) own(partner_id, amount)"
            )
    reference = "COALESCE(own.parts, based.reference) AS reference"
    columns = ", ".join(reference if name == "reference" else f"based.{name}" for name in names)
    return (
        f"SELECT {columns}, own.amount AS {COLUMN} FROM ({based}) based LEFT JOIN ({' UNION ALL '.join(rows)}) own"
        " ON own.no = based.no AND own.partner_id = based.partner_id"
    )
