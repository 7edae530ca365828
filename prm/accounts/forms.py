"""Forms of the entrance, in the house's words. allauth's views run them."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm, ResetPasswordKeyForm
from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthCodeAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prm.accounts import guard
from prm.accounts.adapter import wait_sentence
from prm.accounts.services.own import ask_password_reset


class _Plain:
    """House classes on the inputs; labels stand above, never inside."""

    labels: dict[str, Any] = {}

    def dress(self) -> None:
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.widget.attrs.pop("placeholder", None)
            field.widget.attrs["class"] = "ui-input"
            field.help_text = ""
            if name in self.labels:
                field.label = self.labels[name]


class SignInForm(_Plain, LoginForm):
    labels = {"login": _("E-mail"), "password": _("Password")}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class ResetForm(_Plain, forms.Form):
    """Asks for the letter; the answer is the same whoever asks for whomever."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()

    def save(self, request: Any, **kwargs: Any) -> str:
        ask_password_reset(email=self.cleaned_data["email"], by=request.actor)
        return self.cleaned_data["email"]


class NewPasswordForm(_Plain, ResetPasswordKeyForm):
    labels = {"password1": _("New password"), "password2": _("New password again")}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()
        self.fields["password1"].help_text = password_help()


class ChangePasswordForm(_Plain, AllauthChangePasswordForm):
    labels = {
        "oldpassword": _("Present password"),
        "password1": _("New password"),
        "password2": _("New password again"),
    }

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()
        self.fields["password1"].help_text = password_help()

    def clean_oldpassword(self) -> str:
        key = guard.person_key(self.user.pk, "again")  # type: ignore[union-attr]
        standing = guard.take(key)
        if not standing.allowed:
            raise ValidationError(wait_sentence(standing), code="wait")
        value = super().clean_oldpassword()
        guard.forgive(key)
        return value


class PasswordAgainForm(_Plain, AllauthReauthenticateForm):
    labels = {"password": _("Password")}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()


class _Code(_Plain):
    """A code field that takes paste and autofill, with guesses counted for the person."""

    labels = {"code": _("Sign-in code")}
    user: Any

    def dress(self) -> None:
        super().dress()
        self.fields["code"].widget.attrs |= {  # type: ignore[attr-defined]
            "autocomplete": "one-time-code",
            "inputmode": "text",
            "autocapitalize": "off",
            "spellcheck": "false",
        }

    def clean_code(self) -> str:
        key = guard.person_key(self.user.pk, "code")
        standing = guard.take(key)
        if not standing.allowed:
            raise ValidationError(wait_sentence(standing), code="wait")
        self.cleaned_data["code"] = self.cleaned_data["code"].replace(" ", "").replace("-", "")  # type: ignore[attr-defined]
        code = super().clean_code()  # type: ignore[misc]
        guard.forgive(key)
        return code


class CodeForm(_Code, AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()


class CodeAgainForm(_Code, AllauthCodeAgainForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()


class ActivateForm(_Code, ActivateTOTPForm):
    labels = {"code": _("Code that the app shows")}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


def password_help() -> str:
    return " ".join(password_validation.password_validators_help_texts())
