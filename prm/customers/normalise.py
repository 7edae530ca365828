"""What remains of a company name when everything that people write differently is taken away.

Guarantee: names that differ only in letter case, width, traditional or simplified script, accents, spacing,
punctuation or legal form have the same `core`; and the core of a core is itself. A group (集团), a branch and a
place are parts of the name and stay in the core: 振业集团 and 振业 are two companies.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from prm.customers.regions import Place, latin_places, split_places
from prm.customers.vocabulary import (
    EXCHANGE_MARK,
    LATIN_NOISE,
    LEGAL_LATIN_END,
    LEGAL_LATIN_STRONG,
    LEGAL_ZH,
    SHORTENED,
)

HAN = "㐀-䶿一-鿿豈-﫿𠀀-𯨟"
_RUNS = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
_HAN = re.compile(rf"[{HAN}]")
_MARK = re.compile(EXCHANGE_MARK)
_BRACKETED = re.compile(r"[(\[{<]([^()\[\]{}<>]{2,12})[)\]}>]")
_INITIALS = re.compile(r"(?<![^\W_])((?:[^\W\d_]\.){1,6}[^\W\d_])(?![^\W_])")
_UNIT = re.compile(
    r"(?:分公司|(?<![电量分])子公司|办事处|代表处|分行|支行|营业部|营业厅|分院|分校|分店|事业部|联络处)$"
)
_INNER_LEGAL = re.compile(r"(?:股份有限公司|有限责任公司|有限公司|股份公司)(?=.)")
_LEGAL_END = re.compile(rf"(?:{'|'.join(LEGAL_ZH)}|(?<!分)(?<![^电量分]子)公司)$")
_GROUP = re.compile(r"(?:集团|控股)+$")


@dataclass(frozen=True, slots=True)
class NormalisedName:
    """A name taken apart.

    core: the name's identity, one word without spaces. zh: its Chinese part without legal form, `brand` that without
    places, group and bracketed place. tokens: its Latin words without legal form, `words` the same spelled out
    (intl → international). region: the place it names, in short Chinese; legal_form as written, folded;
    unit: what kind of branch it is, empty for the company itself; group: whether it calls itself a group.
    """

    core: str
    zh: str
    brand: str
    tokens: tuple[str, ...]
    words: tuple[str, ...]
    region: str
    province: str
    legal_form: str
    unit: str
    group: bool

    @property
    def script(self) -> str:
        """ "zh", "latin", "mixed", or "" for a name without a letter."""
        return {(True, True): "mixed", (True, False): "zh", (False, True): "latin"}.get(
            (bool(self.zh), bool(self.tokens)), ""
        )


@cache
def _simplified() -> dict[int, str]:
    """Traditional → simplified, character by character: what stands around a character must not change it."""
    import opencc

    convert = opencc.OpenCC("t2s").convert
    table = {}
    for first, last in ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2EBE0)):
        for code in range(first, last + 1):
            plain = convert(chr(code))
            if plain != chr(code) and len(plain) == 1:
                table[code] = plain
    for code, plain in table.items():
        table[code] = table.get(ord(plain), plain)
    return table


def fold(text: str) -> str:
    """Width, case, accents and script made one; spaces and punctuation still there."""
    if "&" in text and ";" in text:
        text = html.unescape(text)
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in text if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
        text = unicodedata.normalize("NFKC", text.translate(_simplified())).casefold()
    return text


def _join_initials(text: str) -> str:
    text = text.replace("'", "").replace("’", "").replace("a/s", "as")
    return _INITIALS.sub(lambda found: found[1].replace(".", ""), text)


def _without_legal_latin(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Legal words at the end, and the unmistakable ones anywhere but first."""
    kept, legal = list(tokens), []
    while len(kept) > 1 and (kept[-1] in LEGAL_LATIN_END or (legal and kept[-1] == "de")):
        legal.insert(0, kept.pop())
    strong = [token for token in kept[1:] if token in LEGAL_LATIN_STRONG]
    if strong:
        kept = kept[:1] + [token for token in kept[1:] if token not in LEGAL_LATIN_STRONG]
        return _without_legal_latin(kept)[0], strong + legal
    return kept, legal


