"""A policy read aloud. Text and calculation come from the same normalised policy, so they cannot differ."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from partners.models import Partner, Tier
from prm.catalogue.models import ProductLine
from prm.ui import formats


def sentences(policy: dict[str, Any]) -> list[str]:
    """The policy in the reader's language: who earns what on what, then rounding, returns and late lines."""
    return [_main(policy), _rounding(policy), _returns(policy), *_late(policy)]


def mechanism_name(kind: str) -> str:
    """What people call the mechanism."""
    return {
        "marginal": _("marginal"),
        "retroactive": _("retroactive"),
        "retroactive_from_floor": _("retroactive from a floor"),
        "flat": _("flat rate"),
        "per_unit": _("per unit"),
        "per_unit_stepped": _("per unit, stepped"),
        "lump_sum": _("lump sum"),
    }[kind]


def clause(policy: dict[str, Any]) -> str:
    """Only what is paid, band by band: the quote on top of an explanation."""
    return capital(_bands(policy)) + _(".")


def period_name(length: str) -> str:
    return {"month": _("each month"), "quarter": _("each quarter"), "year": _("each year")}[length]


def band_range(policy: dict[str, Any], index: int) -> str:
    """"¥100,000 to ¥250,000", "below ¥100,000", "¥250,000 and above" for the band with that index (from 0)."""
    bounds = [Decimal(row["from"]) for row in policy["mechanism"]["bands"]]
    low = _amount(policy, bounds[index])
    if index + 1 == len(bounds):
        return _("%(low)s and above") % {"low": low}
    high = _amount(policy, bounds[index + 1])
    if bounds[index] == 0:
        return _("below %(high)s") % {"high": high}
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def _main(policy: dict[str, Any]) -> str:
    return _("%(who)s earn %(period)s on %(base)s: %(bands)s.") % {
        "who": capital(_who(policy)),
        "period": period_name(policy["period"]),
        "base": _base(policy),
        "bands": _bands(policy),
    }


def _who(policy: dict[str, Any]) -> str:
    who = policy.get("who", {})
    types = _listed([str(Partner.Type(kind).label) for kind in who.get("types", [])], plain=True)
    tiers = who.get("tiers", [])
    if not tiers:
        return types or _("all partners")
    names = {tier.code: str(tier) for tier in Tier.objects.filter(code__in=tiers)}
    named = _listed([names.get(code, code) for code in tiers])
    return _("%(types)s of tier %(tiers)s") % {"types": types or _("partners"), "tiers": named}


def _base(policy: dict[str, Any]) -> str:
    units = policy["mechanism"]["kind"].startswith("per_unit")
    lines = policy.get("pay", policy.get("qualify", {})).get("product_lines")
    if not lines:
        return _("all units") if units else _("all net sales")
    rows = {line.code: str(line) for line in ProductLine.objects.filter(code__in=lines)}
    named = _listed([rows.get(code, code) for code in lines])
    return _("units of %(lines)s") % {"lines": named} if units else _("net sales of %(lines)s") % {"lines": named}


def _bands(policy: dict[str, Any]) -> str:
    mechanism = policy["mechanism"]
    kind = mechanism["kind"]
    if kind == "flat":
        return _("%(rate)s of it") % {"rate": rate(mechanism["rate"])}
    if kind == "per_unit":
        return _("%(amount)s for each unit") % {"amount": _money(policy, mechanism["amount"])}
    parts = [_band(policy, index, row) for index, row in enumerate(mechanism["bands"])]
    text = _listed(parts, plain=True)
    tail = {
        "marginal": _("each rate on its own part"),
        "per_unit_stepped": _("each amount on the units of its own part"),
        "retroactive": _("the rate reached on everything"),
        "lump_sum": _("only the sum reached"),
    }
    if kind == "retroactive_from_floor":
        return _("%(first)s up to %(floor)s, and on what lies above: %(bands)s, the rate reached on all of it") % {
            "first": rate(mechanism["first_rate"]),
            "floor": _amount(policy, Decimal(mechanism["floor"])),
            "bands": text,
        }
    return _("%(bands)s, %(how)s") % {"bands": text, "how": tail[kind]}


def _band(policy: dict[str, Any], index: int, row: dict[str, str]) -> str:
    if "rate" in row:
        return pgettext("rate and band", "%(rate)s %(range)s") % {
            "rate": rate(row["rate"]),
            "range": _ranged(policy, index),
        }
    return pgettext("amount and band", "%(amount)s %(range)s") % {
        "amount": _money(policy, row["amount"]),
        "range": _ranged(policy, index),
    }


def _ranged(policy: dict[str, Any], index: int) -> str:
    bounds = [Decimal(row["from"]) for row in policy["mechanism"]["bands"]]
    low = _amount(policy, bounds[index])
    if index + 1 == len(bounds):
        return _("from %(low)s") % {"low": low}
    high = _amount(policy, bounds[index + 1])
    if bounds[index] == 0:
        return _("below %(high)s") % {"high": high}
    return _("from %(low)s to %(high)s") % {"low": low, "high": high}


def _rounding(policy: dict[str, Any]) -> str:
    if policy.get("rounding", {}).get("mode") == "half_even":
        return _("The total of each period is rounded half-even to the smallest unit of the currency.")
    return _("The total of each period is rounded half-up to the smallest unit of the currency.")


def _returns(policy: dict[str, Any]) -> str:
    return _("A return counts in the period in which it is booked.")


def _late(policy: dict[str, Any]) -> list[str]:
    grace = policy.get("late", {}).get("grace_days")
    if grace is None:
        return [_("A line that arrives after the close is settled as an adjustment.")]
    return [
        _("A line that arrives up to %(days)s days after the period is settled as an adjustment; later ones earn nothing, returns always count.")
        % {"days": grace}
    ]


def rate(value: str) -> str:
    """"0.025" as 2.5%."""
    return f"{formats.number(Decimal(value) * 100, None)}%"


def _amount(policy: dict[str, Any], value: Decimal) -> str:
    """A bound: money, or units where the bands are read from quantities."""
    if policy["mechanism"]["kind"].startswith("per_unit") or policy.get("measure") == "quantity":
        return _("%(count)s units") % {"count": formats.number(value, None)}
    return formats.money(value, policy["currency"], 0 if value == value.to_integral_value() else None)


def _money(policy: dict[str, Any], value: str) -> str:
    return formats.money(Decimal(value), policy["currency"])


def _listed(words: list[str], *, plain: bool = False) -> str:
    """A, B and C; in Chinese A、B、C. With `plain`, commas only."""
    comma = pgettext("between words of a list", ", ")
    if plain or len(words) < 2:
        return comma.join(words)
    return pgettext("last two of a list", "%(first)s and %(last)s") % {"first": comma.join(words[:-1]), "last": words[-1]}


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
