"""Rules of a form: when a field is shown, required or read-only.

A rule is `True`, `False` or a condition in the JSON of prm.conditions, over fields of the same form and of its partner
(related.py):
`{"field": "estimated_value", "op": "more_than", "value": "500000"}`, `{"all": […]}`, `{"any": […]}`, `{"not": …}`.
A person stands there by e-mail and a partner by number (naming.py); a file is only asked whether it is there.
static/js/formrules.js answers the same questions in the browser; tests/customfields asks both the same table.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.conditions.reading import DEEPEST, MOST_PARTS
from prm.conditions.registry import Lookup
from prm.customfields import naming, related
from prm.customfields.kinds import day_of, decimal_of, truth_of
from prm.ui import formats

ORDERED = ("is", "is_not", "more_than", "at_least", "less_than", "at_most", "between", "empty", "not_empty")
DAYS = ("is", "before", "on_or_before", "after", "on_or_after", "between", "empty", "not_empty")
ONE_OF_SEVERAL = ("is", "is_not", "one_of", "none_of", "empty", "not_empty")
OPERATORS: dict[str, tuple[str, ...]] = {
    "text": (
        *ONE_OF_SEVERAL[:4],
        "contains",
        "not_contains",
        "starts_with",
        "ends_with",
        *ONE_OF_SEVERAL[4:],
    ),
    "number": ORDERED,
    "money": ORDERED,
    "date": DAYS,
    "yes_no": ("is", "empty", "not_empty"),
    "choice": ONE_OF_SEVERAL,
    "many": ("any_of", "all_of", "none_of", "empty", "not_empty"),
    "reference": ONE_OF_SEVERAL,
    "file": ("empty", "not_empty"),
}
WORDS = {
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
    "contains": gettext_lazy("contains"),
    "not_contains": gettext_lazy("does not contain"),
    "starts_with": gettext_lazy("begins with"),
    "ends_with": gettext_lazy("ends with"),
    "between": gettext_lazy("is between"),
    "more_than": gettext_lazy("is more than"),
    "at_least": gettext_lazy("is at least"),
    "less_than": gettext_lazy("is less than"),
    "at_most": gettext_lazy("is at most"),
    "one_of": gettext_lazy("is one of"),
    "none_of": gettext_lazy("is none of"),
    "any_of": gettext_lazy("has any of"),
    "all_of": gettext_lazy("has all of"),
    "before": gettext_lazy("is before"),
    "on_or_before": gettext_lazy("is on or before"),
    "after": gettext_lazy("is after"),
    "on_or_after": gettext_lazy("is on or after"),
    "empty": gettext_lazy("is empty"),
    "not_empty": gettext_lazy("is filled in"),
}
SAME = {"long_text": "text", "link": "text", "person": "reference", "partner": "reference"}
WITHOUT_VALUE = ("empty", "not_empty")
SEVERAL = ("one_of", "none_of", "any_of", "all_of")
# What holds exactly when the other does not.
OPPOSITES = {"is_not": "is", "not_contains": "contains"}


def kind_of_rule(kind: str) -> str:
    """The kind of comparison that a field's kind takes; "" when it stands in no rule."""
    return SAME.get(kind, kind if kind in OPERATORS and kind != "reference" else "")


def fields_in(rule: Any) -> set[str]:
    """Names of the fields that a rule reads."""
    if not isinstance(rule, Mapping):
        return set()
    if "field" in rule:
        return {str(rule["field"])}
    parts = rule.get("all") or rule.get("any") or ([rule["not"]] if "not" in rule else [])
    return set().union(*(fields_in(part) for part in parts), set()) if isinstance(parts, list) else set()


