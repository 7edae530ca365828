"""Gaming hints of a back-test where partners are paid together: under a cap over all of them, and as a group."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from rebates.backtest_groups import ALL
from tests.rebates.test_back_test import tried
from tests.rebates.test_back_test_orders import RETROACTIVE, named, page
from tests.rebates.test_partner_families import family
from tests.rebates.test_partner_groups import bought
from tests.rebates.test_partner_pools import four
from tests.rebates.world import apply, policy, sell

__all__ = ["family", "four"]
pytestmark = pytest.mark.django_db
POOL = [{"on": "payout", "amount": 1_000, "over": "partners"}]
# 101,000 at 3 % instead of 96,000 at 2 %; August pays 2 % on 30,000 instead of on 35,000.
PULLED = [("2026-07", ["INV-802"], Decimal("1110.00"), Decimal("100.00"), Decimal("1010.00"))]


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def together(companies: list[Any]) -> None:
    """96,000 in July, 5,000 two days after it, 30,000 later in August; four buy in each."""
    bought(companies, 40_000, 30_000, 20_000, 6_000, on="2026-07-20")
    sell(companies[1], 5_000, "2026-08-02", document="INV-802")
    bought(companies, 10_000, 10_000, 5_000, 5_000, on="2026-08-20")


def test_under_a_cap_over_all_a_partners_own_figure_before_the_cap_is_told(four, finance, browse):
    (version,) = apply(policy(**RETROACTIVE, caps=POOL))
    for company in four:
        sell(company, 96_000, "2026-07-20")
    sell(four[0], 5_000, "2026-08-02", document="INV-802")
    sell(four[0], 30_000, "2026-08-20")
    found = tried(version)
    assert found.totals == [Decimal("1700.00")]  # July pays the cap, August 2 % on 35,000
    assert named(found) == PULLED
    assert {one.gain for one in found.temptations} == {Decimal("1080.00")}
    assert len(found.cliffs[0].below) == 4
    shown = page(browse(finance))
    assert "each partner’s own figure before the cap over all partners is told" in shown
    assert "1 order, partners: 1; before the cap over all partners" in shown


def test_a_group_has_one_cliff_one_gain_and_one_order_pulled_forward(four, finance, browse):
    (version,) = apply(policy(**RETROACTIVE, who={"as": "group"}))
    together(four)
    found = tried(version)
    assert named(found) == PULLED
    (one,) = found.temptations
    assert (one.partner_id, one.missing, one.gain) == (ALL, Decimal(4_000), Decimal("1080.00"))
    assert (found.cliffs[0].below, found.cliffs[0].above) == ({ALL: 1}, {})
    shown = page(browse(finance))
    assert "each group counts as one partner that bought what its members bought" in shown
    assert "All members together July 2026" in shown and "1 group 1 group 0 groups" in shown
    assert "INV-802 · 2 Aug 2026 · ¥5,000.00 · V 2" in shown
    exported = browse(finance).get(
        "/programmes/core/back-test/?version=1&first=2026-07&last=2026-09&export=csv&of=orders"
    )
    assert "V-2,V 2,2026-07" in b"".join(exported).decode("utf-8-sig")


def test_each_family_stands_by_itself_under_the_name_of_its_parent(family, finance, browse):
    (version,) = apply(policy(**RETROACTIVE, who={"as": "family"}))
    together(family)
    assert named(tried(version)) == PULLED
    assert {one.partner_id for one in tried(version).temptations} == {family[0].row.pk}
    assert "V-1 Ltd and its branches July 2026" in page(browse(finance))


def test_where_too_few_bought_nothing_of_the_group_is_told(four, finance, browse):
    (version,) = apply(policy(**RETROACTIVE, who={"as": "group"}))
    bought(four, 40_000, 30_000, 20_000, 6_000, on="2026-07-20")
    sell(four[1], 5_000, "2026-08-02", document="INV-802")  # alone in August
    ((_period, names, more, less, _cost),) = named(tried(version))
    assert (names, more, less) == (["INV-802"], Decimal("1110.00"), None)
    assert "not told: too few of the group bought anything" in page(browse(finance))
    sell(four[0], 90_000, "2026-09-10")
    assert [str(one.period) for one in tried(version).temptations] == ["2026-07"]


def test_a_group_whose_members_count_by_gates_says_why_nothing_is_told(four, finance, browse):
    gate = {"kind": "measure", "code": "orders.net_sales", "at_least": 1}
    apply(policy(**RETROACTIVE, who={"as": "group"}, gates=[gate]))
    together(four)
    said = (
        "Not told for Core, version 1 (Published): how much of a member’s sales counts hangs on its own gates"
    )
    assert said in page(browse(finance))


def test_who_sees_only_some_of_a_group_is_told_nothing_of_the_whole(four, manager):
    (version,) = apply(policy(**RETROACTIVE, who={"as": "group"}))
    together(four)
    found = tried(version, by=replace(manager, partner_ids=frozenset({four[0].row.pk})))
    assert (found.temptations, found.pulled, found.cliffs[0].partners) == ([], [], 0)
    assert found.untold == {0: "you do not see all the partners that it takes together"}
