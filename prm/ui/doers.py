"""Who did it, for the reader: a person by name; the product itself when a command or a job of its own did."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

# What jobs of the product call themselves. Commands are called by what is typed and need no words.
_JOBS = {
    "accruals": gettext_lazy("accruals"),
    "accounts": gettext_lazy("accounts"),
    "approval flow": gettext_lazy("approval flow"),
    "approved change": gettext_lazy("approved change"),
    "automations": gettext_lazy("automations"),
    "budgets": gettext_lazy("budgets"),
    "deleted fields": gettext_lazy("deleted fields"),
    "demo": gettext_lazy("set-up of the demo"),
    "imports": gettext_lazy("imports"),
    "invitation": gettext_lazy("invitation"),
    "month_end": gettext_lazy("end of the month"),
    "own fields": gettext_lazy("own fields"),
    "partner exit": gettext_lazy("partner exit"),
    "protections": gettext_lazy("protections"),
    "rebates.accrue": gettext_lazy("accruals of a month"),
    "rebates.announce": gettext_lazy("news of statements"),
    "rebates.settle": gettext_lazy("settlement"),
    "settlement": gettext_lazy("settlement"),
    "signatures": gettext_lazy("signatures"),
    "verify": pgettext_lazy("job", "verification of the audit trail"),
}


def doer(label: str, person_id: int | None) -> str:
    """`label` is the name as it was kept; without a person it is the product's. Empty stays empty."""
    if person_id is not None or not label:
        return label
    return _("the product (%(name)s)") % {"name": _JOBS.get(label, label)}


def known_doer(label: str) -> str:
    """Of a name that was kept without its person: a job of the product in words, anybody else by name."""
    return doer(label, None) if label in _JOBS else label
