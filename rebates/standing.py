"""Where a figure stands, in a few words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from prm.ui import formats
from rebates.arithmetic import gates_are_met
from rebates.mechanisms import bands_of
from rebates.partner_pools import is_group
from rebates.serials import by_serial


def standing(figure: Any) -> str:
    """Base and band, such as "base ¥12,000, band 2", no band where the mechanism has none; and a gate that is shut."""
    policy, bands = figure.version.policy, bands_of(figure.version.policy)
    count = formats.number(figure.base, None)
    plural = 1 if figure.base == 1 else 2
    if bands.counts_sets:
        words = ngettext("%(count)s complete set", "%(count)s complete sets", plural) % {"count": count}
    elif bands.increment is not None:
        words = ngettext("%(count)s full step", "%(count)s full steps", plural) % {"count": count}
    elif by_serial(policy):
        words = ngettext("%(count)s serial number", "%(count)s serial numbers", plural) % {"count": count}
    elif bands.pays_units:
        words = ngettext("%(count)s unit", "%(count)s units", plural) % {"count": count}
    else:
        amount = formats.money(figure.base, policy["currency"])
        words = _("base %(amount)s") % {"amount": amount}
    said, rules = [words], policy["mechanism"]
    if "bands" in rules or "points" in rules:
        said.append(_reached(figure, policy))
    if not gates_are_met(figure.explanation):
        said.append(_("a gate is not met"))
    return pgettext("between the words of a list", ", ").join(said)


def _reached(figure: Any, policy: dict[str, Any]) -> str:
    """The band, which a group reaches together."""
    if not figure.band:
        return _("first band not reached")
    words = _("band %(band)s of the group") if is_group(policy) else _("band %(band)s")
    return words % {"band": figure.band}
