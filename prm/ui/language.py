"""Where a person's choice of language is kept: accounts register the way to store it."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY

_keep: Callable | None = None
_note: Callable | None = None


def register_keeper(keep: Callable) -> None:
    """`keep(actor, code)` stores the choice with the account; called from an `AppConfig.ready()`."""
    global _keep
    _keep = keep


def register_noter(note: Callable) -> None:
    """`note(user, code)` remembers with the account in which language pages are read; see `seen`."""
    global _note
    _note = note


def seen(request, code: str) -> None:
    """Pages are shown to the person in `code`, as the browser said: a write only when it was another one before.

    Only where the browser said anything: a program that sends no language tells nothing about its person's.
    """
    said = settings.LANGUAGE_COOKIE_NAME in request.COOKIES or request.headers.get("Accept-Language")
    reads = said and request.method == "GET" and request.session.get(SESSION_KEY)
    if _note is not None and reads and getattr(request.user, "seen_language", code) != code:
        _note(request.user, code)


def choose(request, code: str) -> None:
    actor = getattr(request, "actor", None)
    if _keep is not None and actor is not None and actor.user_id:
        _keep(actor, code)
