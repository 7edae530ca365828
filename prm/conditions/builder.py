"""What the visual builder shows: groups and rows with their controls, the sentence, and how many records it takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.conditions import drafts, language, operators, reading, values
from prm.conditions.forms import dumped, loaded
from prm.conditions.registry import Field, Lookup, Operand, Subject, subject
from prm.measures import registry as measures
from prm.ui import formats
from prm.values import spans
from prm.values.actor import Actor

MOST_OPTIONS = 50
MOST_COUNTED = 10_000
KIND_WORDS = {
    "all": gettext_lazy("All of these hold"),
    "any": gettext_lazy("Any of these holds"),
    "none": gettext_lazy("None of these holds"),
    "not_all": gettext_lazy("Not all of these hold"),
}
UNIT_WORDS = {
    "day": gettext_lazy("days"),
    "week": gettext_lazy("weeks"),
    "month": gettext_lazy("months"),
    "quarter": gettext_lazy("quarters"),
    "year": gettext_lazy("years"),
}


@dataclass(frozen=True)
class Option:
    value: str
    label: Any
    on: bool = False


@dataclass
class Row:
    """One comparison with its controls. `widget`: none text number day pick search ticks tokens two span window."""

    id: str
    label: str
    fields: list[tuple[str, list[Option]]]
    operators: list[Option] = field(default_factory=list)
    widget: str = "none"
    value: str = ""
    low: str = ""
    high: str = ""
    input_type: str = "text"
    options: list[Option] = field(default_factory=list)
    search: str = ""
    units: list[Option] = field(default_factory=list)
    currencies: list[Option] = field(default_factory=list)
    period_kinds: list[Option] = field(default_factory=list)
    period_count: int = 0
    period_units: list[Option] = field(default_factory=list)


@dataclass
class Box:
    """A group: its kind as a choice, and what stands in it."""

    id: str
    kinds: list[Option]
    items: list[Row | Box]
    depth: int
    is_box: bool = True

    @property
    def may_grow(self) -> bool:
        return self.depth < reading.DEEPEST - 2


class Builder:
    """The builder of one condition about a subject, for the person who builds it."""

    def __init__(
        self, code: str, condition: Any, name: str, by: Actor, *, about: Subject | None = None,
        lookup: Lookup | None = None,
    ):  # fmt: skip
        self.subject, self.code, self.name, self.by = about or subject(code), code, name, by
        self.lookup = lookup or Lookup(by)
        self.draft = drafts.completed(_as_dict(condition), code, self.lookup)
        self._targets: dict[tuple[str, str, Any], list[Option]] = {}

    @cached_property
    def json(self) -> str:
        """What the hidden field holds: {} where nothing is asked."""
        return "{}" if self.draft == {"all": []} else dumped(self.draft)

    @property
    def address(self) -> str:
        return reverse("conditions:builder", args=[self.code])

    def search_address(self, name: str) -> str:
        """Where the records are found that a field may name."""
        return f"{reverse('conditions:options', args=[self.code])}?field={name}"

    @cached_property
    def root(self) -> Box:
        return self._box(self.draft, self.name, 1)

    # ---- below: what it says ----

    @cached_property
    def asked(self) -> dict[str, Any]:
        return drafts.without_blanks(self.draft)

    @cached_property
    def problems(self) -> list[reading.Problem]:
        return language.validate(self.asked, self.code, by=self.by)

    @property
    def is_empty(self) -> bool:
        return self.asked == {"all": []}

    @property
    def is_begun(self) -> bool:
        """Whether a row waits for its field to be chosen."""
        return self.asked != self.draft

    @cached_property
    def sentence(self) -> str:
        return "" if self.problems else language.sentence(self.asked, self.code, by=self.by)

    @cached_property
    def taken(self) -> str:
        """Takes 14 of 1,284 today."""
        every = self.subject.visible_to(self.by)
        found = _count(language.narrow(every, self.asked, self.code))
        return _("Takes %(count)s of %(all)s today.") % {"count": found, "all": _count(every)}

    # ---- groups and rows ----

    def _box(self, draft: dict[str, Any], place: str, depth: int) -> Box:
        kind = drafts.kind_of(draft)
        kinds = [Option(code, words, code == kind) for code, words in KIND_WORDS.items()]
        items: list[Row | Box] = []
        for at, part in enumerate(drafts.parts_of(draft)):
            below = f"{place}-{at}"
            items.append(
                self._box(part, below, depth + 1) if drafts.kind_of(part) else self._row(part, below)
            )
        return Box(place, kinds, items, depth)

    def _row(self, draft: dict[str, Any], place: str) -> Row:
        if "measure" in draft:
            return self._measure_row(draft, place)
        operand = self.lookup.find(self.code, draft["field"])
        if operand is None:
            return Row(place, "", self._fields(""))
        table = self.lookup.table(operand.field)
        operator = table[draft["op"]]
        row = Row(
            place,
            self._labels(operand)[operand.name],
            self._fields(f"f:{operand.name}", operand),
            _operators(table, operator),
        )
        self._value(row, operand.field, operand.name, operator, draft.get("value"))
        if "currency" in draft:
            known = dict.fromkeys([values.own_currency(), draft["currency"], *formats.SYMBOLS])
            row.currencies = [Option(code, code, code == draft["currency"]) for code in known]
        return row

    def _measure_row(self, draft: dict[str, Any], place: str) -> Row:
        measure = measures.find(draft["measure"])
        table = operators.BY_TYPE["measure"]
        row = Row(
            place,
            self._labels().get(measure.name, str(measure.label)),
            self._fields(f"m:{measure.name}"),
            _operators(table, table[draft["op"]]),
        )
        _numbers(row, table[draft["op"]], draft["value"])
        period = draft["period"]
        this = "this" in period
        row.period_kinds = [
            Option("last", _("in the last"), not this),
            Option("this", _("in the current"), this),
        ]
        row.period_count = 0 if this else period["last"]
        unit = period["this"] if this else period["unit"]
        offered = spans.UNITS[1:] if this else spans.UNITS
        words = THIS_WORDS if this else UNIT_WORDS
        row.period_units = [Option(one, words[one], one == unit) for one in offered]
        return row

    def _fields(self, chosen: str, operand: Operand | None = None) -> list[tuple[str, list[Option]]]:
        """What can be asked, under headings: the subject's own, then related ones, then figures."""
        groups: dict[str, list[Option]] = {}
        operands, labels = self.lookup.operands(self.code), self._labels(operand)
        if operand is not None and operand not in operands:
            operands.append(operand)
        for one in operands:
            heading = one.field.group or (one.steps[-1].label if one.steps else self.subject.label)
            groups.setdefault(str(heading), []).append(
                Option(f"f:{one.name}", labels[one.name], chosen == f"f:{one.name}")
            )
        figures = [
            Option(f"m:{one.name}", labels[one.name], chosen == f"m:{one.name}")
            for one in self.lookup.measures(self.code)
        ]
        if figures:
            groups[_("Figures of the partner")] = figures
        return list(groups.items())

    def _labels(self, operand: Operand | None = None) -> dict[str, str]:
        """What everything is called that may be asked, each otherwise than all others."""
        if operand is None or operand.name in self._told:
            return self._told
        return self.lookup.labels(self.code, operand)

    @cached_property
    def _told(self) -> dict[str, str]:
        return self.lookup.labels(self.code)

    # ---- values ----

    def _value(self, row: Row, one: Field, name: str, operator: operators.Operator, value: Any) -> None:
        if operator.takes == "nothing":
            return
        if operator.takes == "span":
            row.widget, row.value = "span", str(value["count"])
            row.units = [Option(unit, UNIT_WORDS[unit], unit == value["unit"]) for unit in spans.UNITS]
        elif operator.takes == "window":
            row.widget = "window"
            row.options = [Option(code, words[2], code == value) for code, words in operators.WINDOWS.items()]
        elif one.type in ("number", "money"):
            _numbers(row, operator, value)
        elif one.type in ("date", "moment"):
            _numbers(row, operator, value)
            row.input_type = "date"
        elif one.type == "yes_no":
            row.widget, row.input_type = "pick", "flag"
            row.options = [Option("true", _("Yes"), value is True), Option("false", _("No"), value is False)]
        else:
            self._words(row, one, name, operator.takes == "list", value)

    def _words(self, row: Row, one: Field, name: str, several: bool, value: Any) -> None:
        """Text, choices and records: a choice among few, a search among many."""
        chosen = value if several else [value] if value else []
        offered, all_there = self.options_of(one)
        if all_there and offered:
            row.widget = "ticks" if several else "pick"
            known = {option.value for option in offered}
            lost = self._lost(one, [code for code in chosen if code not in known])
            row.options = [Option(o.value, o.label, o.value in chosen) for o in offered] + lost
            if not several:
                row.options.insert(0, Option("", _("Choose"), not chosen))
            return
        row.widget, row.value = "tokens" if several else "text", "" if several else value
        if one.to:
            row.search = self.search_address(name)
            row.widget = "tokens" if several else "search"
        names = self._names(one, chosen) if one.to else {}
        row.options = [Option(code, names.get(code, code), True) for code in chosen]

    def _lost(self, one: Field, keys: list[str]) -> list[Option]:
        """What is named though it is offered to nobody any more: it stays until somebody takes it away."""
        names = self._names(one, keys) if one.to and keys else {}
        return [Option(code, names.get(code, code), True) for code in keys]

    def _names(self, one: Field, keys: list[str]) -> dict[str, str]:
        rows = values.visible_targets(one, self.by).filter(**{f"{one.key}__in": keys})
        return {str(getattr(row, one.key)): str(row) for row in rows}

    def options_of(self, one: Field) -> tuple[list[Option], bool]:
        """What may be chosen for a field, and whether that is all there is."""
        if not one.to:
            return [Option(code, capfirst(str(label))) for code, label in one.pairs], True
        asked = (one.to, one.key, one.offered)
        if asked not in self._targets:
            self._targets[asked] = found_options(one, self.by, "")
        found = self._targets[asked]
        return found[:MOST_OPTIONS], len(found) <= MOST_OPTIONS