def _without_legal_zh(text: str) -> tuple[str, str, str]:
    """(name, legal form, unit): the legal form is taken off the end, or off the company before its branch."""
    unit = _UNIT.search(text)
    if unit:
        shorter = _INNER_LEGAL.sub("", text[: unit.start()]) + text[unit.start() :]
        return shorter, "", unit[0]
    legal = ""
    while True:
        found = _LEGAL_END.search(text)
        if not found or found.start() < 2:
            return text, legal, ""
        text, legal = text[: found.start()], found[0] + legal


def _strip_legal(runs: list[str]) -> tuple[list[str], str, str]:
    """Takes legal forms off a name given as runs of Chinese characters and Latin words."""
    legal = unit = ""
    latin = [run for run in runs if not _HAN.match(run)]
    if len(latin) == len(runs):
        kept, taken = _without_legal_latin(runs)
        return kept, " ".join(taken), ""
    while len(runs) > 1 and runs[-1] in LEGAL_LATIN_END:
        legal = f"{runs[-1]} {legal}".strip()
        runs = runs[:-1]
    if _HAN.match(runs[-1]):
        last, form, unit = _without_legal_zh(runs[-1] if len(runs) == 1 else "__" + runs[-1])
        last = last.removeprefix("__")
        runs = runs[:-1] + ([last] if last else [])
        legal = form + legal
    return runs, legal, unit


def _canonical_places(runs: list[str]) -> tuple[list[str], list[Place], str]:
    """Writes the places at the start in short; a province before its own city is dropped."""
    if not runs or not _HAN.match(runs[0]):
        return runs, [], ""
    taken, rest = split_places(runs[0])
    if not taken:
        return runs, [], runs[0]
    named = taken[1:] if len(taken) > 1 and taken[1].level == 1 and taken[0].level == 0 else taken
    return ["".join(place.short for place in named) + rest, *runs[1:]], taken, rest


def _merge_han(runs: list[str]) -> list[str]:
    """Chinese characters that only spaces or punctuation kept apart belong together."""
    merged: list[str] = []
    for run in runs:
        if merged and _HAN.match(run) and _HAN.match(merged[-1]):
            merged[-1] += run
        else:
            merged.append(run)
    return merged


def _taken_apart(text: str) -> tuple[list[str], list[Place], str, str, str]:
    runs = _merge_han(_RUNS.findall(text))
    if runs and not any(_HAN.match(run) for run in runs):
        runs = [run for run in runs if run not in ("the", "and")] or runs
    runs, legal, unit = _strip_legal(runs) if runs else ([], "", "")
    runs, places, rest = _canonical_places(_merge_han(runs))
    return runs, places, rest, legal, unit


def _settled(text: str) -> tuple[list[str], list[Place], str, str, str]:
    """Takes apart again until nothing changes, so that a core is its own core."""
    result = _taken_apart(text)
    first = result
    while True:
        core = "".join(result[0])
        again = _taken_apart(_MARK.sub("", core))
        if "".join(again[0]) == core:
            return result[0], result[1] or first[1], result[2], first[3] or result[3], first[4] or result[4]
        result = again


def _bracketed_place(text: str) -> str:
    from prm.customers.regions import places

    for found in _BRACKETED.findall(text):
        place = places().get(found.strip())
        if place:
            return place.short
    return ""


@lru_cache(maxsize=4096)
def normalise(name: str) -> NormalisedName:
    """Take a company name apart; pure, total (any text is taken), and fast enough for a million names."""
    text = _MARK.sub("", _join_initials(fold(name)))
    runs, places, rest, legal, unit = _settled(text)
    latin = tuple(run for run in runs if not _HAN.match(run))
    han = "".join(run for run in runs if _HAN.match(run))
    inner = _bracketed_place(text) if han and "(" in text else ""
    brand = (rest + "".join(run for run in runs[1:] if _HAN.match(run))) if places else han
    if inner and inner in brand and len(brand) - len(inner) >= 2:
        brand = brand.replace(inner, "", 1)
    short = _GROUP.sub("", brand)
    region, province = (places[-1].short, places[-1].province) if places else (inner, "")
    if not region and latin:
        known = latin_places()
        region = next((known[token] for token in latin if token in known), "")
    return NormalisedName(
        core="".join(runs),
        zh=han,
        brand=short if len(short) >= 2 else brand,
        tokens=latin,
        words=tuple(SHORTENED.get(token, token) for token in latin if token not in LATIN_NOISE) or latin,
        region=region,
        province=province,
        legal_form=legal,
        unit=unit,
        group=brand.endswith(("集团", "控股")) or bool({"group", "holdings", "holding"} & set(latin)),
    )
