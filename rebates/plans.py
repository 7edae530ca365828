"""A version applied to a period: what the calculation needs to know of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from partners.models import Partner
from prm.catalogue.models import Product, ProductLine
from prm.values.periods import Period
from rebates.mechanisms import Bands, bands_of, named_products, partners_named
from rebates.models import RunScope, SettlementRun, Version


@dataclass(frozen=True)
class Sql:
    """A query and its named parameters."""

    text: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Selection:
    """Which sales lines are added up: of these product lines and, where `products` says so, of these products only."""

    lines: frozenset[int]
    products: frozenset[int] | None = None  # None: every product of the lines

    def takes(self, line: int, product: int | None) -> bool:
        """Whether sales of `product` in `line` count; None stands for any product that nobody names."""
        return line in self.lines and (self.products is None or product in self.products)


@dataclass(frozen=True)
class Payout:
    """The rounded total times `up` ÷ `down` is paid in `currency`; `rates` are those behind it."""

    currency: str
    up: Decimal
    down: Decimal
    rates: list[dict[str, str]]

    @property
    def literal(self) -> str:
        """The rates as SQL text; they hold codes, figures and days."""
        return "'" + json.dumps(self.rates).replace("'", "''").replace("%", "%%") + "'"


@dataclass(frozen=True)
class Plan:
    """A version applied to one period."""

    version: Version
    period: Period
    bands: Bands
    # What is added up, by name: "qualifier", "base", and where the mechanism asks for it "reference", "part0" …
    terms: dict[str, Selection]
    catalogue: frozenset[int]  # all product lines
    # How many parts of the currency are one in the sums that count, and in those that are paid on; see currencies.py.
    counted_in: int = 1
    paid_on_in: int = 1
    scale: int = 1  # how many parts of the currency are one where lines are converted
    payout: Payout | None = None
    chosen: frozenset[int] | None = None  # the single partners that take part; None: whoever fits
    targets: Mapping[int, Decimal] = field(default_factory=dict)  # the partners' own, see own_targets.py
    world: int = 0  # plans of different worlds know nothing of each other: a back-test tries several
    unseen: bool = False  # computed for those that are net of it only, see `partner_pools.apart`

    @property
    def code(self) -> str:
        return self.version.programme.code

    @property
    def policy(self) -> dict[str, Any]:
        return self.version.policy

    @property
    def cumulative(self) -> bool:
        """Whether all of the year so far is counted and the difference is posted."""
        return bool(self.policy.get("cumulative"))

    @property
    def counted(self) -> Period:
        """The days whose lines count."""
        return counted_days(self.version, self.period)

    @property
    def target_days(self) -> Period:
        """The days for which a target is set: the period, or the whole year that is counted."""
        if not self.cumulative:
            return self.period
        return Period(self.counted.start, date(self.period.start.year + 1, 1, 1))

    @property
    def grace_until(self) -> date | None:
        """The last day on which a late positive line still counts; None without limit."""
        days = self.policy.get("late", {}).get("grace_days")
        return None if days is None else date.fromordinal(self.period.last_day.toordinal() + days)

    @property
    def rounding(self) -> str:
        return self.policy.get("rounding", {}).get("mode", "half_up")

    @property
    def baseline(self) -> Period | None:
        """The period whose sales are the baseline; None where there is none or it is a stated amount."""
        if self.bands.share_of != "baseline":
            return None
        kind = self.policy.get("baseline", {}).get("kind", "prior_period")
        if kind == "stated":
            return None
        if kind == "prior_year" and self.cumulative:
            first, after = self.counted.start, self.counted.end
            return Period(first.replace(year=first.year - 1), after.replace(year=after.year - 1))
        return self.period.previous if kind == "prior_period" else self.period.year_before

    def period_of(self, term: str) -> Period:
        """The days in which the lines of a term lie."""
        return self.baseline or self.counted if term == "reference" else self.counted

    def counts(self, line: int, product: int | None) -> bool:
        """Whether sales of the period count for anything here."""
        return any(self.terms[term].takes(line, product) for term in self.own_terms)

    @property
    def own_terms(self) -> list[str]:
        """The terms that add up lines of the period itself, not of the baseline's."""
        return [term for term in self.terms if not (term == "reference" and self.baseline)]

    def lines_of(self, terms: Iterable[str], prefix: str = "") -> Q:
        """Sales lines that at least one of these terms adds up, of any day. `prefix` leads to the line."""
        wanted = Q(pk__in=[])
        for chosen in (self.terms[term] for term in terms):
            one = Q() if chosen.lines == self.catalogue else Q(**{f"{prefix}product_line__in": chosen.lines})
            if chosen.products is not None:
                one &= Q(**{f"{prefix}product__in": chosen.products})
            if not one:
                return Q()
            wanted |= one
        return wanted

    def units_of(self, term: str) -> bool:
        """Whether quantities are added up, not amounts."""
        if term == "base":
            return self.bands.pays_units
        return term.startswith("part") or self.bands.reads_units


