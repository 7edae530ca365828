"""What differs between two flow documents, in sentences: read before publishing, restoring or overwriting a draft."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from prm.approvals.wording import MODES, Words
from prm.approvals.world import World


@dataclass(frozen=True)
class Change:
    """kind: added, removed, moved or changed; `node` is its id ("" the flow itself)."""

    kind: str
    node: str
    text: str


@dataclass(frozen=True)
class _Node:
    data: Mapping[str, Any]
    home: str
    is_branch: bool


def changes(old: Any, new: Any, world: World) -> list[Change]:
    """From `old` to `new`, in the order of the new document; what is gone stands at the end."""
    comparison = _Comparison(old, new, world)
    return comparison.changes()


def text_difference(old: str, new: str, old_name: str, new_name: str) -> list[str]:
    """The two texts line by line, as `diff -u` writes it."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), old_name, new_name, lineterm="", n=2)
    return list(lines)


class _Comparison:
    def __init__(self, old: Any, new: Any, world: World):
        self.old, self.new = _nodes(old), _nodes(new)
        self.old_data = old if isinstance(old, Mapping) else {}
        self.new_data = new if isinstance(new, Mapping) else {}
        self.old_words, self.new_words = Words(old, world), Words(new, world)
        self.old_labels, self.new_labels = self.old_words.labels(), self.new_words.labels()

    def changes(self) -> list[Change]:
        found = []
        for key in ("name", "name_zh"):
            was, becomes = self.old_data.get(key, ""), self.new_data.get(key, "")
            if was != becomes:
                found.append(Change("changed", "", _said(_("The flow"), _("name"), was, becomes)))
        moved = self._moved()
        for own in self.new:
            if own not in self.old:
                if not self._is_shown(own, self.new_labels):
                    continue
                text = _("Added: %(what)s") % {"what": self._what(own, self.new_labels)}
                found.append(Change("added", own, text))
                continue
            name = self._name(own, self.new_labels)
            if own in moved:
                found.append(Change("moved", own, _("Moved: %(what)s") % {"what": name}))
            found += [Change("changed", own, text) for text in self._changed(own, name)]
        for own in self.old:
            if own not in self.new and self._is_shown(own, self.old_labels):
                text = _("Deleted: %(what)s") % {"what": self._what(own, self.old_labels)}
                found.append(Change("removed", own, text))
        return found

    def _is_shown(self, own: str, labels: Mapping[str, Mapping[str, Any]]) -> bool:
        """A fork of conditions is told by its branches, a side without a name by its steps."""
        return bool(labels.get(own, {}).get("name"))

    def _name(self, own: str, labels: Mapping[str, Mapping[str, Any]]) -> str:
        label = labels.get(own)
        if label is None:  # a fork of conditions: called by its first branch
            branches = self.new[own].data.get("branches") or [{}]
            label = labels.get(str(branches[0].get("id", "")), {})
        top, name = label.get("top", ""), label.get("name", "") or own
        return _("%(kind)s “%(name)s”") % {"kind": top, "name": name} if top else f"“{name}”"

    def _what(self, own: str, labels: Mapping[str, Mapping[str, Any]]) -> str:
        name, sub = self._name(own, labels), labels.get(own, {}).get("sub", "")
        return _("%(what)s (%(detail)s)") % {"what": name, "detail": sub} if sub else name

    def _moved(self) -> set[str]:
        """Nodes that stand elsewhere: in another line, or before what they stood behind."""
        both = [own for own in self.new if own in self.old]
        found = {own for own in both if self.new[own].home != self.old[own].home}
        for home in {self.new[own].home for own in both}:
            now = [own for own in both if self.new[own].home == home and own not in found]
            was = [own for own in self.old if own in set(now)]
            matching = difflib.SequenceMatcher(None, was, now, autojunk=False).get_matching_blocks()
            kept = {own for block in matching for own in now[block.b : block.b + block.size]}
            found |= set(now) - kept
        return found

    def _changed(self, own: str, name: str) -> list[str]:
        was, becomes = self.old[own].data, self.new[own].data
        found = []
        for key in dict.fromkeys([*was, *becomes]):
            if key in ("id", "steps", "branches") or was.get(key) == becomes.get(key):
                continue
            before = self._value(key, was, self.old_words) if key in was else ""
            after = self._value(key, becomes, self.new_words) if key in becomes else ""
            found.append(_said(name, _key(key), before, after))
        return found

    def _value(self, key: str, node: Mapping[str, Any], words: Words) -> str:
        value = node.get(key)
        if key in ("who", "to"):
            return words.who(value)
        if key == "deadline":
            return words.deadline(value)
        if key == "when":
            return words.condition(value)
        if key == "mode":
            return str(MODES.get(str(value or "one"), value))
        if key == "hours":
            return words.hours(value)
        if key == "outcome":
            return _("Approve") if value == "approve" else _("Reject")
        return "" if value is None else str(value)


def _said(name: str, key: str, was: str, becomes: str) -> str:
    if not was:
        return _("%(name)s: %(what)s is now “%(new)s”") % {"name": name, "what": key, "new": becomes}
    if not becomes:
        return _("%(name)s: %(what)s “%(old)s” was taken out") % {"name": name, "what": key, "old": was}
    return _("%(name)s: %(what)s was “%(old)s”, is now “%(new)s”") % {
        "name": name, "what": key, "old": was, "new": becomes,
    }  # fmt: skip


def _key(key: str) -> str:
    return {
        "name": _("name"), "name_zh": _("Chinese name"), "who": _("who decides"), "mode": _("when there are several"),
        "quorum": _("quorum"), "deadline": _("deadline"), "to": _("who is told"), "text": _("text"),
        "text_zh": _("Chinese text"), "hours": _("time"), "when": _("condition"), "outcome": _("decision"),
        "field": _("field"), "value": _("value"), "url": _("address"), "kind": _("kind"),
    }.get(key, key)  # fmt: skip


def _nodes(data: Any) -> dict[str, _Node]:
    """Every step and branch by id, in reading order, with the id of the node that holds it."""
    found: dict[str, _Node] = {}

    def line(steps: Any, home: str, depth: int) -> None:
        for step in steps if isinstance(steps, list) and depth < 20 else []:
            if not isinstance(step, Mapping):
                continue
            own = str(step.get("id", ""))
            found.setdefault(own, _Node(step, home, False))
            for branch in step.get("branches") or []:
                if isinstance(branch, Mapping):
                    found.setdefault(str(branch.get("id", "")), _Node(branch, own, True))
                    line(branch.get("steps"), str(branch.get("id", "")), depth + 1)

    line(data.get("steps") if isinstance(data, Mapping) else None, "", 0)
    return found
