"""Signing in and out, setting a new password, the second factor. allauth's views in the house's frame."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.account.internal import flows
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.access.decorators import public, signed_in
from prm.accounts import demo, devices, entry
from prm.accounts.entrance import entrance
from prm.accounts.factors import must_have_second_factor
from prm.accounts.models import User
from prm.accounts.services.sessions import forget_session


class SignInView(account.LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["demo_roles"] = demo.buttons() if settings.DEMO else []
        context["following"] = self.get_next_url() or ""
        return context


class ChangePasswordView(account.PasswordChangeView):
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        # Who never chose a password (invited through another system) chooses the first one by letter.
        if request.user.is_authenticated and not request.user.has_usable_password():
            return redirect("account_reset_password")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        messages.success(self.request, _("Your password is changed. Other devices are signed out."))
        return answer

    def get_default_success_url(self) -> str:
        return reverse("accounts:account")


class SetUpSecondFactorView(totp.ActivateTOTPView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["must"] = must_have_second_factor(self.request.user)
        # In fours, as people type it.
        secret = context["form"].secret
        context["secret"] = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return context

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        entry.note_security(self.request.user, "second_factor_added", request=self.request)
        messages.success(self.request, _("Your second factor is on. Keep these codes in a safe place."))
        return answer


class RemoveSecondFactorView(totp.DeactivateTOTPView):
    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        entry.note_security(self.request.user, "second_factor_removed", request=self.request)
        return answer


class NewCodesView(codes.GenerateRecoveryCodesView):
    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        entry.note_security(self.request.user, "recovery_codes_made", request=self.request)
        return answer


sign_in = public(SignInView.as_view())
password_reset = public(account.PasswordResetView.as_view())
password_reset_done = public(account.PasswordResetDoneView.as_view())
password_reset_from_key = public(account.PasswordResetFromKeyView.as_view())
password_reset_from_key_done = public(account.PasswordResetFromKeyDoneView.as_view())
inactive = public(account.AccountInactiveView.as_view())
password_change = signed_in(ChangePasswordView.as_view())
password_again = entrance(signed_in(account.ReauthenticateView.as_view()))

enter_code = public(mfa.AuthenticateView.as_view())
code_again = entrance(signed_in(mfa.ReauthenticateView.as_view()))
second_factor = entrance(signed_in(mfa.IndexView.as_view()))
set_up_second_factor = entrance(signed_in(SetUpSecondFactorView.as_view()))
remove_second_factor = signed_in(RemoveSecondFactorView.as_view())
recovery_codes = entrance(signed_in(codes.ViewRecoveryCodesView.as_view()))
new_recovery_codes = entrance(signed_in(NewCodesView.as_view()))
download_recovery_codes = entrance(signed_in(codes.DownloadRecoveryCodesView.as_view()))


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        entry.note_sign_out(request)
        forget_session(request.session.session_key)
    flows.logout.logout(request, show_message=False)
    return redirect("account_login")


@public
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One click signs in as a person of the demo; there is no such page outside demo mode."""
    person = demo.person_for(request.POST.get("role", "")) if settings.DEMO else None
    if person is None:
        raise Http404
    user = demo.user_for(person)
    if user is None:
        messages.error(
            request, _("This person comes with the demo's data, which this site was started without.")
        )
        return redirect("account_login")
    return enter(request, user, answer=redirect("/"), how="demo button")


def enter(request: HttpRequest, user: User, *, answer: HttpResponse, how: str) -> HttpResponse:
    """Sign `user` in without a password: behind a demo button, or after an invitation was accepted."""
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    record_authentication(request, user, method="password" if how == "invitation" else "demo")
    UserSession.objects.create_from_request(request)
    entry.note_sign_in(request, user, how=how)
    devices.remember(request, answer, user)
    return answer
