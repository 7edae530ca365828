"""Product lines in the configuration as text: rebate programmes and protections name them."""

from __future__ import annotations

from typing import Any

from prm.catalogue.models import ProductLine
from prm.catalogue.services import save_product_line
from prm.configuration.registry import at, each, section
from prm.values.actor import Actor


@section(
    "product_lines",
    order=30,
    comment="Product lines. Products hang on them, so one that is not named stays; `active: false` closes it.",
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["code", "name"],
            "properties": {
                "code": {"type": "string", "minLength": 1, "maxLength": 40},
                "name": {"type": "string", "minLength": 1, "maxLength": 120},
                "name_zh": {"type": "string", "maxLength": 120},
                "active": {"type": "boolean"},
            },
        },
    },
)
class ProductLines:
    def export(self) -> list[dict[str, Any]]:
        return [_entry(line) for line in ProductLine.objects.order_by("code")]

    def apply(self, wanted: list[dict[str, Any]], *, by: Actor) -> None:
        known = {line.code: line for line in ProductLine.objects.all()}
        for place, entry in each("product_lines", wanted):
            with at(place):
                save_product_line(
                    code=entry["code"],
                    name=entry["name"],
                    name_zh=entry.get("name_zh", ""),
                    is_active=entry.get("active", True),
                    line=known.get(entry["code"]),
                    by=by,
                )


def _entry(line: ProductLine) -> dict[str, Any]:
    entry: dict[str, Any] = {"code": line.code, "name": line.name}
    if line.name_zh:
        entry["name_zh"] = line.name_zh
    return entry if line.is_active else {**entry, "active": False}
