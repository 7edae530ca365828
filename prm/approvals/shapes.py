"""The shape that a flow document must have; each problem names the step that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from prm.access.roles import Role
from prm.notices.texts import PLACEHOLDER
from prm.values.spelling import nearest

SCHEMA = 1
KINDS = ("approver", "branch", "parallel", "notice", "wait", "decide", "update", "webhook")
MODES = ("one", "all", "quorum", "in_turn")
THEN = ("none", "escalate", "approve", "reject")
# After these nobody is asked any more.
BY_ITSELF = ("approve", "reject")
OUTCOMES = ("approve", "reject")
MOST_STEPS, MOST_DEPTH, MOST_HOURS, MOST_PEOPLE, MOST_LEVELS = 200, 8, 2000, 50, 9
LONGEST_NAME, LONGEST_TEXT, LONGEST_ADDRESS = 120, 2000, 2000
NOTICE_PLACEHOLDERS = ("object", "submitter", "partner")
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

# What a step of each kind may say beside id, kind, name and name_zh.
OWN_KEYS = {
    "approver": {"who", "mode", "quorum", "deadline"},
    "branch": {"branches"},
    "parallel": {"branches"},
    "notice": {"to", "text", "text_zh"},
    "wait": {"hours"},
    "decide": {"when", "outcome"},
    "update": {"field", "value"},
    "webhook": {"url"},
}
# What each way of naming people needs.
WHO_KEYS = {
    "people": {"users"},
    "role": {"role"},
    "partner_manager": set(),
    "submitter_manager": set(),
    "level_up": {"levels"},
    "field": {"field"},
    "submitter": set(),
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: at which step (empty: the flow itself), where inside it, and the sentence."""

    step: str
    path: str
    message: str

    def __str__(self) -> str:
        return self.message


