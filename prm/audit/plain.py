"""Stored values that are data, not words, read as words: entries of before their kind had a display of its own.

differences(name_of, old, new)     # [(name, old, new)], a line for each leaf that is otherwise
in_words(name_of, value)           # "status: active, tier: gold", in one line
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from typing import Any

from prm.ui import formats, said

# Longer texts are documents with a display of their own, or nobody's to read in a line.
LONGEST = 50_000
MOST_LINES = 40
Namer = Callable[[str], str]
_NO_DATA = object()


def is_data(value: Any) -> bool:
    return _read(value) is not _NO_DATA


def differences(name_of: Namer, old: Any, new: Any) -> list[tuple[str, Any, Any]] | None:
    """What is otherwise, leaf by leaf; None where neither is data, or one of them is other text."""
    before, after = (_read("{}" if value in (None, "") else value) for value in (old, new))
    if before is _NO_DATA or after is _NO_DATA or not (is_data(old) or is_data(new)):
        return None
    one, other = dict(_leaves(before, (), name_of)), dict(_leaves(after, (), name_of))
    places = [*one, *(place for place in other if place not in one)]
    found = [(" · ".join(place), one.get(place), other.get(place)) for place in places]
    return [line for line in found if line[1] != line[2]][:MOST_LINES]


def in_words(name_of: Namer, value: Any) -> Any:
    """The data in one line; what is no data as it is."""
    read = _read(value)
    if read is _NO_DATA:
        return value
    found = [(" · ".join(place), leaf) for place, leaf in _leaves(read, (), name_of)]
    return formats.comma().join(
        f"{name}{formats.colon()}{leaf}" if name else str(leaf) for name, leaf in found
    )


def _read(value: Any) -> Any:
    """The data that `value` is, or that its text holds: JSON, or as Python writes it."""
    if isinstance(value, list) or (isinstance(value, dict) and said.KIND not in value):
        return value
    text = value.strip() if isinstance(value, str) and len(value) <= LONGEST else ""
    if not text or (text[0], text[-1]) not in (("{", "}"), ("[", "]")):
        return _NO_DATA
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, dict | list):
            return found
    return _NO_DATA


def _leaves(value: Any, place: tuple[str, ...], name_of: Namer) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and said.KIND not in value:
        for key, inner in value.items():
            yield from _leaves(inner, (*place, name_of(str(key))), name_of)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for number, inner in enumerate(value, 1):
            yield from _leaves(inner, (*place, str(number)), name_of)
    elif isinstance(value, list):
        yield place, ", ".join(str(one) for one in _flat(value)) or None
    else:
        yield place, said.shown(value)


def _flat(values: list[Any]) -> Iterator[Any]:
    for one in values:
        if isinstance(one, list):
            yield from _flat(one)
        else:
            yield said.shown(one)
