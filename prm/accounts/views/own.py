"""One's own account: name, language, sessions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import signed_in
from prm.accounts import devices
from prm.accounts.services import change_own_account, end_other_sessions, end_session
from prm.accounts.services.sessions import sessions_of
from prm.ui.forms import ServiceForm

LANGUAGES = [("", _("As the browser says")), ("en", "English"), ("zh-hans", "中文")]


class OwnAccountForm(ServiceForm):
    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=120)
    title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    language = forms.ChoiceField(
        label=_("Language"), choices=LANGUAGES, required=False, widget=forms.RadioSelect
    )


@signed_in
def account(request: HttpRequest) -> HttpResponse:
    user = request.user
    initial = {"name": user.name, "title": user.title, "phone": user.phone, "language": user.language}
    form = OwnAccountForm(request.POST or None, initial=initial, actor=request.actor)
    if form.is_valid() and form.run(change_own_account, user=user, by=request.actor):
        answer = redirect("accounts:account")
        if not form.result.language:  # "as the browser says" also forgets what this browser had chosen
            answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        messages.success(request, gettext("Your account is saved."))
        return answer
    return render(request, "accounts/own.html", {"form": form}, status=form.status)


@signed_in
@require_GET
def sessions(request: Any) -> HttpResponse:
    rows = [
        {
            "session": row,
            "device": devices.describe(row.user_agent),
            "here": row.session_key == request.session.session_key,
        }
        for row in sessions_of(request.user)
    ]
    return render(
        request, "accounts/sessions.html", {"rows": rows, "others": any(not row["here"] for row in rows)}
    )


@signed_in
@require_POST
def end_one_session(request: Any, pk: int) -> HttpResponse:
    if not end_session(user=request.user, session_id=pk, by=request.actor):
        raise Http404
    messages.success(request, gettext("That device is signed out."))
    return redirect("accounts:sessions")


@signed_in
@require_POST
def end_others(request: Any) -> HttpResponse:
    end_other_sessions(user=request.user, keep=request.session.session_key, by=request.actor)
    messages.success(request, gettext("All other devices are signed out."))
    return redirect("accounts:sessions")
