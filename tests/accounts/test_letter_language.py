"""Letters are written in the language in which somebody reads: the chosen one, else the one last seen."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.accounts.models import User
from prm.notices.models import Letter
from prm.notices.services import notify
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


def letter_to(user: User, fact: str) -> Letter:
    values = {"text": "x", "object": "y", "automation": "z"}
    notify(users=[user], kind="automations.notice", fact=fact, values=values)
    return Letter.objects.filter(to=user.email).latest("id")


def writes(caught: CaptureQueriesContext) -> list[str]:
    return [one["sql"] for one in caught if "seen_language" in one["sql"] and one["sql"].startswith("UPDATE")]


def test_who_chose_nothing_gets_letters_in_the_language_of_the_pages(browse, tenant):
    user = UserFactory(finance=True, language="")
    assert letter_to(user, "1").language == tenant.language
    client = browse(actor(user))
    for browser, language in (("zh-CN,zh;q=0.9", "zh-hans"), ("en-GB", "en"), ("zh-CN", "zh-hans")):
        client.get("/inbox/", HTTP_ACCEPT_LANGUAGE=browser)
        user.refresh_from_db()
        assert user.letter_language == language
        assert letter_to(user, browser).language == language


def test_a_choice_of_ones_own_goes_before_what_the_browser_says(browse):
    user = UserFactory(finance=True, language="en")
    browse(actor(user)).get("/inbox/", HTTP_ACCEPT_LANGUAGE="zh-CN")
    user.refresh_from_db()
    assert (user.seen_language, user.letter_language) == ("", "en")


def test_it_is_written_once_not_at_each_request_and_never_for_who_says_nothing(browse):
    user = UserFactory(finance=True, language="")
    client = browse(actor(user))
    with CaptureQueriesContext(connection) as caught:
        client.get("/inbox/")
    assert not writes(caught)
    for expected in (1, 0, 0):
        with CaptureQueriesContext(connection) as caught:
            client.get("/inbox/", HTTP_ACCEPT_LANGUAGE="zh-CN")
        assert len(writes(caught)) == expected
