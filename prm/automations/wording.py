"""What an action does, as people read it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.automations import people
from prm.automations.models import Action
from prm.automations.updates import update_of
from prm.ui import said


def words_of(action: Action, *, in_both: bool = True) -> str:
    """Whom it tells what (in both languages, or in the reader's only), which field becomes what, which webhook."""
    if action.kind == Action.Kind.UPDATE:
        declared = action.automation.declared
        update = update_of(declared.subject, action.field) if declared else None
        return (
            f"{update.label}: {update.shown(action.value)}" if update else f"{action.field}: {action.value}"
        )
    if action.kind == Action.Kind.WEBHOOK:
        return action.receiver.name if action.receiver else _("The webhook was deleted.")
    texts = (action.text, action.text_zh) if in_both else (action.words,)
    told = " / ".join(f"“{text}”" for text in texts if text)
    told = f"{told} → {people.words(action.who)}"
    if not action.days:
        return told
    due = ngettext("due after %(days)s working day", "due after %(days)s working days", action.days)
    return f"{told} ({due % {'days': action.days}})"


def in_each(action: Action) -> said.InEach:
    """What an action does, kept for readers of each language."""
    return said.InEach(lambda: f"{action}: {words_of(action, in_both=False)}")
