"""What is missing to the next step, where that has one meaning: a full step, a complete set, a share."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from prm.catalogue.models import ProductLine
from prm.ui import formats
from prm.ui.formats import filled
from prm.values.money import minor_unit
from rebates import arithmetic, explained_lines, group_words
from rebates.mechanisms import bands_of
from rebates.numbers_in_words import measured
from rebates.sales_words import listed, names, names_of_parts, pays_on_others, unit_of


def missing(result: Any) -> str:
    """What is missing to the next full step, complete set or share of the focus lines; empty where nothing is."""
    if group_words.is_withheld(result) or "grouped" in result.explanation:
        return ""
    bands = bands_of(result.version.policy)
    if bands.counts_sets:
        return _to_the_next_set(result)
    if bands.increment is not None:
        return _to_the_next_increment(result)
    return _to_the_next_share(result) if bands.share_of == "total" else ""


def gap_in_words(policy: dict[str, Any], gap: Decimal | None) -> str:
    """What is missing to the next band, as money or as a quantity; empty where nothing is."""
    if not gap:
        return ""
    return (
        formats.number(gap, None) if bands_of(policy).reads_units else formats.money(gap, policy["currency"])
    )


def _to_the_next_increment(result: Any) -> str:
    policy, notes = result.version.policy, result.explanation
    bands = bands_of(policy)
    if bands.increment is None or pays_on_others(policy):
        return ""
    total = Decimal(notes.get("payable", notes.get("counted", result.qualifier)))
    following = (max(total, Decimal(0)) // bands.increment + 1) * bands.increment
    if bands.most_base is not None and following > bands.most_base:
        return ""
    return _("Missing to the next full step: %(amount)s.") % {
        "amount": measured(f"{following - total:f}", unit_of(policy))
    }


def _to_the_next_set(result: Any) -> str:
    bands, rules = bands_of(result.version.policy), result.version.policy["mechanism"]
    rows = zip(
        bands.parts, names_of_parts(rules["parts"]), explained_lines.sold_of_parts(result), strict=True
    )
    wanted = []
    for part, name, sold in rows:
        lacking = (result.base + 1) * part.quantity - sold
        if lacking > 0:
            words = {"count": formats.number(lacking, None), "what": name}
            wanted.append(_("%(count)s × %(what)s") % words)
    return _("Missing to the next complete set: %(parts)s.") % {"parts": listed(wanted)}


def _to_the_next_share(result: Any) -> str:
    """With further sales of the focus lines only: they raise both the share and what it is a share of."""
    policy, figures = result.version.policy, arithmetic.Figures.of(result)
    focus, total = Fraction(figures.qualifier), Fraction(figures.reference or 0)
    bounds = [Fraction(low) for low in bands_of(policy).lower]
    higher = [low for low in bounds if low * total > focus and low < 1]
    if total <= 0 or not higher:
        return ""
    lacking = (higher[0] * total - focus) / (1 - higher[0])
    unit = minor_unit(policy["currency"]) if unit_of(policy) else Decimal(1)
    amount = arithmetic.shown(lacking / Fraction(unit)).to_integral_value(ROUND_CEILING) * unit
    words = {
        "share": formats.percent(arithmetic.shown(higher[0]), None),
        "amount": measured(f"{amount:f}", unit_of(policy)),
        "focus": listed(names(ProductLine, policy["mechanism"]["focus"])),
    }
    return filled(_("Missing to the share of %(share)s: %(amount)s more, of %(focus)s only."), words)
