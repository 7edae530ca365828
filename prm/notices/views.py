"""Inbox, the choice of letters, and the demo's mailbox."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import public, signed_in
from prm.notices import inbox as reads
from prm.notices import push, work
from prm.notices.forms import DeviceForm, NoticesForm
from prm.notices.kinds import always_for, choices_for
from prm.notices.querysets import deliveries_of, mailbox_letter, mailbox_letters, own_notice
from prm.notices.services import choose_notices, mark_all_read, mark_read
from prm.notices.times import times_of
from prm.values import clock
from prm.values.clock import tenant_zone


@signed_in
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the person, by the day of its promise."""
    with work.counted_once():
        return _inbox(request)


def _inbox(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {
        **reads.waiting_page(request.actor, request.GET),
        **reads.tabs(request.actor, here="notices:inbox"),
        "part": "work",
        "above": [],
    }
    for template, values in work.above(request.actor):
        context["above"].append(template)
        context |= values
    if not context["found"] and context["unread"] and "part" not in request.GET:
        return redirect("notices:notices")
    return render(request, "notices/inbox.html", context)


@signed_in
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    lines, more = reads.notices_of(
        request.actor, before=int(before) if before.isdecimal() and len(before) < 19 else None
    )
    context = {
        "lines": lines,
        "more": more,
        "last": lines[-1].notice.pk if lines else None,
        **reads.tabs(request.actor, here="notices:notices"),
        "part": "notices",
    }
    return render(request, "notices/inbox.html", context)


@signed_in
@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """The number beside "Inbox", asked once a minute."""
    return render(request, "notices/count.html", {"count": reads.count_for(request.actor)})


@signed_in
@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a notice and go where it leads."""
    notice = own_notice(request.actor, pk)
    if not request.actor.acting_operator:
        mark_read(notice=notice, by=request.actor)
    safe = notice.link.startswith("/") and url_has_allowed_host_and_scheme(notice.link, allowed_hosts=None)
    return redirect(notice.link if safe else "notices:notices")


@signed_in
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    mark_all_read(by=request.actor)
    return redirect("notices:notices")


@signed_in
def letter_choices(request: HttpRequest) -> HttpResponse:
    """How one hears of each kind of notice, and when letters may come."""
    kinds = choices_for(request.user.role)
    form = NoticesForm(
        request.POST if request.method == "POST" else None,
        kinds=kinds,
        deliveries=deliveries_of(request.user),
        times=times_of([request.user])[request.user.pk],
        actor=request.actor,
    )
    if form.is_valid() and form.run(choose_notices, user=request.user, by=request.actor):
        messages.success(request, _("Your choice is saved."))
        return redirect("notices:letters")
    context = {
        "form": form, "kinds": kinds, "zone": tenant_zone().key, "devices": push.devices_of([request.user]),
        "device_form": DeviceForm(), "push_key": push.public_key(),
        "always": always_for(request.user.role),
    }  # fmt: skip
    return render(request, "notices/letters.html", context, status=form.status)


@public
@require_GET
def mailbox(request: HttpRequest) -> HttpResponse:
    """The demo's letters, which no mail server took."""
    before, search = request.GET.get("before", ""), request.GET.get("q", "").strip()[:100]
    letters, more = mailbox_letters(search, int(before) if before.isdecimal() and len(before) < 19 else None)
    context = {
        "letters": letters,
        "more": more,
        "last": letters[-1].pk if letters else None,
        "search": search,
        "now": clock.now(),
    }
    return render(request, "notices/mailbox.html", context)


@public
@require_GET
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "notices/mailbox_letter.html", {"letter": mailbox_letter(pk)})


@public
@require_GET
def letter_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter as a mail program shows it."""
    return HttpResponse(mailbox_letter(pk).html)
