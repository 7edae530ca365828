"""What is stored is worded when it is read: the reader's language counts, not the writer's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.ui import said


def both(value) -> tuple[str, str]:
    with translation.override("zh-hans"):
        kept = said.stored(value)
    words = []
    for language in ("en", "zh-hans"):
        with translation.override(language):
            words.append(said.shown(kept))
    return tuple(words)


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (said.Day(date(2026, 12, 2)), "2 Dec 2026", "2026年12月2日"),
        (said.Money(Decimal("-1234.50"), "CNY"), "−¥1,234.50", "−¥1,234.50"),
        (said.Money(None, "CNY"), "", ""),
        (_("Order"), "Order", "订单"),
        (pgettext_lazy("done", "submitted"), "submitted", "已提交"),
        (
            said.Sentence(_("%(what)s: %(file)s"), what=_("Order"), file="a.csv"),
            "Order: a.csv",
            "订单：a.csv",
        ),
        (said.InEach(lambda: translation.get_language()), "en", "zh-hans"),
        ("typed by somebody", "typed by somebody", "typed by somebody"),
        (7, 7, 7),
    ],
)
def test_each_value_is_read_in_the_readers_language(value, english, chinese):
    assert both(value) == (english, chinese)


def test_what_was_stored_before_stays_as_it_is():
    assert said.shown("12 Nov 2026") == "12 Nov 2026"
    kept = said.stored(said.Day(date(2026, 12, 2)))
    assert said.stored(kept) == kept
