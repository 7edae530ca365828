"""Sales of several currencies, payouts in another one, and the rates that a close freezes."""

from __future__ import annotations

import csv
import io
import zipfile
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from prm.exchange.services import set_exchange
from prm.values import clock
from prm.values.periods import Period
from rebates import kit, verifier
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.errors import RatesMissing
from rebates.explained_lines import lines_page
from rebates.explanations import explain
from rebates.models import RunRate, Statement, Version
from rebates.policy import PolicyProblem
from rebates.services import apply_programmes, approve_run, close_run
from rebates.wording import sentence
from tests.exchange.world import known
from tests.rebates.world import BY, adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}


def statement(run, currency="CNY"):
    return Statement.objects.for_everyone(because="a test").get(run=run, currency=currency)


def test_the_worked_example_1073_48_usd_pay_975_89_eur(acme):
    known("EUR/USD 2026-09-30 1.10")
    apply(policy("usd", currency="USD", payout_currency="EUR", mechanism=FLAT))
    sell(acme, "10734.80", currency="USD")
    run = settle("2026-09")
    row = only(run)
    assert (row.currency, row.base, row.earned) == ("EUR", Decimal("10734.800"), Decimal("975.89"))
    assert statement(run, "EUR").closing == Decimal("975.89")
    ten = explain(row).steps[-1]
    assert (ten.number, ten.value) == (10, Decimal("975.89"))
    assert ten.text == "USD 1,073.48 at 1 EUR = 1.10 USD, rounded again"


def test_lines_are_converted_at_the_rate_of_their_day_or_of_the_last(acme):
    known("EUR/CNY 2026-09-10 7.5", "EUR/CNY 2026-09-14 8", "EUR/CNY 2026-09-30 9")
    apply(
        policy("daily", exchange="booking_date", mechanism=FLAT),
        policy("final", exchange="period_end", mechanism=FLAT),
        policy("own", mechanism=FLAT),
    )
    sell(acme, 100, "2026-09-11", currency="EUR")
    sell(acme, 100, "2026-09-15", currency="EUR")
    sell(acme, 1000, "2026-09-15")
    found = {row.programme.code: (row.base, row.earned, row.line_count) for row in results(settle("2026-09"))}
    assert found == {
        "daily": (Decimal(2550), Decimal("255.00"), 3),
        "final": (Decimal(2800), Decimal("280.00"), 3),
        "own": (Decimal(1000), Decimal("100.00"), 1),
    }


def test_nothing_is_rounded_before_the_total(acme):
    """Three thirds of 100 CNY reach a bound of 100; each alone is a fraction without an end."""
    known("CNY/EUR 2026-09-10 3")
    apply(
        policy(
            "third", "retroactive", exchange="booking_date",
            bands=[{"from": 0, "rate": "1%"}, {"from": 100, "rate": "2%"}],
        )
    )  # fmt: skip
    for _ in range(3):
        sell(acme, 100, "2026-09-10", currency="EUR")
    assert only(settle("2026-09")).earned == Decimal("2.00")


def test_a_cross_rate_meets_in_the_chosen_currency(acme):
    set_exchange(source="manual", most_days=7, through="EUR", by=BY)
    known("EUR/USD 2026-09-30 1.10", "EUR/CNY 2026-09-30 7.70")
    apply(policy("cross", exchange="period_end", mechanism=FLAT))
    sell(acme, 1000, currency="USD")
    assert only(settle("2026-09")).base == 7000


def test_a_missing_rate_stops_that_programme_alone_and_names_pair_and_day(acme):
    known("EUR/CNY 2026-09-01 7.5")
    apply(policy("daily", exchange="booking_date", mechanism=FLAT), policy("own", mechanism=FLAT))
    sell(acme, 100, "2026-09-02", currency="EUR")
    sell(acme, 100, "2026-09-15", currency="EUR")
    sell(acme, 1000)
    run = settle("2026-09", close=False)
    assert [row.programme.code for row in results(run)] == ["own"]
    (finding,) = [one for one in run.findings if one["kind"] == "no_rate"]
    assert (finding["programme"], finding["pair"], finding["day"]) == ("daily", "EUR/CNY", "2026-09-15")
    with pytest.raises(RatesMissing, match="daily: there is no rate EUR/CNY for 2026-09-15"):
        approve_run(run=run, by=BY)
    assert not [one for one in accruals(by=BY) if one.programme.code == "daily" and one.period == run.period]
    known("EUR/CNY 2026-09-14 8")
    run = settle("2026-09")
    assert {row.programme.code: row.base for row in results(run)} == {"daily": 2550, "own": 1000}


def test_the_page_of_the_run_says_which_rate_is_missing(acme, finance, browse):
    apply(policy("daily", exchange="booking_date", mechanism=FLAT))
    sell(acme, 100, "2026-09-15", currency="EUR")
    run = settle("2026-09", close=False)
    page = browse(finance).get(run.get_absolute_url()).content.decode()
    assert "Daily was not computed for 2026-09" in page and "EUR/CNY" in page


def test_the_close_freezes_the_rates_and_adjustments_read_them_again(acme):
    known("EUR/CNY 2026-09-30 8")
    apply(policy("final", exchange="period_end", mechanism=FLAT))
    sell(acme, 100, currency="EUR")
    september = settle("2026-09")
    assert [rate.value for rate in RunRate.objects.filter(run=september)] == [8]
    known("EUR/CNY 2026-09-30 9", correct=True)
    sell(acme, 10, "2026-09-20", currency="EUR")
    (late,) = adjustments(settle("2026-10"))
    assert (late.computed, late.settled, late.adjusted) == (88, 80, 8)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        RunRate.objects.filter(run=september).update(value=7)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        RunRate.objects.filter(run=september).delete()


