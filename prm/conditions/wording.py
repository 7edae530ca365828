"""A condition as a sentence in the language now active: “Value is at least ¥100,000.00, and region is exactly East”."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.conditions import operators
from prm.conditions.registry import Field, lowered
from prm.conditions.tree import Comparison, Group, MeasureComparison, Node, Opposite, Range, tests
from prm.conditions.values import own_currency, visible_targets
from prm.measures import periods
from prm.ui import formats
from prm.values.actor import Actor
from prm.values.money import minor_unit

# (model, key, value) -> name; None where there is no such record to see.
Names = dict[tuple[str, str, str], str | None]


def worded(
    node: Node, by: Actor | None = None, labels: Mapping[str, str] | None = None, names: Names | None = None
) -> str:
    """The sentence, without a full stop. Records are called by their names where `by` may see them.

    `labels` by name of the operand, where they are to be told apart; `names` that were read before are not read again.
    """
    if isinstance(node, Group) and not node.parts:
        return _("Always")
    return capfirst(_Words(node, by, labels or {}, names).of(node, inner=False))


class _Words:
    def __init__(self, node: Node, by: Actor | None, labels: Mapping[str, str], names: Names | None):
        self.labels = labels
        self.names = names_of(node, by, names)

    def of(self, node: Node, *, inner: bool) -> str:
        match node:
            case Group():
                return self._group(node, inner)
            case Opposite():
                return _("not (%(words)s)") % {"words": self.of(node.part, inner=False)}
            case MeasureComparison():
                return self._measure(node)
        return self._test(node)

    def _group(self, node: Group, inner: bool) -> str:
        if not node.parts:
            return _("always")
        if len(node.parts) == 1:
            return self.of(node.parts[0], inner=inner)
        between = _(" and ") if node.every else _(" or ")
        words = between.join(self.of(part, inner=True) for part in node.parts)
        return _("(%(words)s)") % {"words": words} if inner else words

    def _test(self, test: Comparison) -> str:
        field = test.operand.field
        operator = operators.BY_TYPE[field.type][test.op]
        currency = test.want.currency if isinstance(test.want, Range) else ""
        label = lowered(self.labels.get(test.operand.name, test.operand.label))
        if operator.takes == "nothing":
            return str(operator.words) % {"field": label}
        return str(operator.words) % {
            "field": label,
            "value": self._value(field, operator, test.value, currency),
        }

    def _measure(self, test: MeasureComparison) -> str:
        operator = operators.BY_TYPE["measure"][test.op]
        currency = own_currency() if test.measure.unit == "money" else ""
        label = _("%(measure)s %(period)s") % {
            "measure": lowered(str(test.measure.label)),
            "period": periods.words(test.period),
        }
        return str(operator.words) % {
            "field": label,
            "value": _and(_each(test.value), lambda v: quantity(v, currency)),
        }

    def _value(self, field: Field, operator: operators.Operator, value: Any, currency: str) -> str:
        if operator.takes == "span":
            return span_words(value)
        if operator.takes == "window":
            return str(operators.WINDOWS[value][2])
        if operator.takes == "list":
            return _listed([self._name(field, one) for one in value], every=operator.code == "all_of")
        if field.type in ("number", "money"):
            return _and(_each(value), lambda one: quantity(one, currency))
        if field.type in ("date", "moment"):
            return _and(_each(value), formats.day)
        return self._name(field, value)

    def _name(self, field: Field, value: Any) -> str:
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if field.to:
            return _("“%(text)s”") % {"text": self.names.get((field.to, field.key, value)) or value}
        return _("“%(text)s”") % {"text": dict(field.pairs).get(value, value)}


def names_of(node: Node, by: Actor | None, known: Names | None = None) -> Names:
    """What the records that a condition names are called, a query for each model; added to what is `known`."""
    found: Names = {} if known is None else known
    wanted: dict[tuple[str, str], tuple[Field, set[str]]] = {}
    for test in tests(node):
        if isinstance(test, Comparison) and test.operand.field.to and test.value:
            field = test.operand.field
            values = test.value if isinstance(test.value, list) else [test.value]
            wanted.setdefault((field.to, field.key), (field, set()))[1].update(values)
    for (to, key), (field, named) in wanted.items():
        named = {value for value in named if (to, key, value) not in found}
        found |= dict.fromkeys((to, key, value) for value in named)
        if key == "pk":
            named = {value for value in named if value.isdecimal() and len(value) < 19}
        if not named:
            continue
        for row in visible_targets(field, by).filter(**{f"{key}__in": named}):
            found[(to, key, str(getattr(row, key)))] = str(row)
    return found


def quantity(value: Decimal, currency: str) -> str:
    """With every place that it has: a sentence says what is asked, never something near it."""
    if not currency:
        return formats.all_digits(value, 0)
    places = max(-int(one.as_tuple().exponent) for one in (minor_unit(currency), value.normalize()))
    return formats.money(value, currency, places, iso=currency != own_currency())


def span_words(span: dict[str, Any]) -> str:
    """30 days."""
    count = span["count"]
    return {
        "day": ngettext("%(count)s day", "%(count)s days", count),
        "week": ngettext("%(count)s week", "%(count)s weeks", count),
        "month": ngettext("%(count)s month", "%(count)s months", count),
        "quarter": ngettext("%(count)s quarter", "%(count)s quarters", count),
        "year": ngettext("%(count)s year", "%(count)s years", count),
    }[span["unit"]] % {"count": count}


def _each(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def _and(values: list[Any], show: Any) -> str:
    words = [show(one) for one in values]
    return words[0] if len(words) == 1 else _("%(low)s and %(high)s") % {"low": words[0], "high": words[1]}


def _listed(words: list[str], *, every: bool) -> str:
    if len(words) == 1:
        return words[0]
    pattern = _("%(list)s and %(last)s") if every else _("%(list)s or %(last)s")
    return pattern % {"list": _(", ").join(words[:-1]), "last": words[-1]}
