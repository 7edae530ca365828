"""Gaming hints of a back-test: the edges at which a version jumps, who stood near them, and the orders just after a
period's end that would have paid to be booked before it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine

from tests.rebates.test_back_test import text_of, tried
from tests.rebates.world import apply, catalogue, policy, sell

pytestmark = pytest.mark.django_db
RETROACTIVE = {"kind": "retroactive"}


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def page(client, more: str = "") -> str:
    return text_of(client.get(f"/programmes/core/back-test/?version=1&first=2026-07&last=2026-09{more}"))


def named(found) -> list[tuple]:
    return [
        (str(one.period), [document.number for document in one.documents], one.more, one.less, one.cost)
        for one in found.pulled
    ]


# Orders pulled forward


def test_an_order_booked_two_days_after_the_end_is_named_with_what_it_would_have_cost(acme, rival):
    (version,) = apply(policy(**RETROACTIVE))
    sell(acme, 96_000, "2026-07-20")
    sell(acme, 5_000, "2026-08-02", document="INV-802")
    sell(acme, 30_000, "2026-08-20", document="INV-820")
    sell(rival, 96_000, "2026-07-20")  # has nothing that could be pulled forward
    found = tried(version)
    # 101,000 at 3 % instead of 96,000 at 2 %; August pays 2 % on 30,000 instead of on 35,000.
    assert named(found) == [
        ("2026-07", ["INV-802"], Decimal("1110.00"), Decimal("100.00"), Decimal("1010.00"))
    ]
    (one,) = found.pulled
    (document,) = one.documents
    assert (one.partner_id, one.missing) == (acme.row.pk, Decimal(4_000))
    assert (document.day.isoformat(), document.amount) == ("2026-08-02", Decimal("5000.00"))


def test_the_fewest_of_several_documents_are_named(acme):
    (version,) = apply(policy(**RETROACTIVE))
    sell(acme, 90_000, "2026-07-20")
    sell(acme, 1_000, "2026-08-01", document="SMALL")
    sell(acme, 6_000, "2026-08-03", document="HALF-1")
    sell(acme, 2_000, "2026-08-03", document="HALF-2", line="switching")
    sell(acme, 3_000, "2026-08-03", document="HALF-2")
    assert [names for _period, names, *_sums in named(tried(version))] == [["HALF-1", "HALF-2"]]


def test_an_order_of_the_middle_of_the_next_period_did_not_wait_for_its_beginning(acme):
    (version,) = apply(policy(**RETROACTIVE))
    sell(acme, 96_000, "2026-07-20")
    sell(acme, 5_000, "2026-08-11")
    assert named(tried(version)) == []
    sell(acme, 5_000, "2026-08-10", document="INV-810")
    assert [names for _period, names, *_sums in named(tried(version))] == [["INV-810"]]


def test_an_order_after_the_newest_period_is_named_too_and_that_period_costs_nothing_more(acme):
    (version,) = apply(policy(**RETROACTIVE))
    sell(acme, 96_000, "2026-09-20")
    sell(acme, 5_000, "2026-10-01", document="INV-1001")
    found = tried(version)
    assert named(found) == [
        ("2026-09", ["INV-1001"], Decimal("1110.00"), Decimal("100.00"), Decimal("1010.00"))
    ]
    assert found.totals == [Decimal("1920.00")]
    assert found.swings[Decimal("1.1")] == [Decimal("3168.00")]


def test_an_order_that_only_moves_what_is_paid_costs_nothing_and_is_not_named(acme):
    """A step of every 10,000, whenever it is reached: what the period gains, the next one loses."""
    (version,) = apply(policy(mechanism={"kind": "per_increment", "increment": 10_000, "amount": 50}))
    sell(acme, 18_000, "2026-07-20")
    sell(acme, 2_000, "2026-08-02", document="MOVES")
    sell(acme, 10_000, "2026-08-20")
    assert [one[-1] for one in named(tried(version))] == [Decimal("50.00")]  # August keeps its own step
    sell(acme, 8_000, "2026-08-21")
    assert named(tried(version)) == []


def test_neither_returns_nor_sales_that_do_not_count_are_pulled_forward(acme):
    catalogue("routing", "switching")
    (version,) = apply(policy(**RETROACTIVE, qualify={"product_lines": ["routing"]}))
    sell(acme, 96_000, "2026-07-20")
    sell(acme, 9_000, "2026-08-02", line="switching")
    sell(acme, 5_000, "2026-08-02", currency="EUR")
    sell(acme, -5_000, "2026-08-02")
    assert named(tried(version)) == []


def test_by_origin_a_sale_that_came_back_lifts_by_what_is_left_of_it(acme):
    (version,) = apply(policy(**RETROACTIVE, returns="by_origin"))
    sell(acme, 96_000, "2026-07-20")
    sold = sell(acme, 5_000, "2026-08-02", document="INV-802")
    assert named(tried(version))
    sell(acme, -2_000, "2026-09-05", reverses=sold)
    assert named(tried(version)) == []


def test_within_a_year_that_is_counted_as_a_whole_no_order_is_pulled_forward(acme):
    (version,) = apply(policy(**RETROACTIVE, cumulative=True))
    sell(acme, 96_000, "2026-07-20")
    sell(acme, 5_000, "2026-08-02")
    assert named(tried(version)) == []


def test_growth_over_the_month_before_grows_less_where_that_month_sold_more(acme):
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}
    (version,) = apply(policy(mechanism=growth))
    sell(acme, 50_000, "2026-06-20")
    sell(acme, 58_000, "2026-07-20")
    sell(acme, 2_000, "2026-08-02", document="INV-802")
    sell(acme, 70_000, "2026-08-20")
    # July grows by 20 % with it and pays 3 % on 60,000; August no longer grows by 20 % and loses 3 % on 72,000.
    assert named(tried(version)) == []
    sell(acme, 10_000, "2026-08-21")
    # With 80,000 against 60,000 August still grows enough, and only lacks the order itself.
    assert named(tried(version)) == [
        ("2026-07", ["INV-802"], Decimal("1800.00"), Decimal("60.00"), Decimal("1740.00"))
    ]


def test_by_a_formula_the_order_that_reaches_its_jump_is_named(acme):
    rules = {"kind": "formula", "expression": "if(qualifier >= 100000, base * 0.03, base * 0.02)"}
    (version,) = apply(policy(mechanism=rules))
    sell(acme, 96_000, "2026-09-20")
    sell(acme, 5_000, "2026-10-02", document="INV-1002")
    assert named(tried(version)) == [
        ("2026-09", ["INV-1002"], Decimal("1110.00"), Decimal("100.00"), Decimal("1010.00"))
    ]


def test_where_each_sale_counts_by_the_tier_of_its_day_it_says_why_no_order_is_named(acme, finance, browse):
    apply(policy(**RETROACTIVE, tier_on="line_date", who={"tiers": ["gold"]}))
    sell(acme, 1_000)
    shown = page(browse(finance))
    assert (
        "Not told for Core, version 1 (Published): a sale counts by the partner’s tier on its own day."
        in shown
    )


def test_a_manager_reads_orders_of_its_own_partners_only(acme, rival, manager):
    (version,) = apply(policy(**RETROACTIVE))
    for partner in (acme, rival):
        sell(partner, 96_000, "2026-07-20")
        sell(partner, 5_000, "2026-08-02", document=f"INV-{partner.row.pk}")
    mine = replace(manager, partner_ids=frozenset({acme.row.pk}))
    assert [names for _period, names, *_sums in named(tried(version, by=mine))] == [[f"INV-{acme.row.pk}"]]


def test_finance_reads_them_on_the_page_and_takes_them_away(acme, finance, browse):
    apply(policy(**RETROACTIVE))
    sell(acme, 96_000, "2026-07-20")
    sell(acme, 5_000, "2026-08-02", document="INV-802")
    client = browse(finance)
    shown = page(client)
    assert "INV-802 · 2 Aug 2026 · ¥5,000.00 ¥4,000 ¥1,110.00 ¥100.00 ¥1,010.00" in shown
    assert "More, had orders been pulled forward ¥1,010.00 1 order, partners: 1" in shown
    answer = client.get("/programmes/core/back-test/?version=1&first=2026-07&last=2026-09")
    assert 'href="/sales/?q=INV-802"' in answer.content.decode()
    file = client.get("/programmes/core/back-test/?version=1&first=2026-07&last=2026-09&export=csv&of=orders")
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2 and lines[1].endswith("INV-802,2026-08-02,5000.00,1110.00,100.00,1010.00,CNY")


# Cliffs


def cliffs(*versions):
    return [(one.place, one.edge, one.jump, one.partners) for one in tried(*versions).cliffs]


def test_each_edge_says_by_how_much_it_jumps_and_how_many_stood_near(acme, rival):
    (version,) = apply(policy(**RETROACTIVE))
    sell(acme, 96_000, "2026-07-20")
    sell(acme, 98_000, "2026-08-20")
    sell(rival, 104_999, "2026-08-20")
    sell(rival, 106_000, "2026-09-20")
    found = tried(version).cliffs
    assert [(one.edge, one.jump, one.partners) for one in found] == [
        (Decimal(100_000), Decimal("1000.00"), 2),
        (Decimal(250_000), Decimal("5000.00"), 0),
    ]
    assert (found[0].below, found[0].above) == ({acme.row.pk: 2}, {rival.row.pk: 1})
    assert found[0].times == 3


def test_where_the_payout_rises_without_a_step_there_is_no_cliff(acme, finance, browse):
    (version,) = apply(policy())
    assert cliffs(version) == []
    sell(acme, 1_000, "2026-07-20")
    assert "Core, version 1 (Published) jumps nowhere" in page(browse(finance))


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ({"kind": "lump_sum", "bands": [{"from": 60_000, "amount": 900}]}, [(60_000, 900)]),
        ({"mechanism": {"kind": "per_increment", "increment": 10_000, "amount": 50}}, [(10_000, 50)]),
        ({"mechanism": {"kind": "linear", "points": [{"at": 50_000, "rate": "1%"}, {"at": 90_000, "rate": "2%"}]}},
         [(50_000, 500)]),
        ({"kind": "retroactive", "bands": [{"from": 0, "rate": "4%"}, {"from": 50_000, "rate": "3%"}]},
         [(50_000, -500)]),
        ({"mechanism": {"kind": "target", "on": "all", "target": 1_000_000,
                        "bands": [{"from": "100%", "rate": "2%"}]}}, [(1_000_000, 20_000)]),
        ({"mechanism": {"kind": "flat", "rate": "2%"}}, []),
        ({"kind": "retroactive", "caps": [{"on": "measure", "amount": 90_000}]}, []),
        ({"kind": "retroactive", "caps": [{"on": "payout", "amount": 2_500}]}, [(100_000, 500)]),
    ],
)  # fmt: skip
def test_every_mechanism_jumps_where_its_payout_does(entries, found, acme):
    (version,) = apply(policy(**entries))
    assert [(edge, jump) for _place, edge, jump, _near in cliffs(version)] == found


def test_shares_say_for_which_sales_their_jump_is_reckoned_and_near_is_by_each_partners_own(
    acme, rival, finance, browse
):
    catalogue("routing", "focus")
    mix = {"kind": "mix", "focus": ["focus"], "bands": [{"from": "30%", "rate": "1.5%"}]}
    (version,) = apply(policy(mechanism=mix))
    sell(acme, 29_000, "2026-07-20", line="focus")
    sell(acme, 71_000, "2026-07-20")
    sell(rival, 10_000, "2026-07-20", line="focus")
    sell(rival, 90_000, "2026-07-20")
    (one,) = tried(version).cliffs
    assert (one.jump, one.below, one.above) == (Decimal("15000.00"), {acme.row.pk: 1}, {})
    assert "a share of 30% ¥15,000.00 for sales of ¥1,000,000 1 1 0" in page(browse(finance))


def test_where_nobody_knows_who_stood_near_the_jump_is_told_all_the_same(acme, finance, browse):
    apply(policy(**RETROACTIVE, rounding={"on": "line", "mode": "half_up"}))
    sell(acme, 99_000, "2026-07-20")
    shown = page(browse(finance))
    assert "¥100,000 ¥1,000.00 not told, see below" in shown