def test_computing_again_takes_the_rates_of_now(acme):
    known("EUR/CNY 2026-09-30 8")
    apply(policy("final", exchange="period_end", mechanism=FLAT))
    sell(acme, 100, currency="EUR")
    assert only(settle("2026-09", close=False)).earned == 80
    known("EUR/CNY 2026-09-30 9", correct=True)
    assert only(settle("2026-09", close=False)).earned == 90


def test_the_kit_reproduces_a_statement_with_exchange_and_payout(acme):
    known("EUR/CNY 2026-09-14 7.83456789", "CNY/JPY 2026-09-30 20.5", "EUR/CNY 2026-09-30 7.9")
    apply(policy("both", exchange="booking_date", payout_currency="JPY"))
    sell(acme, "12345.67", currency="EUR")
    sell(acme, "2345.67")
    run = settle("2026-09")
    issued = statement(run, "JPY")
    with zipfile.ZipFile(io.BytesIO(kit.recompute_kit(issued))) as file:
        lines = verifier.read_lines(csv.DictReader(io.StringIO(file.read("lines.csv").decode())))
    said: list[str] = []
    assert verifier.complaints(kit.facts_of(issued), lines, said.append) == [], said
    facts = kit.facts_of(issued)
    facts["periods"][0]["rates"]["stored"] = [
        [*one[:3], "7.7"] for one in facts["periods"][0]["rates"]["stored"]
    ]
    assert verifier.complaints(facts, lines, said.append)


def test_a_figure_opens_to_its_lines_in_the_programmes_currency(acme, finance, browse):
    known("EUR/CNY 2026-09-14 7.5")
    apply(policy("daily", exchange="booking_date", mechanism=FLAT))
    sell(acme, 100, "2026-09-15", currency="EUR")
    sell(acme, 50, "2026-09-16")
    row = only(settle("2026-09"))
    assert [line.running for line in lines_page(row).lines] == [750, 800]
    first = lines_page(row, size=1)
    assert [line.running for line in lines_page(row, after=first.next_after).lines] == [800]
    page = browse(finance).get(row.get_absolute_url()).content.decode()
    assert "EUR 100.00" in page and "at the rate of each line" in page


def test_an_accrual_of_a_running_period_takes_the_rate_of_today(acme):
    today = clock.today()
    known(f"EUR/CNY {today} 8")
    apply(policy("final", exchange="period_end", mechanism=FLAT))
    sell(acme, 100, str(today), currency="EUR")
    assert [one.amount for one in accruals(by=BY) if today in one.period] == [Decimal("80.00")]


def test_a_back_test_converts_as_the_settlement_does(acme):
    known("EUR/CNY 2026-09-30 8", "CNY/USD 2026-09-30 0.125")
    (version,) = apply(policy("final", exchange="period_end", payout_currency="USD", mechanism=FLAT))
    sell(acme, 100, currency="EUR")
    september = Period.parse("2026-09")
    tried = back_test(versions=[version], first=september, last=september, by=BY)
    assert tried.totals == [Decimal("10.00")] == [only(settle("2026-09")).earned]


def test_the_policy_says_it_in_words(db):
    (version,) = apply(policy("both", exchange="booking_date", payout_currency="EUR", mechanism=FLAT))
    words = sentence(version)
    assert "Sales in other currencies count in CNY at the rate of their booking date." in words
    assert "The rounded total is paid in EUR at the rate of the period's last day. As usual:" in words


def test_what_is_no_currency_is_refused(db):
    from rebates.policy import read_document

    texts = read_document(
        {"schema": 1, "programmes": [policy("core", payout_currency="QQQ", mechanism=FLAT)]}
    )
    with pytest.raises(PolicyProblem, match="QQQ is not a currency"):
        apply_programmes(texts=texts, by=BY)


def test_finance_chooses_exchange_and_payout_in_the_form(finance, browse):
    typed = {
        "name": "Both", "code": "both", "starts": "2026-10-01", "period": "month", "mechanism": "flat", "from_0": "0",
        "rate_0": "2", "rounding": "half_up", "exchange": "period_end", "payout_currency": "eur",
    }  # fmt: skip
    assert browse(finance).post("/programmes/new/", typed).status_code == 302
    version = Version.objects.get(programme__code="both")
    assert (version.policy["exchange"], version.policy["payout_currency"]) == ("period_end", "EUR")
    page = browse(finance).get("/programmes/both/amend/").content.decode()
    assert 'value="EUR"' in page


def test_a_run_without_exchange_keeps_no_rates(acme):
    known("EUR/CNY 2026-09-30 8")
    apply(policy("own", mechanism=FLAT))
    sell(acme, 100)
    run = settle("2026-09", close=False)
    assert (run.exchange, RunRate.objects.count()) == ({}, 0)
    close_run(run=approve_run(run=run, by=BY), by=BY)


def test_a_late_line_without_a_frozen_rate_waits_for_one(acme):
    known("EUR/CNY 2026-09-30 8")
    apply(policy("final", exchange="period_end", mechanism=FLAT))
    sell(acme, 100, currency="EUR")
    settle("2026-09")
    sell(acme, 10, "2026-09-20", currency="USD")
    october = settle("2026-10", close=False)
    assert not adjustments(october)
    assert [(one["programme"], one["period"], one["pair"]) for one in october.findings] == [
        ("final", "2026-09", "USD/CNY")
    ]
    with pytest.raises(RatesMissing, match="USD/CNY for 2026-09-30"):
        approve_run(run=october, by=BY)
    known("USD/CNY 2026-09-30 7", "EUR/CNY 2026-09-29 1")
    (late,) = adjustments(settle("2026-10"))
    assert (late.computed, late.settled, late.adjusted) == (87, 80, 7)
