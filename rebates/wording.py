"""A policy in words. Made from the policy itself, so that text and calculation cannot differ."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from partners.models import Partner, Tier
from prm.catalogue.models import Product, ProductLine
from prm.ui import formats
from prm.values.periods import Period
from rebates import currency_words, formula, line_rounding, serials, tier_days, time_words
from rebates.credited import is_credited
from rebates.limit_words import limits, measure_name
from rebates.mechanisms import SHARES
from rebates.models import Version
from rebates.numbers_in_words import money, percent


def sentence(version: Version) -> str:
    """Who earns what on which sales, in one sentence of the reader's language."""
    policy = version.policy
    main = _("%(who)s earn %(period)s %(mechanism)s, on %(lines)s. %(rounding)s") % {
        "who": who(policy),
        "period": period(policy),
        "mechanism": mechanism(policy),
        "lines": lines_counted(policy, "pay"),
        "rounding": rounding(policy),
    }
    further = [
        *whose_sales(policy),
        *time_words.counted_on(policy),
        *currency_words.counted(policy),
        *time_words.year(policy),
        *time_words.returns(policy),
        *time_words.late(policy),
        *limits(policy),
        *currency_words.paid(policy),
        *time_words.disputes(policy),
    ]
    return joined([main, *further])


def joined(sentences: list[str]) -> str:
    """Sentences one after the other, as the language puts them."""
    return reduce(lambda said, more: _("%(said)s %(more)s") % {"said": said, "more": more}, sentences)


def whose_sales(policy: dict[str, Any]) -> list[str]:
    """That sales count which an agent is credited with; nothing where they are the partner's own purchases."""
    if not is_credited(policy):
        return []
    return [
        _("The sales are those that the agent is credited with, each by its share, and invoiced to others.")
    ]


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
    """Who takes part. Single partners are counted, never named: others of them read it too."""
    chosen = {name: part for name, part in policy.get("who", {}).items() if name != "as"}
    words = _of_tier_and_type(chosen)
    if tier_days.by_line(policy):
        words = _("%(who)s on the day of each sale") % {"who": words}
    if "regions" in chosen:
        words = _("%(who)s in %(regions)s") % {"who": words, "regions": _list(chosen["regions"])}
    if "certificates" in chosen:
        held = _either([measure_name(code) for code in chosen["certificates"]])
        words = _("%(who)s that hold %(certificates)s") % {"who": words, "certificates": held}
    count = len(chosen.get("partners", []))
    if count and len(chosen) == 1:
        return ngettext("%(count)s chosen partner", "%(count)s chosen partners", count) % {"count": count}
    if count:
        more = ngettext("%(count)s chosen partner", "%(count)s chosen partners", count) % {"count": count}
        return _("%(who)s, of these only %(chosen)s,") % {"who": words, "chosen": more}
    return words


def _of_tier_and_type(chosen: dict[str, Any]) -> str:
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
    unit = _unit_of(policy)
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
    if kind in _OTHERS:
        return _OTHERS[kind](rules, policy, unit)
    bands = _rate_bands(rules["bands"], unit)
    if kind == "marginal":
        return _MARGINAL[rules.get("split", "own_bands")] % {"bands": bands}
    if kind == "retroactive":
        return _("%(bands)s, the rate reached on all of it") % {"bands": bands}
    return _("%(rate)s up to %(floor)s, and above it the rate reached: %(bands)s") % {
        "rate": percent(rules["first_rate"]),
        "floor": money(rules["floor"], currency),
        "bands": bands,
    }


_MARGINAL = {
    "own_bands": gettext_lazy("%(bands)s, each rate on its own part"),
    "average": gettext_lazy("%(bands)s, at the average rate of all that counts"),
    "top_slice": gettext_lazy("%(bands)s, what is paid on being the top part of all that counts"),
}


def _growth(rules: dict[str, Any], policy: dict[str, Any], unit: str) -> str:
    words = {"bands": _share_bands(rules["bands"]), "baseline": baseline(policy), "new": _new_partner(policy)}
    if rules["on"] == "growth":
        return _("for growth over %(baseline)s, on the growth only: %(bands)s%(new)s") % words
    return _("for growth over %(baseline)s, on all of it: %(bands)s%(new)s") % words


def baseline(policy: dict[str, Any]) -> str:
    """What growth is measured against."""
    rules = policy.get("baseline", {})
    if rules.get("kind") == "stated":
        amount = money(rules["amount"], _unit_of(policy))
        return _("the stated baseline of %(amount)s") % {"amount": amount}
    if rules.get("kind") == "prior_year":
        return _("the same period a year before")
    return _("the period before")


