"""What finance fills in about credits of agents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import SalesLine
from partners.models import Partner
from prm.ui import formats
from prm.ui.forms import AmountField, ServiceForm, VisibleChoice
from prm.ui.picker import CodePicker

NAMED = 6  # lines of a document that a refusal names


def share_field() -> AmountField:
    return AmountField(
        label=_("Share, %"),
        decimal_places=4,
        help_text=_("Above 0 and at most 100, with at most four decimals."),
    )


class CreditForm(ServiceForm):
    line = forms.CharField(
        label=_("Number of the sales line"), max_length=80,
        widget=CodePicker("orders:pick_line", single=True, hint=_("Search by document or line number")),
        help_text=_(
            "Or of its document, where that has one line. Its returns are credited with it, those that came and those"
            " that come."
        ),
    )  # fmt: skip
    agent = VisibleChoice(Partner, label=_("Agent"), narrow=lambda rows: rows.brokering())
    share = share_field()
    reason = forms.CharField(
        label=_("Note"), max_length=300, required=False, help_text=_("The agent reads it.")
    )

    def clean_line(self) -> SalesLine:
        """The line of that number; that of a document is its only one."""
        number = self.cleaned_data["line"].strip()
        rows = SalesLine.objects.visible_to(self.actor).for_list()
        found = rows.filter(line_number=number).first()
        if found is not None:
            return found
        lines = list(rows.creditable().filter(document=number).order_by("line_number")[: NAMED + 1])
        if not lines:
            raise ValidationError(gettext("No sales line and no document has this number."))
        if len(lines) > 1:
            raise ValidationError(_several(lines))
        return lines[0]


def _several(lines: list[SalesLine]) -> str:
    """Which lines a document has, as far as they can be named in a sentence."""
    named = [
        f"{line.line_number} ({line.product}, {formats.money(line.net_amount, line.currency)})"
        for line in lines
    ]
    shown = "; ".join([*named[:NAMED], *(["…"] if len(named) > NAMED else [])])
    return gettext("This document has several lines: %(lines)s. Enter the number of one.") % {"lines": shown}


class TakeBackForm(ServiceForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The agent reads it."))


class CorrectForm(ServiceForm):
    share = share_field()
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The agent reads it."))

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.fields["share"].label = _("The right share, %")
