"""What somebody probably meant by a word that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

CLOSE = 0.6


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is spelled most like `word`; "" where none is close."""
    found = difflib.get_close_matches(str(word)[:120], [str(one) for one in known], n=1, cutoff=CLOSE)
    return found[0] if found else ""
