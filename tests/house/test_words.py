"""Both languages are complete: every string has Chinese words, and no words are left over."""

import re

import pytest

from prm.ui import catalogue

PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|{\w*}")


@pytest.fixture(scope="module")
def gathered():
    return {(message.id, message.context) for message in catalogue.gather() if message.id}


@pytest.fixture(scope="module")
def chinese():
    return catalogue.read("zh_Hans")


def text_of(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def test_every_string_has_chinese_words(gathered, chinese):
    known = {(m.id, m.context) for m in chinese if m.id and all(text_of(m)) and not m.fuzzy}
    assert sorted(str(one) for one in gathered - known) == []


def test_no_words_are_left_over(gathered, chinese):
    assert sorted(str((m.id, m.context)) for m in chinese if m.id and (m.id, m.context) not in gathered) == []


def test_placeholders_survive_translation(chinese):
    wrong = []
    for message in chinese:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = set(PLACE.findall(ids[-1]))
        for words in text_of(message):
            if message.id and words and not set(PLACE.findall(words)) <= wanted | set(PLACE.findall(ids[0])):
                wrong.append(words)
            if message.id and words and set(PLACE.findall(words)) != wanted and len(ids) == 1:
                wrong.append(words)
    assert wrong == []


def test_chinese_text_has_full_width_punctuation(chinese):
    half = re.compile(r"[\u4e00-\u9fff][,;:!?](?!\d)|[\u4e00-\u9fff]\.(?=\s|$)")
    assert [words for m in chinese if m.id for words in text_of(m) if words and half.search(words)] == []


def test_one_word_each_in_chinese(chinese):
    """Partners are 合作伙伴 and are addressed as 您; what is paid on is 计返基数."""
    other = re.compile("渠道商|你|计返利基数")
    assert [words for m in chinese if m.id for words in text_of(m) if words and other.search(words)] == []


def test_the_language_switch_is_offered_in_the_other_language():
    from prm.ui.context import LANGUAGE_NAMES

    assert LANGUAGE_NAMES == {"en": "English", "zh-hans": "中文"}


def _list_pages(cls):
    for page in cls.__subclasses__():
        yield page
        yield from _list_pages(page)


@pytest.mark.parametrize("audience", ["staff", "partner"])
def test_every_heading_of_a_list_is_in_words_that_translate(audience):
    """A heading that falls back to the field's own name ("order") is English for ever: nothing gathers it."""
    from django.test import RequestFactory
    from django.urls import get_resolver
    from django.utils.functional import Promise

    from prm.access import permissions
    from prm.access.roles import Role
    from prm.ui.lists import ListPage
    from prm.values.actor import Actor

    assert get_resolver("prm.config.urls").url_patterns  # imports every list
    role = Role.ADMINISTRATOR if audience == "staff" else Role.PARTNER_ADMIN
    actor = Actor(
        kind="user", user_id=1, role=role, permissions=permissions.of_role(role),
        partner_ids=None if audience == "staff" else frozenset({1}), partner_id=None if audience == "staff" else 1,
    )  # fmt: skip
    wrong = []
    for page in _list_pages(ListPage):
        if not page.__module__.startswith("tests."):
            request = RequestFactory().get("/")
            request.actor = actor
            shown = page(request)
            model = shown.get_rows(actor).model
            for column in shown.get_columns(actor):
                column.bind(model)
                if not isinstance(column._label, Promise):
                    wrong.append(f"{page.__module__}.{page.__name__}: {column.name} ({column._label})")
    assert wrong == []
