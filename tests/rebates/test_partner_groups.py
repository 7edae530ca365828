"""Programmes that take all partners that fit together, as one group."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import translation

from orders.models import SalesLine
from partners.models import Partner, TierMembership
from prm.values.periods import Period
from rebates import disputed, explanations, kept, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.errors import LinkSpansPartners, TextRefused, TooFewMembers, TooSmallGroup
from rebates.exchange import as_yaml
from rebates.forecast import forecast, forecast_of_all
from rebates.models import Result, SettledOutside, Statement, Version
from rebates.plans import plans_for
from rebates.policy import PolicyProblem, read_document, uncomputed
from rebates.programme_form import initial_of, is_editable
from rebates.services import computing, publish_version, save_draft
from tests.exchange.world import known
from tests.factories.partners import TierFactory
from tests.rebates.test_partner_pools import Company, earned, four
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, T, adjustments, apply, policy, results, sell, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")
POOL = {"on": "payout", "amount": 9, "over": "partners"}
RETROACTIVE = {"kind": "retroactive", "bands": T}


def grouped(code: str = "core", **entries: Any) -> dict[str, Any]:
    return policy(
        code, **{"mechanism": RETROACTIVE, **entries, "who": {"as": "group"} | entries.get("who", {})}
    )


def bought(four: list[Company], *amounts: Any, on: str = "2026-09-15") -> None:
    for company, amount in zip(four, amounts, strict=False):
        sell(company, amount, on)


def said_by(result: Result) -> dict[str, str]:
    return {step.title: step.text for step in explanations.explain(result).steps}


def money(*amounts: str) -> dict[str, Decimal]:
    return {f"V-{number}": Decimal(amount) for number, amount in enumerate(amounts, start=1)}


def fifth() -> Company:
    return Company(Partner.objects.create(number="V-5", name="V 5", type="reseller", status="active"))


def kits_agree(folder: Any) -> None:
    for row in Statement.objects.for_everyone(because="a test"):
        said = verify(unpacked(row, folder / row.number))
        assert said.returncode == 0, said.stdout + said.stderr


# What a group is paid


def test_the_band_is_read_once_from_what_all_bought_and_the_figure_is_shared_by_what_each_is_paid_on(four):
    apply(grouped())
    bought(four, 60_000, 30_000, 10_000)  # 100,000 together: 3 % on all
    assert earned(settle("2026-09")) == money("1800.00", "900.00", "300.00")


def test_the_last_cents_go_to_the_largest_remainders_and_then_to_the_lower_numbers(four):
    apply(grouped(mechanism={"kind": "lump_sum", "bands": [{"from": 0, "amount": "1.00"}]}))
    bought(four, 100, 100, 100)
    assert earned(settle("2026-09")) == money("0.34", "0.33", "0.33")


def test_what_counts_and_what_is_paid_on_may_differ_and_only_the_latter_shares(four):
    sell(four[0], 200_000, line="wireless")
    sell(four[1], 40_000, line="routing")
    sell(four[2], 60_000, line="routing")
    apply(grouped(pay={"product_lines": ["routing"]}))
    assert earned(settle("2026-09")) == money("0.00", "2000.00", "3000.00")


def test_who_gave_more_back_than_it_bought_has_no_part_in_what_the_others_are_paid(four):
    apply(grouped(mechanism={"kind": "flat", "rate": "10%"}))
    bought(four, 1_500, 500, -1_000)  # 1,000 together
    assert earned(settle("2026-09")) == money("75.00", "25.00", "0.00")


def test_a_group_that_gave_back_more_than_it_bought_is_taken_back_from_those_that_did(four, tmp_path):
    apply(grouped(mechanism={"kind": "flat", "rate": "10%"}))
    bought(four, 500, -300, -1_200)
    assert earned(settle("2026-09")) == money("0.00", "-20.00", "-80.00")
    kits_agree(tmp_path)


def test_what_four_gave_back_is_taken_back_and_each_kit_computes_it(four, tmp_path):
    apply(grouped(mechanism={"kind": "flat", "rate": "10%"}))
    bought(four, -300, -1_200, -100, "-33.33")
    run = settle("2026-09")
    assert earned(run) == money("-30.00", "-120.00", "-10.00", "-3.33")
    assert said_by(results(run)[0])["Paid base of the group"]
    kits_agree(tmp_path)


def test_a_stated_baseline_of_billions_beside_other_currencies_is_no_number_too_large(four):
    known("CNY/USD 2026-09-30 0.14123457")
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "0%", "rate": "1%"}]}
    stated = {"kind": "prior_year", "new_partner": "stated", "amount": 900_000_000_000}
    apply(grouped(mechanism=growth, baseline=stated, exchange="period_end"))
    for company in four:
        sell(company, 100, currency="USD")
    assert earned(settle("2026-09")) == money("0.00", "0.00", "0.00", "0.00")


def test_where_nobody_is_paid_on_anything_nothing_is_paid(four):
    sell(four[0], 500, line="wireless")
    sell(four[1], 10, line="routing")
    sell(four[1], -10, line="routing")
    lump = {"kind": "lump_sum", "bands": [{"from": 0, "amount": 90}]}
    apply(grouped(mechanism=lump, pay={"product_lines": ["routing"]}))
    assert earned(settle("2026-09")) == money("0.00", "0.00")


def test_a_cap_is_on_what_all_bought_and_on_what_all_are_paid(four):
    measure = {"on": "measure", "amount": 100_000, "of": "base"}
    apply(grouped(caps=[measure, {"on": "payout", "amount": 4_000}]))
    bought(four, 150_000, 90_000, 60_000)  # 300,000 count: 5 % on 100,000, of which 4,000
    assert earned(settle("2026-09")) == money("2000.00", "1200.00", "800.00")


def test_full_increments_are_those_of_all_and_shared_by_money(four, tmp_path):
    apply(grouped(mechanism={"kind": "per_increment", "increment": 1_000, "amount": 9}))
    bought(four, 900, 700, 600, 200)  # 2,400: two full increments
    assert earned(settle("2026-09")) == money("6.75", "5.25", "4.50", "1.50")
    kits_agree(tmp_path)


def test_a_formula_reads_what_all_bought(four, tmp_path):
    formula = {"kind": "formula", "expression": "base / 40 + if(qualifier >= 100000, 500, 0)"}
    apply(grouped(mechanism=formula))
    bought(four, 60_000, 30_000, 7_000, 3_000)
    run = settle("2026-09")  # 2,500.00 and 500.00
    assert earned(run) == money("1800.00", "900.00", "210.00", "90.00")
    steps = {step.title: step.value for step in explanations.explain(results(run)[0]).steps}
    assert (steps["Paid base of the group"], steps["Rebate"]) == (100_000, 3_000)
    kits_agree(tmp_path)


def test_growth_is_that_of_all_also_of_who_buys_nothing_any_more(four, tmp_path):
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}
    apply(grouped(mechanism=growth))
    five = [*four, fifth()]
    bought(five, 40_000, 20_000, 20_000, 10_000, 10_000, on="2026-08-10")
    bought(five, 60_000, 30_000, 20_000, 10_000)  # 120,000 after 100,000
    run = settle("2026-09")
    assert earned(run) == money("1800.00", "900.00", "600.00", "300.00")
    kits_agree(tmp_path)
    assert said_by(results(run)[0])["Baseline"]


def test_only_those_that_the_conditions_match_are_the_group(four):
    Partner.objects.for_everyone(because="a test").filter(number="V-4").update(type="agent")
    apply(grouped(who={"partners": [f"V-{number}" for number in range(1, 5)]}))
    Version.objects.update(
        policy=Version.objects.get().policy | {"who": {"as": "group", "types": ["reseller"]}}
    )
    bought(four, 30_000, 30_000, 39_999, 5_000)  # without the agent one short of the second band
    assert earned(settle("2026-09")) == money("600.00", "600.00", "799.98")


def test_lines_of_other_currencies_are_converted_and_each_share_is_paid_in_another(four, tmp_path):
    known("EUR/CNY 2026-08-31 7.9", "EUR/CNY 2026-09-30 8")
    apply(grouped(exchange="period_end", payout_currency="EUR"))
    sell(four[0], "60001.01")
    sell(four[1], "5000.33", currency="EUR")
    sell(four[2], "77.77")
    sell(four[3], "22.22")
    run = settle(
        "2026-09"
    )  # 100,103.64 together: 3 % is 3,003.11, of which 1,800.03, 1,200.08, 2.33 and 0.67
    assert earned(run) == money("225.00", "150.01", "0.29", "0.08")
    kits_agree(tmp_path)
    assert "¥3,003.11 × 60,001.01 ÷ 100,103.64" in said_by(results(run)[0])["Share of the group's figure"]


# How it is settled


@pytest.mark.parametrize("chunk", [1, 5_000])
def test_it_does_not_matter_how_many_workers_share_the_partners(four, chunk):
    apply(grouped(), policy("own", mechanism={"kind": "flat", "rate": "1%"}))
    bought(four, "3333.33", "77777.77", "23456.78", "9999.99")
    run = settle("2026-09", chunk=chunk)
    found = {row.partner.number: row.earned for row in results(run) if row.programme.code == "core"}
    assert found == money("100.00", "2333.34", "703.70", "300.00")
    assert run.line_count == 4


def test_settling_anew_and_a_kill_before_the_last_step_change_nothing(four):
    apply(grouped())
    bought(four, 60_000, 30_000, 10_000)
    job = computing.start_settlement(period=SEPTEMBER, by=BY, chunk=1)
    run_id, bounds = job.params["run"], job.params["bounds"]
    computing.freeze(run_id)
    for first, last in bounds:
        computing.compute_chunk(run_id, first, last)
    rows = Result.objects.for_everyone(because="a test")
    assert not rows.exists()  # nobody's figure is known before all are
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        computing.finish(run_id)
        raise KeyboardInterrupt
    computing.compute_chunk(run_id, *bounds[0])
    computing.finish(run_id)
    expected = money("1800.00", "900.00", "300.00")
    assert {row.partner.number: row.earned for row in rows.select_related("partner")} == expected
    assert earned(settle("2026-09")) == expected


def test_a_late_line_of_one_moves_everybody_as_the_close_would_have(four, tmp_path):
    apply(grouped(returns="by_origin"))
    bought(four, 60_000, 30_000, on="2026-08-10")
    assert earned(settle("2026-08")) == money("1200.00", "600.00")
    sell(four[2], 10_000, "2026-08-20")
    late = {row.partner.number: row.adjusted for row in adjustments(settle("2026-09"))}
    assert late == money("600.00", "300.00", "300.00")
    kits_agree(tmp_path)
    assert adjustments(settle("2026-10")) == []


def test_a_period_that_was_settled_before_go_live_stays_as_it_was(four):
    apply(grouped())
    sell(four[0], 800, "2026-08-10")
    SettledOutside.objects.create(
        partner=four[0].row, programme=Version.objects.get().programme, starts="2026-08-01",
        ends="2026-09-01", currency="CNY", base=800, earned=80, paid=0,
        watermark=SalesLine.objects.for_everyone(because="a test").latest("id").pk,
    )  # fmt: skip
    sell(four[0], 500, "2026-08-20")
    assert adjustments(settle("2026-09")) == []


def test_who_sees_only_itself_is_told_its_share_of_all(four):
    apply(grouped())
    bought(four, 60_000, 30_000, 10_000)
    assert kept.Basis.now().kept == []  # it hangs on everybody
    found = accruals(by=BY, period=SEPTEMBER, partners=[four[1].row.pk])
    assert [(row.partner_id, row.amount) for row in found] == [(four[1].row.pk, Decimal("900.00"))]
    everybody = accruals(by=BY, period=SEPTEMBER)
    assert sorted(row.amount for row in everybody) == [Decimal(n) for n in (300, 900, 1800)]


def test_a_back_test_pays_what_the_settlement_would(four):
    apply(grouped())
    bought(four, 60_000, 30_000, "10000.01")
    version = Version.objects.get()
    tried = back_test(versions=[version], first=SEPTEMBER, last=SEPTEMBER, by=BY)
    assert tried.totals == [Decimal("3000.00")] and tried.temptations == []
    assert {row.partner_id: row.amounts[0] for row in tried.partners} == {
        company.row.pk: Decimal(amount) for company, amount in zip(four, (1800, 900, 300), strict=False)
    }
    assert tried.swings[Decimal("0.9")] == [Decimal("1800.00")]  # 90,000: the first band


@pytest.mark.parametrize("text", [grouped(), policy(caps=[POOL])])
def test_a_partners_own_pace_forecasts_nothing_of_what_all_sell_together(four, finance, browse, text):
    apply(text)
    with time_machine.travel("2026-09-15 04:00:00+00:00", tick=False):
        bought(four, 20_000, 10_000, 10_000, 10_000, on="2026-09-10")
        (found,) = accruals(by=BY, period=SEPTEMBER, partners=[four[1].row.pk])
        assert forecast(found) is None
        page = browse(finance).get(found.get_absolute_url()).content.decode()
        assert "No forecast: the figure hangs on what all partners sell" in page
        assert "What would an order pay?" in page


def test_a_budget_carries_on_what_all_sell_together(four):
    apply(grouped())
    with time_machine.travel("2026-09-15 04:00:00+00:00", tick=False):
        bought(four, 20_000, 10_000, 10_000, 10_000, on="2026-09-10")
        assert forecast_of_all(Version.objects.get(), SEPTEMBER) == 3_000  # 100,000 at the end of the month


# What is said of it


def test_a_partner_reads_its_own_sum_the_groups_and_the_factor_and_no_other(four):
    apply(grouped())
    bought(four, 55_000, 30_000, 10_000, 5_000)
    result = next(row for row in results(settle("2026-09")) if row.partner.number == "V-2")
    told = explanations.explain(result)
    steps = [(step.title, step.value) for step in told.steps if step.value is not None]
    assert steps == [
        ("Own qualifier", Decimal(30_000)),
        ("Own paid base", Decimal(30_000)),
        ("Qualifier of the group", Decimal(100_000)),
        ("Paid base of the group", Decimal(100_000)),
        ("Rebate", Decimal(3_000)),
        ("Rounding", Decimal("3000.00")),
        ("Share of the group's figure", Decimal("900.00")),
    ]
    assert said_by(result)["Share of the group's figure"] == (
        "The group's ¥3,000.00 is shared by what each is paid on: of 100,000 in all this partner's are 30,000."
        " ¥3,000.00 × 30,000 ÷ 100,000, to the cent by largest remainder"
    )
    assert (told.rounded, told.base, told.share, told.one_more) == (3000, 100_000, Decimal("900.00"), None)
    text = json.dumps(result.explanation)
    assert "V-1" not in text and "55000" not in text and "1650" not in text


def test_the_sums_of_a_group_are_told_before_a_cap_and_the_arithmetic_behind_it(four):
    apply(grouped(caps=[{"on": "measure", "amount": 100_000}]))
    bought(four, 150_000, 90_000, 50_000, 10_000)  # 300,000, of which 100,000 count
    told = explanations.explain(results(settle("2026-09"))[1])
    steps = {step.title: step.value for step in told.steps if step.value is not None}
    assert steps["Qualifier of the group"] == steps["Paid base of the group"] == 300_000
    assert steps["Qualifier, capped"] == steps["Paid base, capped"] == 100_000
    assert (told.base, told.rounded, told.share) == (100_000, 3_000, Decimal("900.00"))


def test_what_full_increments_are_counted_of_is_told_and_how_many_there_are(four):
    known("EUR/CNY 2026-09-30 8")
    apply(
        grouped(mechanism={"kind": "per_increment", "increment": 1_000, "amount": 9}, exchange="period_end")
    )
    bought(four, 500, 700, 600, 200)
    sell(four[0], 50, currency="EUR")  # 2,400 together
    told = explanations.explain(results(settle("2026-09"))[0])
    steps = {step.title: step.value for step in told.steps if step.value is not None}
    assert (steps["Own paid base"], steps["Paid base of the group"]) == (900, 2_400)
    assert (told.base, told.rounded, told.share) == (2, 18, Decimal("6.75"))


def test_the_page_and_the_paper_show_the_share_and_what_it_is_of(four, finance, browse):
    apply(grouped())
    bought(four, 55_000, 30_000, 10_000, 5_000)
    settle("2026-09")
    result = next(r for r in Result.objects.for_everyone(because="a test") if r.partner.number == "V-2")
    page = browse(finance).get(result.get_absolute_url()).content.decode()
    assert "Share of the group" in page and "900.00" in page and "3,000.00" in page
    assert "55,000" not in page and "1,650" not in page


def test_the_sentence_says_it_in_both_languages_and_the_text_keeps_it(four):
    apply(grouped(caps=[{"on": "payout", "amount": 500}]))
    version = Version.objects.get()
    assert (
        "They count as one group: what all of them buy counts together, and the payout is shared by what each is paid"
        " on, to the cent by largest remainder. All of them together are paid at most ¥500 a period."
    ) in wording.sentence(version)
    with translation.override("zh-hans"):
        assert "视为一个整体" in wording.sentence(version)
    assert "as: group" in as_yaml(version.programme)


def test_what_is_disputed_in_a_group_holds_back_the_same_share_of_the_figure(four):
    apply(grouped())
    bought(four, 60_000, 30_000, 10_000)
    result = next(row for row in results(settle("2026-09")) if row.partner.number == "V-2")
    (plan,) = plans_for([(result.version, SEPTEMBER)])
    assert not disputed._is_exact(result, plan)


def test_the_kit_recomputes_a_share_from_the_groups_sums_and_holds_no_other_figure(four, tmp_path):
    apply(grouped(mechanism={"kind": "marginal", "split": "average", "bands": T}))
    bought(four, "100001.01", "2003.33", "3007.77", "1234.56")
    settle("2026-09")
    rows = Statement.objects.for_everyone(because="a test").order_by("partner__number")
    assert sum(row.earned for row in rows) == Decimal("2187.40")
    kits_agree(tmp_path)
    folder = tmp_path / rows[3].number
    facts = json.loads((folder / "kit.json").read_text())
    (period,) = facts["periods"]
    assert period["groups"]["core"].keys() == {
        *("qualifier", "base", "reference", "counted_in", "paid_on_in", "sum", "parts", "paid")
    }
    told = (folder / "kit.json").read_text()
    assert "100001" not in told and told.count('"106246.67"') == 3
    for name in ("base", "sum"):
        (folder / "kit.json").write_text(told.replace(f'"{name}": "106246.67"', f'"{name}": "90000"'))
        assert verify(folder).returncode == 1


# What is refused


def test_fewer_than_four_could_tell_each_others_figures(four, acme, rival):
    chosen = {"partners": ["V-1", "V-2", "V-3"]}
    with pytest.raises(TooSmallGroup) as refused:
        apply(grouped(who=chosen))
    assert str(refused.value) == (
        "core takes its partners as a group, and 3 take part now: at least 4 have to, so that nobody can tell"
        " another's figure from the sum."
    )
    apply(grouped(who={"partners": [*chosen["partners"], "V-4"]}))


@pytest.mark.parametrize("refused", [TooSmallGroup, TooFewMembers])
def test_also_where_each_lines_day_is_asked_only_partners_of_the_tiers_count(four, refused):
    diamond = TierFactory(code="diamond")
    taken = {"as": "group"} if refused is TooSmallGroup else {}
    text = policy(who={"tiers": ["diamond"], **taken}, tier_on="line_date", caps=[] if taken else [POOL])
    for number, company in enumerate(four):
        with pytest.raises(refused, match=f", and {number} take part now"):
            apply(text)
        TierMembership.objects.create(
            partner=company.row, tier=diamond, during=(date(2026, 1, 1), None), set_by="test"
        )
    apply(text)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (
            {"stacking": {"kind": "best_of", "programmes": ["a"]}},
            "may be net of others, not the best of several",
        ),
        ({"returns": "at_original_rate"}, "paid no rate to one partner"),
        (
            {"mechanism": {"kind": "formula", "expression": "base * a", "measures": ["a"]}},
            "a formula for it reads what is paid on and what counts only",
        ),
        ({"mechanism": {"kind": "spif", "amount": 5}}, "A serial number is one partner's"),
        (
            {"mechanism": {"kind": "bundle", "parts": [{"product": "a", "quantity": 1}], "amount": 5}},
            "Parts that several members bought",
        ),
        ({"caps": [POOL]}, "one cap on the payout, its own"),
        ({"caps": [{"on": "payout", "amount": 9, "programmes": ["b"]}]}, "one cap on the payout, its own"),
        ({"rounding": {"on": "line"}}, "before it is shared"),
        (
            {
                "joining": "by_days",
                "mechanism": {
                    "kind": "target",
                    "on": "all",
                    "target": 5,
                    "bands": [{"from": "100%", "rate": "1%"}],
                },
            },
            "one target",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(entries, said):
    with pytest.raises(PolicyProblem, match=said):
        read_document({"schema": 1, "programmes": [grouped(**entries)]})


def test_a_draft_of_an_earlier_release_is_not_published_with_what_does_not_go_together(four):
    (text,) = read_document({"schema": 1, "programmes": [grouped()]})
    draft = save_draft(text=text, by=BY)
    draft.policy |= {"joining": "by_days"}
    draft.save()
    with pytest.raises(TextRefused, match="one target"):
        publish_version(version=draft, by=BY)


def test_no_other_programme_is_settled_together_with_it(four):
    apply(grouped())
    with pytest.raises(LinkSpansPartners):
        apply(policy("b", stacking={"kind": "net_of", "programmes": ["core"]}))


def test_finance_chooses_it_in_the_editor_and_amending_keeps_it(four, finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        answer = browse(finance).post("/programmes/new/", FILLED | {"taken_as": "group"})
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    assert version.policy["who"]["as"] == "group" and uncomputed(version.policy) == []
    assert is_editable(version.policy) and initial_of(version)["taken_as"] == "group"


def test_the_editor_names_the_field_of_what_does_not_go_together(four, finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        answer = browse(finance).post(
            "/programmes/new/", FILLED | {"taken_as": "group", "pooled_cap": "7500"}
        )
    assert answer.context["form"].errors["pooled_cap"] == [
        "A group has one cap on the payout, its own: it holds for all members together."
    ]
