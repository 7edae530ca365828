"""The tier on each line's booking date; a target by the days of membership."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from partners.models import TierMembership
from prm.values.periods import Period
from rebates import explained_lines, explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.models import Statement, Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.factories.partners import TierFactory
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
TARGET = {"kind": "target", "on": "all", "target": 300_000, "bands": [{"from": "100%", "rate": "2%"}]}


def tiers(company: Any, *spans: tuple[str | None, str | None, str]) -> None:
    """The partner's tiers: first day, day after the last, code."""
    TierMembership.objects.for_everyone(because="a test").filter(partner=company.row).delete()
    for first, after, code in spans:
        during = (first and date.fromisoformat(first), after and date.fromisoformat(after))
        TierMembership.objects.create(
            partner=company.row, tier=TierFactory(code=code), during=during, set_by="test"
        )


def rates(on: str) -> list[dict[str, Any]]:
    """3 % for silver partners, 5 % for gold ones."""
    return [
        policy(tier, mechanism={"kind": "flat", "rate": rate}, who={"tiers": [tier]}, tier_on=on)
        for tier, rate in (("silver", "3%"), ("gold", "5%"))
    ]


@pytest.fixture
def rises(acme):
    """ACME is silver, and gold from 16 September on; 40,000 before and 60,000 after."""
    tiers(acme, (None, "2026-09-16", "silver"), ("2026-09-16", None, "gold"))
    return acme


def buys(company: Any) -> None:
    sell(company, 40_000, "2026-09-15")
    sell(company, 60_000, "2026-09-16")


@pytest.mark.parametrize(("on", "paid"), [("period_end", "5000.00"), ("line_date", "4200.00")])
def test_40_000_at_3_percent_then_60_000_at_5(rises, on, paid):
    apply(*rates(on))
    buys(rises)
    assert sum(row.earned for row in results(settle("2026-09"))) == Decimal(paid)


def test_lines_on_days_without_a_tier_of_the_policy_count_for_nothing(acme, rival):
    tiers(acme, ("2026-09-10", "2026-09-20", "gold"))
    tiers(rival)
    gold = policy(mechanism={"kind": "flat", "rate": "10%"}, who={"tiers": ["gold"]}, tier_on="line_date")
    TierFactory(code="gold")
    apply(gold, policy("all", mechanism={"kind": "flat", "rate": "1%"}))
    for day in ("09", "10", "19", "20"):
        sell(acme, 100, f"2026-09-{day}")
        sell(rival, 100, f"2026-09-{day}")
    found = {
        (row.programme.code, row.partner.name): (row.base, row.earned) for row in results(settle("2026-09"))
    }
    assert found == {
        ("core", acme.name): (200, Decimal("20.00")),
        ("all", acme.name): (400, Decimal("4.00")),
        ("all", rival.name): (400, Decimal("4.00")),
    }


def test_a_late_line_finds_the_tiers_that_the_close_froze(rises):
    apply(*rates("line_date"))
    buys(rises)
    settle("2026-09")
    tiers(rises, (None, None, "silver"))
    sell(rises, 10_000, "2026-09-30")
    late = adjustments(settle("2026-10"))
    assert [(row.programme.code, row.adjusted) for row in late] == [("gold", Decimal("500.00"))]


def test_accruals_back_tests_lines_and_the_kit_read_the_same_days(rises, tmp_path):
    apply(*rates("line_date"))
    buys(rises)
    month = Period.parse("2026-09")
    assert sum(row.amount for row in accruals(by=BY, period=month)) == Decimal("4200.00")
    tried = back_test(versions=list(Version.objects.all()), first=month, last=month, by=BY)
    assert sorted(tried.totals) == [Decimal("1200.00"), Decimal("3000.00")]
    for result in results(settle("2026-09")):
        shown = explained_lines.lines_page(result)
        assert [line.net_amount for line in shown.lines] == [result.base]
        said = [step.text for step in explanations.explain(result).steps if step.title == "Tier"]
        assert said[0].startswith("Lines booked while the partner was one of: ")
    statement = Statement.objects.for_everyone(because="a test").get()
    folder = unpacked(statement, tmp_path)
    assert verify(folder).returncode == 0
    text = (folder / "kit.json").read_text()
    assert "2026-09-16" in text
    (folder / "kit.json").write_text(text.replace("2026-09-16", "2026-09-15"))
    assert verify(folder).returncode == 1


