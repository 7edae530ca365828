"""Programmes that count sales on the day of their order, their shipment or the receipt of their payment."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from partners.models import TierMembership
from prm.values.periods import Period
from rebates import explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.exchange import as_yaml
from rebates.explained_lines import lines_page
from rebates.models import Statement, Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.exchange.world import known
from tests.factories.partners import TierFactory
from tests.rebates.test_collection import pays
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, T, adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}


def by(basis: str, code: str = "core", **entries: Any) -> dict[str, Any]:
    return policy(code, mechanism=entries.pop("mechanism", FLAT), date_basis=basis, **entries)


def day(text: str) -> date:
    return date.fromisoformat(text)


def earned(run: Any) -> dict[str, Decimal]:
    return {row.programme.code: row.earned for row in results(run)}


def test_a_sale_counts_in_the_period_of_the_day_that_the_policy_names(acme):
    apply(*(by(basis, basis) for basis in ("booking", "order", "shipment", "payment")))
    sell(
        acme, 1000, "2026-09-10", document="INV-1", order_date=day("2026-08-28"), ship_date=day("2026-10-02")
    )
    pays(acme, "INV-1", 1130, "2026-11-05")
    found = {month: earned(settle(f"2026-{month}", close=False)) for month in ("08", "09", "10", "11")}
    pay = Decimal("100.00")
    assert found == {
        "08": {"order": pay},
        "09": {"booking": pay},
        "10": {"shipment": pay},
        "11": {"payment": pay},
    }


@pytest.mark.parametrize(
    ("payments", "month"),
    [
        ([(500, "2026-09-11"), (630, "2026-10-03")], "2026-10"),  # paid in full in October
        ([(1130, "2026-09-11"), (-1, "2026-09-11"), (1, "2026-10-01")], "2026-10"),  # one was taken back
        ([(2000, "2026-09-11")], "2026-09"),
    ],
)
def test_an_invoice_counts_whole_on_the_day_on_which_it_is_paid_in_full(acme, payments, month):
    apply(by("payment"))
    sell(acme, 600, "2026-09-10", document="INV-1")
    sell(acme, 400, "2026-09-12", document="INV-1")
    for amount, on in payments:
        pays(acme, "INV-1", amount, on)
    found = {row.period: row.amount for row in accruals(by=BY, period=Period.parse(month))}
    assert found == {Period.parse(month): Decimal("100.00")}


def test_a_sale_without_the_day_is_listed_as_missing_and_does_not_count(acme, rival, finance, browse):
    apply(by("shipment"), by("payment", "paid"))
    sell(acme, 1000, line_number="A-1", document="INV-1", ship_date=day("2026-09-20"))
    sell(acme, 500, line_number="A-2")
    sell(rival, "250.50", line_number="B-1")
    pays(acme, "INV-1", 1130, "2026-09-20")
    run = settle("2026-09", close=False)
    assert earned(run) == {"core": Decimal("100.00"), "paid": Decimal("100.00")}
    (lacking,) = [one for one in run.findings if one["kind"] == "no_day" and one["basis"] == "shipment"]
    assert lacking == {
        "kind": "no_day", "programme": "core", "period": "2026-09", "basis": "shipment", "lines": 2,
        "amount": "750.50", "currency": "CNY", "partners": 2, "named": ["A-2", "B-1"],
    }  # fmt: skip
    page = browse(finance).get(run.get_absolute_url()).content.decode()
    assert "2 lines have no shipping date and do not count yet" in page and "A-2, B-1" in page
    assert "2 lines are not paid in full and do not count yet" in page


@pytest.mark.parametrize("basis", ["order", "shipment", "payment"])
def test_a_return_counts_on_its_booking_and_never_before_the_sale_that_it_takes_back(acme, basis):
    apply(by(basis))
    later = sell(
        acme, 1000, "2026-08-20", document="INV-1", order_date=day("2026-09-05"), ship_date=day("2026-09-05")
    )
    unknown = sell(acme, 300, "2026-08-20", document="INV-2")
    pays(acme, "INV-1", 1130, "2026-09-05")
    sell(acme, -400, "2026-08-25", reverses=later)
    sell(acme, -300, "2026-08-25", reverses=unknown)  # of a sale that does not count
    sell(acme, -50, "2026-09-25", order_date=day("2026-08-01"))  # names no sale
    assert earned(settle("2026-08")) == {}
    assert only(settle("2026-09")).earned == Decimal("55.00")


def test_a_late_line_of_another_month_and_a_late_payment_change_the_closed_period(acme):
    apply(by("shipment"), by("payment", "paid", late={"grace_days": 0}))
    sell(acme, 1000, "2026-09-10", document="INV-1", ship_date=day("2026-08-20"))
    sell(acme, 10, "2026-08-10", document="INV-2", ship_date=day("2026-08-20"))
    pays(acme, "INV-2", 10, "2026-08-20", total=10)
    assert earned(settle("2026-08")) == {"core": Decimal("101.00"), "paid": Decimal("1.00")}
    sell(acme, 500, "2026-09-11", ship_date=day("2026-08-31"))
    pays(acme, "INV-1", 1130, "2026-08-30")  # entered after the close
    late = {row.programme.code: row.adjusted for row in adjustments(settle("2026-09"))}
    assert late == {"core": Decimal("50.00"), "paid": Decimal("100.00")}
    assert adjustments(settle("2026-10")) == []


def test_a_payment_that_is_taken_back_after_the_close_takes_the_sale_along(acme):
    apply(by("payment"))
    sell(acme, 1000, "2026-08-10", document="INV-1")
    pays(acme, "INV-1", 1130, "2026-08-20")
    assert only(settle("2026-08")).earned == Decimal("100.00")
    pays(acme, "INV-1", -1130, "2026-08-20")
    pays(acme, "INV-1", 1130, "2026-09-20")
    september = settle("2026-09")
    assert [row.adjusted for row in adjustments(september)] == [Decimal("-100.00")]
    statement = Statement.objects.for_everyone(because="a test").get(run=september)
    assert (statement.earned, statement.adjusted) == (Decimal("100.00"), Decimal("-100.00"))
    assert explanations.explain(adjustments(september)[0]).rounded == 0
    assert adjustments(settle("2026-10")) == []


def test_the_tier_is_that_of_the_day_that_counts_and_days_to_receipt_run_from_the_invoice(acme):
    steps = [{"days": 10, "factor": "100%"}, {"days": 60, "factor": "50%"}]
    apply(
        by("shipment", "gold", who={"tiers": ["gold"]}, tier_on="line_date"),
        by("shipment", "collect", factors=[{"kind": "collection", "steps": steps}]),
    )
    TierMembership.objects.for_everyone(because="a test").filter(partner=acme.row).delete()
    TierMembership.objects.create(
        partner=acme.row,
        tier=TierFactory(code="gold"),
        during=(day("2026-09-05"), day("2026-09-06")),
        set_by="t",
    )
    sell(acme, 1000, "2026-08-20", document="INV-1", ship_date=day("2026-09-05"))
    sell(acme, 70, "2026-09-05", document="INV-2", ship_date=day("2026-09-04"))
    pays(acme, "INV-1", 1130, "2026-09-10")
    found = {row.programme.code: row for row in results(settle("2026-09"))}
    assert (found["gold"].earned, found["collect"].earned) == (Decimal("100.00"), Decimal("50.00"))
    assert [line.net_amount for line in lines_page(found["gold"]).lines] == [1000]


def test_the_rate_is_that_of_the_day_that_counts(acme, tmp_path):
    known("EUR/CNY 2026-09-05 8", "EUR/CNY 2026-09-10 9")
    apply(by("shipment", exchange="booking_date"))
    sell(acme, 100, "2026-08-20", currency="EUR", ship_date=day("2026-09-06"))
    sell(acme, 100, "2026-10-01", currency="EUR", ship_date=day("2026-09-11"))
    result = only(settle("2026-09"))
    assert (result.base, result.earned) == (1700, Decimal("170.00"))
    first = lines_page(result, size=1)
    second = lines_page(result, size=1, after=first.next_after)
    assert (first.lines[0].running, second.before, second.lines[0].running) == (800, 800, 1700)
    folder = unpacked(Statement.objects.for_everyone(because="a test").get(), tmp_path)
    assert verify(folder).returncode == 0, verify(folder).stdout


def test_programmes_that_count_by_different_days_share_a_cap(acme):
    cap = [{"on": "payout", "amount": 90, "programmes": ["a"]}]
    apply(by("shipment", "a"), by("order", "b", caps=cap))
    sell(acme, 1000, "2026-10-01", ship_date=day("2026-09-05"), order_date=day("2026-09-01"))
    assert earned(settle("2026-09", close=False)) == {"a": Decimal("45.00"), "b": Decimal("45.00")}


def test_the_explanation_finds_the_lines_and_their_days_and_the_back_test_reads_them(acme, finance, browse):
    apply(by("shipment"))
    sell(acme, 1000, "2026-10-02", ship_date=day("2026-09-30"))
    sell(acme, 7, "2026-09-02", ship_date=day("2026-10-30"))
    run = settle("2026-09")
    result = only(run)
    said = explanations.explain(result)
    assert said.steps[0].text == "1, shipped from 1 Sep 2026 to 30 Sep 2026, known when this was computed"
    (line,) = lines_page(result).lines
    assert (line.net_amount, line.counts_on, line.running) == (1000, day("2026-09-30"), 1000)
    assert "counts on" in browse(finance).get(result.get_absolute_url()).content.decode()
    words = wording.sentence(Version.objects.get())
    assert "A sale counts on the day on which it was shipped; until then it does not count." in words
    month = Period.parse("2026-09")
    assert back_test(versions=[Version.objects.get()], first=month, last=month, by=BY).totals == [
        Decimal("100.00")
    ]
    assert "date_basis: shipment" in as_yaml(Version.objects.get().programme)


@pytest.mark.parametrize("basis", ["order", "shipment", "payment"])
def test_the_kit_recomputes_it(acme, tmp_path, basis):
    apply(by(basis))
    sold = sell(
        acme, 1000, "2024-09-10", document="INV-1", order_date=day("2026-09-08"), ship_date=day("2026-09-08")
    )
    sell(acme, -100, "2026-09-20", reverses=sold)
    sell(acme, 77, "2026-09-20", document="INV-9")
    pays(acme, "INV-1", 1130, "2026-09-08")
    assert only(settle("2026-09")).earned == Decimal("90.00")
    folder = unpacked(Statement.objects.for_everyone(because="a test").get(), tmp_path)
    said = verify(folder)
    assert said.returncode == 0, said.stdout + said.stderr
    name = "payments.csv" if basis == "payment" else "lines.csv"
    (folder / name).write_text((folder / name).read_text().replace("2026-09-08", "2026-08-08"))
    assert verify(folder).returncode == 1


def test_sales_of_before_by_payment_are_no_baseline():
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "10%", "rate": "3%"}]}
    with pytest.raises(PolicyProblem, match="are no baseline"):
        read_document({"schema": 1, "programmes": [by("payment", mechanism=growth)]})
    read_document({"schema": 1, "programmes": [by("order", mechanism=growth)]})


def test_finance_chooses_it_in_the_editor(finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        answer = browse(finance).post("/programmes/new/", FILLED | {"date_basis": "payment"})
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    assert version.policy["date_basis"] == "payment"
    assert is_editable(version.policy) and initial_of(version)["date_basis"] == "payment"


@pytest.mark.parametrize("basis", ["order", "shipment", "payment"])
def test_the_kit_recomputes_what_came_late_too(acme, tmp_path, basis):
    apply(by(basis), by(basis, "grow", mechanism={"kind": "retroactive", "bands": T}, late={"grace_days": 3}))
    sell(
        acme,
        95_000,
        "2026-08-10",
        document="INV-1",
        order_date=day("2026-08-08"),
        ship_date=day("2026-08-09"),
    )
    pays(acme, "INV-1", 95_000, "2026-08-20", total=95_000)
    settle("2026-08")
    sell(
        acme,
        12_000,
        "2026-09-10",
        document="INV-2",
        order_date=day("2026-08-31"),
        ship_date=day("2026-08-31"),
    )
    sell(acme, -500, "2026-08-15")
    pays(acme, "INV-2", 12_000, "2026-08-31", total=12_000)
    pays(acme, "INV-1", -95_000, "2026-08-20", total=95_000)
    pays(acme, "INV-1", 95_000, "2026-09-02", total=95_000)
    late = {row.programme.code: row.adjusted for row in adjustments(settle("2026-09"))}
    assert late["core"] == (Decimal("-8350.00") if basis == "payment" else Decimal("1150.00"))
    statement = Statement.objects.for_everyone(because="a test").get(starts=day("2026-09-01"))
    said = verify(unpacked(statement, tmp_path))
    assert said.returncode == 0, said.stdout + said.stderr
