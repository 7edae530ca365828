"""What is told, disputed and chosen where partners are taken together on what earlier programmes leave."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import translation

from partners.models import Partner
from rebates import changes, explanations, moments, ties, wording
from rebates.accruals import accruals
from rebates.exchange import as_yaml
from rebates.models import Statement, Version
from rebates.paper import statement_paper
from rebates.policy import PolicyProblem, read_document, read_yaml
from rebates.programme_form import initial_of, is_editable
from rebates.worth import Untold
from tests.cast import Company as Cast
from tests.rebates.disputing import marked
from tests.rebates.test_dispute_worth import RIGHT, disputed
from tests.rebates.test_dispute_worth import bought as two_months_of
from tests.rebates.test_group_collection import lump
from tests.rebates.test_group_net_of import ROUTING, SEPTEMBER, USUAL, left, of_group
from tests.rebates.test_linked import best_of, flat, net_of
from tests.rebates.test_partner_groups import bought, fifth, kits_agree, money, said_by
from tests.rebates.test_partner_pools import Company, four
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_told_of_groups import statements_of
from tests.rebates.world import BY, adjustments, apply, catalogue, results, sell, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db
SHARE = "Share of the group's figure"


def of_one(run: Any, number: str) -> Any:
    return next(row for row in results(run) if (row.partner.number, row.programme.code) == (number, "group"))


def told(run: Any) -> set[bool]:
    return {not explanations.explain(row).withheld for row in results(run) if row.programme.code == "group"}


def steps(result: Any) -> list[tuple[str, Decimal | None]]:
    return [(step.title, step.value) for step in explanations.explain(result).steps if step.number > 2]


# What a member reads


def test_a_member_reads_what_was_taken_off_its_own_base_and_what_is_left_of_all(four, finance, browse):
    apply(flat("a", "20%"), left(caps=[{"on": "measure", "amount": 70_000, "of": "base"}]))
    bought(four, *USUAL)
    result = of_one(settle("2026-09"), "V-2")
    assert steps(result) == [
        ("Own qualifier", 25_000),
        ("Own paid base", 25_000),
        ("Own paid base, net of earlier programmes", 20_000),
        ("Qualifier of the group", 100_000),
        ("Paid base of the group, net of earlier programmes", 80_000),
        ("Paid base, capped", 70_000),
        ("Band", None),
        ("Rebate", 2_100),
        ("Rounding", 2_100),
        (SHARE, 525),
    ]
    said = said_by(result)
    assert said["Own paid base, net of earlier programmes"] == "Less what is paid by A: ¥5,000.00"
    assert "¥2,100.00 × 20,000 ÷ 80,000" in said[SHARE]
    assert not {"12000", "48000", "1260"} & set(json.dumps(result.explanation).split('"'))
    page = browse(finance).get(result.get_absolute_url()).content.decode()
    assert "Own paid base, net of earlier programmes" in page and "48,000" not in page
    statement = Statement.objects.for_everyone(because="a test").get(partner=four[1].row)
    assert "Own paid base, net of earlier programmes" in statement_paper(statement, BY, None)
    with translation.override("zh-hans"):
        assert "自身计返基数（扣除在先政策后）" in said_by(result)


def test_whose_base_is_gone_reads_that_it_has_no_part(four):
    apply(flat("a") | {"mechanism": lump("5000")}, left())
    bought([*four, fifth()], 60_000, 25_000, 10_000, 4_000, 6_000)
    result = of_one(settle("2026-09"), "V-4")
    assert (result.base, result.earned) == (0, 0)
    assert said_by(result)[SHARE].endswith("this partner has no part in it")


# So few that a sum would tell


def test_who_is_paid_on_something_is_who_has_something_left(four, tmp_path):
    apply(flat("a") | {"mechanism": lump("5000")}, left())
    bought(four, *USUAL)  # of V-4 nothing is left: three share
    run = settle("2026-09")
    assert of_group(run) == money("1650.00", "600.00", "150.00", "0.00")
    assert told(run) == {False}
    assert [one["named"] for one in run.findings if one["kind"] == "few_members"] == [list(money(*"1234"))]
    kits_agree(tmp_path)


@pytest.mark.parametrize("many", [1, 3, 4])
def test_what_a_few_are_paid_is_not_told_as_the_difference_to_a_sum_of_all_that_was_bought(
    four, many, tmp_path
):
    catalogue("routing", "wireless")
    chosen = {"partners": [f"V-{number}" for number in range(1, 1 + many)]}
    apply(flat("a", "20%", who=chosen, qualify=ROUTING), left(pay=ROUTING))
    bought(four, *USUAL)
    for company in four:  # so that what counts is no other sum for a few only
        sell(company, 1_000, line="wireless")
    assert told(settle("2026-09")) == {many == 4}
    kits_agree(tmp_path)


def test_of_each_earlier_programme_four_are_paid_or_none(four):
    apply(flat("a", "20%"), flat("b", "10%", who={"partners": ["V-1"]}), left("group", "a", "b"))
    bought(four, *USUAL)
    run = settle("2026-09")
    assert of_group(run)["V-1"] == Decimal("1260.00") and told(run) == {False}


@pytest.mark.parametrize("many", [1, 4])
def test_what_few_were_paid_in_a_month_is_not_told_as_the_difference_of_two_sums_of_the_year(four, many):
    catalogue("routing", "wireless", "care")
    apply(
        flat("a", "20%", cumulative=True, qualify={"product_lines": ["wireless"]}),
        left(cumulative=True, pay=ROUTING),
    )
    for line in ("routing", "wireless", "care"):
        for company in four:
            sell(company, 10_000, "2026-01-15", line=line)
    assert told(settle("2026-01")) == {True}
    for company in four:
        sell(company, 1_000, "2026-02-15")
        sell(company, 1_000, "2026-02-15", line="care")
    for company in four[:many]:
        sell(company, 1_000, "2026-02-15", line="wireless")
    assert told(settle("2026-02")) == {many == 4}


def test_where_the_sums_are_withheld_its_own_base_and_what_was_taken_off_are_told(four, tmp_path):
    apply(flat("a", "20%", who={"partners": ["V-1"]}), left())
    bought(four, *USUAL, on="2026-08-10")
    run = settle("2026-08")
    assert of_group(run) == money("1440.00", "750.00", "300.00", "150.00")  # 3 % of 88,000
    result = of_one(run, "V-1")
    assert result.explanation == {
        "rule": "withheld", "grouped": {"withheld": True}, "net_of": {"codes": ["a"], "less": "12000.00"},
    }  # fmt: skip
    own = [
        ("Paid base", 60_000), ("Paid base, net of earlier programmes", 48_000), (SHARE, 1_440),
    ]  # fmt: skip
    assert steps(result)[1:] == own
    sell(four[0], 5_000, "2026-08-20")  # 64,000 of 105,000 are left, less 13,000
    (late,) = [row for row in adjustments(settle("2026-09")) if row.programme.code == "group"]
    assert (late.partner.number, late.adjusted) == ("V-1", Decimal("120.00"))
    assert late.explanation["net_of"] == {"codes": ["a"], "less": "13000.00"}
    kits_agree(tmp_path)


# Why it changed


def causes_of(company: Company, code: str = "group") -> dict[str, tuple[str, Decimal]]:
    found = next(one for one in changes.between(*statements_of(company)) if one.programme.code == code)
    assert sum(cause.amount for cause in found.causes) == found.difference
    return {cause.name: (cause.text, cause.amount) for cause in found.causes}


def test_that_the_earlier_one_was_amended_is_a_cause(four):
    apply(flat("a", "20%"), left())
    apply(flat("a", "10%", from_="2026-09-01"))
    for month in ("2026-08", "2026-09"):
        bought(four, *USUAL, on=f"{month}-10")
        settle(month)
    # 3 % of 54,000 instead of 48,000
    assert causes_of(four[0]) == {
        "Policy": ("Programmes that are settled together were amended or came into force", Decimal("180.00"))
    }
    with time_machine.travel("2026-10-15 04:00:00+00:00", tick=False):
        bought(four, *USUAL, on="2026-10-10")
        live = accruals(by=BY, partners=[four[0].row.pk])
        found = next(one for one in live if one.programme.code == "group")
        assert found.amount == 1_620


def test_who_takes_part_in_the_earlier_one_is_a_cause_for_all(four):
    apply(flat("a", "20%", who={"types": ["reseller"]}), left(caps=[{"on": "payout", "amount": 1_000}]))
    for month in ("2026-08", "2026-09"):
        bought(four, *USUAL, on=f"{month}-10")
        settle(month)
        Partner.objects.for_everyone(because="a test").filter(number="V-4").update(type="agent")
    # 48,000 of 81,000 instead of 80,000
    assert causes_of(four[0]) == {
        "Members of the group": (
            "Who belongs to the group, and to the programmes that pay its members first, as found for each moment",
            Decimal("-7.41"),
        )
    }


def test_an_open_figure_moves_with_what_the_earlier_one_pays(four):
    catalogue("routing", "wireless")
    apply(flat("a", "20%"), left(qualify=ROUTING))
    with time_machine.travel("2026-09-10 04:00:00+00:00", tick=False):
        bought(four, *USUAL, on="2026-09-05")
    with time_machine.travel("2026-09-20 04:00:00+00:00", tick=False):
        sell(four[1], 10_000, "2026-09-18", line="wireless")
        live = accruals(by=BY, period=SEPTEMBER, partners=[four[1].row.pk])
        found = next(one for one in live if one.programme.code == "group")
        since = SEPTEMBER.start.replace(day=12)
        told = moments.since(found, since).change
        assert (told.before, told.after) == (600, 540)
        assert [(one.name, one.amount) for one in told.causes] == [("Sales and returns", Decimal(-60))]


# What is disputed


@pytest.fixture
def casts(acme, rival) -> list[Cast]:
    return [acme, rival, Cast("Third Ltd"), Cast("Fourth Ltd")]


def test_what_is_disputed_holds_back_its_share_of_both(casts):
    apply(flat("a", "20%"), left())
    with time_machine.travel("2026-09-05 04:00:00+00:00", tick=False):
        for company, amount in zip(casts, (60_000, 15_000, 10_000, 5_000), strict=True):
            sell(company, amount, "2026-08-10")
        sell(casts[1], 10_000, "2026-08-11", document="INV-9")
        settle("2026-08")
        # 2,000.00 of the first; of 600.00 for 20,000 the part of 10,000
        assert marked(casts[1], "INV-9", what="not_ours").held == Decimal("2300.00")


@pytest.mark.parametrize("counts", [{}, {"qualify": {"product_lines": ["wireless"]}}])
def test_the_worth_of_a_line_names_the_group_that_it_moves_by_what_the_earlier_one_pays(casts, counts):
    catalogue("routing", "wireless")
    apply(flat("a", "2%"), left("b", **counts))
    for company in casts:
        sell(company, 1_000, "2026-10-05", line="wireless")
    two_months_of(casts[0])
    found = disputed(casts[0], "INV-O1", amount=RIGHT)
    assert found.worth == Decimal("14.82")  # of 740.80 at 2 %
    assert found.summary["untold_programmes"] == ["b"] and "untold" not in found.summary


def test_the_worth_of_a_line_that_counts_for_a_group_alone_is_not_told(casts):
    catalogue("routing", "wireless")
    apply(flat("a", "2%", qualify={"product_lines": ["wireless"]}), left("b"))
    for company in casts:
        sell(company, 1_000, "2026-10-05", line="wireless")
    two_months_of(casts[0])
    found = disputed(casts[0], "INV-O1", amount=RIGHT)
    assert (found.worth, found.summary["untold"]) == (None, Untold.OTHERS)


# Said and chosen


def test_the_sentence_says_it_of_both_in_both_languages(four):
    apply(flat("a", "20%"), left())
    a, group = (Version.objects.get(programme__code=code) for code in ("a", "group"))
    words = "What each member is paid by A is taken off its own base first; what is left shares the payout."
    assert words in wording.sentence(group)
    assert ties.sentences(a) == ["Group is paid on what is left after what this programme pays."]
    with translation.override("zh-hans"):
        assert (
            "先从每个成员自身的基数中扣除 A 支付给该成员的金额，再按余下部分分配返利。"
            in wording.sentence(group)
        )


def test_finance_chooses_it_in_the_editor(four, finance, browse):
    apply(flat("a", "20%", period="quarter", currency="CNY"))
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        typed = {"taken_as": "group", "stacking": "net_of", "stacked_on": "a"}
        answer = browse(finance).post("/programmes/new/", FILLED | typed)
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.exclude(programme__code="a").get()
    assert (version.policy["stacking"], version.policy["who"]) == (net_of("a"), {"as": "group"})
    assert is_editable(version.policy)
    assert (initial_of(version)["taken_as"], initial_of(version)["stacked_on"]) == ("group", "a")
    (text,) = read_yaml(as_yaml(version.programme))
    assert text.policy == version.policy


def test_the_editor_refuses_the_best_of_several_by_name(four, finance, browse):
    apply(flat("a", "20%", period="quarter", currency="CNY"))
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        typed = {"taken_as": "family", "stacking": "best_of", "stacked_on": "a"}
        answer = browse(finance).post("/programmes/new/", FILLED | typed)
    (said,) = answer.context["form"].errors["stacking"]
    assert said.startswith("What the programmes beside it pay would hang on all partners too")
    with pytest.raises(PolicyProblem, match="not the best of several"):
        read_document({"schema": 1, "programmes": [left() | {"stacking": best_of("a")}]})