def test_a_target_by_days_is_300_000_times_52_of_91(acme, rival, tmp_path):
    tiers(acme, ("2026-05-10", None, "gold"))  # 52 of the quarter's 91 days
    tiers(rival, ("2020-01-01", None, "gold"))
    apply(
        policy(
            mechanism=TARGET, period="quarter", from_="2026-04-01", who={"tiers": ["gold"]}, joining="by_days"
        )
    )
    sell(acme, "171428.57", "2026-06-01")
    sell(rival, "171428.57", "2026-06-01")
    by_name = {row.partner.name: row for row in results(settle("2026-06"))}
    assert (by_name[acme.name].reference, by_name[acme.name].earned) == (
        Decimal("171428.57"),
        Decimal("3428.57"),
    )
    assert (by_name[rival.name].reference, by_name[rival.name].earned) == (Decimal(300_000), 0)
    said = explanations.explain(by_name[acme.name])
    assert [step.text for step in said.steps if step.title == "Target"] == [
        "Stated by the policy, for 52 of 91 days"
    ]
    statement = Statement.objects.for_everyone(because="a test").get(partner=acme.row)
    folder = unpacked(statement, tmp_path)
    assert verify(folder).returncode == 0
    text = (folder / "kit.json").read_text()
    (folder / "kit.json").write_text(text.replace("2026-05-10", "2026-05-09"))
    assert verify(folder).returncode == 1


def test_a_cent_below_the_target_by_days_pays_nothing_and_the_whole_target_is_the_default(acme):
    tiers(acme, ("2026-05-10", None, "gold"))
    quarter = {"mechanism": TARGET, "period": "quarter", "from_": "2026-04-01"}
    apply(policy("days", **quarter, joining="by_days"), policy("whole", **quarter))
    sell(acme, "171428.56", "2026-06-01")
    assert {row.earned for row in results(settle("2026-06"))} == {0}


def test_leaving_counts_too_and_who_never_had_a_tier_has_the_whole_target(acme, rival):
    tiers(acme, ("2026-01-01", "2026-09-11", "gold"))  # ten of September's thirty days
    tiers(rival)
    apply(policy(mechanism=TARGET, joining="by_days"))
    for company in (acme, rival):
        sell(company, 100_000, "2026-09-05")
    by_name = {row.partner.name: row for row in results(settle("2026-09"))}
    assert (by_name[acme.name].reference, by_name[acme.name].earned) == (Decimal(100_000), Decimal("2000.00"))
    assert (by_name[rival.name].reference, by_name[rival.name].earned) == (Decimal(300_000), 0)


def test_an_adjustment_keeps_the_days_that_the_close_froze(acme):
    tiers(acme, ("2026-01-01", "2026-09-11", "gold"))
    apply(policy(mechanism=TARGET, joining="by_days"))
    sell(acme, 99_000, "2026-09-05")
    assert only(settle("2026-09")).earned == 0
    tiers(acme, ("2026-01-01", None, "gold"))
    sell(acme, 1_000, "2026-09-06")
    (late,) = adjustments(settle("2026-10"))
    assert (late.reference, late.adjusted) == (Decimal(100_000), Decimal("2000.00"))


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"tier_on": "line_date"}, "tier_on: Say which tiers take part"),
        ({"joining": "by_days"}, "joining: Only a target is asked for by days."),
    ],
)
def test_what_makes_no_sense_is_refused(entries, said):
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [policy(**entries)]})
    assert [one for one in refused.value.problems if said in one], refused.value.problems


def test_the_sentence_says_it_and_finance_chooses_it(acme, finance, browse):
    TierFactory(code="gold")
    typed = FILLED | {
        "mechanism": "target", "target": "300000", "from_0": "100", "tiers": ["gold"], "tier_on": "line_date",
        "joining": "by_days",
    }  # fmt: skip
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        client = browse(finance)
        answer = client.post("/programmes/new/", typed)
        assert answer.status_code == 302, answer.content.decode()
        version = Version.objects.get()
        assert (version.policy["tier_on"], version.policy["joining"]) == ("line_date", "by_days")
        said = wording.sentence(version)
        assert "on the day of each sale earn each quarter" in said
        assert "for reaching the target of ¥300,000, by days for whoever joins or leaves, on all" in said
        assert is_editable(version.policy)
        assert (initial_of(version)["tier_on"], initial_of(version)["joining"]) == ("line_date", "by_days")
        answer = client.post("/programmes/core/amend/", typed | {"tiers": []})
        assert "Say which tiers take part" in answer.content.decode()
        answer = client.post("/programmes/core/amend/", FILLED)
        assert answer.status_code == 302
    assert {"tier_on", "joining"}.isdisjoint(Version.objects.get().policy)
