"""The flow document: what a flow says, as data. Pure: no table, no subject, no clock.

    document = parse(data)            # DocumentInvalid with every problem, each naming its step
    problems = check(data)            # the same as a list, [] when the shape is right
    data     = read_text(text)        # YAML or JSON from a file
    text     = document.to_text()     # stable: the same document gives the same bytes
    for place in document.walk(): …   # every step with its parents

The shape is in `docs/explanation/approvals.md`. Whether a flow of the right shape is *sound* (its people exist, its
branches can be reached) is another question, asked before it is published.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from prm.approvals.shapes import KINDS, MODES, OUTCOMES, OWN_KEYS, SCHEMA, THEN, WHO_KEYS, Check, Problem
from prm.values.errors import DomainError

__all__ = [
    "KINDS", "MODES", "OUTCOMES", "SCHEMA", "THEN", "WHO_KEYS", "Branch", "Document", "DocumentInvalid", "Place",
    "Problem", "Step", "check", "parse", "read_text",
]  # fmt: skip
LONGEST_FILE = 500_000
# The order in which a step's parts are written.
ORDER = (
    "id",
    "kind",
    "name",
    "name_zh",
    "when",
    "who",
    "to",
    "mode",
    "quorum",
    "deadline",
    "text",
    "text_zh",
    "hours",
    "url",
)


class DocumentInvalid(DomainError):
    """`problems` has all of them; the sentence is the first."""

    code = "flow_invalid"
    message = _("The flow cannot be read: %(problem)s")

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__(problem=str(problems[0]))


@dataclass(frozen=True)
class Branch:
    """One way through a branching or parallel step. `when` is None for the default and in parallel steps."""

    id: str
    name: str
    name_zh: str
    when: Mapping[str, Any] | None
    steps: tuple[Step, ...]

    @property
    def label(self) -> str:
        return _in_language(self.name, self.name_zh) or self.id


@dataclass(frozen=True)
class Step:
    """A step. `says` holds what its kind says: who, mode, quorum, deadline, to, text, hours, when, outcome, …"""

    id: str
    kind: str
    name: str
    name_zh: str
    says: Mapping[str, Any]
    branches: tuple[Branch, ...] = ()

    @property
    def label(self) -> str:
        """The step's name in the active language; of one without a name, who decides there or what it does."""
        from prm.approvals.wording import nameless

        return _in_language(self.name, self.name_zh) or nameless(self.kind, self.says) or self.id

    @property
    def mode(self) -> str:
        return self.says.get("mode", "one")

    @property
    def deadline(self) -> Mapping[str, Any]:
        return self.says.get("deadline") or {}

    def inside(self) -> Iterator[Step]:
        """The step itself and every step nested in it."""
        yield self
        for branch in self.branches:
            for step in branch.steps:
                yield from step.inside()


@dataclass(frozen=True)
class Place:
    """A step, and where it stands: `parents` are the (step, branch) pairs around it, the outermost first."""

    step: Step
    parents: tuple[tuple[Step, Branch], ...]
    siblings: tuple[Step, ...]
    index: int

    @property
    def depth(self) -> int:
        return len(self.parents)

    @property
    def following(self) -> tuple[Step, ...]:
        """The steps after it in its own sequence."""
        return self.siblings[self.index + 1 :]


@dataclass(frozen=True)
class Document:
    subject: str
    name: str
    name_zh: str
    steps: tuple[Step, ...]

    def walk(self) -> Iterator[Place]:
        """Every step in reading order: a step before the steps of its branches."""
        yield from _walk(self.steps, ())

    @cached_property
    def places(self) -> dict[str, Place]:
        return {place.step.id: place for place in self.walk()}

    def step(self, step_id: str) -> Step:
        """The step with this id; KeyError when there is none."""
        return self.places[step_id].step

    def from_on(self, step_id: str) -> frozenset[str]:
        """The ids of a step and of all that comes after it: what is undone when a run goes back there."""
        place = self.places[step_id]
        undone = [*place.step.inside(), *(s for step in place.following for s in step.inside())]
        for parent, _branch in place.parents:
            undone += [s for step in self.places[parent.id].following for s in step.inside()]
        return frozenset(step.id for step in undone)

    def to_data(self) -> dict[str, Any]:
        """The document as plain data, in one fixed order."""
        data: dict[str, Any] = {"schema": SCHEMA, "subject": self.subject, "name": self.name}
        if self.name_zh:
            data["name_zh"] = self.name_zh
        return data | {"steps": [_step_data(step) for step in self.steps]}

    def to_text(self) -> str:
        """The document as YAML, the same for the same document."""
        return yaml_text(self.to_data())


