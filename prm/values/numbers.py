"""Numbers that people read out on the telephone."""

from __future__ import annotations

import secrets
from datetime import date

# Crockford's base 32: no I, L, O or U, so that nothing is misread.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def random_number(prefix: str, *, on: date, length: int = 5) -> str:
    """`DR-2611-7K3Q9`: prefix, year and month, random letters. Says nothing about how many there are."""
    # The first character is a digit: a number must never read as a word.
    tail = secrets.choice("23456789") + "".join(secrets.choice(ALPHABET) for _ in range(length - 1))
    return f"{prefix}-{on:%y%m}-{tail}"
