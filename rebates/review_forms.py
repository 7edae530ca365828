"""What finance fills in while it reviews a settlement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.ui.forms import ServiceForm
from rebates.services.talking import readers

ACCEPT = ".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.pptx,.txt,.csv"


class CommentForm(ServiceForm):
    """A line of the talk about a settlement; whoever is ticked gets a notice."""

    text = forms.CharField(label=_("Comment"), widget=forms.Textarea, max_length=4000)
    mentioned = forms.MultipleChoiceField(
        label=_("Tell"), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("They get a notice with your words."),
    )  # fmt: skip
    attachment = forms.FileField(
        label=_("Attachment"), required=False, widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
        help_text=_("A PDF, a picture, an Office document or plain text; at most 10 MB."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        mine = self.actor.user_id if self.actor is not None else None
        people = [user for user in readers() if user.pk != mine]
        self._people = {str(user.pk): user for user in people}
        named = [(key, str(user)) for key, user in self._people.items()]
        self.fields["mentioned"].choices = named  # type: ignore[attr-defined]

    def fields_for_service(self) -> dict[str, Any]:
        return self.cleaned_data | {
            "mentioned": [self._people[key] for key in self.cleaned_data["mentioned"]]
        }


class HoldForm(ServiceForm):
    """Why a payment waits, or why it waits no longer."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=2000,
        help_text=_("Finance reads it; the partner sees only that its payment is blocked."),
    )  # fmt: skip


class AnswerForm(ServiceForm):
    """Why a finding may stay as it is."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=2000,
        help_text=_("Whoever approves reads it. It is kept with your name and cannot be changed."),
    )  # fmt: skip


class HandOverForm(ServiceForm):
    """Why what nobody answered may stay as it is; and which findings the page told of."""

    reason = forms.CharField(
        label=_("Why they may stay as they are"), widget=forms.Textarea, max_length=2000,
        help_text=_("Whoever approves reads it, with the findings above."),
    )  # fmt: skip
    shown = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
