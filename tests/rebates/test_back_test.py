"""A version tried over past months: what it would have cost, for whom, and what volume changes about it."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django.utils import translation

from prm.files.charts import SHADES
from prm.values.periods import Period
from rebates import services
from rebates.backtest import back_test, periods_between
from rebates.errors import NotComputedYet
from rebates.models import Result, Version
from rebates.policy import read_document
from rebates.views.backtests import _notes, _usual
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
    (held,) = found.held
    assert (held.difference, held.winners, held.losers) == (Decimal("1000.00"), 1, 1)


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


def test_up_to_five_versions_stand_side_by_side_in_the_chart(acme, finance, browse):
    for number, rate in enumerate(("1%", "2%", "3%", "4%", "5%")):
        apply(policy(f"p{number}", mechanism={"kind": "flat", "rate": rate}))
    sell(acme, 100_000, "2026-09-10")
    against = "&".join(f"against=p{number}:1" for number in (1, 2, 3, 4))
    page = browse(finance).get(f"/programmes/p0/back-test/?version=1&first=2026-09&last=2026-09&{against}")
    svg = page.content.decode().split('<svg class="ui-chart ui-chart-scaled"')[1].split("</svg>")[0]
    # a bar, and its square in the legend
    assert [svg.count(f'class="{shade}"') for shade in SHADES] == [2, 2, 2, 2, 2]
    assert all(f"P{number}, version 1" in svg for number in range(5))
    assert ">2026-09</text>" in svg


def test_of_several_each_is_held_against_the_version_that_is_tried(acme, rival, november, finance, browse):
    (tenth,) = apply(policy("tenth", mechanism={"kind": "flat", "rate": "10%"}))
    (fifth,) = apply(policy("fifth", mechanism={"kind": "flat", "rate": "20%"}))
    (fixed,) = apply(policy("fixed", kind="lump_sum", bands=[{"from": 0, "amount": 5_000}]))
    sell(acme, 100_000)
    sell(rival, 20_000)
    found = tried(tenth, fifth, fixed)
    assert [(one.version, one.difference, one.winners, one.losers) for one in found.held] == [
        (fifth, Decimal("-12000.00"), 0, 2),
        (fixed, Decimal("2000.00"), 1, 1),
    ]
    where = (
        "/programmes/tenth/back-test/?version=1&first=2026-07&last=2026-09&against=fifth:1&against=fixed:1"
    )
    page = text_of(browse(finance).get(where))
    assert "Difference from Fifth, version 1 (Published)" in page
    file = browse(finance).get(f"{where}&export=csv")
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1].endswith(",10000.00,20000.00,5000.00,-10000.00,5000.00,CNY")


def text_of(page) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.content.decode())))


# Who is tempted


def tempted(version) -> list[tuple[int, Decimal, Decimal]]:
    return [(one.partner_id, one.missing, one.gain) for one in tried(version).temptations]


def test_who_stood_just_below_the_next_full_step_is_named(acme, rival, november):
    (version,) = apply(policy(mechanism={"kind": "per_increment", "increment": 50_000, "amount": 400}))
    sell(acme, 148_000)
    sell(rival, 140_000)
    assert tempted(version) == [(acme.row.pk, Decimal(2_000), Decimal("400.00"))]


def test_no_step_above_a_cap_tempts(acme, november):
    caps = [{"on": "measure", "amount": 149_000}]
    (version,) = apply(
        policy(mechanism={"kind": "per_increment", "increment": 50_000, "amount": 400}, caps=caps)
    )
    sell(acme, 148_000)
    assert tempted(version) == []


def test_of_steps_on_other_lines_than_those_that_count_nothing_is_told(acme, november, finance, browse):
    sell(acme, 148_000)
    sell(acme, 10_000, line="switching")
    steps = {"kind": "per_increment", "increment": 50_000, "amount": 400}
    apply(policy(mechanism=steps, pay={"product_lines": ["routing"]}))
    where = "/programmes/core/back-test/?version=1&first=2026-07&last=2026-09"
    said = "Not told for Core, version 1 (Published): its full steps are counted in other sales"
    assert said in text_of(browse(finance).get(where))


@pytest.mark.parametrize(
    ("expression", "missing", "gain"),
    [
        ("if(base >= 100000, base * 0.05, base * 0.02)", "2000", "3040.00"),
        ("if(qualifier > 100000, 700, 0) + round(base * 0.001, 2)", "2000.01", "702.00"),
        ("round(base / 50000) * 900", None, None),  # the step at 125,000 is far
        ("round(base / 66000) * 900", "1000", "900.00"),  # 99,000 rounds up to two
        ("base * 0.02", None, None),
    ],
)
def test_a_jump_of_a_formula_tempts(acme, november, expression, missing, gain):
    (version,) = apply(policy(mechanism={"kind": "formula", "expression": expression}))
    sell(acme, 98_000)
    found = [(Decimal(missing), Decimal(gain))] if missing else []
    assert [one[1:] for one in tempted(version)] == found


def test_a_bound_at_which_nothing_more_is_paid_tempts_nobody(acme, november):
    rules = {"kind": "target", "target": 100_000, "on": "excess", "bands": [{"from": "100%", "rate": "5%"}]}
    (version,) = apply(policy(mechanism=rules))
    sell(acme, 98_000)
    assert tempted(version) == []


# What is counted, and what is said of it


def test_a_year_that_is_counted_as_a_whole_is_paid_on_once(acme, november):
    (version,) = apply(policy(cumulative=True))
    for month in ("06", "07", "08", "09"):
        sell(acme, 100_000, f"2026-{month}-10")
    assert tried(version).base == Decimal(300_000)  # July to September; June is before the months tried
    assert tried(version, first=Period.parse("2026-01")).base == Decimal(400_000)


def test_a_draft_within_the_year_says_that_it_is_counted_from_january_here(acme, november, finance, browse):
    apply(policy())
    draft(from_="2026-11-01", cumulative=True)
    sell(acme, 100_000)
    client = browse(finance)
    said = "it begins on 1 Nov 2026 and counts the year from that day"
    where = "/programmes/core/back-test/?version={}&first=2026-07&last=2026-09"
    assert said in text_of(client.get(where.format(2)))
    assert said not in text_of(client.get(where.format(1)))


def test_an_annual_draft_is_held_against_the_monthly_policy_over_the_same_months(
    acme, november, finance, browse
):
    (monthly,) = apply(policy(kind="retroactive"))
    annual = draft(from_="2027-01-01", period="year", kind="retroactive")
    for month in ("03", "07", "11"):
        sell(acme, 90_000, f"2026-{month}-10")
    year = Period.parse("2026-01"), Period.parse("2026-12")
    found = tried(annual, monthly, first=year[0], last=year[1])
    assert found.costs == {Period.parse("2026"): [Decimal("13500.00"), Decimal("5400.00")]}
    assert found.swings[Decimal("1.1")] == [Decimal("14850.00"), Decimal("5940.00")]
    other_way = tried(monthly, annual, first=year[0], last=year[1])
    assert other_way.totals == [Decimal("5400.00"), Decimal("13500.00")]
    page = text_of(browse(finance).get("/programmes/core/back-test/?version=2"))
    assert "13,500.00" in page and "5,400.00" in page
    assert "2026 is not over: it is counted as far as sales are booked today." in page
    assert "– 31 Dec 2026. The versions are not settled equally often" in page
    assert "Left out" not in page


def test_months_outside_the_longer_versions_whole_periods_are_named_as_left_out(november, finance, browse):
    apply(policy(), policy("quarterly", period="quarter"))
    client = browse(finance)
    where = "/programmes/core/back-test/?version=1&first=2026-06&last=2026-10&against=quarterly:1"
    said = (
        "Counted: 1 Jul 2026 – 30 Sep 2026. The versions are not settled equally often: of each, its periods in these"
        " days are added up. Left out: June 2026, October 2026, because Quarterly, version 1 (Published) is settled"
        " quarterly and has no whole quarter there."
    )
    assert said in text_of(client.get(where))
    alone = text_of(client.get("/programmes/quarterly/back-test/?version=1&first=2026-01&last=2026-11"))
    assert "Counted: 1 Jan 2026 – 30 Sep 2026. Left out: October 2026, November 2026, because" in alone
    assert "Counted:" not in text_of(
        client.get("/programmes/core/back-test/?version=1&first=2026-06&last=2026-10")
    )
    with translation.override("zh-hans"):
        found = tried(
            *Version.objects.order_by("pk"), first=Period.parse("2026-06"), last=Period.parse("2026-10")
        )
        assert any("未计入：2026年6月、2026年10月" in note for note in _notes(found, BY))


def test_the_months_tried_at_first_hold_a_whole_period(november):
    apply(policy("annual", period="year"), policy("quarterly", period="quarter"), policy())
    found = {}
    for version in Version.objects.select_related("programme"):
        usual = _usual(version, [], BY)
        span = Period.parse(usual["first"]), Period.parse(usual["last"])
        found[version.programme.code] = [str(one) for one in periods_between(version.period_length, *span)]
    assert found["annual"] == ["2025", "2026"]
    assert found["quarterly"] == ["2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]
    assert (len(found["core"]), found["core"][0], found["core"][-1]) == (12, "2025-11", "2026-10")


def test_the_months_tried_at_first_are_the_last_whole_ones_that_have_sales(acme, finance, browse, november):
    apply(policy("annual", period="year"), policy("quarterly", period="quarter"), policy())
    sell(acme, 1_000, "2026-05-11")
    sell(acme, 1_000, "2026-08-20")
    sell(acme, 1_000, "2026-11-02")  # in the month that still runs

    def months(code: str) -> tuple[str, str]:
        version = Version.objects.select_related("programme").get(programme__code=code)
        usual = _usual(version, [], BY)
        return usual["first"], usual["last"]

    assert months("core") == ("2026-05", "2026-08")
    assert months("quarterly") == ("2026-04", "2026-09")
    assert months("annual") == ("2026-01", "2026-12")
    assert "is tried before costs nothing" not in text_of(browse(finance).get("/programmes/core/back-test/"))
    sell(acme, 1_000, "2025-08-20")
    assert months("core") == ("2025-09", "2026-08")
    assert months("annual") == ("2025-01", "2026-12")


def test_who_sees_some_partners_reads_that_only_these_are_counted(acme, rival, november):
    (version,) = apply(policy())
    sell(acme, 100_000)
    sell(rival, 50_000)
    of_acme = replace(BY, partner_ids=frozenset({acme.row.pk}))
    said = "Only the partners that you see are counted, in every figure here."
    assert tried(version, by=of_acme).totals == [Decimal("2000.00")]
    assert said in _notes(tried(version, by=of_acme), of_acme) and said not in _notes(tried(version), BY)
