"""Where a person's choice of language is kept: accounts register the way to store it."""

from collections.abc import Callable

_keep: Callable | None = None


def register_keeper(keep: Callable) -> None:
    """`keep(actor, code)` stores the choice with the account; called from an `AppConfig.ready()`."""
    global _keep
    _keep = keep


def choose(request, code: str) -> None:
    actor = getattr(request, "actor", None)
    if _keep is not None and actor is not None and actor.user_id:
        _keep(actor, code)