def number_of(value: Any) -> Decimal | None:
    """A number as documents may write it: a whole number or a decimal as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


@dataclass
class Check:
    """Goes through a document and gathers everything that is wrong with its shape.

    `in_text`: whoever reads the problems wrote a text; else they choose in the designer.
    """

    in_text: bool = False
    found: list[Problem] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    misspelled: set[str] = field(default_factory=set)
    # What the steps and branches are called that have a name, by id.
    called: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def say(self, step: str, path: str, message: str, /, **values: Any) -> None:
        self.found.append(Problem(step, path, message % values if values else message))

    def keys(self, own: str, data: Mapping[str, Any], known: set[str], path: str) -> None:
        """Keys that do not belong there; one that is merely misspelled is told once, not as missing too."""
        for key in sorted(set(map(str, data)) - known):
            meant = nearest(key, known - set(data))
            words = _("“%(id)s” says “%(key)s”, which its kind does not know.")
            self.say(own, f"{path}.{key}", words, id=own, key=key[:60])
            if meant:
                said = self.found.pop()
                more = _("Did you mean “%(meant)s”?") % {"meant": meant}
                self.found.append(replace(said, message=f"{said.message} {more}"))
                self.misspelled.add(f"{path}.{meant}")

    def told(self) -> list[Problem]:
        """What is wrong, each thing once; a step that has a name is called by it."""

        def is_told(path: str) -> bool:
            return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in self.misspelled)

        return [self._by_name(one) for one in self.found if not is_told(one.path)]

    def _by_name(self, one: Problem) -> Problem:
        name = self.called.get(one.step)
        return replace(one, message=one.message.replace(f"“{one.step}”", f"“{name}”", 1)) if name else one

    def document(self, data: Any) -> None:
        if not isinstance(data, Mapping):
            self.say("", "", _("A flow is a mapping with schema, subject, name and steps."))
            return
        if data.get("schema") != SCHEMA:
            self.say("", "schema", _("The schema is not %(number)s."), number=SCHEMA)
        for key in sorted(set(map(str, data)) - {"schema", "subject", "name", "name_zh", "steps"}):
            self.say("", key, _("“%(key)s” is not part of a flow."), key=key[:60])
        subject = data.get("subject")
        if not isinstance(subject, str) or not IDENTIFIER.fullmatch(subject):
            self.say("", "subject", _("The flow does not say what it is for."))
        self.names("", "", data, needed=True)
        self.steps("", data.get("steps"), path="steps", depth=1)
        if self.count > MOST_STEPS:
            self.say("", "steps", _("The flow has more than %(most)s steps."), most=MOST_STEPS)

    def names(self, step: str, path: str, data: Mapping[str, Any], *, needed: bool = False) -> None:
        for key in ("name", "name_zh"):
            value = data.get(key, "")
            if not isinstance(value, str) or len(value) > LONGEST_NAME:
                self.say(
                    step, path + key, _("A name is a text of at most %(most)s characters."), most=LONGEST_NAME
                )
            elif needed and key == "name" and not value.strip():
                self.say(step, path + key, _("The name is missing."))

    def identity(self, owner: str, data: Mapping[str, Any], path: str) -> str:
        """The id of a step or branch, or the owner's where it has none that can be used."""
        own = data.get("id")
        if not isinstance(own, str) or not IDENTIFIER.fullmatch(own):
            self.say(
                owner, f"{path}.id", _("An id is missing at %(path)s: letters, digits, - and _."), path=path
            )
            return owner
        if own in self.ids:
            self.say(own, f"{path}.id", _("The id “%(id)s” is used twice."), id=own)
        self.ids.add(own)
        names = [data.get(key) for key in ("name", "name_zh")]
        if all(isinstance(one, str | None) for one in names) and any(names):
            name, name_zh = (one or "" for one in names)
            chinese = (get_language() or "en").startswith("zh")
            self.called[own] = ((name_zh or name) if chinese else (name or name_zh))[:LONGEST_NAME]
        return own

    def steps(self, owner: str, steps: Any, *, path: str, depth: int) -> None:
        if not isinstance(steps, list):
            self.say(owner, path, _("The steps at %(path)s are not a list."), path=path)
            return
        if depth > MOST_DEPTH:
            self.say(owner, path, _("Steps are nested deeper than %(most)s levels."), most=MOST_DEPTH)
            return
        for number, step in enumerate(steps):
            self.count += 1
            if self.count > MOST_STEPS:
                return
            self.step(owner, step, path=f"{path}[{number}]", depth=depth)

    def step(self, owner: str, step: Any, *, path: str, depth: int) -> None:
        if not isinstance(step, Mapping):
            self.say(owner, path, _("The step at %(path)s is not a mapping."), path=path)
            return
        own = self.identity(owner, step, path)
        kind = step.get("kind")
        if kind not in KINDS:
            self.say(
                own,
                f"{path}.kind",
                _("“%(id)s” has a kind that does not exist: %(kind)s."),
                id=own,
                kind=str(kind)[:60],
            )
            return
        self.names(own, f"{path}.", step)
        self.keys(own, step, {"id", "kind", "name", "name_zh"} | OWN_KEYS[kind], path)
        if kind in ("branch", "parallel"):
            self.branches(
                own, step.get("branches"), path=f"{path}.branches", depth=depth, conditions=kind == "branch"
            )
        else:
            getattr(self, f"_{kind}")(own, step, path)

    def branches(self, own: str, branches: Any, *, path: str, depth: int, conditions: bool) -> None:
        if not isinstance(branches, list) or len(branches) < 2:
            self.say(own, path, _("“%(id)s” needs at least two branches."), id=own)
            return
        for number, branch in enumerate(branches):
            where = f"{path}[{number}]"
            if not isinstance(branch, Mapping):
                self.say(own, where, _("The branch at %(path)s is not a mapping."), path=where)
                continue
            name = self.identity(own, branch, where)
            self.names(name, f"{where}.", branch)
            known = {"id", "name", "name_zh", "steps"} | ({"when"} if conditions else set())
            self.keys(name, branch, known, where)
            is_last = number == len(branches) - 1
            if conditions and is_last and "when" in branch:
                self.say(
                    name,
                    f"{where}.when",
                    _("The last branch of “%(id)s” is the default: it has no condition."),
                    id=own,
                )
            if conditions and not is_last and not isinstance(branch.get("when"), Mapping):
                self.say(name, f"{where}.when", _("Branch “%(id)s” has no condition."), id=name)
            self.steps(name, branch.get("steps", []), path=f"{where}.steps", depth=depth + 1)

    def _approver(self, own: str, step: Mapping[str, Any], path: str) -> None:
        self.who(own, step.get("who"), f"{path}.who")
        mode = step.get("mode", "one")
        if mode not in MODES:
            self.say(
                own,
                f"{path}.mode",
                _("“%(id)s” does not say whether one, all, a quorum or each in turn decides."),
                id=own,
            )
        quorum = step.get("quorum")
        if mode == "quorum" and (
            isinstance(quorum, bool) or not isinstance(quorum, int) or not 1 <= quorum <= MOST_PEOPLE
        ):
            self.say(own, f"{path}.quorum", _("“%(id)s” does not say how many must approve."), id=own)
        if "deadline" in step:
            self.deadline(own, step["deadline"], f"{path}.deadline")

    def deadline(self, own: str, deadline: Any, path: str) -> None:
        if not isinstance(deadline, Mapping):
            self.say(own, path, _("The deadline of “%(id)s” is not a mapping."), id=own)
            return
        self.keys(own, deadline, {"hours", "remind", "then", "to"}, path)
        self.hours(own, deadline.get("hours"), f"{path}.hours")
        remind, hours = deadline.get("remind"), number_of(deadline.get("hours"))
        if remind is not None:
            self.hours(own, remind, f"{path}.remind")
            early = number_of(remind)
            if early is not None and hours is not None and early >= hours:
                self.say(
                    own,
                    f"{path}.remind",
                    _(
                        "“%(id)s” reminds before it begins: its reminder is not fewer hours than its deadline."
                    ),
                    id=own,
                )
        then = deadline.get("then", "none")
        if then not in THEN:
            self.say(own, f"{path}.then", _("“%(id)s” does not say what happens after its deadline."), id=own)
        if then == "escalate":
            self.who(own, deadline.get("to"), f"{path}.to")

    def hours(self, own: str, value: Any, path: str) -> None:
        hours = number_of(value)
        if hours is None or not 1 <= hours <= MOST_HOURS:
            self.say(
                own,
                path,
                _("The hours of “%(id)s” are not a number from 1 to %(most)s."),
                id=own,
                most=MOST_HOURS,
            )

    def who(self, own: str, who: Any, path: str) -> None:
        kind = who.get("kind") if isinstance(who, Mapping) else None
        if kind not in WHO_KEYS and isinstance(kind, str) and kind:
            self.unknown_who(own, kind, f"{path}.kind")
            return
        if kind not in WHO_KEYS:
            later = path.endswith("deadline.to")
            words = (
                _("“%(id)s” does not say to whom it escalates.") if later else _("“%(id)s” does not say who.")
            )
            self.say(own, path, words, id=own)
            return
        self.keys(own, who, {"kind"} | WHO_KEYS[kind], path)
        if kind == "people":
            users = who.get("users")
            if (
                not isinstance(users, list)
                or not users
                or len(users) > MOST_PEOPLE
                or not all(isinstance(one, str) and "@" in one for one in users)
            ):
                words = (
                    _("“%(id)s” names nobody yet: write the e-mail address of at least one person.")
                    if self.in_text
                    else _("“%(id)s” names nobody yet: tick at least one person.")
                )
                self.say(own, f"{path}.users", words, id=own)
        elif kind == "role" and not who.get("role"):
            self.say(own, f"{path}.role", _("“%(id)s” does not say which role. Choose one."), id=own)
        elif kind == "role" and who["role"] not in Role.values:
            self.say(own, f"{path}.role", _("“%(id)s” names a role that does not exist."), id=own)
        elif kind == "level_up":
            levels = who.get("levels")
            if isinstance(levels, bool) or not isinstance(levels, int) or not 1 <= levels <= MOST_LEVELS:
                self.say(own, f"{path}.levels", _("“%(id)s” does not say how many levels up."), id=own)
        elif kind == "field" and not _is_name(who.get("field")):
            self.say(own, f"{path}.field", _("“%(id)s” does not say which field names the people."), id=own)

    def unknown_who(self, own: str, kind: str, path: str) -> None:
        """It does say who, by a kind that does not exist: the nearest one is offered, else all are named."""
        words = _("“%(id)s” says who by a kind that does not exist: “%(kind)s”.") % {
            "id": own,
            "kind": kind[:60],
        }
        meant = nearest(kind, WHO_KEYS)
        more = _("Did you mean “%(meant)s”?") % {"meant": meant} if meant else ""
        known = "" if meant else _("There are: %(kinds)s.") % {"kinds": ", ".join(WHO_KEYS)}
        self.say(own, path, f"{words} {more or known}")

    def _notice(self, own: str, step: Mapping[str, Any], path: str) -> None:
        self.who(own, step.get("to"), f"{path}.to")
        for key in ("text", "text_zh"):
            text = step.get(key, "")
            if not isinstance(text, str) or len(text) > LONGEST_TEXT:
                self.say(
                    own,
                    f"{path}.{key}",
                    _("The text of “%(id)s” is longer than %(most)s characters."),
                    id=own,
                    most=LONGEST_TEXT,
                )
            elif key == "text" and not text.strip():
                self.say(own, f"{path}.{key}", _("“%(id)s” sends an empty text."), id=own)
            else:
                self._placeholders(own, text, f"{path}.{key}")

    def _placeholders(self, own: str, text: str, path: str) -> None:
        for name in PLACEHOLDER.findall(text):
            if name not in NOTICE_PLACEHOLDERS:
                words = _(
                    "“%(id)s” holds {%(name)s}."
                    " In a notice {object}, {submitter} and {partner} are filled in, no others."
                )
                self.say(own, path, words, id=own, name=name)

    def _wait(self, own: str, step: Mapping[str, Any], path: str) -> None:
        self.hours(own, step.get("hours"), f"{path}.hours")

    def _decide(self, own: str, step: Mapping[str, Any], path: str) -> None:
        if not isinstance(step.get("when"), Mapping):
            self.say(
                own, f"{path}.when", _("“%(id)s” has no condition. Write {} where it always holds."), id=own
            )
        if step.get("outcome") not in OUTCOMES:
            self.say(own, f"{path}.outcome", _("“%(id)s” says neither approve nor reject."), id=own)

    def _update(self, own: str, step: Mapping[str, Any], path: str) -> None:
        if not _is_name(step.get("field")):
            self.say(own, f"{path}.field", _("“%(id)s” does not say which field it sets."), id=own)
        value = step.get("value")
        if "value" not in step or not (value is None or isinstance(value, bool | int | str)):
            self.say(
                own, f"{path}.value", _("“%(id)s” sets no value: a text, a whole number, yes or no."), id=own
            )
        elif isinstance(value, str) and len(value) > LONGEST_TEXT:
            self.say(
                own,
                f"{path}.value",
                _("The text of “%(id)s” is longer than %(most)s characters."),
                id=own,
                most=LONGEST_TEXT,
            )

    def _webhook(self, own: str, step: Mapping[str, Any], path: str) -> None:
        url = step.get("url")
        if not isinstance(url, str) or not url.strip() or len(url) > LONGEST_ADDRESS:
            self.say(own, f"{path}.url", _("“%(id)s” does not say which address it calls."), id=own)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 80
