"""The words that company names are decorated with, read from `data/vocabulary.toml`.

What is in `LEGAL_*` says how a company is organised and is dropped from the core of its name;
`TRADES` and `TRADE_WORDS` say what it does and weigh little when two names are compared.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

_WORDS = tomllib.loads((Path(__file__).parent / "data" / "vocabulary.toml").read_text(encoding="utf-8"))

LEGAL_ZH: tuple[str, ...] = tuple(sorted(_WORDS["legal_zh"].split(), key=len, reverse=True))
LEGAL_LATIN_STRONG = frozenset(_WORDS["legal_latin_strong"].split())
LEGAL_LATIN_END = LEGAL_LATIN_STRONG | frozenset(_WORDS["legal_latin_end"].split())
LATIN_NOISE = frozenset(_WORDS["latin_noise"].split())
PUBLIC_MAIL = frozenset(_WORDS["public_mail"].split())
SHORTENED: dict[str, str] = _WORDS["shortened"]
TRADES: dict[str, str] = _WORDS["trades"]
TRADE_WORDS = frozenset(word for words in TRADES.values() for word in words.split()) | frozenset(
    SHORTENED.values()
)

# Marks put before the short names of listed firms.
EXCHANGE_MARK = r"^(?:\*?st|s\*st|xd|xr|dr)(?=[㐀-鿿])"
