"""How one hears of things; words of letters; their sender."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.access.permissions import grouped_by_area
from prm.notices.kinds import Kind
from prm.notices.models import NoticeTimes, Preference
from prm.ui.forms import Block, ServiceForm

BEFORE = "kind-"


class TimeOfDay(forms.TimeField):
    """HH:MM, with the browser's own control."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["widget"] = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
        super().__init__(input_formats=["%H:%M", "%H:%M:%S"], **kwargs)


class DeliveryField(forms.ChoiceField):
    """One of the ways to hear of a kind; where nothing was sent, nothing is changed."""

    always_chosen = True

    def clean(self, value: Any) -> str:
        return super().clean(value) if value else ""


def zones() -> list[tuple[str, Any]]:
    """Zones by name; the first means the tenant's."""
    named = sorted(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix"))
    )
    return [("", _("As everybody here")), ("UTC", "UTC"), *[(name, name) for name in named]]


class NoticesForm(ServiceForm):
    time_zone = forms.ChoiceField(label=_("Your time zone"), required=False)
    digest_at = TimeOfDay(label=_("The daily digest comes at"))
    quiet_from = TimeOfDay(
        label=_("Quiet from"), required=False, help_text=_("No letters meanwhile; they come afterwards.")
    )
    quiet_to = TimeOfDay(label=_("Quiet until"), required=False)
    pairs = (("time_zone", "digest_at"), ("quiet_from", "quiet_to"))

    def __init__(
        self, *args: Any, kinds: Iterable[Kind], deliveries: dict[str, str], times: NoticeTimes, **kwargs: Any
    ) -> None:
        fields = ("time_zone", "digest_at", "quiet_from", "quiet_to")
        initial = {name: getattr(times, name) for name in fields}
        self.kinds = {f"{BEFORE}{kind.name.replace('.', '-')}": kind for kind in kinds}
        for name, kind in self.kinds.items():
            initial[name] = deliveries.get(kind.name, Preference.Delivery.MAIL)
            self.base_fields = self.base_fields | {
                name: DeliveryField(label=kind.label, choices=Preference.Delivery.choices, required=False)
            }
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["time_zone"].choices = zones()  # type: ignore[attr-defined]

    @property
    def blocks(self) -> list[Block]:
        """The times, then the kinds of notices under what they are about, two in a row."""
        times = [row for row in self.rows if row[0].name not in self.kinds]
        found = [Block(rows=times)]
        kinds = grouped_by_area((kind.name, self[name]) for name, kind in self.kinds.items())
        for area, pairs in kinds:
            fields = [field for _name, field in pairs]
            found.append(Block(area, [fields[at : at + 2] for at in range(0, len(fields), 2)]))
        return found

    def fields_for_service(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        deliveries = {kind.name: values.pop(name) for name, kind in self.kinds.items()}
        return values | {"deliveries": {name: chosen for name, chosen in deliveries.items() if chosen}}


class WordsForm(ServiceForm):
    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(
        label=_("Letter text"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 9}),
        help_text=_("An empty line begins a new paragraph. The button with the link is added below."),
    )


class SenderForm(ServiceForm):
    name = forms.CharField(
        label=_("Sender's name"),
        max_length=80,
        required=False,
        help_text=_("Empty: the name of the company. The address stays that of the portal."),
    )
    reply_to = forms.EmailField(
        label=_("Answers go to"), required=False, help_text=_("Empty: to the portal's own address.")
    )


class DeviceForm(ServiceForm):
    """What a browser says of its subscription."""

    endpoint = forms.URLField(max_length=1000, assume_scheme="https", widget=forms.HiddenInput)
    p256dh = forms.CharField(max_length=200, widget=forms.HiddenInput)
    auth = forms.CharField(max_length=60, widget=forms.HiddenInput)
    name = forms.CharField(max_length=120, required=False, widget=forms.HiddenInput)
