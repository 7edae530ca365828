"""A policy in words. Made from the policy itself, so that text and calculation cannot differ."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from partners.models import Partner, Tier
from prm.catalogue.models import ProductLine
from prm.ui import formats
from rebates.models import Version


def sentence(version: Version) -> str:
    """Who earns what on which sales, in one sentence of the reader's language."""
    policy = version.policy
    return _("%(who)s earn %(period)s %(mechanism)s, on %(lines)s. %(rounding)s") % {
        "who": who(policy),
        "period": period(policy),
        "mechanism": mechanism(policy),
        "lines": lines_counted(policy, "pay"),
        "rounding": rounding(policy.get("rounding", {}).get("mode", "half_up"), None),
    }


def paid(amount: str, day: date, reference: str) -> str:
    """That so much was paid, when and under which reference."""
    words = {"money": amount, "day": formats.day(day), "reference": reference}
    if reference:
        return _("Paid: %(money)s on %(day)s, reference %(reference)s.") % words
    return _("Paid: %(money)s on %(day)s, without a reference.") % words


def release(day: date, reference: str) -> str:
    """Under which date and reference payments are released."""
    words = {"day": formats.day(day), "reference": reference}
    if reference:
        return _("paid on %(day)s, reference %(reference)s") % words
    return _("paid on %(day)s, without a reference") % words


def who(policy: dict[str, Any]) -> str:
    chosen = policy.get("who", {})
    tiers = tier_names(chosen.get("tiers", []))
    types = [str(Partner.Type(code).label) for code in chosen.get("types", [])]
    named = [tiers[code] for code in chosen.get("tiers", [])]
    if not named and not types:
        return _("All partners")
    if named and types:
        return _("Partners of tier %(tiers)s and type %(types)s") % {
            "tiers": _list(named),
            "types": _list(types),
        }
    if named:
        return _("Partners of tier %(tiers)s") % {"tiers": _list(named)}
    return _("Partners of type %(types)s") % {"types": _list(types)}


def tier(code: str) -> str:
    """A tier's name; its code where the tier is gone."""
    return tier_names([code])[code]


def tier_names(codes: Iterable[str]) -> dict[str, str]:
    """Names by code, of every code that is asked for."""
    wanted = {code for code in codes if code}
    names = {tier.code: str(tier) for tier in Tier.objects.filter(code__in=wanted)}
    return {"": ""} | {code: names.get(code, code) for code in wanted}


def period(policy: dict[str, Any]) -> str:
    return {"month": _("each month"), "quarter": _("each quarter"), "year": _("each year")}[policy["period"]]


def mechanism(policy: dict[str, Any]) -> str:
    """What is paid, band by band."""
    rules = policy["mechanism"]
    kind, currency = rules["kind"], policy["currency"]
    unit = "" if policy.get("measure") == "quantity" else currency
    if kind == "flat":
        return _("%(rate)s of the base") % {"rate": percent(rules["rate"])}
    if kind == "per_unit":
        return _("%(amount)s for each unit") % {"amount": money(rules["amount"], currency)}
    if kind == "per_unit_stepped":
        return _("%(bands)s, each unit by its own band") % {
            "bands": _list([_amount_band(band, currency) for band in rules["bands"]])
        }
    if kind == "lump_sum":
        return _("a fixed sum: %(bands)s") % {
            "bands": _list([_sum_band(band, unit, currency) for band in rules["bands"]])
        }
    uppers = [band["from"] for band in rules["bands"][1:]] + [None]
    bands = _list([_rate_band(band, upper, unit) for band, upper in zip(rules["bands"], uppers, strict=True)])
    if kind == "marginal":
        return _("%(bands)s, each rate on its own part") % {"bands": bands}
    if kind == "retroactive":
        return _("%(bands)s, the rate reached on all of it") % {"bands": bands}
    return _("%(rate)s up to %(floor)s, and above it the rate reached: %(bands)s") % {
        "rate": percent(rules["first_rate"]),
        "floor": money(rules["floor"], currency),
        "bands": bands,
    }


def _rate_band(band: dict[str, str], upper: str | None, currency: str) -> str:
    words = {"rate": percent(band["rate"]), "lower": money(band["from"], currency)}
    if upper is None:
        return _("%(rate)s from %(lower)s") % words
    words["upper"] = money(upper, currency)
    if Decimal(band["from"]) == 0:
        return _("%(rate)s below %(upper)s") % words
    return _("%(rate)s from %(lower)s to %(upper)s") % words


def _amount_band(band: dict[str, str], currency: str) -> str:
    return _("%(amount)s a unit from %(lower)s units") % {
        "amount": money(band["amount"], currency),
        "lower": money(band["from"], ""),
    }


def _sum_band(band: dict[str, str], unit: str, currency: str) -> str:
    return _("%(amount)s from %(lower)s") % {
        "amount": money(band["amount"], currency),
        "lower": money(band["from"], unit),
    }


def lines_counted(policy: dict[str, Any], part: str) -> str:
    """Which sales count (`qualify`) or are paid on (`pay`)."""
    codes = policy.get(part, {}).get("product_lines")
    if codes is None and part == "pay":
        codes = policy.get("qualify", {}).get("product_lines")
    if codes is None:
        return _("net sales of all product lines")
    names = {line.code: str(line) for line in ProductLine.objects.filter(code__in=codes)}
    return _("net sales of %(lines)s") % {"lines": _list([names.get(code, code) for code in codes])}


def band(policy: dict[str, Any], number: int, base: Decimal) -> str:
    """Which band a figure reached."""
    if base < 0:
        return _("A negative base takes the first band's rate")
    if number == 0:
        return _("The first band is not reached")
    bands = policy["mechanism"].get("bands")
    if not bands:
        return _("One rate for all")
    lower = money(
        bands[number - 1]["from"], "" if policy.get("measure") == "quantity" else policy["currency"]
    )
    return _("Band %(number)s is reached, from %(lower)s") % {"number": number, "lower": lower}


def rounding(mode: str, unit: Decimal | None) -> str:
    if mode == "half_even":
        return _("Rounded once, half to the even cent, on the total.")
    return _("Rounded once, half up to the cent, on the total.")


def percent(rate: str) -> str:
    """ "0.025" as "2.5%"."""
    return f"{format((Decimal(rate) * 100).normalize(), 'f')}%"


def money(amount: str, currency: str) -> str:
    """An amount in `currency`, or a number of units without one; decimals only where there are some."""
    number = Decimal(amount)
    if not currency:
        return formats.number(number, None)
    return formats.money(number, currency, 0 if number == number.to_integral_value() else None)


def _list(words: list[str]) -> str:
    return pgettext("between the words of a list", ", ").join(words)
