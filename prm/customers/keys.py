"""The keys under which a customer is found: small numbers made from pieces of its name.

Guarantee: two names that a person would take for one share a rare key, in either direction (full and short form,
Chinese name and its pinyin). Keys are CRC-32 of a kind and a piece; the rare collision costs a candidate, never an
answer, because scoring compares the names themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from prm.customers.normalise import NormalisedName
from prm.customers.regions import place_in_latin
from prm.customers.vocabulary import LATIN_NOISE, TRADE_WORDS, TRADES

_TRADE = re.compile("|".join(sorted(map(re.escape, TRADES), key=len, reverse=True)))
LONGEST_SKIP = 2  # 沪士电子 → 沪电: up to two characters are left out between two that stay


@dataclass(frozen=True, slots=True)
class SearchKeys:
    """What to look for: `exact` decides alone; `near` are pieces in the name's own script; `across` in the other."""

    exact: tuple[int, ...]
    near: tuple[int, ...]
    across: tuple[int, ...]


def key(kind: str, piece: str) -> int:
    """A signed 32-bit number, as PostgreSQL's `integer` holds it."""
    number = crc32(f"{kind}:{piece}".encode())
    return number - (1 << 32) if number >= 1 << 31 else number


def stem(brand: str) -> str:
    """A Chinese brand without the words that say what the company does; the brand itself when nothing is left."""
    rest = _TRADE.sub("", brand)
    return rest if len(rest) >= 2 else brand


@lru_cache(maxsize=4096)
def trades(brand: str) -> tuple[str, ...]:
    """English words for what a Chinese name says that the company does."""
    return tuple(word for found in _TRADE.findall(brand) for word in TRADES[found].split())


@lru_cache(maxsize=4096)
def pinyin(text: str) -> str:
    """Chinese text in Latin letters, without tones or spaces."""
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(text, v_to_u=False, errors="ignore"))


def grams(text: str) -> set[str]:
    """Pairs of characters that follow one another, up to `LONGEST_SKIP` others between them."""
    return {
        text[i] + text[j]
        for i in range(len(text) - 1)
        for j in range(i + 1, min(i + 2 + LONGEST_SKIP, len(text)))
    }


def words(name: NormalisedName) -> set[str]:
    """Latin words, spelled out, and neighbours written as one (tele chips, guo hua)."""
    plain = set(name.tokens) | set(name.words)
    tokens = name.tokens
    joined = {tokens[i] + tokens[i + 1] for i in range(len(tokens) - 1)}
    joined |= {"".join(tokens[i : i + 3]) for i in range(len(tokens) - 2)} if len(tokens) <= 6 else set()
    return {word for word in plain | joined if len(word) > 1 and word not in LATIN_NOISE}


def beginnings(name: NormalisedName) -> set[str]:
    """The first four letters of each long word: SOUTHW. AIRL. is Southwest Airlines."""
    return {token[:4] for token in name.tokens if len(token) >= 4}


def acronyms(name: NormalisedName) -> set[str]:
    """The letters that a Latin name may be called by; a short single word may be such letters."""
    tokens = name.tokens
    if len(tokens) == 1:
        return {tokens[0]} if 2 <= len(tokens[0]) <= 7 else set()
    strong = [token for token in tokens if token not in LATIN_NOISE]
    return {
        letters
        for letters in ("".join(t[0] for t in tokens), "".join(t[0] for t in strong))
        if 2 <= len(letters) <= 8
    }


def latin_of(name: NormalisedName) -> set[str]:
    """How a Chinese name may appear in an English one: pinyin of its stem, its place, its trade in English."""
    if not name.zh:
        return set()
    root = stem(name.brand)
    found = {pinyin(root), pinyin(root[:2]), pinyin(root[:3])} | set(trades(name.brand))
    if name.region:
        found.add(place_in_latin(name.region))
    return {word for word in found if len(word) > 2}


def stored_keys(name: NormalisedName) -> list[int]:
    """Every key under which a customer of this name is filed."""
    found = {key("c", name.core)} if name.core else set()
    if name.zh:
        found.add(key("b", name.brand))
        found |= {key("g", gram) for gram in grams(name.zh) | grams(name.brand)}
        found |= {key("y", word) for word in latin_of(name)}
    if name.tokens:
        found |= {key("w", word) for word in words(name)}
        found |= {key("p", start) for start in beginnings(name)}
        found |= {key("a", letters) for letters in acronyms(name)}
    return sorted(found)


def search_keys(name: NormalisedName) -> SearchKeys:
    """What to look for to find this name's customer."""
    exact = {key("c", name.core)} if name.core else set()
    near: set[int] = set()
    across: set[int] = set()
    if name.zh:
        exact.add(key("b", name.brand))
        near |= {key("g", gram) for gram in grams(name.zh) | grams(name.brand)}
        across |= {key("w", word) for word in latin_of(name)}
    if name.tokens:
        spelled = words(name)
        near |= {key("w", word) for word in spelled} | {key("p", start) for start in beginnings(name)}
        near |= {key("a", letters) for letters in acronyms(name)}
        across |= {key("y", word) for word in spelled}
    return SearchKeys(
        exact=tuple(sorted(exact)), near=tuple(sorted(near - exact)), across=tuple(sorted(across))
    )


def lock_keys(name: NormalisedName) -> list[int]:
    """Two names that could find each other share one of these; words of trade and places alone do not count."""
    found = {key("c", name.core)}
    if name.zh:
        root = stem(name.brand)
        found |= {key("g", gram) for gram in grams(root)} | {key("g", root)}
        found |= {key("w", word) for word in latin_of(name) - TRADE_WORDS - {place_in_latin(name.region)}}
    found |= {key("w", word) for word in words(name) - TRADE_WORDS}
    found |= {key("w", start) for start in beginnings(name)} | {
        key("w", letters) for letters in acronyms(name)
    }
    return sorted(found)
