"""The page of the configuration as text says where it leads."""

from __future__ import annotations

import pytest
from django.utils import translation

pytestmark = pytest.mark.django_db


SAYS = [("en", "From a sandbox to production"), ("zh-hans", "从沙箱到正式环境")]


@pytest.mark.parametrize(("language", "words"), SAYS)
def test_the_page_says_how_a_sandbox_becomes_production(browse, administrator, language, words):
    with translation.override(language):
        page = browse(administrator).get("/settings/configuration/", HTTP_ACCEPT_LANGUAGE=language)
    assert words in page.content.decode()
