"""A rate far from the last one known of its pair is asked about: of whoever enters it, and of whoever confirms it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from prm.exchange.errors import RateFarOff
from prm.exchange.models import Batch
from prm.exchange.services import propose_rate
from prm.exchange.unlikely import far_off
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from tests.exchange.world import known, propose, quoted

pytestmark = pytest.mark.django_db
TYPED = {"source": "ECB", "base": "EUR", "quote": "CNY", "value": "82353", "day": "2026-10-01"}


def told(*rates: str) -> list[tuple]:
    return [(one.pair, str(one.day), one.said["percent"]) for one in far_off([quoted(one) for one in rates])]


@pytest.mark.parametrize(
    ("rate", "percent"),
    [
        ("EUR/CNY 2026-10-01 82353", "+999,900%"),
        ("EUR/CNY 2026-10-01 9.88", None),  # less than a fifth more
        ("EUR/CNY 2026-10-01 9.9", "+20%"),  # a little more than a fifth: 9.88236 would be one
        ("EUR/CNY 2026-10-01 6.5", "−21%"),
        ("CNY/EUR 2026-10-01 0.12143", None),  # the other way round
        ("CNY/EUR 2026-10-01 8.2353", "+6,682%"),
        ("EUR/CNY 2026-09-29 82353", "+999,900%"),  # nothing is known before: the first after it
        ("EUR/JPY 2026-10-01 82353", None),  # nothing is known of the pair
    ],
)
def test_it_is_held_against_the_last_one_known(rate, percent):
    known("EUR/CNY 2026-09-30 8.2353", source="a house bank")
    pair, day, _value = rate.split()
    assert told(rate) == ([(pair, day, percent)] if percent else [])


def test_what_waits_or_is_corrected_is_not_what_is_known():
    propose("EUR/CNY 2026-09-30 1")
    assert told("EUR/CNY 2026-10-01 8") == []
    known("EUR/USD 2026-09-29 1.10", "EUR/USD 2026-09-30 9")
    known("EUR/USD 2026-09-30 1.11", correct=True)
    assert told("EUR/USD 2026-10-01 1.12") == []


def test_rates_that_are_entered_together_are_held_against_each_other():
    assert told("EUR/CNY 2026-10-02 78000", "EUR/CNY 2026-10-01 7.8") == [
        ("EUR/CNY", "2026-10-02", "+999,900%")
    ]


def test_it_is_entered_only_when_it_is_meant():
    known("EUR/CNY 2026-09-30 8.2353")
    words = {
        "source": "ECB",
        "base": "EUR",
        "quote": "CNY",
        "day": date(2026, 10, 1),
        "by": Actor.job("tests"),
    }
    with pytest.raises(RateFarOff, match=r"82,353\.00 here.*8\.2353 of 2026-09-30.*999,900%"):
        propose_rate(value=Decimal(82353), **words)
    assert not Batch.objects.filter(source="ECB").exists()
    assert propose_rate(value=Decimal(82353), anyway=True, **words).state == "waiting"


def test_the_page_asks_both_people(browse, finance, administrator):
    known("EUR/CNY 2026-09-30 8.2353")
    client = browse(finance)
    assert "It is meant so" not in client.get("/exchange-rates/new/").content.decode()
    answer = client.post("/exchange-rates/new/", TYPED)
    page = answer.content.decode()
    assert answer.status_code == 422 and "It is meant so" in page
    assert "the last one known is 8.2353 of 30 Sep 2026. That is +999,900%" in page
    answer = client.post("/exchange-rates/new/", TYPED | {"anyway": "on"})
    address = Batch.objects.get(source="ECB").get_absolute_url()
    assert answer["Location"] == address
    page = browse(administrator).get(address).content.decode()
    assert page.count("the last one known is 8.2353") == 2  # on the page, and before it is confirmed
    assert 'data-sheet="ask-' in page
    browse(administrator).post(f"{address}confirm/")
    assert "the last one known" not in browse(administrator).get(address).content.decode()


def test_a_file_says_that_it_is_meant(tmp_path):
    known("EUR/CNY 2026-09-30 8.2353")

    def bring(meant: str):
        path = tmp_path / "rates.csv"
        path.write_text(
            f"day,base,quote,rate,meant\n2026-10-01,EUR,CNY,82353,{meant}\n2026-10-01,EUR,USD,1.1,\n"
        )
        return import_file(kind="exchange-rates", path=path, by=Actor.command("import_data"))

    upload = bring("")
    (row,) = upload.rows.filter(verdict="bad")
    (finding,) = (row.problems or []) + (row.findings or [])
    assert (upload.written, finding["field"], finding["code"]) == (0, "rate", "rate_far_off")
    assert finding["values"]["percent"] == "+999,900%"
    assert bring("yes").written == 2
