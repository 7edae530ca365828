"""What the person whose turn it is does: approve, reject, hand back, hand over, add somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from prm.access.roles import Role
from prm.access.rules import require
from prm.approvals import events, people, subjects
from prm.approvals.engine import Course, hold, hold_run
from prm.approvals.errors import (
    CannotReturn,
    DecidesAlready,
    MayNotDecide,
    NotYourTurn,
    OwnObject,
    ReasonMissing,
    RunEnded,
    SignsElsewhere,
    TaskOver,
)
from prm.approvals.history import END, steps_to_return_to
from prm.approvals.models import ApprovalRun, Decision, Task
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed

DECIDE = "approvals.decide"


@transaction.atomic
def approve(
    *, task: Task, by: Actor, text: str = "", says: Mapping[str, Any] | None = None
) -> ApprovalRun:  # fmt: skip
    """Say yes at one's step. `says` goes to the subject's service when the run ends, such as chosen product lines."""
    course, task = _turn(task, by)
    _decided(course, task, "approved", by=by, text=text.strip(), says={"own": dict(says or {})})
    run = course.advance()
    if run.is_open:
        _record(course, "step_approved", task, by=by, text=text.strip())
    return run


@transaction.atomic
def reject(*, task: Task, by: Actor, text: str, says: Mapping[str, Any] | None = None) -> ApprovalRun:
    """Say no: the run ends, whoever else was asked. The other side reads the reason."""
    course, task = _turn(task, by)
    if not text.strip():
        raise ReasonMissing()
    _decided(course, task, "rejected", by=by, text=text.strip(), says={"own": dict(says or {})})
    return course.advance()


@transaction.atomic
def hand_back(
    *, task: Task, by: Actor, text: str, to: str = "", says: Mapping[str, Any] | None = None
) -> ApprovalRun:
    """Ask for changes: from the submitter, or from the people of an earlier step `to`, who then decide anew."""
    course, task = _turn(task, by)
    if not text.strip():
        raise ReasonMissing()
    if to and to not in [step.id for step in steps_to_return_to(course.document, course.state, task.step)]:
        raise CannotReturn()
    if not to and course.subject.hand_back is None:
        raise CannotReturn()
    fact = _decided(course, task, "returned", by=by, text=text.strip(), says={"to": to})
    if not to:
        course.subject.hand_back(course.obj, by=course.mandated(by), text=text.strip(), says=dict(says or {}))
        course.run.state, course.run.returned_at = ApprovalRun.State.RETURNED, clock.now()
        emit(events.RunReturned(run_id=course.run.pk, number=fact.number), object_key=course.key)
    _record(course, "step_returned", task, by=by, text=text.strip())
    return course.advance()


@transaction.atomic
def hand_over(*, task: Task, user: Any, by: Actor, text: str = "") -> ApprovalRun:
    """Somebody else who may decides in one's place. The promise stays what it was."""
    course, task = _turn(task, by)
    _may_be_asked(course, task, user)
    says = {"from": task.user_id, "to": user.pk}
    course.note("handed", by=by, step=task.step, passage=task.passage, text=text.strip(), says=says)
    _record(course, "handed_over", task, by=by, text=text.strip(), to=str(user))
    return course.advance()


@transaction.atomic
def add_approver(*, task: Task, user: Any, by: Actor, text: str = "") -> ApprovalRun:
    """Somebody else must approve at this step as well."""
    course, task = _turn(task, by)
    _may_be_asked(course, task, user)
    course.note(
        "added", by=by, step=task.step, passage=task.passage, text=text.strip(), says={"user": user.pk}
    )
    _record(course, "approver_added", task, by=by, text=text.strip(), to=str(user))
    return course.advance()


@transaction.atomic
def take_over(*, task: Task, by: Actor) -> Task:
    """Decide in the place of somebody else: administrators, and channel managers of the partner among themselves."""
    course = _open_course(task, by)
    task = _open_task(course, task)
    if task.user_id == by.user_id:
        return task
    if not may_take_over(course, task, by):
        raise NotYourTurn(who=str(task.user))
    user = get_user_model().objects.get(pk=by.user_id)
    _may_be_asked(course, task, user)
    says = {"from": task.user_id, "to": by.user_id}
    course.note("handed", by=by, step=task.step, passage=task.passage, says=says)
    _record(course, "took_over", task, by=by, text="", to=by.label)
    course.advance()
    return Task.objects.open().get(run=course.run, step=task.step, user_id=by.user_id)


def may_take_over(course: Course, task: Task | Decision, by: Actor) -> bool:
    """Whether `by` could have been asked in the place of the task's person."""
    step = course.step(task.step)
    if by.role == Role.ADMINISTRATOR:
        return True
    of_partner = step is not None and step.says.get("who", {}).get("kind") == "partner_manager"
    return of_partner and by.role == Role.CHANNEL_MANAGER and course.subject.verb in by.permissions


