"""The same thing has one name: menu, links and page titles of letters and notices, in both languages."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.utils import translation

from prm.notices.services import notify

pytestmark = pytest.mark.django_db
VALUES = {"partner": "ACME", "statement": "ST-1", "number": "DS-1", "held": "1.00", "reason": "Wrong"}
NAMES = {"en": ("Letters", "Notice settings"), "zh-hans": ("邮件", "通知设置")}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_letters_and_notices_are_called_alike_everywhere(browse, administrator, language):
    get_user_model().objects.filter(pk=administrator.user_id).update(language=language)
    client, (letters, notices) = browse(administrator), NAMES[language]

    def page(address: str) -> str:
        with translation.override("en"):  # what a request leaves active ends with it
            return client.get(address, headers={"accept-language": language}).content.decode()

    def title(text: str) -> tuple[str, str]:
        return tuple(
            re.sub(r"<[^>]+>", "", re.search(pattern, text, re.S)[1]).strip()
            for pattern in (r"<h1[^>]*>(.*?)</h1>", r"<title>(.*?)(?: ·[^<]*)?</title>")
        )

    home = page("/settings/letters/")
    (in_menu,) = set(re.findall(r'href="/settings/letters/"[^>]*title="([^"]*)"', home))
    heading, named = title(home)
    assert in_menu == heading == letters and named.startswith(letters)
    own = page("/account/letters/")
    heading, named = title(own)
    assert heading == notices and named.startswith(notices)
    for address in ("/account/", "/inbox/notices/"):
        links = re.findall(r'href="/account/letters/"[^>]*>(.*?)</a>', page(address), re.S)
        assert [re.sub(r"<[^>]+>", "", link).strip() for link in links] == [notices], address


@pytest.mark.parametrize(("language", "word"), [("en", "New"), ("zh-hans", "新")])
def test_what_is_unread_is_new_not_to_be_created(browse, administrator, language, word):
    get_user_model().objects.filter(pk=administrator.user_id).update(language=language)
    user = get_user_model().objects.get(pk=administrator.user_id)
    notify(users=[user], kind="rebates.dispute_opened", fact="a dispute", link="/disputes/", values=VALUES)
    with translation.override("en"):
        answer = browse(administrator).get("/inbox/notices/", headers={"accept-language": language})
    states = re.findall(r'<span class="ui-state is-live">(?:<[^>]*>)*([^<]+)<', answer.content.decode())
    assert [one.strip() for one in states] == [word]
