"""How alike two names are, in points, and why.

Guarantee: the points depend on the two names only, in either order; nothing but the same core name reaches
`SAME_CORE`. The figures were set on labelled pairs of real names (docs/explanation/conflict-check.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Indel

from prm.customers.keys import acronyms, pinyin, stem, trades
from prm.customers.normalise import NormalisedName
from prm.customers.regions import latin_places, place_in_latin, province_of
from prm.customers.vocabulary import LATIN_NOISE, TRADE_WORDS

SAME_CORE = 70.0
SAME_WITHOUT_PLACE = 60.0
SAME_OTHER_PLACE = 46.0
SAME_WORDS = 62.0
SHORT_FORM = 56.0
ACRONYM = 40.0
BRANCH = 45.0
OTHER_SCRIPT = 54.0
LEAST = 12.0  # less says nothing
TRADE_SHARE = 0.3  # what a word of trade or a place weighs against a word of its own


@dataclass(frozen=True, slots=True)
class Likeness:
    """The strongest thing that can be said about two names."""

    reason: str
    points: float


NOTHING = Likeness("", 0.0)


def likeness(a: NormalisedName, b: NormalisedName) -> Likeness:
    """The best of all ways to compare `a` and `b`."""
    if a.core and a.core == b.core:
        return Likeness("same_core_name", SAME_CORE)
    found = [NOTHING]
    if a.zh and b.zh:
        found.append(_chinese(a, b))
    if a.tokens and b.tokens:
        found.append(_latin(a, b))
    if bool(a.zh) != bool(b.zh):
        found.append(_across(a, b) if a.zh else _across(b, a))
    best = max(found, key=lambda one: one.points)
    if a.unit != b.unit:
        short, long = (a.core, b.core) if b.unit else (b.core, a.core)
        best = (
            Likeness("branch", BRANCH) if long.startswith(short) else Likeness(best.reason, best.points - 25)
        )
    return best if best.points >= LEAST else NOTHING


def places_differ(a: str, b: str) -> bool:
    """Whether two places in short Chinese lie apart; a city lies in its province, no place lies anywhere."""
    if not a or not b or a == b:
        return False
    first, second = province_of(a), province_of(b)
    return not (first == second and (a == first or b == second))


def _chinese(a: NormalisedName, b: NormalisedName) -> Likeness:
    if a.brand == b.brand and len(a.brand) >= 2:
        if places_differ(a.region, b.region):
            return Likeness("same_name_other_place", SAME_OTHER_PLACE)
        return Likeness(
            "same_name_without_place", SAME_WITHOUT_PLACE if a.group == b.group else SAME_WITHOUT_PLACE - 4
        )
    short, long = (a, b) if len(a.brand) <= len(b.brand) else (b, a)
    apart = 12 if places_differ(a.region, b.region) else 0
    points = max(_shortened(short.brand, long), _shortened(short.zh, long)) - apart
    # 通达股份 is more likely a company limited by shares than any other 通达.
    points += 1 if "股份" in short.legal_form and "股份" in long.legal_form else 0
    similar = _alike(a.brand, b.brand) - apart
    return Likeness("short_form", points) if points >= similar else Likeness("similar_name", similar)


def _shortened(short: str, long: NormalisedName) -> float:
    """Points when `short` is made of characters of the long name, in their order."""
    if len(short) < 2:
        return 0.0
    if long.brand.startswith(short):
        return SHORT_FORM - (0 if len(short) > 2 else 2)
    if short in long.zh:
        return SHORT_FORM - 8
    runs = _runs_of(short, long.zh)
    if not runs:
        return 0.0
    early = short[0] in (long.zh[0], long.brand[0])
    return SHORT_FORM - 12 - 4 * (runs - 2) - (0 if early else 8) - (4 if len(short) == 2 else 0)


def _runs_of(short: str, long: str) -> int:
    """In how many unbroken runs `short` stands in `long`, in order; 0 when it does not."""
    runs, at, previous = 0, 0, -2
    for character in short:
        if previous + 1 < len(long) and long[previous + 1] == character and previous >= 0:
            previous += 1
        else:
            found = long.find(character, at)
            if found < 0:
                return 0
            runs, previous = runs + 1, found
        at = previous + 1
    return runs


def _alike(a: str, b: str) -> float:
    """Similar spelling, where the own part of the names counts twice as much as what the companies do."""
    own_a, own_b = stem(a), stem(b)
    own = Indel.normalized_similarity(own_a, own_b)
    whole = Indel.normalized_similarity(a, b)
    if own_a == own_b and len(own_a) >= 2:
        return 34 + 12 * whole
    return max(0.0, 48 * (2 * own + whole) / 3 - 4)


def _weight(word: str) -> float:
    if word in TRADE_WORDS or word in latin_places():
        return TRADE_SHARE
    return 1.0 if len(word) > 2 else 0.6


def _word_match(word: str, other: str) -> float:
    """How well one word stands for another: the same, its beginning, or a slip of the pen."""
    if word == other:
        return 1.0
    short, long = (word, other) if len(word) <= len(other) else (other, word)
    if len(short) >= 3 and long.startswith(short):
        return 0.85 if len(short) >= 4 else 0.7
    if len(short) >= 4 and short[0] == long[0]:
        similarity = Indel.normalized_similarity(short, long)
        return 0.9 * similarity if similarity >= 0.8 else 0.0
    return 0.0


def _latin(a: NormalisedName, b: NormalisedName) -> Likeness:
    if sorted(a.words) == sorted(b.words):
        return Likeness("same_words", SAME_WORDS)
    letters = acronyms(a) & acronyms(b) if (len(a.tokens) == 1) != (len(b.tokens) == 1) else set()
    found = Likeness("acronym", ACRONYM) if letters else NOTHING
    short, long = (a, b) if (len(a.words), a.core) <= (len(b.words), b.core) else (b, a)
    points, complete = _covered(_content(short), _content(long))
    if points > found.points:
        found = Likeness("short_form" if complete else "similar_name", points)
    whole = 50 * Indel.normalized_similarity(a.core, b.core) ** 2
    return found if found.points >= whole else Likeness("similar_name", whole)


def _content(name: NormalisedName) -> tuple[str, ...]:
    return tuple(word for word in name.words if word not in LATIN_NOISE) or name.words


def _covered(short: tuple[str, ...], long: tuple[str, ...]) -> tuple[float, bool]:
    """Points for the words of the short name found in the long one; whether all of them were."""
    left, got, own, total = list(long), 0.0, 0.0, 0.0
    joined = {x + y for x, y in pairwise(long)}
    for word in short:
        weight = _weight(word)
        total += weight
        best = max(left, key=lambda other: _word_match(word, other), default="")
        share = _word_match(word, best) if best else 0.0
        if share < 1.0 and word in joined:
            share = 0.95
        elif share > 0:
            left.remove(best)
        got += weight * share
        own += share if weight > TRADE_SHARE else 0.0
    in_short = got / total if total else 0.0
    in_long = got / sum(map(_weight, long)) if long else 0.0
    first = 1.0 if short and long and (_word_match(short[0], long[0]) > 0 or short[0] in joined) else 0.85
    if not own and any(_weight(word) > TRADE_SHARE for word in (*short, *long)):
        first *= 0.5
    return SAME_WORDS * in_short**1.5 * (0.6 + 0.4 * min(in_long, 1.0)) * first, in_short > 0.99


def _across(chinese: NormalisedName, latin: NormalisedName) -> Likeness:
    """A Chinese name and one in Latin letters: its sound, its place and what it does."""
    tokens = latin.tokens
    spelled = set(tokens) | {x + y for x, y in pairwise(tokens)}
    spelled |= {"".join(tokens[i : i + 3]) for i in range(len(tokens) - 2)}
    root = stem(chinese.brand)
    own = _sound(root, spelled)
    place = place_in_latin(chinese.region)
    same_place = bool(place) and place in spelled
    if place and not same_place and places_differ(chinese.region, latin.region):
        own *= 0.6
    doing = set(trades(chinese.brand))
    said = {word for word in latin.words if word in TRADE_WORDS}
    trade = len(doing & said) / max(len(doing | said), 1)
    if own:
        return Likeness(
            "same_sound", OTHER_SCRIPT * (0.62 * own + (0.14 if same_place else 0) + 0.24 * trade)
        )
    if same_place and root and not stem_left(chinese.brand) and trade >= 0.3:
        return Likeness("same_place_and_trade", OTHER_SCRIPT * (0.4 + 0.5 * trade))
    return Likeness("same_place_and_trade", OTHER_SCRIPT * (0.15 * same_place + 0.35 * trade))


def stem_left(brand: str) -> bool:
    """Whether a brand has a part of its own beside the words of trade."""
    root = stem(brand)
    return root != brand or not trades(brand)


def _sound(root: str, spelled: set[str]) -> float:
    """How much of a Chinese stem is heard in the words of a Latin name."""
    whole = pinyin(root)
    if len(whole) > 2 and whole in spelled:
        return 1.0
    if len(root) > 2:
        if len(root) > 3 and pinyin(root[:3]) in spelled:
            return 0.85
        if pinyin(root[:2]) in spelled:
            return 0.7
    return max(
        (0.8 for word in spelled if len(whole) >= 6 and Indel.normalized_similarity(whole, word) >= 0.86),
        default=0.0,
    )
