"""Cumulative programmes: the year so far is counted in each period and the difference is posted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import translation

from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.changes import between
from rebates.errors import ComputedBefore, LinkDiffers, NothingToSettle
from rebates.exchange import as_yaml
from rebates.forecast import forecast
from rebates.models import Statement, Version
from rebates.policy import PolicyProblem, read_document, read_yaml
from rebates.programme_form import initial_of, is_editable
from rebates.services import approve_run, close_run
from tests.exchange.world import known
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
MONTHS = ("01", "02", "03", "04")
SALES = (60_000, 50_000, 90_000, 80_000)
POSTED = ["1200.00", "2100.00", "2700.00", "8000.00"]


@pytest.fixture(autouse=True)
def long_after():
    with time_machine.travel("2028-02-20 04:00:00+00:00", tick=False):
        yield


def yearly(code: str = "core", kind: str = "retroactive", **entries: Any) -> dict[str, Any]:
    return policy(code, kind, cumulative=True, **entries)


def buys(acme: Any, count: int = 4) -> None:
    for month, amount in list(zip(MONTHS, SALES, strict=True))[:count]:
        sell(acme, amount, f"2026-{month}-15")


def statements() -> list[Statement]:
    return list(
        Statement.objects.for_everyone(because="a test").select_related("run", "partner").order_by("ends")
    )


def test_the_worked_example_posts_the_difference_each_month(acme, tmp_path):
    apply(yearly())
    buys(acme)
    found = [only(settle(f"2026-{month}")) for month in MONTHS]
    assert [str(row.earned) for row in found] == POSTED
    assert [(row.kind, row.adjusted) for row in found] == [("earned", 0)] * 4
    last = found[-1]
    assert (last.base, last.computed, last.settled) == (280_000, Decimal("14000.00"), Decimal("6000.00"))
    for statement in statements():
        said = verify(unpacked(statement, tmp_path / statement.number))
        assert said.returncode == 0, said.stdout
    folder = tmp_path / statements()[-1].number
    text = (folder / "kit.json").read_text()
    (folder / "kit.json").write_text(text.replace('"core": "6000.00"', '"core": "5000.00"'))
    assert verify(folder).returncode == 1


def test_a_late_line_of_the_open_year_is_earned_with_the_next_difference(acme):
    apply(yearly(late={"grace_days": 0}))
    buys(acme, 1)
    settle("2026-01")
    sell(acme, 50_000, "2026-01-20")
    run = settle("2026-02")
    assert [(row.kind, str(row.period), row.earned) for row in results(run)] == [
        ("earned", "2026-02", Decimal("2100.00"))
    ]
    assert only(settle("2026-03")).earned == 0


def test_a_late_line_of_a_closed_year_is_adjusted_and_grace_days_count_from_its_end(acme, tmp_path):
    apply(yearly("core"), yearly("strict", late={"grace_days": 30}))
    buys(acme)
    for month in ("03", "12"):
        settle(f"2026-{month}")
    sell(acme, 10_000, "2026-02-03")
    sell(acme, -30_000, "2026-06-01")
    run = settle("2027-01")
    found = {row.programme.code: row for row in adjustments(run)}
    assert {row.kind for row in results(run)} == {"adjusted"}
    # 14,000 were settled: 260,000 at 5 %, and without the line that came too late 250,000.
    core, strict = found["core"], found["strict"]
    assert (str(core.period), core.settled, core.computed, core.adjusted) == (
        "2026-12", Decimal("14000.00"), Decimal("13000.00"), Decimal("-1000.00"),
    )  # fmt: skip
    assert (strict.base, strict.adjusted) == (250_000, Decimal("-1500.00"))
    said = verify(unpacked(statements()[-1], tmp_path))
    assert said.returncode == 0, said.stdout
    assert results(settle("2027-02")) == []
    sell(acme, -10_001, "2026-06-02")
    assert [row.adjusted for row in adjustments(settle("2027-03"))] == [
        Decimal("-5500.03"),
        Decimal("-5300.03"),
    ]


def test_a_new_year_and_an_amendment_begin_to_count_anew(acme):
    apply(yearly(), yearly(from_="2026-03-01"))
    buys(acme)
    for month, earned in zip(MONTHS, ("1200.00", "2100.00", "1800.00", "3300.00"), strict=True):
        assert only(settle(f"2026-{month}")).earned == Decimal(earned)
    sell(acme, 10_000, "2026-02-20")  # the first version's days are over
    (late,) = adjustments(settle("2026-05"))
    assert (str(late.period), late.adjusted) == ("2026-02", Decimal("300.00"))
    settle("2026-12")
    sell(acme, 60_000, "2027-01-05")
    assert only(settle("2027-01")).earned == Decimal("1200.00")


def test_whoever_takes_no_part_in_a_month_is_posted_nothing_and_caught_up_later(acme):
    gate = {"kind": "measure", "code": "orders.net_sales", "at_least": 100_000}
    apply(yearly(gates=[gate], caps=[{"on": "payout", "amount": 13_000}]))
    buys(acme)
    assert [only(settle(f"2026-{month}")).earned for month in MONTHS] == [0, 3_300, 2_700, 7_000]


def test_quarters_too_and_a_target_by_days_of_the_year(acme, rival):
    from tests.rebates.test_tier_days import tiers

    target = {"kind": "target", "on": "all", "target": 365_000, "bands": [{"from": "100%", "rate": "1%"}]}
    apply(yearly(mechanism=target, period="quarter", joining="by_days", who={"tiers": ["gold"]}))
    tiers(acme, ("2026-07-02", None, "gold"))  # 183 of 365 days
    tiers(rival, ("2020-01-01", None, "gold"))
    for company in (acme, rival):
        sell(company, 100_000, "2026-02-15")
        sell(company, 83_000, "2026-08-15")
    assert {row.partner.name: row.earned for row in results(settle("2026-06"))} == {rival.name: 0}
    found = {row.partner.name: row for row in results(settle("2026-09"))}
    assert (found[acme.name].reference, found[acme.name].earned) == (183_000, Decimal("1830.00"))
    assert found[rival.name].earned == 0
    (step,) = [one for one in explanations.explain(found[acme.name]).steps if one.title == "Target"]
    assert step.text.endswith("for 183 of 365 days")


def test_growth_is_measured_against_the_same_days_a_year_before(acme, tmp_path):
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}
    apply(yearly(mechanism=growth, baseline={"kind": "prior_year"}))
    sell(acme, 100_000, "2025-01-15")
    sell(acme, 100_000, "2025-03-15")
    sell(acme, 120_000, "2026-01-15")
    sell(acme, 120_000, "2026-03-16")
    assert only(settle("2026-01")).earned == Decimal("3600.00")
    march = only(settle("2026-03"))
    assert (march.reference, march.earned) == (200_000, Decimal("3600.00"))
    (step,) = [one for one in explanations.explain(march).steps if one.title == "Baseline"]
    assert "1 Jan 2025 to 31 Mar 2025" in step.text
    said = verify(unpacked(statements()[-1], tmp_path))
    assert said.returncode == 0, said.stdout


def test_linked_programmes_are_settled_together_before_the_difference(acme, tmp_path):
    flat = {"kind": "flat", "rate": "10%"}
    apply(
        yearly("a", mechanism=flat), yearly("b", mechanism=flat, stacking={"kind": "net_of", "programmes": ["a"]}),
        yearly("c", mechanism=flat, caps=[{"on": "payout", "amount": 150, "programmes": ["d"]}]),
        yearly("d", mechanism=flat),
    )  # fmt: skip
    for month in ("01", "02"):
        sell(acme, 1_000, f"2026-{month}-15")
        run = settle(f"2026-{month}")
    assert {row.programme.code: row.earned for row in results(run)} == {"a": 100, "b": 90, "c": 0, "d": 0}
    said = verify(unpacked(statements()[-1], tmp_path))
    assert said.returncode == 0, said.stdout
    with pytest.raises(LinkDiffers):
        apply(
            policy("e", mechanism=flat, from_="2026-03-01", stacking={"kind": "net_of", "programmes": ["a"]})
        )


def test_only_the_difference_is_converted_and_each_line_at_its_own_months_rate(acme, tmp_path):
    known("EUR/CNY 2026-01-31 8", "EUR/CNY 2026-02-28 10")
    apply(yearly(mechanism={"kind": "flat", "rate": "10%"}, exchange="period_end", payout_currency="EUR"))
    sell(acme, 1_000, "2026-01-15", currency="EUR")
    sell(acme, 1_000, "2026-02-15", currency="EUR")
    january, february = only(settle("2026-01")), only(settle("2026-02"))
    assert (january.earned, february.earned) == (Decimal("100.00"), Decimal("100.00"))
    assert february.explanation["cumulative"]["total"] == "1800.00"
    for statement in statements():
        said = verify(unpacked(statement, tmp_path / statement.number))
        assert said.returncode == 0, said.stdout
    texts = [(one.title, one.value) for one in explanations.explain(february).steps][-3:]
    assert texts == [
        ("Settled before in this year", 800), ("Difference", 1000), ("Payout in EUR", Decimal("100.00")),
    ]  # fmt: skip


def test_returns_by_booking_within_the_year_and_at_the_original_rate_of_the_year_before(acme, tmp_path):
    apply(yearly(returns="at_original_rate"))
    sold = sell(acme, 260_000, "2026-03-15")
    settle("2026-03")
    sell(acme, -60_000, "2026-05-15", reverses=sold)
    assert only(settle("2026-05")).earned == Decimal("-7000.00")
    settle("2026-12")
    sell(acme, -20_000, "2027-01-15", reverses=sold)
    sell(acme, 60_000, "2027-01-16")
    # 6,000 were paid on 200,000.
    assert only(settle("2027-01")).earned == Decimal("600.00")
    assert only(settle("2027-02")).earned == 0
    for statement in statements():
        said = verify(unpacked(statement, tmp_path / statement.number))
        assert said.returncode == 0, said.stdout


@pytest.fixture
def outside(acme, tmp_path):
    path = tmp_path / "settled.csv"
    rows = (
        f"{acme.row.number},core,2026-01,60000,1200,1200",
        f"{acme.row.number},core,2026-02,50000,2100,2100",
    )
    path.write_text("\n".join(["partner_number,programme,period,base,earned,paid", *rows]), encoding="utf-8")

    def bring() -> None:
        assert import_file(kind="settled", path=path, by=Actor.command("import_data")).written == 2

    return bring


def test_what_was_settled_before_go_live_counts_as_settled(acme, outside, tmp_path):
    apply(yearly())
    buys(acme)
    outside()
    run = settle("2026-03")
    assert (only(run).earned, only(run).settled, run.findings) == (Decimal("2700.00"), Decimal("3300.00"), [])
    assert only(settle("2026-04")).earned == Decimal("8000.00")
    for statement in statements():
        said = verify(unpacked(statement, tmp_path / statement.number))
        assert said.returncode == 0, said.stdout


def test_a_year_paid_in_another_currency_goes_by_what_was_measured_outside(acme, tmp_path):
    """3,300.00 CNY were settled outside and paid as 412.50 EUR: March adds 2,700.00 CNY, at 8 CNY for a EUR."""
    apply(yearly(payout_currency="EUR"))
    known("EUR/CNY 2026-03-31 8")
    buys(acme)
    path = tmp_path / "settled.csv"
    rows = (
        f"{acme.row.number},core,2026-01,60000,150,150,1200",
        f"{acme.row.number},core,2026-02,50000,262.50,262.50,2100",
    )
    path.write_text("\n".join(["partner_number,programme,period,base,earned,paid,measured", *rows]))
    assert import_file(kind="settled", path=path, by=Actor.command("import_data")).written == 2
    march = only(settle("2026-03"))
    assert (march.earned, march.currency) == (Decimal("337.50"), "EUR")
    assert march.explanation["cumulative"]["before"] == "3300.00"
    (statement,) = statements()
    said = verify(unpacked(statement, tmp_path / statement.number))
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize(
    ("entries", "measured", "said"),
    [({"payout_currency": "EUR"}, "", "measured_is_missing"), ({}, "1200", "measured_as_paid")],
)
def test_what_was_measured_outside_is_said_where_it_matters_and_nowhere_else(
    acme, tmp_path, entries, measured, said
):
    apply(yearly(**entries))
    path = tmp_path / "settled.csv"
    heading = "partner_number,programme,period,base,earned,paid,measured"
    path.write_text(f"{heading}\n{acme.row.number},core,2026-01,60000,150,150,{measured}")
    upload = import_file(kind="settled", path=path, by=Actor.command("import_data"))
    (row,) = upload.rows.all()
    assert upload.written == 0
    assert [one["code"] for one in (row.problems or []) + (row.findings or [])] == [said]


def test_without_the_lines_of_that_time_the_partner_is_left_out_and_said(acme, rival, outside):
    apply(yearly())
    outside()
    sell(acme, 90_000, "2026-03-15")
    sell(rival, 90_000, "2026-03-15")
    run = settle("2026-03", close=False)
    assert [(row.partner.name, row.earned) for row in results(run)] == [(rival.name, 1_800)]
    (finding,) = run.findings
    assert (finding["kind"], finding["partners"], finding["programmes"]) == (
        "year_without_lines",
        1,
        ["core"],
    )


def test_an_earlier_month_is_not_settled_behind_a_later_one(acme):
    apply(yearly())
    buys(acme)
    settle("2026-03")
    with pytest.raises(NothingToSettle):
        settle("2026-02")
    assert only(settle("2026-04")).earned == Decimal("8000.00")


def test_a_run_that_another_close_overtook_is_computed_again(acme):
    apply(yearly())
    buys(acme, 2)
    with time_machine.travel("2028-02-21 04:00:00+00:00", tick=True):
        february = settle("2026-02", close=False)
        settle("2026-01")
        with pytest.raises(ComputedBefore):
            close_run(run=approve_run(run=february, by=BY), by=BY)


def test_accruals_of_open_months_follow_each_other_and_a_forecast_does_too(acme):
    apply(yearly())
    buys(acme)
    settle("2026-01")
    with time_machine.travel("2026-04-15 04:00:00+00:00", tick=False):
        found = accruals(by=BY)
        assert [(str(one.period), str(one.amount)) for one in found] == list(
            zip(("2026-02", "2026-03", "2026-04"), POSTED[1:], strict=True)
        )
        said = [step for step in explanations.explain(found[-1]).steps if step.title == "Difference"]
        assert [step.value for step in said] == [Decimal("8000.00")]
        assert forecast(found[-1]).likely == Decimal("8000.00")  # in other months all came by the fifteenth


def test_a_forecast_carries_on_the_running_month_alone(acme):
    apply(yearly())
    sell(acme, 90_000, "2026-03-15")
    sell(acme, 80_000, "2026-04-10")
    with time_machine.travel("2026-04-15 04:00:00+00:00", tick=False):
        (march, april) = accruals(by=BY)
        assert (march.amount, april.amount) == (1_800, 3_300)
        # Half of April is over: 90,000 and 160,000 at 5 %, less what March will post.
        assert forecast(april).likely == Decimal("10700.00")


def test_a_back_test_of_closed_months_costs_what_was_settled(acme):
    apply(yearly())
    buys(acme)
    for month in MONTHS:
        settle(f"2026-{month}")
    version = Version.objects.get()
    whole = back_test(versions=[version], first=Period.parse("2026-01"), last=Period.parse("2026-04"), by=BY)
    assert [str(cost) for (cost,) in whole.costs.values()] == POSTED
    assert whole.swings[Decimal("1.1")] == [Decimal("15400.00")]
    part = back_test(versions=[version], first=Period.parse("2026-03"), last=Period.parse("2026-04"), by=BY)
    assert [str(cost) for (cost,) in part.costs.values()] == POSTED[2:]


def test_the_causes_of_a_change_add_up(acme):
    apply(yearly())
    sold = sell(acme, 60_000, "2026-01-15")
    settle("2026-01")
    sell(acme, 50_000, "2026-02-15")
    sell(acme, -20_000, "2026-02-16", reverses=sold)
    settle("2026-02")
    (change,) = between(*statements())
    assert change.difference == Decimal("-600.00")
    assert {one.name: one.amount for one in change.causes} == {
        "Sales": Decimal("900.00"), "Returns": Decimal("-1500.00"),
    }  # fmt: skip


def test_the_sentence_says_it_and_finance_chooses_it(finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        client = browse(finance)
        answer = client.post("/programmes/new/", FILLED | {"cumulative": "yes"})
        assert answer.status_code == 302, answer.content.decode()
        version = Version.objects.get()
        assert version.policy["cumulative"] is True
        said = (
            "All of the year so far counts, as far as this version is in force; what was settled of it before"
            " is taken off."
        )
        assert said in wording.sentence(version)
        with translation.override("zh-hans"):
            assert "本年" in wording.sentence(version)
        assert is_editable(version.policy) and initial_of(version)["cumulative"] == "yes"
        (text,) = read_yaml(as_yaml(version.programme))
        assert text.policy == version.policy
        refused = client.post("/programmes/core/amend/", FILLED | {"cumulative": "yes", "period": "year"})
        assert "A year is settled as a whole anyway." in refused.content.decode()
        assert client.post("/programmes/core/amend/", FILLED).status_code == 302
    assert "cumulative" not in Version.objects.get().policy


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"period": "year"}, "cumulative: A year is settled as a whole anyway."),
        (
            {"mechanism": {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}},
            "baseline.kind: The year so far has no period before it.",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(entries, said):
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [yearly(**entries)]})
    assert said in str(refused.value)
