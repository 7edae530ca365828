"""What conditions may speak about: subjects with their fields, related subjects, and measures of partners.

    registry.register_subject(
        "deal", model="dealreg.DealRegistration", label=_("Deal registration"), partner="partner",
        fields=[
            Field("estimated_value", "money", label=_("Estimated value"), currency="currency"),
            Field("state", "choice", label=_("State"), choices=DealRegistration.State.choices),
            Field("product_lines", "many", label=_("Product lines"), path="lines__product_line", to=…, key="code"),
        ],
        relations=[Relation("partner", "partner", label=_("Partner"))],
    )
    registry.extend("deal", fields_of_tenant)     # () -> iterable of Field, asked once for each condition read

A field that is not declared here does not exist for conditions, whatever the model has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from prm.conditions import operators
from prm.measures import registry as measures
from prm.values.actor import Actor

MOST_STEPS = 3


@dataclass(frozen=True)
class Field:
    """Something that a condition can ask about a row.

    name        as it stands in the condition; a custom field is `custom.<code>`
    type        text number money date moment choice many reference yes_no (see operators.py)
    path        lookup path from the row to the column; by default the name
    choices     (value, label) pairs, or a callable that gives them, for choice and many
    to, key     for reference, and many of references: the model "app.Model" and its attribute that names a row in a
                condition, the same in every tenant ("number", "code", "email")
    currency    money: path to the currency's column, or an ISO code; "" is the tenant's
    json        the key in the JSON column at `path`; decimals and days stand there as text
    among       () -> lookups that pick one of many rows on the path: {"memberships__during__contains": today}
    expression  (prefix, currency) -> SQL expression, where no column holds it; `prefix` leads to the row ("partner__")
    read        row -> value (row, currency -> value with `expression` of money) where the path does not lead there
    offered     rows -> rows, for a reference: those that it can ever mean are offered; what is named already stays
    staff       only the vendor's own people may ask for it
    group       heading in the list of fields
    """

    name: str
    type: str
    label: Any
    path: str = ""
    choices: Sequence[tuple[Any, Any]] | Callable[[], Iterable[tuple[Any, Any]]] = ()
    to: str = ""
    key: str = "pk"
    currency: str = ""
    json: str = ""
    among: Callable[[], dict[str, Any]] | None = None
    expression: Callable[[str, str], Any] | None = None
    read: Callable[..., Any] | None = None
    offered: Callable[[Any], Any] | None = None
    staff: bool = False
    group: Any = ""

    def __post_init__(self) -> None:
        if self.type not in operators.BY_TYPE:
            raise ValueError(f"{self.name}: {self.type} is no type of a field")
        if self.type == "reference" and not self.to:
            raise ValueError(f"{self.name}: a reference says `to` which model it leads")
        if (self.expression or self.among) and not self.read:
            raise ValueError(f"{self.name}: without `read`, one row cannot be asked")

    @property
    def column(self) -> str:
        """The lookup path from the row to what is compared."""
        path = self.path or self.name.replace(".", "__")
        return f"{path}__{self.key}" if self.to else path

    @property
    def pairs(self) -> list[tuple[str, Any]]:
        found = self.choices() if callable(self.choices) else self.choices
        return [(str(value), label) for value, label in found]

    @property
    def target(self) -> Any:
        """The model that a reference leads to, None for other types."""
        return apps.get_model(self.to) if self.to else None


@dataclass(frozen=True)
class Relation:
    """A step to one related row: its fields are `name.field`. `to` is a subject's code."""

    name: str
    to: str
    label: Any
    path: str = ""
    staff: bool = False

    @property
    def column(self) -> str:
        return self.path or self.name


@dataclass
class Subject:
    code: str
    model_name: str
    label: Any
    fields: dict[str, Field]
    relations: dict[str, Relation]
    partner: str  # path to the partner whose measures may be asked: "pk", "partner"; "" for none
    verb: str  # who may ask at all; "" for the product itself only
    rows: Callable[[Actor], QuerySet] | None
    extensions: list[Callable[[], Iterable[Field]]] = field(default_factory=list)

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.model_name)

    def visible_to(self, actor: Actor) -> QuerySet:
        """The rows that the actor may see: what a count counts."""
        return self.rows(actor) if self.rows else self.model._default_manager.visible_to(actor)


_subjects: dict[str, Subject] = {}
_waiting: dict[str, list[Callable[[], Iterable[Field]]]] = {}


def register_subject(
    code: str, *, model: str, label: Any, fields: Iterable[Field], relations: Iterable[Relation] = (),
    partner: str = "", verb: str = "", rows: Callable[[Actor], QuerySet] | None = None,
) -> None:  # fmt: skip
    """Declare a subject. Fields of other apps come by `extend`, in whatever order the apps start.

    `verb` lets people build conditions about it; `rows(actor)` are the rows that they may see, by default
    `visible_to(actor)`.
    """
    _subjects[code] = Subject(
        code, model, label, {f.name: f for f in fields}, {r.name: r for r in relations}, partner, verb, rows,
        _waiting.setdefault(code, []),
    )  # fmt: skip


def extend(code: str, more: Callable[[], Iterable[Field]]) -> None:
    """Let `more()` add fields to a subject each time a condition is read: they may differ by tenant."""
    found = _waiting.setdefault(code, [])
    if more not in found:
        found.append(more)


