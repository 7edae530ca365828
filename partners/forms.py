"""What people fill in about partners."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from partners.models import Partner, PartnerChange, Tier
from partners.services import Amendment, companies
from prm.conditions.forms import ConditionField
from prm.customfields.forms import CustomForm
from prm.ui.forms import ServiceForm, VisibleChoice
from prm.values import clock


class PartnerForm(CustomForm):
    """A company: name and type, the rest under "More"."""

    target = "partner"

    name = forms.CharField(label=_("Name"), max_length=200)
    type = forms.ChoiceField(label=_("Type"), choices=Partner.Type.choices)
    region = forms.CharField(label=_("Region"), max_length=80, required=False)
    tax_number = forms.CharField(label=_("Tax number"), max_length=30, required=False)
    parent = VisibleChoice(
        Partner,
        label=_("Parent partner"),
        required=False,
        help_text=_("The distributor through which this partner buys."),
    )
    website = forms.CharField(label=_("Website"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    address = forms.CharField(label=_("Address"), max_length=300, required=False)
    note = forms.CharField(
        label=_("Internal note"),
        widget=forms.Textarea,
        required=False,
        help_text=_("Partners never see this."),
    )
    pairs: tuple[tuple[str, str], ...] = (("type", "region"),)
    more: tuple[str, ...] = ("parent", "website", "phone", "address", "note")

    def checks(self, data: dict[str, Any]) -> list[Callable[[], Any]]:
        found: list[Callable[[], Any]] = [
            partial(companies.check_tax_number, data.get("tax_number") or "", self.obj)
        ]
        if self.obj is not None:
            found.append(partial(companies.check_parent, data.get("parent"), self.obj))
        return found


class NewPartnerForm(PartnerForm):
    """A company that is new here, with the number under which other systems know it."""

    number = forms.CharField(
        label=_("Number"), max_length=40, required=False, help_text=_("Leave empty for the next free number.")
    )
    draft = "partner-new"
    pairs = (("type", "region"), ("tax_number", "number"))

    def checks(self, data: dict[str, Any]) -> list[Callable[[], Any]]:
        return [*super().checks(data), partial(companies.check_number, data.get("number") or "")]


class StatusForm(ServiceForm):
    """A step in the partner's lifecycle, and why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea, help_text=_("Kept in the history."))


class TierForm(ServiceForm):
    """A tier from a day on."""

    tier = forms.ModelChoiceField(label=_("Tier"), queryset=Tier._default_manager.all())
    first_day = forms.DateField(label=_("From"), help_text=_("The tier before ends on the day before."))
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea)
    pairs = (("tier", "first_day"),)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["first_day"].initial = clock.today()


class LevelForm(ServiceForm):
    """A tier of the programme; its criteria are filled in by the builder."""

    code = forms.RegexField(
        r"^[a-z0-9][a-z0-9_-]*$",
        label=_("Code"),
        max_length=40,
        error_messages={"invalid": _("Write small letters, digits and hyphens, a letter or digit first.")},
        help_text=_("Small letters and digits. It stays; files and rules name it."),
    )
    name = forms.CharField(label=_("Name"), max_length=80)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=80, required=False)
    rank = forms.IntegerField(
        label=_("Rank"), min_value=1, max_value=9999, help_text=_("A higher rank is a better tier.")
    )
    pairs = (("name", "name_zh"),)

    def __init__(self, *args: Any, known: Tier | None = None, **kwargs: Any):
        if known is not None:
            kwargs["initial"] = {
                name: getattr(known, name) for name in ("name", "name_zh", "rank", "entry", "renewal")
            }
        super().__init__(*args, **kwargs)
        if known is not None:
            del self.fields["code"]
        for name in ("entry", "renewal"):
            self.fields[name] = ConditionField(subject="partner", by=self.actor)


class ReviewForm(ServiceForm):
    """From when the ticked proposals hold."""

    first_day = forms.DateField(label=_("From"), help_text=_("The tier before ends on the day before."))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["first_day"].initial = clock.today()


class ContactForm(ServiceForm):
    """A person whom one calls."""

    name = forms.CharField(label=_("Name"), max_length=120)
    title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    is_primary = forms.BooleanField(label=_("Main contact"), required=False)
    pairs = (("name", "title"), ("email", "phone"))


class ManagerForm(ServiceForm):
    """A channel manager who looks after the partner."""

    user = forms.ModelChoiceField(label=_("Channel manager"), queryset=None)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = channel_managers()


class AmendForm(ServiceForm):
    """Hands in again what was sent back: the fields of what was asked for, and an answer in words."""

    answer = forms.CharField(
        label=_("Your answer"),
        widget=forms.Textarea,
        required=False,
        help_text=_("For whoever sent it back. With nothing else changed, only this is handed in."),
    )

    def __init__(self, *args: Any, change: PartnerChange, **kwargs: Any):
        self.change = change
        super().__init__(*args, **kwargs)

    def fields_for_service(self) -> dict[str, Any]:
        values = super().fields_for_service()
        answer = values.pop("answer", "")
        return {**values, "amends": Amendment(self.change, answer)}


class AmendFactsForm(AmendForm, PartnerForm):
    """Company data that was sent back, and why it is wanted."""

    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea)


class AmendStatusForm(AmendForm, StatusForm):
    """A state that was sent back: why it is wanted."""


class AmendTierForm(AmendForm, TierForm):
    """A tier that was sent back."""


class AmendManagerForm(AmendForm):
    """A channel manager who was to be assigned: another one, or why."""

    user = ManagerForm.base_fields["user"]
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea)
    field_order = ("user", "reason", "answer")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = channel_managers()  # type: ignore[attr-defined]


class AmendUnassignForm(AmendForm):
    """A channel manager who was to be taken off: why."""

    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea)
    field_order = ("reason", "answer")


def channel_managers() -> Any:
    """Who can look after a partner, by name."""
    people = get_user_model()._default_manager
    return people.filter(role="channel_manager", is_active=True).order_by("name")
