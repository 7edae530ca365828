"""Programmes that take each parent partner with its branches as a group of its own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import translation

from partners.models import Partner
from prm.values.periods import Period
from rebates import explanations, few_members, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.changes import between
from rebates.errors import MembersToldApart, TooSmallFamily
from rebates.exchange import as_yaml
from rebates.models import Result, Statement, Version
from rebates.paper import statement_paper
from rebates.programme_form import initial_of, is_editable
from rebates.whatif import what_if
from tests.exchange.world import known
from tests.rebates.test_partner_groups import RETROACTIVE, grouped, kits_agree, money, said_by
from tests.rebates.test_partner_pools import Company, earned
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, policy, results, sell, settle

pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")


def partner(number: str, parent: Partner | None = None) -> Company:
    return Company(
        Partner.objects.create(
            number=number, name=f"{number} Ltd", type="reseller", status="active", parent=parent
        )
    )


def moves(company: Company, parent: Company | None) -> None:
    everybody = Partner.objects.for_everyone(because="a test").filter(pk=company.row.pk)
    everybody.update(parent=parent.row if parent else None)


@pytest.fixture
def family(acme) -> list[Company]:
    """V-1 with a branch V-2, whose branches are V-3 and V-4."""
    top = partner("V-1")
    branch = partner("V-2", top.row)
    return [top, branch, partner("V-3", branch.row), partner("V-4", branch.row)]


@pytest.fixture
def loner(family) -> Company:
    return partner("V-5")


def by_family(code: str = "core", **entries: Any) -> dict[str, Any]:
    who = {"as": "family"} | entries.pop("who", {})
    return policy(code, **{"mechanism": RETROACTIVE, **entries, "who": who})


def test_the_band_is_read_from_what_a_family_bought_and_a_loner_counts_by_itself(family, loner, tmp_path):
    apply(by_family())
    for company, amount in zip([*family, loner], (60_000, 30_000, 10_000, 50_000, 99_999), strict=True):
        sell(company, amount)
    run = settle("2026-09")
    assert earned(run) == money("1800.00", "900.00", "300.00", "1500.00", "1999.98")
    kits_agree(tmp_path)


def test_the_kit_of_a_loner_agrees_to_the_last_digit_of_what_was_converted(family, loner, tmp_path):
    known("EUR/CNY 2026-09-30 7.12345679")
    apply(by_family(exchange="period_end"))
    sell(loner, "12345.67", currency="EUR")
    assert earned(settle("2026-09")) == {"V-5": Decimal("1758.88")}
    kits_agree(tmp_path)


def test_each_family_shares_its_own_cents(family, loner):
    others = [partner(f"W-{number}", loner.row) for number in range(3)]
    apply(by_family(mechanism={"kind": "lump_sum", "bands": [{"from": 0, "amount": "1.00"}]}))
    for company in [*family[:3], loner, *others]:
        sell(company, 100)
    found = earned(settle("2026-09"))
    assert found == money("0.34", "0.33", "0.33") | {"V-5": Decimal("0.25")} | dict.fromkeys(
        ("W-0", "W-1", "W-2"), Decimal("0.25")
    )


def test_who_is_above_a_partner_need_not_take_part(family):
    Partner.objects.for_everyone(because="a test").filter(number="V-1").update(type="distributor")
    partner("V-5", family[1].row)
    apply(by_family(who={"types": ["reseller"]}))
    for company, amount in zip(family, (900_000, 50_000, 30_000, 20_000), strict=True):
        sell(company, amount)
    assert earned(settle("2026-09")) == {
        "V-2": Decimal("1500.00"), "V-3": Decimal("900.00"), "V-4": Decimal("600.00")
    }  # fmt: skip


@pytest.mark.parametrize("chunk", [1, 5_000])
def test_an_adjustment_keeps_to_the_families_of_the_close(family, loner, chunk):
    apply(by_family())
    for company in family[:3]:
        sell(company, 30_000, "2026-08-10")
    assert set(earned(settle("2026-08", chunk=chunk)).values()) == {Decimal(600)}
    moves(family[1], None)  # takes V-3 and V-4 along
    sell(family[3], 10_000, "2026-08-20")  # 100,000 together in August
    late = {row.partner.number: row.adjusted for row in adjustments(settle("2026-09", chunk=chunk))}
    assert late == {
        "V-1": Decimal("300.00"),
        "V-2": Decimal("300.00"),
        "V-3": Decimal("300.00"),
        "V-4": Decimal("300.00"),
    }


def test_accruals_and_back_tests_say_the_same(family, loner):
    apply(by_family())
    for company in [*family, loner]:
        sell(company, 25_000)
    found = accruals(by=BY, period=SEPTEMBER, partners=[family[1].row.pk, loner.row.pk])
    assert {row.partner_id: row.amount for row in found} == {
        family[1].row.pk: Decimal("750.00"), loner.row.pk: Decimal("500.00"),
    }  # fmt: skip
    tried = back_test(versions=[Version.objects.get()], first=SEPTEMBER, last=SEPTEMBER, by=BY)
    assert tried.totals == [Decimal("3500.00")]


def test_why_a_figure_changed_adds_up_also_where_the_programme_became_one_of_families(family):
    apply(policy(mechanism=RETROACTIVE), by_family(from_="2026-09-01"))
    for month in ("2026-08", "2026-09"):
        for company in family:
            sell(company, 25_000, f"{month}-10")
        settle(month)
    first, last = (
        Statement.objects.for_everyone(because="a test").filter(partner=family[0].row).order_by("ends")
    )
    (change,) = between(first, last)
    assert [(cause.name, cause.amount) for cause in change.causes] == [("Policy", Decimal("250.00"))]


# So few that a sum would tell


def test_a_family_of_two_or_three_is_refused_at_publication(family, loner):
    apply(by_family())
    partner("W-1", loner.row)
    with pytest.raises(TooSmallFamily) as refused:
        apply(by_family("next"))
    assert str(refused.value) == (
        "next takes each parent partner with its branches as a group, and 2 of V-5 Ltd take part now: at least 4"
        " have to, so that nobody can tell another's figure from the sum."
    )


def test_a_family_and_a_group_that_is_little_larger_would_tell_who_is_not_of_the_family(family, loner):
    apply(by_family())
    with pytest.raises(MembersToldApart, match="differ by 1 of them"):
        apply(grouped("all", who={"partners": [f"V-{number}" for number in range(1, 6)]}))
    apply(grouped("same", who={"partners": [f"V-{number}" for number in range(1, 5)]}))


def test_where_too_few_are_left_a_member_is_told_its_share_only(family, finance, browse, tmp_path):
    apply(by_family())
    moves(family[2], None)
    moves(family[3], None)
    sell(family[0], 70_000)
    sell(family[1], 30_000)
    run = settle("2026-09")
    assert earned(run) == money("2100.00", "900.00")
    result = next(row for row in results(run) if row.partner.number == "V-2")
    assert result.explanation["grouped"] == {"withheld": True}
    for sum_of_others in ("100000", "70000", "3000", "2100"):
        assert sum_of_others not in json.dumps(result.explanation)
    told = explanations.explain(result)
    assert [(step.title, step.value) for step in told.steps if step.value is not None] == [
        ("Qualifier", Decimal(30_000)),
        ("Paid base", Decimal(30_000)),
        ("Share of the group's figure", Decimal("900.00")),
    ]
    assert "Only this partner's own sum and share are told" in said_by(result)["Share of the group's figure"]
    assert (told.parts, told.to_next_band, told.one_more) == ([], None, None)
    page = browse(finance).get(result.get_absolute_url()).content.decode()
    assert (
        "Only the own sum and share are told" in page and "100,000.00" not in page and "3,000.00" not in page
    )
    statement = Statement.objects.for_everyone(because="a test").get(partner=family[1].row)
    paper = statement_paper(statement, BY, None)
    assert "900.00" in paper and "1 line<" in paper and ", band" not in paper
    folder = unpacked(statement, tmp_path)
    said = verify(folder)
    assert said.returncode == 0 and "stated   core" in said.stdout, said.stdout
    (period,) = json.loads((folder / "kit.json").read_text())["periods"]
    assert period["groups"]["core"] == {"paid": "900.00"}


def test_an_adjustment_withholds_what_the_close_did_and_of_that_family_only(family, loner):
    apply(by_family())
    for company in [*family[:3], loner]:
        sell(company, 30_000, "2026-08-10")
    settle("2026-08")
    for company in (family[3], loner):
        sell(company, 10_000, "2026-08-20")
    told = {
        row.partner.number: not explanations.explain(row).withheld for row in adjustments(settle("2026-09"))
    }
    assert told == {"V-1": False, "V-2": False, "V-3": False, "V-4": False, "V-5": True}


def test_finance_reads_on_the_settlement_of_whom_too_few_stand_behind_a_sum(family, finance, browse):
    apply(by_family())
    others = [partner(f"W-{number}", family[0].row) for number in range(3)]
    moves(family[1], None)  # V-2 leaves with V-3 and V-4
    for company in [*family, *others]:
        sell(company, 10_000)
    run = settle("2026-09", close=False)
    assert [one for one in run.findings if one["kind"] == "few_members"] == [
        {
            "kind": "few_members", "programme": "core", "names": ["Core", ""], "period": "2026-09", "partners": 3,
            "named": ["V-2", "V-3", "V-4"],
        }
    ]  # fmt: skip
    page = browse(finance).get(run.get_absolute_url()).content.decode()
    assert "In Core, September 2026, 3 partners read their own figures only: fewer than four of them" in page
    assert "They are: V-2, V-3, V-4." in page


@pytest.mark.parametrize("named", [[], [f"P-{number}" for number in range(1001, 1021)]])
def test_where_they_are_many_their_number_says_it_in_the_programmes_own_name(named):
    facts = {
        "programme": "kitchen-fund", "names": ["Kitchen fund", "厨房基金"], "period": "2026-10", "partners": 40,
        "named": named,
    }  # fmt: skip
    said = few_members.words(facts)
    assert said.startswith("In Kitchen fund, October 2026, 40 partners read their own figures only: ")
    assert "P-1001" not in said and "kitchen-fund" not in said
    with translation.override("zh-hans"):
        assert "厨房基金" in few_members.words(facts)


def test_a_what_if_leaves_out_what_would_tell_a_hidden_sum(family):
    apply(by_family())
    for company, amount in zip(family, (40_000, 10_000, 10_000, 10_000), strict=True):
        sell(company, amount)
    tried: dict[str, Any] = {
        "product": "",
        "quantity": Decimal(1),
        "amount": Decimal(1_000),
        "currency": "CNY",
    }
    with time_machine.travel("2026-09-20 04:00:00+00:00", tick=False):
        line = sell(family[0], 1_000).product_line
        (effect,) = what_if(partner=family[0].row, product_line=line, by=BY, **tried).effects
        assert effect.to_next_band == 28_000  # to 100,000 of the family
        moves(family[2], None)
        moves(family[3], None)
        assert what_if(partner=family[0].row, product_line=line, by=BY, **tried).effects == []


# Said and chosen


def test_the_sentence_says_it_in_both_languages_and_the_text_keeps_it(family):
    apply(by_family(caps=[{"on": "payout", "amount": 500}]))
    version = Version.objects.get()
    assert "Each parent partner counts with its branches as one group" in wording.sentence(version)
    assert "Each group is paid at most ¥500 a period." in wording.sentence(version)
    with translation.override("zh-hans"):
        assert "每家上级伙伴与其下级伙伴视为一个整体" in wording.sentence(version)
    assert "as: family" in as_yaml(version.programme)


def test_finance_chooses_it_in_the_editor(family, finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        answer = browse(finance).post("/programmes/new/", FILLED | {"taken_as": "family"})
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    assert version.policy["who"]["as"] == "family"
    assert is_editable(version.policy) and initial_of(version)["taken_as"] == "family"


def test_settling_anew_changes_nothing(family):
    apply(by_family())
    for company in family:
        sell(company, 25_000)
    first = earned(settle("2026-09", close=False))
    assert earned(settle("2026-09")) == first
    assert Result.objects.for_everyone(because="a test").count() == 4
