"""Who gets the heads of the audit trail, in the configuration as text."""

from __future__ import annotations

from typing import Any

from prm.configuration.registry import section
from prm.sealing.services import set_head_addresses, settings_now
from prm.values.actor import Actor


@section(
    "audit",
    order=90,
    comment="Audit trail: the addresses to which each day's head goes; all of them.",
    schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["head_addresses"],
        "properties": {"head_addresses": {"type": "array", "items": {"type": "string", "maxLength": 254}}},
    },
)
class Audit:
    def export(self) -> dict[str, Any]:
        return {"head_addresses": list(settings_now().addresses)}

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        set_head_addresses(addresses=wanted["head_addresses"], by=by)
