"""What a back-test says beside its figures: which facts it lacks, who was tempted when, and who gains against what."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from orders.models import PaymentReceived
from tests.rebates import measured
from tests.rebates.test_back_test import text_of, tried
from tests.rebates.world import apply, catalogue, policy, sell

pytestmark = pytest.mark.django_db
GROWTH = {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}
COLLECTION = {"kind": "collection", "steps": [{"days": 30, "factor": "100%"}]}
FLAT = {"kind": "flat", "rate": "10%"}


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def page(client: Any, first: str = "2026-07", last: str = "2026-09", more: str = "") -> str:
    return text_of(client.get(f"/programmes/core/back-test/?version=1&first={first}&last={last}{more}"))


def paid(partner: Any, day: date) -> None:
    PaymentReceived.objects.for_everyone(because="a test").create(
        payment_number="PAY-1", partner=partner.row, document="INV-1", invoice_total=100, amount=100,
        currency="CNY", received_on=day, source="import",
    )  # fmt: skip


def test_growth_over_a_time_of_which_nothing_is_on_file_says_so(acme, finance, browse):
    apply(policy(mechanism=GROWTH, baseline={"kind": "prior_year"}))
    client = browse(finance)
    assert "No sale is on file: growth in July 2026, August 2026, September 2026 has no time before" in page(
        client
    )
    sell(acme, 1_000, on="2025-08-01")
    shown = page(client)
    assert (
        "Sales are on file from 1 Aug 2025 on. Growth in July 2026 is held against a time before that"
        in shown
    )
    sell(acme, 1_000, on="2025-07-01")
    assert "Sales are on file from" not in page(client)


def test_months_before_the_first_sale_say_why_they_cost_nothing(acme, finance, browse):
    apply(policy())
    sell(acme, 1_000, on="2026-08-10")
    said = "Sales are on file from 10 Aug 2026 on: what is tried before costs nothing for that reason."
    assert said in page(browse(finance)) and said not in page(browse(finance), "2026-09")


def test_what_hangs_on_payments_says_that_none_is_on_file(acme, finance, browse):
    apply(policy(mechanism=FLAT, factors=[COLLECTION]))
    client = browse(finance)
    assert "No payment is on file since 1 Jul 2026" in page(client)
    paid(acme, date(2026, 7, 20))
    assert "The newest payment on file is of 20 Jul 2026" in page(client)
    assert "on file" not in page(client, last="2026-07")


def test_payments_for_other_invoices_than_those_that_count_do_not_hide_that_theirs_are_missing(
    acme, rival, finance, browse
):
    """A tenant has payments, and none for what the programme's partners bought in these months."""
    catalogue("routing", "switching")
    apply(
        policy(
            mechanism=FLAT,
            factors=[COLLECTION],
            caps=[{"on": "payout", "amount": 900}],
            pay={"product_lines": ["routing"]},
        )
    )
    for month in ("07", "08", "09"):
        sell(acme, 1_000, f"2026-{month}-10", document=f"AC-{month}")
    sell(rival, 500, "2026-08-11", line="switching", document="INV-1")
    paid(rival, date(2026, 9, 20))
    client = browse(finance)
    said = "No payment is on file for any of the invoices that count in"
    assert f"{said} July 2026 to September 2026: what is paid by the days to pay" in page(client)
    PaymentReceived.objects.for_everyone(because="a test").create(
        payment_number="PAY-2", partner=acme.row, document="AC-08", invoice_total=100, amount=100,
        currency="CNY", received_on=date(2026, 12, 24), source="import",
    )  # fmt: skip
    assert f"{said} July 2026, September 2026:" in page(client)


def test_sales_that_count_once_they_are_paid_say_that_no_payment_is_on_file(finance, browse):
    apply(policy(mechanism=FLAT, date_basis="payment"))
    assert "No payment is on file since 1 Jul 2026" in page(browse(finance))


def test_commissions_without_credits_and_spifs_without_serials_say_so(finance, browse):
    apply(policy(mechanism=FLAT, counts="credited"))
    assert "No sale is credited to an agent yet" in page(browse(finance))
    apply(policy("serials", mechanism={"kind": "spif", "amount": 5, "per": "serial"}))
    shown = text_of(
        browse(finance).get("/programmes/serials/back-test/?version=1&first=2026-07&last=2026-09")
    )
    assert "No serial number is on file yet" in shown and "credited to an agent" not in shown


