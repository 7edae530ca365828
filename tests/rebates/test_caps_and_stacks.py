"""Programmes that share a cap and stand in a stack: the cap first, then the best, then what is net of them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from prm.values.periods import Period
from rebates import explanations
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.errors import LinkedInCircle, LinkSpansPartners
from rebates.exchange import as_yaml
from rebates.links import waits_for
from rebates.models import Programme, Version
from rebates.policy import PolicyProblem, read_yaml
from rebates.wording import sentence
from tests.rebates.test_combinations import agrees, figures, settled
from tests.rebates.test_limits import steps
from tests.rebates.test_linked import best_of, cap, flat, net_of, result_of
from tests.rebates.test_partner_groups import bought, grouped, kits_agree, money
from tests.rebates.test_partner_pools import four, pooled
from tests.rebates.test_pools_in_stacks import by_code
from tests.rebates.world import BY, adjustments, apply, catalogue, policy, sell, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")


@pytest.mark.parametrize(
    ("programmes", "paid"),
    [
        # Of 200,000 a and c pay 6,000 and 4,000, under 4,000 together 2,400 and 1,600: 197,600 are left for b.
        (
            [flat("a", "3%"), flat("c", "2%", caps=cap(4_000, "a")), flat("b", "2%", stacking=net_of("a"))],
            {"a": "2400.00", "c": "1600.00", "b": "3952.00"},
        ),
        # b comes to 2 % of 194,000, d to 4,000: 3,880 and 4,000 share 5,000.
        (
            [
                flat("a", "3%"), flat("d", "2%"),
                flat("b", "2%", stacking=net_of("a"), caps=cap(5_000, "d")),
            ],
            {"a": "6000.00", "b": "2461.93", "d": "2538.07"},
        ),
        # The cap leaves 1,600 of c, so e's 2,000 are the best.
        (
            [
                flat("a", "3%"), flat("c", "2%", caps=cap(4_000, "a")), flat("e", "1%", stacking=best_of("c")),
            ],
            {"a": "2400.00", "c": "0.00", "e": "2000.00"},
        ),
        # One cap over those of a best-of: what is not paid took its part of it.
        (
            [flat("a", "3%"), flat("b", "2%", caps=cap(4_000, "a"), stacking=best_of("a"))],
            {"a": "2400.00", "b": "0.00"},
        ),
        # Net of a best-of: of what is paid, not of what was the best.
        (
            [flat("a", "3%"), flat("b", "2%", stacking=best_of("a")), flat("c", "1%", stacking=net_of("a", "b"))],
            {"a": "6000.00", "b": "0.00", "c": "1940.00"},
        ),
        # The best of one that is net of another and one that is not: 2 % of 194,000 against 3,900.
        (
            [
                flat("x", "3%"), flat("a", "2%", stacking=net_of("x")), flat("b", "1.95%", stacking=best_of("a")),
            ],
            {"x": "6000.00", "a": "0.00", "b": "3900.00"},
        ),
        # A chain: cap, net of, cap again, net of.
        (
            [
                flat("a", "3%"), flat("c", "2%", caps=cap(4_000, "a")),
                flat("b", "2%", stacking=net_of("a", "c")), flat("d", "3%", caps=cap(4_900, "b")),
                flat("e", "10%", stacking=net_of("d")),
            ],
            # b 3,920 and d 6,000 share 4,900: 1,936.29 and 2,963.71
            {"a": "2400.00", "c": "1600.00", "b": "1936.29", "d": "2963.71", "e": "19703.63"},
        ),
    ],
)  # fmt: skip
def test_each_is_settled_to_its_end_before_what_is_net_of_it(acme, tmp_path, programmes, paid):
    apply(*programmes)
    sell(acme, 200_000)
    # Accruals, back-tests of each and the kit agree.
    assert settled(tmp_path) == {code: Decimal(amount) for code, amount in paid.items()}


def test_who_is_settled_at_once_with_a_net_one_keeps_its_own_base(acme, tmp_path):
    """Pieces and sets are no sum of money from which something could be taken."""
    catalogue("routing")
    units = policy("units", mechanism={"kind": "per_unit", "amount": 30}, caps=cap(3_000, "b"))
    sets = {"kind": "bundle", "amount": 50, "parts": [{"product_line": "routing", "quantity": 4}]}
    apply(
        flat("a", "3%"),
        flat("b", "2%", stacking=net_of("a"), caps=[{"on": "measure", "amount": 90_000, "of": "base"}]),
        units, policy("sets", mechanism=sets, stacking=best_of("units")),
    )  # fmt: skip
    sell(acme, 100_000, quantity=100)
    # b comes to 2 % of 90,000, units to 3,000: 1,800 and 3,000 share 3,000; 25 sets come to 1,250.
    assert settled(tmp_path) == money_of(a="3000.00", b="1125.00", units="1875.00", sets="0.00")


def money_of(**paid: str) -> dict[str, Decimal]:
    return {code: Decimal(amount) for code, amount in paid.items()}


def test_a_late_line_of_one_that_shares_the_cap_moves_what_is_net_of_the_other(acme, tmp_path):
    catalogue("routing", "care")
    apply(
        flat("a", "3%", qualify={"product_lines": ["routing"]}),
        flat("c", "2%", qualify={"product_lines": ["care"]}, caps=cap(4_000, "a")),
        flat("b", "2%", qualify={"product_lines": ["routing"]}, stacking=net_of("a")),
    )
    sell(acme, 200_000, "2026-08-20")
    august = settle("2026-08")
    assert figures(august) == money_of(a="4000.00", b="3920.00")
    sell(acme, 100_000, "2026-08-21", line="care")
    september = settle("2026-09")
    # 6,000 and 2,000 share 4,000; of 200,000 less 3,000 b is paid 20.00 more.
    moved = {row.programme.code: row.amount for row in adjustments(september)}
    assert moved == money_of(a="-1000.00", c="1000.00", b="20.00")
    agrees(tmp_path, august, september)


def test_the_kit_says_what_a_programme_without_a_figure_states_and_nothing_else_of_it(acme, tmp_path):
    catalogue("routing", "care")
    care = {"product_lines": ["care"]}
    apply(
        flat("a", "3%", qualify={"product_lines": ["routing"]}), flat("b", "2%"),
        flat("c", "2.5%", qualify=care, caps=cap(4_000, "a")),
        flat("d", "1.5%", qualify=care, stacking=best_of("a", "b")),
    )  # fmt: skip
    sell(acme, 200_000)
    run = settle("2026-09")
    # a comes to 6,000, of which the cap that c states leaves 4,000: as much as b, and named before it.
    assert figures(run) == money_of(a="4000.00", b="0.00")
    agrees(tmp_path, run)
    (facts,) = [json.loads(kit.read_text()) for kit in tmp_path.glob("*/kit.json")]
    (period,) = facts["periods"]
    assert sorted(period["policies"]) == ["a", "b"]
    assert period["ties"] == [
        {"kind": "cap", "codes": ["a", "c"], "amount": "4000"},
        {"kind": "best_of", "codes": ["a", "b", "d"]},
    ]


def test_a_year_so_far_shares_the_cap_of_the_year_and_what_is_net_of_it_too(acme, tmp_path):
    years: dict[str, Any] = {"cumulative": True}
    apply(
        flat("a", "3%", **years), flat("c", "2%", caps=cap(4_000, "a"), **years),
        flat("b", "2%", stacking=net_of("a"), **years),
    )  # fmt: skip
    sell(acme, 60_000, "2026-08-20")
    sell(acme, 140_000, "2026-09-20")
    august, september = settle("2026-08"), settle("2026-09")
    assert figures(august) == money_of(a="1800.00", c="1200.00", b="1164.00")
    assert figures(september) == money_of(a="600.00", c="400.00", b="2788.00")  # together as of 200,000
    agrees(tmp_path, august, september)


def test_a_cap_over_all_partners_and_a_group_are_net_of_one_that_shares_a_cap(four, tmp_path):
    capped = [flat("a", "20%"), flat("c", "20%", caps=cap(5_000, "a"))]
    apply(*capped, pooled("pool", stacking=net_of("a"), amount=4_000), grouped("group", stacking=net_of("a")))
    bought(four, 60_000, 25_000, 10_000, 5_000)
    live = {
        one.programme.code: one.amount for one in accruals(by=BY, period=SEPTEMBER, partners=[four[0].row.pk])
    }
    versions = {one.programme.code: one for one in Version.objects.all()}
    run = settle("2026-09")
    found = by_code(run)
    # Of a and c each partner is paid at most 5,000; a pays 2,500 · 2,500 · 2,000 · 1,000.
    assert found["a"] == money("2500.00", "2500.00", "2000.00", "1000.00") == found["c"]
    # 57,500 · 22,500 · 8,000 · 4,000 are left: 10 % of these share 4,000; 3 % of 92,000 are the group's.
    assert found["pool"] == money("2500.00", "978.26", "347.83", "173.91")
    assert found["group"] == money("1725.00", "675.00", "240.00", "120.00")
    assert live == {code: paid["V-1"] for code, paid in found.items()}
    for code, total in (("pool", 4_000), ("group", 2_760), ("a", 8_000)):
        tried = back_test(versions=[versions[code]], first=SEPTEMBER, last=SEPTEMBER, by=BY)
        assert tried.totals == [total]
    kits_agree(tmp_path)


def test_late_lines_that_only_the_other_of_the_cap_counts_move_everybodys_share_of_a_pool(four, tmp_path):
    catalogue("routing", "care")
    routing = {"product_lines": ["routing"]}
    apply(
        flat("a", "20%", qualify=routing),
        flat("c", "20%", qualify={"product_lines": ["care"]}, caps=cap(5_000, "a")),
        pooled("pool", stacking=net_of("a"), amount=4_000, qualify=routing),
    )
    bought(four, 60_000, 25_000, 10_000, 5_000, on="2026-08-10")
    assert by_code(settle("2026-08"))["pool"]["V-1"] == Decimal("2528.73")  # 55,000 of 87,000
    sell(four[0], 60_000, "2026-08-20", line="care")
    moved = by_code(settle("2026-09"), "adjusted")
    # 12,000 and 12,000 share 5,000: 57,500 of 89,500 are the first one's part now.
    assert moved["pool"]["V-1"] == Decimal("2569.83") - Decimal("2528.73")
    assert sum(moved["pool"].values()) == 0
    kits_agree(tmp_path)


def test_the_explanation_leads_through_the_cap_to_the_best_and_what_is_left(acme):
    apply(
        flat("a", "3%"), flat("c", "2%", caps=cap(4_000, "a")), flat("e", "1%", stacking=best_of("c")),
        flat("b", "2%", stacking=net_of("a", "c", "e")),
    )  # fmt: skip
    sell(acme, 200_000)
    run = settle("2026-09")
    assert steps(result_of(run, "c"))[-2:] == [
        (8, "Shared cap", Decimal("1600.00")),
        (9, "Best of the group", Decimal("0.00")),
    ]
    told = {step.title: step.text for step in explanations.explain(result_of(run, "c")).steps}
    assert "they come to ¥10,000.00, each keeps its share" in told["Shared cap"]
    assert told["Best of the group"] == "Of C, E only the best pays: E with ¥2,000.00"
    assert (3, "Paid base, net of earlier programmes", 195_600) in steps(result_of(run, "b"))
    for code in ("a", "c", "e"):
        assert "Paid base, net of earlier programmes" not in {
            title for _n, title, _v in steps(result_of(run, code))
        }


def test_the_text_and_the_sentence_say_both_and_read_back(acme):
    both = flat("b", "2%", stacking=net_of("a"), caps=cap(5_000, "d"))
    apply(flat("a", "3%"), flat("d", "2%"), both)
    version = Version.objects.get(programme__code="b")
    (read,) = read_yaml(as_yaml(Programme.objects.get(code="b")))
    assert read.policy == version.policy
    said = sentence(version)
    assert "What is paid by A is taken off the base first." in said
    assert "Together with D a partner is paid at most ¥5,000 a period." in said


# What publication refuses


@pytest.mark.parametrize(
    "second",
    [
        flat("b", stacking=net_of("c")),  # a and c share a cap, and a is net of b
        flat("b", stacking=best_of("c")),
    ],
)
def test_nothing_waits_for_what_waits_for_it(second):
    apply(flat("c"), flat("b"), flat("a", stacking=net_of("b"), caps=cap(5, "c")))
    with pytest.raises(LinkedInCircle, match="b would wait for its own figure, by way of a, c"):
        apply(second | {"from": "2026-07-01"})


def test_a_programme_is_not_net_of_itself_beside_others():
    apply(flat("a"))
    with pytest.raises(LinkedInCircle, match="b would wait for its own figure, by way of b"):
        apply(flat("b", stacking=net_of("a", "b")))
    with pytest.raises(LinkedInCircle):
        apply(flat("b", stacking=net_of("b"), caps=cap(5, "a")))


def test_what_shares_a_cap_is_not_net_of_each_other():
    apply(flat("a"), flat("b", stacking=net_of("a")))
    with pytest.raises(LinkedInCircle):
        apply(flat("c", caps=cap(5, "a", "b")))
    with pytest.raises(PolicyProblem, match="a: it shares the cap and comes earlier"):
        apply(flat("d", stacking=net_of("a"), caps=cap(5, "a")))


def test_a_draft_that_waits_for_itself_is_refused_in_a_back_test(acme):
    apply(flat("a"), flat("b", stacking=net_of("a")))
    draft = apply(flat("c", caps=cap(5, "a")))[0]
    draft.policy = draft.policy | {"caps": cap(5, "a", "b")}
    sell(acme, 100)
    with pytest.raises(LinkedInCircle):
        back_test(versions=[draft], first=SEPTEMBER, last=SEPTEMBER, by=BY)


def test_what_hangs_on_all_partners_shares_no_cap(four):
    apply(flat("a"), pooled("pool", stacking=net_of("a")))
    with pytest.raises(LinkSpansPartners):
        apply(flat("c", caps=cap(5, "pool")))


@pytest.mark.parametrize(
    ("at_once", "earlier", "waits"),
    [
        ([], {}, {"a": ""}),
        ([], {"b": "a", "c": "b"}, {"a": "", "b": "a", "c": "ab"}),
        (["ac"], {"b": "a"}, {"a": "", "c": "", "b": "ac"}),
        (["ac", "cd"], {"b": "a", "d": "x"}, {"a": "x", "c": "x", "d": "x", "b": "acdx"}),
        (["ab"], {"b": "a"}, {"a": "ab", "b": "ab"}),
    ],
)
def test_who_waits_for_whom(at_once, earlier, waits):
    for one, others in waits.items():
        assert waits_for(one, at_once, earlier) == set(others)
