"""What pages read about runs and tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F, Prefetch, QuerySet, prefetch_related_objects
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from prm.access.rules import allowed
from prm.approvals import calls, people, subjects, working
from prm.approvals.engine import Course
from prm.approvals.history import END, steps_to_return_to
from prm.approvals.models import (
    ApprovalRun,
    Comment,
    Decision,
    Delegation,
    FlowVersion,
    HeldDecision,
    SpecialDay,
    Task,
    WorkingTime,
)
from prm.approvals.words import fact_in_words, step_name
from prm.audit import words as audit_words
from prm.notices import work
from prm.ui import formats
from prm.ui.parts import Happening
from prm.values import clock
from prm.values.actor import Actor


@dataclass(frozen=True)
class Row:
    """A task as a list shows it. Plain values: with hundreds of rows, models cost more than the query."""

    pk: int
    title: str
    subject: subjects.Subject
    object_id: int
    step: str
    step_name: str
    since: datetime
    due: datetime | None

    @property
    def is_late(self) -> bool:
        return self.due is not None and self.due < clock.now()


def open_tasks(actor: Actor) -> QuerySet[Task]:
    """The actor's open tasks, the nearest promise first, then the longest wait; one index serves it."""
    return Task.objects.of_actor(actor).to_decide().order_by(F("due").asc(nulls_last=True), "since", "pk")


OF_ROWS = ("pk", "run__title", "run__subject", "run__object_id", "step", "since", "due", "run__version_id")


def tasks_of(actor: Actor, *, most: int = 200) -> list[Row]:
    rows: list[tuple[Any, ...]] = list(open_tasks(actor).values_list(*OF_ROWS)[:most])
    versions = FlowVersion.objects.in_bulk({row[-1] for row in rows})
    return [_row(versions[version], *row) for *row, version in rows]


def row_of(task: Task) -> Row:
    run = task.run
    return _row(run.version, task.pk, run.title, run.subject, run.object_id, task.step, task.since, task.due)


def _row(
    version: FlowVersion, pk: int, title: str, subject: str, object_id: int, step: str, since: Any, due: Any
) -> Row:
    name = step_name(version.parsed, step)
    return Row(pk, title, subjects.subject_of(subject), object_id, step, name, since, due)


Objects = dict[str, dict[int, Any]]


def objects_of(rows: list[Row]) -> Objects:
    """What the tasks are about, by subject and number: the objects of one subject are read at once."""
    wanted: dict[str, set[int]] = {}
    for row in rows:
        wanted.setdefault(row.subject.code, set()).add(row.object_id)
    return {code: subjects.subject_of(code).in_bulk(numbers) for code, numbers in wanted.items()}


def briefs(rows: list[Row], objects: Objects) -> dict[int, str]:
    """What tells each task's object apart, by task."""
    found: dict[int, str] = {}
    with audit_words.remembered():
        for row in rows:
            obj = objects[row.subject.code].get(row.object_id)
            if obj is not None:
                found[row.pk] = brief_of(row.subject, obj)
    return found


def brief_of(subject: subjects.Subject, obj: Any) -> str:
    """What tells one object apart among many, in the active language."""
    return " · ".join(str(one) for one in subject.brief(obj) if one)


def stuck(rows: list[Row], objects: Objects) -> dict[int, str]:
    """The tasks whose objects cannot be approved now, each with the reason."""
    hit = {code: subjects.subject_of(code).stuck(list(some.values())) for code, some in objects.items()}
    whys = {row.pk: hit[row.subject.code].get(row.object_id, "") for row in rows}
    return {pk: why for pk, why in whys.items() if why}


def work_of(rows: list[Row]) -> list[work.Work]:
    """Tasks as the inbox lists them, each with what tells its object apart."""
    told = briefs(rows, objects_of(rows))
    return [
        work.Work(
            title=row.title, link=reverse("approvals:task", args=[row.pk]), since=row.since, due=row.due,
            subtitle=" · ".join(filter(None, (told.get(row.pk, ""), row.step_name))),
            kind=row.subject.label, icon=row.subject.icon, code=row.subject.code,
        )
        for row in rows
    ]  # fmt: skip


HELD_SHOWN = 5


@dataclass(frozen=True)
class Held:
    """One's own decision that can still be undone."""

    task_id: int
    title: str
    approves: bool
    seconds: int


