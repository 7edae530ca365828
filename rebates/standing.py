"""Where a figure stands, in a few words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from prm.ui import formats
from rebates.mechanisms import bands_of


def standing(figure: Any) -> str:
    """Base and band, such as "base ¥12,000, band 2"; no band where the mechanism has none."""
    policy, bands = figure.version.policy, bands_of(figure.version.policy)
    count = formats.number(figure.base, None)
    plural = 1 if figure.base == 1 else 2
    if bands.counts_sets:
        words = ngettext("%(count)s complete set", "%(count)s complete sets", plural) % {"count": count}
    elif bands.increment is not None:
        words = ngettext("%(count)s full step", "%(count)s full steps", plural) % {"count": count}
    elif bands.pays_units:
        words = ngettext("%(count)s unit", "%(count)s units", plural) % {"count": count}
    else:
        amount = formats.money(figure.base, policy["currency"])
        words = _("base %(amount)s") % {"amount": amount}
    rules = policy["mechanism"]
    if "bands" not in rules and "points" not in rules:
        return words
    reached = _("band %(band)s") % {"band": figure.band} if figure.band else _("first band not reached")
    return pgettext("between the words of a list", ", ").join([words, reached])
