"""Pages on which people decide: the list of what waits, one record, and its verbs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.approvals import pages, reads, services
from prm.approvals.forms import AnswerForm, ApproveForm, CommentForm, PersonForm, RejectForm, ReturnForm
from prm.approvals.models import ApprovalRun, Comment, Task
from prm.approvals.subjects import subject_of
from prm.ui import refusals
from prm.ui.forms import ServiceForm

DECIDE = "approvals.decide"


def _posted(request: Any) -> Any:
    return request.POST if request.method == "POST" else None


@require_GET
@requires(DECIDE)
def tasks(request: Any) -> HttpResponse:
    """What waits for my decision, by step, so that many can be decided at once."""
    return render(request, "approvals/tasks.html", pages.many(request.actor))


@require_GET
@requires(DECIDE)
def task(request: Any, pk: int) -> HttpResponse:
    """May this one be approved? With everything else that waits at the left."""
    own = reads.own_task(request.actor, pk)
    later = None if own.is_open else own.run.tasks.open().filter(user_id=request.actor.user_id).first()
    if later is not None:  # an older letter or notice leads to the turn of now
        return redirect("approvals:task", later.pk)
    context = pages.record(own, request.actor)
    context["comment_form"] = _comment_form(request, own)
    return render(request, "approvals/record.html", context)


@requires(DECIDE)
def approve(request: Any, pk: int) -> HttpResponse:
    own = reads.own_task(request.actor, pk)
    form = ApproveForm(_posted(request), actor=request.actor)
    return _do(
        request, own, form, partial(services.hold_decision, kind="approve"), "", title=_("Approve"),
        effect=_("The flow goes on to its next step, or ends with this. For ten seconds it can be undone."),
    )  # fmt: skip


@requires(DECIDE)
def reject(request: Any, pk: int) -> HttpResponse:
    own = reads.own_task(request.actor, pk)
    form = RejectForm(_posted(request), actor=request.actor)
    return _do(
        request, own, form, partial(services.hold_decision, kind="reject"), "", title=_("Reject"),
        effect=_("This is final, whoever else was asked. For ten seconds it can be undone."), final=True,
    )  # fmt: skip


@require_GET
@requires(DECIDE)
def held(request: Any) -> HttpResponse:
    """The part that says which decisions can still be undone."""
    return render(request, "approvals/held.html", reads.held_of(request.actor))


@require_POST
@requires(DECIDE)
def undo(request: Any, pk: int) -> HttpResponse:
    """Within ten seconds: as if the decision had not been made."""
    own = reads.own_task(request.actor, pk)
    with refusals.told(request):
        services.undo_decision(task=own, by=request.actor)
        messages.success(request, _("Undone: %(title)s waits for you again.") % {"title": own.run.title})
    return redirect("approvals:task", own.pk)


@requires(DECIDE)
def send_back(request: Any, pk: int) -> HttpResponse:
    own = reads.own_task(request.actor, pk)
    choices = reads.choices_of(own, request.actor)
    if not (choices.may_return or choices.earlier):
        raise Http404
    form = ReturnForm(_posted(request), choices=choices, actor=request.actor)
    return _do(
        request, own, form, services.hand_back, _("Sent back: %(title)s."), title=_("Send back"),
        effect=_(
            "Your promise stops. What comes back changed is decided anew from the beginning; what was only"
            " answered goes on here. From an earlier step it comes here again."
        ),
    )  # fmt: skip


@requires(DECIDE)
def hand_over(request: Any, pk: int) -> HttpResponse:
    own = reads.own_task(request.actor, pk)
    form = PersonForm(_posted(request), people=services.candidates(own, request.actor), actor=request.actor)
    return _do(
        request, own, form, services.hand_over, _("Handed over: %(title)s."), title=_("Hand over"),
        effect=_("The other person decides in your place. The promise stays what it is."),
    )  # fmt: skip


@requires(DECIDE)
def add(request: Any, pk: int) -> HttpResponse:
    own = reads.own_task(request.actor, pk)
    form = PersonForm(_posted(request), people=services.candidates(own, request.actor), actor=request.actor)
    return _do(
        request, own, form, services.add_approver, _("A further person is asked: %(title)s."),
        title=_("Ask a further approver"), effect=_("The step ends only when they have approved as well."),
        stay=True,
    )  # fmt: skip


@requires("approvals.comment")
def comment(request: Any, pk: int) -> HttpResponse:
    """Ask or answer something; the clock goes on."""
    own = reads.own_task(request.actor, pk)
    form = _comment_form(request, own)
    if form.is_valid() and form.run(services.say, run=own.run, step=own.step, by=request.actor):
        messages.success(request, _("Your message is written."))
        return redirect("approvals:task", own.pk)
    effect = _("People who decide read this; whoever handed it in only what they are asked.")
    return _verb(request, own, form, title=pgettext("approval", "Ask"), effect=effect)


def _comment_form(request: Any, own: Task) -> CommentForm:
    people, submitter = pages.people_of(own.run, request.actor), pages.submitter_of(own.run, request.actor)
    return CommentForm(
        _posted(request), request.FILES or None, people=people, submitter=submitter, actor=request.actor
    )


@requires("approvals.comment")
def answer(request: Any, pk: int) -> HttpResponse:
    """Whoever handed it in answers what those who decide asked; the object stays where it is."""
    run = get_object_or_404(ApprovalRun.objects.visible_to(request.actor), pk=pk)
    approval = pages.Approval(run, request.actor)
    if not approval.may_answer:
        raise Http404
    subject = subject_of(run.subject)
    back = subject.link(subject.get(run.object_id))
    form = AnswerForm(_posted(request), request.FILES or None, actor=request.actor)
    if form.is_valid() and form.run(services.say, run=run, for_submitter=True, by=request.actor):
        messages.success(request, _("Your answer is written."))
        return redirect(back)
    context = {"run": run, "form": form, "talk": approval.shared_talk, "back": back}
    return render(request, "approvals/answer.html", context, status=form.status)


@require_GET
@requires("approvals.comment")
def asked_about(request: Any, pk: int) -> HttpResponse:
    """From what I handed in to the object itself."""
    run = get_object_or_404(ApprovalRun.objects.visible_to(request.actor).asked_by(request.actor), pk=pk)
    subject = subject_of(run.subject)
    return redirect(subject.link(subject.get(run.object_id)))


@require_GET
@requires("approvals.comment")
def attachment(request: Any, pk: int) -> FileResponse:
    """A file of the talk, always as a download, for those who may read the talk."""
    found = get_object_or_404(Comment.objects.visible_to(request.actor), pk=pk)
    if not found.attachment or not pages.may_read(found, request.actor):
        raise Http404
    answer = FileResponse(found.attachment.open("rb"), as_attachment=True, filename=found.attachment_name)
    answer["Content-Type"] = "application/octet-stream"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _do(
    request: Any, own: Task, form: ServiceForm, service: Callable[..., Any], done: str, *, stay: bool = False,
    **words: Any,
) -> HttpResponse:  # fmt: skip
    """One verb on one task: its form, then the service, then the next that waits."""
    if form.is_valid() and form.run(service, task=own, by=request.actor):
        if done:  # a decision that can be undone says so itself
            messages.success(request, done % {"title": own.run.title})
        return redirect("approvals:task", own.pk) if stay else redirect(_next(request, own))
    return _verb(request, own, form, **words)


def _next(request: Any, own: Task) -> str:
    following = reads.open_tasks(request.actor).first()
    return (
        reverse("approvals:task", args=[following.pk])
        if following
        else f"{reverse('notices:inbox')}?part=work"
    )


def _verb(request: Any, own: Task, form: ServiceForm, **words: Any) -> HttpResponse:
    context = {"task": own, "form": form, "row": reads.row_of(own), **words}
    return render(request, "approvals/verb.html", context, status=form.status)
