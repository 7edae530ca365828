"""The dry run: the last 200 real cases of a subject, asked of the flow in force and of the draft. Writes nothing.

    outcome = rehearse(draft, current, subject)

`outcome` is plain data that is kept beside the draft: how many cases would have gone differently, in at most three
groups by what differs, the cases of each, and the median working hours to a decision before and after. Before: as it
was, where the case was decided. After: as it was, changed by what the other way takes longer or shorter, as the people
asked usually take, cut off by the step's deadline. So a further step in series never makes a case faster.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils.translation import ngettext

from prm.approvals import working
from prm.approvals.document import Document
from prm.approvals.models import ApprovalRun, Task
from prm.approvals.shapes import BY_ITSELF, number_of
from prm.approvals.simulate import Ask, Case, Directory, Simulation, Stage, Way
from prm.approvals.subjects import Subject

MOST_CASES, MOST_GROUPS, MOST_SHOWN = 200, 3, 50
BECAUSE = "a dry run asks what a flow would have done with all recent cases; the page needs approvals.design"
# Where nobody has ever decided anything: a working day.
USUAL_HOURS = Decimal(8)


@dataclass
class Group:
    """Cases that differ in the same way."""

    kind: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    cases: list[dict[str, Any]] = field(default_factory=list)
    before: list[Decimal] = field(default_factory=list)
    after: list[Decimal] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "count": len(self.cases),
            "added": [json.loads(who) for who in self.added],
            "removed": [json.loads(who) for who in self.removed],
            "before": _text(_median(self.before)),
            "after": _text(_median(self.after)),
            "cases": self.cases[:MOST_SHOWN],
        }


def rehearse(draft: Document, current: Document | None, subject: Subject) -> dict[str, Any]:
    """What the draft would have done otherwise with the last cases; `current` is None while none is in force."""
    cases = recent_cases(subject)
    pace = Pace(cases)
    directory = Directory(subject)
    new = Simulation(draft, subject, directory)
    old = Simulation(current, subject, directory) if current else None
    groups: dict[tuple[Any, ...], Group] = {}
    before, after = [], []
    for case in cases:
        was, becomes = (old.way(case) if old else None), new.way(case)
        took = pace.took(case)
        was_hours = took if took is not None else pace.estimate(was) if was else None
        key = difference(was, becomes)
        new_hours = pace.otherwise(was_hours, was, becomes) if key is not None else was_hours
        if new_hours is None:
            new_hours = pace.estimate(becomes)
        if was_hours is not None:
            before.append(was_hours)
        after.append(new_hours)
        if key is not None:
            group = groups.setdefault(key, Group(*key))
            number = str(case.obj)
            group.cases.append({
                "title": case.title[:120], "url": subject.link(case.obj),
                "number": number if number != case.title else "",
            })  # fmt: skip
            group.before += [was_hours] if was_hours is not None else []
            group.after.append(new_hours)
    found = _three(list(groups.values()))
    differing = sum(len(group.cases) for group in found)
    return {
        "cases": len(cases),
        "same": len(cases) - differing,
        "different": differing,
        "groups": [group.as_data() for group in found],
        "before": _text(_median(before)),
        "after": _text(_median(after)),
        "taken": dict(new.taken),
        "calls": _calls(draft, new),
        "passed_on": [
            {"step": step, "count": count} for step, count in sorted(new.passed_on.items()) if count
        ],
        "left_out": _left_out(new),
    }


def sentence(outcome: dict[str, Any]) -> str:
    """How many of the last cases would have gone differently, in the active language."""
    text = ngettext(
        "Of the last %(cases)s case, %(different)s would have gone differently",
        "Of the last %(cases)s cases, %(different)s would have gone differently",
        outcome["cases"],
    )
    return text % outcome


def warnings(outcome: dict[str, Any], steps: Mapping[str, str]) -> list[str]:
    """Whom the flow asks in vain: people without authority over the partners of some cases."""
    said = []
    for one in outcome.get("left_out", []):
        text = ngettext(
            "“%(step)s”: %(person)s may not decide about %(count)s of these cases, and is not asked there.",
            "“%(step)s”: %(person)s may not decide about %(count)s of these cases, and is not asked there.",
            one["count"],
        )
        said.append(text % {**one, "step": steps.get(one["step"], one["step"])})
    for one in outcome.get("passed_on", []):
        text = ngettext(
            "“%(step)s” finds nobody who may decide %(count)s case: the administrators are asked instead.",
            "“%(step)s” finds nobody who may decide %(count)s cases: the administrators are asked instead.",
            one["count"],
        )
        said.append(text % {**one, "step": steps.get(one["step"], one["step"])})
    return said


def names_of(draft: Document) -> dict[str, str]:
    """How each step is called, in the active language."""
    return {place.step.id: place.step.label for place in draft.walk()}


def _calls(draft: Document, new: Simulation) -> list[dict[str, Any]]:
    """Each webhook step with the number of cases of which it would have told. Nothing is sent."""
    steps = [place.step for place in draft.walk() if place.step.kind == "webhook"]
    return [{"step": step.id, "url": step.says["url"], "count": new.called[step.id]} for step in steps]


def _left_out(new: Simulation) -> list[dict[str, Any]]:
    """Whom a step names without authority over some cases' partners, with the number of those cases."""
    names = get_user_model()._default_manager.in_bulk([user for _step, user in new.left_out])
    rows = sorted(new.left_out.items())
    return [
        {"step": step, "person": str(names[user]), "count": count} for (step, user), count in rows if count
    ]


