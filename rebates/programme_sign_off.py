"""The parts of the programme's form about partners' signatures and about what it is paid as."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

CHOICES = [
    ("", _("Not asked for")),
    ("wanted", _("Asked for; accrual does not wait")),
    ("before_accrual", _("Asked for; nothing accrues before it")),
]


PAID_AS = [
    ("", _("By transfer")),
    ("credit_note", _("By credit note")),
    ("wallet", _("Into the wallet for orders")),
    ("goods", _("In goods")),
]


class SignOffFields(forms.Form):
    payout_as = forms.ChoiceField(
        label=pgettext_lazy("of a policy", "Paid"), choices=PAID_AS, required=False, initial="",
        help_text=_("Finance may choose otherwise at the payment. Goods are named there and their delivery confirmed."),
    )  # fmt: skip
    sign_off = forms.ChoiceField(
        label=_("Partner's signature"), choices=CHOICES, required=False, initial="",
        help_text=_(
            "The partner's administrator reads the agreement in the portal and signs or declines. An amendment is"
            " signed anew."
        ),
    )  # fmt: skip


def initial_sign_off(policy: dict[str, Any]) -> dict[str, Any]:
    return {"sign_off": policy.get("sign_off", ""), "payout_as": policy.get("payout_as", "")}
