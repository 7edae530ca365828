"""A version tried over past months: what it would have cost, for whom, and what volume changes about it."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest
import time_machine

from prm.files.charts import SHADES
from prm.values.periods import Period
from rebates import services
from rebates.backtest import back_test, periods_between
from rebates.errors import NotComputedYet
from rebates.models import Result, Version
from rebates.policy import read_document
from tests.rebates.world import BY, T, apply, policy, results, sell, settle

pytestmark = pytest.mark.django_db
MONTHS = Period.parse("2026-07"), Period.parse("2026-09")


def draft(**entries) -> Version:
    (text,) = read_document({"schema": 1, "programmes": [policy(**entries)]})
    return services.save_draft(text=text, by=BY)


@pytest.fixture
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def tried(*versions, first=MONTHS[0], last=MONTHS[1], by=BY):
    return back_test(versions=versions, first=first, last=last, by=by)


def test_over_closed_months_it_costs_what_was_settled_and_nothing_is_stored(acme, rival, november):
    (version,) = apply(policy())
    for month, amount in (("07", 90_000), ("08", 180_000), ("09", 300_000)):
        sell(acme, amount, f"2026-{month}-10")
        sell(rival, 20_000, f"2026-{month}-11")
    earned = [sum(row.earned for row in results(settle(f"2026-{month}"))) for month in ("07", "08", "09")]
    stored = Result.objects.for_everyone(because="a test").count()
    found = tried(version)
    assert [costs[0] for costs in found.costs.values()] == earned
    assert found.totals == [sum(earned)]
    assert Result.objects.for_everyone(because="a test").count() == stored


def test_a_draft_is_held_against_the_policy_in_force_partner_by_partner(acme, rival, november):
    (version,) = apply(policy(kind="retroactive"))
    bands = [{"from": 0, "rate": "1%"}, {"from": 100_000, "rate": "4%"}]
    better = draft(from_="2026-12-01", kind="retroactive", bands=bands)
    sell(acme, 150_000)
    sell(rival, 50_000)
    found = tried(better, version)
    assert {row.partner_id: (row.amounts, row.difference) for row in found.partners} == {
        acme.row.pk: ((Decimal("6000.00"), Decimal("4500.00")), Decimal("1500.00")),
        rival.row.pk: ((Decimal("500.00"), Decimal("1000.00")), Decimal("-500.00")),
    }
    assert (found.winners, found.losers) == (1, 1)


def test_volume_that_moves_by_a_tenth_moves_the_bands_too(acme, november):
    (version,) = apply(policy(kind="retroactive"))
    sell(acme, 95_000)
    found = tried(version)
    assert found.totals == [Decimal("1900.00")]
    assert found.swings == {Decimal("0.9"): [Decimal("1710.00")], Decimal("1.1"): [Decimal("3135.00")]}


def test_who_stood_just_below_a_bound_is_named_with_what_it_would_have_brought(acme, rival, november):
    (version,) = apply(policy(kind="retroactive"))
    sell(acme, 96_000)
    sell(rival, 90_000)
    (one,) = tried(version).temptations
    assert (one.partner_id, one.missing, one.gain) == (acme.row.pk, Decimal(4_000), Decimal("1080.00"))


def test_only_whole_periods_are_tried():
    quarters = periods_between("quarter", Period.parse("2026-02"), Period.parse("2026-09"))
    assert [str(period) for period in quarters] == ["2026-Q2", "2026-Q3"]


def test_finance_tries_it_in_the_browser(acme, rival, finance, browse, november):
    apply(policy(kind="retroactive", bands=T))
    draft(from_="2026-12-01", kind="retroactive", bands=[{"from": 0, "rate": "1%"}])
    sell(acme, 150_000)
    sell(rival, 50_000)
    client = browse(finance)
    assert "/programmes/core/back-test/?version=2" in client.get("/programmes/core/").content.decode()
    page = client.get("/programmes/core/back-test/?version=2")
    shown = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.content.decode())))
    assert page.status_code == 200
    assert "2,000.00" in shown and "5,500.00" in shown and "-¥3,500.00" in shown.replace("−", "-")
    file = client.get(
        "/programmes/core/back-test/?version=2&first=2026-07&last=2026-09&against=core:1&export=csv"
    )
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 3 and lines[1].endswith("1500.00,4500.00,-3000.00,CNY")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("first=2026-13&last=2026-09", "Write a month such as 2026-09."),
        ("first=2026-09&last=2026-07", "The last month lies before the first."),
        ("first=2020-01&last=2026-09", "At most 35 months at once."),
    ],
)
def test_months_that_cannot_be_tried_are_refused_at_the_field(query, says, finance, browse, november):
    apply(policy())
    answer = browse(finance).get(f"/programmes/core/back-test/?{query}")
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_partners_never_see_it(acme, browse, november):
    apply(policy())
    assert browse(acme.sales).get("/programmes/core/back-test/").status_code in (403, 404)


def test_a_draft_that_asks_for_what_is_not_calculated_is_not_tried_as_something_else(acme, finance, browse):
    (text,) = read_document({"schema": 1, "programmes": [policy("later", measure="growth")]})
    version = services.save_draft(text=text, by=BY)
    with pytest.raises(NotComputedYet):
        back_test(versions=[version], first=Period.parse("2026-09"), last=Period.parse("2026-09"), by=BY)
    page = browse(finance).get("/programmes/later/back-test/?version=1&first=2026-09&last=2026-09")
    assert page.status_code == 422 and "not computed yet: growth" in page.content.decode()


def test_up_to_four_versions_stand_side_by_side_in_the_chart(acme, finance, browse):
    for number, rate in enumerate(("1%", "2%", "3%", "4%")):
        apply(policy(f"p{number}", mechanism={"kind": "flat", "rate": rate}))
    sell(acme, 100_000, "2026-09-10")
    against = "&".join(f"against=p{number}:1" for number in (1, 2, 3))
    page = browse(finance).get(f"/programmes/p0/back-test/?version=1&first=2026-09&last=2026-09&{against}")
    svg = page.content.decode().split('<svg class="ui-chart"')[1].split("</svg>")[0]
    assert [svg.count(f'class="{shade}"') for shade in SHADES] == [
        2,
        2,
        2,
        2,
    ]  # a bar, and its square in the legend
    assert all(f"P{number}, version 1" in svg for number in range(4))
