"""A figure of before go-live: what it says, whether it stands, and who takes it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.ui import formats, refusals
from prm.ui.doers import known_doer
from prm.ui.parts import Fact, Verb
from prm.values.actor import Actor
from rebates import services
from rebates.forms import ReasonForm
from rebates.models import GoLiveReversal, OpeningBalance, SettledOutside
from rebates.services.taking_back import refuse_to_confirm

KINDS = {"settled": SettledOutside, "balance": OpeningBalance}
STATE = GoLiveReversal.State


@require_GET
@requires("rebates.bring_in")
def detail(request: Any, kind: str, pk: int) -> HttpResponse:
    row = _row(request, kind, pk)
    reversals = list(row.reversals.order_by("-pk"))
    newest = reversals[0] if reversals else None
    context = {
        "row": row, "kind": kind, "facts": _facts(row), "reversals": reversals,
        "verbs": _verbs(row, kind, newest, request.actor),
    }  # fmt: skip
    return render(request, "rebates/golive_row.html", context)


@requires("rebates.bring_in")
def take_back(request: Any, kind: str, pk: int) -> HttpResponse:
    row = _row(request, kind, pk)
    form = ReasonForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(services.ask_to_take_back, row=row, by=request.actor):
        messages.success(request, _("Asked for. Nothing is booked until somebody else confirms it."))
        return redirect(form.result)
    return _form(
        request, form, row, kind, _("Take back this row"),
        _("After a second person's yes the ledger reverses what the row posted; then a corrected row can be imported."),
    )  # fmt: skip


@require_POST
@requires("rebates.bring_in")
def confirm(request: Any, kind: str, pk: int) -> HttpResponse:
    found = _asked(_row(request, kind, pk))
    with refusals.told(request):
        services.confirm_taking_back(found=found, by=request.actor)
        messages.success(request, _("Taken back. A corrected row can be imported now."))
    return redirect(found)


@requires("rebates.bring_in")
def refuse(request: Any, kind: str, pk: int) -> HttpResponse:
    row = _row(request, kind, pk)
    form = ReasonForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(services.refuse_taking_back, found=_asked(row), by=request.actor):
        messages.success(request, _("Noted: the row stands."))
        return redirect("rebates:golive_row", kind, pk)
    return _form(request, form, row, kind, _("Do not take back"), _("The row stands as it came in."))


def _form(request: Any, form: ReasonForm, row: Any, kind: str, title: str, effect: str) -> HttpResponse:
    back = reverse("rebates:golive_row", args=[kind, row.pk])
    context = {"form": form, "title": title, "cancel": back, "crumb": row.partner.name, "effect": effect}
    return render(request, "rebates/verb.html", context, status=form.status)


def _facts(row: Any) -> list[Fact]:
    found = [Fact(_("Partner"), row.partner.name), Fact(_("Programme"), str(row.programme))]
    if isinstance(row, SettledOutside):
        found += [
            Fact(_("Period"), formats.period(row.period)),
            Fact(_("Base"), formats.number(row.base, 2)),
            Fact(_("Earned"), formats.money(row.earned, row.currency)),
            Fact(_("Paid"), formats.money(row.paid, row.currency)),
        ]
        if row.measured is not None:
            found.insert(-1, Fact(_("Measured"), formats.number(row.measured, 2)))
    else:
        found.append(Fact(_("Balance"), formats.money(row.amount, row.currency)))
    return [*found, *_hands(row)]


def _hands(row: Any) -> list[Fact]:
    """Who brought the file in, and who let it count; a command does both at once."""
    counts, file = (
        f"{known_doer(row.brought_by_label)}{formats.comma()}{formats.exact(row.brought_at)}",
        row.upload,
    )
    if file is None or file.created_by_id is None:
        return [Fact(_("Brought in"), counts)]
    entered = formats.comma().join([file.created_label, formats.exact(file.created_at), str(file)])
    return [Fact(_("File brought in"), entered), Fact(_("Confirmed and imported"), counts)]


def _verbs(row: Any, kind: str, newest: GoLiveReversal | None, actor: Actor) -> list[Verb]:
    def to(name: str) -> str:
        return reverse(f"rebates:{name}", args=[kind, row.pk])

    if newest is not None and newest.state == STATE.ASKED:
        why = refusals.why_not(refuse_to_confirm, newest, actor)
        return [
            Verb(_("Confirm: take back"), post=to("golive_confirm"), primary=True, why_not=why),
            Verb(_("Do not take back…"), href=to("golive_refuse"), icon="ban", final=True),
        ]
    if row.reversed_at is not None:
        return []
    return [Verb(_("Take back…"), href=to("golive_take_back"), icon="arrow-back-up", final=True)]


def _row(request: Any, kind: str, pk: int) -> Any:
    if kind not in KINDS:
        raise Http404
    rows = (
        KINDS[kind]
        .objects.visible_to(request.actor)
        .select_related("programme__purpose", "partner", "upload")
    )
    return get_object_or_404(rows, pk=pk)


def _asked(row: Any) -> GoLiveReversal:
    return get_object_or_404(row.reversals.filter(state=STATE.ASKED))
