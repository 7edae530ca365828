"""Who did it, for the reader: a person by name; the product itself when a command or a job of its own did."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

# What jobs of the product call themselves. Commands are called by what is typed and need no words.
_JOBS = {
    "accounts": gettext_lazy("accounts"),
    "approval flow": gettext_lazy("approval flow"),
    "approved change": gettext_lazy("approved change"),
    "automations": gettext_lazy("automations"),
    "deleted fields": gettext_lazy("deleted fields"),
    "imports": gettext_lazy("imports"),
    "invitation": gettext_lazy("invitation"),
    "own fields": gettext_lazy("own fields"),
    "partner exit": gettext_lazy("partner exit"),
    "protections": gettext_lazy("protections"),
    "verify": pgettext_lazy("job", "verification of the audit trail"),
}


def doer(label: str, person_id: int | None) -> str:
    """`label` is the name as it was kept; without a person it is the product's. Empty stays empty."""
    if person_id is not None or not label:
        return label
    return _("the product (%(name)s)") % {"name": _JOBS.get(label, label)}
