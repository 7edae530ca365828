"""The finance system's account codes in the configuration as text."""

from __future__ import annotations

from typing import Any

from payouts.reads import known_codes
from payouts.services import set_account_codes
from prm.configuration.registry import section
from prm.ledger.models import Account
from prm.values.actor import Actor


@section(
    "account_codes",
    order=70,
    comment=(
        "What the finance system calls each kind of account in an exported journal: a code and, where wanted, a name.\n"
        "A kind that is not named has no code."
    ),
    schema={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            kind: {
                "type": "object",
                "additionalProperties": False,
                "required": ["code"],
                "properties": {
                    "code": {"type": "string", "minLength": 1, "maxLength": 40},
                    "name": {"type": "string", "maxLength": 120},
                },
            }
            for kind in Account.Kind.values
        },
    },
)
class AccountCodes:
    def export(self) -> dict[str, Any]:
        known = known_codes()
        return {
            kind: {"code": known[kind][0]} | ({"name": known[kind][1]} if known[kind][1] else {})
            for kind in Account.Kind.values
            if kind in known
        }

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        entries = {kind: wanted.get(kind, {}) for kind in Account.Kind.values}
        codes = {kind: (entry.get("code", ""), entry.get("name", "")) for kind, entry in entries.items()}
        set_account_codes(codes=codes, by=by)
