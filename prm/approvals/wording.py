"""A flow in words: what stands on each node of the designer, in the active language.

    labels = Words(data, world).labels()     # id -> {"top", "name", "sub", "many"}
    name_of(step)                            # how a step is called where nothing but itself is known

Everything is read from the document, whatever its shape: an unfinished draft has words too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from prm.access.roles import Role
from prm.approvals.shapes import MOST_DEPTH, number_of
from prm.approvals.world import World
from prm.conditions import BadCondition, Condition
from prm.conditions.drafts import without_blanks
from prm.ui import formats

KINDS: dict[str, Any] = {
    "approver": gettext_lazy("Approver"),
    "branch": gettext_lazy("Condition"),
    "parallel": gettext_lazy("At the same time"),
    "notice": gettext_lazy("Notice"),
    "wait": gettext_lazy("Wait"),
    "decide": gettext_lazy("Automatic"),
    "update": gettext_lazy("Change a field"),
    "webhook": gettext_lazy("Webhook"),
}
WHO_KINDS: dict[str, Any] = {
    "people": gettext_lazy("Named people"),
    "role": gettext_lazy("A role"),
    "partner_manager": gettext_lazy("Partner’s channel manager"),
    "submitter_manager": gettext_lazy("Submitter’s manager"),
    "level_up": gettext_lazy("Levels above the submitter"),
    "field": gettext_lazy("People named in a field"),
    "submitter": gettext_lazy("Submitter"),
}
MODES: dict[str, Any] = {
    "one": pgettext_lazy("of several approvers", "One"),
    "all": pgettext_lazy("of several approvers", "All"),
    "quorum": gettext_lazy("Quorum"),
    "in_turn": gettext_lazy("In turn"),
}
THEN: dict[str, Any] = {
    "none": gettext_lazy("Wait on"),
    "escalate": gettext_lazy("Escalate"),
    "approve": gettext_lazy("Approve by itself"),
    "reject": gettext_lazy("Reject by itself"),
}
LONGEST = 160


def own_name(node: Mapping[str, Any]) -> str:
    """The name that somebody gave, in the active language; "" where nobody did."""
    chinese = str(node.get("name_zh") or "")
    name = chinese if chinese and (get_language() or "").startswith("zh") else str(node.get("name") or "")
    return name.strip()


def nameless(kind: str, says: Mapping[str, Any]) -> str:
    """What a step is called that nobody gave a name: who decides at it, else its kind."""
    who = says.get("who")
    if kind != "approver" or not isinstance(who, Mapping) or who.get("kind") not in WHO_KINDS:
        return str(KINDS.get(kind, ""))
    role = str(who.get("role"))
    return str(Role(role).label) if role in Role.values else str(WHO_KINDS[who["kind"]])


def name_of(node: Mapping[str, Any], label: Mapping[str, Any] | None = None) -> str:
    """What a person recognises a step or branch by: its name, else what the tree shows, else its kind and id."""
    if name := own_name(node):
        return f"“{name}”"
    if label and "kind" not in node and label["top"]:
        return f"“{label['top']}”"
    if label and label["name"]:
        return f"“{label['top']}: {label['name']}”" if label["top"] else f"“{label['name']}”"
    kind = KINDS.get(str(node.get("kind") or ("branch" if "id" in node else "")))
    return f"“{kind} {node.get('id', '')}”" if kind else _("The flow")


def unread(condition: Mapping[str, Any]) -> str:
    """What stands for a condition without a sentence: a field is yet to be chosen, or it cannot be read."""
    if without_blanks(dict(condition)) != condition:
        return _("No field chosen yet")
    return _("A condition that cannot be read")


class Words:
    """The words of one document; people are named where `world` knows them."""

    def __init__(self, data: Any, world: World):
        self.data = data if isinstance(data, Mapping) else {}
        self.world = world
        self.found: dict[str, dict[str, Any]] = {}

    def labels(self) -> dict[str, dict[str, Any]]:
        self._line(_list(self.data.get("steps")), "")
        return self.found

    # ---- nodes ----

    def _line(self, steps: list[Mapping[str, Any]], number: str, depth: int = 1) -> None:
        if depth > MOST_DEPTH + 1:
            return
        forks = 0
        for step in steps:
            kind = str(step.get("kind"))
            if kind in ("branch", "parallel"):
                forks += kind == "branch"
                self._fork(step, kind, number, forks, depth)
            else:
                self._put(step, *getattr(self, f"_{kind}", self._unknown)(step))

    def _fork(self, step: Mapping[str, Any], kind: str, number: str, forks: int, depth: int) -> None:
        branches = _list(step.get("branches"))
        if kind == "parallel":
            self._put(step, "", str(KINDS["parallel"]), self.joins(len(branches)))
        # The conditions of a line's second fork are 2-1, 2-2 …, so that no number stands twice.
        before = number if forks < 2 else f"{number}{forks}-"
        for at, branch in enumerate(branches, start=1):
            place = f"{before}{at}"
            if kind == "branch":
                self._branch(branch, place, is_default=at == len(branches))
            else:
                self._put(branch, "", own_name(branch), "")
            self._line(_list(branch.get("steps")), f"{place}." if kind == "branch" else number, depth + 1)

    def _put(self, node: Mapping[str, Any], top: str, name: str, sub: str, many: bool = False) -> None:
        given = own_name(node)
        if given and name and given != name:
            sub = f"{name} · {sub}" if sub and node.get("kind") == "approver" else sub or name
        self.found[str(node.get("id", ""))] = {"top": top, "name": given or name, "sub": sub, "many": many}

    def _branch(self, branch: Mapping[str, Any], place: str, *, is_default: bool) -> None:
        if is_default:
            self._put(branch, _("Otherwise"), _("Every other case"), "")
            return
        words = self.condition(branch.get("when"))
        self._put(branch, _("Condition %(place)s") % {"place": place}, words, "")

    def _approver(self, step: Mapping[str, Any]) -> tuple[str, str, str, bool]:
        who = step.get("who")
        mode = str(step.get("mode") or "one")
        count = self.count(who)
        many = mode != "one" or (count or 0) > 1
        return (
            self._approvers(mode, step, count, many),
            self.who(who),
            self.deadline(step.get("deadline")),
            many,
        )

    def _approvers(self, mode: str, step: Mapping[str, Any], count: int | None, many: bool) -> str:
        if mode == "quorum":
            if not step.get("quorum"):
                return _("Approvers, quorum not set")
            if count:
                return _("Approvers, %(needed)s of %(count)s") % {
                    "needed": step.get("quorum"),
                    "count": count,
                }
            return _("Approvers, at least %(needed)s") % {"needed": step.get("quorum")}
        if mode == "all":
            return _("Approvers, all of %(count)s") % {"count": count} if count else _("Approvers, all")
        if mode == "in_turn":
            return _("Approvers, in turn")
        return _("Approvers, one of %(count)s") % {"count": count} if many else str(KINDS["approver"])

    def _notice(self, step: Mapping[str, Any]) -> tuple[str, str, str]:
        name = formats.filled(_("Tell %(who)s"), {"who": self.who(step.get("to"), inner=True)})
        return str(KINDS["notice"]), name, _short(str(step.get("text") or ""))

    def _wait(self, step: Mapping[str, Any]) -> tuple[str, str, str]:
        return str(KINDS["wait"]), self.hours(step.get("hours")), ""

    def _decide(self, step: Mapping[str, Any]) -> tuple[str, str, str]:
        outcome = _("Approve") if step.get("outcome") == "approve" else _("Reject")
        when = step.get("when")
        sub = (
            ""
            if when in ({}, {"all": []})
            else _("When %(condition)s") % {"condition": _lower(self.condition(when))}
        )
        return str(KINDS["decide"]), outcome, sub

    def _update(self, step: Mapping[str, Any]) -> tuple[str, str, str]:
        field, value = str(step.get("field") or ""), step.get("value")
        settable = self.world.settable.get(field)
        label = str(settable.label) if settable else field or _("No field yet")
        if settable and settable.choices is not None:
            value = dict(settable.choices()).get(value, value)
        if isinstance(value, bool):
            value = _("Yes") if value else _("No")
        return (
            str(KINDS["update"]),
            label,
            formats.filled(
                _("Becomes %(value)s"), {"value": value if value not in (None, "") else _("empty")}
            ),
        )

    def _webhook(self, step: Mapping[str, Any]) -> tuple[str, str, str]:
        return str(KINDS["webhook"]), _short(str(step.get("url") or _("No address yet"))), ""

    def _unknown(self, step: Mapping[str, Any]) -> tuple[str, str, str]:
        return str(step.get("kind"))[:40], str(step.get("id", "")), ""

    # ---- parts of sentences ----

    def condition(self, when: Any) -> str:
        if not isinstance(when, Mapping):
            return _("No condition yet")
        try:
            return _short(Condition(dict(when), self.world.fields, lookup=self.world.lookup).sentence())
        except BadCondition:
            return unread(when)

    def who(self, who: Any, *, inner: bool = False) -> str:
        """“Partner’s channel manager”; `inner` stands within a sentence."""
        if not isinstance(who, Mapping) or who.get("kind") not in WHO_KINDS:
            return _("nobody yet") if inner else _("Nobody yet")
        kind = who["kind"]
        if kind == "people":
            named = [self._person(email) for email in _texts(who.get("users"))]
            return _short(_(", ").join(named)) if named else _("nobody yet") if inner else _("Nobody yet")
        if kind == "role":
            role = str(who.get("role"))
            if role in Role.values:
                return str(Role(role).label)
            if who.get("role"):
                return _("An unknown role")
            return _("no role chosen yet") if inner else _("No role chosen yet")
        if kind == "level_up" and isinstance(who.get("levels"), int):
            levels = who["levels"]
            return ngettext(
                "%(levels)s level above the submitter", "%(levels)s levels above the submitter", levels
            ) % {"levels": levels}
        if kind == "field":
            field = str(who.get("field") or "…")
            return _("People in “%(field)s”") % {"field": self.world.people_fields.get(field, field)}
        words = str(WHO_KINDS[kind])
        return _lower(words) if inner else words

    def _person(self, email: str) -> str:
        person = self.world.person(email)
        return person.name if person else email

    def count(self, who: Any) -> int | None:
        """How many people stand behind it, where the document tells."""
        if isinstance(who, Mapping) and who.get("kind") == "people":
            return len(_texts(who.get("users")))
        if isinstance(who, Mapping) and who.get("kind") == "role":
            return len(self.world.of_role.get(str(who.get("role")), ())) or None
        return None

    def hours(self, value: Any) -> str:
        hours = number_of(value)
        if hours is None:
            return _("No time yet")
        shown = formats.number(hours, None)
        return ngettext("%(hours)s working hour", "%(hours)s working hours", 1 if hours == 1 else 2) % {
            "hours": shown
        }

    def deadline(self, deadline: Any) -> str:
        """“16 working hours, then escalation to Director”."""
        if not isinstance(deadline, Mapping) or not deadline:
            return _("No deadline")
        hours, then = self.hours(deadline.get("hours")), deadline.get("then", "none")
        if then == "escalate":
            who = self.who(deadline.get("to"), inner=True)
            return formats.filled(_("%(hours)s, then escalation to %(who)s"), {"hours": hours, "who": who})
        if then == "approve":
            return _("%(hours)s, then approved by itself") % {"hours": hours}
        if then == "reject":
            return _("%(hours)s, then rejected by itself") % {"hours": hours}
        early = number_of(deadline.get("remind"))
        if early is not None:
            return _("%(hours)s, reminder %(early)s h before") % {
                "hours": hours,
                "early": formats.number(early, None),
            }
        return hours

    def joins(self, sides: int) -> str:
        if sides == 2:
            return _("Joins when both have ended")
        return pgettext("parallel sides", "Joins when all %(count)s have ended") % {"count": sides}


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _lower(words: str) -> str:
    """A sentence's beginning within another; Chinese and names in capitals stay."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words
