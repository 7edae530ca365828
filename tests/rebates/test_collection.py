"""A collection factor: what an invoice earns counts by the days until it is paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from orders.models import PaymentReceived
from prm.values.periods import Period
from rebates import explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.models import Statement, Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}
STEPS = [{"days": 30, "factor": "100%"}, {"days": 60, "factor": "80%"}, {"days": 90, "factor": "50%"}]


def collecting(code: str = "core", *, steps: Any = None, **entries: Any) -> dict[str, Any]:
    factors = [{"kind": "collection", "steps": STEPS if steps is None else steps}]
    return policy(code, mechanism=entries.pop("mechanism", FLAT), factors=factors, **entries)


def pays(
    company: Any, document: str, amount: Any, on: str, *, total: Any = 1130, currency: str = "CNY"
) -> None:
    PaymentReceived.objects.create(
        payment_number=f"RC-{PaymentReceived.objects.for_everyone(because='a test').count()}",
        partner=company.row, document=document, invoice_total=Decimal(total), amount=Decimal(str(amount)),
        currency=currency, received_on=date.fromisoformat(on), source="import",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("payments", "rebate"),
    [
        ([], "0.00"),
        ([(1130, "2026-09-01")], "100.00"),
        ([(1130, "2026-10-01")], "100.00"),  # the thirtieth day
        ([(1130, "2026-10-02")], "80.00"),
        ([(1130, "2026-11-30")], "50.00"),
        ([(1130, "2026-12-01")], "0.00"),
        ([(565, "2026-09-11"), (565, "2026-10-20")], "90.00"),  # part payments in proportion
        ([(1000, "2026-09-11")], "88.50"),  # 1000 ÷ 1130, to eight decimals
        (
            [(2000, "2026-09-11"), (500, "2026-10-20")],
            "100.00",
        ),  # more than the invoice asks for changes nothing
        ([(1130, "2026-09-11"), (-565, "2026-09-11"), (565, "2026-10-20")], "90.00"),  # taken back
        ([(1130, "2026-08-01")], "100.00"),  # paid in advance
    ],
)
def test_what_an_invoice_of_1000_at_10_percent_pays(acme, payments, rebate):
    apply(collecting())
    sell(acme, 600, "2026-09-01", document="INV-1")
    sell(acme, 400, "2026-09-02", document="INV-1")
    for amount, day in payments:
        pays(acme, "INV-1", amount, day)
    assert only(settle("2026-09")).earned == Decimal(rebate)


def test_each_invoice_weighs_by_what_is_paid_on_in_it_and_returns_lower_the_base_alone(acme, rival):
    apply(collecting())
    sell(acme, 3000, "2026-09-01", document="INV-1")
    sell(acme, 1000, "2026-09-01", document="INV-2")
    sell(acme, -2000, "2026-09-20", document="CN-1")
    pays(acme, "INV-1", 3390, "2026-10-15", total=3390)
    pays(acme, "INV-2", 500, "2026-09-02", total=1000)
    pays(rival, "INV-2", 500, "2026-09-02", total=1000)  # another's invoice of that number
    pays(acme, "INV-2", 500, "2026-09-02", total=1000, currency="EUR")
    # 200.00 × (3000 × 0.8 + 1000 × 0.5) ÷ 4000
    assert only(settle("2026-09")).earned == Decimal("145.00")


def test_a_negative_figure_stays_and_gates_come_before_the_factor_and_caps_behind_it(acme):
    gate = {"kind": "measure", "code": "orders.net_sales", "at_least": 5000}
    apply(
        collecting("a"), collecting("b", gates=[gate]), collecting("c", caps=[{"on": "payout", "amount": 50}]),
        collecting("d", caps=[{"on": "payout", "amount": 90}]),
    )  # fmt: skip
    sell(acme, -1000, "2026-08-02", document="CN-1")
    assert {row.earned for row in results(settle("2026-08"))} == {Decimal("-100.00")}
    sell(acme, 1000, "2026-09-01", document="INV-1")
    pays(acme, "INV-1", 1130, "2026-10-15")
    found = {row.programme.code: row.earned for row in results(settle("2026-09"))}
    assert found == {"a": Decimal("80.00"), "b": 0, "c": Decimal("50.00"), "d": Decimal("80.00")}


def test_a_payment_after_the_close_is_adjusted_in_the_open_period_and_once(acme):
    apply(collecting())
    sell(acme, 1000, "2026-08-20", document="INV-1")
    assert only(settle("2026-08")).earned == 0
    pays(acme, "INV-1", 565, "2026-09-19")
    late = adjustments(settle("2026-09"))
    assert [(row.adjusted, row.settled, str(row.period)) for row in late] == [
        (Decimal("50.00"), Decimal("0.00"), "2026-08")
    ]
    sell(acme, 1, "2026-10-01", document="INV-2")
    assert adjustments(settle("2026-10")) == []


def test_what_is_paid_after_the_run_read_it_waits_for_the_next(acme):
    apply(collecting())
    sell(acme, 1000, "2026-09-01", document="INV-1")
    run = settle("2026-09", close=False)
    pays(acme, "INV-1", 1130, "2026-09-10")
    assert only(run).earned == 0
    run.refresh_from_db()
    assert run.paid_watermark is not None
    assert only(settle("2026-09")).earned == Decimal("100.00")  # computed anew it reads it


def test_units_weigh_where_units_are_paid_for(acme):
    apply(collecting(mechanism={"kind": "spif", "per": "unit", "amount": 10}))
    sell(acme, 100, "2026-09-01", quantity=3, document="INV-1")
    sell(acme, 9000, "2026-09-01", quantity=1, document="INV-2")
    pays(acme, "INV-2", 1130, "2026-09-02")
    assert only(settle("2026-09")).earned == Decimal("10.00")


def test_accruals_and_back_tests_read_payments_too(acme):
    apply(collecting())
    sell(acme, 1000, "2026-09-01", document="INV-1")
    pays(acme, "INV-1", 1130, "2026-10-15")
    month = Period.parse("2026-09")
    assert [row.amount for row in accruals(by=BY, period=month)] == [Decimal("80.00")]
    tried = back_test(versions=[Version.objects.get()], first=month, last=month, by=BY)
    assert tried.totals == [Decimal("80.00")]


def test_the_explanation_and_the_sentence_say_it(acme):
    apply(collecting())
    sell(acme, 1000, "2026-09-01", document="INV-1")
    pays(acme, "INV-1", 1130, "2026-10-15")
    said = explanations.explain(only(settle("2026-09")))
    (step,) = [step for step in said.steps if step.number == 7]
    assert (step.title, step.value) == ("Collection factor", Decimal("80"))
    assert step.text.startswith(
        "¥800.00 of the ¥1,000.00 invoiced count: 100% within 30 days, 80% within 60 days"
    )
    words = (
        "How much of each invoice counts goes by the days until it is paid:"
        " 100% within 30 days, 80% within 60 days, 50% within 90"
    )
    assert words in wording.sentence(Version.objects.get())


def test_the_kit_recomputes_it_from_the_partners_own_payments(acme, rival, tmp_path):
    apply(collecting())
    for company, document in ((acme, "INV-1"), (rival, "INV-99")):
        sell(company, 1000, "2026-09-01", document=document)
        pays(company, document, 565, "2026-10-15")
    settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get(partner=acme.row)
    folder = unpacked(statement, tmp_path)
    said = verify(folder)
    assert said.returncode == 0, said.stdout + said.stderr
    text = (folder / "payments.csv").read_text()
    assert "INV-99" not in text
    (folder / "payments.csv").write_text(text.replace("565.00", "1130.00"))
    assert verify(folder).returncode == 1


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"steps": [STEPS[1], STEPS[0]]}, "steps[1].days: Days must rise from step to step."),
        ({"steps": [STEPS[1], {"days": 90, "factor": "90%"}]}, "steps[1].factor: Who pays later is not to get more."),
        ({"steps": [{"days": 9, "factor": "-1%"}]}, "steps[0].factor: A share is not below zero."),
    ],
)  # fmt: skip
def test_a_factor_that_makes_no_sense_is_refused_at_its_place(entries, said):
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [collecting(**entries)]})
    assert [one for one in refused.value.problems if said in one], refused.value.problems


def test_finance_fills_the_steps_in_and_takes_them_away_again(finance, browse):
    typed = {"paid_within_0": "30", "paid_share_0": "100", "paid_within_2": "60", "paid_share_2": "80.5"}
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        client = browse(finance)
        answer = client.post("/programmes/new/", FILLED | typed)
        assert answer.status_code == 302, answer.content.decode()
        version = Version.objects.get()
        assert version.policy["factors"] == [
            {"kind": "collection", "steps": [{"days": 30, "factor": "1"}, {"days": 60, "factor": "0.805"}]}
        ]
        assert is_editable(version.policy)
        assert (initial_of(version)["paid_within_1"], initial_of(version)["paid_share_1"]) == (60, "80.5")
        answer = client.post("/programmes/core/amend/", FILLED | typed | {"paid_within_2": "20"})
        assert "Days must rise from step to step." in answer.content.decode()
        assert client.post("/programmes/core/amend/", FILLED).status_code == 302
    assert "factors" not in Version.objects.get().policy


def test_the_database_keeps_payments_as_they_came(acme):
    pays(acme, "INV-1", 5, "2026-09-01")
    for change in (lambda rows: rows.update(amount=6), lambda rows: rows.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change(PaymentReceived.objects.for_everyone(because="a test"))
