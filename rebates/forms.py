"""What finance fills in: a programme's rules as a guided form, a payment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from partners.models import Partner, Tier
from prm.catalogue.models import ProductLine
from prm.ui.forms import AmountField, MoneyField, ServiceForm
from prm.values import clock
from prm.values.periods import Period
from rebates.policy import PolicyProblem, ProgrammeText, read_document, uncomputed

BAND_ROWS = 6
MOST_TEXT = 200_000
MECHANISMS = [
    ("marginal", _("Marginal: each band's rate on the part inside it")),
    ("retroactive", _("Retroactive: the rate reached on everything")),
    ("flat", _("Flat: one rate on everything")),
]
PERIODS = [("month", _("Month")), ("quarter", _("Quarter")), ("year", _("Year"))]
# Places in a programme's text and the fields that stand for them; the first that fits counts.
FIELDS_BY_PLACE: dict[tuple[str, ...], str] = {
    ("name",): "name",
    ("name_zh",): "name_zh",
    ("code",): "code",
    ("from",): "starts",
    ("period",): "period",
    ("who", "tiers"): "tiers",
    ("who", "types"): "types",
    ("qualify",): "product_lines",
    ("mechanism", "rate"): "rate_0",
    ("mechanism",): "mechanism",
    ("rounding",): "rounding",
    ("late",): "grace_days",
    ("clause",): "clause",
}
ROUNDINGS = [("half_up", _("Half-up")), ("half_even", _("Half-even"))]


class ProgrammeForm(ServiceForm):
    """Mechanism → bands → who → what counts → limits → text. The bands are a small table of from and rate."""

    name = forms.CharField(label=_("Name"), max_length=160)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=160, required=False)
    code = forms.RegexField(
        r"^[a-z0-9][a-z0-9-]*$",
        label=_("Code"),
        max_length=60,
        help_text=_("Identifies the programme for ever."),
        error_messages={"invalid": _("Write small letters, digits and hyphens, a letter or digit first.")},
    )
    starts = forms.DateField(label=_("In force from"), help_text=_("The first day of a period."))
    period = forms.ChoiceField(label=_("Settled each"), choices=PERIODS)
    mechanism = forms.ChoiceField(label=_("Mechanism"), choices=MECHANISMS, widget=forms.RadioSelect)
    tiers = forms.ModelMultipleChoiceField(
        label=_("Tiers"),
        queryset=Tier._default_manager.order_by("-rank"),
        to_field_name="code",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "None ticked: every partner, with or without a tier. The tier on the period's last day decides."
        ),
    )
    types = forms.MultipleChoiceField(
        label=_("Partner types"),
        choices=Partner.Type.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all types."),
    )
    product_lines = forms.ModelMultipleChoiceField(
        label=_("Product lines"),
        queryset=ProductLine._default_manager.order_by("code"),
        to_field_name="code",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all sales count."),
    )
    rounding = forms.ChoiceField(label=_("Rounding of the total"), choices=ROUNDINGS)
    grace_days = forms.IntegerField(
        label=_("Grace days for late lines"),
        min_value=0,
        max_value=366,
        required=False,
        help_text=_("Calendar days after the period; later lines earn nothing. Empty: no limit."),
    )
    clause = forms.CharField(label=_("Clause of the agreement"), max_length=80, required=False)

    def __init__(self, *args: Any, currency: str, known_code: str = "", **kwargs: Any):
        super().__init__(*args, currency=currency, **kwargs)
        self.currency = currency
        for row in range(BAND_ROWS):
            self.fields[f"from_{row}"] = AmountField(
                label=_("Band %(row)s, from") % {"row": row + 1}, required=False, min_value=Decimal(0)
            )
            self.fields[f"rate_{row}"] = AmountField(
                label=_("Band %(row)s, rate") % {"row": row + 1},
                required=False,
                decimal_places=6,
                min_value=Decimal(0),
                max_value=Decimal(100),
            )
            for name in (f"from_{row}", f"rate_{row}"):
                self.fields[name].widget.attrs.update({"class": "ui-input ui-num", "inputmode": "decimal"})
        self.fields["from_0"].initial = "0"
        self.fields["starts"].initial = Period.of("month", clock.today()).next.start
        self.fields["mechanism"].initial = "marginal"
        if known_code:
            self.fields["code"].initial = known_code
            self.fields["code"].disabled = True

    @property
    def band_rows(self) -> list[tuple[Any, Any]]:
        return [(self[f"from_{row}"], self[f"rate_{row}"]) for row in range(BAND_ROWS)]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            return values
        try:
            (text,) = read_document({"schema": 1, "programmes": [self._entry(values)]})
        except PolicyProblem as problem:
            self._say(problem)
            return values
        missing = uncomputed(text.policy)
        if missing:
            raise forms.ValidationError(_("Not computed yet: %(names)s.") % {"names": ", ".join(missing)})
        values["text"] = text
        return values

    def run(self, service: Callable[..., Any], **kwargs: Any) -> bool:
        """As every form; what the text names and is gone meanwhile stands on top."""
        try:
            return super().run(service, **kwargs)
        except PolicyProblem as problem:
            self._say(problem)
            return False

    def _say(self, problem: PolicyProblem) -> None:
        """Each sentence at the field that stands for its place, else on top."""
        for one in problem.found:
            self.add_error(self._field_at(one.path[2:]), one.words)
        if not problem.found:
            self.add_error(None, problem.problems)

    def _field_at(self, path: Sequence[str | int]) -> str | None:
        """The field of a place within the programme: ("mechanism", "bands", 1, "from") is the second band's."""
        if path[:2] == ("mechanism", "bands") and len(path) == 4:
            return f"{path[3]}_{self._typed_rows[int(path[2])]}"
        names = [name for key, name in FIELDS_BY_PLACE.items() if path[: len(key)] == key]
        return names[0] if names else None

    def fields_for_service(self) -> dict[str, ProgrammeText]:
        return {"text": self.cleaned_data["text"]}

    def _entry(self, values: dict[str, Any]) -> dict[str, Any]:
        """The form as one programme of the YAML schema."""
        entry: dict[str, Any] = {
            "code": values["code"],
            "name": values["name"],
            "from": values["starts"].isoformat(),
            "currency": self.currency,
            "period": values["period"],
            "mechanism": self._mechanism(values),
            "rounding": {"on": "total", "mode": values["rounding"]},
        }
        if values["name_zh"]:
            entry["name_zh"] = values["name_zh"]
        who: dict[str, Any] = {}
        if values["tiers"]:
            who["tiers"] = [tier.code for tier in values["tiers"]]
        if values["types"]:
            who["types"] = list(values["types"])
        if who:
            entry["who"] = who
        if values["product_lines"]:
            entry["qualify"] = {"product_lines": [line.code for line in values["product_lines"]]}
        if values["grace_days"] is not None:
            entry["late"] = {"grace_days": values["grace_days"]}
        if values["clause"]:
            entry["clause"] = values["clause"]
        return entry

    def _mechanism(self, values: dict[str, Any]) -> dict[str, Any]:
        kind, bands = values["mechanism"], []
        self._typed_rows: list[int] = []
        for row in range(BAND_ROWS):
            low, rate = values.get(f"from_{row}"), values.get(f"rate_{row}")
            if low is None and rate is None:
                continue
            if low is None or rate is None:
                self.add_error(
                    f"from_{row}" if low is None else f"rate_{row}", _("Fill in both, or neither.")
                )
                continue
            self._typed_rows.append(row)
            bands.append({"from": f"{low:f}", "rate": f"{rate:f}%"})
        if not bands:
            raise forms.ValidationError(_("Enter at least one band: from which amount, and the rate."))
        if kind == "flat":
            self._refuse_further_bands(bands)
            return {"kind": "flat", "rate": bands[0]["rate"]}
        return {"kind": kind, "bands": bands}

    def _refuse_further_bands(self, bands: list[dict[str, str]]) -> None:
        """One rate on everything knows no bounds: what else is typed would be left out in silence."""
        first, *further = self._typed_rows
        if Decimal(bands[0]["from"]) != 0:
            words = _(
                "Row %(row)s: a flat rate is paid from the first amount on. Write 0, or choose another mechanism."
            )
            self.add_error(f"from_{first}", words % {"row": first + 1})
        for row in further:
            words = _(
                "Row %(row)s: a flat rate has one row. Empty this one, or choose marginal or retroactive."
            )
            self.add_error(f"from_{row}", words % {"row": row + 1})


