"""The form designer: what do we ask, of whom?"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.customfields import form_services, reads
from prm.customfields.designing import Studio
from prm.customfields.plans import RULED
from prm.customfields.rule_builder import RuleBuilder
from prm.ui import refusals
from prm.values.errors import DomainError, NotAllowed

LONGEST = 200_000


@require_GET
@requires("fields.configure")
def design(request: Any, target: str) -> HttpResponse:
    """The canvas of one form."""
    studio = studio_of(request, target, request.GET)
    studio.selected = request.GET.get("field", "")
    context = {"studio": studio, "target": studio.target, "put": request.GET.get("put", "")}
    return render(request, "customfields/design.html", context)


@require_POST
@requires("fields.configure")
def canvas(request: Any, target: str) -> HttpResponse:
    """Keeps what the designer changed as the draft and draws it anew."""
    studio = studio_of(request, target, request.POST)
    problem = ""
    if text := request.POST.get("document", ""):
        try:
            document = json.loads(text) if len(text) < LONGEST else None
            studio.draft = form_services.save_layout(document=document, by=request.actor, **which(studio))
            studio.document = studio.draft.document
        except (ValueError, RecursionError):
            problem = _("The form cannot be read.")
        except NotAllowed:
            raise
        except DomainError as refused:
            problem = refused.text
    studio.selected = request.POST.get("selected", "")
    studio.mode = request.POST.get("mode", "design")
    return render(
        request, "customfields/canvas.html", {"studio": studio, "target": studio.target, "problem": problem}
    )


@require_POST
@requires("fields.configure")
def rule(request: Any, target: str) -> HttpResponse:
    """The builder of one rule drawn anew from what was sent, or with `part=foot` only its sentence."""
    studio = studio_of(request, target, request.GET)
    name, what = request.GET.get("field", ""), request.GET.get("what", "")
    if what not in RULED or name not in studio.elements:
        raise Http404
    builder = RuleBuilder(studio, name, what, request.POST.get("condition", "")[:LONGEST], request.actor)
    part = "foot" if request.POST.get("part") == "foot" else "body"
    return render(request, f"conditions/{part}.html", {"builder": builder})


@require_POST
@requires("fields.configure")
def publish(request: Any, target: str) -> HttpResponse:
    studio = studio_of(request, target, request.POST)
    if studio.faults:
        return redirect(address_of(studio))  # where each of them is named for as long as it stands
    with refusals.told(request):
        made = form_services.publish_layout(by=request.actor, **which(studio))
        messages.success(
            request, _("Version %(version)s is published. It holds from now on.") % {"version": made.version}
        )
    return redirect(address_of(studio))


@require_POST
@requires("fields.configure")
def discard(request: Any, target: str) -> HttpResponse:
    """Throw the draft away, or with `withdraw` the published form."""
    studio = studio_of(request, target, request.POST)
    if "withdraw" in request.POST:
        form_services.withdraw_layout(by=request.actor, **which(studio))
        messages.success(request, _("The form was withdrawn. What held before holds again."))
    else:
        form_services.discard_draft(by=request.actor, **which(studio))
        messages.success(request, _("The draft was discarded."))
    return redirect(address_of(studio))


def studio_of(request: Any, target: str, asked: Any) -> Studio:
    found = reads.target_or_404(target)
    studio = Studio(found, variant=asked.get("variant", ""), role=asked.get("role", ""), actor=request.actor)
    known = studio.role in {role for role, _label in studio.roles}
    if not known or (studio.variant and studio.variant not in {code for code, _label in studio.variants}):
        raise Http404
    return studio


def which(studio: Studio) -> dict[str, str]:
    return {"target": studio.target.code, "variant": studio.variant, "role": studio.role}


def address_of(studio: Studio, **more: str) -> str:
    asked = {"variant": studio.variant, "role": studio.role, **more}
    query = urlencode({name: value for name, value in asked.items() if value})
    address = reverse("customfields:design", args=[studio.target.code])
    return f"{address}?{query}" if query else address
