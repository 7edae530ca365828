"""Numbers of bank accounts: read, checked, masked. Pure.

IBAN and BIC are checked as ISO 13616 and ISO 9362 say (python-stdnum). In China an account is its number, the bank's
name and the bank's CNAPS code of twelve digits (联行号).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from stdnum import bic, iban
from stdnum.exceptions import ValidationError

from payouts.errors import (
    AccountNumberWrong,
    BankMissing,
    BicWrong,
    CnapsWrong,
    HolderMissing,
    IbanNeeded,
    IbanWrong,
    NumberMissing,
    OneNumberOnly,
)

SHOWN = 4  # digits at the end that a masked number shows
SEPA = ("EUR",)
CHINESE = ("CNY",)


@dataclass(frozen=True)
class Details:
    """What a bank needs to know to pay to an account; either an IBAN or a number of another kind."""

    holder: str
    currency: str
    iban: str = ""
    account_number: str = ""
    bank_name: str = ""
    cnaps: str = ""
    bic: str = ""

    @property
    def number(self) -> str:
        return self.iban or self.account_number


NAMES = ("holder", "currency", "iban", "account_number", "bank_name", "cnaps", "bic")


def checked(details: Details) -> Details:
    """The details as they are kept, without spaces; raises the DomainError of the first thing that is wrong."""
    found = replace(
        details,
        holder=_plain(details.holder),
        bank_name=_plain(details.bank_name),
        currency=details.currency.strip().upper(),
        iban=_code(details.iban),
        account_number=_code(details.account_number),
        cnaps=_code(details.cnaps),
        bic=_code(details.bic),
    )
    if not found.holder:
        raise HolderMissing()
    if found.iban and found.account_number:
        raise OneNumberOnly()
    if not found.number:
        raise IbanNeeded() if found.currency in SEPA else NumberMissing()
    if found.currency in SEPA and not found.iban:
        raise IbanNeeded()
    if found.bic:
        _check(bic, found.bic, BicWrong)
    if found.iban:
        _check(iban, found.iban, IbanWrong)
    else:
        _check_number(found)
    return found


def _check(module: object, text: str, error: type[Exception]) -> None:
    try:
        module.validate(text)  # type: ignore[attr-defined]
    except ValidationError:
        raise error() from None


def _check_number(found: Details) -> None:
    if not re.fullmatch(r"[0-9A-Z]{5,34}", found.account_number):
        raise AccountNumberWrong()
    if not found.bank_name:
        raise BankMissing()
    if (found.currency in CHINESE or found.cnaps) and not re.fullmatch(r"\d{12}", found.cnaps):
        raise CnapsWrong()


def masked(number: str) -> str:
    """The number without its middle: an IBAN keeps its country, each its last four characters."""
    head = number[:2] if number[:2].isalpha() else ""
    return f"{head}•••• {number[-SHOWN:]}" if number else ""


def grouped(number: str) -> str:
    """The number in groups of four, as people read it out."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _code(text: str) -> str:
    return re.sub(r"[\s\-.]", "", unicodedata.normalize("NFKC", text)).upper()


def _plain(text: str) -> str:
    """One line without signs that no bank's program takes."""
    kept = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in text)
    return " ".join(kept.split())
