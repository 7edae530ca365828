"""What is asked of a row about the time before go-live, against what is on file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from partners.models import Partner
from prm.spreadsheets.models import ImportRow
from prm.ui import formats
from prm.values.actor import Actor
from prm.values.money import minor_unit
from prm.values.periods import Period
from rebates.first_days import closed_until
from rebates.models import OpeningBalance, Programme, RunScope, SettledOutside, Version
from rebates.returned import AT_ORIGINAL_RATE
from rebates.services.golive import Balance, Settled

WHY = "checked against the partners of the file"
Values = dict[str, str]
Refusal = tuple[str, str, dict[str, Any]] | None  # field, code, values of the reason
CLOSED = ("closing", "closed", "paid")


class Checks(ABC):
    """What is on file of the partners and programmes of some rows, read in a few queries, and what that says of a row.

    A row whose cells could be read is asked first whether it is refused; only then what else it says makes sense.
    """

    def __init__(self, rows: Sequence[ImportRow], by: Actor):
        numbers = {row.values["partner_number"] for row in rows}
        self.codes = {row.values["programme"] for row in rows}
        visible = Partner.objects.visible_to(by).filter(number__in=numbers)
        self.partners: dict[str, int] = dict(visible.values_list("number", "pk"))
        self.versions: dict[str, list[Version]] = defaultdict(list)
        published = Version.objects.published().filter(programme__code__in=self.codes)
        for version in published.select_related("programme__purpose").order_by("starts"):
            self.versions[version.programme.code].append(version)
        self.scopes: dict[str, list[RunScope]] = defaultdict(list)
        scopes = RunScope.objects.filter(programme__code__in=self.codes).select_related("run", "programme")
        for scope in scopes.order_by("ends"):
            self.scopes[scope.programme.code].append(scope)

    def refusal(self, values: Values) -> Refusal:
        if values["partner_number"] not in self.partners:
            return "partner_number", "unknown_partner", {}
        if values["programme"] not in self.versions:
            return "programme", "unknown_programme", {}
        return self.further(values)

    @abstractmethod
    def further(self, values: Values) -> Refusal:
        """What else stands against a row whose partner and programme are known."""

    @abstractmethod
    def place(self, values: Values) -> Any:
        """What may be said once."""

    @abstractmethod
    def on_file(self, values: Values) -> Any:
        """The figures that stand at the row's place already; None where there are none."""

    @abstractmethod
    def is_on_file(self, values: Values) -> bool:
        """Whether just this was brought in before."""

    def clash(self, values: Values) -> Refusal:
        """What stands against bringing it in: other figures on file, or a close of the programme here."""
        if self.on_file(values) is not None:
            return self.differs(values)
        for scope in self.scopes[values["programme"]]:
            if scope.run.state in CLOSED:
                return "programme", "settled_here_already", {"run": scope.run.number}
        return self.computed_here(values)

    @abstractmethod
    def differs(self, values: Values) -> Refusal:
        """What to say where other figures stand at the row's place."""

    def computed_here(self, values: Values) -> Refusal:
        return None


def too_fine(values: Values, names: Iterable[str], currency: str) -> Refusal:
    for name in names:
        if Decimal(values.get(name, "0")) % minor_unit(currency):
            return name, "finer_than_currency", {"currency": currency}
    return None


def needs_measured(version: Version) -> bool:
    """Whether later figures go by what was measured, not by what was paid: a year so far, or the original rate."""
    looks_back = version.policy.get("cumulative") or version.policy.get("returns") == AT_ORIGINAL_RATE
    return bool(looks_back) and version.paid_in != version.currency


def measured(values: Values) -> Decimal | None:
    return Decimal(values["measured"]) if "measured" in values else None