def _new_partner(policy: dict[str, Any]) -> str:
    """What counts for a partner that bought nothing in the baseline period."""
    rules = policy.get("baseline", {})
    if rules.get("kind") == "stated":
        return ""
    choice = rules.get("new_partner", "skip")
    if choice == "stated":
        amount = money(rules["amount"], _unit_of(policy))
        return _("; for a partner without sales then, a baseline of %(amount)s counts") % {"amount": amount}
    if choice == "zero":
        return _("; a partner without sales then has a baseline of zero and reaches every band")
    return _("; a partner without sales then earns nothing")


def _target(rules: dict[str, Any], policy: dict[str, Any], unit: str) -> str:
    words = {"bands": _share_bands(rules["bands"]), "target": money(rules["target"], unit)}
    if tier_days.by_days(policy):
        words["target"] = _("%(target)s, by days for whoever joins or leaves") % words
    if rules["on"] == "excess":
        return _("for reaching the target of %(target)s, on what lies above it: %(bands)s") % words
    return _("for reaching the target of %(target)s, on all of it: %(bands)s") % words


def _linear(rules: dict[str, Any], policy: dict[str, Any], unit: str) -> str:
    low, high = rules["points"]
    return _(
        "a rate that rises from %(first)s at %(low)s to %(last)s at %(high)s on all of it; nothing below, "
        "%(last)s above"
    ) % {
        "first": percent(low["rate"]), "low": money(low["at"], unit),
        "last": percent(high["rate"]), "high": money(high["at"], unit),
    }  # fmt: skip


def _increment(rules: dict[str, Any], policy: dict[str, Any], unit: str) -> str:
    words = {"amount": money(rules["amount"], policy["currency"]), "step": money(rules["increment"], unit)}
    if unit:
        return _("%(amount)s for each full %(step)s") % words
    return _("%(amount)s for each full %(step)s units") % words


def _mix(rules: dict[str, Any], policy: dict[str, Any], unit: str) -> str:
    return _("by the share of %(focus)s, on all of it: %(bands)s") % {
        "focus": _list(_names(ProductLine, rules["focus"])),
        "bands": _share_bands(rules["bands"]),
    }


def _bundle(rules: dict[str, Any], policy: dict[str, Any], unit: str) -> str:
    parts = [
        _("%(count)s × %(what)s") % {"count": formats.number(Decimal(part["quantity"]), None), "what": what}
        for part, what in zip(rules["parts"], _names_of_parts(rules["parts"]), strict=True)
    ]
    words = {"amount": money(rules["amount"], policy["currency"]), "parts": " + ".join(parts)}
    return _("%(amount)s for each complete set of %(parts)s") % words


def _spif(rules: dict[str, Any], policy: dict[str, Any], unit: str) -> str:
    if serials.by_serial(policy):
        words = _("%(amount)s for each serial number, once ever; for one that comes back it is taken back")
        return words % {"amount": money(rules["amount"], policy["currency"])}
    return _("%(amount)s for each unit sold") % {"amount": money(rules["amount"], policy["currency"])}


def _formula(rules: dict[str, Any], policy: dict[str, Any], unit: str) -> str:
    words = {"expression": rules["expression"]}
    read = [f"{name}: {measure_name(code)}" for name, code in formula.measures_of(policy).items()]
    if "qualifier" in rules["expression"]:
        read = [_("qualifier: what counts"), *read]
    words["read"] = _list([_("base: what is paid on"), *read])
    return _("what the formula %(expression)s comes to (%(read)s)") % words


_OTHERS = {
    "formula": _formula,
    "growth": _growth,
    "target": _target,
    "linear": _linear,
    "per_increment": _increment,
    "mix": _mix,
    "bundle": _bundle,
    "spif": _spif,
}


def _unit_of(policy: dict[str, Any]) -> str:
    return "" if policy.get("measure") == "quantity" else policy["currency"]


def _names(model: Any, codes: Iterable[str]) -> list[str]:
    """Names by code, in the order of the codes; the code where nothing has it any more."""
    codes = list(codes)
    found = {row.code: str(row) for row in model.objects.filter(code__in=codes)}
    return [found.get(code, code) for code in codes]


def _names_of_parts(parts: list[dict[str, Any]]) -> list[str]:
    lines = [part["product_line"] for part in parts if "product_line" in part]
    products = [part["product"] for part in parts if "product" in part]
    found = dict(zip(lines, _names(ProductLine, lines), strict=True))
    goods = dict(zip(products, _names(Product, products), strict=True))
    return [
        found[part["product_line"]] if "product_line" in part else goods[part["product"]] for part in parts
    ]


