"""The versions of a form: what was asked when, what differs, and the way back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.customfields import form_services, form_versions
from prm.customfields.design_views import address_of, studio_of, which
from prm.customfields.designing import Studio
from prm.customfields.form_differences import between
from prm.customfields.models import FormLayout


@require_GET
@requires("fields.configure")
def versions(request: Any, target: str) -> HttpResponse:
    """What did this form ask, from when, and who changed what?"""
    studio = studio_of(request, target, request.GET)
    rows = form_versions.told(form_versions.versions_of(**which(studio)))
    context = {
        "studio": studio,
        "target": studio.target,
        "rows": rows,
        "versions": [row.form for row in rows],
    }
    return render(request, "customfields/versions.html", context)


@require_GET
@requires("fields.configure")
def version(request: Any, target: str, number: int) -> HttpResponse:
    """What did people meet under this version? Drawn by the real form, to be read only."""
    studio = studio_of(request, target, request.GET)
    form = _version(studio, number)
    studio.document = form.document
    context = {"studio": studio, "target": studio.target, "form": form}
    return render(request, "customfields/version.html", context)


@require_POST
@requires("fields.configure")
def restore(request: Any, target: str, number: int) -> HttpResponse:
    """The draft says what this version said."""
    studio = studio_of(request, target, request.POST)
    form_services.restore_layout(form=_version(studio, number), by=request.actor)
    messages.success(request, _("The draft says what version %(number)s said.") % {"number": number})
    return redirect(address_of(studio))


@require_GET
@requires("fields.configure")
def compare(request: Any, target: str) -> HttpResponse:
    """What differs between two versions?"""
    studio = studio_of(request, target, request.GET)
    forms = form_versions.versions_of(**which(studio))
    old = form_versions.chosen(forms, request.GET.get("old", ""), 1)
    new = form_versions.chosen(forms, request.GET.get("new", ""), 0)
    context = {
        "studio": studio, "target": studio.target, "versions": forms, "old": old, "new": new,
        "changes": between(old, new), "lines": form_versions.text_difference(old, new),
    }  # fmt: skip
    return render(request, "customfields/compare.html", context)


def _version(studio: Studio, number: int) -> FormLayout:
    forms = form_versions.versions_of(**which(studio))
    found = next((form for form in forms if form.version == number), None)
    if found is None:
        raise Http404
    return found
