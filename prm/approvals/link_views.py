"""The page behind a letter's signed link. GET shows; only POST decides; nobody is signed in by it."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from prm.access.decorators import public
from prm.approvals import links, reads, services
from prm.approvals.errors import LinkOver
from prm.approvals.forms import LinkForm
from prm.approvals.models import ApprovalRun, Task
from prm.values.errors import DomainError, NotAllowed


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: Any, token: str) -> HttpResponse:
    """Approve or reject one task without signing in; whoever is signed in as somebody else decides nothing by it."""
    task = links.task_of(token)
    if task is None:
        return _sealed(render(request, "approvals/link_over.html", {"text": LinkOver().text}, status=410))
    if request.user.is_authenticated and request.user.pk != task.user_id:
        return _of_another(request)
    with translation.override(task.user.language or translation.get_language()):
        by = links.actor_of(task, **_known(request))
        form = LinkForm(request.POST if request.method == "POST" else None, actor=by)
        if form.is_valid() and form.run(answer, task=task, token=token, by=by):
            return _sealed(render(request, "approvals/link_done.html", {"task": task, "run": form.result}))
        context = {"task": task, "row": reads.row_of(task), "form": form, "facts": _facts(task, by)}
        return _sealed(render(request, "approvals/link.html", context, status=form.status))


def _of_another(request: Any) -> HttpResponse:
    said = _(
        "You are signed in as %(person)s. The link was written to somebody else, and only they decide by it."
    )
    context = {"text": said % {"person": request.user}, "of_another": True}
    return _sealed(render(request, "approvals/link_over.html", context, status=403))


def answer(*, task: Task, token: str, by: Any, answer: str, text: str) -> ApprovalRun:
    """The decision that was chosen; the services ask again whether it is still this person's turn."""
    if links.task_of(token) is None:
        raise LinkOver()
    try:
        if answer == "approve":
            return services.approve(task=task, by=by, text=text)
        return services.reject(task=task, by=by, text=text)
    except NotAllowed as refused:
        raise Refused() from refused


class Refused(DomainError):
    code = "link_refused"
    message = LinkOver.message


def _facts(task: Task, by: Any) -> list[Any]:
    subject = reads.row_of(task).subject
    return list(subject.facts(subject.get(task.run.object_id), by))


def _known(request: Any) -> dict[str, Any]:
    return {
        "tenant": connection.schema_name,
        "request_id": getattr(request, "request_id", ""),
        "address": request.META.get("REMOTE_ADDR", ""),
    }


def _sealed(response: HttpResponse) -> HttpResponse:
    """The address is a secret: no page that is reached from here hears of it, and no search engine keeps it.

    The origin alone is told: without it a browser's form would be taken for another site's.
    """
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
