"""The bytes that are sealed: different rows have different bytes, one row always the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.sealing.canonical import FIELDS, canonical_json, read_json, row_bytes, row_digest, seal_bytes

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
NUMBER = st.none() | st.integers(-(2**63), 2**63 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXT
    | st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ROW = st.fixed_dictionaries(
    {
        **dict.fromkeys(FIELDS, TEXT),
        "id": st.integers(1, 2**62), "at": MOMENT, "partner_id": NUMBER, "user_id": NUMBER,
        "changes": st.dictionaries(TEXT, st.lists(JSON, min_size=2, max_size=2), max_size=4),
    }
)  # fmt: skip


def same(one, other) -> bool:
    """Equal as sealed: 1 and 1.0000 differ, True is not 1."""
    return canonical_json(one) == canonical_json(other)


@given(ROW, ROW)
def test_rows_that_differ_have_different_bytes(one, other):
    equal = all(same(one[f], other[f]) if f == "changes" else one[f] == other[f] for f in FIELDS)
    assert (row_bytes(one) == row_bytes(other)) is equal


@given(ROW, st.sampled_from([name for name in FIELDS if name not in ("at", "changes")]))
def test_one_field_alone_changes_the_bytes(row, name):
    """Also by moving text from one field into the next."""
    changed = dict(row)
    changed[name] = (row[name] or 0) + 1 if name in ("id", "partner_id", "user_id") else f"{row[name]}x"
    assert row_bytes(changed) != row_bytes(row)
    shifted = {**row, "verb": row["verb"] + row["object_type"], "object_type": ""}
    assert (row_bytes(shifted) == row_bytes(row)) is (row["object_type"] == "")


@given(ROW, st.randoms())
def test_the_order_of_keys_blanks_and_escapes_do_not_matter(row, chance):
    keys = list(row["changes"])
    chance.shuffle(keys)
    text = json.dumps(
        {key: row["changes"][key] for key in keys}, indent=chance.choice([None, 3]), ensure_ascii=True,
        default=lambda number: pytest.fail(str(number)) if not isinstance(number, Decimal) else str(number),
    )  # fmt: skip
    if "Decimal" not in repr(row["changes"]):
        assert row_bytes({**row, "changes": text}) == row_bytes(row)


@given(JSON)
def test_canonical_json_is_json_and_keeps_every_digit(value):
    assert canonical_json(read_json(canonical_json(value))) == canonical_json(value)


def test_a_moment_is_the_same_in_every_zone():
    row = dict.fromkeys(FIELDS, "x") | {"changes": {}, "at": datetime(2026, 11, 25, 8, tzinfo=UTC)}
    shanghai = row["at"].astimezone(timezone(timedelta(hours=8)))
    assert row_bytes({**row, "at": shanghai}) == row_bytes(row)


def test_the_bytes_are_those_of_the_page():
    """docs/explanation/sealing.md shows this row and this batch."""
    row = {
        "id": 17, "at": datetime(2026, 11, 25, 14, 48, 22, 123, tzinfo=UTC), "verb": "tier_set",
        "object_type": "partners.partner", "object_id": "3", "object_label": "联和", "partner_id": 3, "user_id": None,
        "actor_kind": "command", "actor_label": "setup", "acting_operator": "", "address": "", "request_id": "",
        "changes": {"tier": ["silver", "gold"]}, "reason": "",
    }  # fmt: skip
    from tests.house.tree import ROOT

    page = (ROOT / "docs/explanation/sealing.md").read_text(encoding="utf-8")
    assert row_bytes(row).decode() in page
    assert row_digest(row) in page
    batch = seal_bytes(number=1, previous="0" * 64, at=row["at"], rows=[(17, row_digest(row))])
    assert batch.decode() in page
