"""What rules may ask about a settlement run, a programme and a version of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, Func, IntegerField, OuterRef, Subquery, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.conditions import Field, registry
from rebates import pages
from rebates.models import Programme, SettlementRun, Version
from rebates.policy import MECHANISMS

PERIODS = [("month", _("Month")), ("quarter", _("Quarter")), ("year", _("Year"))]


class SumOfCurrency(Func):
    """What a run's list of totals says under a key for one currency; 0 where it does not name the currency."""

    output_field = DecimalField(max_digits=40, decimal_places=8)

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        totals, key, currency = (compiler.compile(one) for one in self.source_expressions)
        text = (
            f"(SELECT COALESCE(SUM((line ->> {key[0]})::numeric), 0) FROM jsonb_array_elements({totals[0]}) line"
            f" WHERE line ->> 'currency' = {currency[0]})"
        )
        return text, (*key[1], *totals[1], *currency[1])


def register() -> None:
    registry.register_subject(
        "settlement_run",
        model="rebates.SettlementRun",
        label=_("Settlement"),
        verb="rebates.view_runs",
        fields=[
            *[
                Field(key, "money", label=label, expression=sum_sql(key), read=sum_of(key))
                for key, label in (
                    ("earned", _("Earned in total")),
                    ("adjusted", _("Adjusted in total")),
                    ("sales", _("Sales in total")),
                )
            ],
            Field("state", "choice", label=_("State"), choices=SettlementRun.State.choices),
            Field("number", "text", label=_("Number")),
            Field("starts", "date", label=_("First day")),
            Field("partner_count", "number", label=_("Partners")),
            Field("line_count", "number", label=_("Sales lines")),
            Field("finding_count", "number", label=_("Findings"), expression=findings_sql,
                  read=lambda run: len(run.findings)),
            Field("computed_at", "moment", label=_("Date of computation")),
        ],
    )  # fmt: skip
    register_programmes()


def register_programmes() -> None:
    registry.register_subject(
        "programme_version",
        model="rebates.Version",
        label=_("Programme version"),
        verb="rebates.view_programmes",
        rows=lambda actor: Version.objects.filter(programme__in=Programme.objects.visible_to(actor)),
        fields=[
            Field("programme", "reference", label=_("Programme"), to="rebates.Programme", key="code"),
            Field("number", "number", label=_("Version")),
            Field("state", "choice", label=_("State"), choices=Version.State.choices),
            Field("starts", "date", label=_("In force from")),
            Field("ends", "date", label=_("In force before")),
            Field("period", "choice", label=pgettext_lazy("of a programme", "Period"), path="policy",
                  json="period", choices=PERIODS),
            Field("currency", "text", label=_("Currency"), path="policy", json="currency"),
            Field("mechanism", "choice", label=_("Mechanism"), choices=mechanisms, expression=mechanism_sql,
                  read=lambda version: version.mechanism),
            Field("author", "reference", label=_("Written by"), to="accounts.User", key="email"),
            Field("published_at", "moment", label=_("Date of publication")),
        ],
    )  # fmt: skip
    registry.register_subject(
        "programme",
        model="rebates.Programme",
        label=_("Rebate programme"),
        verb="rebates.view_programmes",
        fields=[
            Field("name", "text", label=_("Name")),
            Field("name_zh", "text", label=_("Chinese name")),
            Field("code", "text", label=_("Code")),
            Field("state", "choice", label=_("State"), choices=Version.State.choices, **newest("state")),
            Field("version", "number", label=_("Version"), **newest("number")),
            Field("starts", "date", label=_("In force from"), **newest("starts")),
            Field("ends", "date", label=_("In force before"), **newest("ends")),
            Field("mechanism", "choice", label=_("Mechanism"), choices=mechanisms,
                  **newest("mechanism", mechanism_sql)),
            Field("period", "choice", label=pgettext_lazy("of a programme", "Period"), choices=PERIODS,
                  **newest("period", lambda _prefix, _currency: KeyTextTransform("period", "policy"))),
            Field("currency", "text", label=_("Currency"),
                  **newest("currency", lambda _prefix, _currency: KeyTextTransform("currency", "policy"))),
            Field("created_at", "moment", label=_("Date of creation")),
        ],
    )  # fmt: skip


def newest(name: str, sql: Callable[[str, str], Any] | None = None) -> dict[str, Any]:
    """How a programme is asked for what its version with the highest number says."""

    def expression(prefix: str, currency: str) -> Subquery:
        rows = Version.objects.filter(programme=OuterRef(f"{prefix}pk")).order_by("-number")
        return Subquery(rows.annotate(asked=sql("", currency) if sql else F(name)).values("asked")[:1])

    def read(programme: Programme) -> Any:
        version = programme.versions.order_by("-number").first()
        if version is None:
            return None
        return version.policy.get(name) if name in ("period", "currency") else getattr(version, name)

    return {"expression": expression, "read": read}


def sum_sql(key: str) -> Callable[[str, str], SumOfCurrency]:
    return lambda prefix, currency: SumOfCurrency(F(f"{prefix}totals"), Value(key), Value(currency))


def sum_of(key: str) -> Callable[[Any, str], Decimal]:
    """The run's total under a key in one currency."""

    def read(run: Any, currency: str) -> Decimal:
        lines = [line for line in run.totals if line.get("currency") == currency]
        return sum((Decimal(line.get(key) or 0) for line in lines), Decimal(0))

    return read


def findings_sql(prefix: str, currency: str) -> Func:
    return Func(F(f"{prefix}findings"), function="jsonb_array_length", output_field=IntegerField())


def mechanism_sql(prefix: str, currency: str) -> KeyTextTransform:
    return KeyTextTransform("kind", KeyTransform("mechanism", F(f"{prefix}policy")))


def mechanisms() -> list[tuple[str, Any]]:
    return [(kind, pages.mechanism_name(kind)) for kind in MECHANISMS]