def holds(rule: Any, values: Mapping[str, Any], kinds: Mapping[str, str]) -> bool:
    """Whether a rule holds for values as typed or as stored. A value that cannot be read counts as empty."""
    if isinstance(rule, bool) or rule is None:
        return bool(rule)
    if "all" in rule:
        return all(holds(part, values, kinds) for part in rule["all"])
    if "any" in rule:
        return any(holds(part, values, kinds) for part in rule["any"])
    if "not" in rule:
        return not holds(rule["not"], values, kinds)
    if not rule:
        return True
    kind = kinds.get(rule["field"], "text")
    return _compared(rule["op"], value_of(values.get(rule["field"]), kind), rule.get("value"), kind)


def value_of(raw: Any, kind: str) -> Any:
    """A typed, cleaned or stored value as what is compared; None for empty."""
    if raw is None or raw == "" or raw == []:
        return None
    if kind in ("number", "money"):
        return decimal_of(raw)
    if kind == "date":
        return day_of(raw)
    if kind == "yes_no":
        return truth_of(raw)
    if kind == "many":
        return {str(getattr(one, "pk", one)) for one in ([raw] if isinstance(raw, str) else raw)} or None
    if kind == "file":
        return raw or None
    raw = getattr(raw, "pk", raw)
    return " ".join(unicodedata.normalize("NFC", str(raw)).split()).casefold() or None


def _compared(op: str, value: Any, wanted: Any, kind: str) -> bool:
    if op == "empty":
        return value is None
    if op == "not_empty":
        return value is not None
    if op in SEVERAL:
        return _among(op, value, wanted, kind)
    if op in OPPOSITES:
        return not _compared(OPPOSITES[op], value, wanted, kind)
    if op == "between":
        ends = [value_of(wanted.get(end), kind) for end in ("from", "to")]
        return value is not None and None not in ends and ends[0] <= value <= ends[1]
    wanted = value_of(wanted, kind)
    if value is None or wanted is None:
        return False
    compare = _OPERATIONS.get(op)
    return bool(compare and compare(value, wanted))


def _among(op: str, value: Any, wanted: list[Any], kind: str) -> bool:
    if op == "none_of":
        return not _among("any_of" if kind == "many" else "one_of", value, wanted, kind)
    if value is None:
        return False
    if op == "one_of":
        return value in {value_of(one, kind) for one in wanted}
    several = {str(one) for one in wanted}
    return several <= value if op == "all_of" else bool(value & several)


_OPERATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda value, wanted: value == wanted,
    "contains": lambda value, wanted: wanted in value,
    "starts_with": lambda value, wanted: value.startswith(wanted),
    "ends_with": lambda value, wanted: value.endswith(wanted),
    "more_than": lambda value, wanted: value > wanted,
    "at_least": lambda value, wanted: value >= wanted,
    "less_than": lambda value, wanted: value < wanted,
    "at_most": lambda value, wanted: value <= wanted,
    "before": lambda value, wanted: value < wanted,
    "on_or_before": lambda value, wanted: value <= wanted,
    "after": lambda value, wanted: value > wanted,
    "on_or_after": lambda value, wanted: value >= wanted,
}


def problem_with(rule: Any, known: Mapping[str, Any], target: str = "", *, depth: int = 0) -> str:
    """What is wrong with a rule, as a sentence; "" when it is sound.

    `known` are the form's elements by name; `target` whose records it is about, for what it asks about their partner.
    """
    if isinstance(rule, bool) or rule is None:
        return ""
    if not isinstance(rule, Mapping) or depth >= DEEPEST:
        return _("The condition cannot be read.")
    for joint in ("all", "any"):
        if joint in rule:
            parts = rule[joint]
            if not isinstance(parts, list) or len(parts) > MOST_PARTS or set(rule) != {joint}:
                return _("The condition cannot be read.")
            found = (problem_with(part, known, target, depth=depth + 1) for part in parts)
            return next((why for why in found if why), "")
    if "not" in rule:
        return problem_with(rule["not"], known, target, depth=depth + 1)
    if target and related.is_related(rule):
        return related.problem_with(rule, target)
    if not set(rule) <= {"field", "op", "value"} or not {"field", "op"} <= set(rule):
        return _("The condition cannot be read.")
    return _problem_of_comparison(rule, known)


