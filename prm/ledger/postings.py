"""The table of postings: which event moves money from which kind of account to which.

Apps add their events in `apps.py`; `docs/reference/postings.md` prints the table, and a test compares both.
"""

from __future__ import annotations

from prm.ledger.errors import UnknownPosting

_postings: dict[str, list[tuple[str, str]]] = {}


def register(event: str, *, debit: str, credit: str) -> None:
    """Allow `event` to post from `debit` to `credit` (kinds of accounts)."""
    pairs = _postings.setdefault(event, [])
    if (debit, credit) not in pairs:
        pairs.append((debit, credit))


def table() -> list[tuple[str, str, str]]:
    """All rows: event, debit, credit; by event."""
    return [(event, *pair) for event, pairs in sorted(_postings.items()) for pair in pairs]


def check(event: str, debit: str, credit: str) -> None:
    """Raise UnknownPosting unless the table allows it."""
    if (debit, credit) not in _postings.get(event, ()):
        raise UnknownPosting(event=event, debit=debit, credit=credit)
