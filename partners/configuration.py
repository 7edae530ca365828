"""The tiers in the configuration as text."""

from __future__ import annotations

from typing import Any

from partners.models import Tier
from partners.services.levels import set_tiers
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
