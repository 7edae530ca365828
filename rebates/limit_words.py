"""What limits a programme's payout, in words: a sentence for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from rebates.links import BEST_OF, NET_OF, stacked_on
from rebates.mechanisms import bands_of
from rebates.models import Programme
from rebates.numbers_in_words import money


def limits(policy: dict[str, Any]) -> list[str]:
    """The sentences, in the order of operations."""
    caps = policy.get("caps", [])
    return [
        *(cap_on_measure(policy, cap) for cap in caps if cap["on"] == "measure"),
        *(_NET_WORDS % {"programmes": programmes(codes)} for codes in [stacked_on(policy, NET_OF)] if codes),
        *(cap_on_payout(policy, cap) for cap in caps if cap["on"] == "payout" and "programmes" not in cap),
        *(cap_on_payout(policy, cap) for cap in caps if "programmes" in cap),
        *(
            _BEST_WORDS % {"programmes": programmes(codes)}
            for codes in [stacked_on(policy, BEST_OF)]
            if codes
        ),
    ]


_NET_WORDS = gettext_lazy("What %(programmes)s pay is taken off the base first.")
_BEST_WORDS = gettext_lazy("Beside %(programmes)s only the programme that pays most pays.")


def programmes(codes: Iterable[str]) -> str:
    """Names of programmes, as a list in words; the code where nothing has it."""
    codes = list(codes)
    names = {row.code: str(row) for row in Programme.objects.filter(code__in=codes)}
    return pgettext("between the words of a list", ", ").join(names.get(code, code) for code in codes)


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
    if "programmes" in cap:
        words["programmes"] = programmes(cap["programmes"])
        return _("Together with %(programmes)s a partner is paid at most %(amount)s a period.") % words
    return _("A partner is paid at most %(amount)s a period.") % words
