"""What a mechanism pays, in words: band by band, from which sales the bands are read, and on which it pays."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prm.catalogue.models import ProductLine
from prm.ui import formats
from prm.ui.formats import filled
from prm.values.periods import Period
from rebates import formula, serials, tier_days
from rebates.limit_words import measure_name
from rebates.mechanisms import SHARES
from rebates.numbers_in_words import measured, money, percent
from rebates.sales_words import (
    counted,
    goods,
    listed,
    names,
    names_of_parts,
    net_sales,
    paid_on,
    pays_on_others,
    unit_of,
)

Policy = dict[str, Any]


def mechanism(policy: Policy) -> str:
    """What is paid, band by band."""
    return _WORDS[policy["mechanism"]["kind"]](policy["mechanism"], policy)


def paid(policy: Policy) -> str:
    """The mechanism and the sales that it pays on."""
    if policy["mechanism"]["kind"] in _NAMES_ITS_SALES:
        return mechanism(policy)
    return filled(
        _("%(mechanism)s, on %(lines)s"), {"mechanism": mechanism(policy), "lines": paid_on(policy)}
    )


def read_from(policy: Policy) -> list[str]:
    """From which sales the bands are read, where that is not what is paid on in money; else nothing."""
    kind, rules = policy["mechanism"]["kind"], policy["mechanism"]
    if kind in _READS_WHAT_IT_PAYS or (kind == "marginal" and rules.get("split", "own_bands") == "own_bands"):
        said = [_("The bands are read from what is paid on.")] if kind in _BANDED else []
        return said if pays_on_others(policy) else []
    if kind not in _READS or not (pays_on_others(policy) or not unit_of(policy)):
        return []
    return [filled(_READS[kind], {"sales": counted(policy)})]


# Mechanisms whose own words say on which sales they pay.
_NAMES_ITS_SALES = (
    *("flat", "retroactive", "per_unit", "per_unit_stepped", "lump_sum", "growth", "target", "linear"),
    *("per_increment", "mix", "bundle", "spif"),
)
_READS_WHAT_IT_PAYS = ("flat", "per_unit", "per_unit_stepped", "per_increment", "bundle", "spif")
_BANDED = ("marginal", "per_unit_stepped")
_READS = {
    "retroactive": gettext_lazy("The band is read from %(sales)s."),
    "retroactive_from_floor": gettext_lazy("The band is read from %(sales)s."),
    "linear": gettext_lazy("The rate is read from %(sales)s."),
    "growth": gettext_lazy("Growth is that of %(sales)s."),
    "target": gettext_lazy("The target is held against %(sales)s."),
}
_MARGINAL = {
    "own_bands": gettext_lazy("%(bands)s, each rate on its own part"),
    "average": gettext_lazy("%(bands)s, at the average rate that they give on %(sales)s"),
    "top_slice": gettext_lazy("%(bands)s, what is paid on being the top part of %(sales)s"),
}


def _flat(rules: Policy, policy: Policy) -> str:
    words = {"rate": percent(rules["rate"]), "lines": net_sales(policy, "pay")}
    return filled(_("%(rate)s of %(lines)s"), words)


def _marginal(rules: Policy, policy: Policy) -> str:
    words = {"bands": _rate_bands(rules["bands"], unit_of(policy)), "sales": counted(policy)}
    return filled(_MARGINAL[rules.get("split", "own_bands")], words)


def _retroactive(rules: Policy, policy: Policy) -> str:
    words = {"bands": _rate_bands(rules["bands"], unit_of(policy)), "lines": paid_on(policy)}
    return filled(_("%(bands)s, the rate reached on all %(lines)s"), words)


def _from_floor(rules: Policy, policy: Policy) -> str:
    return _("%(rate)s up to %(floor)s, and above it the rate reached: %(bands)s") % {
        "rate": percent(rules["first_rate"]),
        "floor": money(rules["floor"], policy["currency"]),
        "bands": _rate_bands(rules["bands"], unit_of(policy)),
    }


def _per_unit(rules: Policy, policy: Policy) -> str:
    words = {"amount": money(rules["amount"], policy["currency"]), "lines": goods(policy, "pay")}
    return filled(_("%(amount)s for each unit of %(lines)s"), words)


def _stepped(rules: Policy, policy: Policy) -> str:
    words = {"lines": goods(policy, "pay"), "bands": _amount_bands(rules["bands"], policy["currency"], "")}
    return filled(_("for each unit of %(lines)s, by its own band: %(bands)s"), words)


def _lump_sum(rules: Policy, policy: Policy) -> str:
    """Behind the sum stand the sales that are paid on only where they are others than those that reach it."""
    bands = _amount_bands(rules["bands"], policy["currency"], unit_of(policy))
    words = {"sales": counted(policy), "bands": bands, "lines": net_sales(policy, "pay")}
    if pays_on_others(policy):
        return filled(_("a fixed sum by %(sales)s, for %(lines)s: %(bands)s"), words)
    return filled(_("a fixed sum by %(sales)s: %(bands)s"), words)


def _growth(rules: Policy, policy: Policy) -> str:
    words = {
        "bands": _share_bands(rules["bands"]), "baseline": baseline(policy), "lines": paid_on(policy),
    }  # fmt: skip
    if rules["on"] == "growth":
        return filled(_("for growth over %(baseline)s, on the growth of %(lines)s only: %(bands)s"), words)
    return filled(_("for growth over %(baseline)s, on all %(lines)s: %(bands)s"), words)


def baseline(policy: Policy) -> str:
    """What growth is measured against."""
    rules = policy.get("baseline", {})
    if rules.get("kind") == "stated":
        amount = measured(rules["amount"], unit_of(policy))
        return _("the stated baseline of %(amount)s") % {"amount": amount}
    if rules.get("kind") == "prior_year":
        return _("the same period a year before")
    return _("the period before")


def new_partner(policy: Policy) -> list[str]:
    """What counts for a partner that bought nothing in the baseline period; nothing where no such period is read."""
    rules = policy.get("baseline", {})
    if policy["mechanism"]["kind"] != "growth" or rules.get("kind") == "stated":
        return []
    choice = rules.get("new_partner", "skip")
    if choice == "stated":
        amount = measured(rules["amount"], unit_of(policy))
        words = _("For a partner without sales in the baseline period a baseline of %(amount)s counts.")
        return [words % {"amount": amount}]
    if choice == "zero":
        words = _(
            "A partner without sales in the baseline period has a baseline of zero and reaches every band."
        )
        return [words]
    return [_("A partner without sales in the baseline period earns nothing.")]


def _target(rules: Policy, policy: Policy) -> str:
    words = {"bands": _share_bands(rules["bands"]), "target": target(policy), "lines": paid_on(policy)}
    if rules["on"] == "excess":
        return filled(_("for reaching %(target)s, on %(lines)s above it: %(bands)s"), words)
    return filled(_("for reaching %(target)s, on all %(lines)s: %(bands)s"), words)


def target(policy: Policy) -> str:
    """What is to be reached. Targets of single partners are counted, never told: others of them read it too."""
    rules = policy["mechanism"]
    count, words = len(rules.get("targets", {})), {}
    if "target" in rules:
        words["target"] = measured(rules["target"], unit_of(policy))
        if tier_days.by_days(policy):
            words["target"] = _("%(target)s, by days for whoever joins or leaves") % words
    if not count:
        # Of policies as they concern one partner, see own_targets.py: what is set for it, and nothing of others.
        said = (
            _("the target that is set for each, here %(target)s")
            if "targets" in rules
            else _("the target of %(target)s")
        )
        return said % words
    own = ngettext("%(count)s partner", "%(count)s partners", count) % {"count": formats.number(count)}
    if words:
        said = _("the target that is set for each (%(own)s), or else that of %(target)s")
        return said % (words | {"own": own})
    if tier_days.by_days(policy):
        return _("the target that is set for each (%(own)s), by days for whoever joins or leaves") % {
            "own": own
        }
    return _("the target that is set for each (%(own)s)") % {"own": own}


def _linear(rules: Policy, policy: Policy) -> str:
    low, high = rules["points"]
    said = _(
        "a rate that rises from %(first)s at %(low)s to %(last)s at %(high)s on all %(lines)s; nothing below, "
        "%(last)s above"
    )
    words = {
        "first": percent(low["rate"]), "low": measured(low["at"], unit_of(policy)),
        "last": percent(high["rate"]), "high": measured(high["at"], unit_of(policy)),
        "lines": paid_on(policy),
    }  # fmt: skip
    return filled(said, words)


def _increment(rules: Policy, policy: Policy) -> str:
    unit = unit_of(policy)
    words = {
        "amount": money(rules["amount"], policy["currency"]),
        "step": measured(rules["increment"], unit),
        "lines": net_sales(policy, "pay") if unit else goods(policy, "pay"),
    }
    return filled(_("%(amount)s for each full %(step)s of %(lines)s"), words)


def _mix(rules: Policy, policy: Policy) -> str:
    words = {
        "focus": listed(names(ProductLine, rules["focus"])),
        "sales": counted(policy),
        "lines": paid_on(policy),
        "bands": _share_bands(rules["bands"]),
    }
    if words["lines"] != words["sales"]:
        return filled(_("by the share of %(focus)s in %(sales)s, on all %(lines)s: %(bands)s"), words)
    return filled(_("by the share of %(focus)s in %(sales)s, on all of it: %(bands)s"), words)


def _bundle(rules: Policy, policy: Policy) -> str:
    parts = [
        _("%(count)s × %(what)s") % {"count": formats.number(Decimal(part["quantity"]), None), "what": what}
        for part, what in zip(rules["parts"], names_of_parts(rules["parts"]), strict=True)
    ]
    words = {"amount": money(rules["amount"], policy["currency"]), "parts": " + ".join(parts)}
    return _("%(amount)s for each complete set of %(parts)s") % words


def _spif(rules: Policy, policy: Policy) -> str:
    words = {"amount": money(rules["amount"], policy["currency"]), "lines": goods(policy, "pay")}
    if serials.by_serial(policy):
        said = _(
            "%(amount)s for each serial number of %(lines)s, once ever; for one that comes back it is taken back"
        )
        return filled(said, words)
    return filled(_("%(amount)s for each unit sold of %(lines)s"), words)


def _formula(rules: Policy, policy: Policy) -> str:
    words = {"expression": rules["expression"]}
    read = [
        _("%(name)s: %(value)s") % {"name": name, "value": measure_name(code)}
        for name, code in formula.measures_of(policy).items()
    ]
    if "qualifier" in rules["expression"]:
        read = [filled(_("qualifier: %(sales)s"), {"sales": counted(policy)}), *read]
    words["read"] = listed([_("base: what is paid on"), *read])
    return _("what the formula %(expression)s comes to (%(read)s)") % words


_WORDS: dict[str, Callable[[Policy, Policy], str]] = {
    "flat": _flat,
    "marginal": _marginal,
    "retroactive": _retroactive,
    "retroactive_from_floor": _from_floor,
    "per_unit": _per_unit,
    "per_unit_stepped": _stepped,
    "lump_sum": _lump_sum,
    "formula": _formula,
    "growth": _growth,
    "target": _target,
    "linear": _linear,
    "per_increment": _increment,
    "mix": _mix,
    "bundle": _bundle,
    "spif": _spif,
}


def _rate_bands(rows: list[dict[str, str]], unit: str) -> str:
    uppers = [band["from"] for band in rows[1:]] + [None]
    return listed(_rate_band(band, upper, unit) for band, upper in zip(rows, uppers, strict=True))


def _amount_bands(rows: list[dict[str, str]], currency: str, unit: str) -> str:
    words = _("%(amount)s from %(lower)s")
    return listed(
        filled(words, {"amount": money(band["amount"], currency), "lower": measured(band["from"], unit)})
        for band in rows
    )


def _share_bands(rows: list[dict[str, str]]) -> str:
    """Bands whose bounds are shares: 3% from 20%."""
    words = _("%(rate)s from %(share)s")
    return listed(words % {"rate": percent(band["rate"]), "share": percent(band["from"])} for band in rows)


def _rate_band(band: dict[str, str], upper: str | None, unit: str) -> str:
    words = {"rate": percent(band["rate"]), "lower": measured(band["from"], unit)}
    if upper is None:
        return filled(_("%(rate)s from %(lower)s"), words)
    words["upper"] = measured(upper, unit)
    if Decimal(band["from"]) == 0:
        return filled(_("%(rate)s below %(upper)s"), words)
    return filled(_("%(rate)s from %(lower)s to %(upper)s"), words)


def falling_rates(policy: Policy) -> list[str]:
    """A warning for each band that is paid less on all of it than the band below: whoever reaches it loses."""
    rules = policy["mechanism"]
    if rules["kind"] in ("marginal", "per_unit_stepped") or rules.get("on") in ("growth", "excess"):
        return []
    rows = rules.get("bands") or rules.get("points") or []
    figures = [row.get("rate", row.get("amount")) for row in rows]
    found = []
    for number, (was, now) in enumerate(zip(figures, figures[1:], strict=False), start=2):
        if Decimal(now) < Decimal(was):
            if rules["kind"] == "lump_sum":
                words = {"was": money(was, policy["currency"]), "now": money(now, policy["currency"])}
            else:
                words = {"was": percent(was), "now": percent(now)}
            said = _(
                "Band %(number)s pays %(now)s and the band below it %(was)s: who sells more is paid less."
            )
            found.append(said % (words | {"number": number}))
    return found


# What an explanation says of it


def reference_name(share_of: str) -> str:
    """What the bands are shares of."""
    return {"baseline": _("Baseline"), "target": _("Target"), "total": _("All that counts")}[share_of]


def reference(policy: Policy, period: Period, baseline_days: Period | None = None) -> str:
    """Where that figure comes from. `baseline_days`: of a baseline, where they do not follow from the period."""
    rules = policy.get("baseline", {})
    kind = policy["mechanism"]["kind"]
    if kind == "target":
        return _("Stated by the policy")
    if kind == "mix":
        return counted(policy)
    if rules.get("kind") == "stated":
        return _("Stated by the policy")
    before = baseline_days or (period.year_before if rules.get("kind") == "prior_year" else period.previous)
    words = {"first": formats.day(before.start), "last": formats.day(before.last_day)}
    return _("Sales from %(first)s to %(last)s, as the close read them") % words


def is_banded(policy: Policy) -> bool:
    """Whether there are bands, or points between which a rate rises, that a figure can reach."""
    return bool({"bands", "points"} & policy["mechanism"].keys())


def band(policy: Policy, number: int, base: Decimal) -> str:
    """Which band a figure reached, of a policy that has any."""
    rules = policy["mechanism"]
    if "points" in rules:
        return str(_POINTS[0 if base < 0 else number])
    if base < 0:
        return _("A negative base takes the first band's rate")
    if number == 0:
        return _("The first band is not reached")
    if rules["kind"] in SHARES:
        lower = percent(rules["bands"][number - 1]["from"])
    else:
        unit = "" if rules["kind"] == "per_unit_stepped" else unit_of(policy)
        lower = measured(rules["bands"][number - 1]["from"], unit)
    return _("Band %(number)s is reached, from %(lower)s") % {"number": number, "lower": lower}


_POINTS = (
    gettext_lazy("The first point is not reached"),
    gettext_lazy("Between the points"),
    gettext_lazy("The last point is reached"),
)


def reached(policy: Policy, number: int, *, by_group: bool = False) -> str:
    """The same in few words, as the line under an explanation's arithmetic says it; a policy without bands has none."""
    rules = policy["mechanism"]
    if "points" in rules:
        return str(_POINTS[number])
    if "bands" not in rules:
        return _("It comes to")
    if not number:
        return _("No band reached")
    words = _("Band %(band)s reached by the group") if by_group else _("Band %(band)s reached")
    return words % {"band": number}
