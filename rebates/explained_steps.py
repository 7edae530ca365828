"""Steps of an explanation that show what a mechanism read: shares, the parts of a set, what a formula put in."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from prm.ui import formats
from rebates import arithmetic, explained_lines, formula
from rebates.mechanisms import bands_of
from rebates.numbers_in_words import money
from rebates.sales_words import listed, names_of_parts, unit_of
from rebates.steps import Step


def share_reached(result: Any) -> list[Step]:
    """By how much it grew, or which share was reached; rounded down, so that no bound is shown before it is met."""
    policy, figures = result.version.policy, arithmetic.Figures.of(result)
    name = bands_of(policy).share_of
    if not name or figures.reference is None or figures.base < 0:
        return []
    title = {
        "baseline": _("Growth"),
        "target": _("Share of the target"),
        "total": _("Share of the focus product lines"),
    }[name]
    if figures.reference <= 0:
        return [Step(5, title, _("Against nothing: every band is reached"))] if name == "baseline" else []
    share = Fraction(figures.qualifier) / Fraction(figures.reference) - (1 if name == "baseline" else 0)
    words = {
        "share": rounded_down(share),
        "counted": _measured(figures.qualifier, policy),
        "reference": _measured(figures.reference, policy),
    }
    return [Step(5, title, _("%(share)s: %(counted)s against %(reference)s") % words)]


def rounded_down(share: Fraction) -> str:
    """A share in percent with at most two decimals, never above what it is."""
    hundredths = (share * 10_000).__floor__()
    return formats.percent((Decimal(hundredths) / 10_000).quantize(Decimal("0.0001"), ROUND_FLOOR), None)


def _measured(amount: Decimal, policy: dict[str, Any]) -> str:
    unit = unit_of(policy)
    return money(str(round(amount, 2)), unit) if unit else formats.number(amount, None)


def parts_of_set(result: Any) -> list[Step]:
    """Of each part of a set how many were sold, and for how many sets that is enough."""
    bands = bands_of(result.version.policy)
    if not bands.counts_sets:
        return []
    names = names_of_parts(result.version.policy["mechanism"]["parts"])
    sold = explained_lines.sold_of_parts(result)
    steps = []
    for part, name, count in zip(bands.parts, names, sold, strict=True):
        words = {
            "each": formats.number(part.quantity, None),
            "sets": formats.number(max(count // part.quantity, Decimal(0)), 0),
        }
        steps.append(Step(3, name, _("%(each)s in a set: enough for %(sets)s") % words, count))
    return steps


def put_in(result: Any) -> str:
    """What a formula read, each as name = value; empty for any other mechanism."""
    policy, said = result.version.policy, result.explanation.get("formula")
    if said is None:
        return ""
    figures = arithmetic.Figures.of(result)
    own = {"base": figures.base, "qualifier": figures.qualifier}
    read = {name: Decimal(number) for name, number in said["read"].items()}
    named = formula.names_in(policy)
    return listed(
        f"{name} = {formats.all_digits(value, 0)}" for name, value in (own | read).items() if name in named
    )
