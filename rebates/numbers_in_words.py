"""Figures of a policy's text as people read them."""

from __future__ import annotations

from decimal import Decimal

from prm.ui import formats


def percent(rate: str) -> str:
    """ "0.025" as "2.5%"."""
    return f"{format((Decimal(rate) * 100).normalize(), 'f')}%"


def money(amount: str, currency: str) -> str:
    """An amount in `currency`, or a number of units without one; decimals only where there are some."""
    number = Decimal(amount)
    if not currency:
        return formats.number(number, None)
    return formats.money(number, currency, 0 if number == number.to_integral_value() else None)
