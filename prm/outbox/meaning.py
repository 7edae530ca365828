"""What people read about a delivery that failed: who was to hear of it, and what its error means for them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prm.access.permissions import area_of

# By the class of the error, which is how a stored one begins.
_PASSING = {
    "OperationalError", "InterfaceError", "DatabaseError", "ConnectionError", "ConnectionResetError",
    "ConnectionRefusedError", "BrokenPipeError", "TimeoutError", "OSError", "LockNotAvailable", "DeadlockDetected",
    "SoftTimeLimitExceeded", "Unreachable",
}  # fmt: skip
_MEANINGS: dict[str, Any] = {
    "passing": gettext_lazy(
        "The database or another service did not answer at that moment. This mostly passes by itself: try again."
    ),
    "unknown": gettext_lazy(
        "This version of the product does not know this event or its receiver: another version wrote it. "
        "After an update, try again; if it fails again, give it up."
    ),
    "fault": gettext_lazy(
        "Most likely the product itself has a fault here. Tell whoever runs this portal, with the text below, and try "
        "again once it is mended. Give it up only if nobody needs to hear of the event any more."
    ),
}


def meaning_of(error: str) -> str:
    """A stored error ("KeyError: 'deadline'") in a sentence that says what to do; "" where there is none."""
    if not error:
        return ""
    kind = error.partition(":")[0].strip().rpartition(".")[2]
    if kind == "Undeclared":
        return str(_MEANINGS["unknown"])
    return str(_MEANINGS["passing" if kind in _PASSING else "fault"])


def tried_again(count: int) -> str:
    """What is told when deliveries are tried again: only that they are, for nobody knows yet how it goes."""
    words = ngettext(
        "%(count)s delivery is tried again. What fails again stands under “Tried again”.",
        "%(count)s deliveries are tried again. What fails again stands under “Tried again”.",
        count,
    )
    return words % {"count": count}


def receiver_words(listener: str, label: Any) -> str:
    """“Webhooks and robots” for a listener that has a `label`; else whose letters and notices did not go out."""
    if not listener:
        return _("all receivers")
    if label:
        return str(label)
    if listener.startswith("prm.notices."):
        return _("Notices and letters")
    area = area_of(listener.removeprefix("prm."))[1]
    return _("Notices: %(area)s") % {"area": area}
