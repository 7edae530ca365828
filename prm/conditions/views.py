"""The builder's round trips, and more filters and saved views of lists."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.access.rules import require
from prm.conditions import drafts, refining, registry, services
from prm.conditions.builder import MOST_OPTIONS, Builder, found_options
from prm.conditions.forms import ViewForm
from prm.conditions.models import SavedView
from prm.conditions.registry import Lookup, Subject
from prm.ui.refine import SAVED
from prm.values.actor import Actor

# The builder opens with one row to fill in.
BLANK = {"all": [drafts.NEW]}
NAME = re.compile(r"[A-Za-z0-9_.\-]{1,80}")


def asked_subject(request: Any, code: str) -> Subject:
    """The subject, for somebody who may ask about it."""
    found = registry.known().get(code)
    if found is None or not found.verb:
        raise Http404
    require(request.actor, found.verb)
    return found


@requires("conditions.use")
@require_POST
def builder(request: Any, code: str) -> HttpResponse:
    """The builder drawn anew from what was sent, or with `part=foot` only the sentence and the count."""
    asked_subject(request, code)
    name = request.POST.get("name", "")
    if not NAME.fullmatch(name):
        raise Http404
    shown = Builder(code, request.POST.get("condition", ""), name, request.actor)
    template = "conditions/foot.html" if request.POST.get("part") == "foot" else "conditions/body.html"
    return render(request, template, {"builder": shown})


@requires("conditions.use")
@require_GET
def options(request: Any, code: str) -> HttpResponse:
    """Records for a field that names one, by part of the name or number."""
    asked_subject(request, code)
    lookup = Lookup(request.actor)
    operand = lookup.find(code, request.GET.get("field", "")[:120])
    if operand is None or not operand.field.to:
        raise Http404
    text = request.GET.get("q", "").strip()[:100].replace("\x00", "")
    found = found_options(operand.field, request.actor, text)[:MOST_OPTIONS]
    return render(request, "conditions/options.html", {"options": found})


@requires("conditions.use")
def refine(request: Any, code: str) -> HttpResponse:
    """More filters of a list: build, show, save as a view; rename, change and delete the view that is open."""
    asked_subject(request, code)
    back = (request.POST if request.method == "POST" else request.GET).get("back", "")
    place = refining.place_of(back, code)
    if place is None:
        raise Http404
    path, query = place
    view = open_view(request.actor, code, query)
    form = ViewForm(
        request.POST or None, actor=request.actor, subject=code, initial=first_values(query, view),
        named=request.POST.get("do") in ("save", "change"),
    )  # fmt: skip
    if request.method == "POST" and (address := answer_to(request, form, code, path, query, view)):
        return go_on(request, address)
    context = {
        "form": form, "subject": code, "back": back, "path": path, "view": view,
        "condition": form.data.get("condition", "") if form.is_bound else refining.condition_in(query) or BLANK,
        "may_change": view is not None and services.may_change(request.actor, view),
        "may_save": "views.save" in request.actor.permissions and not request.actor.read_only,
        "may_share": "views.share" in request.actor.permissions,
    }  # fmt: skip
    return render(request, "conditions/refine.html", context, status=form.status)


def answer_to(
    request: Any, form: ViewForm, code: str, path: str, query: QueryDict, view: SavedView | None
) -> str:
    """Do what the pressed button says; where to go then, or "" when something must be corrected."""
    asked, rest = request.POST.get("do"), refining.rest_of(query)
    if asked == "delete" and view is not None:
        services.delete_view(view=view, by=request.actor)
        return path
    if not form.is_valid():
        return ""
    if asked == "change" and view is not None:
        done = form.run(services.change_view, view=view, rest=rest, by=request.actor)
    elif asked == "save":
        done = form.run(services.save_view, subject=code, rest=rest, by=request.actor)
    else:
        return refining.address(path, form.cleaned_data["condition"], rest)
    return refining.address_of(form.result, path) if done else ""


def open_view(actor: Actor, code: str, query: QueryDict) -> SavedView | None:
    key = query.get(SAVED, "")
    views = SavedView.objects.visible_to(actor).of(code)
    return next((view for view in views if str(view.pk) == key), None)


def first_values(query: QueryDict, view: SavedView | None) -> dict[str, Any]:
    return {"name": view.name, "shared": view.shared} if view else {}


def go_on(request: Any, address: str) -> HttpResponse:
    """The list anew: swapped in place, or as a page where the form stands on a page of its own."""
    if not request.headers.get("HX-Request"):
        return redirect(address)
    if urlsplit(request.headers.get("HX-Current-URL", "")).path == request.path:
        return HttpResponse(headers={"HX-Redirect": address})
    where = {"path": address, "target": "#list", "select": "#list", "swap": "outerHTML"}
    return HttpResponse(headers={"HX-Location": json.dumps(where)})
