"""What a flow would do with a case, without doing it: whom it asks, in which order, how it ends. Writes nothing.

    way = Simulation(document, subject).way(case)      # Way(asks, outcome)

A case is asked as it is today. A step that changes a field is passed without changing it, and who stands in for whom
today plays no part.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from prm.approvals import people
from prm.approvals.document import Branch, Document, Step
from prm.approvals.models import ApprovalRun
from prm.approvals.subjects import Subject
from prm.conditions import reading, rows
from prm.values import clock

ADMINISTRATORS = {"kind": "role", "role": "administrator"}


@dataclass(frozen=True)
class Case:
    """A real object with the run in which it was decided. The run may be a mere shell for an object without one."""

    run: ApprovalRun
    obj: Any

    @property
    def title(self) -> str:
        return self.run.title or str(self.obj)


@dataclass(frozen=True)
class Ask:
    """People asked at one step: `users` are those who may decide, `who` says whom the document asks, or, where
    none of those may, the administrators."""

    step: str
    who: str
    users: tuple[int, ...]
    mode: str = "one"
    quorum: int = 1
    deadline: str = "{}"

    @property
    def whom(self) -> tuple[Any, ...]:
        """What makes it the same question to the same people, whatever the step is called."""
        return (self.users or self.who, self.mode if len(self.users) != 1 else "one", self.quorum)


@dataclass(frozen=True)
class Stage:
    """One thing after another: an Ask, a wait in hours, or sides that run at the same time."""

    ask: Ask | None = None
    hours: Decimal = Decimal(0)
    sides: tuple[tuple[Stage, ...], ...] = ()


@dataclass(frozen=True)
class Way:
    stages: tuple[Stage, ...]
    outcome: str  # "people" decided; "approve" or "reject": the machine did, at `by`
    by: str = ""

    @property
    def asks(self) -> list[Ask]:
        return list(_asks(self.stages))


def _asks(stages: Sequence[Stage]) -> list[Ask]:
    found: list[Ask] = []
    for stage in stages:
        if stage.ask:
            found.append(stage.ask)
        for side in stage.sides:
            found += _asks(side)
    return found


@dataclass(frozen=True)
class Asked:
    """Who would be asked at a step. `left_out`: named for it, but without authority over this case's partner."""

    users: tuple[int, ...]
    left_out: tuple[int, ...] = ()
    passed_on: bool = False  # nobody of those named may decide, so the administrators are asked


class Directory:
    """Who is asked, case by case; what does not depend on the case is looked up once."""

    def __init__(self, subject: Subject):
        self.subject = subject
        self.named: dict[str, list[Any]] = {}
        self.sees: dict[int, frozenset[int] | None] = {}

    def asked(self, who: Mapping[str, Any], case: Case) -> Asked:
        """The people who would be asked; the office's fallback where the flow finds nobody who may."""
        named = self._resolved(who, case)
        found = {user.pk for user in named if self._may(user, case)}
        own = people.own_of(case.run, case.obj, self.subject)
        left_out = {user.pk for user in named} - found - own if who["kind"] == "people" else ()
        if found:
            return Asked(tuple(sorted(found)), tuple(sorted(left_out)))
        administrators = {user.pk for user in self._resolved(ADMINISTRATORS, case)}
        return Asked(tuple(sorted(administrators)), tuple(sorted(left_out)), passed_on=True)

    def _resolved(self, who: Mapping[str, Any], case: Case) -> list[Any]:
        if who["kind"] not in ("people", "role"):
            return people.resolve(who, case.run, case.obj, self.subject)
        key = json.dumps(who, sort_keys=True)
        if key not in self.named:
            self.named[key] = people.resolve(who, case.run, case.obj, self.subject)
        return self.named[key]

    def _may(self, user: Any, case: Case) -> bool:
        if not people.decides(user, self.subject):
            return False
        if user.pk in people.own_of(case.run, case.obj, self.subject):
            return False
        if user.pk not in self.sees:
            self.sees[user.pk] = people.partner_ids_of_user(user)
        visible = self.sees[user.pk]
        return visible is None or case.run.partner_id is None or case.run.partner_id in visible


class Simulation:
    def __init__(self, document: Document, subject: Subject, directory: Directory | None = None):
        self.document, self.subject = document, subject
        self.directory = directory or Directory(subject)
        self.today = clock.today()
        self.read: dict[str, Any] = {}
        # How many cases took each branch.
        self.taken: Counter[str] = Counter()
        # How many cases came to each webhook step.
        self.called: Counter[str] = Counter()
        # How many cases found nobody who may decide at a step, and how often somebody named may not: (step, user).
        self.passed_on: Counter[str] = Counter()
        self.left_out: Counter[tuple[str, int]] = Counter()

    def way(self, case: Case) -> Way:
        stages, ended = self._line(self.document.steps, case)
        if ended is not None:
            return Way(stages, str(ended.says["outcome"]), ended.id)
        return Way(stages, "people" if _asks(stages) else "approve")

    def holds(self, condition: Mapping[str, Any], case: Case) -> bool:
        key = json.dumps(condition, sort_keys=True, default=str)
        if key not in self.read:
            self.read[key] = reading.read(dict(condition), self.subject.conditions or self.subject.code)
        return rows.true_of(self.read[key], case.obj, self.today)

    def _line(self, steps: Sequence[Step], case: Case) -> tuple[tuple[Stage, ...], Step | None]:
        """The stages of a sequence, and the decision of the machine that ended it."""
        stages: list[Stage] = []
        for step in steps:
            more, ended = self._step(step, case)
            stages += more
            if ended is not None:
                return tuple(stages), ended
        return tuple(stages), None

    def _step(self, step: Step, case: Case) -> tuple[tuple[Stage, ...], Step | None]:
        says = step.says
        if step.kind == "approver":
            return (Stage(ask=self._ask(step, case)),), None
        if step.kind == "wait":
            return (Stage(hours=Decimal(says["hours"])),), None
        if step.kind == "webhook":
            self.called[step.id] += 1
        if step.kind == "decide" and self.holds(says["when"], case):
            return (), step
        if step.kind == "branch":
            branch = self._branch(step, case)
            self.taken[branch.id] += 1
            return self._line(branch.steps, case)
        if step.kind == "parallel":
            sides = [self._line(branch.steps, case) for branch in step.branches]
            ended = next((one for _stages, one in sides if one is not None), None)
            return (Stage(sides=tuple(stages for stages, _ended in sides)),), ended
        return (), None

    def _branch(self, step: Step, case: Case) -> Branch:
        """The first branch whose condition holds; the last one otherwise."""
        return next(
            (one for one in step.branches[:-1] if self.holds(one.when or {}, case)), step.branches[-1]
        )

    def _ask(self, step: Step, case: Case) -> Ask:
        who = step.says["who"]
        deadline = {key: value for key, value in step.deadline.items() if key != "remind"}
        asked = self.directory.asked(who, case)
        self.passed_on[step.id] += asked.passed_on
        self.left_out.update((step.id, user) for user in asked.left_out)
        return Ask(
            step=step.id,
            who=json.dumps(ADMINISTRATORS if asked.passed_on else who, sort_keys=True, ensure_ascii=False),
            users=asked.users,
            mode=step.mode,
            quorum=step.says.get("quorum") or 1,
            deadline=json.dumps(deadline, sort_keys=True, default=str),
        )
