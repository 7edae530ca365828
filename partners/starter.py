"""The partner programme with which a tenant begins."""

from __future__ import annotations

from typing import Any

from partners.models import Tier
from prm.starter import kit
from prm.values.actor import Actor


@kit.part("partners", order=10)
def apply(text: dict[str, Any], *, tenant: Any, by: Actor) -> None:
    """Add the tiers that are missing."""
    for tier in text.get("tiers", []):
        names = {"name": tier["name"], "name_zh": tier.get("name_zh", ""), "rank": tier["rank"]}
        Tier.objects.get_or_create(code=tier["code"], defaults=names)