def yaml_text(data: Any) -> str:
    """Plain data as YAML, the same for the same data."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 110
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def check(data: Any) -> list[Problem]:
    """Everything that is wrong with the document's shape; [] when it can be used."""
    checking = Check(in_text=True)
    checking.document(data)
    return checking.told()


def parse(data: Any) -> Document:
    """The document that `data` describes. Raises DocumentInvalid."""
    problems = check(data)
    if problems:
        raise DocumentInvalid(problems)
    return Document(data["subject"], data["name"], data.get("name_zh", ""), tuple(map(_step, data["steps"])))


def parse_once(data: Any) -> Document:
    """`parse` for what is asked for again and again: the same text gives the same Document, which nobody changes."""
    return _parsed(json.dumps(data, sort_keys=True, ensure_ascii=False))


@lru_cache(maxsize=256)
def _parsed(text: str) -> Document:
    return parse(json.loads(text))


def read_text(text: str) -> Any:
    """The data in a YAML (or JSON) text, for `parse`. Raises DocumentInvalid when it is neither, or huge."""
    if len(text) > LONGEST_FILE:
        raise DocumentInvalid([Problem("", "", str(_("The text is too long for a flow.")))])
    if "&" in text and _has_anchor(text):
        raise DocumentInvalid([Problem("", "", str(_("The text uses anchors, which a flow does not need.")))])
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        words = str(_("The text is not YAML: line %(line)s.") % {"line": line})
        raise DocumentInvalid([Problem("", f"line {line}", words)]) from None
    return data


def _has_anchor(text: str) -> bool:
    """Aliases let a short text stand for a huge one."""
    from ruamel.yaml.tokens import AliasToken, AnchorToken

    try:
        return any(
            isinstance(token, AnchorToken | AliasToken) for token in YAML(typ="safe", pure=True).scan(text)
        )
    except YAMLError:
        return False


def _walk(steps: tuple[Step, ...], parents: tuple[tuple[Step, Branch], ...]) -> Iterator[Place]:
    for index, step in enumerate(steps):
        yield Place(step, parents, steps, index)
        for branch in step.branches:
            yield from _walk(branch.steps, (*parents, (step, branch)))


def _step(data: Mapping[str, Any]) -> Step:
    says = {key: data[key] for key in OWN_KEYS[data["kind"]] - {"branches"} if key in data}
    branches = tuple(map(_branch, data.get("branches", ())))
    return Step(data["id"], data["kind"], data.get("name", ""), data.get("name_zh", ""), says, branches)


def _branch(data: Mapping[str, Any]) -> Branch:
    steps = tuple(map(_step, data.get("steps", ())))
    return Branch(data["id"], data.get("name", ""), data.get("name_zh", ""), data.get("when"), steps)


def _step_data(step: Step) -> dict[str, Any]:
    data = _named(step) | {"kind": step.kind} | dict(step.says)
    written = {key: _plain(data[key]) for key in ORDER if key in data}
    written |= {key: _plain(data[key]) for key in sorted(set(data) - set(ORDER))}
    if step.branches:
        written["branches"] = [_branch_data(branch) for branch in step.branches]
    return written


def _branch_data(branch: Branch) -> dict[str, Any]:
    data = _named(branch)
    if branch.when is not None:
        data["when"] = _plain(branch.when)
    return data | {"steps": [_step_data(step) for step in branch.steps]}


def _named(one: Step | Branch) -> dict[str, Any]:
    return {"id": one.id} | {key: getattr(one, key) for key in ("name", "name_zh") if getattr(one, key)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _in_language(text: str, chinese: str) -> str:
    return chinese if chinese and (get_language() or "").startswith("zh") else text
