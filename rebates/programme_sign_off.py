"""The part of the programme's form about partners' signatures."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

CHOICES = [
    ("", _("Not asked for")),
    ("wanted", _("Asked for; accrual does not wait")),
    ("before_accrual", _("Asked for; nothing accrues before it")),
]


class SignOffFields(forms.Form):
    sign_off = forms.ChoiceField(
        label=_("Partner's signature"), choices=CHOICES, required=False, initial="",
        help_text=_(
            "The partner's administrator reads the agreement in the portal and signs or declines. An amendment is"
            " signed anew."
        ),
    )  # fmt: skip


def initial_sign_off(policy: dict[str, Any]) -> dict[str, Any]:
    return {"sign_off": policy.get("sign_off", "")}
