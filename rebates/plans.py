"""A version applied to a period: what the calculation needs to know of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from prm.catalogue.models import ProductLine
from prm.values.periods import Period
from rebates.models import Version
from rebates.policy import Bands, bands_of


@dataclass(frozen=True)
class Sql:
    """A query and its named parameters."""

    text: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A version applied to one period."""

    version: Version
    period: Period
    bands: Bands
    qualifying: frozenset[int]  # ids of product lines
    paying: frozenset[int]
    catalogue: frozenset[int]  # all product lines

    @property
    def policy(self) -> dict[str, Any]:
        return self.version.policy

    @property
    def grace_until(self) -> date | None:
        """The last day on which a late positive line still counts; None without limit."""
        days = self.policy.get("late", {}).get("grace_days")
        return None if days is None else date.fromordinal(self.period.last_day.toordinal() + days)

    @property
    def rounding(self) -> str:
        return self.policy.get("rounding", {}).get("mode", "half_up")


def plans_for(versions: Iterable[tuple[Version, Period]]) -> list[Plan]:
    """Plans of versions that `policy.uncomputed` finds nothing in."""
    by_code = dict(ProductLine.objects.values_list("code", "id"))
    everything = frozenset(by_code.values())

    def chosen(part: dict[str, Any] | None, otherwise: frozenset[int]) -> frozenset[int]:
        if part is None or "product_lines" not in part:
            return otherwise
        return frozenset(by_code[code] for code in part["product_lines"] if code in by_code)

    plans = []
    for version, period in versions:
        qualifying = chosen(version.policy.get("qualify"), everything)
        paying = chosen(version.policy.get("pay"), qualifying)
        plans.append(Plan(version, period, bands_of(version.policy), qualifying, paying, everything))
    return plans