class SettledChecks(Checks):
    """Of periods that were settled outside."""

    def __init__(self, rows: Sequence[ImportRow], by: Actor):
        super().__init__(rows, by)
        known = (
            SettledOutside.objects.for_everyone(because=WHY)
            .in_force()
            .filter(programme__code__in=self.codes, partner__in=self.partners.values())
        )
        self.known = {(row.programme_id, row.partner_id, row.ends): row for row in known}
        self.shut: dict[Period, bool] = {}  # periods of no version, and whether a close here came after them

    def version(self, values: Values) -> Version | None:
        """The version in force for the whole period."""
        when = Period.parse(values["period"])
        fitting = (one for one in self.versions[values["programme"]] if one.covers(when))
        return next((one for one in fitting if one.period_length == when.length), None)

    def further(self, values: Values) -> Refusal:
        lengths = {one.period_length for one in self.versions[values["programme"]]}
        if Period.parse(values["period"]).length not in lengths:
            return "period", "other_period_length", {}
        version = self.version(values)
        if version is None:
            return self.why_no_version(values)
        if "measured" not in values and needs_measured(version):
            return (
                "measured",
                "measured_is_missing",
                {"currency": version.currency, "paid_in": version.paid_in},
            )
        if "measured" in values and version.paid_in == version.currency:
            return "measured", "measured_as_paid", {"currency": version.currency}
        return too_fine(values, ("earned", "paid"), version.paid_in) or too_fine(
            values, ("measured",), version.currency
        )

    def why_no_version(self, values: Values) -> Refusal:
        """Whether the programme can be published from that period on, or a close here has shut it."""
        period = Period.parse(values["period"])
        if period not in self.shut:
            self.shut[period] = closed_until(period.length, period.start) is not None
        return "period", "closed_without_it" if self.shut[period] else "no_version_then", {}

    def place(self, values: Values) -> Any:
        return values["partner_number"], values["programme"], values["period"]

    def on_file(self, values: Values) -> SettledOutside | None:
        version, ends = self.version(values), Period.parse(values["period"]).end
        return self.known.get((version.programme_id, self.partners[values["partner_number"]], ends))

    def is_on_file(self, values: Values) -> bool:
        row = self.on_file(values)
        figures = tuple(Decimal(values.get(name, "0")) for name in ("base", "earned", "paid"))
        return row is not None and (*figures, measured(values)) == (
            row.base,
            row.earned,
            row.paid,
            row.measured,
        )

    def differs(self, values: Values) -> Refusal:
        return "earned", "settled_differs", {}

    def computed_here(self, values: Values) -> Refusal:
        ends = Period.parse(values["period"]).end
        for scope in self.scopes[values["programme"]]:
            if scope.ends == ends:
                return "period", "period_in_a_run", {"run": scope.run.number}
        return None

    def settled(self, values: Values) -> Settled:
        base, earned, paid = (Decimal(values.get(name, "0")) for name in ("base", "earned", "paid"))
        period = Period.parse(values["period"])
        return Settled(
            self.version(values), self.partners[values["partner_number"]], period, base, earned, paid,
            measured(values),
        )  # fmt: skip


class BalanceChecks(Checks):
    """Of what partners were owed."""

    def __init__(self, rows: Sequence[ImportRow], by: Actor):
        super().__init__(rows, by)
        known = (
            OpeningBalance.objects.for_everyone(because=WHY)
            .in_force()
            .filter(programme__code__in=self.codes, partner__in=self.partners.values())
        )
        self.known = {(row.programme_id, row.partner_id, row.currency): row for row in known}

    def currency(self, values: Values) -> str:
        return values.get("currency") or self.versions[values["programme"]][-1].paid_in

    def programme(self, values: Values) -> Programme:
        return self.versions[values["programme"]][-1].programme

    def further(self, values: Values) -> Refusal:
        currencies = {one.paid_in for one in self.versions[values["programme"]]}
        if self.currency(values) not in currencies:
            return "currency", "not_paid_in", {"currency": ", ".join(sorted(currencies))}
        return too_fine(values, ("balance",), self.currency(values))

    def place(self, values: Values) -> Any:
        return values["partner_number"], values["programme"], self.currency(values)

    def on_file(self, values: Values) -> OpeningBalance | None:
        partner = self.partners[values["partner_number"]]
        return self.known.get((self.programme(values).pk, partner, self.currency(values)))

    def is_on_file(self, values: Values) -> bool:
        row = self.on_file(values)
        return row is not None and row.amount == Decimal(values["balance"])

    def differs(self, values: Values) -> Refusal:
        row = self.on_file(values)
        return "balance", "balance_differs", {"known": formats.money(row.amount, row.currency, iso=True)}

    def balance(self, values: Values) -> Balance:
        return Balance(
            self.programme(values), self.partners[values["partner_number"]], self.currency(values),
            Decimal(values["balance"]),
        )  # fmt: skip
