"""What people fill in about disputes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orders.models import CreditedLine, SalesLine
from prm.spreadsheets import cells, reasons
from prm.spreadsheets.registry import BadValue
from prm.ui import formats
from prm.ui.forms import AsksOnceMore, MoneyField, ServiceForm
from prm.ui.parts import Fact
from prm.values.actor import Actor
from rebates import dispute_words
from rebates.could_change import CouldChange
from rebates.ledger_reach import Reach
from rebates.models import DisputedLine, Programme
from rebates.services import Claim

What = DisputedLine.What
# What can be wrong with a line of ours, and with one that counts in no figure.
OF_OURS = (What.AMOUNT, What.QUANTITY, What.NOT_OURS)
OF_UNCOUNTED = (What.COUNT, *OF_OURS)
ROOM = 3  # missing lines that the page gets room for each time that they are asked for
MOST_ROOM = 60  # more come by file
MORE = "more"  # the button's name
PLACE = re.compile(r"missing-(\d{1,2})-document")
PARSERS = {
    "quantity": cells.amount(places=3), "amount": cells.amount(places=2), "day": cells.day(),
    "document": cells.code(60), "product": cells.code(60),
}  # fmt: skip
NAMES = {
    "quantity": gettext_lazy("quantity"), "amount": gettext_lazy("net amount"),
    "day": gettext_lazy("booking date"), "document": gettext_lazy("document"),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A line of ours with what was typed about it."""

    line: SalesLine | CreditedLine
    counts: bool
    ticked: bool
    what: str
    choices: list[tuple[str, Any]]
    quantity: str
    amount: str

    @property
    def key(self) -> str:
        """The line in the names of its fields, in no language's digits."""
        return str(self.line.pk)


def _text_area(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, widget=forms.Textarea, max_length=2000, required=required, help_text=help_text
    )


