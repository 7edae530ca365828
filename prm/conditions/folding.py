"""Upper case as PostgreSQL's C.UTF-8 makes it, letter by letter, so that "contains" answers alike in both places."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def _upper(letter: str) -> str:
    whole = letter.upper()
    if len(whole) == 1:
        return whole
    title = letter.title()  # ᾳ has a capital of one letter, ß has none
    return title if len(title) == 1 else letter


def folded(text: str) -> str:
    return "".join(map(_upper, text))
