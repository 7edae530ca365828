"""What limits a programme's payout, in words: a sentence for each."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from rebates.mechanisms import bands_of
from rebates.numbers_in_words import money


def limits(policy: dict[str, Any]) -> list[str]:
    """The sentences, in the order of operations."""
    return [cap_on_measure(policy, cap) if cap["on"] == "measure" else cap_on_payout(policy, cap)
            for cap in sorted(policy.get("caps", []), key=lambda cap: cap["on"])]  # fmt: skip


def cap_on_measure(policy: dict[str, Any], cap: dict[str, Any]) -> str:
    bands, of = bands_of(policy), cap.get("of", "both")
    units = bands.pays_units if of == "base" else bands.reads_units
    words = {"amount": money(cap["amount"], "" if units else policy["currency"])}
    if of == "qualifier":
        return _("At most %(amount)s count.") % words
    if of == "base":
        return _("At most %(amount)s are paid on.") % words
    return _("At most %(amount)s count and are paid on.") % words


def cap_on_payout(policy: dict[str, Any], cap: dict[str, Any]) -> str:
    words = {"amount": money(cap["amount"], policy["currency"])}
    return _("A partner is paid at most %(amount)s a period.") % words
