"""Errors that a user can understand and act on."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule said no. Subclasses give `code`, a translated `message` with %(names)s, and the `field` it belongs to.

    Raise with the values of the message: `raise ProtectionEnded(last_day=day)`.
    """

    code = "refused"
    message: Any = _("This is not possible now.")
    field: str | None = None

    def __init__(self, *, field: str | None = None, **values: Any):
        self.values = values
        if field is not None:
            self.field = field
        super().__init__(self.code)

    @property
    def text(self) -> str:
        """The sentence for the user, in the language now active."""
        return str(self.message) % self.values if self.values else str(self.message)

    def __str__(self) -> str:
        return self.text


class NotAllowed(DomainError):
    """The actor lacks the permission; a 403 for areas, never used for records the actor may not see."""

    code = "not_allowed"
    message = _("You may not do this. Ask your administrator.")


class ReadOnly(NotAllowed):
    code = "read_only"
    message = _("You are acting for somebody with read access only.")


class Unusual(DomainError):
    """Possible, but hardly meant: the service does it when it is told so with `anyway=True`."""

    code = "unusual"


class Stale(DomainError):
    """Somebody else was faster; nothing was changed."""

    code = "stale"
    message = _("This was changed in the meantime. Load the page again.")
