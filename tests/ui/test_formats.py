"""Dates, money and numbers read as the house writes them, in both languages."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from prm.ui import formats
from prm.ui.templatetags.ui import badge

NOW = datetime(2026, 11, 12, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "places", "text"),
    [
        ("1234.5", "CNY", None, "¥1,234.50"),
        ("-1234.5", "CNY", None, "−¥1,234.50"),
        ("1234.5", "JPY", None, "JP¥1,235"),
        ("-0.001", "CNY", None, "¥0.00"),
        ("486000", "CNY", 0, "¥486,000"),
        ("12", "CHF", None, "CHF 12.00"),
    ],
)
def test_money_has_its_sign_and_a_real_minus(amount, currency, places, text):
    assert formats.money(Decimal(amount), currency, places) == text


def test_two_currencies_on_a_page_are_written_with_their_codes():
    assert formats.money(Decimal("1234.5"), "EUR", iso=True) == "EUR 1,234.50"


def test_a_day_reads_differently_in_chinese_text_and_chinese_tables():
    day = date(2026, 11, 12)
    assert formats.day(day) == "12 Nov 2026"
    with translation.override("zh-hans"):
        assert formats.day(day) == "2026年11月12日"
        assert formats.day(day, table=True) == "2026-11-12"


def test_figures_are_short_in_the_readers_own_units():
    assert formats.short_number(Decimal(6_210_000)) == ("6.21", "m")
    assert formats.short_number(Decimal(74_118)) == ("74,118", "")
    with translation.override("zh-hans"):
        assert formats.short_number(Decimal(6_210_000)) == ("621", "万")


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        ("0", "0", "0"),
        ("0.2333", "0.2333", "0.2333"),
        ("33333", "33,333", "3.333万"),
        ("999999", "1m", "100万"),
        ("1250000", "1.25m", "125万"),
        ("99999999", "100m", "1亿"),
        ("-1250000", "−1.25m", "−125万"),
    ],
)
def test_a_number_on_a_chart_is_short_and_only_zero_reads_zero(value, english, chinese):
    assert formats.compact(Decimal(value)) == english
    with translation.override("zh-hans"):
        assert formats.compact(Decimal(value)) == chinese


def test_under_seven_days_a_moment_is_relative():
    with translation.override("en"):
        assert formats.when(NOW - timedelta(seconds=20), now=NOW) == "just now"
        assert formats.when(NOW - timedelta(hours=3, minutes=10), now=NOW) == "3 h ago"
        assert formats.when(NOW + timedelta(days=2), now=NOW) == "in 2 d"
        assert formats.when(NOW - timedelta(days=8), now=NOW) == "4 Nov 2026"


def test_a_wait_has_two_units():
    with translation.override("en"):
        assert formats.duration(timedelta(hours=3, minutes=5)) == "3 h 05 min"
        assert formats.duration(timedelta(days=2, hours=4, minutes=50)) == "2 d 4 h"
        assert formats.duration(timedelta(seconds=30)) == "0 min"


def test_a_badge_stops_counting_at_a_thousand():
    assert [badge(count) for count in (7, 999, 1000, 20_000)] == ["7", "999", "999+", "999+"]


def test_what_people_wrote_is_filled_in_as_it_is():
    assert (
        formats.filled("%(who)s: 100%% of %(what)s", {"who": "Lin", "what": "100%% sure"})
        == "Lin: 100% of 100%% sure"
    )


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        ("2.625", 2, "2.63"),
        ("2.615", 2, "2.62"),
        ("-0.505", 2, "−0.51"),
        ("0.5", 0, "1"),
        ("1.0000005", None, "1.000001"),
    ],
)
def test_what_is_shown_is_rounded_half_up_by_magnitude_as_money_is(value, places, shown):
    assert formats.number(Decimal(value), places) == shown
