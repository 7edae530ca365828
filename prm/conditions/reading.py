"""From JSON, which anybody may have written, to a tree; and what is wrong with it, part by part.

Nothing is looked up by a name that was not declared, nothing is deeper, longer or larger than the limits, and no
value is of another type than its field. What is refused is refused with the path of the part: "all[1].any[0].value".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.conditions import operators, values
from prm.conditions.registry import Lookup, Operand, subject
from prm.conditions.tree import (
    ALWAYS,
    Ahead,
    AllOf,
    Comparison,
    Empty,
    Group,
    Like,
    MeasureComparison,
    Node,
    OneOf,
    Opposite,
    Range,
    day_range,
    decimal_range,
)
from prm.measures import periods
from prm.measures import registry as measures
from prm.values.actor import Actor
from prm.values.spelling import nearest

DEEPEST = 8
MOST_PARTS = 200


@dataclass(frozen=True)
class Problem:
    """What is wrong with one part. `path` leads there: "" is the whole, "all[1].value" a value."""

    path: str
    message: str
    code: str = "wrong"

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class BadCondition(ValueError):
    """A condition that cannot be asked; `problems` says why."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


KEYS = frozenset({"all", "any", "not", "field", "measure", "period", "op", "value", "currency"})


def read(condition: Any, code: str, *, by: Actor | None = None, lookup: Lookup | None = None) -> Node:
    """The tree of a sound condition; BadCondition where it is not."""
    reader = Reader(code, lookup or Lookup(by))
    node = reader.whole(condition)
    if reader.problems or node is None:
        raise BadCondition(reader.problems)
    return node


class Reader:
    """Reads one condition and gathers its problems."""

    def __init__(self, code: str, lookup: Lookup):
        self.code, self.lookup = code, lookup
        self.problems: list[Problem] = []
        self.places: list[tuple[str, Comparison | MeasureComparison]] = []  # where each test stands
        self.count = 0

    def whole(self, raw: Any) -> Node | None:
        return ALWAYS if raw == {} else self.node(raw, "", 1)

    def wrong(self, path: str, message: str, code: str = "wrong") -> None:
        self.problems.append(Problem(path, message, code))

    def node(self, raw: Any, path: str, depth: int) -> Node | None:
        self.count += 1
        if self.count > MOST_PARTS:
            if self.count == MOST_PARTS + 1:
                self.wrong(path, _("There are more than %(most)s parts.") % {"most": MOST_PARTS}, "too_many")
            return None
        if depth > DEEPEST:
            self.wrong(path, _("Groups stand more than %(most)s deep.") % {"most": DEEPEST}, "too_deep")
            return None
        if not isinstance(raw, dict):
            self.wrong(path, _("This is no condition."), "no_condition")
            return None
        keys = set(raw)
        if keys == {"all"} or keys == {"any"}:
            return self._group(raw, "all" if "all" in keys else "any", path, depth)
        if keys == {"not"}:
            around = is_group(raw["not"])  # "not" around a group is one part with it, and no deeper
            self.count -= around
            part = self.node(raw["not"], _under(path, "not"), depth + (not around))
            return Opposite(part) if part else None
        if "field" in keys and keys <= {"field", "op", "value", "currency"}:
            return self._test(raw, path)
        if "measure" in keys and keys <= {"measure", "period", "op", "value"}:
            return self._measure(raw, path)
        self._no_condition(keys, path)
        return None

    def _no_condition(self, keys: set[Any], path: str) -> None:
        """One sentence: the key that does not belong there, and what was probably meant."""
        for key in sorted(str(one) for one in keys - KEYS):
            meant = nearest(key, KEYS - keys)
            words = _("“%(key)s” is no part of a condition. Did you mean “%(meant)s”?") if meant else _(
                "“%(key)s” is no part of a condition. Its parts are: %(known)s."
            )  # fmt: skip
            named = {"key": values.shown(key), "meant": meant, "known": ", ".join(sorted(KEYS))}
            self.wrong(_under(path, key[:60]), words % named, "no_condition")
            return
        self.wrong(path, _("This is no condition."), "no_condition")

    def _no_field(self, name: Any, path: str) -> None:
        """A field that does not exist: the one that is spelled alike, and else those that there are."""
        own = list(self.lookup.fields(self.code))
        reachable = [f"{step}.{one}" for step, relation in self.lookup.relations(self.code).items()
                     for one in self.lookup.fields(relation.to)]  # fmt: skip
        text = _("There is no field “%(name)s” here.") % {"name": values.shown(name)}
        if meant := nearest(str(name), [*own, *reachable]):
            more = _("Did you mean “%(meant)s”?") % {"meant": meant}
        else:
            more = _("There are: %(names)s.") % {
                "names": ", ".join(dict.fromkeys([*own, *self.lookup.relations(self.code)]))
            }
        self.wrong(_under(path, "field"), f"{text} {more}", "unknown_field")

    def _group(self, raw: dict[str, Any], kind: str, path: str, depth: int) -> Node | None:
        parts = raw[kind]
        here = _under(path, kind)
        if not isinstance(parts, list):
            self.wrong(here, _("This is no list of conditions."), "no_list")
            return None
        if not parts and kind == "any":
            self.wrong(
                here, _("This group is empty. Add a condition, or take the group away."), "empty_group"
            )
            return None
        read = []
        for at, part in enumerate(parts):
            read.append(self.node(part, f"{here}[{at}]", depth + 1))
            if self.count > MOST_PARTS:
                return None
        if any(part is None for part in read):
            return None
        return Group(kind == "all", tuple(part for part in read if part is not None))

    # ---- comparisons ----

    def _test(self, raw: dict[str, Any], path: str) -> Node | None:
        name = raw["field"]
        operand = self.lookup.find(self.code, name) if isinstance(name, str) and len(name) <= 120 else None
        if name == "":
            self.wrong(_under(path, "field"), _("Choose a field."), "missing_field")
            return None
        if operand is None:
            self._no_field(name, path)
            return None
        operator = self._operator(raw, operand.field.type, operand.label, path)
        if operator is None:
            return None
        if "currency" in raw and operand.field.type != "money":
            self.wrong(_under(path, "currency"), _("Only amounts of money have a currency."), "no_money")
            return None
        try:
            value = values.read_for(operand.field, operator, raw)
            currency = values.read_currency(raw.get("currency")) if operand.field.type == "money" else ""
        except values.Wrong as error:
            self.wrong(_under(path, error.part), _about(operand.label, error.sentence), error.code)
            return None
        want = want_of(operand, operator, value, currency)
        test = Comparison(operand, want, operator.is_negative, operator.code, value)
        self.places.append((path, test))
        return test

    def _measure(self, raw: dict[str, Any], path: str) -> Node | None:
        measure = measures.find(raw["measure"])
        if measure is None or measure not in self.lookup.measures(self.code):
            message = _("There is no measure “%(name)s” here.") % {"name": values.shown(raw["measure"])}
            self.wrong(_under(path, "measure"), message, "unknown_measure")
            return None
        operator = self._operator(raw, "measure", str(measure.label), path)
        try:
            periods.read(raw.get("period"))
        except periods.BadPeriod as error:
            self.wrong(_under(path, "period"), _about(measure.label, error), "bad_period")
            return None
        if operator is None:
            return None
        try:
            value = values.read_decimals(operator, raw)
        except values.Wrong as error:
            self.wrong(_under(path, error.part), _about(measure.label, error.sentence), error.code)
            return None
        want = decimal_range(operator.code, *_pair(value), "")
        partner = subject(self.code).partner
        test = MeasureComparison(
            measure, dict(raw["period"]), partner, want, operator.is_negative, operator.code, value
        )
        self.places.append((path, test))
        return test

    def exact(self, path: str, test: Comparison | MeasureComparison) -> None:
        """An amount has no more places than its currency: nobody could read what it says."""
        if isinstance(test, MeasureComparison):
            label = test.measure.label
            currency = values.own_currency() if test.measure.unit == "money" else ""
        else:
            label = test.operand.label
            currency = test.want.currency if isinstance(test.want, Range) else ""
        if currency:
            for part, sentence in values.finer_than_money(test.value, currency):
                self.wrong(_under(path, part), _about(label, sentence), "too_fine")

    def _operator(self, raw: dict, kind: str, label: str, path: str) -> operators.Operator | None:
        wanted = raw.get("op")
        found = operators.BY_TYPE[kind].get(wanted) if isinstance(wanted, str) else None
        if found is None:
            message = _("%(field)s: it cannot be compared by “%(op)s”.") % {
                "field": label,
                "op": values.shown(wanted),
            }
            self.wrong(_under(path, "op"), message, "unknown_operator")
        return found


