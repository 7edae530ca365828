"""The journal: what did the finance system get, and under which codes?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from payouts import journal_file, reads, services
from payouts.forms import CodesForm, JournalForm
from payouts.models import Journal
from prm.access.decorators import requires
from prm.access.rules import allowed
from prm.audit.history import history_of
from prm.ledger.models import Account
from prm.ui import export


@require_POST
@requires("payouts.export_journal")
def make(request: Any) -> HttpResponse:
    form = JournalForm(request.POST, actor=request.actor)
    if form.is_valid() and form.run(services.export_journal, by=request.actor):
        messages.success(request, _("Exported. The next export begins after it."))
        return redirect(form.result)
    for problem in form.problems:
        messages.error(request, problem["text"])
    return redirect("payouts:journals")


def _journal(request: Any, number: str) -> Journal:
    return get_object_or_404(Journal.objects.visible_to(request.actor), number=number)


@requires("payouts.view_journals")
def detail(request: Any, number: str) -> HttpResponse:
    journal = _journal(request, number)
    kinds = [(Account.Kind(kind).label, *pair) for kind, pair in journal.codes.items()]
    context = {
        "journal": journal, "kinds": kinds, "history": history_of(journal, request.actor),
        "may_download": allowed(request.actor, "payouts.export_journal"),
    }  # fmt: skip
    return render(request, "payouts/journal.html", context)


@requires("payouts.export_journal")
def download(request: Any, number: str, kind: str) -> HttpResponseBase:
    """The same bytes each time, noted in the trail."""
    journal = _journal(request, number)
    if kind not in journal_file.KINDS:
        raise Http404
    export.note(request.actor, f"{journal.number}.{kind}", kind=kind)
    return FileResponse(
        journal_file.as_file(journal, kind), as_attachment=True, filename=f"{journal.number}.{kind}",
        content_type=journal_file.KINDS[kind], headers={"X-Content-Type-Options": "nosniff"},
    )  # fmt: skip


@requires("payouts.set_codes")
def codes(request: Any) -> HttpResponse:
    """What does the finance system call our accounts?"""
    known, used = reads.known_codes(), reads.kinds_in_use()
    form = CodesForm(request.POST or None, actor=request.actor, known=known, used=used)
    if form.is_valid() and form.run(services.set_account_codes, by=request.actor):
        messages.success(request, _("Saved. Exports from now on use these codes; earlier ones keep theirs."))
        return redirect("payouts:codes")
    return render(request, "payouts/codes.html", {"form": form}, status=form.status)
