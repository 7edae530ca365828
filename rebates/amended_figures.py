"""What a version changes against the one before, figure by figure: "rate from ¥50,000: 5% → 6%"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from prm.catalogue.models import ProductLine
from rebates.budgets import LEVELS, levels_said
from rebates.collection import steps_of
from rebates.limit_words import figure, measure_name
from rebates.measure_factors import factors_of
from rebates.mechanisms import SHARES
from rebates.numbers_in_words import measured, money, percent
from rebates.own_targets import targets_of
from rebates.policy import DEFAULTS, DISPUTE_DAYS, USUAL_PARTS
from rebates.programme_budget import PER
from rebates.programme_counts import COUNTS
from rebates.programme_currency import BASES, EXCHANGE
from rebates.programme_details import KINDS
from rebates.programme_form import PERIODS, ROUNDINGS
from rebates.programme_limits import OF, STACKING, LimitFields
from rebates.programme_mechanism import MechanismFields
from rebates.programme_sign_off import CHOICES as SIGN_OFF
from rebates.programme_sign_off import PAID_AS
from rebates.programme_time import COUNTED, DAYS, RETURNS
from rebates.programme_who import JOINING, TAKEN_AS, TIER_ON
from rebates.sales_words import listed, names, unit_of
from rebates.traits import gates_of

Policy = dict[str, Any]
Say = Callable[[Any, Policy], str]
Row = tuple[str, str]  # what a row is known by, in words, and what it gives


def told(key: str, was: Policy, becomes: Policy) -> list[str]:
    """The figures and choices of one part of a policy that differ; empty where only words can tell it."""
    if key == "mechanism":
        return list(_mechanism(was, becomes))
    if key in _ROWS:
        return list(_rows(_ROWS[key](was), _ROWS[key](becomes)))
    if key in _ENTRIES:
        return list(
            _entries(
                _ENTRIES[key], _USUAL_ENTRIES.get(key, {}), (was.get(key), was), (becomes.get(key), becomes)
            )
        )
    if key in _PLAIN:
        old, new = (policy.get(key, _USUAL.get(key)) for policy in (was, becomes))
        return [_arrow(_said(_PLAIN[key], old, was), _said(_PLAIN[key], new, becomes))]
    return []


def _arrow(old: str, new: str) -> str:
    return _("%(old)s → %(new)s") % {"old": old, "new": new}


def _changed(label: str, old: str, new: str) -> str:
    return _("%(label)s: %(change)s") % {"label": label, "change": _arrow(old, new)}


def _said(say: Say, value: Any, policy: Policy) -> str:
    return _("not stated") if value is None else say(value, policy)


def _entries(
    words: dict[str, tuple[Any, Say]], usual: Policy, was: tuple[Any, Policy], becomes: tuple[Any, Policy]
) -> Iterator[str]:
    """Entries of a part by their names; the one that the part is called after has none.

    `was` and `becomes`: the part, and the policy that it is of.
    """
    for name, (label, say) in words.items():
        old, new = ((part or {}).get(name, usual.get(name)) for part, _policy in (was, becomes))
        if old != new:
            said = _said(say, old, was[1]), _said(say, new, becomes[1])
            yield _changed(str(label), *said) if label else _arrow(*said)


def _rows(was: Sequence[Row], becomes: Sequence[Row]) -> Iterator[str]:
    """Rows that are known by the same words are held against each other; the others came or went."""
    old, new = dict(was), dict(becomes)
    for name in [*new, *(name for name in old if name not in new)]:
        if name not in old:
            yield _("added: %(row)s, %(gives)s") % {"row": name, "gives": new[name]}
        elif name not in new:
            yield _("removed: %(row)s, %(gives)s") % {"row": name, "gives": old[name]}
        elif old[name] != new[name]:
            yield _changed(name, old[name], new[name])


# The mechanism


def _mechanism(was: Policy, becomes: Policy) -> Iterator[str]:
    old, new = was["mechanism"], becomes["mechanism"]
    if old["kind"] != new["kind"]:
        yield _arrow(str(KINDS[old["kind"]].label), str(KINDS[new["kind"]].label))
        return
    yield from _entries(_OF_MECHANISM, {"split": "own_bands"}, (old, was), (new, becomes))
    yield from _rows(_targets(was), _targets(becomes))
    yield from _rows(_bands(was), _bands(becomes))


def _targets(policy: Policy) -> list[Row]:
    """The targets of single partners, by their numbers."""
    return [
        (_("target of %(number)s") % {"number": number}, _measured(target, policy))
        for number, target in targets_of(policy).items()
    ]


def _bands(policy: Policy) -> list[Row]:
    """The bands or points, each by its bound."""
    rules = policy["mechanism"]
    shares, unit = rules["kind"] in SHARES, "" if rules["kind"] == "per_unit_stepped" else unit_of(policy)
    found = []
    for band in [*rules.get("bands", []), *rules.get("points", [])]:
        bound = band["from"] if "from" in band else band["at"]
        words = {"bound": percent(bound) if shares else measured(bound, unit)}
        if "amount" in band:
            found.append((_("amount from %(bound)s") % words, money(band["amount"], policy["currency"])))
        elif "at" in band:
            found.append((_("rate at %(bound)s") % words, percent(band["rate"])))
        else:
            found.append((_("rate from %(bound)s") % words, percent(band["rate"])))
    return found


# Rows of gates, factors and caps


def _gates(policy: Policy) -> list[Row]:
    found = []
    for one in gates_of(policy):
        words = {"name": measure_name(one["code"])}
        held = _("%(name)s on the period's last day, at least") % words
        name = held if one["kind"] == "certificate" else _("%(name)s in the period, at least") % words
        found.append((name, figure(one["code"], Decimal(one["at_least"]))))
    return found


def _factors(policy: Policy) -> list[Row]:
    paid_within = [
        (
            ngettext("paid within %(days)s day", "paid within %(days)s days", step["days"])
            % {"days": step["days"]},
            percent(step["factor"]),
        )
        for step in steps_of(policy)
    ]
    measured_by = [
        (
            _("%(name)s from %(bound)s")
            % {"name": measure_name(one["code"]), "bound": figure(one["code"], Decimal(band["from"]))},
            percent(band["factor"]),
        )
        for one in factors_of(policy)
        for band in one["bands"]
    ]
    return paid_within + measured_by


def _caps(policy: Policy) -> list[Row]:
    fields = LimitFields.base_fields
    found = []
    for cap in policy.get("caps", []):
        if cap["on"] == "measure":
            of = dict(OF)[cap.get("of", "both")]
            name = _("%(label)s (%(of)s)") % {"label": fields["measure_cap"].label, "of": of}
            found.append((name, _measured(cap["amount"], policy)))
            continue
        field = "shared_cap" if "programmes" in cap else "payout_cap"
        if cap.get("over") == "partners":
            field = "pooled_cap"
        found.append((str(fields[field].label), _money(cap["amount"], policy)))
    return found


# How a value is said


def _percent(value: Any, _policy: Policy) -> str:
    return percent(str(value))


def _money(value: Any, policy: Policy) -> str:
    return money(str(value), policy["currency"])


def _paid_money(value: Any, policy: Policy) -> str:
    return money(str(value), policy.get("payout_currency") or policy["currency"])


def _measured(value: Any, policy: Policy) -> str:
    return measured(str(value), unit_of(policy))


def _as_typed(value: Any, _policy: Policy) -> str:
    return str(value)


def _listed(value: Any, _policy: Policy) -> str:
    return listed(str(one) for one in value)


def _levels(value: Any, _policy: Policy) -> str:
    return levels_said(value)


def _days(value: Any, _policy: Policy) -> str:
    return ngettext("%(count)s day", "%(count)s days", value) % {"count": value}


def _one_of(choices: Any) -> Say:
    """A choice by its words in the programme's editor."""
    words = {str(value): label for value, label in choices}
    return lambda value, _policy: str(words.get(str(value), value))


