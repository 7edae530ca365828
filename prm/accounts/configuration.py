"""Roles of the tenant's own in the configuration as text."""

from __future__ import annotations

from typing import Any

from prm.access.roles import STAFF_ROLES
from prm.accounts.models import OwnRole
from prm.accounts.services.roles import delete_role, save_role
from prm.configuration.registry import at, each, section
from prm.values.actor import Actor


@section(
    "roles",
    order=15,
    comment=(
        "Roles of the tenant's own: `base` is the built-in role that one is made from and keeps, `may` all that it\n"
        "may do. One that is not named goes; refused while somebody has it. Who has which role is not in the file."
    ),
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["code", "name", "base", "may"],
            "properties": {
                "code": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"},
                "name": {"type": "string", "minLength": 1, "maxLength": 60},
                "name_zh": {"type": "string", "maxLength": 60},
                "base": {"enum": [str(role) for role in STAFF_ROLES]},
                "may": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
)
class Roles:
    def export(self) -> list[dict[str, Any]]:
        return [_entry(role) for role in OwnRole.objects.order_by("code")]

    def apply(self, wanted: list[dict[str, Any]], *, by: Actor) -> None:
        known = {role.code: role for role in OwnRole.objects.all()}
        for place, entry in each("roles", wanted):
            with at(place):
                known[entry["code"]] = save_role(
                    role=known.get(entry["code"]), code=entry["code"], name=entry["name"],
                    name_zh=entry.get("name_zh", ""), base=entry["base"], verbs=entry["may"], by=by,
                )  # fmt: skip
        for code in set(known) - {entry["code"] for entry in wanted}:
            with at(f"roles[{code}]"):
                delete_role(role=known[code], by=by)


def _entry(role: OwnRole) -> dict[str, Any]:
    entry = {"code": role.code, "name": role.name} | ({"name_zh": role.name_zh} if role.name_zh else {})
    return entry | {"base": role.base, "may": list(role.verbs)}
