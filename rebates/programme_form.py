"""What finance fills in for a programme: mechanism → bands → who → what counts → limits → text, without any code.

Only the fields of the chosen mechanism are shown and read (`programme_details.py`); what the form does not know of a
policy stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from partners.models import Partner, Tier
from prm.catalogue.models import Product, ProductLine
from prm.ui.forms import AmountField, RateField, ServiceForm
from prm.values import clock
from prm.values.periods import Period
from rebates import programme_budget as budget
from rebates import programme_collection as collected
from rebates import programme_counts as counting
from rebates import programme_currency as money
from rebates import programme_details as details
from rebates import programme_factor as factor
from rebates import programme_limits as limits
from rebates import programme_mechanism as mechanism_fields
from rebates import programme_sign_off as signed
from rebates import programme_text as own_words
from rebates import programme_time as times
from rebates import programme_who as whom
from rebates.policy import PolicyProblem, ProgrammeText, read_document, uncomputed
from rebates.programme_details import BAND_ROWS, KINDS, PART_ROWS, RATE, SHARE, Missing
from rebates.programme_mechanism import choice, ticks

PERIODS = [("month", _("Month")), ("quarter", _("Quarter")), ("year", _("Year"))]
ROUNDINGS = [("half_up", _("Half-up")), ("half_even", _("Half-even"))]
ROUNDED = [("total", _("The total")), ("line", _("Each line by itself"))]
# Places in a programme's text and the fields that stand for them; the first that fits counts.
FIELDS_BY_PLACE: dict[tuple[str, ...], str] = {
    ("name",): "name",
    ("name_zh",): "name_zh",
    ("code",): "code",
    ("from",): "starts",
    ("until",): "until",
    ("text",): "text",
    ("text_zh",): "text_zh",
    ("period",): "period",
    ("who", "tiers"): "tiers",
    ("who", "types"): "types",
    ("qualify", "products"): "products",
    ("qualify",): "product_lines",
    ("pay", "products"): "pay_products",
    ("pay",): "pay_lines",
    ("measure",): "measure",
    ("mechanism", "rate"): "rate_0",
    ("mechanism", "target"): "target",
    ("mechanism", "targets"): "targets",
    ("mechanism", "increment"): "increment",
    ("mechanism", "floor"): "floor",
    ("mechanism", "amount"): "amount",
    ("mechanism", "expression"): "expression",
    ("mechanism", "measures"): "measures",
    ("mechanism",): "mechanism",
    ("baseline", "amount"): "baseline_amount",
    ("baseline",): "baseline",
    ("exchange",): "exchange",
    ("tax_rate",): "tax_rate",
    ("counts",): "counts",
    ("date_basis",): "date_basis",
    ("amount_basis",): "amount_basis",
    ("payout_currency",): "payout_currency",
    ("returns",): "returns",
    ("cumulative",): "cumulative",
    ("rounding", "on"): "rounding_on",
    ("rounding",): "rounding",
    ("late",): "grace_days",
    ("dispute_days",): "dispute_days",
    ("currency",): "currency",
    ("clause",): "clause",
    ("budget",): "budget",
    ("sign_off",): "sign_off",
    ("payout_as",): "payout_as",
}
BAND_NAMES = ("from", "rate")
# What of a policy's text the form shows; the rest is carried over when a version is amended.
SHOWN = {
    *("code", "name", "name_zh", "from", "until", "currency", "period", "mechanism", "measure", "baseline"),
    *("qualify", "pay", "rounding", "late", "clause", "caps", "stacking", "minimum_payout", "gates"),
    *("tier_on", "joining", "budget", "exchange", "payout_currency", "returns", "cumulative"),
    *("amount_basis", "tax_rate", "date_basis"),
    *("sign_off", "payout_as", "counts", "dispute_days", "text", "text_zh"),
}


class ProgrammeForm(
    mechanism_fields.MechanismFields, money.CurrencyFields, limits.LimitFields, whom.WhoFields,
    collected.CollectionFields, factor.FactorFields, budget.BudgetFields, times.TimeFields, signed.SignOffFields,
    counting.CountsFields, own_words.TextFields, ServiceForm,
):  # fmt: skip
    """The bands are a small table of two columns; what the columns hold follows from the mechanism."""

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
    period = forms.ChoiceField(label=_("Settled each"), choices=PERIODS, initial="month")
    mechanism = forms.ChoiceField(
        label=_("Mechanism"),
        choices=[(code, kind.label) for code, kind in KINDS.items()],
        widget=forms.RadioSelect,
    )
    tiers = ticks(
        _("Tiers"),
        Tier._default_manager.order_by("-rank"),
        _("None ticked: every partner, with or without a tier. The tier on the period's last day decides."),
    )
    types = forms.MultipleChoiceField(
        label=_("Partner types"),
        choices=Partner.Type.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all types."),
    )
    rounding = forms.ChoiceField(label=_("Rounding"), choices=ROUNDINGS, initial="half_up")
    rounding_on = choice(
        _("What is rounded"), ROUNDED,
        _("Line by line only where one rate or amount is paid on all: flat, per unit, retroactive."),
    )  # fmt: skip
    grace_days = forms.IntegerField(
        label=_("Grace days for late lines"),
        min_value=0,
        max_value=366,
        required=False,
        help_text=_("Calendar days after the period; later lines earn nothing. Empty: no limit."),
    )
    dispute_days = forms.IntegerField(
        label=_("Days for disputes"),
        min_value=0,
        max_value=3660,
        required=False,
        help_text=_("Days after the statement in which a partner can dispute its figures. Empty: 30."),
    )
    clause = forms.CharField(label=_("Clause of the agreement"), max_length=80, required=False)

    def __init__(
        self,
        *args: Any,
        currency: str,
        known_code: str = "",
        kept: dict[str, Any] | None = None,
        asks: str = "",
        currency_fixed: bool = False,
        **kwargs: Any,
    ):
        super().__init__(*args, currency=currency, **kwargs)
        self.base_currency, self.currency_fixed = currency, currency_fixed
        self.measured_in = currency if currency_fixed else money.typed_currency(self.data, currency)
        self.kept, self.asks = kept or {}, asks
        for row in range(BAND_ROWS):
            self.fields[f"from_{row}"] = AmountField(
                label=_("Band %(row)s, from") % {"row": row + 1}, required=False, decimal_places=6
            )
            self.fields[f"rate_{row}"] = AmountField(
                label=_("Band %(row)s, rate") % {"row": row + 1},
                required=False, decimal_places=6, min_value=Decimal(0),
            )  # fmt: skip
        for row in range(PART_ROWS):
            self.fields[f"part_{row}"] = forms.CharField(
                label=_("Part %(row)s") % {"row": row + 1}, required=False, max_length=80
            )
            self.fields[f"part_{row}"].widget.attrs.update({"list": "set-parts", "class": "ui-input"})
            self.fields[f"count_{row}"] = AmountField(
                label=_("Part %(row)s, quantity") % {"row": row + 1}, required=False, decimal_places=3
            )
        for name in self.fields:
            if name.startswith(("from_", "rate_", "count_")):
                self.fields[name].widget.attrs.update({"class": "ui-input ui-num", "inputmode": "decimal"})
        self.fields["currency"].initial = currency
        self.fields["currency"].always_chosen = True
        if currency_fixed:
            self.fields["currency"].widget.attrs["readonly"] = True
        self.fields["from_0"].initial = "0"
        self.fields["starts"].initial = Period.of("month", clock.today()).next.start
        self.fields["mechanism"].initial = "marginal"
        if known_code:
            self.fields["code"].initial = known_code
            self.fields["code"].disabled = True
        self._ask_as_the_mechanism_does()

    def _ask_as_the_mechanism_does(self) -> None:
        """Which fields are required, in which unit amounts are, and which columns hold rates."""
        units = self["measure"].value() == "quantity"
        for name in details.needed_by(self.kind, with_targets=bool(self["targets"].value())):
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = _("This mechanism needs it.")
        for name in KINDS[self.kind].fields:
            unit = details.unit_beside(name, self.measured_in, units=units)
            if unit:
                words = {"name": self.fields[name].label, "unit": unit}
                self.fields[name].label = _("%(name)s, %(unit)s") % words
        for row in range(BAND_ROWS):
            if KINDS[self.kind].value == RATE:
                self.fields[f"rate_{row}"].wrong = RateField.wrong
                self.fields[f"rate_{row}"].signs = RateField.signs
            else:
                self.fields[f"rate_{row}"].label = _("Band %(row)s, amount") % {"row": row + 1}
            if KINDS[self.kind].low == SHARE:
                self.fields[f"from_{row}"].wrong = RateField.wrong
                self.fields[f"from_{row}"].signs = RateField.signs

    # What the page shows

    @property
    def kind(self) -> str:
        """The mechanism chosen, as typed so far."""
        chosen = self["mechanism"].value()
        return chosen if chosen in KINDS else "marginal"

    @property
    def details(self) -> list[Any]:
        return [self[name] for name in details.fields_of(self.kind)]

    @property
    def counting(self) -> list[Any]:
        return [self[name] for name in KINDS[self.kind].counting]

    @property
    def band_rows(self) -> list[tuple[Any, Any]]:
        most = KINDS[self.kind].rows
        shown = self.rows_shown("bands", BAND_NAMES) if most == BAND_ROWS else most
        return [(self[f"from_{row}"], self[f"rate_{row}"]) for row in range(shown)]

    @property
    def more_bands(self) -> bool:
        return KINDS[self.kind].rows == BAND_ROWS and self.can_have_more("bands", BAND_NAMES)

    @property
    def band_heads(self) -> tuple[str, str]:
        return details.heads_of(self.kind, self.measured_in, units=self["measure"].value() == "quantity")

    @property
    def columns(self) -> str:
        """What the columns of the bands hold, so that another mechanism does not take it for something else."""
        return details.columns_of(self.kind)

    @property
    def part_rows(self) -> list[tuple[Any, Any]]:
        shown = range(PART_ROWS) if self.kind == "bundle" else ()
        return [(self[f"part_{row}"], self[f"count_{row}"]) for row in shown]

    @property
    def offered_parts(self) -> list[tuple[str, str]]:
        """Product lines and the first products, as (code, name): what the browser completes."""
        if self.kind != "bundle":
            return []
        lines = [(line.code, str(line)) for line in ProductLine.objects.order_by("code")]
        return lines + [(product.code, str(product)) for product in Product.objects.order_by("code")[:300]]

    # What is typed

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            return values
        try:
            self._made = self._entry(values)
            (text,) = read_document({"schema": 1, "programmes": [self._made]})
        except Missing as missing:
            self.add_error(missing.field or None, missing.words)
            return values
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

    def add_error(self, field: str | None, error: Any) -> None:
        """Without the programme's code in front, which a file's reader needs and whoever fills in the form does not."""
        code = str(self["code"].value() or "")
        if code and not isinstance(error, dict) and not hasattr(error, "error_dict"):
            error = [
                forms.ValidationError(_without_code(one, code), code=getattr(one, "code", None))
                for one in forms.ValidationError(error).error_list
            ]
        super().add_error(field, error)

    def _say(self, problem: PolicyProblem) -> None:
        """Each sentence at the field that stands for its place, else on top."""
        for one in problem.found:
            self.add_error(self._field_at(one.path[2:]), one.words)
        if not problem.found:
            self.add_error(None, problem.problems)

    def _field_at(self, path: Sequence[str | int]) -> str | None:
        """The field of a place within the programme: ("mechanism", "bands", 1, "from") is the second band's."""
        if path[:1] == ("mechanism",) and len(path) == 4 and path[1] in ("bands", "points"):
            name = "from" if path[3] in ("from", "at") else "rate"
            return f"{name}_{self._typed_rows[int(path[2])]}"
        if path[:2] == ("mechanism", "parts") and len(path) > 2:
            return f"{'count' if path[-1] == 'quantity' else 'part'}_{path[2]}"
        limit = limits.field_at(tuple(path), self._made) or whom.field_at(tuple(path), self.cleaned_data)
        limit = limit or factor.field_at(tuple(path), self.cleaned_data)
        limit = limit or collected.field_at(tuple(path), self.cleaned_data)
        if limit:
            return limit
        names = [name for key, name in FIELDS_BY_PLACE.items() if path[: len(key)] == key]
        return names[0] if names else None

    def fields_for_service(self) -> dict[str, ProgrammeText]:
        return {"text": self.cleaned_data["text"]}

    def _entry(self, values: dict[str, Any]) -> dict[str, Any]:
        """The form as one programme of the YAML schema. Raises Missing."""
        kind = KINDS[values["mechanism"]]
        kept = {name: part for name, part in self.kept.items() if name not in ("who", "factors")}
        entry: dict[str, Any] = kept | {
            "code": values["code"],
            "name": values["name"],
            "from": values["starts"].isoformat(),
            "currency": values["currency"],
            "period": values["period"],
            "mechanism": self._mechanism(values),
        }
        parts: dict[str, Any] = {
            "name_zh": values["name_zh"],
            "who": whom.who_of(values, self.kept.get("who", {})),
            "gates": whom.gates_of(values),
            **whom.membership_of(values),
            "factors": [*factor.factor_of(values), *collected.factors_of(values)],
            "measure": "quantity" if kind.by_quantity and values["measure"] == "quantity" else "",
            "baseline": details.baseline_of(values) if values["mechanism"] == "growth" else {},
            "clause": values["clause"],
            "rounding": ({"on": "line"} if values["rounding_on"] == "line" else {})
            | ({"mode": "half_even"} if values["rounding"] == "half_even" else {}),
            "budget": budget.budget_of(values),
            "sign_off": values["sign_off"],
            "payout_as": values["payout_as"],
            **limits.limits_of(values),
            **money.currencies_of(values, values["currency"]),
            **times.time_of(values),
            **counting.counts_of(values, kind.counting, asks=self.asks),
            **own_words.text_of(values),
        }
        entry |= {name: part for name, part in parts.items() if part}
        if values["grace_days"] is not None:
            entry["late"] = {"grace_days": values["grace_days"]}
        if values["dispute_days"] is not None:
            entry["dispute_days"] = values["dispute_days"]
        return entry

    def _mechanism(self, values: dict[str, Any]) -> dict[str, Any]:
        kind, bands = values["mechanism"], []
        self._typed_rows: list[int] = []
        for row in range(KINDS[kind].rows if kind != "flat" else BAND_ROWS):
            low, rate = values.get(f"from_{row}"), values.get(f"rate_{row}")
            if low is None and rate is None:
                continue
            if low is None or rate is None:
                self.add_error(
                    f"from_{row}" if low is None else f"rate_{row}", _("Fill in both, or neither.")
                )
                continue
            self._refuse_out_of_range(kind, row, low, rate)
            self._typed_rows.append(row)
            bands.append((low, rate))
        if kind == "flat" and bands:
            self._refuse_further_bands(bands)
        return details.mechanism_of(kind, self._named_parts(values), bands)

    def _refuse_out_of_range(self, kind: str, row: int, low: Decimal, rate: Decimal) -> None:
        if low < (-100 if KINDS[kind].low == SHARE else 0):
            self.add_error(f"from_{row}", _("This is too small."))
        if KINDS[kind].value == RATE and rate > 100:
            self.add_error(f"rate_{row}", _("A rate is 100 % at most."))

    def _named_parts(self, values: dict[str, Any]) -> dict[str, Any]:
        """The parts of a set as ("product_line", code) or ("product", code). Raises Missing for unknown codes."""
        if values["mechanism"] != "bundle":
            return values
        lines = set(ProductLine.objects.values_list("code", flat=True))
        found = dict(values)
        for row in range(PART_ROWS):
            code = values.get(f"part_{row}", "").strip()
            if code in lines:
                found[f"part_{row}"] = ("product_line", code)
            elif code and not Product.objects.filter(code=code).exists():
                words = _("No product and no product line has the code %(code)s.")
                raise Missing(f"part_{row}", words % {"code": code})
            else:
                found[f"part_{row}"] = ("product", code) if code else ""
        return found

    def _refuse_further_bands(self, bands: list[tuple[Decimal, Decimal]]) -> None:
        """One rate on everything knows no bounds: what else is typed would be left out in silence."""
        first, *further = self._typed_rows
        if bands[0][0] != 0:
            words = _(
                "Row %(row)s: a flat rate is paid from the first amount on. Write 0, or choose another mechanism."
            )
            self.add_error(f"from_{first}", words % {"row": first + 1})
        for row in further:
            words = _(
                "Row %(row)s: a flat rate has one row. Empty this one, or choose marginal or retroactive."
            )
            self.add_error(f"from_{row}", words % {"row": row + 1})


