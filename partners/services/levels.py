"""Which tiers the programme has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError

from partners.errors import TierInUse, TierTwice
from partners.models import Tier
from prm.access.rules import require
from prm.audit.services import differences, record
from prm.values.actor import Actor

FIELDS = ("name", "name_zh", "rank")
# Beyond every rank that a person gives: where ranks wait while others take their places.
ASIDE = 20_000


@transaction.atomic
def set_tiers(*, tiers: Sequence[dict[str, Any]], by: Actor) -> list[Tier]:
    """Let the programme have exactly these tiers: {"code", "name", "name_zh", "rank"}.

    A tier that a partner has or had, or that a price list names, cannot be taken away: TierInUse.
    """
    require(by, "partners.configure")
    for name in ("code", "rank"):
        values = [tier[name] for tier in tiers]
        if len(set(values)) < len(values):
            raise TierTwice()
    known = {tier.code: tier for tier in Tier.objects.select_for_update()}
    for code in sorted(set(known) - {tier["code"] for tier in tiers}):
        _remove(known[code], by)
    Tier.objects.filter(code__in=known).update(rank=F("rank") + ASIDE)
    return [_save(known.get(tier["code"]), tier, by) for tier in tiers]


def _remove(tier: Tier, by: Actor) -> None:
    record(tier, "deleted", by=by)
    try:
        with transaction.atomic():
            tier.delete()
    except ProtectedError:
        raise TierInUse(tier=str(tier)) from None


def _save(tier: Tier | None, wanted: dict[str, Any], by: Actor) -> Tier:
    values = {
        "name": wanted["name"].strip(),
        "name_zh": wanted.get("name_zh", "").strip(),
        "rank": wanted["rank"],
    }
    before = {name: getattr(tier, name) if tier else None for name in FIELDS}
    verb = "changed" if tier else "created"
    tier = tier or Tier(code=wanted["code"])
    for name, value in values.items():
        setattr(tier, name, value)
    tier.save()
    changes = differences(before, values)
    if changes:
        record(tier, verb, by=by, changes=changes)
    return tier
