"""The form of a receiver; what it asks depends on its kind."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from prm.access.permissions import grouped_by_area
from prm.access.roles import Role
from prm.egress.kinds import Kind
from prm.egress.models import Receiver
from prm.ui.forms import ServiceForm


class ReceiverForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    url = forms.CharField(label=_("Address"), max_length=2000)
    secret = forms.CharField(
        label=_("Secret of the robot"),
        max_length=200,
        required=False,
        help_text=_("Only where its security setting asks for a signature."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    audience = forms.ChoiceField(
        label=_("Team"),
        choices=[("", _("Everybody")), *Role.choices],
        required=False,
        help_text=_("Only what at least one person with this role is told."),
    )
    wants = forms.MultipleChoiceField(
        label=_("Is told of"), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, kind: Kind, receiver: Receiver | None, **kwargs: Any) -> None:
        if receiver is not None:
            kwargs["initial"] = {
                name: getattr(receiver, name) for name in ("name", "wants", "audience", "language")
            }
        super().__init__(*args, **kwargs)
        self.fields["url"].help_text = kind.help
        self.fields["wants"].choices = grouped_by_area(kind.choices())  # type: ignore[attr-defined]
        if not kind.is_robot:
            self.fields["wants"].help_text = _("None ticked: only flows and automations write to it.")
        if kind.makes_secret:
            del self.fields["secret"]
        if not kind.is_robot:
            del self.fields["language"], self.fields["audience"]
        if receiver is not None and receiver.host:
            self.fields["url"].required = False
            self.fields["url"].help_text = _(
                "Leave it empty to keep the address at %(host)s. Stored addresses are not shown."
            ) % {"host": receiver.host}
            if "secret" in self.fields:
                self.fields["secret"].help_text = _("Leave it empty to keep what is stored.")
