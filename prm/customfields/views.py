"""Pages of a tenant's own fields: what do we know about our partners, deals, orders?"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.customfields import errors, form_uses, reads, services
from prm.customfields.field_forms import FieldForm
from prm.customfields.models import CustomField
from prm.values.errors import DomainError, NotAllowed


@require_GET
@requires("fields.configure")
def index(request: Any) -> HttpResponse:
    """What can be asked, and where?"""
    return render(request, "customfields/index.html", {"rows": reads.overview()})


@require_GET
@requires("fields.configure")
def fields(request: Any, target: str) -> HttpResponse:
    """Which fields does this kind of record have?"""
    found = reads.target_or_404(target)
    context = {
        "target": found, "rows": reads.rows_of(target), "deleted": reads.deleted_of(target),
        "kinds": reads.kinds_to_add(),
    }  # fmt: skip
    return render(request, "customfields/fields.html", context)


@requires("fields.configure")
def new(request: Any, target: str) -> HttpResponse:
    """A field of the chosen kind; from the designer it goes on with its form."""
    found = reads.target_or_404(target)
    kind = request.GET.get("kind", "")
    if kind not in CustomField.Kind.values:
        raise Http404
    form = FieldForm(_posted(request), actor=request.actor, target=found, kind=kind)
    if form.is_valid() and form.run(services.create_field, target=target, kind=kind, by=request.actor):
        messages.success(request, _("The field “%(field)s” is there.") % {"field": form.result.words})
        return redirect(_back(request, found.code, form.result))
    label = CustomField.Kind(kind).label
    context = {
        "target": found,
        "form": form,
        "title": _("New field: %(kind)s") % {"kind": label},
        "field": None,
    }
    return render(request, "customfields/field.html", context, status=form.status)


@requires("fields.configure")
def edit(request: Any, target: str, code: str) -> HttpResponse:
    """Rename it, change its rules; what rows hold stays."""
    field = reads.field_or_404(target, code)
    found = reads.target_or_404(target)
    form = FieldForm(_posted(request), actor=request.actor, target=found, kind=field.kind, field=field)
    if form.is_valid() and form.run(services.change_field, field=field, by=request.actor):
        messages.success(request, _("The field “%(field)s” was changed.") % {"field": form.result.words})
        return redirect("customfields:fields", target)
    context = {
        "target": found, "form": form, "title": field.words, "field": field, "history": history_of(field, request.actor)
    }  # fmt: skip
    return render(request, "customfields/field.html", context, status=form.status)


@require_POST
@requires("fields.configure")
def move(request: Any, target: str, code: str) -> HttpResponse:
    """One place up, or to a place that was chosen."""
    field = reads.field_or_404(target, code)
    to = request.POST.get("to", "")
    services.move_field(field=field, to=int(to) if to.isdecimal() and len(to) < 4 else 0, by=request.actor)
    return redirect("customfields:fields", target)


@requires("fields.configure")
def delete(request: Any, target: str, code: str) -> HttpResponse:
    """Asks first: how many rows hold a value, what else uses it."""
    field = reads.field_or_404(target, code)
    problem = ""
    if request.method == "POST":
        try:
            services.delete_field(field=field, by=request.actor)
        except NotAllowed:
            raise
        except DomainError as refused:
            problem = refused.text
        else:
            messages.success(
                request, _("“%(field)s” was deleted. It can be restored.") % {"field": field.words}
            )
            return redirect("customfields:fields", target)
    context = {
        "target": reads.target_or_404(target), "field": field, "rows": services.rows_using(field),
        "used": services.places_using(field), "forms": form_uses.forms_with(field), "problem": problem,
        "days": services.KEPT_FOR.days,
    }  # fmt: skip
    return render(request, "customfields/delete.html", context, status=409 if problem else 200)


@require_POST
@requires("fields.configure")
def restore(request: Any, target: str, code: str) -> HttpResponse:
    field = reads.field_or_404(target, code, deleted=True)
    try:
        field = services.restore_field(field=field, by=request.actor)
    except errors.LabelTaken as taken:
        messages.error(request, taken.text)
        return redirect("customfields:fields", target)
    messages.success(request, _("“%(field)s” is back, with its values.") % {"field": field.words})
    return redirect("customfields:fields", target)


def _posted(request: Any) -> Any:
    return request.POST if request.method == "POST" else None


def _back(request: Any, target: str, field: CustomField) -> str:
    """To the form in the designer that asked for the field, else to the list of fields."""
    if request.GET.get("form"):
        asked = {name: request.GET.get(name, "") for name in ("variant", "role")} | {"put": field.name}
        return f"{reverse('customfields:design', args=[target])}?{urlencode(asked)}"
    return reverse("customfields:fields", args=[target])
