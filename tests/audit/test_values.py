"""Values of the audit trail that are words of the product's own are said in the reader's language."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils import translation

from prm.audit import words
from prm.audit.history import happening
from prm.audit.services import record
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
