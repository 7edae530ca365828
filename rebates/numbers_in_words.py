"""Figures of a policy's text as people read them."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import ngettext

from prm.ui import formats


def percent(rate: str) -> str:
    """ "0.025" as "2.5%"."""
    return f"{format((Decimal(rate) * 100).normalize(), 'f')}%"


def money(amount: str, currency: str) -> str:
    """An amount in `currency`; decimals only where there are some, and then all of them."""
    number = Decimal(amount)
    if number == number.to_integral_value():
        return formats.money(number, currency, 0)
    return formats.exact_money(number, currency)


def measured(amount: str, currency: str) -> str:
    """An amount in `currency`, or so many units without one."""
    if currency:
        return money(amount, currency)
    number = Decimal(amount)
    words = ngettext("%(count)s unit", "%(count)s units", 1 if number == 1 else 2)
    return words % {"count": formats.number(number, None)}
