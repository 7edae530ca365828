"""Laws 11 and 12: components say what they need, no script or style stands in a page, every word can be translated."""

import re

import pytest

from tests.house import tree

TEMPLATES = tree.templates()
INLINE = re.compile(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\ssrc=)|javascript:", re.I)
DJANGO = [
    re.compile(r"{%\s*comment.*?{%\s*endcomment\s*%}", re.S),
    re.compile(r"{#.*?#}", re.S),
    re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.S),
    re.compile(r"{%.*?%}", re.S),
    re.compile(r"{{.*?}}", re.S),
]
KEYS = re.compile(r'<(span|kbd)[^>]*class="[^"]*(?:ui-kbd|ui-key-cap)[^"]*"[^>]*>[^<]*</\1>')
SPOKEN = re.compile(r'\s(?:aria-label|title|placeholder|alt|data-l)="([^"]*)"')
WORD = re.compile(r"[A-Za-z]{2,}|[\u4e00-\u9fff]")
# Names of the product, of formats and of languages are the same in every language.
SAME_EVERYWHERE = {"Qudao", "CSV", "XLSX", "PDF", "Excel", "YAML", "SHA", "Ctrl", "px", "TOTP", "PostgreSQL"}


def untranslated(text: str) -> list[str]:
    for pattern in DJANGO:
        text = pattern.sub(" ", text)
    text = re.sub(r"<(script|style|svg|code)\b.*?</\1>", " ", KEYS.sub(" ", text), flags=re.S)
    spoken = SPOKEN.findall(text)
    words = [WORD.findall(part) for part in [*spoken, re.sub(r"<[^>]*>", " ", text)]]
    return [
        word for part in words for word in part if word not in SAME_EVERYWHERE and not word.startswith("&")
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=tree.name)
def test_no_script_or_style_stands_in_a_page(path):
    text = re.sub(r"{[%#].*?[%#]}|{{.*?}}", " ", path.read_text(encoding="utf-8"), flags=re.S)
    if path.name.endswith("_pdf.html"):
        pytest.skip("rendered to a file, never sent to a browser")
    assert INLINE.findall(text) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=tree.name)
def test_every_word_can_be_translated(path):
    text = re.sub(r"&[a-z]+;|&#\d+;", " ", path.read_text(encoding="utf-8"))
    assert untranslated(text) == []


def test_a_component_says_what_it_needs_in_its_first_line():
    components = [p for p in TEMPLATES if "components" in p.parts]
    assert components
    assert [tree.name(p) for p in components if not p.read_text(encoding="utf-8").startswith("{# ")] == []


def test_the_check_finds_a_forgotten_word():
    assert untranslated('<p>{% translate "Fine" %} forgotten</p>') == ["forgotten"]
    assert untranslated('<a aria-label="Close">{{ x }}</a>') == ["Close"]


@pytest.mark.parametrize("path", TEMPLATES, ids=tree.name)
def test_what_a_template_names_exists(path):
    from django.template.loader import get_template

    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"""{%\s*(?:include|extends)\s+["']([^"']+)["']""", text):
        get_template(name)