def recent_cases(subject: Subject) -> list[Case]:
    """The last cases that went through a flow, the newest first; without any, the last objects handed in."""
    runs = list(
        ApprovalRun.objects.for_everyone(because=BECAUSE)
        .filter(subject=subject.code)
        .select_related("submitter")
        .order_by("-id")[:MOST_CASES]
    )
    model: Any = apps.get_model(subject.model)
    objects = model._default_manager.all()
    if hasattr(objects, "for_everyone"):
        objects = objects.for_everyone(because=BECAUSE)
    if runs:
        found = objects.in_bulk([run.object_id for run in runs])
        return [Case(run, found[run.object_id]) for run in runs if run.object_id in found]
    newest = [obj for obj in objects.order_by("-pk")[:MOST_CASES] if subject.submitter(obj) is not None]
    return [Case(_shell(subject, obj), obj) for obj in newest]


def _shell(subject: Subject, obj: Any) -> ApprovalRun:
    """A run that is never saved, for an object that was handed in before there were flows."""
    return ApprovalRun(
        subject=subject.code,
        object_id=obj.pk,
        partner_id=getattr(obj, "partner_id", None),
        title=subject.title(obj)[:200],
        submitter_id=subject.submitter(obj),
    )


def difference(was: Way | None, becomes: Way) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """(what differs, who comes in, who goes out); None when a case goes the same way."""
    if was is None:
        return ("first", tuple(sorted({ask.who for ask in becomes.asks})), ())
    old, new = was.asks, becomes.asks
    added, removed = _beyond(new, old), _beyond(old, new)
    if was.outcome != becomes.outcome:
        kind = becomes.outcome if becomes.outcome != "people" else "person"
        return (kind, added if kind == "person" else (), ())
    if added and removed:
        return ("other", added, removed)
    if added or removed:
        return ("also", added, ()) if added else ("less", (), removed)
    if [ask.whom for ask in old] != [ask.whom for ask in new]:
        return ("order", (), ())
    if [ask.deadline for ask in old] != [ask.deadline for ask in new]:
        return (
            "deadline",
            tuple(sorted({a.who for a, b in zip(new, old, strict=True) if a.deadline != b.deadline})),
            (),
        )
    return None


