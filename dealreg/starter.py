"""The kinds of registration with which a tenant begins."""

from __future__ import annotations

from typing import Any

from dealreg.models import RegistrationType
from prm.starter import kit
from prm.values.actor import Actor


@kit.part("dealreg", order=20)
def apply(text: dict[str, Any], *, tenant: Any, by: Actor) -> None:
    """Add the registration types that are missing."""
    for kind in text.get("registration_types", []):
        values = {
            "name": kind["name"],
            "name_zh": kind.get("name_zh", ""),
            "protection_days": kind["protection_days"],
            "is_default": kind.get("default", False),
        }
        RegistrationType.objects.get_or_create(code=kind["code"], defaults=values)
