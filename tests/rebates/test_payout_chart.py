"""The chart of payout against volume: its words can be read on a phone, and none runs into another or the edge."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from prm.files.charts import wide
from rebates.payout_chart import WIDTH, chart

RETROACTIVE = [
    {"from": "0", "rate": "0.02"}, {"from": "5000", "rate": "0.03"}, {"from": "100000", "rate": "0.05"},
]  # fmt: skip


def policy(bands: list[dict[str, Any]], kind: str = "retroactive") -> dict[str, Any]:
    return {"currency": "CNY", "period": "month", "mechanism": {"kind": kind, "bands": bands}}


def drawn(bands: list[dict[str, Any]], language: str = "en") -> str:
    with translation.override(language):
        return render_to_string("rebates/chart.html", {"chart": chart(policy(bands))})


def spans(svg: str) -> list[tuple[float, float, float, str]]:
    """Of each word from where to where it goes, and on which height."""
    found = []
    for x, y, anchor, words in re.findall(
        r'<text[^>]* x="([-\d.]+)" y="([-\d.]+)"(?: text-anchor="(\w+)")?>([^<]*)<', svg
    ):
        length = wide(words)
        start = float(x) - {"middle": length / 2, "end": length}.get(anchor, 0)
        found.append((start, start + length, float(y), words))
    return found


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("scale", [1, 1000])
def test_its_words_are_written_larger_on_a_phone_and_stay_within_the_picture(language, scale):
    bands = [{**band, "from": str(int(band["from"]) * scale)} for band in RETROACTIVE]
    svg = drawn(bands, language)
    assert 'class="ui-chart ui-chart-scaled"' in svg
    words = spans(svg)
    assert len(words) > 5
    assert all(start >= 0 and end <= WIDTH for start, end, _y, _words in words), words


def test_a_jump_at_the_left_is_named_behind_it():
    svg = drawn(RETROACTIVE)
    left = float(re.search(r'<line class="g-line" x1="([\d.]+)"', svg)[1])
    jumps = [word for word in spans(svg) if word[3].startswith("jump of")]
    assert [words for _start, _end, _y, words in jumps] == ["jump of ¥50", "jump of ¥2,000"]
    assert all(start >= left for start, _end, _y, _words in jumps)


def test_bounds_below_the_curve_do_not_touch():
    near = [
        {"from": str(low), "rate": f"0.0{rate}"} for rate, low in enumerate((0, 90_000, 95_000, 100_000), 1)
    ]
    across = sorted(word for word in spans(drawn(near)) if word[2] == 226)
    assert [words for *_place, words in across] == ["¥90k"]


def test_the_amounts_of_an_axis_are_all_in_the_unit_of_its_highest():
    bands = [
        {"from": str(low), "rate": f"0.0{rate}"} for rate, low in enumerate((0, 50_000, 100_000, 150_000), 1)
    ]
    said = {word[3] for word in spans(drawn(bands))}
    assert {"¥50k", "¥100k", "¥150k"} <= said and "¥50,000" not in said
    chinese = {word[3] for word in spans(drawn(bands, "zh-hans"))}
    assert {"¥0", "¥0.5万", "¥1万"} <= chinese and "¥5,000" not in chinese


def test_amounts_are_money_short_in_the_language_and_never_nought_where_something_is_paid():
    large = [{"from": "0", "rate": "0.02"}, {"from": "1250000", "rate": "0.03"}]
    assert {"¥1.25m", "¥60,000", "jump of ¥12,500"} <= {word[3] for word in spans(drawn(large))}
    assert "¥125万" in {word[3] for word in spans(drawn(large, "zh-hans"))}
    small = [{"from": "0", "rate": "0.002"}, {"from": "50", "rate": "0.01"}]
    up = [words for start, _end, _y, words in spans(drawn(small)) if start == 0]
    assert up == ["¥0", "¥0.2", "¥0.4", "¥0.6", "¥0.8"]


def test_what_counts_in_units_is_no_money_below_the_curve():
    bands = [{"from": "0", "amount": "0.5"}, {"from": "50", "amount": "0.8"}]
    units = {"currency": "CNY", "period": "month", "mechanism": {"kind": "per_unit_stepped", "bands": bands}}
    assert [tick["label"] for tick in chart(units).ticks_x] == ["50"]