def subject(code: str) -> Subject:
    """The registered subject; an unknown code is a programming error and raises KeyError."""
    return _subjects[code]


def forget(code: str) -> None:
    """Take a subject away again: a test's own."""
    _subjects.pop(code, None)


def known() -> dict[str, Subject]:
    return dict(_subjects)


@dataclass(frozen=True)
class Operand:
    """What stands left of an operator: a field, reached over relations; or a measure over a period."""

    field: Field
    steps: tuple[Relation, ...] = ()

    @property
    def prefix(self) -> str:
        """The lookup path that leads to the row that has the field, with its "__"."""
        return "".join(f"{step.column}__" for step in self.steps)

    @property
    def name(self) -> str:
        return ".".join([step.name for step in self.steps] + [self.field.name])

    @property
    def label(self) -> str:
        """Region; partner’s region; 合作伙伴的地区."""
        words = str(self.field.label)
        for step in reversed(self.steps):
            # What is answered with yes or no is a sentence of its own, which belongs to nobody.
            pattern = _("%(owner)s: %(field)s") if self.field.type == "yes_no" else _("%(owner)s’s %(field)s")
            words = pattern % {"owner": step.label, "field": lowered(words)}
        return capfirst(words)


class Lookup:
    """One reading of the registry on behalf of `by` (None: the product itself): extensions are asked once."""

    def __init__(self, by: Actor | None = None):
        self.by = by
        self._fields: dict[str, dict[str, Field]] = {}
        # What records are called, kept by wording.py: (model, key, value) -> name, None where there is none to see.
        self.names: dict[tuple[str, str, str], str | None] = {}

    def hides(self, thing: Field | Relation | measures.Measure) -> bool:
        return thing.staff and self.by is not None and not (self.by.is_staff or self.by.is_system)

    def fields(self, code: str) -> dict[str, Field]:
        """The fields of a subject that the actor may ask for, by name."""
        if code not in self._fields:
            found = dict(_subjects[code].fields)
            for more in _subjects[code].extensions:
                found.update({one.name: one for one in more()})
            self._fields[code] = {name: one for name, one in found.items() if not self.hides(one)}
        return self._fields[code]

    def relations(self, code: str) -> dict[str, Relation]:
        known = _subjects[code].relations
        return {name: one for name, one in known.items() if one.to in _subjects and not self.hides(one)}

    def find(self, code: str, name: str) -> Operand | None:
        """The operand called `name` ("region", "partner.region"), or None."""
        steps: list[Relation] = []
        while True:
            if name in self.fields(code):
                return Operand(self.fields(code)[name], tuple(steps))
            first, dot, rest = name.partition(".")
            step = self.relations(code).get(first)
            if not dot or step is None or len(steps) == MOST_STEPS:
                return None
            steps.append(step)
            code, name = step.to, rest

    def operands(self, code: str, *, reach: int = 1) -> list[Operand]:
        """Every operand of a subject, its own first, then those of related subjects up to `reach` steps away."""
        found: list[Operand] = []
        layer: list[tuple[str, tuple[Relation, ...]]] = [(code, ())]
        for _step in range(reach + 1):
            further: list[tuple[str, tuple[Relation, ...]]] = []
            for here, steps in layer:
                found += [Operand(one, steps) for one in self.fields(here).values()]
                further += [(rel.to, (*steps, rel)) for rel in self.relations(here).values()]
            layer = further
        return found

    def labels(self, code: str, *further: Operand) -> dict[str, str]:
        """What each operand and measure of a subject is called, by name, each otherwise than all others.

        Where two have one label, a word in brackets says whose it is: “Region (own fields)”, else its name. `further`
        are operands from more than one step away.
        """
        found: dict[str, tuple[str, str]] = {}
        for one in (*self.operands(code), *further):
            found[one.name] = (one.label, self._whose(code, one))
        found |= {one.name: (str(one.label), _("figures")) for one in self.measures(code)}
        told = _told_apart({name: label for name, (label, _whose) in found.items()}, found)
        return _told_apart(told, {name: (told[name], name) for name in told})

    def _whose(self, code: str, operand: Operand) -> str:
        words = [operand.steps[-1].label] if operand.steps else []
        words += [operand.field.group] if operand.field.group else []
        if not words and code in _subjects:
            words = [_subjects[code].label]
        return _(", ").join(lowered(str(word)) for word in words)

    def table(self, field: Field) -> dict[str, operators.Operator]:
        """The operators that may be chosen for a field, by code."""
        return operators.BY_TYPE[field.type]

    def measures(self, code: str) -> list[measures.Measure]:
        """The measures that can be asked of a subject's partner."""
        if not _subjects[code].partner:
            return []
        return [one for one in measures.everything().values() if not self.hides(one)]


def _told_apart(labels: dict[str, str], more: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The labels, those that are there twice with a word in brackets."""
    count = Counter(label.casefold() for label in labels.values())
    return {
        name: _("%(label)s (%(whose)s)") % {"label": label, "whose": more[name][1]}
        if count[label.casefold()] > 1 and more[name][1]
        else label
        for name, label in labels.items()
    }


def lowered(words: str) -> str:
    """“Region” as “region” within a sentence; “SPIF” stays."""
    return words[:1].lower() + words[1:] if words[1:2].islower() or len(words) == 1 else words
