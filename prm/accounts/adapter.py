"""How allauth behaves here: by invitation only, guesses slowed down by our own guard, every sign-in recorded."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from prm.access.scope import has_left
from prm.accounts import devices, entry, guard
from prm.accounts.factors import must_have_second_factor
from prm.values import clock, secrets

# How long a password that was typed counts as "just now" for changes of the second factor.
FRESH_SECONDS = 600
HAS_LEFT = _(
    "You no longer belong to a company here, so you cannot sign in. Ask your company's administrator to invite you."
)


class AccountAdapter(DefaultAccountAdapter):
    """Signing in and out."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "enter_current_password": _("This is not your present password."),
        "incorrect_password": _("This is not your password."),
        "incorrect_code": _("This code is not right. Take the one that the app shows now."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only pages of this very site: the other tenants are neighbours by name, and strangers."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        return request.META.get("REMOTE_ADDR") or "0.0.0.0"

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Check a password, slowed down; raises ValidationError with the one sentence for everything wrong."""
        email = credentials.get("email", "")
        device = devices.device_of(request, email)
        address = self.get_client_ip(request)
        keys = (
            (guard.device_key(device.pk),)
            if device
            else (guard.account_key(email), guard.address_key(address))
        )
        standing = guard.take(*keys)
        if not standing.allowed:
            raise ValidationError(wait_sentence(standing), code="wait")
        user = authenticate(request, **credentials)
        if user is None:
            entry.note_failure(email=email, address=address, standing=standing)
            raise ValidationError(failure_sentence(standing), code="mismatch")
        guard.forgive(*keys)
        if user.is_active and has_left(user):  # said only to who knows the password
            raise ValidationError(HAS_LEFT, code="has_left")
        return user

    def reauthenticate(self, user: Any, password: str) -> bool:
        keys = (guard.person_key(user.pk, "again"),)
        if not guard.take(*keys).allowed or not user.check_password(password):
            return False
        guard.forgive(*keys)
        return True

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A password typed in the last minutes is enough; demo people, who typed none, are not asked."""
        request = context.request
        if settings.DEMO:
            return False
        newest = max((r["at"] for r in get_authentication_records(request, request.user)), default=0)
        return clock.now().timestamp() - newest > FRESH_SECONDS

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        devices.remember(request, response, user)
        entry.note_sign_in(request, user)
        return response

    def set_password(self, user: Any, password: str) -> None:
        super().set_password(user, password)
        entry.note_password(user, request=context.request)

    def add_message(self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any,
                    **kwargs: Any) -> None:  # fmt: skip
        """Our pages say by themselves what happened; allauth's own lines would say it twice."""


class MfaAdapter(DefaultMFAAdapter):
    """Second factors: secrets encrypted at rest, kept by those who must have one."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right. Take the one that the app shows now."),
        "cannot_delete_authenticator": _("Your role needs a second factor, so it stays on."),
    }

    def get_totp_issuer(self) -> str:
        tenant = getattr(context.request, "tenant", None)
        return getattr(tenant, "name", "") or super().get_totp_issuer()

    def build_totp_svg(self, url: str) -> str:
        """The picture with a white ground of its own, so that it can be scanned from a dark page."""
        import qrcode
        from qrcode.image.svg import SvgPathFillImage

        return qrcode.make(url, image_factory=SvgPathFillImage).to_string(encoding="unicode")

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        return not must_have_second_factor(authenticator.user)


def failure_sentence(standing: guard.Standing) -> str:
    """One message for a wrong e-mail and a wrong password."""
    if standing.left == 0:
        return ngettext(
            "E-mail or password is not right. Wait %(minutes)s minute, or set a new password.",
            "E-mail or password is not right. Wait %(minutes)s minutes, or set a new password.",
            standing.minutes,
        ) % {"minutes": standing.minutes}
    values = {"left": standing.left, "minutes": standing.minutes}
    tries = ngettext("%(left)s try left", "%(left)s tries left", standing.left) % values
    pause = (
        ngettext("a pause of %(minutes)s minute", "a pause of %(minutes)s minutes", standing.minutes) % values
    )
    return str(
        _("E-mail or password is not right. %(tries)s, then %(pause)s.") % {"tries": tries, "pause": pause}
    )


def wait_sentence(standing: guard.Standing) -> str:
    return ngettext(
        "Too many wrong tries. Wait %(minutes)s minute, or set a new password.",
        "Too many wrong tries. Wait %(minutes)s minutes, or set a new password.",
        standing.minutes,
    ) % {"minutes": standing.minutes}
