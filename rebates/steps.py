"""A step of an explanation, and the figures that several of them end in."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from decimal import Decimal

from partners.models import Partner
from rebates.accruals import Accrual
from rebates.models import Result
from rebates.own_targets import targets_of, version_of

Figure = Result | Accrual  # what a settlement computed, or what an open period would pay


@dataclass(frozen=True)
class Step:
    """One step of the order of operations. `value` is a figure, where the step ends in one."""

    number: int
    title: str
    text: str
    value: Decimal | None = None
    behind: str = ""  # the address of what the step found, where that is a sum of lines
    is_count: bool = False  # whether the figure is a number of pieces, not money


def as_it_concerns_its_partner(figure: Figure) -> Figure:
    """The figure with the version in which its partner's own target is the target."""
    if not targets_of(figure.version.policy):
        return figure
    if isinstance(figure, Accrual):
        rows = Partner.objects.for_everyone(because="the target behind a figure that its reader sees")
        number = rows.values_list("number", flat=True).get(pk=figure.partner_id)
        return replace(figure, version=version_of(figure.version, number))
    shown = copy(figure)
    shown.version = version_of(figure.version, figure.partner.number)
    return shown


def computed_of(result: Figure) -> Decimal:
    """The rounded total; of a member of a group, the group's."""
    said = result.explanation.get("grouped")
    return Decimal(said["figure"]) if said and "figure" in said else measured_of(result)


def measured_of(result: Figure) -> Decimal:
    """The rounded total in the measure currency."""
    year, said = result.explanation.get("cumulative"), result.explanation.get("payout")
    if year:
        return Decimal(year["total"])
    return Decimal(said["measured"]) if said else result.computed
