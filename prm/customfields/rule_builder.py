"""Rules of forms in the builder of conditions: its subject is the form, its fields are the form's other elements.

And the partner's, with its figures, where records of the target have one (related.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from prm.conditions import operators
from prm.conditions.builder import Builder
from prm.conditions.reading import Problem
from prm.conditions.registry import Field, Lookup, Subject, lowered
from prm.customfields import naming, related, rules
from prm.customfields.asking import GROUP
from prm.customfields.kinds import day_of, decimal_of, truth_of
from prm.customfields.plans import Element
from prm.values.actor import Actor

# The code by which the builder calls the form itself; what a relation leads to goes by its own.
FORM = "form"


class FormLookup(Lookup):
    """What a rule of one element may ask: the other elements of its form, by the operators that rules know.

    And about the partner whatever conditions about records of the target ask.
    """

    def __init__(self, elements: Iterable[Element], target: str):
        super().__init__(None)
        elements, self.target = list(elements), target
        self._elements = {one.name: _field(one) for one in elements}
        self._kinds = {one.name: rules.kind_of_rule(one.kind) for one in elements}

    def fields(self, code: str) -> dict[str, Field]:
        return self._elements if code == FORM else super().fields(code)

    def relations(self, code: str) -> dict[str, Any]:
        return related.relations_of(self.target) if code == FORM else {}

    def measures(self, code: str) -> list[Any]:
        return super().measures(self.target) if related.subject_of(self.target) else []

    def table(self, field: Field) -> dict[str, operators.Operator]:
        known = operators.BY_TYPE[field.type]
        if self._elements.get(field.name) is not field:
            return known
        return {code: known[code] for code in rules.OPERATORS[self._kinds[field.name]] if code in known}


def _field(element: Element) -> Field:
    """An amount on a form is in the form's own currency: nobody is asked for one; a file is there or not."""
    group = GROUP if element.custom else ""
    if element.kind in naming.KEYS:
        to, key = naming.model_of(element.kind)._meta.label, naming.KEYS[element.kind]
        return Field(element.name, "reference", label=element.label, to=to, key=key, group=group)
    kind = rules.kind_of_rule(element.kind)
    kind = {"money": "number", "file": "text"}.get(kind, kind)
    return Field(element.name, kind, label=element.label, choices=element.choices, group=group)


class RuleBuilder(Builder):
    """The builder of one rule (`what`) of one element of a form."""

    def __init__(self, studio: Any, element: str, what: str, rule: Any, by: Actor):
        self.studio, self.element, self.what = studio, element, what
        self.known = {one.name: one for one in studio.comparable(element)}
        about = Subject(FORM, "", studio.target.label, {}, {}, "", "", None)
        tidied = as_built(rule, {name: rules.kind_of_rule(one.kind) for name, one in self.known.items()})
        lookup = FormLookup(self.known.values(), studio.target.code)
        super().__init__(FORM, tidied, f"rule-{what}", by, about=about, lookup=lookup)

    @property
    def address(self) -> str:
        asked = {
            "variant": self.studio.variant, "role": self.studio.role, "field": self.element, "what": self.what
        }  # fmt: skip
        return f"{reverse('customfields:rule', args=[self.studio.target.code])}?{urlencode(asked)}"

    def search_address(self, name: str) -> str:
        """Rows that a rule may name are searched as those of a condition about the records themselves."""
        custom = self.known[name].custom if name in self.known else None
        asked = urlencode({"field": f"custom.{custom.code}" if custom else name})
        return f"{reverse('conditions:options', args=[self.studio.target.code])}?{asked}"

    @property
    def problems(self) -> list[Problem]:  # type: ignore[override]
        found = rules.problem_with(self.asked, self.known, self.studio.target.code)
        return [Problem("", found)] if found else []

    @property
    def sentence(self) -> str:  # type: ignore[override]
        told = self._labels()
        named = {name: replace(one, label=told[name]) for name, one in self.known.items()}
        return rules.sentence(self.asked, named, self.studio.target.code)

    @property
    def limits(self) -> str:
        """What elsewhere can be asked and not here, and why; "" where all can be."""
        unknown = related.unknown_of(self.studio.target.code)
        if not unknown:
            return ""
        return _(
            "Not to be asked here: %(what)s. Whoever fills in the form has not said yet which one it is going to be."
        ) % {"what": _(", ").join(lowered(one) for one in unknown)}

    @property
    def taken(self) -> str:  # type: ignore[override]
        """A form has no records to count."""
        return ""


def as_built(rule: Any, kinds: Mapping[str, str]) -> Any:
    """A rule with its values in the builder's spelling: true and false, plain digits, ISO days."""
    if isinstance(rule, str):
        try:
            rule = json.loads(rule) if rule else {}
        except (ValueError, RecursionError):
            return {}
    if not isinstance(rule, Mapping):
        return rule
    for joint in ("all", "any"):
        if isinstance(rule.get(joint), list):
            return {joint: [as_built(part, kinds) for part in rule[joint]]}
    if "not" in rule:
        return {"not": as_built(rule["not"], kinds)}
    kind = kinds.get(str(rule.get("field")), "")
    return {**rule, "value": _spelled(rule["value"], kind)} if "value" in rule else dict(rule)


def _spelled(value: Any, kind: str) -> Any:
    if isinstance(value, Mapping):
        return {end: _spelled(one, kind) for end, one in value.items()}
    if isinstance(value, list) or value in (None, ""):
        return value
    if kind == "yes_no":
        return truth_of(value)
    if kind in ("number", "money"):
        found = decimal_of(value)
        return format(found, "f") if found is not None else value
    if kind == "date":
        day = day_of(value)
        return day.isoformat() if day else value
    return value
