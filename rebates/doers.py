"""Who did something, in words, where only a label was stored."""

from __future__ import annotations

from django.utils.translation import gettext as _

COMMANDS = ("settle", "programmes", "statements")  # of the terminal, that change what is told here


def doer(label: str) -> str:
    """A person as written; a command not as if it were one."""
    if label in COMMANDS:
        return _("the command line (%(name)s)") % {"name": label}
    return label