def reference_name(share_of: str) -> str:
    """What the bands are shares of."""
    return {"baseline": _("Baseline"), "target": _("Target"), "total": _("All that counts")}[share_of]


def reference(policy: dict[str, Any], period: Period, baseline_days: Period | None = None) -> str:
    """Where that figure comes from. `baseline_days`: of a baseline, where they do not follow from the period."""
    rules = policy.get("baseline", {})
    kind = policy["mechanism"]["kind"]
    if kind == "target":
        return _("Stated by the policy")
    if kind == "mix":
        return lines_counted(policy, "qualify")
    if rules.get("kind") == "stated":
        return _("Stated by the policy")
    before = baseline_days or (period.year_before if rules.get("kind") == "prior_year" else period.previous)
    words = {"first": formats.day(before.start), "last": formats.day(before.last_day)}
    return _("Sales from %(first)s to %(last)s, as the close read them") % words


def paid_on(policy: dict[str, Any]) -> str:
    """What is paid on, and what of it counts as one."""
    rules = policy["mechanism"]
    if rules["kind"] == "bundle":
        return _("complete sets")
    if rules["kind"] == "per_increment":
        return _("full steps of %(step)s in %(lines)s") % {
            "step": money(rules["increment"], _unit_of(policy)), "lines": lines_counted(policy, "pay"),
        }  # fmt: skip
    return lines_counted(policy, "pay")


def _rate_bands(rows: list[dict[str, str]], unit: str) -> str:
    uppers = [band["from"] for band in rows[1:]] + [None]
    return _list([_rate_band(band, upper, unit) for band, upper in zip(rows, uppers, strict=True)])


def _share_bands(rows: list[dict[str, str]]) -> str:
    """Bands whose bounds are shares: 3% from 20%."""
    words = _("%(rate)s from %(share)s")
    return _list([words % {"rate": percent(band["rate"]), "share": percent(band["from"])} for band in rows])


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
    chosen = policy.get(part)
    if chosen is None and part == "pay":
        chosen = policy.get("qualify")
    chosen = chosen or {}
    if policy["mechanism"]["kind"] == "bundle":
        return _("the sets' parts")
    named = []
    if "product_lines" in chosen:
        named.append(
            _("net sales of %(lines)s") % {"lines": _list(_names(ProductLine, chosen["product_lines"]))}
        )
    if "products" in chosen:
        named.append(_("only of %(products)s") % {"products": _list(_names(Product, chosen["products"]))})
    if not named:
        return _("net sales of all product lines")
    return _list(named if "product_lines" in chosen else [_("net sales of all product lines"), *named])


def qualifier(policy: dict[str, Any]) -> str:
    """What the bands are read from: of a mix the focus lines, whose share of all that counts is asked for."""
    if policy["mechanism"]["kind"] != "mix":
        return lines_counted(policy, "qualify")
    focus = _list(_names(ProductLine, policy["mechanism"]["focus"]))
    return _("net sales of %(lines)s") % {"lines": focus}


def band(policy: dict[str, Any], number: int, base: Decimal) -> str:
    """Which band a figure reached."""
    if base < 0:
        return _("A negative base takes the first band's rate")
    if number == 0:
        return _("The first band is not reached")
    bands = policy["mechanism"].get("bands")
    if policy["mechanism"]["kind"] == "linear":
        return _("Between the points") if number == 1 else _("The last point is reached")
    if not bands:
        return _("One rate for all")
    if policy["mechanism"]["kind"] in SHARES:
        lower = percent(bands[number - 1]["from"])
    else:
        lower = money(bands[number - 1]["from"], _unit_of(policy))
    return _("Band %(number)s is reached, from %(lower)s") % {"number": number, "lower": lower}


def rounding(policy: dict[str, Any]) -> str:
    """How it is rounded, and what."""
    even = policy.get("rounding", {}).get("mode", "half_up") == "half_even"
    if line_rounding.by_line(policy):
        if even:
            return _("Rounded half to the even cent, line by line.")
        return _("Rounded half up to the cent, line by line.")
    if even:
        return _("Rounded once, half to the even cent, on the total.")
    return _("Rounded once, half up to the cent, on the total.")


def _either(words: list[str]) -> str:
    return pgettext("between the words of a choice", " or ").join(words)


def _list(words: list[str]) -> str:
    return pgettext("between the words of a list", ", ").join(words)


def manual(adjustment: Any) -> str:
    """A manual adjustment, as a line of a statement names it."""
    if adjustment.dispute_id is None:
        return _("thereof manual adjustment %(number)s: %(reason)s") % {
            "number": adjustment.number, "reason": adjustment.reason,
        }  # fmt: skip
    return _("thereof manual adjustment, dispute %(number)s") % {"number": adjustment.number}
