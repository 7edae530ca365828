"""Every view says who may call it; a house test finds those that forgot."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from prm.access.rules import require


def requires(*verbs: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only actors who may do one of `verbs` enter; others get the 403 page of the area."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(request: Any, *args: Any, **kwargs: Any) -> Any:
            # The last refusal speaks, so that somebody with several ways in is told about one.
            for verb in verbs[:-1]:
                if verb in request.actor.permissions:
                    require(request.actor, verb)
                    break
            else:
                require(request.actor, verbs[-1])
            return view(request, *args, **kwargs)

        checked.required_verbs = verbs  # type: ignore[attr-defined]
        return checked

    return decorate


def public(view: Callable[..., Any]) -> Callable[..., Any]:
    """A page for visitors who have not signed in."""
    view.is_public = True  # type: ignore[attr-defined]
    view.login_not_required = True  # type: ignore[attr-defined]
    return view


def signed_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """A page for everybody who has signed in, whatever the role; it shows only what is the actor's own."""
    view.is_for_signed_in = True  # type: ignore[attr-defined]
    return view


def safe_while_acting(view: Any) -> Any:
    """Mark a view whose POST changes nothing of the tenant's, such as ending the access or choosing one's language."""
    view.is_safe_while_acting = True
    return view
