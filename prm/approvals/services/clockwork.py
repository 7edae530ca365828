"""What the clock does to runs: reminders, deadlines, ends of waits, and deciders who may not decide any more.

Everything here may run twice: each deed is written down under the run's lock and is not due again afterwards.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from prm.approvals import events, people, subjects
from prm.approvals.document import Step
from prm.approvals.engine import FLOW, Course, hold_run
from prm.approvals.history import At
from prm.approvals.models import ApprovalRun, Delegation, Task
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock

log = structlog.get_logger(__name__)
BATCH = 500


def wake_due_runs() -> int:
    """Look at each run whose moment has come, and say how many; one that fails keeps no other waiting."""
    rows = ApprovalRun.objects.for_everyone(because="the clock looks at all of them")
    due = rows.filter(state="running", wake_at__lte=clock.now()).exclude(subject__in=subjects.at_rest())
    due = due.order_by("wake_at")
    count = 0
    for pk in list(due.values_list("pk", flat=True)[:BATCH]):
        try:
            wake(pk)
            count += 1
        except Exception:
            log.exception("approval_wake_failed", run=pk)
    return count


@transaction.atomic
def wake(run_id: int) -> ApprovalRun:
    """Do to one run what is due now."""
    run = hold_run(run_id)
    if run.state != ApprovalRun.State.RUNNING:
        return run
    course, now = Course(run), clock.now()
    _replace_who_may_not(course)
    _end_waits(course, now)
    tasks = [task for task in run.tasks.select_related("user") if task.is_open]
    for step_id in {task.step for task in tasks if task.due is not None and task.due <= now}:
        _deadline(course, step_id)
    for task in tasks:
        if task.remind_at is not None and task.remind_at <= now and task.reminded_at is None:
            task.reminded_at = now
            task.save(update_fields=["reminded_at"])
            emit(events.TaskReminded(task_id=task.pk), object_key=course.key)
    return course.advance()


def _end_waits(course: Course, now: datetime) -> None:
    for step_id, at in list(course.state.steps.items()):
        if at.until and not at.passed and datetime.fromisoformat(at.until) <= now:
            course.note("passed", step=step_id, says={"because": "wait"})


def _deadline(course: Course, step_id: str) -> None:
    """What the flow says for a step whose promise was not kept."""
    step, at = course.step(step_id), course.state.at(step_id)
    if step is None or at.is_satisfied or at.escalated or course.state.decided:
        return
    then = step.deadline.get("then", "none")
    if then == "approve" and course.subject.self_decision:
        course.note("passed", step=step_id, passage=at.passage, says={"because": "deadline"})
        record(course.obj, "approved_by_deadline", by=FLOW, changes={"step": ["", _in_each(step)]})
    elif then == "reject" and course.subject.self_decision and not at.refused:
        says = {"outcome": "reject", "because": "deadline"}
        course.note("decided", step=step_id, passage=at.passage, text=_not_in_time(step), says=says)
        record(course.obj, "rejected_by_deadline", by=FLOW, changes={"step": ["", _in_each(step)]})
    elif then == "escalate":
        found = course.deciders(step, escalated=True).people
        if found:
            course.note("escalated", step=step_id, passage=at.passage, says={"people": found})
            record(course.obj, "escalated", by=FLOW, changes={"step": ["", _in_each(step)]})


def _not_in_time(step: Step) -> str:
    """The reason that the other side reads, in each language: nobody wrote it for one reader."""
    own = getattr(connection.tenant, "language", "")
    said_in = []
    for code in sorted(dict(settings.LANGUAGES), key=lambda code: code != own):
        with translation.override(code):
            said_in.append(_("Nobody decided by the deadline: %(step)s.") % {"step": step.label})
    return " / ".join(said_in)


def _in_each(step: Step) -> said.InEach:
    """The step's name, kept for readers of each language."""
    return said.InEach(lambda: step.label)


def _replace_who_may_not(course: Course) -> None:
    """Deciders who were deactivated, lost their role or their partner: others decide in their place."""
    for step_id, at in list(course.state.steps.items()):
        if not at.asked or at.is_satisfied:
            continue
        if at.nobody:
            if _found_for(course, step_id):
                course.open(course.step(step_id))
            continue
        waiting = [one.user_id for one in at.members if not one.approved]
        users = get_user_model().objects.in_bulk(waiting)
        for user_id in waiting:
            if not people.may_decide(users.get(user_id), course.run, course.obj, course.subject):
                _replace(course, step_id, course.state.at(step_id), user_id)


