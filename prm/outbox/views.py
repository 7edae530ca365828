"""The administrator's pages about events that did not arrive."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.outbox import objects
from prm.outbox.forms import GiveUpForm
from prm.outbox.meaning import meaning_of, tried_again
from prm.outbox.models import MissedDelivery, OutboxEvent
from prm.outbox.services import give_up_delivery, retry_all, retry_delivery
from prm.ui import formats
from prm.ui.parts import Fact, Verb
from prm.values import clock


@requires("outbox.view")
@require_GET
def missed(request: Any, pk: int) -> HttpResponse:
    """One delivery that failed: what was to be told, to whom, and what went wrong."""
    row = get_object_or_404(MissedDelivery.objects.for_list(), pk=pk)
    facts = [
        Fact(gettext_lazy("Receiver"), row.receiver),
        Fact(gettext_lazy("Attempts"), row.attempts),
        Fact(gettext_lazy("Since"), formats.exact(row.created_at)),
        *_facts_of(row.event, request.actor),
        Fact(gettext_lazy("Name in the log"), row.listener),
    ]
    context = {
        "row": row,
        "meaning": meaning_of(row.error),
        "waits": row.waits,
        "due": row.next_try_at <= clock.now(),
        "event": row.event,
        "payload": _shown(row.event),
        "facts": facts,
        "verbs": _verbs(row, request.actor),
        "waiting": _waiting_behind(row),
        "happenings": history_of(row, request.actor),
    }
    return render(request, "outbox/missed.html", context)


def _facts_of(event: OutboxEvent, actor: Any) -> list[Fact]:
    named = objects.named([event.object_key], actor).get(event.object_key)
    about = [Fact(gettext_lazy("About"), named.text, href=named.address)] if named else []
    return [
        Fact(gettext_lazy("Event"), str(event), href=reverse("outbox:event", args=[event.pk])),
        *about,
        Fact(gettext_lazy("Object"), event.object_key),
        Fact(gettext_lazy("Happened"), formats.exact(event.created_at)),
    ]


def _shown(event: OutboxEvent) -> str:
    return json.dumps(event.shown_payload, indent=2, ensure_ascii=False)


def _waiting_behind(row: MissedDelivery) -> int:
    """How many later events the same receiver gets only after this one."""
    if not row.object_key or row.state not in MissedDelivery.HOLDING:
        return 0
    behind = MissedDelivery.objects.holding().filter(object_key=row.object_key, event__gt=row.event_id)
    return (behind.filter(listener=row.listener) if row.listener else behind).count()


def _verbs(row: MissedDelivery, actor: Any) -> list[Verb]:
    if row.state not in MissedDelivery.HOLDING or "outbox.manage" not in actor.permissions:
        return []
    found = [
        Verb(
            gettext_lazy("Try again"),
            post=reverse("outbox:retry", args=[row.pk]),
            icon="refresh",
            primary=True,
            note=gettext_lazy("At once, with all attempts before it"),
        )
    ]
    if row.attempts:
        found.append(
            Verb(
                gettext_lazy("Give up"),
                href=reverse("outbox:give_up", args=[row.pk]),
                final=True,
                note=gettext_lazy("This receiver never hears of it; later events of the object go on"),
            )
        )
    return found


@requires("outbox.view")
@require_GET
def event(request: Any, pk: int) -> HttpResponse:
    """One event and whom it has not reached at the first try."""
    row = get_object_or_404(OutboxEvent, pk=pk)
    context = {
        "event": row,
        "payload": _shown(row),
        "facts": _facts_of(row, request.actor)[1:],
        "missed": list(row.missed.order_by("id")),
    }
    return render(request, "outbox/event.html", context)


@requires("outbox.manage")
@require_POST
def retry(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(MissedDelivery, pk=pk)
    retry_delivery(missed=row, by=request.actor)
    messages.success(
        request, _("The event is tried again now. Load this page again in a moment to see how it went.")
    )
    return redirect(row)


@requires("outbox.manage")
@require_POST
def retry_dead(request: Any) -> HttpResponse:
    count = retry_all(by=request.actor)
    messages.success(request, tried_again(count))
    return redirect("outbox:list")


@requires("outbox.manage")
def give_up(request: Any, pk: int) -> HttpResponse:
    """Ask for the reason, then never deliver this one."""
    row = get_object_or_404(MissedDelivery.objects.for_list(), pk=pk)
    form = GiveUpForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(give_up_delivery, missed=row, by=request.actor):
        messages.success(request, _("This receiver does not get the event. Later ones go on."))
        return redirect(row)
    context = {"form": form, "row": row, "waiting": _waiting_behind(row)}
    return render(request, "outbox/give_up.html", context, status=form.status)