def counted_days(version: Version, period: Period) -> Period:
    """The days whose lines count: the period; of a cumulative programme the year so far, as far as the version
    was in force. A back-test tries a version before it is in force; then all of it.
    """
    if not version.policy.get("cumulative"):
        return period
    first = date(period.start.year, 1, 1)
    if first < version.starts <= period.start:
        first = version.starts
    return Period(first, period.end)


def plans_for(versions: Iterable[tuple[Version, Period]]) -> list[Plan]:
    """Plans of versions that `policy.uncomputed` finds nothing in."""
    versions = list(versions)
    if not versions:
        return []
    lines = dict(ProductLine.objects.values_list("code", "id"))
    named = {code for version, _period in versions for code in named_products(version.policy)}
    products = {
        code: (pk, line)
        for code, pk, line in Product.objects.filter(code__in=named).values_list("code", "id", "product_line")
    }
    numbers = _partners_named(version.policy for version, _period in versions)
    everything = frozenset(lines.values())

    def chosen(part: dict[str, Any] | None, otherwise: Selection) -> Selection:
        if not part:
            return otherwise
        codes = part.get("product_lines")
        ids = everything if codes is None else frozenset(lines[code] for code in codes if code in lines)
        if "products" not in part:
            return Selection(ids)
        return Selection(ids, frozenset(products[code][0] for code in part["products"] if code in products))

    plans = []
    for version, period in versions:
        policy, bands = version.policy, bands_of(version.policy)
        qualifying = chosen(policy.get("qualify"), Selection(everything))
        terms = {"qualifier": qualifying, "base": chosen(policy.get("pay"), qualifying)}
        if bands.share_of == "total":
            focus = frozenset(lines[code] for code in policy["mechanism"]["focus"] if code in lines)
            terms |= {
                "reference": qualifying,
                "qualifier": Selection(qualifying.lines & focus, qualifying.products),
            }
        elif bands.share_of == "baseline" and policy.get("baseline", {}).get("kind") != "stated":
            terms["reference"] = qualifying
        if bands.counts_sets:
            parts = [
                {"products": [part.product]} if part.product else {"product_lines": [part.product_line]}
                for part in bands.parts
            ]
            terms = {f"part{number}": chosen(part, qualifying) for number, part in enumerate(parts)}
        own = policy["mechanism"].get("targets", {}).items()
        targets = {numbers[number]: Decimal(amount) for number, amount in own if number in numbers}
        chosen_ones = chosen_partners(policy, numbers)
        plans.append(Plan(version, period, bands, terms, everything, chosen=chosen_ones, targets=targets))
    return plans


def scope_plans(run: SettlementRun) -> list[Plan]:
    """The plans that the run froze, by programme code."""
    return plans_of([run])[run.pk]


def plans_of(runs: Iterable[SettlementRun]) -> dict[int, list[Plan]]:
    """The plans that each of the runs froze, by the run's id and in order of programme codes."""
    found: dict[int, list[Plan]] = {run.pk: [] for run in runs}
    frozen = RunScope.objects.filter(run__in=found).select_related("version__programme")
    scopes = list(frozen.order_by("programme__code")) if found else []
    plans = plans_for((scope.version, scope.period) for scope in scopes)
    for scope, plan in zip(scopes, plans, strict=True):
        found[scope.run_id].append(plan)
    return found


def _partners_named(policies: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Ids by number of the single partners that policies name."""
    policies = list(policies)
    named = {number for policy in policies for number in policy.get("who", {}).get("partners", [])}
    named |= {number for policy in policies for number in policy["mechanism"].get("targets", {})}
    if not named:
        return {}
    rows = Partner.objects.for_everyone(because="a policy names them")
    return dict(rows.filter(number__in=named).values_list("number", "pk"))


def chosen_partners(policy: dict[str, Any], numbers: dict[str, int]) -> frozenset[int] | None:
    """The ids of the single partners of a policy; None where it names none."""
    named = partners_named(policy)
    return None if named is None else frozenset(numbers[one] for one in named if one in numbers)
