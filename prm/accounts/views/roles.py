"""Roles: what may each of them do, who has it; the tenant's own are made here from the built-in ones."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from prm.access import permissions
from prm.access.decorators import requires
from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.accounts.models import OwnRole
from prm.accounts.reads import own_role_of, own_roles, role_counts
from prm.accounts.role_forms import OwnRoleForm
from prm.accounts.services import delete_role, save_role
from prm.audit.history import history_of
from prm.values.errors import DomainError


@requires("accounts.view")
@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """All roles, with how many people have each."""
    built_in, own = role_counts()
    context = {
        "built_in": [(role, built_in[role.value]) for role in STAFF_ROLES],
        "partners": [(role, built_in[role.value]) for role in PARTNER_ROLES],
        "own": [(role, own[role.pk]) for role in own_roles()],
        "may": "accounts.manage" in request.actor.permissions,
    }
    return render(request, "accounts/roles.html", context)


@requires("accounts.view")
@require_GET
def built_in_role(request: HttpRequest, role: str) -> HttpResponse:
    """What a role of the product may do."""
    if role not in Role.values:
        raise Http404
    of_partners = role in PARTNER_ROLES
    context = {
        "role": Role(role), "of_partners": of_partners,
        "areas": [(label, verbs) for _code, label, verbs in permissions.held_by_area(role)],
        "may": "accounts.manage" in request.actor.permissions and not of_partners,
    }  # fmt: skip
    return render(request, "accounts/built_in_role.html", context)


@requires("accounts.manage")
@require_http_methods(["GET", "POST"])
def new_role(request: HttpRequest, base: str) -> HttpResponse:
    """A copy of a built-in role, to be changed before it is saved."""
    if base not in STAFF_ROLES:
        raise Http404
    verbs = sorted(
        set(permissions.offered())
        & {name for name, verb in permissions.everything().items() if base in verb.roles}
    )
    copy = OwnRole(base=base, verbs=verbs)
    form = OwnRoleForm(request.POST or None, role=copy, actor=request.actor)
    if form.is_valid():
        copy.code = _free_code(form.cleaned_data["name"])
        if form.run(save_role, role=None, by=request.actor):
            messages.success(request, _("The role is made. Give it to people on their pages."))
            return redirect("accounts:roles")
    context = {"form": form, "base": Role(base), "role": None}
    return render(request, "accounts/own_role.html", context, status=form.status)


def _free_code(name: str) -> str:
    """What the configuration as text calls the role: its name in plain letters, or a number."""
    wanted = slugify(name)[:30] or "role"
    taken = {role.code for role in own_roles()}
    if wanted not in taken and wanted != "role":
        return wanted
    return next(code for number in range(2, 10_000) if (code := f"{wanted}-{number}") not in taken)


@requires("accounts.view")
@require_http_methods(["GET", "POST"])
def own_role(request: HttpRequest, code: str) -> HttpResponse:
    role = own_role_of(code)
    sent = request.POST if request.method == "POST" else None
    form = OwnRoleForm(sent, role=role, actor=request.actor)
    if form.is_valid() and form.run(save_role, role=role, by=request.actor):
        messages.success(request, _("Saved. It holds from the next click of everybody who has the role."))
        return redirect("accounts:roles")
    context = {
        "form": form, "base": Role(role.base), "role": role,
        "people": list(role.people.filter(is_active=True).order_by("name")[:50]),
        "happenings": history_of(role, request.actor),
    }  # fmt: skip
    return render(request, "accounts/own_role.html", context, status=form.status)


@requires("accounts.manage")
@require_http_methods(["GET", "POST"])
def delete_own_role(request: HttpRequest, code: str) -> HttpResponse:
    role = own_role_of(code)
    if request.method == "POST":
        try:
            delete_role(role=role, by=request.actor)
        except DomainError as refusal:
            messages.error(request, refusal.text)
            return redirect(role)
        messages.success(request, _("%(name)s is deleted.") % {"name": role})
        return redirect("accounts:roles")
    return render(request, "accounts/delete_role.html", {"role": role})