def _without_code(error: forms.ValidationError, code: str) -> str:
    (words,) = error.messages
    return capfirst(re.sub(rf"^{re.escape(code)}(: |：)", "", words))


def initial_of(version: Any) -> dict[str, Any]:
    """A version's policy as the form shows it."""
    policy = version.policy
    return (
        details.initial_details(policy)
        | limits.initial_limits(policy)
        | budget.initial_budget(policy)
        | signed.initial_sign_off(policy)
        | money.initial_currencies(policy)
        | times.initial_time(policy)
        | counting.initial_counts(policy)
        | whom.initial_who(policy)
        | factor.initial_factor(policy)
        | collected.initial_factors(policy)
        | own_words.initial_text(version)
        | {
            "name": version.names[0],
            "name_zh": version.names[1],
            "code": version.programme.code,
            "starts": version.starts,
            "period": policy["period"],
            "rounding": policy.get("rounding", {}).get("mode", "half_up"),
            "rounding_on": policy.get("rounding", {}).get("on", "total"),
            "grace_days": policy.get("late", {}).get("grace_days"),
            "dispute_days": policy.get("dispute_days"),
            "currency": policy["currency"],
            "clause": policy.get("clause", ""),
        }
    )


def kept_of(version: Any) -> dict[str, Any]:
    """What a policy says and the form does not show."""
    policy = version.policy
    return {name: part for name, part in policy.items() if name not in SHOWN}


def is_editable(policy: dict[str, Any]) -> bool:
    """Whether the form can hold all of a policy: what it could not is never lost by amending."""
    rules = policy["mechanism"]
    kind = KINDS.get(rules["kind"])
    return (
        kind is not None
        and len(rules.get("bands", [])) <= BAND_ROWS
        and len(rules.get("parts", [])) <= PART_ROWS
        and ("pay" not in policy or "pay_lines" in kind.counting)
        and ("measure" not in policy or kind.by_quantity)
        and limits.is_editable(policy)
        and whom.is_editable(policy)
        and factor.is_editable(policy)
        and collected.is_editable(policy)
    )