def turn_for(*, subject: str, obj: Any, by: Actor) -> Task | None:
    """The task with which `by` decides about an object from its own page; locks the run.

    None where no run is open. Takes over where that is allowed; otherwise raises NotYourTurn.
    """
    run = hold(subject, obj.pk)
    if run is None:
        return None
    tasks = list(run.tasks.filter(state=Task.State.OPEN).select_related("user"))
    own = next((task for task in tasks if task.user_id == by.user_id), None)
    if own is not None:
        return own
    course = Course(run)
    for task in tasks:
        if may_take_over(course, task, by):
            return take_over(task=task, by=by)
    raise NotYourTurn(who=", ".join(str(task.user) for task in tasks[:2]) or "—")


@transaction.atomic
def reject_returned(*, subject: str, obj: Any, by: Actor) -> ApprovalRun | None:
    """End a run that waits for its submitter with a no: whoever returned it, or could have been asked there.

    For the subject's own verb, which changes the object. None where no run is open.
    """
    run = hold(subject, obj.pk)
    if run is None:
        return None
    require(by, DECIDE)
    course = Course(run, decider=by)
    back = next(fact for fact in reversed(course.facts) if fact.kind == "returned")
    if back.user_id != by.user_id and not may_take_over(course, back, by):
        raise NotYourTurn(who=back.who)
    course.subject.check(course.obj, by=by)
    run.state, run.ended_at = ApprovalRun.State.REJECTED, clock.now()
    course.note("ended", by=by, says={"outcome": "reject"})
    return course.advance()


def _open_course(task: Task, by: Actor) -> Course:
    require(by, DECIDE)
    run = hold_run(task.run_id)
    if not run.is_open:
        raise RunEnded(title=run.title, state=run.get_state_display())
    return Course(run, decider=by)


def _open_task(course: Course, task: Task) -> Task:
    task = Task.objects.select_related("user").get(pk=task.pk, run=course.run)
    if not task.is_open:
        raise TaskOver(what=_what_happened(course, task))
    return task


def _turn(task: Task, by: Actor) -> tuple[Course, Task]:
    """The run under its lock and the task as it stands now, for the person whose turn it is."""
    course = _open_course(task, by)
    if task.user_id != by.user_id:
        raise NotAllowed()
    task = _open_task(course, task)
    _must_have_authority(course, task, by)
    return course, task


def _must_have_authority(course: Course, task: Task, by: Actor) -> None:
    course.subject.check(course.obj, by=by)
    if by.user_id in people.own_of(course.run, course.obj, course.subject):
        raise OwnObject()
    if not people.may_decide(task.user, course.run, course.obj, course.subject):
        raise NotAllowed()
    member = course.state.at(task.step).member(by.user_id)
    if member is None or member.approved or course.state.at(task.step).passage != task.passage:
        raise TaskOver(what=_what_happened(course, task))


def _may_be_asked(course: Course, task: Task, user: Any) -> None:
    if not people.may_decide(user, course.run, course.obj, course.subject):
        raise MayNotDecide(person=str(user))
    if course.state.at(task.step).member(user.pk) is not None:
        raise DecidesAlready(person=str(user))
    if user.pk in course.state.signs_elsewhere(task.step):
        raise SignsElsewhere(person=str(user))


def _decided(
    course: Course, task: Task, kind: str, *, by: Actor, text: str, says: Mapping[str, Any]
) -> Decision:
    """Write down a decision and close its task."""
    said = {**says, "by_link": True} if by.kind == "link" else says
    fact = course.note(kind, by=by, step=task.step, passage=task.passage, task=task, text=text, says=said)
    task.state, task.closed_at = Task.State.DONE, clock.now()
    task.save(update_fields=["state", "closed_at"])
    return fact


def _record(course: Course, verb: str, task: Task, *, by: Actor, text: str, to: str = "") -> None:
    """The object's own history tells it too."""
    step = course.step(task.step)
    label = said.InEach(lambda: step.label) if step else END
    changes = {"step": ["", label]} | ({"person": [str(task.user), to]} if to else {})
    record(course.obj, verb, by=by, changes=changes, reason=text)


def _what_happened(course: Course, task: Task) -> str:
    from prm.approvals.words import fact_in_words

    last = next((fact for fact in reversed(course.facts) if fact.step == task.step and fact.user_id), None)
    return fact_in_words(last, course.document) if last is not None else str(task.get_state_display())


def candidates(task: Task, by: Actor) -> list[Any]:
    """Who may be asked instead of or beside the task's person, by name: staff who may decide and are not asked yet.

    Nor at another step: a second signature is worth what somebody else gives.
    """
    run = task.run
    course = Course(run)
    asked = {member.user_id for member in course.state.at(task.step).members}
    asked |= course.state.signs_elsewhere(task.step)
    roles = [str(role) for role in subjects.subject_of(run.subject).deciders]
    may = Q(role__in=roles) | Q(own_role__isnull=False)
    users = get_user_model().objects.filter(may, is_active=True).select_related("own_role").order_by("name")
    return [
        user
        for user in users
        if user.pk not in asked and people.may_decide(user, run, course.obj, course.subject)
    ]
