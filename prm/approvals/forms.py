"""What people fill in about decisions, working time and their stand-in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from prm.access.roles import STAFF_ROLES
from prm.files.uploads import ACCEPT
from prm.ui.forms import ServiceForm, VisibleChoice

SUBMITTER = "submitter"


class ApproveForm(ServiceForm):
    text = forms.CharField(label=_("Note"), widget=forms.Textarea, max_length=2000, required=False)


class RejectForm(ServiceForm):
    text = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=2000,
        help_text=_("The other side reads it."),
    )  # fmt: skip


class ReturnForm(ServiceForm):
    to = forms.ChoiceField(label=_("Back to"), required=False)
    text = forms.CharField(label=_("What has to change?"), widget=forms.Textarea, max_length=2000)

    def __init__(self, *args: Any, choices: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        steps = [(step.id, step.label) for step in choices.earlier]
        own = [("", gettext("Whoever handed it in"))] if choices.may_return else []
        self.fields["to"].choices = own + steps  # type: ignore[attr-defined]
        self.fields["to"].required = not own


class PersonForm(ServiceForm):
    """Somebody who may decide: to hand over to, or to ask as well."""

    user = forms.ChoiceField(label=_("Person"))
    text = forms.CharField(label=_("Note"), widget=forms.Textarea, max_length=2000, required=False)

    def __init__(self, *args: Any, people: list[Any], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._people = {str(user.pk): user for user in people}
        named = [(key, f"{user} · {user.get_role_display()}") for key, user in self._people.items()]
        self.fields["user"].choices = [("", _("Choose")), *named]  # type: ignore[attr-defined]

    def fields_for_service(self) -> dict[str, Any]:
        return self.cleaned_data | {"user": self._people[self.cleaned_data["user"]]}


class AnswerForm(ServiceForm):
    """A line of a run's talk, with a file where one helps."""

    text = forms.CharField(label=_("Answer"), widget=forms.Textarea, max_length=4000)
    attachment = forms.FileField(
        label=_("Attachment"), required=False, widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
        help_text=_("A PDF, a picture, an Office document or plain text; at most 10 MB."),
    )  # fmt: skip


class CommentForm(AnswerForm):
    """Of those who decide: to all of them, to one, or to whoever handed it in (`submitter`, None when nobody)."""

    asked = forms.ChoiceField(label=pgettext_lazy("addressee", "To"), required=False)
    field_order = ("text", "asked", "attachment")
    pairs = (("asked", "attachment"),)

    def __init__(self, *args: Any, people: list[Any], submitter: Any = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("Question or answer")
        self._people = {str(user.pk): user for user in people}
        named = [(key, str(user)) for key, user in self._people.items()]
        if submitter is not None:
            self._people[SUBMITTER] = submitter
            named.insert(0, (SUBMITTER, gettext("Whoever handed it in: %(person)s") % {"person": submitter}))
        self.fields["asked"].choices = [("", _("Everybody who decides")), *named]  # type: ignore[attr-defined]

    def fields_for_service(self) -> dict[str, Any]:
        wanted = self.cleaned_data["asked"]
        return self.cleaned_data | {"asked": self._people.get(wanted), "for_submitter": wanted == SUBMITTER}


class LinkForm(ServiceForm):
    """The short form behind a letter's link: one answer, one button."""

    answer = forms.ChoiceField(
        label=_("Your decision"),
        widget=forms.RadioSelect,
        choices=[("approve", _("Approve")), ("reject", _("Reject"))],
    )
    text = forms.CharField(
        label=_("Note"), widget=forms.Textarea, max_length=2000, required=False,
        help_text=_("A rejection needs a reason. The other side reads it."),
    )  # fmt: skip


class HoursForm(ServiceForm):
    """A line for each day of the week."""

    def __init__(self, *args: Any, hours: dict[int, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        for day in range(7):
            self.fields[f"day_{day}"] = forms.CharField(
                label=WEEKDAYS[day], required=False, max_length=80, initial=hours.get(day, ""),
                widget=forms.TextInput(attrs={"class": "ui-input"}),
            )  # fmt: skip

    def fields_for_service(self) -> dict[str, Any]:
        return {"week": {day: self.cleaned_data[f"day_{day}"] for day in range(7)}}


class DayForm(ServiceForm):
    day = forms.DateField(label=_("Day"))
    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    is_working = forms.BooleanField(
        label=_("People work on this day"), required=False,
        help_text=_("For a weekend day that makes up for a holiday."),
    )  # fmt: skip
    pairs = (("day", "name"),)


class StandInForm(ServiceForm):
    to = VisibleChoice(
        get_user_model(), label=_("Who decides in my place"),
        narrow=lambda rows: rows.filter(is_active=True, role__in=STAFF_ROLES).order_by("name"),
    )  # fmt: skip
    first_day = forms.DateField(label=_("From"))
    last_day = forms.DateField(label=_("To and including"))
    pairs = (("first_day", "last_day"),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["to"]
        field.queryset = field.queryset.exclude(pk=self.actor.user_id if self.actor else None)
