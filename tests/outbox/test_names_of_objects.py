"""Events about whatever people know by a number are found by it: each kind of key that services write is named."""

from __future__ import annotations

import re

from prm.outbox import objects
from tests.house import tree

# About what has no number that people know, or no page of its own.
NAMELESS = {"month", "missed", "invitation", "question", "support"}
KEY = re.compile(r'object_key=f"([a-z_]+):')


def test_each_kind_of_key_has_rows_and_fields_to_find_them_by():
    written = {kind for path in tree.code() for kind in KEY.findall(path.read_text(encoding="utf-8"))}
    assert {"deal", "order", "claim", "payout"} <= written
    assert written - set(objects._kinds) - NAMELESS == set()


def test_the_fields_to_find_by_are_there(db, administrator):
    for kind in objects._kinds.values():
        rows = kind.seen_by(administrator)
        assert rows is None or list(rows.filter(**{f"{field}__icontains": "x" for field in kind.find})) == []
