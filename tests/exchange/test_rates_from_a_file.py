"""Rates from a file wait for a second person, all of a source together."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prm.exchange.models import Batch, Rate
from prm.exchange.services import confirm_rates, reject_rates
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from tests.exchange.world import known, propose

pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")


@pytest.fixture
def bring(tmp_path):
    def bring(*rows, heading="day,base,quote,rate,source,corrects"):
        path = tmp_path / "rates.csv"
        path.write_text("\n".join([heading, *rows]), encoding="utf-8")
        return import_file(kind="exchange-rates", path=path, by=CLERK)

    return bring


def codes(upload):
    rows = upload.rows.filter(verdict="bad").order_by("number")
    return [
        (row.number, one["field"], one["code"])
        for row in rows
        for one in (row.problems or []) + (row.findings or [])
    ]


def test_a_file_becomes_a_batch_a_source_that_waits(bring, administrator):
    upload = bring(
        "2026-09-30,EUR,USD,1.10,ECB,", "2026-09-30,EUR,CNY,7.85123456,ECB,", "2026-09-30,GBP,CNY,9.1,,"
    )
    assert (upload.good, upload.bad, upload.written) == (3, 0, 3)
    assert [(batch.source, batch.rates.count(), batch.state) for batch in Batch.objects.order_by("source")] == [
        ("ECB", 2, "waiting"), ("manual", 1, "waiting"),
    ]  # fmt: skip
    assert not Rate.objects.in_force().exists()
    confirm_rates(batch=Batch.objects.get(source="ECB"), by=administrator)
    assert set(Rate.objects.in_force().values_list("value", flat=True)) == {
        Decimal("1.1"), Decimal("7.85123456"),
    }  # fmt: skip


def test_chinese_headings_are_understood(bring):
    assert bring("2026-09-30,EUR,CNY,7.85", heading="汇率日期,原币种,目标币种,汇率").written == 1


def test_wrong_rows_are_named_and_nothing_is_entered(bring):
    known("EUR/USD 2026-09-30 1.10", "EUR/CNY 2026-09-30 7.85")
    propose("EUR/JPY 2026-09-30 160")
    upload = bring(
        "2026-09-30,EUR,EUR,1.10,,", "2026-09-30,EUR,GBP,0,,", "2999-01-01,EUR,GBP,1,,",
        "2026-09-30,EUR,GBP,1.123456789,,", "2026-09-30,EUR,USD,1.2,,", "2026-09-30,CNY,EUR,0.13,,yes",
        "2026-09-30,EUR,JPY,161,,yes", "2026-09-29,EUR,GBP,0.85,,", "2026-09-29,GBP,EUR,1.17,,",
    )  # fmt: skip
    assert codes(upload) == [
        (2, "quote", "same_currency"), (3, "rate", "rate_not_above_zero"), (4, "day", "day_out_of_range"),
        (5, "rate", "too_many_decimals"), (6, "rate", "rate_differs"), (7, "rate", "rate_other_way"),
        (8, "rate", "rate_waits"), (10, "day", "rate_twice"),
    ]  # fmt: skip
    assert Batch.objects.count() == 2


def test_what_is_on_file_is_skipped_and_a_correction_says_so(bring, administrator):
    known("EUR/USD 2026-09-30 1.10")
    upload = bring("2026-09-30,EUR,USD,1.1000,,")
    assert (upload.same, upload.written) == (1, 0)
    assert bring("2026-09-30,EUR,USD,1.2,,yes").written == 1
    assert bring("2026-09-30,EUR,USD,1.2,,").same == 1  # it waits with that very value
    batch = Batch.objects.order_by("id").last()
    reject_rates(batch=batch, reason="no", by=administrator)
    assert bring("2026-09-30,EUR,USD,1.2,,").written == 1  # what was not confirmed may be entered anew
