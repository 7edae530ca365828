"""What finance fills in about credits of agents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import SalesLine
from partners.models import Partner
from prm.ui.forms import AmountField, ServiceForm, VisibleChoice


def share_field() -> AmountField:
    return AmountField(
        label=_("Share, %"),
        decimal_places=4,
        help_text=_("Above 0 and at most 100, with at most four decimals."),
    )


class CreditForm(ServiceForm):
    line = forms.CharField(
        label=_("Number of the sales line"), max_length=80,
        help_text=_("Its returns are credited with it, those that came and those that come."),
    )  # fmt: skip
    agent = VisibleChoice(Partner, label=_("Agent"), narrow=lambda rows: rows.brokering())
    share = share_field()
    reason = forms.CharField(
        label=_("Note"), max_length=300, required=False, help_text=_("The agent reads it.")
    )

    def clean_line(self) -> SalesLine:
        number = self.cleaned_data["line"].strip()
        found = SalesLine.objects.visible_to(self.actor).for_list().filter(line_number=number).first()
        if found is None:
            raise ValidationError(gettext("No sales line has this number."))
        return found


class TakeBackForm(ServiceForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The agent reads it."))


class CorrectForm(ServiceForm):
    share = share_field()
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The agent reads it."))

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.fields["share"].label = _("The right share, %")
