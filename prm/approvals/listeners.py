"""Who is told what about runs. Each listener may run again: a notice is stored once per fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from prm.accounts.events import UserChanged
from prm.approvals import calls, events, links, people, services, subjects
from prm.approvals.engine import FLOW
from prm.approvals.models import ApprovalRun, Comment, Decision, Delegation, Task
from prm.approvals.reads import brief_of, place_for
from prm.approvals.shapes import NOTICE_PLACEHOLDERS
from prm.approvals.words import step_name
from prm.audit.searching import partner_model
from prm.notices.services import notify
from prm.notices.texts import put_in
from prm.outbox.events import listens_to
from prm.ui import formats, said


@listens_to(events.TaskOpened)
def ask_the_decider(fact: events.TaskOpened) -> None:
    """It is somebody's turn: a notice, and a letter whose link decides where the subject allows it."""
    task = _task(fact.task_id)
    if task is not None and task.is_open:
        _tell_decider(task, reminder=False)


@listens_to(events.TaskReminded)
def remind_the_decider(fact: events.TaskReminded) -> None:
    task = _task(fact.task_id)
    if task is not None and task.is_open:
        _tell_decider(task, reminder=True)


def _tell_decider(task: Task, *, reminder: bool) -> None:
    run, subject = task.run, subjects.subject_of(task.run.subject)
    obj = subject.get(run.object_id)
    link = reverse("approvals:task", args=[task.pk])
    with translation.override(task.user.letter_language or getattr(connection.tenant, "language", "en")):
        kind = "approvals.reminder" if reminder else "approvals.task"
        values: Mapping[str, Any] = _values(task, obj)
        if reminder:
            values = {**values, "due": said.InEach(lambda: formats.exact(task.due))}
        passed = None if reminder else _who_passed_it(task)
        if passed is not None:
            kind = f"approvals.{passed.kind}"
            values = {**values, "who": passed.who, "why": f"“{passed.text}”" if passed.text else ""}
        elif subject.notice is not None and not reminder and task.passage == 1:
            kind, values = subject.notice(run, obj)
        about = f"task:{task.pk}:reminder" if reminder else f"task:{task.pk}"
        decide = reverse("approvals:link", args=[links.token_of(task)]) if subject.links else link
        notify(
            users=[task.user], kind=kind, fact=about, values=values, link=link, letter_link=decide,
            letter_label=_("Decide") if subject.links else _("Open in the portal"),
        )  # fmt: skip


def _who_passed_it(task: Task) -> Decision | None:
    """The colleague's own step by which it became this person's: handed over, or asked as well."""
    facts = task.run.decisions.filter(step=task.step, passage=task.passage, kind__in=("handed", "added"))
    asked = Q(says__to=task.user_id) | Q(says__user=task.user_id)
    return facts.filter(asked, user_id__isnull=False).order_by("number").last()


@listens_to(events.DecisionRefused)
def tell_that_it_was_not_carried_out(fact: events.DecisionRefused) -> None:
    task = _task(fact.task_id)
    if task is None:
        return
    notify(
        users=[task.user], kind="approvals.refused", fact=f"task:{task.pk}:refused:{fact.at}",
        values={"title": task.run.title, "why": fact.why}, link=reverse("approvals:task", args=[task.pk]),
    )  # fmt: skip


def _values(task: Task, obj: Any) -> dict[str, Any]:
    subject = subjects.subject_of(task.run.subject)
    name = said.InEach(lambda: step_name(task.run.version.parsed, task.step))
    submitter = str(task.run.submitter or "")
    return {
        "title": _title(task.run, obj), "what": _what(subject, obj), "step": name, "submitter": submitter,
    }  # fmt: skip


def _title(run: ApprovalRun, obj: Any) -> Any:
    """What it is called, by each reader in their language where it has a name in both."""
    subject = subjects.subject_of(run.subject)
    return said.in_each(lambda: subject.title(obj))


def _what(subject: subjects.Subject, obj: Any) -> said.InEach:
    """The kind of object with what tells this one apart, such as each field that a change of a partner writes."""

    def write() -> str:
        brief = brief_of(subject, obj)
        return str(
            _("%(what)s (%(brief)s)") % {"what": subject.label, "brief": brief} if brief else subject.label
        )

    return said.InEach(write)


@listens_to(events.RunEnded)
def tell_the_submitter(fact: events.RunEnded) -> None:
    """Whoever handed it in hears how it ended, where the subject's app does not tell it itself."""
    run, subject = _run(fact.run_id), subjects.subject_of(fact.subject)
    if not subject.tells_submitter or run.submitter is None or not run.submitter.is_active:
        return
    facts = run.decisions.filter(kind__in=["approved", "rejected", "decided"]).order_by("number")
    last = facts.last()
    kind = "approvals.rejected" if fact.outcome == "reject" else "approvals.approved"
    with translation.override(run.submitter.letter_language or getattr(connection.tenant, "language", "en")):
        values: dict[str, Any] = {
            "who": last.who if last is not None else "",
            "reason": last.text if last is not None else "",
        }  # fmt: skip
    try:
        obj = subject.get(run.object_id)
    except ObjectDoesNotExist:
        return  # a draft that was deleted meanwhile
    values |= {"title": _title(run, obj), "what": _what(subject, obj)}
    notify(
        users=[run.submitter], kind=kind, fact=f"run:{run.pk}:ended", values=values, link=subject.link(obj)
    )


