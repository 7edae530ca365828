"""Values of the audit trail that are words of the product's own are said in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts
from django.template.loader import render_to_string
from django.utils import translation

from prm.audit import words
from prm.audit.history import happening
from prm.audit.services import record
from prm.ui.parts import Happening
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("stored", "english", "chinese"),
    [
        ("demo button", "a button of the demo", "演示按钮"),
        ("password", "password", "密码"),
        ("sso", "sso", "sso"),
    ],
)
def test_the_way_in_is_a_word(administrator, stored, english, chinese):
    row = record(UserFactory(), "signed_in", by=administrator, changes={"how": [None, stored]})
    for language, word in (("en", english), ("zh-hans", chinese)):
        with translation.override(language):
            assert happening(row).text.endswith(word)


def test_a_module_is_called_by_its_name():
    with translation.override("en"):
        assert words.value_of("tenancy.tenant", "module", "orders") == "Orders"
        assert words.value_of("tenancy.tenant", "module", "unheard-of") == "unheard-of"


def test_what_is_borrowed_from_django_says_nin():
    with translation.override("zh-hans"):
        hints = " ".join(map(str, password_validators_help_texts()))
    assert "您的密码" in hints and "你" not in hints


@pytest.mark.parametrize(
    ("stored", "english", "chinese"),
    [
        ("2026-11-01", "1 Nov 2026", "2026年11月1日"),
        ("2026-11-01T04:00:00+00:00", "1 Nov 2026", "2026"),
        ("2026-02-30", "2026-02-30", "2026-02-30"),  # no day
        ("ST-2026-11-01", "ST-2026-11-01", "ST-2026-11-01"),
    ],
)
def test_a_day_of_the_trail_is_written_as_all_days_are(administrator, stored, english, chinese):
    row = record(UserFactory(), "changed", by=administrator, changes={"starts": [None, stored]})
    for language, said in (("en", english), ("zh-hans", chinese)):
        with translation.override(language):
            text = happening(row).text
            assert said in text and ("T04" not in text)


def test_the_time_line_writes_chinese_days_out(administrator):
    with translation.override("zh-hans"):
        old = Happening(at=datetime(2020, 7, 20, 4, tzinfo=UTC), text="创建", who="", tone="", reason="")
        shown = render_to_string("components/timeline.html", {"happenings": [old]})
    assert ">2020年7月20日<" in shown