def _beyond(asks: Iterable[Ask], others: Iterable[Ask]) -> tuple[str, ...]:
    """Who is asked in `asks` and not, or less often, in `others`."""
    known = Counter(ask.whom for ask in others)
    found = []
    for ask in asks:
        if known[ask.whom] > 0:
            known[ask.whom] -= 1
        else:
            found.append(ask.who)
    return tuple(sorted(set(found)))


def _three(groups: list[Group]) -> list[Group]:
    """The largest groups; what is left over is one group of its own."""
    groups.sort(key=lambda group: (-len(group.cases), group.kind, group.added, group.removed))
    if len(groups) <= MOST_GROUPS:
        return groups
    rest = Group("rest")
    for group in groups[MOST_GROUPS - 1 :]:
        rest.cases += group.cases
        rest.before += group.before
        rest.after += group.after
    return [*groups[: MOST_GROUPS - 1], rest]


class Pace:
    """How long people took, in working hours, read from the tasks of the cases."""

    def __init__(self, cases: Sequence[Case]):
        self.calendar = working.calendar()
        self.of: dict[int, list[Decimal]] = defaultdict(list)
        runs = [case.run.pk for case in cases if case.run.pk]
        rows = Task.objects.filter(run__in=runs, state=Task.State.DONE, closed_at__isnull=False)
        for user, since, closed in rows.values_list("user_id", "since", "closed_at"):
            self.of[user].append(self._hours(since, closed))
        everything = [hours for own in self.of.values() for hours in own]
        self.usual = median(everything) if everything else USUAL_HOURS

    def took(self, case: Case) -> Decimal | None:
        """From hand-in to the decision; None while there is none."""
        run = case.run
        if not run.pk or run.ended_at is None or run.state == ApprovalRun.State.CANCELLED:
            return None
        return self._hours(run.started_at, run.ended_at)

    def otherwise(self, took: Decimal | None, was: Way | None, becomes: Way) -> Decimal | None:
        """What a case that took so long one way would take the other way; None where that is not known.

        Both ways are estimated alike, and the case is as much slower, or faster in proportion, as the estimates tell:
        a fast case is not taken for a usual one only because a step was added.
        """
        if took is None or was is None:
            return None
        usual, then = self.estimate(was), self.estimate(becomes)
        return took + then - usual if then >= usual else took * then / usual

    def estimate(self, way: Way) -> Decimal:
        return self._stages(way.stages)

    def _stages(self, stages: Sequence[Stage]) -> Decimal:
        return sum((self._stage(stage) for stage in stages), Decimal(0))

    def _stage(self, stage: Stage) -> Decimal:
        if stage.sides:
            return max(self._stages(side) for side in stage.sides)
        return self._ask(stage.ask) if stage.ask else stage.hours

    def _ask(self, ask: Ask) -> Decimal:
        each = sorted(self._of(user) for user in ask.users) or [self.usual]
        needed = {"one": 1, "quorum": min(ask.quorum, len(each))}.get(ask.mode, len(each))
        hours = sum(each, Decimal(0)) if ask.mode == "in_turn" else each[needed - 1]
        return self._cut(hours, json.loads(ask.deadline))

    def _cut(self, hours: Decimal, deadline: Mapping[str, Any]) -> Decimal:
        """A deadline that acts ends the wait; after an escalation somebody else takes as long as people do."""
        limit = number_of(deadline.get("hours"))
        if limit is None or hours <= limit or deadline.get("then", "none") == "none":
            return hours
        return limit if deadline["then"] in BY_ITSELF else limit + min(self.usual, hours - limit)

    def _of(self, user: int) -> Decimal:
        return Decimal(median(self.of[user])) if self.of.get(user) else self.usual

    def _hours(self, first: Any, last: Any) -> Decimal:
        seconds = self.calendar.between(first, last).total_seconds() if last > first else 0
        return Decimal(int(seconds)) / 3600


def _median(values: Sequence[Decimal]) -> Decimal | None:
    return Decimal(median(values)) if values else None


def _text(hours: Decimal | None) -> str:
    """Hours with one decimal, as JSON keeps decimals."""
    return "" if hours is None else str(hours.quantize(Decimal("0.1")))
