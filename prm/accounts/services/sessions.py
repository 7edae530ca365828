"""Ending sessions."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from prm.access.rules import require
from prm.accounts import devices
from prm.accounts.models import User
from prm.audit.services import record
from prm.values.actor import Actor


def sessions_of(user: User) -> list[UserSession]:
    """The sessions that still live, newest activity first; rows of dead ones are swept away."""
    return sorted(UserSession.objects.purge_and_list(user), key=lambda row: row.last_seen_at, reverse=True)


@transaction.atomic
def end_session(*, user: User, session_id: int, by: Actor) -> bool:
    """End one of one's own sessions. False when it is not there (any more)."""
    require(by, "accounts.change_own")
    rows = UserSession.objects.filter(user=user, pk=session_id)
    ended = _end(rows)
    if ended:
        record(user, "sessions_ended", by=by, changes={"count": [None, ended]})
    return bool(ended)


@transaction.atomic
def end_other_sessions(*, user: User, keep: str, by: Actor) -> int:
    """End all of one's own sessions but the one with the key `keep`. Returns how many ended."""
    require(by, "accounts.change_own")
    ended = _end(UserSession.objects.filter(user=user).exclude(session_key=keep))
    if ended:
        record(user, "sessions_ended", by=by, changes={"count": [None, ended]})
    return ended


def forget_session(key: str | None) -> None:
    """The person signs out of the session with this key."""
    UserSession.objects.filter(session_key=key).delete()


def end_all_sessions(user: User) -> int:
    """End every session and forget every device of `user`; the calling service checks and records."""
    devices.forget_all(user)
    return _end(UserSession.objects.filter(user=user))


def _end(rows: Iterable[UserSession]) -> int:
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    count = 0
    for row in rows:
        store.delete(row.session_key)
        row.delete()
        count += 1
    return count
