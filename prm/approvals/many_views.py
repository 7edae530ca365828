"""What was ticked among the tasks of one step, decided together: each for itself, and what is refused says why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from prm.access.decorators import requires
from prm.approvals import pages, reads, services
from prm.approvals.errors import TooLateToUndo
from prm.approvals.forms import PersonForm, RejectForm
from prm.approvals.models import Task
from prm.ui.forms import ServiceForm
from prm.values.errors import DomainError

DECIDE = "approvals.decide"
MOST = 200


@require_POST
@requires(DECIDE)
def approve(request: Any) -> HttpResponse:
    return _each(request, partial(services.hold_decision, kind="approve"))


@require_POST
@requires(DECIDE)
def reject(request: Any) -> HttpResponse:
    """Asks for one reason for all, then rejects."""
    form = RejectForm(_confirmed(request), actor=request.actor)
    if form.is_valid():
        return _each(request, partial(services.hold_decision, kind="reject"), **form.fields_for_service())
    effect = _(
        "This is final, whoever else was asked. The reason is given to each of them. For ten seconds it can be undone."
    )
    return _ask(request, form, title=_("Reject the ticked ones"), final=True, effect=effect)


@require_POST
@requires(DECIDE)
def hand_over(request: Any) -> HttpResponse:
    """Asks for one person who may decide all of them, then hands over."""
    able = [services.candidates(task, request.actor) for task in _ticked(request)]
    common = set.intersection(*({user.pk for user in some} for some in able)) if able else set()
    people = [user for user in able[0] if user.pk in common] if able else []
    form = PersonForm(_confirmed(request), people=people, actor=request.actor)
    if form.is_valid():
        return _each(request, services.hand_over, done=_handed_over, **form.fields_for_service())
    effect = _("The other person decides in your place. Only people who may decide all of them are listed.")
    return _ask(request, form, title=_("Hand over the ticked ones"), final=False, effect=effect)


def _confirmed(request: Any) -> Any:
    """The form's own values: the first press brings only what was ticked."""
    return request.POST if "confirmed" in request.POST else None


def _ticked(request: Any) -> list[Task]:
    wanted = [int(pk) for pk in request.POST.getlist("task") if pk.isdecimal() and len(pk) < 19][:MOST]
    return list(reads.open_tasks(request.actor).filter(pk__in=wanted).select_related("run"))


def _ask(request: Any, form: ServiceForm, **words: Any) -> HttpResponse:
    tasks = _ticked(request)
    if not tasks:
        return _nothing_ticked(request)
    return render(request, "approvals/many.html", {"tasks": tasks, "form": form, **words}, status=form.status)


def _nothing_ticked(request: Any) -> HttpResponse:
    context = pages.many(request.actor) | {"problem": _("Tick at least one first.")}
    return render(request, "approvals/tasks.html", context, status=422)


def _each(
    request: Any, service: Callable[..., Any], *, done: Callable[[int], str] | None = None, **values: Any
) -> HttpResponse:
    """One verb on each ticked task. A decision that can be undone says so itself; `done` words the others."""
    count, tasks = 0, _ticked(request)
    if not tasks:
        return _nothing_ticked(request)
    for task in tasks:
        try:
            service(task=task, by=request.actor, **values)
            count += 1
        except DomainError as refused:
            messages.error(request, f"{task.run.title}: {refused.text}")
    if count and done is not None:
        messages.success(request, done(count))
    return redirect("approvals:tasks")


def _handed_over(count: int) -> str:
    return ngettext("%(count)s task is handed over.", "%(count)s tasks are handed over.", count) % {
        "count": count
    }


@require_POST
@requires(DECIDE)
def undo(request: Any) -> HttpResponse:
    """All of one's own decisions that have not taken effect yet: as if none had been made."""
    count = 0
    for task in reads.held_tasks(request.actor):
        try:
            services.undo_decision(task=task, by=request.actor)
            count += 1
        except TooLateToUndo as late:
            messages.error(request, late.text)
    if count:
        text = ngettext(
            "%(count)s decision is undone and waits for you again.",
            "%(count)s decisions are undone and wait for you again.",
            count,
        )
        messages.success(request, text % {"count": count})
    return redirect("approvals:tasks")
