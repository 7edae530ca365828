"""Exchange and payout in words: which day's rate converts what."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from prm.ui import formats
from rebates.numbers_in_words import percent


def counted(policy: dict[str, Any]) -> list[str]:
    """In which currency sales count, and how those in others do."""
    words = {
        "booking_date": _("Sales in other currencies count in %(currency)s at the rate of their booking date."),
        "period_end": _("Sales in other currencies count in %(currency)s at the rate of the period's last day."),
    }  # fmt: skip
    words["none"] = _("Only sales in %(currency)s count.")
    return [*tax(policy), words[policy.get("exchange", "none")] % {"currency": policy["currency"]}]


def tax(policy: dict[str, Any]) -> list[str]:
    """How tax is taken out of gross amounts; nothing where net ones count."""
    if policy.get("amount_basis", "net") != "gross":
        return []
    if "tax_rate" in policy:
        words = _("Gross amounts count, divided by 1 + %(rate)s tax and not rounded.")
        return [words % {"rate": percent(policy["tax_rate"])}]
    return [_("Gross amounts count, divided by 1 + each line's tax rate and not rounded.")]


def paid(policy: dict[str, Any]) -> list[str]:
    """In which currency it is paid, where that is another one."""
    target = policy.get("payout_currency", policy["currency"])
    if target == policy["currency"]:
        return []
    words = _("The rounded total is paid in %(currency)s at the rate of the period's last day.")
    return [words % {"currency": target}]


def step(policy: dict[str, Any]) -> str:
    """What step 2 does with the lines."""
    words = {
        "none": _("Net of tax, in %(currency)s"),
        "booking_date": _("Net of tax, in %(currency)s at the rate of each line's booking date, not rounded"),
        "period_end": _("Net of tax, in %(currency)s at the rate of the period's last day, not rounded"),
    }
    said = words[policy.get("exchange", "none")] % {"currency": policy["currency"]}
    return " ".join([*tax(policy), said])


def payout(measured: Decimal, policy: dict[str, Any], rates: list[dict[str, str]]) -> str:
    """The rounded total and the rates by which it is paid."""
    said = pgettext("between the words of a list", ", ").join(
        f"1 {rate['base']} = {formats.all_digits(Decimal(rate['value']))} {rate['quote']}" for rate in rates
    )
    return _("%(amount)s at %(rates)s, rounded again") % {
        "amount": formats.money(measured, policy["currency"], iso=True), "rates": said,
    }  # fmt: skip
