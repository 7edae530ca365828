"""A partner's administrator and the people of the own company."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.access.roles import PARTNER_ROLES
from prm.accounts.reads import colleagues as colleagues_of
from prm.accounts.reads import invitations_of_company
from prm.accounts.services import (
    deactivate_user,
    invite,
    reactivate_user,
    resend_invitation,
    withdraw_invitation,
)
from prm.ui.forms import ServiceForm

VERB = "accounts.invite_colleague"


class InviteColleagueForm(ServiceForm):
    email = forms.EmailField(label=_("E-mail"))
    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=120)
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, role.label) for role in reversed(PARTNER_ROLES)]
    )


@requires(VERB)
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    return _page(request, InviteColleagueForm(actor=request.actor))


@requires(VERB)
@require_POST
def invite_colleague(request: HttpRequest) -> HttpResponse:
    form = InviteColleagueForm(request.POST, actor=request.actor)
    if form.is_valid() and form.run(invite, by=request.actor):
        messages.success(
            request, gettext("The invitation to %(email)s is on its way.") % {"email": form.result.email}
        )
        return redirect("accounts:colleagues")
    return _page(request, form)


@requires(VERB)
@require_POST
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    resend_invitation(invitation=_invitation(request, pk), by=request.actor)
    messages.success(request, gettext("The letter is on its way again; the old link has ended."))
    return redirect("accounts:colleagues")


@requires(VERB)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    withdraw_invitation(invitation=_invitation(request, pk), by=request.actor)
    messages.success(request, gettext("The invitation is withdrawn."))
    return redirect("accounts:colleagues")


@requires(VERB)
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what will happen, then does it."""
    user = get_object_or_404(colleagues_of(request.actor), pk=pk)
    if request.method == "POST":
        deactivate_user(user=user, by=request.actor)
        messages.success(request, gettext("%(name)s is signed out everywhere.") % {"name": user.name})
        return redirect("accounts:colleagues")
    return render(request, "accounts/deactivate_colleague.html", {"person": user})


@requires(VERB)
@require_POST
def reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(colleagues_of(request.actor), pk=pk)
    reactivate_user(user=user, by=request.actor)
    messages.success(request, gettext("%(name)s may sign in again.") % {"name": user.name})
    return redirect("accounts:colleagues")


def _invitation(request: HttpRequest, pk: int) -> Any:
    return get_object_or_404(invitations_of_company(request.actor), pk=pk)


def _page(request: HttpRequest, form: InviteColleagueForm) -> HttpResponse:
    context = {
        "form": form,
        "people": colleagues_of(request.actor).order_by("-is_active", "name"),
        "invitations": invitations_of_company(request.actor),
    }
    return render(request, "accounts/colleagues.html", context, status=form.status)
