"""Devices that hear notices: added by the browser itself, removed on the page of choices."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import public, signed_in
from prm.notices import push
from prm.notices.forms import DeviceForm
from prm.notices.querysets import own_device


@signed_in
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """The browser's subscription."""
    form = DeviceForm(request.POST, actor=request.actor)
    if form.is_valid() and form.run(push.add_device, user=request.user, by=request.actor):
        messages.success(request, _("This device hears your notices from now on."))
    else:
        words = [problem["text"] for problem in form.problems]
        messages.error(request, str(words[0]) if words else _("This is missing. Fill it in."))
    return redirect("notices:letters")


@signed_in
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    push.remove_device(device=own_device(request.actor, pk), by=request.actor)
    messages.success(request, _("The device hears nothing more."))
    return redirect("notices:letters")


@public
@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, from the root of the site: it may show notices of every page."""
    answer = HttpResponse(_text(), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@lru_cache(maxsize=1)
def _text() -> str:
    return (Path(settings.BASE_DIR) / "static" / "js" / "push-worker.js").read_text(encoding="utf-8")