class LinesForm(ServiceForm):
    """Lines that are ticked, each with what is wrong, and lines that are missing."""

    reason = _text_area(
        gettext_lazy("Reason"), gettext_lazy("What finance should know: what you have, and where.")
    )

    def __init__(
        self, *args: Any, actor: Actor, lines: Sequence[SalesLine | CreditedLine], counted: set[int],
        typed: Any = None, **options: Any,
    ):  # fmt: skip
        """`typed`: what stands in the fields while a document, or more room, is asked for; nothing is checked yet."""
        if typed is not None:
            options["initial"] = {"reason": typed.get("reason", "")}
        super().__init__(*args, actor=actor, **options)
        self.reader, self.typed = actor, self.data if self.is_bound else typed
        self.lines, self.counted = lines, counted

    @property
    def rows_of_lines(self) -> list[Row]:
        ticked = set(self.typed.getlist("line")) if self.typed is not None else set()
        found = []
        for line in self.lines:
            kinds = OF_OURS if line.pk in self.counted else OF_UNCOUNTED
            found.append(
                Row(
                    line, line.pk in self.counted, str(line.pk) in ticked, self._typed(f"what-{line.pk}") or kinds[0],
                    [(kind.value, dispute_words.what(kind, self.reader)) for kind in kinds],
                    self._typed(f"quantity-{line.pk}"), self._typed(f"amount-{line.pk}"),
                )
            )  # fmt: skip
        return found

    @property
    def room(self) -> list[dict[str, str]]:
        """The missing lines as typed, empty ones included."""
        names = ("document", "day", "product", "quantity", "amount")
        return [
            {"place": str(place)} | {name: self._typed(f"missing-{place}-{name}") for name in names}
            for place in range(1, self._places() + 1)
        ]

    @property
    def may_add(self) -> bool:
        return self._places() < MOST_ROOM

    def _places(self) -> int:
        """How many missing lines the page has fields for: none at first, then those that were asked for."""
        sent = self.typed if self.typed is not None else {}
        had = [int(found[1]) for name in sent if (found := PLACE.fullmatch(name))]
        return min(max(had, default=0) + (ROOM if MORE in sent else 0), MOST_ROOM)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        said["claims"] = [*self._marked(), *self._missing()]
        if not said["claims"] and not self.errors:
            raise ValidationError(_("Mark at least one line, or name one that is missing."))
        return said

    def fields_for_service(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"], "claims": self.cleaned_data["claims"]}

    def _marked(self) -> list[Claim]:
        found = []
        for row in self.rows_of_lines:
            if not row.ticked:
                continue
            where = row.line.document
            quantity, amount = (
                self._number(where, "quantity", row.quantity),
                self._number(where, "amount", row.amount),
            )
            what = row.what if row.what in dict(row.choices) else row.choices[0][0]
            found.append(Claim(what=what, sales_line=row.line.pk, quantity=quantity, amount=amount))
        return found

    def _missing(self) -> list[Claim]:
        found = []
        for typed in self.room:
            if not any(typed[name] for name in typed if name != "place"):
                continue
            where = typed["document"] or _("missing line %(place)s") % typed
            values = {
                name: self._read(where, name, typed[name], name in NAMES and name != "quantity")
                for name in PARSERS
            }
            if None in (values["document"], values["day"], values["amount"]):
                continue
            found.append(
                Claim(
                    what=What.MISSING, document=values["document"] or "", day=date.fromisoformat(values["day"] or ""),
                    product=values["product"] or "", amount=Decimal(values["amount"] or 0),
                    quantity=Decimal(values["quantity"]) if values["quantity"] else None,
                )
            )  # fmt: skip
        return found

    def _number(self, where: str, name: str, text: str) -> Decimal | None:
        value = self._read(where, name, text, False)
        return None if value is None else Decimal(value)

    def _read(self, where: str, name: str, text: str, required: bool) -> str | None:
        """The typed text in its one spelling; what is wrong with it becomes an error of the form."""
        try:
            if text:
                return PARSERS[name](text)
            if required:
                raise BadValue("missing")
        except BadValue as bad:
            why = reasons.why({"code": bad.code, "values": bad.values})
            self.add_error(
                None, f"{where}{formats.comma()}{capfirst(str(NAMES.get(name, name)))}{formats.colon()}{why}"
            )
        return None

    def _typed(self, name: str) -> str:
        return str(self.typed.get(name, "")).strip()[:60] if self.typed is not None else ""


class LedgerForm(ServiceForm):
    """A partner's own ledger of the statement's period."""

    file = forms.FileField(
        label=gettext_lazy("Your ledger"),
        help_text=gettext_lazy(
            "CSV or XLSX with headings in the first row: document, booking date, net amount; product and quantity where"
            " you have them. At most 10 MB."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.txt,text/csv"}),
    )
    reach = forms.ChoiceField(
        label=gettext_lazy("What is compared"), choices=Reach.choices, initial=Reach.FILE, widget=forms.RadioSelect,
        required=False, help_text=gettext_lazy("The statement also rests on lines of earlier periods."),
    )  # fmt: skip

    def __init__(self, *args: Any, earlier: bool, **options: Any):
        """`earlier`: whether the statement rests on lines of earlier periods, so that there is something to choose."""
        super().__init__(*args, **options)
        if not earlier:
            del self.fields["reach"]

    def fields_for_service(self) -> dict[str, Any]:
        return {"file": self.cleaned_data["file"], "reach": self.cleaned_data.get("reach") or Reach.FILE}


class DisputeReasonForm(ServiceForm):
    reason = _text_area(gettext_lazy("Reason"), gettext_lazy("Both sides read it."))


class WithdrawForm(ServiceForm):
    reason = _text_area(gettext_lazy("Reason"), required=False)


class SayForm(ServiceForm):
    text = _text_area(gettext_lazy("Message"), gettext_lazy("Both sides read it."))


FULLY = forms.TypedChoiceField(
    label=gettext_lazy("The dispute is accepted"),
    choices=[("fully", gettext_lazy("fully")), ("partly", gettext_lazy("in part"))],
    coerce=lambda value: value == "fully",
    widget=forms.RadioSelect,
    initial="fully",
)


class AcceptForm(ServiceForm):
    """Accepted without a sum: the lines are corrected."""

    fully = FULLY
    reason = _text_area(
        gettext_lazy("Reason"), gettext_lazy("What is corrected, and from when. Both sides read it.")
    )


def _untold(count: int) -> str:
    if not count:
        return ""
    words = ngettext(
        "In it is the whole money of %(count)s line of which it cannot be computed.",
        "In it is the whole money of %(count)s lines of which it cannot be computed.",
        count,
    )
    return words % {"count": formats.number(count, 0)}


class AdjustmentForm(AsksOnceMore):
    """Accepted with a sum. `ceilings`: what the disputed lines could change at most, a fact for each programme."""

    programme = forms.ModelChoiceField(label=gettext_lazy("Programme"), queryset=Programme.objects.none())
    amount = MoneyField(
        label=gettext_lazy("Amount"),
        help_text=gettext_lazy("Above zero: the partner gets it. Below zero: it is taken off."),
    )
    fully = FULLY
    reason = _text_area(gettext_lazy("Reason"), gettext_lazy("It stands on the next statement."))
    why_beyond = forms.CharField(
        label=gettext_lazy("Why it is more than the lines could change"), required=False, max_length=500,
        help_text=gettext_lazy("A sum above what stands beside its programme needs this reason; both sides read it."),
    )  # fmt: skip
    pairs = (("programme", "amount"),)

    def __init__(self, *args: Any, programmes: Any, could: CouldChange, currency: str, **options: Any):
        super().__init__(*args, currency=currency, **options)
        self.ceilings = [
            Fact(str(one), formats.money(could.under(one.pk), currency, 2)) for one in programmes
        ]
        self.ceiling_note = _untold(could.untold)
        self.fields["programme"].queryset = programmes
        if len(programmes) == 1:
            self.fields["programme"].initial = programmes[0].pk
