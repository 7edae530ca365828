"""What the pages of decisions show."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from prm.access.roles import PARTNER_ROLES
from prm.access.rules import allowed
from prm.approvals import reads
from prm.approvals.engine import Course
from prm.approvals.models import ApprovalRun, Comment, Task
from prm.approvals.services.decide import may_take_over
from prm.approvals.subjects import subject_of
from prm.approvals.words import fact_in_words
from prm.notices import inbox
from prm.ui.parts import Happening, Verb
from prm.values.actor import Actor

SHOWN = 200
BESIDE = 50


def record(task: Task, actor: Actor) -> dict[str, Any]:
    """One task with its record, and everything that waits beside it."""
    run, row = task.run, reads.row_of(task)
    try:
        obj = row.subject.get(run.object_id)
    except ObjectDoesNotExist:
        raise Http404 from None  # a draft that was deleted after its decision
    rows = reads.tasks_of(actor, most=SHOWN)
    is_held = task.pk in {one.pk for one in reads.held_tasks(actor)}
    return {
        **reads.held_of(actor),
        "task": task,
        "row": row,
        "run": run,
        "object_link": row.subject.link(obj),
        "facts": list(row.subject.facts(obj, actor)),
        "why": reads.last_refusal(run, task.step),
        "warnings": list(row.subject.warnings(obj)) if task.is_open and run.is_open else [],
        "turn": reads.turn_of(run, actor) if run.is_open else None,
        "happenings": reads.happenings(run, for_submitter=False),
        "talk": reads.talk(run, for_submitter=False),
        "over": _over(task),
        "verbs": verbs(task, actor, obj) if task.is_open and run.is_open and not is_held else [],
        "groups": inbox.groups_of(reads.work_of(_around(task, rows))),
        "here": reverse("approvals:task", args=[task.pk]),
        "waiting": len(rows),
        **_neighbours(task, rows),
    }


def _around(task: Task, rows: list[reads.Row]) -> list[reads.Row]:
    """The part of a long list that stands at the left of a record: where the record is in it, and what comes next."""
    at = next((number for number, row in enumerate(rows) if row.pk == task.pk), 0)
    first = max(0, at - BESIDE // 5)
    return rows[first : first + BESIDE]


def _neighbours(task: Task, rows: list[reads.Row]) -> dict[str, str]:
    numbers = [row.pk for row in rows]
    if task.pk not in numbers:
        return {"previous": "", "next": _address(numbers[0]) if numbers else ""}
    at = numbers.index(task.pk)
    return {
        "previous": _address(numbers[at - 1]) if at else "",
        "next": _address(numbers[at + 1]) if at + 1 < len(numbers) else "",
    }


def _address(pk: int) -> str:
    return reverse("approvals:task", args=[pk])


def _over(task: Task) -> str:
    """What happened at a step whose task is not open any more."""
    if task.is_open and task.run.is_open:
        return ""
    facts = list(task.run.decisions.filter(step=task.step, user_id__isnull=False).order_by("number"))
    words = [fact_in_words(fact, task.run.version.parsed) for fact in facts]
    said = [text for text in words if text]
    return said[-1] if said else str(task.run.get_state_display())


def verbs(task: Task, actor: Actor, obj: Any) -> list[Verb]:
    """The decision line of one's own open task."""

    def at(name: str) -> str:
        return reverse(f"approvals:{name}", args=[task.pk])

    choices = reads.choices_of(task, actor)
    found = []
    if subject_of(task.run.subject).approvable(obj):
        found.append(Verb(label=_("Approve"), post=at("approve"), primary=True, key="a", icon="check"))
    if choices.may_return or choices.earlier:
        note = _("For changes; your promise stops")
        found.append(Verb(label=_("Send back"), href=at("return"), icon="arrow-back-up", note=note))
    if choices.may_comment:
        note = _("The clock goes on")
        found.append(
            Verb(
                label=pgettext("approval", "Ask"),
                href=at("comment"),
                key="i",
                icon="message-2-question",
                note=note,
            )
        )
    note = _("Somebody else decides in your place")
    found.append(Verb(label=_("Hand over"), href=at("hand_over"), key="h", icon="user-share", note=note))
    note = _("They must approve as well")
    found.append(Verb(label=_("Ask a further approver"), href=at("add"), icon="user-plus", note=note))
    note = _("Final. The other side reads your reason.")
    found.append(Verb(label=_("Reject"), href=at("reject"), final=True, key="r", icon="ban", note=note))
    return found


