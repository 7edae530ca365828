"""Pages of agreements, claims and price drops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages

from prm.ui import formats
from prm.values.errors import DomainError, NotAllowed


def press(request: Any, service: Callable[..., Any], done: str, **what: Any) -> None:
    """Call a service that needs nothing more, and say what came of it."""
    try:
        service(by=request.actor, **what)
        messages.success(request, done)
    except NotAllowed:
        raise
    except DomainError as refusal:
        messages.error(request, formats.refusal(refusal))
