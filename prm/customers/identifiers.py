"""Tax numbers, web domains and telephone numbers, made comparable or refused."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from prm.customers.errors import DomainInvalid, TaxNumberInvalid, TaxNumberUnreadable
from prm.customers.vocabulary import PUBLIC_MAIL

_USCC = re.compile(r"[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")


def uscc_is_valid(number: str) -> bool:
    """Whether `number` is a Unified Social Credit Code whose check digit fits."""
    from stdnum.cn import uscc

    return uscc.is_valid(number)


def clean_tax_number(number: str) -> str:
    """Letters and digits in capitals. What has the shape of a USCC must have its check digit; raises DomainError."""
    text = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", number or "")).upper()
    if not text:
        return ""
    if not (text.isascii() and 5 <= len(text) <= 20):
        raise TaxNumberUnreadable(tax_number=number)
    if _USCC.fullmatch(text) and not uscc_is_valid(text):
        raise TaxNumberInvalid(tax_number=number)
    return text


@cache
def _extract() -> Any:
    import tldextract

    # The list that comes with the package; nothing is fetched and nothing is written.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def clean_domain(text: str) -> str:
    """The registrable domain of an address, e-mail or host name; raises DomainError when there is none."""
    host = unicodedata.normalize("NFKC", text or "").strip().casefold().rstrip("/.")
    if not host:
        return ""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", host).split("/")[0].split("?")[0].rsplit("@", 1)[-1]
    host = re.sub(r":\d+$", "", host).strip(".")
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        raise DomainInvalid(domain=text) from None
    found = _extract()(host).top_domain_under_public_suffix if _HOST.fullmatch(host) else ""
    if not found or len(found) > 120:
        raise DomainInvalid(domain=text)
    return found


def says_something(domain: str) -> bool:
    """Whether a domain can tell companies apart; mail and shop hosts that everybody uses cannot."""
    return bool(domain) and domain not in PUBLIC_MAIL


def clean_phone(text: str) -> str:
    """Digits only, without the country code of China and leading zeros; empty when too short to tell anything."""
    digits = re.sub(r"\D+", "", unicodedata.normalize("NFKC", text or ""))
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) > 10 + len(prefix) - 2:
            digits = digits[len(prefix) :]
            break
    digits = digits.lstrip("0")
    return digits if len(digits) >= 7 else ""
