"""The bytes that are sealed. docs/explanation/sealing.md describes them; changing one of them breaks every chain.

Guarantee: two rows that differ in any field have different bytes, and one row always has the same, whatever the
database's version, the session's zone or the order of keys in its JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

FIELDS = (
    "id", "at", "verb", "object_type", "object_id", "object_label", "partner_id", "user_id", "actor_kind",
    "actor_label", "acting_operator", "address", "request_id", "changes", "reason",
)  # fmt: skip
NOTHING_BEFORE = "0" * 64


def row_bytes(row: Mapping[str, Any]) -> bytes:
    """A row of the audit trail: each field as `name:length:text`, without value as `name:-`, one a line.

    `changes` is the JSON's text, or what was read from it with numbers as int and Decimal.
    """
    lines = [b"qudao.audit.1\n"]
    for name in FIELDS:
        text = _text(name, row[name])
        if text is None:
            lines.append(b"%s:-\n" % name.encode())
        else:
            value = text.encode()
            lines.append(b"%s:%d:%s\n" % (name.encode(), len(value), value))
    return b"".join(lines)


def row_digest(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(row_bytes(row)).hexdigest()


def seal_bytes(*, number: int, previous: str, at: datetime, rows: Iterable[tuple[int, str]]) -> bytes:
    """A batch: its number, the hash before it, its time, and each row's id and digest in the order of ids."""
    listed = [f"{entry} {digest}\n" for entry, digest in rows]
    head = f"qudao.seal.1\nnumber {number}\nprevious {previous}\nat {moment(at)}\nrows {len(listed)}\n"
    return (head + "".join(listed)).encode()


def seal_hash(**parts: Any) -> str:
    return hashlib.sha256(seal_bytes(**parts)).hexdigest()


def moment(at: datetime) -> str:
    """2026-11-25T14:48:22.000123Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _text(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return moment(value)
    if name == "changes":
        return canonical_json(read_json(value) if isinstance(value, str) else value)
    return str(value)


def read_json(text: str) -> Any:
    """JSON whose numbers keep every digit."""
    return json.loads(text, parse_float=Decimal)


def canonical_json(value: Any) -> str:
    """Keys in the order of their code points, no blanks, numbers digit by digit, text unescaped where JSON lets it."""
    if isinstance(value, dict):
        pairs = (f"{_quoted(key)}:{canonical_json(value[key])}" for key in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical_json(one) for one in value) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
