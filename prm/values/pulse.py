"""A mark per tenant that changes whenever something happens there: what was counted may be kept until then.

    number = pulse.kept("work", actor, lambda: count(actor))

Every event beats, at once and again when it is committed. What changes without an event and without `beat()` shows
after KEPT_SECONDS. The mark and what is kept lie in the broker; without it everything is counted anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction

from prm.values.actor import Actor

KEPT_SECONDS = 10
MARK = "pulse"
MARK_SECONDS = 3600


def beat() -> None:
    """Something happened: nothing that was counted before is shown any more."""
    _mark()
    if connection.in_atomic_block and not any(planned[1] is _mark for planned in connection.run_on_commit):
        transaction.on_commit(_mark)


def _mark() -> None:
    try:
        cache.set(MARK, secrets.token_hex(8), MARK_SECONDS)
    except Exception:  # without the broker nothing is kept either
        return


def kept(name: str, actor: Actor, count: Callable[[], int]) -> int:
    """`count()` for this person, at most KEPT_SECONDS old and from after the last beat."""
    if not KEPT_SECONDS or actor.user_id is None:
        return count()
    key = f"{name}:{actor.user_id}:{actor.role}:{actor.partner_id}:{actor.acting_operator}"
    try:
        found = cache.get_many([MARK, key])
        mark = found.get(MARK) or cache.get_or_set(MARK, lambda: secrets.token_hex(8), MARK_SECONDS)
    except Exception:
        return count()
    counted_at, number = found.get(key, ("", 0))
    if counted_at != mark:
        number = count()
        _keep(key, (mark, number))
    return number


def _keep(key: str, value: Any) -> None:
    try:
        cache.set(key, value, KEPT_SECONDS)
    except Exception:
        return
