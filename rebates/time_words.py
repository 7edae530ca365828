"""In which period what counts, in words: returns, and years that are counted as a whole."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from prm.ui import formats
from prm.values.periods import Period
from rebates import tier_days
from rebates.counting_days import BOOKING, ORDER, PAYMENT, SHIPMENT, basis_of
from rebates.mechanisms import bands_of
from rebates.partner_pools import is_group
from rebates.policy import DISPUTE_DAYS
from rebates.returned import AT_ORIGINAL_RATE, BY_BOOKING, BY_ORIGIN, how


def counted_on(policy: dict[str, Any]) -> list[str]:
    """On which day a sale counts, where that is not the day of its booking."""
    words = {
        ORDER: _("A sale counts on the day on which it was ordered."),
        SHIPMENT: _("A sale counts on the day on which it was shipped; until then it does not count."),
        PAYMENT: _("A sale counts on the day on which its invoice is paid in full; until then it does not count."),
    }  # fmt: skip
    basis = basis_of(policy)
    if basis not in words:
        return []
    back = _("A return counts on its booking date, never before the sale that it takes back.")
    return [words[basis], *([back] if how(policy) != BY_ORIGIN else [])]


def days_of_lines(policy: dict[str, Any], count: int, days: Period, *, live: bool) -> str:
    """How many lines of which days were read; `live`: as they are now."""
    words = {
        "count": formats.number(count),
        "first": formats.day(days.start),
        "last": formats.day(days.last_day),
    }
    if live:
        said = {
            BOOKING: _("%(count)s, booked from %(first)s to %(last)s, as they stand on file now"),
            ORDER: _("%(count)s, ordered from %(first)s to %(last)s, as they stand on file now"),
            SHIPMENT: _("%(count)s, shipped from %(first)s to %(last)s, as they stand on file now"),
            PAYMENT: _("%(count)s, paid from %(first)s to %(last)s, as they stand on file now"),
        }
    else:
        said = {
            BOOKING: _("%(count)s, booked from %(first)s to %(last)s, known when this was computed"),
            ORDER: _("%(count)s, ordered from %(first)s to %(last)s, known when this was computed"),
            SHIPMENT: _("%(count)s, shipped from %(first)s to %(last)s, known when this was computed"),
            PAYMENT: _("%(count)s, paid from %(first)s to %(last)s, known when this was computed"),
        }
    return said[basis_of(policy)] % words


def year(policy: dict[str, Any]) -> list[str]:
    """That the year so far is counted; nothing where each period stands by itself."""
    if not policy.get("cumulative"):
        return []
    if is_group(policy):
        words = _(
            "All of the year so far counts, as far as this version is in force; what was settled to a member before is"
            " taken off its share."
        )
        return [words]
    return [
        _(
            "All of the year so far counts, as far as this version is in force; what was settled of it before is taken"
            " off."
        )
    ]


def returns(policy: dict[str, Any]) -> list[str]:
    """When a return counts; nothing where it is the usual way, on its own day."""
    words = {
        BY_ORIGIN: _("A return counts in the period of the sale that it reverses."),
        AT_ORIGINAL_RATE: _(
            "A return of an earlier period's sale takes back what that period paid on it and lowers no band."
        ),
    }
    return [words[how(policy)]] if how(policy) in words else []


def late(policy: dict[str, Any]) -> list[str]:
    """Until when a sale of a period that is over may still come in; nothing where there is no such limit."""
    days = policy.get("late", {}).get("grace_days")
    if days is None:
        return []
    return [
        ngettext(
            "A sale that is booked more than %(days)s day after the end of its period and after its settlement"
            " earns nothing; a return is always taken off.",
            "A sale that is booked more than %(days)s days after the end of its period and after its settlement"
            " earns nothing; a return is always taken off.",
            days,
        )
        % {"days": days}
    ]


def disputes(policy: dict[str, Any]) -> list[str]:
    """How long a figure can be disputed, where the policy says so."""
    days = policy.get("dispute_days")
    if days is None:
        return []
    return [
        ngettext(
            "A figure can be disputed for %(days)s day after its statement.",
            "A figure can be disputed for %(days)s days after its statement.",
            days,
        )
        % {"days": days}
    ]


def usual(policy: dict[str, Any]) -> list[str]:
    """What binds a partner although the policy leaves it out, in one closing sentence; nothing where all is stated."""
    rules = []
    if how(policy) == BY_BOOKING and basis_of(policy) == BOOKING:
        rules.append(_("a return counts on its own booking date"))
    if policy.get("late", {}).get("grace_days") is None:
        rules.append(_("a sale that is booked late still counts, however late it comes"))
    if policy.get("who", {}).get("tiers") and not tier_days.by_line(policy):
        rules.append(_("the tier held on the period's last day decides"))
    if policy.get("dispute_days") is None:
        days = ngettext(
            "a figure can be disputed for %(days)s day after its statement",
            "a figure can be disputed for %(days)s days after its statement",
            DISPUTE_DAYS,
        )
        rules.append(days % {"days": DISPUTE_DAYS})
    if not rules:
        return []
    return [_("As usual: %(rules)s.") % {"rules": pgettext("between the rules of a list", "; ").join(rules)}]


def taken_back(policy: dict[str, Any], said: list[dict[str, str]]) -> str:
    """What came back of which period, and what that period paid on which base."""
    units = bands_of(policy).pays_units

    def shown(number: str) -> str:
        amount = Decimal(number)
        return formats.number(amount, None) if units else formats.money(amount, policy["currency"])

    rows = [
        _("%(returned)s of sales from %(day)s on, on whose base of %(base)s %(paid)s were paid")
        % {
            "returned": shown(one["returned"]), "base": shown(one["base"]),
            "day": formats.day(date.fromisoformat(one["first"])),
            "paid": formats.money(Decimal(one["paid"]), policy["currency"]),
        }
        for one in said
    ]  # fmt: skip
    return pgettext("between the words of a list", ", ").join(rows)
