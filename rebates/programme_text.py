"""The part of the programme's form about its last day and its own words, and how they become text and back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 4000  # letters, as the schema says


class TextFields(forms.Form):
    until = forms.DateField(
        label=_("In force until"), required=False,
        help_text=_("The last day of a period. Empty: until a later version begins."),
    )  # fmt: skip
    text = forms.CharField(
        label=_("Further words of the agreement"), required=False, max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Partners read and sign them beside the sentences that are made from the policy. Nothing is computed from"
            " them."
        ),
    )  # fmt: skip
    text_zh = forms.CharField(
        label=_("Further words in Chinese"), required=False, max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


def text_of(values: dict[str, Any]) -> dict[str, Any]:
    """The last day and the words as typed."""
    until = values["until"].isoformat() if values["until"] else ""
    words = {name: values[name].replace("\r\n", "\n").strip() for name in ("text", "text_zh")}
    return {"until": until, **words}


def initial_text(version: Any) -> dict[str, Any]:
    return {
        "until": version.last_day,
        "text": version.policy.get("text", ""),
        "text_zh": version.policy.get("text_zh", ""),
    }