def people_of(run: ApprovalRun, actor: Actor) -> list[Any]:
    """Colleagues whom one may ask: who decided, decides or wrote about this run."""
    wrote = {comment.author_id for comment in reads.talk(run, for_submitter=False)}
    ids = set(run.tasks.values_list("user_id", flat=True)) | wrote
    users = get_user_model().objects.filter(pk__in=ids - {actor.user_id, None}, is_active=True)
    return list(users.exclude(role__in=PARTNER_ROLES).order_by("name"))


def submitter_of(run: ApprovalRun, actor: Actor) -> Any:
    """Whoever handed it in, if they can still be asked; not oneself."""
    user = run.submitter
    return user if user is not None and user.is_active and user.pk != actor.user_id else None


def may_read(comment: Comment, actor: Actor) -> bool:
    """Whether somebody who may see the run's partner may read this line of its talk."""
    return comment.for_submitter or not actor.is_partner


def by_step(actor: Actor) -> list[dict[str, Any]]:
    """The actor's open tasks by subject and step: those of one step can be decided at once."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    rows = reads.tasks_of(actor, most=SHOWN)
    objects = reads.objects_of(rows)
    briefs, stuck = reads.briefs(rows, objects), reads.stuck(rows, objects)
    for row in rows:
        key = (row.subject.code, row.step)
        group = groups.setdefault(
            key, {"label": row.subject.label, "step": row.step_name, "rows": [], "able": 0}
        )
        group["rows"].append({"row": row, "brief": briefs.get(row.pk, ""), "stuck": stuck.get(row.pk, "")})
        group["able"] += row.pk not in stuck
    return list(groups.values())


def many(actor: Actor) -> dict[str, Any]:
    """The page on which many are decided at once, and what was decided there and can still be undone."""
    return {"groups": by_step(actor), **reads.held_of(actor)}


class Approval:
    """The part "Approval" of an object's own page: whose turn it is, how it went, what its reader may do."""

    def __init__(self, run: ApprovalRun, actor: Actor):
        self.run, self.actor = run, actor
        self.tasks = reads.turns(run) if run.state == ApprovalRun.State.RUNNING else []

    @property
    def people(self) -> list[Any]:
        return [task.user for task in self.tasks]

    @property
    def is_granted(self) -> bool:
        return self.run.state == ApprovalRun.State.APPROVED

    @cached_property
    def turn(self) -> reads.Turn | None:
        return reads.turn_of(self.run, self.actor, self.tasks) if self.run.is_open else None

    @cached_property
    def happenings(self) -> list[Happening]:
        return reads.happenings(self.run, for_submitter=self.actor.is_partner)

    @cached_property
    def shared_talk(self) -> list[Any]:
        """What those who decide asked the side that handed it in, and its answers: both sides read them."""
        return reads.talk(self.run, for_submitter=True)

    @property
    def may_answer(self) -> bool:
        running = self.run.state == ApprovalRun.State.RUNNING  # what was returned is answered by its own form
        asked = self._is_submitters and running and bool(self.shared_talk)
        return asked and allowed(self.actor, "approvals.comment")

    @cached_property
    def answer_awaited(self) -> bool:
        """Whether the reader's side was asked something that nobody of it has answered."""
        asked = self.turn.asked if self.may_answer and self.turn else ()
        return any(one.mine or self.actor.is_partner for one in asked)

    @property
    def answer_link(self) -> str:
        """Where the question that is open is answered; "" where none is."""
        return reverse("approvals:answer", args=[self.run.pk]) if self.answer_awaited else ""

    @property
    def _is_submitters(self) -> bool:
        own = self.actor.user_id is not None and self.run.submitter_id == self.actor.user_id
        return own or self.actor.is_partner

    @property
    def task_link(self) -> str:
        own = next((task for task in self.tasks if task.user_id == self.actor.user_id), None)
        return reverse("approvals:task", args=[own.pk]) if own is not None else ""

    @cached_property
    def may_decide(self) -> bool:
        """Whether the reader may decide on this page: their turn, one that they may take over, or no run is open."""
        if self.run.state != ApprovalRun.State.RUNNING or self.task_link:
            return True
        course = Course(self.run)
        return any(may_take_over(course, task, self.actor) for task in self.tasks)


def of_object(subject: str, object_id: int, actor: Actor) -> Approval | None:
    """The approval of an object that the caller's page has scoped; None while it never had a run."""
    run = reads.run_of(subject, object_id)
    return Approval(run, actor) if run is not None else None
