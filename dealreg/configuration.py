"""The registration types in the configuration as text."""

from __future__ import annotations

from typing import Any

from dealreg.models import RegistrationType
from dealreg.services.types import set_registration_types
from prm.configuration.registry import section
from prm.values.actor import Actor


@section(
    "registration_types",
    order=50,
    comment="Kinds of deal registration with their days of protection; all of them. One that deals have cannot go.",
    schema={
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["code", "name", "protection_days"],
            "properties": {
                "code": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,39}$"},
                "name": {"type": "string", "minLength": 1, "maxLength": 80},
                "name_zh": {"type": "string", "maxLength": 80},
                "protection_days": {"type": "integer", "minimum": 1, "maximum": 1100},
                "default": {"type": "boolean"},
            },
        },
    },
)
class RegistrationTypes:
    def export(self) -> list[dict[str, Any]]:
        return [
            {"code": kind.code, "name": kind.name}
            | ({"name_zh": kind.name_zh} if kind.name_zh else {})
            | {"protection_days": kind.protection_days}
            | ({"default": True} if kind.is_default else {})
            for kind in RegistrationType.objects.order_by("code")
        ]

    def apply(self, wanted: list[dict[str, Any]], *, by: Actor) -> None:
        set_registration_types(types=wanted, by=by)