def test_sales_without_the_day_by_which_they_count_are_counted_as_left_out(acme, rival, finance, browse):
    apply(policy(mechanism=FLAT, date_basis="shipment"))
    sell(acme, 100, on="2026-08-10")
    sell(rival, 200, on="2026-09-10")
    sell(rival, 300, on="2026-10-10")
    shown = page(browse(finance))
    assert "Of the sales booked in these periods 2 have no shipping date and do not count" in shown
    assert "2 have no" not in page(browse(finance), last="2026-08")


def test_whom_a_gate_left_without_anything_is_counted(acme, rival, finance, browse):
    with measured.registered():
        apply(policy(mechanism=FLAT, gates=[{"kind": "score", "code": "tests.score", "at_least": "80"}]))
        sell(acme, 100, on="2026-08-10")
        sell(rival, 200, on="2026-09-10")
        measured.FIGURES.setdefault("tests.score", {})[rival.row.pk] = 90
        said = "1 of 2 partners did not pass its gates in one period at least, and gets nothing there."
        assert said in page(browse(finance))
        measured.FIGURES["tests.score"][acme.row.pk] = 90
        assert "did not pass its gates" not in page(browse(finance))


def test_months_to_come_are_named_once(finance, browse):
    apply(policy())
    client = browse(finance)
    assert "None of these months has begun: there is nothing to count yet." in page(
        client, "2027-01", "2027-06"
    )
    shown = page(client, "2026-10", "2027-03")
    assert "December 2026 to March 2027 have not begun: nothing is counted in them." in shown
    assert shown.count("is not over") == 1


def test_whoever_stood_below_a_bound_in_any_of_the_periods_is_named_for_each_version(acme, finance, browse):
    (core,) = apply(policy(kind="retroactive"))
    (other,) = apply(policy("other", kind="lump_sum", bands=[{"from": 60_000, "amount": 900}]))
    sell(acme, 96_000, on="2026-07-10")
    sell(acme, 58_000, on="2026-08-10")
    found = [(str(one.period), one.place, one.missing, one.gain) for one in tried(core, other).temptations]
    assert found == [
        ("2026-07", 0, Decimal(4_000), Decimal("1080.00")),
        ("2026-08", 1, Decimal(2_000), Decimal("900.00")),
    ]
    shown = page(browse(finance), more="&against=other:1")
    assert re.search(r"July 2026 Core, version 1 \(Published\) 4,000(\.00)? ¥1,080.00", shown)
    assert re.search(r"August 2026 Other, version 1 \(Published\) 2,000(\.00)? ¥900.00", shown)
    raw = browse(finance).get("/programmes/core/back-test/?version=1&first=2026-07&last=2026-09").content
    table = raw.decode().partition("Just below a bound")[2]
    # on a phone each stands as a card, so that no version's name is pressed into a narrow column
    assert 'class="ui-table ui-cards"' in table and 'data-l="Would have paid more"' in table


def test_a_version_of_which_it_is_not_known_says_why(acme, finance, browse):
    rules = {"kind": "bundle", "amount": 50, "parts": [{"product_line": "routing", "quantity": 2}]}
    sell(acme, 100)
    apply(policy(mechanism=rules))
    said = "Not told for Core, version 1 (Published): what a set still lacks hangs on each of its products."
    assert said in page(browse(finance))


def test_winners_and_losers_are_shown_against_whichever_version_is_chosen(acme, rival, finance, browse):
    apply(policy(mechanism=FLAT))
    apply(policy("fifth", mechanism={"kind": "flat", "rate": "20%"}))
    apply(policy("fixed", kind="lump_sum", bands=[{"from": 0, "amount": 5_000}]))
    sell(acme, 100_000)
    sell(rival, 20_000)
    client = browse(finance)
    against = "&against=fifth:1&against=fixed:1"
    assert "Difference from Fifth, version 1 (Published)" in page(client, more=against)
    shown = page(client, more=f"{against}&by=2")
    assert "Difference from Fixed, version 1 (Published)" in shown and "Difference from Fifth" not in shown
    assert "ACME Networks ¥10,000.00 ¥20,000.00 ¥5,000.00 ¥5,000.00" in shown
    assert "Difference from Fifth" in page(client, more=f"{against}&by=9")
