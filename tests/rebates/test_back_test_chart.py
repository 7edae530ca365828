"""The back-test's chart: its words are readable on a phone, and none runs into the next."""

from __future__ import annotations

import re

import pytest
import time_machine

from prm.files import charts
from prm.values.periods import Period
from rebates.backtest import periods_between
from rebates.views.backtests import _tick
from tests.rebates.world import apply, policy, sell

pytestmark = pytest.mark.django_db

LETTER = 9  # the widest digit of the font at the size that a phone is given


def chart(first: str, last: str, length: str = "month", series: int = 2, most: int = 30_000) -> str:
    periods = periods_between(length, Period.parse(first), Period.parse(last))
    groups = [(str(period), [most] * series) for period in periods]
    names = [f"Core, version {number} (Published)" for number in range(series)]
    return str(charts.side_by_side(groups, names, label="Cost", tick=_tick).svg)


def labels(svg: str) -> list[tuple[float, str]]:
    return [(float(x), words) for x, words in re.findall(r'<text x="([\d.]+)" y="268"[^>]*>([^<]*)<', svg)]


@pytest.mark.parametrize(
    ("first", "last", "length"),
    [
        ("2026-06", "2026-06", "month"), ("2025-11", "2026-10", "month"), ("2024-01", "2026-11", "month"),
        ("2025-11", "2026-01", "month"), ("2024-01", "2026-09", "quarter"), ("2024-01", "2026-12", "year"),
    ],
)  # fmt: skip
def test_no_label_of_the_periods_touches_the_next_or_the_edge(first, last, length):
    places = [
        (x - len(words) * LETTER / 2, x + len(words) * LETTER / 2)
        for x, words in labels(chart(first, last, length))
    ]
    assert places and places[-1][1] <= charts.WIDTH
    assert all(end < start for (_start, end), (start, _end) in zip(places, places[1:], strict=False))


def test_of_twelve_months_some_are_named_and_the_year_where_it_changes():
    assert [words for _x, words in labels(chart("2025-11", "2026-10"))] == ["2025-11", "2026-02", "05", "08"]
    assert [words for _x, words in labels(chart("2026-07", "2026-09"))] == ["2026-07", "08", "09"]


def test_long_amounts_at_the_side_do_not_run_into_the_bars():
    svg = chart("2026-07", "2026-09", most=2_500_000)
    words = re.findall(r'<text x="0" y="[\d.]+">([^<]*)<', svg)
    bars = [float(x) for x in re.findall(r'<rect class="s\d" x="([\d.]+)"[^>]*height="\d{2,}\.', svg)]
    assert max(map(len, words)) * LETTER < min(bars)


def test_amounts_are_money_short_at_the_side_and_whole_in_the_table(acme, finance, browse):
    with time_machine.travel("2026-11-12 04:00:00+00:00", tick=False):
        apply(policy(mechanism={"kind": "flat", "rate": "10%"}))
        sell(acme, 12_345_678, "2026-10-05")
        page = browse(finance).get("/programmes/core/back-test/?first=2026-10&last=2026-10").content.decode()
    chart = page.split('<svg class="ui-chart', 1)[1].split("</details>", 1)[0]
    assert ">¥0.5m<" in chart and ">¥1m<" in chart and "¥1,234,567.80" in chart


def test_a_long_name_keeps_its_end_by_which_versions_differ():
    name = f"{'Growth of distributors in the east ' * 3}, version 12 (Published)"
    svg = str(charts.side_by_side([("2026-07", [1])], [name], label="Cost").svg)
    assert "…" in svg and "version 12 (Published)</text>" in svg and name not in svg