@listens_to(events.RunReturned)
def tell_that_it_was_sent_back(fact: events.RunReturned) -> None:
    """Whoever handed it in reads what is asked of them, where the subject's app does not tell it itself."""
    run, stored = _run(fact.run_id), _fact(fact.run_id, fact.number)
    subject = subjects.subject_of(run.subject)
    if not subject.tells_submitter or run.submitter is None or not run.submitter.is_active:
        return
    obj = subject.get(run.object_id)
    values = {
        "title": _title(run, obj), "what": _what(subject, obj), "who": stored.who, "reason": stored.text,
    }  # fmt: skip
    notify(
        users=[run.submitter], kind="approvals.returned", fact=f"run:{run.pk}:returned:{fact.number}", values=values,
        link=subject.link(obj),
    )  # fmt: skip


@listens_to(events.NoticeDue)
def pass_the_notice_on(fact: events.NoticeDue) -> None:
    """What a notice step says, in each reader's language."""
    run, stored = _run(fact.run_id), _fact(fact.run_id, fact.number)
    document = run.version.parsed
    if stored.step not in document.places:
        return
    step, subject = document.step(stored.step), subjects.subject_of(run.subject)
    obj = subject.get(run.object_id)
    for user in people.resolve(step.says["to"], run, obj, subject):
        visible = people.partner_ids_of_user(user)
        if visible is not None and run.partner_id not in visible:
            continue  # the flow names somebody who may not see this partner
        text = said.InEach(lambda: _notice_text(step, run))
        values = {"title": _title(run, obj), "text": text}
        notify(
            users=[user], kind="approvals.notice", fact=f"run:{run.pk}:{fact.number}", values=values,
            link=subject.link(obj),
        )  # fmt: skip


def _notice_text(step: Any, run: ApprovalRun) -> str:
    """The administrator's words in the active language, with what their placeholders mean here."""
    words = (formats.is_chinese() and step.says.get("text_zh")) or step.says["text"]
    values = {"object": run.title, "submitter": str(run.submitter or "—"), "partner": _partner_name(run)}
    return put_in(words, {name: values[name] for name in NOTICE_PLACEHOLDERS})


def _partner_name(run: ApprovalRun) -> str:
    """The partner whom the case belongs to; who reads it may see the case."""
    partners = partner_model()
    if partners is None or run.partner_id is None:
        return "—"
    rows = partners.objects.for_everyone(because="the notice goes to whoever may see this partner's case")
    return str(rows.filter(pk=run.partner_id).first() or "—")


@listens_to(events.CallDue, label=_("Webhooks of flows"))
def tell_the_other_system(fact: events.CallDue) -> None:
    """What a webhook step tells another system: queued here, sent and sent again by the platform's way out."""
    calls.tell(_run(fact.run_id), _fact(fact.run_id, fact.number), by=FLOW)


@listens_to(events.Commented)
def pass_the_comment_on(fact: events.Commented) -> None:
    """To whom it was asked; else to everybody who decides now and whoever wrote before."""
    comment = Comment.objects.for_everyone(because="an event names it").select_related("run", "asked").get(
        pk=fact.comment_id
    )  # fmt: skip
    run = comment.run
    if comment.asked is not None:
        users = [comment.asked]
    else:
        ids = set(run.tasks.filter(state=Task.State.OPEN).values_list("user_id", flat=True))
        ids |= set(run.comments.values_list("author_id", flat=True))
        users = list(get_user_model().objects.filter(pk__in=ids - {comment.author_id, None}, is_active=True))
    if not comment.for_submitter:
        users = [user for user in users if not user.is_partner_user]
    for user in users:
        notify(
            users=[user], kind="approvals.comment", fact=f"comment:{comment.pk}", link=place_for(user.pk, run),
            values={"author": comment.author_label, "title": run.title, "text": comment.text},
        )  # fmt: skip


@listens_to(events.StandInNamed)
def tell_the_stand_in(fact: events.StandInNamed) -> None:
    away = (
        Delegation.objects.select_related("user", "to").filter(pk=fact.delegation_id, ended_at=None).first()
    )
    if away is None:
        return  # they are back already
    values = {
        "who": str(away.user), "first": said.InEach(lambda: formats.day(away.first_day)),
        "last": said.InEach(lambda: formats.day(away.last_day)),
    }  # fmt: skip
    notify(
        users=[away.to], kind="approvals.stand_in", fact=f"delegation:{away.pk}", values=values,
        link=reverse("notices:inbox"),
    )  # fmt: skip


@listens_to(UserChanged, label=_("Handing open decisions over"))
def pass_work_on(fact: UserChanged) -> None:
    """Somebody was deactivated or has another role: what waits for them waits for others now."""
    if fact.what in ("deactivated", "role_changed"):
        services.look_after(fact.user_id)


def _task(task_id: int) -> Task | None:
    rows = Task.objects.select_related("run__version__flow", "run__submitter", "user")
    return rows.filter(pk=task_id).first()


def _run(run_id: int) -> ApprovalRun:
    rows = ApprovalRun.objects.for_everyone(because="an event names it")
    return rows.select_related("version__flow", "submitter").get(pk=run_id)


def _fact(run_id: int, number: int) -> Decision:
    rows = Decision.objects.for_everyone(because="an event names it")
    return rows.get(run_id=run_id, number=number)
