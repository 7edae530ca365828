"""The tiers in the configuration as text."""

from __future__ import annotations

from typing import Any

from partners.errors import TierUnknown
from partners.models import Tier
from partners.services.levels import set_criteria, set_tiers
from prm.configuration.registry import section
from prm.values.actor import Actor


@section(
    "tiers",
    order=40,
    comment="Tiers of the partner programme, a higher rank is better; all of them. One that partners have cannot go.",
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["code", "name", "rank"],
            "properties": {
                "code": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,39}$"},
                "name": {"type": "string", "minLength": 1, "maxLength": 80},
                "name_zh": {"type": "string", "maxLength": 80},
                "rank": {"type": "integer", "minimum": 1, "maximum": 9999},
            },
        },
    },
)
class Tiers:
    def export(self) -> list[dict[str, Any]]:
        return [
            {"code": tier.code, "name": tier.name}
            | ({"name_zh": tier.name_zh} if tier.name_zh else {})
            | {"rank": tier.rank}
            for tier in Tier.objects.order_by("-rank")
        ]

    def apply(self, wanted: list[dict[str, Any]], *, by: Actor) -> None:
        set_tiers(tiers=wanted, by=by)


@section(
    "tier_criteria",
    order=58,
    comment="What a partner must reach for a tier, by its code: conditions to enter it, and to stay in it.",
    schema={
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"entry": {"type": "object"}, "renewal": {"type": "object"}},
        },
    },
)
class TierCriteria:
    """After the fields of the tenant's own: criteria may ask for them."""

    def export(self) -> dict[str, Any]:
        found = {}
        for tier in Tier.objects.order_by("-rank"):
            said = {name: getattr(tier, name) for name in ("entry", "renewal") if getattr(tier, name)}
            if said:
                found[tier.code] = said
        return found

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        for code in sorted(set(wanted) - set(Tier.objects.values_list("code", flat=True))):
            raise TierUnknown(tier=code)
        for tier in Tier.objects.order_by("-rank"):
            said = wanted.get(tier.code, {})
            set_criteria(tier=tier, entry=said.get("entry", {}), renewal=said.get("renewal", {}), by=by)
