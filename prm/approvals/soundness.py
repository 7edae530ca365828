"""Is a flow sound? Publishing asks here; so does the designer after each change.

    found = inspect(data, world)
    found.faults       # [] when it may be published; each names its node, in the active language
    found.unreached    # ids of steps and branches that no case can come to
    found.incoming     # branch or step id -> what every case that comes there is known to meet

A flow whose shape is wrong is inspected as far as it can be read. Knowledge about a case is carried down the tree as
conditions that certainly hold (prm/approvals/reach.py): a branch adds its own, later branches the opposite of the
earlier ones, a conditional decision its opposite, and an update forgets what was known of its field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prm.approvals import reach
from prm.approvals.faults import Fault, fault
from prm.approvals.people_faults import deciders, receivers
from prm.approvals.shapes import MOST_DEPTH, MOST_STEPS, Check
from prm.approvals.step_faults import update_faults, webhook_faults
from prm.approvals.wording import Words, name_of
from prm.approvals.world import World
from prm.conditions import reading
from prm.conditions.registry import Lookup
from prm.conditions.tree import Group, Node, Opposite, tests

Given = tuple[Node, ...]
# Knows nothing and claims nothing: stands for a condition that cannot be read.
MAYBE = Group(True, ())


@dataclass
class Found:
    faults: list[Fault] = field(default_factory=list)
    unreached: set[str] = field(default_factory=set)
    incoming: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class Line:
    """How a sequence ends: `ended` by whom for certain, whether all ways were decided, where not, and whether a case
    may come out approved."""

    ended: str = ""
    decided: bool = False
    loose: str = ""
    approvable: bool = True


def inspect(data: Any, world: World) -> Found:
    """Everything that speaks against publishing `data` for the subject of `world`."""
    inspection = _Inspection(world)
    inspection.flow(data)
    order = {str(node.get("id", "")): at for at, node in enumerate(_nodes(data))}
    inspection.found.faults.sort(key=lambda one: order.get(one.node, -1))  # as the flow is read
    return inspection.found


class _Inspection:
    def __init__(self, world: World):
        self.world, self.found = world, Found()
        self.lookup = Lookup()
        self.misshapen: set[str] = set()
        self.names: dict[str, str] = {}

    def say(self, code: str, node: Mapping[str, Any], **values: Any) -> None:
        own = str(node.get("id", ""))
        self.found.faults.append(fault(code, own, self.name(node), subject=self.world.label, **values))

    def name(self, node: Mapping[str, Any]) -> str:
        own = str(node.get("id", ""))
        return self.names.get(own) or name_of(node)

    def flow(self, data: Any) -> None:
        if not self._shape(data) or not isinstance(data, Mapping):
            return
        if data.get("subject") != self.world.subject:
            self.say("other_subject", {"name": name_of(data)}, other=str(data.get("subject"))[:60])
        steps = _steps(data)
        if not steps:
            self.say("no_steps", {"name": name_of(data)})
            return
        line = self.line(steps, (), ())
        if line.ended and not line.approvable:
            self.say("rejects_all", self._node(steps, line.ended))
        elif not line.ended and not line.decided:
            self.say("nobody_decides", self._node(steps, line.loose) or {"name": name_of(data)})

    def _shape(self, data: Any) -> bool:
        """What is wrong with the shape; False where it is so large or deep that nothing more is read."""
        checking = Check()
        checking.document(data)
        deep = _depth(data) > MOST_DEPTH
        labels = {} if deep else Words(data, self.world).labels()
        for node in _nodes(data):
            own = str(node.get("id", ""))
            self.names.setdefault(own, name_of(node, labels.get(own)))
        for problem in checking.told():
            self.misshapen.add(problem.step)
            name = self.names.get(problem.step) or (name_of(data) if isinstance(data, Mapping) else "")
            text = problem.message.replace(f"“{problem.step}”", name) if problem.step else problem.message
            if name not in text:
                text = f"{name}: {text}"
            self.found.faults.append(Fault("shape", problem.step, name, text, problem.path))
        return checking.count <= MOST_STEPS and not deep

    def _node(self, steps: Sequence[Mapping[str, Any]], own: str) -> Mapping[str, Any]:
        return next((node for node in _nodes({"steps": steps}) if node.get("id") == own), {})

    # ---- the walk ----

    def line(
        self, steps: Sequence[Mapping[str, Any]], given: Given, said: tuple[Mapping[str, Any], ...]
    ) -> Line:
        """Walk a sequence that cases enter which meet all of `given`; `said` are the same as written."""
        now = Line()
        for at, step in enumerate(steps):
            if now.ended:
                self._never_reached(steps[at:], now.ended)
                break
            self.found.incoming[str(step.get("id", ""))] = list(said)
            now, given, said = self._step(step, now, given, said)
        return now

    def _step(
        self, step: Mapping[str, Any], now: Line, given: Given, said: tuple[Mapping[str, Any], ...]
    ) -> tuple[Line, Given, tuple[Mapping[str, Any], ...]]:
        own, kind = str(step.get("id", "")), step.get("kind")
        if kind in ("branch", "parallel"):
            after = self._fork(step, given, said) if kind == "branch" else self._parallel(step, given, said)
            decided = now.decided or after.decided
            loose = "" if decided else after.loose or now.loose or own
            return Line(after.ended, decided, loose, after.approvable), given, said
        if kind == "decide":
            return self._decide(step, now, given, said)
        if own not in self.misshapen:
            if kind == "approver":
                self.found.faults += deciders(step, self.name(step), self.world, given, self.lookup)
            elif kind == "notice":
                self.found.faults += receivers(step, self.name(step), self.world, self.lookup)
            elif kind == "update":
                self.found.faults += update_faults(step, self.name(step), self.world)
            elif kind == "webhook":
                self.found.faults += webhook_faults(step, self.name(step))
        if kind == "update":
            given = tuple(node for node in given if not _speaks_of(node, str(step.get("field"))))
        decided = now.decided or kind == "approver"
        return Line("", decided, "" if decided else own), given, said

    def _decide(
        self, step: Mapping[str, Any], now: Line, given: Given, said: tuple[Mapping[str, Any], ...]
    ) -> tuple[Line, Given, tuple[Mapping[str, Any], ...]]:
        own, when = str(step.get("id", "")), step.get("when")
        node = self.condition(step, when)
        if node is None:
            return Line("", now.decided, now.loose or own), given, said
        if reach.impossible([*given, node]):
            self.say("never_decides", step)
            self.found.unreached.add(own)
            return Line("", now.decided, now.loose or own), given, said
        approves = step.get("outcome") == "approve"
        if approves and not self.world.may_decide_itself:
            self.say("self_decision_refused", step)
        if reach.implied(node, given):
            return Line(own, True, "", approves), given, said
        return (
            Line("", now.decided, "" if now.decided else own),
            (*given, Opposite(node)),
            (*said, {"not": when}),
        )

    def _fork(self, step: Mapping[str, Any], given: Given, said: tuple[Mapping[str, Any], ...]) -> Line:
        branches = _branches(step)
        ends: list[Line] = []
        before, told = given, said
        closed = ""
        for at, branch in enumerate(branches):
            own, is_default = str(branch.get("id", "")), at == len(branches) - 1
            self.found.incoming[own] = list(told)
            if closed:
                self._mute(branch)
                continue
            node = MAYBE if is_default else self.condition(branch, branch.get("when"))
            verdict = self._way(branch, node, given, before, branches)
            if verdict == "never":
                self._mute(branch)
                continue
            closed = own if verdict == "always" else ""
            inside = before if node is None or is_default else (*before, node)
            heard = told if is_default else (*told, branch.get("when") or {})
            line = self.line(_steps(branch), inside, heard)
            ends.append(line if _steps(branch) else Line("", False, own))
            if node is not None and not is_default:
                before, told = (*before, Opposite(node)), (*told, {"not": branch.get("when")})
        return _joined(ends)

    def _way(
        self,
        branch: Mapping[str, Any],
        node: Node | None,
        given: Given,
        before: Given,
        fork: Sequence[Mapping[str, Any]],
    ) -> str:
        """Whether a branch is taken never, always (of what comes to it) or sometimes; says what is wrong with it."""
        if branch is fork[-1]:
            if not reach.impossible(list(before)):
                return "sometimes"
            if _steps(branch):
                self.say("default_unreached", branch)
            return "never"
        if node is None:
            return "sometimes"
        if reach.impossible([*before, node]):
            self.say("never_true" if reach.impossible([*given, node]) else "covered", branch)
            return "never"
        if reach.implied(node, list(before)):
            return self._takes_the_rest(branch, node, given, fork)
        return "sometimes"

    def _takes_the_rest(
        self, branch: Mapping[str, Any], node: Node, given: Given, fork: Sequence[Mapping[str, Any]]
    ) -> str:
        """Nothing is left after this branch: fine where only an empty default follows."""
        after = fork[[one.get("id") for one in fork].index(branch.get("id")) + 1 :]
        if len(after) > 1 or reach.implied(node, list(given)):
            self.say("always_true", branch)
        elif _steps(after[0]):
            self.say("default_unreached", after[0])
        return "always"

    def _parallel(self, step: Mapping[str, Any], given: Given, said: tuple[Mapping[str, Any], ...]) -> Line:
        ends = []
        if not all(_steps(side) for side in _branches(step)):
            self.say("empty_side", step)  # once, however many are empty
        for side in _branches(step):
            self.found.incoming[str(side.get("id", ""))] = list(said)
            if not _steps(side):
                continue
            ends.append(self.line(_steps(side), given, said))
        ended = next((line.ended for line in ends if line.ended), "")
        loose = next((line.loose for line in ends if line.loose), "")
        decided = any(line.decided for line in ends)
        return Line(ended, decided, "" if decided else loose, all(line.approvable for line in ends))

    # ---- helpers ----

    def condition(self, node: Mapping[str, Any], when: Any) -> Node | None:
        """The condition as a tree; None, and a fault for each of its problems, where it cannot be read."""
        if not isinstance(when, Mapping):
            return None
        problems = reading.problems_of(dict(when), self.world.fields)
        for problem in problems:
            own, name = str(node.get("id", "")), self.name(node)
            self.found.faults.append(fault("condition", own, name, path=problem.path, detail=problem.message))
        return None if problems else reading.read(dict(when), self.world.fields, lookup=self.lookup)

    def _never_reached(self, steps: Sequence[Mapping[str, Any]], ended: str) -> None:
        self.say("unreachable", steps[0], other=self.names.get(ended, ended))
        for node in _nodes({"steps": steps}):
            self.found.unreached.add(str(node.get("id", "")))

    def _mute(self, branch: Mapping[str, Any]) -> None:
        self.found.unreached.add(str(branch.get("id", "")))
        for node in _nodes(branch):
            self.found.unreached.add(str(node.get("id", "")))


def _joined(ends: Sequence[Line]) -> Line:
    """The ways of a fork taken together: ended only where every way ends."""
    if not ends:
        return Line()
    ended = ends[0].ended if all(line.ended for line in ends) else ""
    open_ones = [line for line in ends if not line.ended]
    decided = all(line.decided for line in ends)
    loose = next((line.loose for line in open_ones if not line.decided), "")
    return Line(ended, decided, loose, any(line.approvable for line in ends))


def _speaks_of(node: Node, name: str) -> bool:
    return any(getattr(getattr(test, "operand", None), "name", "") == name for test in tests(node))


def _steps(owner: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    steps = owner.get("steps")
    return [step for step in steps if isinstance(step, Mapping)] if isinstance(steps, list) else []


def _branches(step: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    branches = step.get("branches")
    return [one for one in branches if isinstance(one, Mapping)] if isinstance(branches, list) else []


def _nodes(owner: Any) -> list[Mapping[str, Any]]:
    """Every step and branch inside, in reading order; of what is far too large, the beginning."""
    return [node for node, _depth in _walk(owner)]


def _depth(data: Any) -> int:
    """How many sequences of steps stand inside one another."""
    return max((depth for _node, depth in _walk(data)), default=0) // 2 + 1


def _walk(owner: Any) -> list[tuple[Mapping[str, Any], int]]:
    found: list[tuple[Mapping[str, Any], int]] = []
    waiting = [(step, 0) for step in reversed(_steps(owner))] if isinstance(owner, Mapping) else []
    while waiting and len(found) < 4 * MOST_STEPS:
        node, depth = waiting.pop()
        found.append((node, depth))
        waiting += [(one, depth + 1) for one in reversed(_branches(node) or _steps(node))]
    return found
