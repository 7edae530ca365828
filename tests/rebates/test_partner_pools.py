"""A cap on what a programme pays all partners together."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction

from orders.models import SalesLine
from partners.models import Partner
from prm.values.periods import Period
from rebates import explanations, kept, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.errors import TooFewMembers
from rebates.exchange import as_yaml
from rebates.models import Result, SettledOutside, Statement, Version
from rebates.programme_form import initial_of, is_editable
from rebates.services import computing
from tests.exchange.world import known
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, T, adjustments, apply, policy, results, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}
SEPTEMBER = Period.parse("2026-09")


class Company:
    def __init__(self, row: Partner):
        self.row = row


@pytest.fixture
def four(acme) -> list[Company]:
    """Active partners, none of which has a tier."""
    rows = [
        Partner.objects.create(number=f"V-{number}", name=f"V {number}", type="reseller", status="active")
        for number in range(1, 5)
    ]
    return [Company(row) for row in rows]


def pooled(code: str = "core", amount: Any = 7_500, **entries: Any) -> dict[str, Any]:
    caps = [{"on": "payout", "amount": amount, "over": "partners"}, *entries.pop("caps", [])]
    return policy(code, mechanism=entries.pop("mechanism", FLAT), caps=caps, **entries)


def earned(run: Any) -> dict[str, Decimal]:
    return {row.partner.number: row.earned for row in results(run)}


def test_a_cap_of_7_500_over_6_000_and_2_500_and_1_500(four):
    apply(pooled())
    for company, amount in zip(four, (60_000, 25_000, 15_000), strict=False):
        sell(company, amount)
    assert earned(settle("2026-09")) == {
        "V-1": Decimal("4500.00"),
        "V-2": Decimal("1875.00"),
        "V-3": Decimal("1125.00"),
    }


def test_each_share_is_paid_in_another_currency_and_the_kit_agrees(four, tmp_path):
    known("EUR/CNY 2026-09-30 8")
    apply(pooled(payout_currency="EUR"))
    for company, amount in zip(four, (60_000, 25_000, 10_000, 5_000), strict=True):
        sell(company, amount)
    assert earned(settle("2026-09")) == {
        "V-1": Decimal("562.50"),
        "V-2": Decimal("234.38"),
        "V-3": Decimal("93.75"),
        "V-4": Decimal("46.88"),
    }
    for row in Statement.objects.for_everyone(because="a test"):
        said = verify(unpacked(row, tmp_path / row.partner.number))
        assert said.returncode == 0, said.stdout + said.stderr


def test_below_the_cap_everybody_has_its_own_figure(four):
    apply(pooled(amount=10_000))
    for company, amount in zip(four, (60_000, 25_000, 15_000), strict=False):
        sell(company, amount)
    assert set(earned(settle("2026-09")).values()) == {Decimal(6000), Decimal(2500), Decimal(1500)}


def test_the_last_cent_goes_to_the_largest_remainder_and_then_to_the_lower_number(four):
    apply(pooled(amount="1.00"))
    for company in four[:3]:
        sell(company, 100)
    assert earned(settle("2026-09")) == {
        "V-1": Decimal("0.34"),
        "V-2": Decimal("0.33"),
        "V-3": Decimal("0.33"),
    }


def test_a_figure_below_zero_stays_and_makes_no_room_for_the_others(four):
    apply(pooled(amount=100))
    sell(four[0], 1_500)
    sell(four[1], 500)
    sell(four[2], -900)
    assert earned(settle("2026-09")) == {
        "V-1": Decimal("75.00"), "V-2": Decimal("25.00"), "V-3": Decimal("-90.00"),
    }  # fmt: skip


@pytest.mark.parametrize("chunk", [1, 2, 5_000])
def test_it_does_not_matter_how_many_workers_share_the_partners(four, chunk):
    apply(
        pooled(amount="99.99", mechanism={"kind": "retroactive", "bands": T}), policy("own", mechanism=FLAT)
    )
    amounts = (3_333, 77_777, 123_456, 9_999)
    for company, amount in zip(four, amounts, strict=True):
        sell(company, amount)
    run = settle("2026-09", chunk=chunk)
    found = {row.partner.number: row.earned for row in results(run) if row.programme.code == "core"}
    assert found == {
        "V-1": Decimal("1.20"), "V-2": Decimal("28.15"), "V-3": Decimal("67.02"), "V-4": Decimal("3.62"),
    }  # fmt: skip
    assert (run.line_count, sum(found.values())) == (4, Decimal("99.99"))
    assert [row["sales"] for row in run.totals] == [f"{sum(amounts)}.00"]


def test_settling_anew_changes_nothing(four):
    apply(pooled(amount=100))
    for company in four:
        sell(company, 700)
    first = earned(settle("2026-09", close=False))
    again = settle("2026-09")
    assert earned(again) == first and Result.objects.for_everyone(because="a test").count() == 4


def test_a_late_line_of_one_moves_everybody_as_the_close_would_have(four):
    apply(pooled(amount=100))
    for company in four[:2]:
        sell(company, 1_000, "2026-08-10")
    settle("2026-08")
    sell(four[2], 2_000, "2026-08-20")
    late = {row.partner.number: row.adjusted for row in adjustments(settle("2026-09"))}
    assert late == {"V-1": Decimal("-25.00"), "V-2": Decimal("-25.00"), "V-3": Decimal("50.00")}
    assert adjustments(settle("2026-10")) == []


def test_who_sees_only_itself_is_told_its_share_of_all(four):
    apply(pooled(amount=100))
    for company, amount in zip(four, (1_000, 2_000, 3_000, 4_000), strict=True):
        sell(company, amount)
    assert kept.Basis.now().kept == []  # it hangs on everybody
    found = accruals(by=BY, period=SEPTEMBER, partners=[four[1].row.pk])
    assert [(row.partner_id, row.amount) for row in found] == [(four[1].row.pk, Decimal("20.00"))]
    everybody = accruals(by=BY, period=SEPTEMBER)
    assert sorted(row.amount for row in everybody) == [Decimal(n) for n in (10, 20, 30, 40)]


def test_a_partner_reads_its_own_figure_the_pool_and_the_factor_and_no_other(four):
    apply(pooled())
    for company, amount in zip(four, (60_000, 25_000, 10_000, 5_000), strict=True):
        sell(company, amount)
    run = settle("2026-09")
    result = next(row for row in results(run) if row.partner.number == "V-2")
    said = {step.title: step.text for step in explanations.explain(result).steps}["Cap over all partners"]
    assert said == (
        "At most ¥7,500.00 for all partners together; they come to ¥10,000.00, so each figure counts × 0.75:"
        " ¥2,500.00 × 0.75, to the cent by largest remainder"
    )
    text = json.dumps(result.explanation)
    assert "V-1" not in text and "6000" not in text and "4500" not in text


def test_the_part_of_a_cap_that_is_reached_is_no_second_time_rounded(four):
    apply(pooled())
    for company, amount in zip(four, (60_000, 25_000, 10_000, 5_000), strict=True):
        sell(company, amount)

    def last_steps() -> list[tuple[str, Decimal | None]]:
        return [(step.title, step.value) for step in explanations.explain(results(run)[1]).steps][-2:]

    run = settle("2026-09", close=False)
    assert last_steps() == [("Rebate", Decimal(2_500)), ("Cap over all partners", Decimal("1875.00"))]
    sell(four[0], -30_000)  # 7,000 together: the cap is not reached
    run = settle("2026-09", close=False)
    assert [name for name, _value in last_steps()] == ["Cap over all partners", "Rounding"]


def test_where_fewer_than_four_come_to_anything_their_sum_is_not_told(four, tmp_path):
    apply(pooled())
    for company, amount in zip(four, (60_000, 25_000, 15_000, -900), strict=True):
        sell(company, amount)
    run = settle("2026-09")
    result = next(row for row in results(run) if row.partner.number == "V-2")
    assert result.explanation["pooled"].keys() == {"amount", "lowered", "own", "withheld"}
    steps = {step.title: step for step in explanations.explain(result).steps}
    assert steps["Cap over all partners"].value == Decimal("1875.00")
    assert steps["Cap over all partners"].text == (
        "At most ¥7,500.00 for all partners together; fewer than four share it, so that only this partner's own"
        " ¥2,500.00 and its share are told"
    )
    (finding,) = [one for one in run.findings if one["kind"] == "few_members"]
    assert finding["named"] == ["V-1", "V-2", "V-3", "V-4"]
    for row in Statement.objects.for_everyone(because="a test"):
        folder = unpacked(row, tmp_path / row.partner.number)
        said = verify(folder)
        assert said.returncode == 0, said.stdout
        assert "stated   core" in said.stdout
        (period,) = json.loads((folder / "kit.json").read_text())["periods"]
        assert period["pools"]["core"].keys() == {"amount", "lowered", "paid"}


def test_where_the_cap_of_a_few_lowers_nothing_each_figure_is_its_own_and_computed(four, tmp_path):
    apply(pooled(amount=10_000))
    sell(four[0], 60_000)
    sell(four[1], 25_000)
    run = settle("2026-09")
    assert [one for one in run.findings if one["kind"] == "few_members"] == []
    said = {step.title: step.text for step in explanations.explain(results(run)[0]).steps}
    assert said["Cap over all partners"] == (
        "At most ¥10,000.00 for all partners together; this partner comes to ¥6,000.00"
    )
    for row in Statement.objects.for_everyone(because="a test"):
        told = verify(unpacked(row, tmp_path / row.partner.number))
        assert told.returncode == 0 and "stated   core" not in told.stdout


def test_an_adjustment_tells_no_pool_that_the_close_withheld(four):
    apply(pooled(amount=100))
    for company in four[:3]:
        sell(company, 1_000, "2026-08-10")
    settle("2026-08")
    sell(four[3], 2_000, "2026-08-20")
    late = adjustments(settle("2026-09"))
    assert len(late) == 4 and not any({"sum", "parts"} & row.explanation["pooled"].keys() for row in late)
    assert all(row.explanation["pooled"]["withheld"] for row in late)


def test_the_sentence_and_the_text_say_it_and_the_back_test_pays_it(four):
    apply(pooled(amount=100))
    for company in four:
        sell(company, 1_000)
    version = Version.objects.get()
    words = "All partners together are paid at most ¥100 a period, each in proportion."
    assert words in wording.sentence(version)
    assert "over: partners" in as_yaml(version.programme)
    tried = back_test(versions=[version], first=SEPTEMBER, last=SEPTEMBER, by=BY)
    assert tried.totals == [Decimal("100.00")] and tried.temptations == []


def test_the_kit_recomputes_a_share_and_holds_no_other_figure(four, tmp_path):
    apply(pooled(amount="100.00"))
    for company, amount in zip(four, (1_001, 2_003, 3_007, 1_234), strict=True):
        sell(company, amount)
    settle("2026-09")
    rows = Statement.objects.for_everyone(because="a test").order_by("partner__number")
    assert sum(row.earned for row in rows) == Decimal("100.00")
    for row in rows:
        folder = unpacked(row, tmp_path / row.partner.number)
        said = verify(folder)
        assert said.returncode == 0, said.stdout + said.stderr
    facts = json.loads((folder / "kit.json").read_text())
    (period,) = facts["periods"]
    assert period["pools"]["core"].keys() == {"amount", "sum", "parts", "lowered", "paid"}
    (folder / "kit.json").write_text(
        (folder / "kit.json").read_text().replace('"sum": "724.5"', '"sum": "800"')
    )
    assert verify(folder).returncode == 1


def test_fewer_than_four_could_tell_each_others_figures(four, acme, rival):
    chosen = {"partners": ["V-1", "V-2", "V-3"]}
    with pytest.raises(TooFewMembers) as refused:
        apply(pooled(who=chosen))
    assert str(refused.value) == (
        "core has a cap over all partners, and 3 take part now: at least 4 have to, so that nobody can tell"
        " another's figure from the sum."
    )
    apply(pooled(who={"partners": [*chosen["partners"], "V-4"]}))


def test_finance_chooses_it_in_the_editor(four, finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        answer = browse(finance).post("/programmes/new/", FILLED | {"pooled_cap": "7500"})
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    assert version.policy["caps"] == [{"on": "payout", "amount": "7500", "over": "partners"}]
    assert is_editable(version.policy) and initial_of(version)["pooled_cap"] == "7500"


def test_a_run_that_is_killed_before_its_last_step_resumes_to_the_same_cents(four):
    apply(pooled(amount="99.99"), policy("own", mechanism=FLAT))
    for company, amount in zip(four, (3_333, 77_777, 123_456, 9_999), strict=True):
        sell(company, amount)
    job = computing.start_settlement(period=SEPTEMBER, by=BY, chunk=1)
    run_id, bounds = job.params["run"], job.params["bounds"]
    computing.freeze(run_id)
    for first, last in bounds:
        computing.compute_chunk(run_id, first, last)
    rows = Result.objects.for_everyone(because="a test").filter(programme__code="core")
    assert not rows.exists()  # nobody's figure is known before all are
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        computing.finish(run_id)
        raise KeyboardInterrupt
    assert not rows.exists()
    computing.compute_chunk(run_id, *bounds[0])
    computing.finish(run_id)
    found = {row.partner.number: row.earned for row in rows.select_related("partner")}
    assert (sum(found.values()), len(found)) == (Decimal("99.99"), 4)
    assert found["V-3"] == Decimal("57.53")


def test_a_period_that_was_settled_before_go_live_stays_as_it_was(four):
    apply(pooled(amount=100))
    sell(four[0], 800, "2026-08-10")
    SettledOutside.objects.create(
        partner=four[0].row, programme=Version.objects.get().programme, starts="2026-08-01",
        ends="2026-09-01", currency="CNY", base=800, earned=80, paid=0,
        watermark=SalesLine.objects.for_everyone(because="a test").latest("id").pk,
    )  # fmt: skip
    sell(four[0], 500, "2026-08-20")
    assert adjustments(settle("2026-09")) == []
