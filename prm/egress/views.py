"""The administrator's pages about receivers outside."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.egress import services
from prm.egress.forms import ReceiverForm
from prm.egress.kinds import Kind, all_kinds, kind_of
from prm.egress.models import Message, Receiver
from prm.outbox import objects
from prm.ui.parts import Fact, Verb

LATEST = 15


def _kind(code: str) -> Kind:
    try:
        return kind_of(code)
    except KeyError:
        raise Http404 from None


@requires("egress.manage")
@require_GET
def choose(request: Any) -> HttpResponse:
    """Which kind of receiver?"""
    return render(request, "egress/choose.html", {"kinds": all_kinds()})


@requires("egress.manage")
def new(request: Any, kind: str) -> HttpResponse:
    return _form(request, _kind(kind), None)


@requires("egress.manage")
def edit(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Receiver, pk=pk)
    return _form(request, _kind(row.kind), row)


def _form(request: Any, kind: Kind, row: Receiver | None) -> HttpResponse:
    form = ReceiverForm(request.POST or None, kind=kind, receiver=row, actor=request.actor)
    if form.is_valid() and form.run(services.save_receiver, receiver=row, kind=kind.code, by=request.actor):
        messages.success(request, _("Saved."))
        return redirect(form.result)
    context = {
        "form": form,
        "kind": kind,
        "row": row,
        "back": row.get_absolute_url() if row else reverse("egress:choose"),
    }
    return render(request, "egress/form.html", context, status=form.status)


@requires("egress.view")
@require_GET
def receiver(request: Any, pk: int) -> HttpResponse:
    return _receiver(request, get_object_or_404(Receiver, pk=pk))


def _receiver(request: Any, row: Receiver, secret: str = "") -> HttpResponse:
    """One receiver: what it is told of, whether it takes it, its latest messages."""
    kind = _kind(row.kind)
    words = kind.words()
    facts = [
        Fact(gettext_lazy("Kind"), kind.label),
        Fact(gettext_lazy("Host"), row.host),
        Fact(gettext_lazy("Set up by"), row.created_label),
    ]
    if kind.is_robot:
        facts.append(Fact(gettext_lazy("Team"), row.get_audience_display() or _("Everybody")))
    context = {
        "row": row,
        "kind": kind,
        "wants": [words.get(code, code) for code in row.wants],
        "latest": list(row.messages.order_by("-id")[:LATEST]),
        "facts": facts,
        "secret": secret,
        "verbs": _verbs(row, kind) if "egress.manage" in request.actor.permissions else [],
        "happenings": history_of(row, request.actor, limit=10),
    }
    return render(request, "egress/receiver.html", context)


def _verbs(row: Receiver, kind: Kind) -> list[Verb]:
    def at(name: str) -> str:
        return reverse(f"egress:{name}", args=[row.pk])

    found = []
    if row.is_active:
        found.append(Verb(gettext_lazy("Send a test"), post=at("test"), icon="send", primary=True))
    else:
        found.append(Verb(gettext_lazy("Switch on"), post=at("switch"), icon="player-play", primary=True))
    found.append(Verb(gettext_lazy("Change"), href=at("edit"), icon="pencil"))
    if kind.makes_secret:
        rotating = gettext_lazy("For a day both the old and the new one sign")
        found.append(Verb(gettext_lazy("Show secret"), post=at("secret"), icon="eye"))
        found.append(Verb(gettext_lazy("New secret"), post=at("rotate"), icon="key", note=rotating))
    if row.is_active:
        off = gettext_lazy("Nothing is sent until it is switched on again")
        found.append(Verb(gettext_lazy("Switch off"), post=at("switch"), icon="player-pause", note=off))
    found.append(Verb(gettext_lazy("Delete"), href=at("delete"), icon="trash", final=True))
    return found


@requires("egress.manage")
@require_POST
def test(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Receiver, pk=pk)
    message = services.send_test(receiver=row, by=request.actor)
    messages.success(request, _("A test is on its way. Load this page again in a moment."))
    return redirect(message)


@requires("egress.manage")
@require_POST
@never_cache
def secret(request: Any, pk: int) -> HttpResponse:
    """The page with the secret in clear; only as the answer to a POST, never kept by the browser."""
    row = get_object_or_404(Receiver, pk=pk)
    return _receiver(request, row, secret=services.show_secret(receiver=row, by=request.actor))


@requires("egress.manage")
@require_POST
def rotate(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Receiver, pk=pk)
    if not _kind(row.kind).makes_secret:
        raise Http404
    services.rotate_secret(receiver=row, by=request.actor)
    messages.success(request, _("There is a new secret. For a day messages are signed with both."))
    return redirect(row)


@requires("egress.manage")
@require_POST
def switch(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Receiver, pk=pk)
    services.switch_receiver(receiver=row, on=not row.is_active, by=request.actor)
    return redirect(row)


@requires("egress.manage")
@require_http_methods(["GET", "POST"])
def delete(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Receiver, pk=pk)
    if request.method == "POST":
        services.delete_receiver(receiver=row, by=request.actor)
        messages.success(request, _("%(name)s is deleted.") % {"name": row.name})
        return redirect("egress:list")
    return render(request, "egress/delete.html", {"row": row, "count": row.messages.count()})


@requires("egress.view")
@require_GET
def message(request: Any, pk: int) -> HttpResponse:
    """One message with each of its tries."""
    row = get_object_or_404(Message.objects.for_list(), pk=pk)
    verbs = []
    if "egress.manage" in request.actor.permissions and row.receiver.is_active:
        again = reverse("egress:retry", args=[row.pk])
        verbs.append(Verb(gettext_lazy("Send again"), post=again, icon="refresh", primary=True))
        if row.may_become(Message.State.DROPPED):
            drop = reverse("egress:drop", args=[row.pk])
            verbs.append(Verb(gettext_lazy("Give up"), post=drop, icon="x", final=True))
    known = objects.named([row.object_key], request.actor).get(row.object_key)
    facts = [
        Fact(gettext_lazy("Receiver"), row.receiver.name, href=row.receiver.get_absolute_url()),
        Fact(gettext_lazy("Number"), row.code),
        Fact(
            gettext_lazy("Object"),
            known.text if known else row.object_key,
            href=known.address if known else "",
        ),
        Fact(gettext_lazy("Attempts"), row.attempts),
    ]
    context = {
        "row": row,
        "facts": facts,
        "verbs": verbs,
        "tries": [one | {"at": datetime.fromisoformat(one["at"])} for one in reversed(row.tries)],
        "content": json.dumps(row.content, indent=2, ensure_ascii=False),
    }
    return render(request, "egress/message.html", context)


@requires("egress.manage")
@require_POST
def retry(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Message, pk=pk)
    services.retry_message(message=row, by=request.actor)
    messages.success(request, _("It is sent again now."))
    return redirect(row)


@requires("egress.manage")
@require_POST
def drop(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Message, pk=pk)
    services.drop_message(message=row, by=request.actor)
    messages.success(request, _("It is not sent any more."))
    return redirect(row)
