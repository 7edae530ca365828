"""Money: exact decimals with a currency. Never float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision, is_currency

ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}


def is_known_currency(code: str) -> bool:
    """Whether `code` is an ISO 4217 currency."""
    return len(code) == 3 and code.isupper() and is_currency(code)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of `currency`: Decimal("0.01") for CNY, Decimal("1") for JPY."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def round_money(amount: Decimal, currency: str, mode: str = "half_up") -> Decimal:
    """`amount` at the currency's minor unit, by magnitude (−0.505 becomes −0.51 half-up)."""
    return amount.quantize(minor_unit(currency), rounding=ROUNDINGS[mode])


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return Money(self.amount + other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"
