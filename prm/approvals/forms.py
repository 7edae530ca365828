"""What people fill in about decisions, working time and their stand-in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.access.roles import STAFF_ROLES
from prm.ui.forms import ServiceForm, VisibleChoice

LARGEST_FILE = 10 * 1024 * 1024


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


class CommentForm(ServiceForm):
    text = forms.CharField(label=_("Question or answer"), widget=forms.Textarea, max_length=4000)
    asked = forms.ChoiceField(label=_("To"), required=False)
    attachment = forms.FileField(label=_("Attachment"), required=False, help_text=_("At most 10 MB."))
    pairs = (("asked", "attachment"),)

    def __init__(self, *args: Any, people: list[Any], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._people = {str(user.pk): user for user in people}
        named = [(key, str(user)) for key, user in self._people.items()]
        self.fields["asked"].choices = [("", _("Everybody who decides")), *named]  # type: ignore[attr-defined]

    def clean_attachment(self) -> Any:
        found = self.cleaned_data.get("attachment")
        if found is not None and found.size > LARGEST_FILE:
            raise ValidationError(_("The file is larger than 10 MB. Choose a smaller one."))
        return found

    def fields_for_service(self) -> dict[str, Any]:
        return self.cleaned_data | {"asked": self._people.get(self.cleaned_data["asked"])}


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