def held_of(actor: Actor) -> dict[str, Any]:
    """The actor's decisions that have not taken effect yet: the first ones, the next one first, and how many."""
    rows = HeldDecision.objects.filter(user_id=actor.user_id or 0).select_related("task__run")
    now = clock.now()
    held = [
        Held(
            row.task_id,
            row.task.run.title,
            row.kind == HeldDecision.Kind.APPROVE,
            max(0, ceil((row.takes_effect_at - now).total_seconds())),
        )
        for row in rows[:HELD_SHOWN]
    ]
    return {"held": held, "held_count": rows.count() if len(held) == HELD_SHOWN else len(held)}


def held_tasks(actor: Actor) -> list[Task]:
    """Those about which the actor said something that can still be undone."""
    return list(Task.objects.of_actor(actor).filter(held__user_id=actor.user_id or 0).order_by("pk"))


def own_task(actor: Actor, pk: int) -> Task:
    """One of the actor's own tasks, open or over; else 404."""
    rows = Task.objects.of_actor(actor).select_related("run__version__flow", "run__submitter", "user")
    return get_object_or_404(rows, pk=pk)


def run_of(subject: str, object_id: int) -> ApprovalRun | None:
    """The newest run of an object that the caller may see."""
    rows = ApprovalRun.objects.for_everyone(because="the caller shows the object to whoever may see it")
    return rows.of(subject, object_id).select_related("version", "submitter").first()


def deciders_of(subject: str, object_id: int) -> list[Any] | None:
    """Whose turn it is, by name; None when no run is open, [] while it waits for its submitter or the clock."""
    run = run_of(subject, object_id)
    if run is None or not run.is_open:
        return None
    return [task.user for task in turns(run)]


def turns(run: ApprovalRun) -> list[Task]:
    return list(run.tasks.filter(state=Task.State.OPEN).select_related("user").order_by("user__name"))


@dataclass(frozen=True)
class Asked:
    """Whose answer is awaited beside the decision, and since when."""

    who: str
    since: datetime
    mine: bool


@dataclass(frozen=True)
class Turn:
    """The promise clock of a run: whose turn it is, since when, until when; `asked`: who owes an answer meanwhile."""

    who: str
    since: datetime
    due: datetime | None
    mine: bool
    step: str
    asked: tuple[Asked, ...] = ()

    @property
    def is_late(self) -> bool:
        return self.due is not None and self.due < clock.now()


def turn_of(run: ApprovalRun, actor: Actor, tasks: list[Task] | None = None) -> Turn | None:
    """Whose turn it is now, nobody's at a wait step; None once the run is over."""
    if run.state == ApprovalRun.State.RETURNED:
        who = str(run.submitter or "")
        return Turn(who, run.returned_at or run.started_at, None, run.submitter_id == actor.user_id, "")
    tasks = turns(run) if tasks is None else tasks
    if not tasks:
        return _waits_for_the_clock(run)
    dues = [task.due for task in tasks if task.due is not None]
    return Turn(
        formats.names([task.user for task in tasks]),
        min(task.since for task in tasks),
        min(dues, default=None),
        any(task.user_id == actor.user_id for task in tasks),
        step_name(run.version.parsed, tasks[0].step),
        tuple(_awaited(run, actor)),
    )


def _waits_for_the_clock(run: ApprovalRun) -> Turn | None:
    """At a wait step: since the last fact, until it goes on by itself. A run that looks for deciders has none."""
    if run.state != ApprovalRun.State.RUNNING or run.wake_at is None:
        return None
    ends = [at.until for at in Course(run).state.steps.values() if at.until and not at.passed]
    if not ends:
        return None
    last = run.decisions.order_by("-number").first()
    due = datetime.fromisoformat(min(ends))
    return Turn(_("the set time"), last.at if last else run.started_at, due, False, "")


def _awaited(run: ApprovalRun, actor: Actor) -> Iterator[Asked]:
    """Questions to one person that they have not answered, the oldest first; of partners those that they may read."""
    said = _said(run)
    for comment in said:
        if comment.asked is None or (actor.is_partner and not comment.for_submitter):
            continue
        if not any(later.author_id == comment.asked_id and later.pk > comment.pk for later in said):
            yield Asked(str(comment.asked), comment.at, comment.asked_id == actor.user_id)


