"""Working time of the tenant, and one's own stand-in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.access.decorators import requires
from prm.approvals import reads, services
from prm.approvals.forms import DayForm, HoursForm, StandInForm
from prm.approvals.models import Delegation
from prm.approvals.people import left_with
from prm.ui import formats
from prm.values import clock


def _posted(request: Any, part: str) -> Any:
    return request.POST if request.method == "POST" and request.POST.get("part") == part else None


@requires("approvals.set_hours")
def working_time(request: Any) -> HttpResponse:
    """When do people work? Promises and deadlines count these hours."""
    hours = HoursForm(_posted(request, "hours"), hours=reads.hours_as_text(), actor=request.actor)
    day = DayForm(_posted(request, "day"), actor=request.actor)
    if hours.is_bound and hours.is_valid() and hours.run(services.set_hours, by=request.actor):
        messages.success(request, _("The working time is saved. Promises already made stay."))
        return redirect("approvals:working_time")
    if day.is_bound and day.is_valid() and day.run(services.add_day, by=request.actor):
        messages.success(request, _("The day is added."))
        return redirect("approvals:working_time")
    context = {"hours_form": hours, "day_form": day, **reads.working_time()}
    return render(request, "approvals/working_time.html", context, status=max(hours.status, day.status))


@require_POST
@requires("approvals.set_hours")
def remove_day(request: Any, pk: int) -> HttpResponse:
    services.remove_day(pk=pk, by=request.actor)
    return redirect("approvals:working_time")


@requires("approvals.delegate")
def away(request: Any) -> HttpResponse:
    """Who decides in my place while I am away?"""
    form = StandInForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(services.name_stand_in, by=request.actor):
        _tell_stand_in(request, form.result)
        return redirect("approvals:away")
    context = {"form": form, "stand_ins": reads.stand_ins_of(request.actor)}
    return render(request, "approvals/away.html", context, status=form.status)


def _tell_stand_in(request: Any, away: Delegation) -> None:
    words = {"person": away.to, "first": formats.day(away.first_day)}
    if away.first_day > clock.today():
        messages.success(request, _("%(person)s decides in your place from %(first)s on.") % words)
    elif left_with(away.user, away.to):
        messages.warning(
            request, _("%(person)s decides in your place, but not about everything: see below.") % words
        )
    else:
        messages.success(request, _("%(person)s decides in your place.") % words)


@require_POST
@requires("approvals.delegate")
def end_away(request: Any, pk: int) -> HttpResponse:
    services.end_stand_in(pk=pk, by=request.actor)
    messages.success(request, _("From now on you decide yourself again."))
    return redirect("approvals:away")
