"""However the sums of a read are laid out, the same figures come of it."""

from __future__ import annotations

import pytest

from rebates import sums
from rebates.services import computing
from tests.rebates.test_partner_pools import four
from tests.rebates.world import T, apply, catalogue, policy, results, sell, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db
WAYS = {
    "in columns from the start": (1_000, 0),
    "in rows, those that occur laid side by side": (0, 1_000),
    "in rows": (0, 0),
}


@pytest.fixture
def sold(acme, rival):
    catalogue("routing", "wireless", "switching")
    for company, share in ((acme, 1), (rival, 3)):
        sell(company, 30_000 * share, "2026-08-11")
        sell(company, 40_000 * share, "2026-09-03")
        sell(company, -1_000 * share, "2026-09-20")
        sell(company, 25_000 * share, "2026-09-12", line="wireless", quantity=5 * share)
    sell(acme, 7_000.55, "2026-09-30", line="switching", quantity=2)
    apply(
        policy("bands", qualify={"product_lines": ["routing", "wireless"]}, pay={"product_lines": ["wireless"]}),
        policy("growth", mechanism={"kind": "growth", "on": "growth", "bands": [{"from": "10%", "rate": "3%"}]}),
        policy("mix", mechanism={"kind": "mix", "focus": ["wireless"], "bands": [{"from": "20%", "rate": "1.5%"}]}),
        policy("spif", mechanism={"kind": "spif", "per": "unit", "amount": 30}, pay={"products": ["wireless-1"]}),
        policy("set", mechanism={"kind": "bundle", "amount": 50, "parts": [
            {"product": "switching-1", "quantity": 1}, {"product_line": "wireless", "quantity": 2}]}),
        policy("late", "retroactive", bands=T, qualify={"product_lines": ["switching"]}, late={"grace_days": 5}),
        policy("few", mechanism={"kind": "flat", "rate": "1%"}, caps=[{"on": "payout", "amount": 500}]),
    )  # fmt: skip


def figures(run):
    keys = (
        "partner_id",
        "version_id",
        "qualifier",
        "base",
        "reference",
        "band",
        "earned",
        "line_count",
        "explanation",
    )
    return [tuple(getattr(result, key) for key in keys) for result in results(run)]


def in_every_way(monkeypatch):
    found = {}
    for way, (columns, beside) in WAYS.items():
        monkeypatch.setattr(sums, "SIDE_BY_SIDE", columns)
        monkeypatch.setattr(computing, "MOST_BESIDE", beside)
        run = settle("2026-09", close=False)
        found[way] = (figures(run), run.line_count, run.lines_hash, run.totals)
    return list(found.values())


def test_every_way_comes_to_the_same(sold, monkeypatch):
    first, *others = in_every_way(monkeypatch)
    assert len(first[0]) > 10
    assert others == [first, first]


def test_a_group_too(four, monkeypatch):
    catalogue("routing", "wireless")
    for number, company in enumerate(four, start=1):
        sell(company, 20_000 * number, "2026-09-03")
        sell(company, 5_000, "2026-09-12", line="wireless", quantity=number)
    apply(policy("together", "retroactive", who={"as": "group"}, pay={"product_lines": ["routing"]}))
    first, *others = in_every_way(monkeypatch)
    assert len(first[0]) == len(four)
    assert others == [first, first]
