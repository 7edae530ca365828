"""Accepting an invitation: the visitor's page behind the letter's link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from prm.access.decorators import public
from prm.accounts.forms import password_help
from prm.accounts.services import accept_invitation
from prm.accounts.services.invitations import invitation_of
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
    form = AcceptForm(request.POST or None, initial={"name": found.name})
    if form.is_valid() and form.run(accept_invitation, invitation=found, by=request.actor):
        return enter(request, form.result, answer=redirect("/"), how="invitation")
    context = {"form": form, "invitation": found, "inviter": found.invited_by}
    return render(request, "accounts/invitation.html", context, status=form.status)
