"""The page of accruals: a sum for each programme, then partners that are searched, narrowed and read page by page."""

from __future__ import annotations

import re

import pytest
import time_machine

from rebates import accrual_pages
from rebates.statements import statement_rows
from tests.factories.partners import PartnerFactory
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def october(acme, rival, in_october):
    apply(policy("core"), policy("flat", "flat", mechanism={"kind": "flat", "rate": "1%"}))
    sell(acme, 50_000, "2026-10-05")
    sell(rival, 20_000, "2026-10-05")


@pytest.fixture
def in_october():
    with time_machine.travel("2026-10-20 04:00:00+00:00", tick=False):
        yield


def rows_of(page: str) -> list[str]:
    body = page.split('aria-label="By partner"')[1].split("</table>", maxsplit=1)[0]
    rows = [f"<tr{row}" for row in body.split("<tr")[2:]]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in rows]


def test_each_programme_has_its_sum_and_each_partner_its_row(october, finance, browse):
    page = browse(finance).get("/accruals/").content.decode()
    assert len(rows_of(page)) == 4 and rows_of(page)[0].startswith("ACME Networks Core")
    sums = page.split('aria-label="By programme"')[1].split("</table>")[0]
    assert "¥1,400.00" in sums and "¥700.00" in sums


def test_a_search_and_a_programme_narrow_rows_and_sums(october, finance, browse):
    page = browse(finance).get("/accruals/?q=rival&programme=core").content.decode()
    (row,) = rows_of(page)
    assert "Rival Systems" in row and "¥400.00" in row
    assert "¥1,400.00" not in page
    assert "Nothing accrues under this filter" in browse(finance).get("/accruals/?q=nobody").content.decode()


def test_many_partners_are_read_page_by_page(finance, browse, in_october):
    apply(policy())
    for number in range(accrual_pages.A_PAGE + 3):
        sell(PartnerFactory(name=f"Partner {number:03}"), 1_000 + number, "2026-10-05")
    client = browse(finance)
    first, second = (
        client.get(f"/accruals/?sort=partner{page}").content.decode() for page in ("", "&page=2")
    )
    assert (len(rows_of(first)), len(rows_of(second))) == (accrual_pages.A_PAGE, 3)
    assert "Partner 000" in rows_of(first)[0] and "Partner 050" in rows_of(second)[0]
    assert "51 to 53 of 53" in second
    beyond = client.get("/accruals/?sort=partner&page=99").content.decode()
    assert rows_of(beyond) == rows_of(second)


def test_a_filter_that_cannot_be_read_is_none(october, finance, browse):
    page = browse(finance).get("/accruals/?page=x&sort=y&period=z").content.decode()
    assert "Nothing accrues under this filter" in page
    assert len(rows_of(browse(finance).get("/accruals/?page=-1&sort=y").content.decode())) == 4


def test_a_policy_without_bands_has_none_in_the_column(october, finance, browse):
    rows = rows_of(browse(finance).get("/accruals/?q=acme").content.decode())
    assert [row.split(" ¥")[0] for row in rows] == [
        "ACME Networks Core October 2026 Gold 50,000.00 1 1",
        "ACME Networks Flat October 2026 Gold 50,000.00 — 1",
    ]


def test_nor_on_a_partners_page_of_a_settlement_or_in_the_file(acme, finance, browse):
    with time_machine.travel("2026-11-12 04:00:00+00:00", tick=False):
        apply(policy("core"), policy("flat", mechanism={"kind": "flat", "rate": "1%"}))
        sell(acme, 50_000, "2026-10-05")
        run = settle("2026-10")
        page = browse(finance).get(f"{run.get_absolute_url()}partners/{acme.row.pk}/").content.decode()
        assert re.findall(r'data-l="Band">([^<]*)<', page) == ["1", "—"]
        rows = statement_rows(period=run.period, by=BY)
    assert {row["programme"]: row["band"] for row in rows} == {"core": "1", "flat": ""}
