"""What a rule says against a press, told to whoever pressed.

with refusals.told(request):
    services.confirm_return(found=found, by=request.actor)
    messages.success(request, _("Confirmed."))
return redirect(found)

Verb(_("Confirm"), post=address, why_not=refusals.why_not(refuse_to_confirm, found, actor))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from prm.ui import formats
from prm.values.errors import DomainError, NotAllowed


@contextmanager
def told(request: HttpRequest) -> Iterator[None]:
    """A DomainError within becomes a message; what comes after it within is left out. NotAllowed has its own page."""
    try:
        yield
    except NotAllowed:
        raise
    except DomainError as refusal:
        messages.error(request, formats.refusal(refusal))


def why_not(rule: Callable[..., None], *arguments: Any) -> str:
    """What the rule says against it, for a verb that is shown and cannot be pressed; "" where it agrees."""
    try:
        rule(*arguments)
    except DomainError as refusal:
        return formats.refusal(refusal)
    return ""