THIS_WORDS = {
    "week": gettext_lazy("week so far"),
    "month": gettext_lazy("month so far"),
    "quarter": gettext_lazy("quarter so far"),
    "year": gettext_lazy("year so far"),
}


def found_options(one: Field, by: Actor, text: str) -> list[Option]:
    """Records that a field may name and `by` may see, whose name or key holds `text`; one more than are shown."""
    rows = values.visible_targets(one, by)
    if one.offered:
        rows = one.offered(rows)
    if text:
        rows = _holding(rows, one, text)
    return [
        Option(str(getattr(row, one.key)), str(row)) for row in rows.order_by(one.key)[: MOST_OPTIONS + 1]
    ]


def _holding(rows: Any, one: Field, text: str) -> Any:
    from django.db.models import Q

    named = {column.name for column in one.target._meta.get_fields()}
    found = Q(**{f"{one.key}__icontains": text})
    for column in ("name", "name_zh"):
        if column in named:
            found |= Q(**{f"{column}__icontains": text})
    return rows.filter(found)


def _operators(table: dict[str, operators.Operator], chosen: operators.Operator) -> list[Option]:
    return [Option(one.code, one.label, one == chosen) for one in table.values()]


def _numbers(row: Row, operator: operators.Operator, value: Any) -> None:
    row.input_type = "number"
    if operator.takes == "two":
        row.widget, row.low, row.high = "two", _grouped(value["from"]), _grouped(value["to"])
    else:
        row.widget, row.value = "number", _grouped(value)


def _grouped(digits: str) -> str:
    """300000.50 as 300,000.50; whatever else was typed stays as it is."""
    return f"{Decimal(digits):,}" if values.DECIMAL.fullmatch(digits) else digits


def _as_dict(condition: Any) -> Any:
    if isinstance(condition, str):
        try:
            return loaded(condition) if condition else {}
        except ValueError:
            return {}
    return condition


def _count(rows: Iterable[Any]) -> str:
    """1,284; over 10,000."""
    found = rows.order_by().values("pk")[: MOST_COUNTED + 1].count()  # type: ignore[attr-defined]
    if found > MOST_COUNTED:
        return _("over %(count)s") % {"count": formats.number(MOST_COUNTED)}
    return formats.number(found)
