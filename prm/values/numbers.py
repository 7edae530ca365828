"""Numbers that people read out on the telephone."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from django.db import connection

# Crockford's base 32: no I, L, O or U, so that nothing is misread.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# The lock keeps the number from a transaction beside this one that drew the same and has not written it yet.
_IS_FREE = """
SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 8)) AND NOT EXISTS (SELECT FROM {table} WHERE number = %s)
"""


def new_number(prefix: str, model: Any, *, on: date, length: int = 5) -> str:
    """`DR-2611-7K3Q9`: prefix, year and month of `on`, random letters. Says nothing about how many there are.

    No row of `model` in this tenant has the number, and nobody else is given it before the transaction ends.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        while True:
            number = _random_number(prefix, on=on, length=length)
            cursor.execute(
                _IS_FREE.format(table=table), [f"{connection.schema_name}:{table}:{number}", number]
            )
            if cursor.fetchone()[0]:
                return number


def _random_number(prefix: str, *, on: date, length: int) -> str:
    # The first character is a digit: a number must never read as a word.
    tail = secrets.choice("23456789") + "".join(secrets.choice(ALPHABET) for _ in range(length - 1))
    return f"{prefix}-{on:%y%m}-{tail}"
