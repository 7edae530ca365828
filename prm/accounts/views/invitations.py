"""Accepting an invitation: the visitor's page behind the letter's link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from prm.access.decorators import public
from prm.accounts import companies
from prm.accounts.forms import password_help
from prm.accounts.models import Invitation
from prm.accounts.services import accept_again, accept_invitation
from prm.accounts.services.invitations import invitation_of, returning_person
from prm.accounts.views.entrance import enter
from prm.ui.forms import ServiceForm


class AcceptForm(ServiceForm):
    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = password_help()


@public
@never_cache
@sensitive_post_parameters("password")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link shows the form; only the button makes the account, and then signs in."""
    found = invitation_of(token)
    if found is None or not found.is_open:
        return render(request, "accounts/invitation_ended.html", status=404 if found is None else 410)
    company = companies.name_of(found.partner_id) or getattr(connection.tenant, "name", "")
    if returning_person(found) is not None:
        return _come_back(request, found, company)
    form = AcceptForm(request.POST or None, initial={"name": found.name})
    if form.is_valid() and form.run(accept_invitation, invitation=found, by=request.actor):
        return enter(request, form.result, answer=redirect("/"), how="invitation")
    context = {"form": form, "invitation": found, "inviter": found.invited_by, "company": company}
    return render(request, "accounts/invitation.html", context, status=form.status)


def _come_back(request: HttpRequest, found: Invitation, company: str) -> HttpResponse:
    """Who had left signs in as before: the letter alone opens no account that may have a second factor."""
    form = ServiceForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and form.run(accept_again, invitation=found, by=request.actor):  # type: ignore[attr-defined]
        messages.success(
            request, gettext("You belong to %(company)s again. Sign in as before.") % {"company": company}
        )
        return redirect("account_login")
    context = {"form": form, "invitation": found, "inviter": found.invited_by, "company": company}
    return render(request, "accounts/invitation_back.html", context, status=form.status)
