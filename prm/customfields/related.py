"""Rules of forms that ask about the partner whose record it is going to be: its fields, and its figures over a period.

A form is filled in before there is a record, so what else a record leads to is not known yet; the partner is: people of
a partner have one, staff choose it. Such a comparison is written as every other condition about the target is
(`{"field": "partner.tier", …}`, `{"measure": …, "period": …}`) and answered as conditions answer it. What was answered
stands in the rule as what always or never holds (`settled`), so that services, forms and the browser need no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.conditions import language
from prm.conditions.reading import BadCondition
from prm.conditions.registry import Lookup, Relation, Subject, known
from prm.customfields import targets
from prm.values.actor import Actor

ALWAYS: dict[str, Any] = {"all": []}
NEVER: dict[str, Any] = {"any": []}


def is_related(rule: Mapping[str, Any]) -> bool:
    """Whether a comparison asks about the partner; names of the form's own elements hold no dot."""
    return "measure" in rule or "." in str(rule.get("field", ""))


def parts_of(rule: Any) -> Iterator[Mapping[str, Any]]:
    """The comparisons about the partner in a rule."""
    if isinstance(rule, list):
        for part in rule:
            yield from parts_of(part)
    elif isinstance(rule, Mapping):
        if is_related(rule):
            yield rule
        elif "field" not in rule:
            yield from parts_of(list(rule.values()))


def subject_of(target: str) -> Subject | None:
    """What conditions know about records of the target, where each of them has a partner."""
    found = known().get(target)
    return found if found is not None and found.partner not in ("", "pk") else None


def relations_of(target: str) -> dict[str, Relation]:
    """The steps from a record to its partner, by name."""
    subject = subject_of(target)
    if subject is None:
        return {}
    steps = Lookup().relations(target)
    return {name: step for name, step in steps.items() if step.column == subject.partner}


def unknown_of(target: str) -> list[str]:
    """What conditions about records of the target lead to, and a form cannot know yet, in words."""
    subject = known().get(target)
    steps = Lookup().relations(target) if subject else {}
    return [str(step.label) for name, step in steps.items() if name not in relations_of(target)]


# ---- answers ----


def settled(rule: Any, target: str, partner: Any, lookup: Lookup | None = None) -> Any:
    """The rule with each comparison about the partner as what it comes to; None is a partner that nobody chose yet."""
    if isinstance(rule, list):
        return [settled(part, target, partner, lookup) for part in rule]
    if not isinstance(rule, Mapping):
        return rule
    if is_related(rule):
        return ALWAYS if _holds(rule, target, partner, lookup or Lookup()) else NEVER
    if "field" in rule:
        return rule
    return {joint: settled(parts, target, partner, lookup) for joint, parts in rule.items()}


def _holds(rule: Mapping[str, Any], target: str, partner: Any, lookup: Lookup) -> bool:
    """What cannot be asked any more, as when its module was switched off, does not hold."""
    subject = subject_of(target)
    if subject is None or problem_with(rule, target, records=False):
        return False
    row = {subject.partner: partner, **dict.fromkeys(relations_of(target), partner)}
    try:
        return language.Condition(dict(rule), target, lookup=lookup).holds(row)
    except BadCondition:
        return False


def partner_of(target: str, obj: Any) -> Any:
    """The partner of a record, also of one that is not saved yet; None where it has none."""
    subject = subject_of(target)
    has_one = subject is not None and getattr(obj, f"{subject.partner}_id", None) is not None
    return getattr(obj, subject.partner) if subject is not None and has_one else None


def own_partner(actor: Actor | None) -> Any:
    """The partner for which `actor` fills in forms; None for staff, who choose one."""
    if actor is None or actor.partner_id is None:
        return None
    return visible_partner(actor, actor.partner_id)


def visible_partner(actor: Actor, pk: int) -> Any:
    rows: Any = targets.partner_model()._default_manager.all()
    return rows.visible_to(actor).filter(pk=pk).first()


# ---- what is wrong, and in words ----


def problem_with(rule: Mapping[str, Any], target: str, *, records: bool = True) -> str:
    """Why a form cannot ask this; "" when it can. `records`: whether those that it names must exist."""
    step = str(rule.get("field", "")).partition(".")[0]
    if "field" in rule and step not in relations_of(target):
        return _("The condition asks for “%(field)s”, which is not on this form.") % {"field": rule["field"]}
    if not records:
        return ""
    found = language.validate(dict(rule), target)
    return found[0].message if found else ""


def sentence(rule: Mapping[str, Any], target: str, lookup: Lookup | None = None) -> str:
    """A comparison read aloud in the reader's language."""
    try:
        return language.Condition(dict(rule), target, lookup=lookup).sentence()
    except (BadCondition, KeyError):
        return str(rule.get("field") or rule.get("measure"))


def asks_for(rule: Any, target: str, field: Any) -> bool:
    """Whether a rule of a form of `target` asks for one of the partner's own fields."""
    steps = relations_of(target)
    for part in parts_of(rule):
        step, _dot, name = str(part.get("field", "")).partition(".")
        if step in steps and steps[step].to == field.target and name == f"custom.{field.code}":
            return True
    return False
