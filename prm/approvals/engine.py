"""Running a flow: one run under its lock, its facts, and what follows from them.

The order is always the same: lock the run's row, replay its facts, do what comes next, and write down each thing done
as a fact in the same transaction. Tasks are a picture of the facts and are brought in line with them at the end. So
two people who press at once meet one after the other, and a worker that dies leaves either all of a step or nothing.

Lock order: the run before everything that the subject's services lock.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import structlog
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from prm import conditions
from prm.access.scope import actor_for
from prm.approvals import events, people, subjects, working
from prm.approvals.document import Document, Step
from prm.approvals.history import END, At, Member, Move, State, next_moves, replay
from prm.approvals.models import ApprovalRun, Decision, FlowVersion, Task
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError

log = structlog.get_logger(__name__)
MOST_MOVES = 2000
LOOK_AGAIN = timedelta(hours=1)
FLOW = Actor.job("approval flow")
STATE_OF = {"approve": ApprovalRun.State.APPROVED, "reject": ApprovalRun.State.REJECTED}


def published(subject: str) -> FlowVersion | None:
    """The version under which new runs of this subject begin; None while nothing is published."""
    rows = FlowVersion.objects.filter(flow__subject=subject, state=FlowVersion.State.PUBLISHED)
    return rows.select_related("flow").first()


def hold(subject: str, object_id: int) -> ApprovalRun | None:
    """Lock the open run of an object until the transaction ends; None when there is none."""
    rows = ApprovalRun.objects.for_everyone(because="the caller holds the object").open()
    return (
        rows.filter(subject=subject, object_id=object_id)
        .select_for_update(of=("self",))
        .select_related("version__flow", "submitter")
        .first()
    )


def hold_run(run_id: int) -> ApprovalRun:
    """Lock a run, open or not."""
    rows = ApprovalRun.objects.for_everyone(because="the caller was shown it")
    return rows.select_for_update(of=("self",)).select_related("version__flow", "submitter").get(pk=run_id)


class Course:
    """One run whose row the caller has locked. `decider` is the person whose decision is carried out now."""

    def __init__(self, run: ApprovalRun, *, decider: Actor | None = None):
        self.run, self.decider = run, decider
        self.subject = subjects.subject_of(run.subject)
        self.facts: list[Decision] = list(run.decisions.order_by("number"))
        self._state: State | None = None

    @property
    def document(self) -> Document:
        return self.run.version.parsed

    @cached_property
    def obj(self) -> Any:
        return self.subject.get(self.run.object_id)

    @property
    def state(self) -> State:
        if self._state is None:
            self._state = replay(self.document, self.facts)
        return self._state

    def step(self, step_id: str) -> Step | None:
        return None if step_id == END else self.document.step(step_id)

    def note(
        self, kind: str, *, by: Actor = FLOW, step: str = "", passage: int = 0, task: Task | None = None,
        text: str = "", says: Mapping[str, Any] | None = None,
    ) -> Decision:  # fmt: skip
        """Append a fact to the run's history."""
        self.run.length += 1
        fact = Decision.objects.create(
            run=self.run, number=self.run.length, kind=kind, step=step, passage=passage, task=task,
            user_id=by.user_id, who=by.label[:200], at=clock.now(), text=text, says=dict(says or {}),
        )  # fmt: skip
        self.facts.append(fact)
        self._state = None
        return fact

    def advance(self) -> ApprovalRun:
        """Do everything that can be done without a person or the clock, then bring the tasks in line."""
        for _count in range(MOST_MOVES):
            moves = next_moves(self.document, self.state)
            if not moves:
                break
            self._do(moves[0])
        else:
            raise RuntimeError(f"run {self.run.pk} does not come to rest")
        self._sync_tasks()
        self.run.save(update_fields=["state", "length", "returned_at", "wake_at", "ended_at", "version"])
        return self.run

    # ---- what the machine does ----

    def _do(self, move: Move) -> None:
        if move.kind == "end":
            self._end(move.outcome)
        elif move.kind == "open":
            self.open(move.step)
        elif move.kind == "wait":
            until = working.calendar().after(clock.now(), move.step.says["hours"])
            self.note("waiting", step=move.step.id, says={"until": until.isoformat()})
        elif move.kind == "notice":
            fact = self.note("passed", step=move.step.id, says={"because": "notice"})
            emit(events.NoticeDue(run_id=self.run.pk, number=fact.number), object_key=self.key)
        elif move.kind == "webhook":
            says = {"because": "webhook", "url": move.step.says["url"]}
            fact = self.note("passed", step=move.step.id, says=says)
            emit(events.CallDue(run_id=self.run.pk, number=fact.number), object_key=self.key)
        else:
            self._try(move)

    @property
    def key(self) -> str:
        return f"approval:{self.run.pk}"

    def open(self, step: Step | None) -> None:
        """It is some people's turn at this step."""
        key = step.id if step else END
        passage = self.state.passages.get(key, 0) + 1
        says: dict[str, Any] = {"mode": "one", "quorum": 1}
        if step is not None and step.kind == "approver":
            says = {"mode": step.mode, "quorum": step.says.get("quorum") or 1}
            found, instead = self.deciders(step)
            says |= {"instead": True} if instead and found else {}
        else:
            users = people.fallback(self.run, self.obj, self.subject)
            found = people.with_stand_ins(users, self.run, self.obj, self.subject)
        says["people"] = found
        if extra := self._added_before(key, {user for user, _instead in found}):
            says["extra"] = extra
        self.note("opened", step=key, passage=passage, says=says)

    def deciders(self, step: Step, *, escalated: bool = False) -> people.Found:
        """Whom an approver step asks, or escalates to: of those who could, rather whoever has not signed elsewhere."""
        who, needed = step.says["who"], {"one": 1, "quorum": step.says.get("quorum") or 1}.get(step.mode)
        return people.deciders(
            step.deadline["to"] if escalated else who, self.run, self.obj, self.subject,
            signed=self.state.signed_elsewhere(step.id), needed=1 if escalated else needed,
        )  # fmt: skip

    def _added_before(self, key: str, asked: set[int | None]) -> list[int]:
        """Whom a colleague had added before the submitter was asked; who may not decide any more is left out."""
        users = get_user_model().objects.filter(pk__in=set(self.state.added.get(key, ())) - asked)
        return [user.pk for user in users if people.may_decide(user, self.run, self.obj, self.subject)]

    def _try(self, move: Move) -> None:
        """A step of the machine. Where it fails, people decide at that step instead, and read why."""
        try:
            with transaction.atomic():
                {"branch": self._branch, "decide": self._decide, "update": self._update}[move.kind](move.step)
        except DomainError as error:
            self.note("refused", step=move.step.id, text=error.text)
        except Exception as problem:  # a condition over a field that is gone, an app's service that broke
            log.exception("approval_step_failed", run=self.run.pk, step=move.step.id)
            self.note("refused", step=move.step.id, text=f"{type(problem).__name__}")

    def _branch(self, step: Step) -> None:
        chosen = step.branches[-1]
        if not self.state.at(step.id).refused:
            chosen = next((one for one in step.branches[:-1] if self.holds(one.when)), chosen)
        self.note("branched", step=step.id, says={"branch": chosen.id})

    def _decide(self, step: Step) -> None:
        if not self.holds(step.says["when"]):
            self.note("passed", step=step.id, says={"because": "condition"})
            return
        self.note("decided", step=step.id, text=step.label, says={"outcome": step.says["outcome"]})

    def _update(self, step: Step) -> None:
        settable = self.subject.settable.get(step.says["field"])
        if settable is None:
            raise subjects.FieldNotSettable(field=step.says["field"])
        settable.set(self.obj, step.says["value"], by=FLOW)
        self.obj.refresh_from_db()
        self.note("passed", step=step.id, says={"because": "update"})

    def holds(self, condition: Mapping[str, Any] | None) -> bool:
        """Whether a condition holds for the object as it is now."""
        return not condition or conditions.holds(condition, self.subject.conditions, self.obj)

    # ---- the end ----

    def _end(self, outcome: str) -> None:
        at = self.state.decided_at
        if outcome == "approve" and not self.subject.self_decision and not self.state.has_approval:
            words = _("Nobody has decided yet, and this is never decided without a person.")
            self.note("refused", step=at or END, text=words)
            return
        if self.decider is not None and not at:
            self._carry_out(outcome, self.decider)  # a refusal reaches the person and undoes their decision
        else:
            by = FLOW if at and self.subject.self_decision else self._last_decider() or FLOW
            try:
                with transaction.atomic():
                    self._carry_out(outcome, by)
            except DomainError as error:
                self.note("refused", step=at or END, text=error.text)
                return
        self.run.state, self.run.ended_at = STATE_OF[outcome], clock.now()
        self.note("ended", says={"outcome": outcome}, by=FLOW if at else self.decider or FLOW)
        ended = events.RunEnded(
            run_id=self.run.pk, subject=self.run.subject, object_id=self.run.object_id, outcome=outcome
        )
        emit(ended, object_key=self.key)

    def _carry_out(self, outcome: str, by: Actor) -> None:
        """The subject's own service, with the mandate of the flow for exactly this object."""
        kind = "approved" if outcome == "approve" else "rejected"
        fact = next((one for one in reversed(self.facts) if one.kind in (kind, "decided")), None)
        says: dict[str, Any] = {}
        for one in self.facts:
            says |= one.says.get("own", {}) if one.kind == kind else {}
        service = self.subject.approve if outcome == "approve" else self.subject.reject
        service(self.obj, by=self.mandated(by), text=fact.text if fact else "", says=says)

    def mandated(self, by: Actor) -> Actor:
        """The run's decider with the verb that the flow decides about."""
        return by.with_(permissions=by.permissions | {self.subject.verb, *self.subject.mandate})

    def _last_decider(self) -> Actor | None:
        """Who approved last on the way that still counts, where they may still decide."""
        from django.contrib.auth import get_user_model

        counted = {
            member.user_id for at in self.state.steps.values() for member in at.members if member.approved
        }
        for fact in reversed(self.facts):
            if fact.kind == "approved" and fact.user_id in counted:
                user = get_user_model().objects.filter(pk=fact.user_id).first()
                if people.may_decide(user, self.run, self.obj, self.subject):
                    return actor_for(user, tenant=FLOW.tenant)
        return None

    # ---- tasks: the picture of the facts ----

    def _sync_tasks(self) -> None:
        now = clock.now()
        wanted = {(step, at.passage, one.user_id): (at, one) for step, at, one in self.state.turns}
        present = list(self.run.tasks.all())
        have = {}
        for task in present:
            key = (task.step, task.passage, task.user_id)
            if task.is_open and key not in wanted:
                task.state, task.closed_at = Task.State.VOID, now
                task.save(update_fields=["state", "closed_at"])
            elif task.state != Task.State.VOID:
                have[key] = task
        for key, (at, member) in wanted.items():
            if key not in have:
                have[key] = self._open_task(key, at, member, present, now)
        self.run.wake_at = self._wake_at([have[key] for key in wanted], now)

    def _open_task(
        self, key: tuple[str, int, int], at: At, member: Member, present: list[Task], now: datetime
    ) -> Task:
        step_id, passage, user_id = key
        due, remind_at = self._promise(step_id, now)
        same = [one for one in present if (one.step, one.passage) == (step_id, passage)]
        whose = member.before or member.instead_of
        before = [one for one in same if one.user_id == whose and one.due is not None]
        reminded_at = None
        if before and not at.escalated:  # handed over: the promise stays what it was, and its reminder
            due, remind_at, reminded_at = before[-1].due, before[-1].remind_at, before[-1].reminded_at
        task = Task.objects.create(
            run=self.run, step=step_id, passage=passage, user_id=user_id, instead_of_id=member.instead_of,
            since=now, due=due, remind_at=remind_at, reminded_at=reminded_at,
            nonce=secrets.token_urlsafe(24)[:40],
        )  # fmt: skip
        emit(events.TaskOpened(task_id=task.pk), object_key=self.key)
        return task

    def _promise(self, step_id: str, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Until when a step that begins now is promised, and when its people are reminded."""
        step = self.step(step_id)
        if step is None or "hours" not in step.deadline:
            return None, None
        hours, early = Decimal(step.deadline["hours"]), step.deadline.get("remind")
        calendar = working.calendar()
        due = calendar.after(now, hours)
        return due, calendar.after(now, hours - Decimal(early)) if early is not None else None

    def _wake_at(self, tasks: list[Task], now: datetime) -> datetime | None:
        moments: list[datetime] = []
        for task in tasks:
            at, step = self.state.at(task.step), self.step(task.step)
            if task.remind_at is not None and task.reminded_at is None:
                moments.append(task.remind_at)
            acts = step is not None and step.deadline.get("then", "none") != "none" and not at.escalated
            if task.due is not None and acts:
                moments.append(task.due)
        if self.run.state == ApprovalRun.State.RUNNING:
            waits = [at.until for at in self.state.steps.values() if at.until and not at.passed]
            moments += [datetime.fromisoformat(until) for until in waits]
            if any(at.asked and at.nobody for at in self.state.steps.values()):
                moments.append(now + LOOK_AGAIN)
        return min(moments, default=None)


def start_run(*, subject: str, obj: Any, by: Actor) -> ApprovalRun | None:
    """Begin the published flow for an object that was just handed in, in the caller's transaction.

    None when no flow is published: then the app's own verbs decide at once. The caller holds the object.
    """
    version = published(subject)
    if version is None:
        return None
    kind = subjects.subject_of(subject)
    run = ApprovalRun.objects.create(
        version=version, subject=subject, object_id=obj.pk, partner_id=_partner_of(obj),
        title=kind.title(obj)[:200], submitter_id=kind.submitter(obj), started_at=clock.now(),
    )  # fmt: skip
    course = Course(run)
    course.note("started", by=by, says={"version": version.number})
    return course.advance()


def _partner_of(obj: Any) -> int | None:
    from prm.access.scoping import partner_id_of

    return partner_id_of(obj)