def _replace(course: Course, step_id: str, at: At, user_id: int) -> None:
    others = {one.user_id for one in at.members if one.user_id != user_id}
    found = [pair for pair in _found_for(course, step_id) if pair[0] not in others | {user_id}]
    if not found and (at.mode != "one" or not others):
        users = people.fallback(course.run, course.obj, course.subject)
        found = [[user.pk, user_id] for user in users if user.pk not in others][:1]
    found = found if at.mode == "one" and not others else found[:1]
    course.note("left", step=step_id, passage=at.passage, says={"user": user_id, "people": found})
    record(course.obj, "decider_left", by=FLOW, changes={"person": [user_id, [pair[0] for pair in found]]})


def _found_for(course: Course, step_id: str) -> list[Any]:
    step = course.step(step_id)
    if step is None or step.kind != "approver":
        users = people.fallback(course.run, course.obj, course.subject)
        return people.with_stand_ins(users, course.run, course.obj, course.subject)
    return course.deciders(step, escalated=course.state.at(step_id).escalated).people


def look_after(user_id: int) -> int:
    """Go through the runs that wait for one person: deactivated, another role, away. Returns how many."""
    open_tasks = Task.objects.open().filter(user_id=user_id)
    count = 0
    for run_id in sorted(set(open_tasks.values_list("run_id", flat=True))):
        with transaction.atomic():
            wake(run_id)
            _pass_on(run_id, user_id)
        count += 1
    return count


def _pass_on(run_id: int, user_id: int) -> None:
    """While somebody is away, their open tasks are their stand-in's."""
    run = hold_run(run_id)
    course = Course(run)
    user = get_user_model().objects.get(pk=user_id)
    for step_id, at, member in course.state.turns:
        if member.user_id != user_id:
            continue
        stand_in = people.stand_in_of(user, run, course.obj, course.subject)
        signed = course.state.signs_elsewhere(step_id)
        if stand_in is not None and at.member(stand_in.pk) is None and stand_in.pk not in signed:
            says = {"from": user_id, "to": stand_in.pk, "because": "away"}
            course.note("handed", step=step_id, passage=at.passage, says=says)
    course.advance()


def bring_back(user_id: int) -> int:
    """One is back: what went to a stand-in and is not decided yet waits for oneself again. Returns in how many runs."""
    waiting = Task.objects.open().filter(instead_of_id=user_id, held=None)
    runs = sorted(set(waiting.values_list("run_id", flat=True)))
    for run_id in runs:
        with transaction.atomic():
            _take_back(run_id, user_id)
    return len(runs)


def _take_back(run_id: int, user_id: int) -> None:
    run = hold_run(run_id)
    course = Course(run)
    deciding = set(run.tasks.open().exclude(held=None).values_list("step", "user_id"))
    for step_id, at, member in course.state.turns:
        if member.instead_of != user_id or (step_id, member.user_id) in deciding:
            continue
        passed = run.decisions.filter(
            step=step_id, passage=at.passage, kind="handed", says__to=member.user_id
        )
        last = passed.order_by("number").last()
        if last is not None and last.says.get("because") != "away":
            continue  # handed over on purpose
        if at.member(user_id) is None:
            says = {"from": member.user_id, "to": user_id, "because": "back"}
            course.note("handed", step=step_id, passage=at.passage, says=says)
    course.advance()


def look_after_everybody() -> None:
    """The day's sweep: whoever is away from today on or back, and whoever may not decide any more."""
    today = clock.today()
    _end_what_is_over(today)
    away = Delegation.objects.filter(ended_at=None, first_day__lte=today, last_day__gte=today)
    gone = Task.objects.open().filter(user__is_active=False)
    users = set(away.values_list("user_id", flat=True)) | set(gone.values_list("user_id", flat=True))
    for user_id in sorted(users):
        try:
            look_after(user_id)
        except Exception:
            log.exception("approval_sweep_failed", user=user_id)


def _end_what_is_over(today: date) -> None:
    over = Delegation.objects.filter(ended_at=None, last_day__lt=today).select_related("user")
    for delegation in over:
        try:
            with transaction.atomic():
                bring_back(delegation.user_id)
                Delegation.objects.filter(pk=delegation.pk).update(ended_at=clock.now())
        except Exception:
            log.exception("approval_sweep_failed", user=delegation.user_id)
