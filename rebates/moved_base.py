"""What a programme would pay at one step between two figures, and the words for how its paid base moved."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from prm.ui import formats
from rebates.group_words import is_withheld
from rebates.mechanisms import bands_of
from rebates.models import Result


@dataclass(frozen=True)
class Step:
    """What a programme would pay at one step of the way."""

    amount: Decimal = Decimal("0.00")
    base: Decimal = Decimal("0.00")
    band: int = 0
    withheld: bool = False  # the band is not told, see `partner_groups.py`
    units: bool = False  # the base is a quantity

    @property
    def shown(self) -> str:
        """The base as an explanation shows it: money to two decimals, quantities as they are."""
        return formats.number(round(self.base, 2), None if self.units else 2)


def step_of(result: Result | None) -> Step:
    """A settled figure as a step."""
    if result is None:
        return Step()
    units = bands_of(result.version.policy).pays_units
    return Step(result.earned, result.base, result.band, is_withheld(result), units)


def moved(before: Step, after: Step, *, gross: bool = False, bands: bool = True) -> str:
    """`gross`: both are without returns, so that the base is not the one that an explanation calls so."""
    words = {"before": before.shown, "after": after.shown, "was": _band(before), "now": _band(after)}
    if before.withheld or after.withheld or not bands:
        if gross:
            return _("Paid base without returns %(before)s → %(after)s") % words
        return _("Paid base %(before)s → %(after)s") % words
    if before.band == after.band:
        if gross:
            return _("Paid base without returns %(before)s → %(after)s, %(now)s as before") % words
        return _("Paid base %(before)s → %(after)s, %(now)s as before") % words
    if gross:
        return _("Paid base without returns %(before)s → %(after)s, %(was)s → %(now)s") % words
    return _("Paid base %(before)s → %(after)s, %(was)s → %(now)s") % words


def _band(step: Step) -> str:
    return _("band %(band)s") % {"band": step.band} if step.band else _("below the first band")