def happenings(run: ApprovalRun, *, for_submitter: bool) -> list[Happening]:
    """The run's history, newest first. The submitter's side reads who decided what, and no talk among deciders."""
    document, names = run.version.parsed, Names()
    facts, found = list(run.decisions.order_by("number")), []
    results = {} if for_submitter else calls.results(run, facts)
    for fact in facts:
        words = fact_in_words(fact, document, names)
        if not words:
            continue
        if for_submitter and (fact.kind in NOT_FOR_SUBMITTERS or calls.is_call(fact)):
            continue
        reason = "" if for_submitter and _among_deciders(fact) else fact.text
        tone = TONE.get(fact.kind, "")
        if fact.number in results:
            reason, tone = results[fact.number].text, results[fact.number].tone
        found.append(Happening(at=fact.at, text=words, who="", reason=reason, tone=tone))
    return found[::-1]


def _among_deciders(fact: Decision) -> bool:
    """Whether what was written with it is for those who decide: with an approval, or back to an earlier step."""
    return fact.kind == "approved" or (fact.kind == "returned" and bool(fact.says.get("to")))


NOT_FOR_SUBMITTERS = ("opened", "handed", "added", "left", "refused", "escalated", "moved")
TONE = {"approved": "ok", "rejected": "bad", "returned": "note", "refused": "warn", "escalated": "warn"}


class Names:
    """Names of users by number, each asked for once."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def __call__(self, user_id: int) -> str:
        if user_id not in self._known:
            user = get_user_model().objects.filter(pk=user_id).first()
            self._known[user_id] = str(user) if user is not None else "—"
        return self._known[user_id]


def place_for(user_id: int | None, run: ApprovalRun) -> str:
    """Where a person deals with a run: their own decision, else the object's page."""
    task = run.tasks.filter(user_id=user_id, state=Task.State.OPEN).first()
    if task is not None:
        return reverse("approvals:task", args=[task.pk])
    subject = subjects.subject_of(run.subject)
    return subject.link(subject.get(run.object_id))


def talk(run: ApprovalRun, *, for_submitter: bool) -> list[Comment]:
    return [comment for comment in _said(run) if comment.for_submitter or not for_submitter]


def _said(run: ApprovalRun) -> list[Comment]:
    """The whole talk, the oldest first; a page shows it in several places, so it is read once for each run."""
    rows = Comment.objects.for_everyone(because="the caller may see this run").select_related("asked")
    prefetch_related_objects([run], Prefetch("comments", rows.order_by("pk")))
    return list(run.comments.all())


@dataclass(frozen=True)
class Choices:
    """What the person of a task may do beside yes and no."""

    earlier: list[Any]
    may_return: bool
    may_comment: bool


def choices_of(task: Task, actor: Actor) -> Choices:
    course = Course(task.run)
    return Choices(
        earlier=steps_to_return_to(course.document, course.state, task.step),
        may_return=course.subject.hand_back is not None,
        may_comment=allowed(actor, "approvals.comment"),
    )


def last_refusal(run: ApprovalRun, step_id: str) -> str:
    """Why people decide at a step of the machine; "" elsewhere."""
    fact = run.decisions.filter(kind="refused", step__in=[step_id, END]).order_by("-number").first()
    return fact.text if fact is not None and fact.step == step_id else ""


def hours_as_text() -> dict[int, str]:
    """The week as the settings page shows it: "09:00-12:00, 13:00-18:00" by weekday."""
    week = working.calendar().week
    return {
        day: ", ".join(f"{first:%H:%M}-{last:%H:%M}" for first, last in spans) for day, spans in week.items()
    }


def working_time() -> dict[str, Any]:
    """Special days from this year on, and who changed the hours last."""
    stored = WorkingTime.objects.select_related("changed_by").first()
    days = SpecialDay.objects.filter(day__year__gte=clock.today().year)
    return {"stored": stored, "days": list(days)}


MOST_NAMED = 20  # cases that stay with somebody who is away


@dataclass(frozen=True)
class StandIn:
    """One's stand-in with the cases that stay with oneself, since the stand-in may not decide about them."""

    delegation: Delegation
    stays: list[Task]

    @property
    def named(self) -> list[Task]:
        return self.stays[:MOST_NAMED]

    @property
    def more(self) -> int:
        return max(0, len(self.stays) - MOST_NAMED)


def stand_ins_of(actor: Actor) -> list[StandIn]:
    """The actor's own stand-ins that hold or will hold."""
    rows = Delegation.objects.filter(user_id=actor.user_id, ended_at=None, last_day__gte=clock.today())
    return [StandIn(row, people.left_with(row.user, row.to)) for row in rows.select_related("to", "user")]