def _of_form(name: str) -> Say:
    return _one_of(MechanismFields.base_fields[name].choices)


def _product_lines(value: Any, _policy: Policy) -> str:
    return listed(names(ProductLine, value))


def _year(value: Any, policy: Policy) -> str:
    return _one_of(COUNTED)("yes" if value else "", policy)


_LABELS = {
    name: field.label for name, field in {**MechanismFields.base_fields, **LimitFields.base_fields}.items()
}
_ABOVE = gettext_lazy("Only what lies above")
_PAID_ON = [("all", gettext_lazy("Everything")), ("growth", _ABOVE), ("excess", _ABOVE)]
_ROUNDED = [("total", gettext_lazy("The total")), ("line", gettext_lazy("Each line"))]

_OF_MECHANISM: dict[str, tuple[Any, Say]] = {
    "rate": (pgettext_lazy("of a rebate", "rate"), _percent),
    "amount": (gettext_lazy("amount"), _money),
    "split": (_LABELS["split"], _of_form("split")),
    "floor": (_LABELS["floor"], _money),
    "first_rate": (gettext_lazy("Rate below the floor"), _percent),
    "target": (_LABELS["target"], _measured),
    "on": (_LABELS["on"], _one_of(_PAID_ON)),
    "increment": (_LABELS["increment"], _measured),
    "focus": (_LABELS["focus"], _product_lines),
    "expression": (_LABELS["expression"], _as_typed),
    "per": (_LABELS["per"], _of_form("per")),
}
_ROWS: dict[str, Callable[[Policy], list[Row]]] = {"gates": _gates, "factors": _factors, "caps": _caps}
_ENTRIES: dict[str, dict[str, tuple[Any, Say]]] = {
    "who": {"as": (gettext_lazy("How they count"), _one_of(TAKEN_AS))},
    "baseline": {
        "kind": (_LABELS["baseline"], _of_form("baseline")),
        "amount": (_LABELS["baseline_amount"], _measured),
        "new_partner": (_LABELS["new_partner"], _of_form("new_partner")),
    },
    "stacking": {
        "kind": ("", _one_of(STACKING)),
        "programmes": (_LABELS["stacked_on"], _listed),
    },
    "rounding": {
        "on": (gettext_lazy("What is rounded"), _one_of(_ROUNDED)),
        "mode": ("", _one_of(ROUNDINGS)),
    },
    "late": {"grace_days": (gettext_lazy("Grace days for late lines"), _days)},
    "budget": {
        "amount": ("", _paid_money),
        "per": (gettext_lazy("The budget is"), _one_of(PER)),
        "warn_at": (gettext_lazy("Warns at"), _levels),
    },
}
_USUAL_ENTRIES = USUAL_PARTS | {"budget": {"per": "period", "warn_at": list(LEVELS)}}
_PLAIN: dict[str, Say] = {
    "currency": _as_typed,
    "payout_currency": _as_typed,
    "exchange": _one_of(EXCHANGE),
    "counts": _one_of(COUNTS),
    "date_basis": _one_of(DAYS),
    "period": _one_of(PERIODS),
    "cumulative": _year,
    "amount_basis": _one_of(BASES),
    "tax_rate": _percent,
    "tier_on": _one_of(TIER_ON),
    "joining": _one_of(JOINING),
    "measure": _of_form("measure"),
    "minimum_payout": _paid_money,
    "returns": _one_of(RETURNS),
    "dispute_days": _days,
    "clause": _as_typed,
    "payout_as": _one_of(PAID_AS),
    "sign_off": _one_of(SIGN_OFF),
}
_USUAL = DEFAULTS | {"dispute_days": DISPUTE_DAYS, "payout_as": "", "sign_off": ""}
