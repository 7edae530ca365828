"""Which exchange rates the tenant computes with, in the configuration as text."""

from __future__ import annotations

from typing import Any

from prm.configuration.registry import section
from prm.exchange.book import stored_policy
from prm.exchange.services import set_exchange
from prm.values.actor import Actor

FIELDS = ("source", "most_days", "through")


@section(
    "exchange",
    order=15,
    comment=(
        "Exchange rates: of which source, how many days old at most, and in which currency two others meet (empty:\n"
        "the tenant's own)."
    ),
    schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["source", "most_days"],
        "properties": {
            "source": {"type": "string", "minLength": 1, "maxLength": 40},
            "most_days": {"type": "integer", "minimum": 0, "maximum": 366},
            "through": {"type": "string", "pattern": "^([A-Z]{3})?$"},
        },
    },
)
class Exchange:
    def export(self) -> dict[str, Any]:
        row = stored_policy()
        return {name: getattr(row, name) for name in FIELDS if getattr(row, name) != ""}

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        if wanted != self.export():
            set_exchange(**wanted, by=by)