def initial_of(version: Any) -> dict[str, Any]:
    """A version's policy as the form shows it."""
    policy = version.policy
    mechanism = policy["mechanism"]
    bands = mechanism.get("bands") or [{"from": "0", "rate": mechanism.get("rate", "0")}]
    values: dict[str, Any] = {
        "name": version.programme.name,
        "name_zh": version.programme.name_zh,
        "code": version.programme.code,
        "starts": version.starts,
        "period": policy["period"],
        "mechanism": mechanism["kind"],
        "tiers": policy.get("who", {}).get("tiers", []),
        "types": policy.get("who", {}).get("types", []),
        "product_lines": policy.get("qualify", {}).get("product_lines", []),
        "rounding": policy.get("rounding", {}).get("mode", "half_up"),
        "grace_days": policy.get("late", {}).get("grace_days"),
        "clause": policy.get("clause", ""),
    }
    for row, band in enumerate(bands[:BAND_ROWS]):
        values[f"from_{row}"] = f"{Decimal(band['from']):f}"
        values[f"rate_{row}"] = f"{(Decimal(band['rate']) * 100).normalize():f}"
    return values


class ReasonForm(ServiceForm):
    """Why not."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=2000, help_text=_("Kept in the history.")
    )


class TextForm(ServiceForm):
    """A programme's file, or its text."""

    file = forms.FileField(label=_("File"), required=False, help_text=_("YAML, as the download writes it."))
    text = forms.CharField(
        label=_("Or the text itself"),
        required=False,
        strip=False,
        widget=forms.Textarea,
        max_length=MOST_TEXT,
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        upload = said.get("file")
        if upload is not None:
            if upload.size > MOST_TEXT:
                raise ValidationError(_("The file is too long for a programme."))
            try:
                said["text"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError(_("The file is not text in UTF-8.")) from None
        if not (said.get("text") or "").strip() and not self.errors:
            raise ValidationError(_("Choose a file or paste a text."))
        return said

    def fields_for_service(self) -> dict[str, Any]:
        return {"text": self.cleaned_data["text"]}


class ReleaseForm(ServiceForm):
    """When money left and under which reference, for one statement or for all of a settlement."""

    paid_on = forms.DateField(
        label=_("Paid on"), help_text=_("Not before the close of the settlement, not after today.")
    )
    reference = forms.CharField(
        label=_("Bank reference"),
        max_length=100,
        required=False,
        help_text=_("As on the bank's slip; partners read it."),
    )
    pairs: tuple[tuple[str, str], ...] = (("paid_on", "reference"),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["paid_on"].initial = clock.today()


class PaymentForm(ReleaseForm):
    """Money that left for a statement."""

    amount = MoneyField(label=_("Amount"), min_value=Decimal("0.01"))
    pairs = (("amount", "paid_on"),)
    field_order = ("amount", "paid_on", "reference")
