"""Facts of a run in people's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from prm.approvals.calls import host_of
from prm.approvals.document import Document
from prm.approvals.engine import FLOW
from prm.approvals.history import END
from prm.ui import formats

ENDS = {"approve": "approved", "reject": "rejected", "cancelled": "cancelled"}


def step_name(document: Document, step_id: str) -> str:
    """The step's name; the last look where the machine was refused has a name of its own."""
    if step_id == END:
        return _("Last look")
    return document.step(step_id).label if step_id in document.places else step_id


def who_did(fact: Any) -> str:
    return _("the flow") if fact.user_id is None and fact.who == FLOW.label else fact.who


def fact_in_words(fact: Any, document: Document, names: Callable[[int], str] | None = None) -> str:
    """One fact as a sentence, such as "Lin Yue approved at Manager"; "" for what nobody needs to read."""
    values = {"who": who_did(fact), "step": step_name(document, fact.step) if fact.step else ""}
    sentence = _sentence(fact, values, names or name_of)
    return formats.filled(sentence, values) if sentence else ""


def name_of(user_id: int | None) -> str:
    user = get_user_model().objects.filter(pk=user_id).first()
    return str(user) if user is not None else "—"


def _plain_sentence(kind: str, says: Any) -> str:
    """Of the kinds of facts that have one sentence each, or two."""
    if kind == "resumed" and says.get("changed"):
        return _("%(who)s changed it and handed it in again")
    if says.get("by_link") and kind == "approved":
        return _("%(who)s approved by the link of a letter: %(step)s")
    if says.get("by_link") and kind == "rejected":
        return _("%(who)s rejected by the link of a letter: %(step)s")
    plain = {
        "started": _("Handed in by %(who)s"),
        "approved": _("%(who)s approved: %(step)s"),
        "rejected": _("%(who)s rejected: %(step)s"),
        "refused": _("People decide at %(step)s, because the flow could not go on by itself"),
        "escalated": _("Escalated after its deadline: %(step)s"),
        "moved": _("%(who)s moved it to another version of the flow"),
        "resumed": _("%(who)s answered"),
    }
    return plain.get(kind, "")


def _sentence(fact: Any, values: dict[str, str], names: Callable[[int], str]) -> str:
    says = fact.says
    plain = _plain_sentence(fact.kind, says)
    if plain:
        return plain
    if fact.kind == "opened" and says.get("instead"):
        return _("“%(step)s” names nobody who may decide about this, so the administrators are asked")
    if fact.kind == "returned":
        if says.get("to"):
            return _("%(who)s sent it back to an earlier step")
        return _("%(who)s returned it for changes")
    if fact.kind in ("handed", "added"):
        values["to"] = names(says["to"] if fact.kind == "handed" else says["user"])
        if fact.kind == "added":
            return _("%(who)s also asked %(to)s: %(step)s")
        if says.get("because") == "away":
            values["from"] = names(says["from"])
            return _("%(to)s stands in for %(from)s: %(step)s")
        if says.get("because") == "back":
            return _("%(to)s is back and decides again: %(step)s")
        if fact.user_id == says["to"]:
            values["from"] = names(says["from"])
            return _("%(who)s took over from %(from)s: %(step)s")
        return _("%(who)s handed over to %(to)s: %(step)s")
    if fact.kind == "left":
        values["from"] = names(says["user"])
        return _("%(from)s may not decide any more: %(step)s")
    if fact.kind == "passed" and says.get("because") == "deadline":
        return _("Approved by itself after the deadline: %(step)s")
    if fact.kind == "passed" and says.get("because") == "webhook":
        values["host"] = host_of(says["url"])
        return _("%(host)s is told: %(step)s")
    if fact.kind == "decided":
        if says["outcome"] == "approve":
            return _("Approved by rule: %(step)s")
        if says.get("because") == "deadline":
            return _("Rejected by itself after the deadline: %(step)s")
        return _("Rejected by rule: %(step)s")
    return ""