def is_group(raw: Any) -> bool:
    return isinstance(raw, dict) and len(raw) == 1 and next(iter(raw)) in ("all", "any")


def want_of(operand: Operand, operator: operators.Operator, value: Any, currency: str) -> Any:
    """One of the five wants, or days to reckon later."""
    kind, op = operand.field.type, operator.negates or operator.code
    if op == "empty":
        return Empty()
    if kind in ("number", "money"):
        return decimal_range(op, *_pair(value), currency)
    if kind in ("date", "moment"):
        if operator.takes == "span":
            return Ahead(op, value["count"], value["unit"])
        if operator.takes == "window":
            return Ahead(op, window=value)
        return day_range(op, *_pair(value))
    if kind == "text" and operator.takes == "value" and op != "is":
        return Like(op, value)
    if op == "all_of":
        return AllOf(tuple(value))
    return OneOf(tuple(value) if operator.takes == "list" else (value,))


def _pair(value: Any) -> tuple[Any, Any]:
    return value if isinstance(value, tuple) else (value, None)


def _about(label: Any, sentence: Any) -> str:
    return _("%(field)s: %(sentence)s") % {"field": label, "sentence": sentence}


def _under(path: str, part: str) -> str:
    return f"{path}.{part}" if path and part else path or part


def problems_of(condition: Any, code: str, *, by: Actor | None = None) -> list[Problem]:
    """Everything that is wrong, in the order in which it stands; also records that do not exist (or are not seen)."""
    reader = Reader(code, Lookup(by))
    reader.whole(condition)
    for path, test in reader.places:
        reader.exact(path, test)
        if isinstance(test, MeasureComparison):
            continue
        missing = values.missing(test, by)
        if missing:
            words = ngettext(
                "%(field)s: there is no %(names)s.", "%(field)s: there are no %(names)s.", len(missing)
            )
            shown = words % {"field": test.operand.label, "names": ", ".join(map(values.shown, missing))}
            reader.wrong(_under(path, "value"), shown, "no_such_record")
    return reader.problems


__all__ = ["BadCondition", "Problem", "Range", "problems_of", "read"]
