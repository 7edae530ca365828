"""A list with money as a file says the currency of each row."""

from __future__ import annotations

import csv
import io

import pytest

from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "2%"}


def test_amounts_are_followed_by_their_currency_once(acme, rival, finance, browse):
    apply(policy(mechanism=FLAT), policy("usd", mechanism=FLAT, currency="USD"))
    sell(acme, 100_000)
    sell(rival, 50_000, currency="USD")
    settle("2026-09")
    answer = browse(finance).get("/statements/?view=all&export=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(text))
    assert heads.count("Currency") == 1
    assert sorted(row[heads.index("Currency")] for row in rows) == ["CNY", "USD"]