def _problem_of_comparison(rule: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    element = known.get(str(rule["field"]))
    if element is None:
        return _("The condition asks for “%(field)s”, which is not on this form.") % {"field": rule["field"]}
    kind = kind_of_rule(element.kind)
    if not kind:
        return _("“%(field)s” cannot stand in a condition.") % {"field": element.label}
    if rule["op"] not in OPERATORS[kind]:
        return _("“%(field)s” cannot be compared like that.") % {"field": element.label}
    if rule["op"] in WITHOUT_VALUE:
        return ""
    wanted = rule.get("value")
    if rule["op"] in SEVERAL:
        values = wanted if isinstance(wanted, list) else []
    elif rule["op"] == "between":
        values = [wanted.get("from"), wanted.get("to")] if isinstance(wanted, Mapping) else []
    else:
        values = [wanted]
    codes = [str(code) for code, _label in element.choices]
    fits = bool(values) and all(
        not isinstance(one, list | dict | float)
        and value_of(one, "text" if kind == "many" else kind) is not None
        and (kind not in ("choice", "many") or str(one) in codes)
        for one in values
    )
    if fits and element.kind in naming.KEYS:
        fits = set(naming.names_of(element.kind, values)) == {str(one) for one in values}
    return "" if fits else _("The value to compare “%(field)s” with does not fit.") % {"field": element.label}


def sentence(rule: Any, known: Mapping[str, Any], target: str = "", lookup: Lookup | None = None) -> str:
    """A rule read aloud in the reader's language. `lookup`: what many sentences read once."""
    if isinstance(rule, bool) or not rule:
        return ""
    for joint, word in (("all", _(" and ")), ("any", _(" or "))):
        if joint in rule:
            return word.join(sentence(part, known, target, lookup) for part in rule[joint])
    if "not" in rule:
        return _("not (%(part)s)") % {"part": sentence(rule["not"], known, target, lookup)}
    if target and related.is_related(rule):
        return related.sentence(rule, target, lookup)
    element = known.get(rule["field"])
    name = str(element.label) if element else rule["field"]
    words = WORDS.get(rule["op"], rule["op"])
    if rule["op"] in WITHOUT_VALUE:
        return _("%(field)s %(op)s") % {"field": name, "op": words}
    return _("%(field)s %(op)s %(value)s") % {
        "field": name,
        "op": words,
        "value": _said(rule.get("value"), element),
    }


def _said(value: Any, element: Any) -> str:
    """The compared value as people read it."""
    kind = element.kind if element else "text"
    if kind in naming.KEYS:
        keys = value if isinstance(value, list) else [value]
        names = naming.names_of(kind, keys)
        return ", ".join(names.get(str(key), str(key)) for key in keys)
    if isinstance(value, list):
        return ", ".join(_said(one, element) for one in value)
    if isinstance(value, Mapping):
        return _("%(low)s and %(high)s") % {
            "low": _said(value.get("from"), element),
            "high": _said(value.get("to"), element),
        }
    if kind in ("number", "money"):
        return _said_number(decimal_of(value), value, kind)
    if kind == "date":
        return formats.day(day_of(value)) or str(value)
    if kind == "yes_no":
        return _("Yes") if truth_of(value) else _("No")
    if kind in ("choice", "many"):
        return {str(code): str(label) for code, label in element.choices}.get(str(value), str(value))
    return str(value)


def _said_number(found: Decimal | None, value: Any, kind: str) -> str:
    """A number with the decimals that matter; money with the sign of the tenant's currency."""
    if found is None:
        return str(value)
    if kind != "money":
        return formats.number(found, None)
    whole = found == found.to_integral_value()
    return formats.money(found, getattr(connection.tenant, "currency", "CNY"), 0 if whole else None)
