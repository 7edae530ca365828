"""What a form asks of one reader: the elements that exist for them, the layout that applies, the rule of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from prm.access.roles import Role
from prm.conditions.registry import Lookup
from prm.customfields import naming, related, rules, targets
from prm.customfields.models import CustomField, FormLayout, in_language
from prm.customfields.targets import Builtin, Target, audience_of
from prm.values.actor import Actor

# In place of a document: the order in which the product itself asks, whatever is published.
BUILT_IN: dict[str, Any] = {}
# What a form rules about an element by True, False or a condition.
RULED = ("shown", "required", "readonly")


@dataclass(frozen=True)
class Element:
    """Something that can stand on a form: one of the product's own fields, or one of the tenant's."""

    name: str
    label: Any
    kind: str
    locked: Any = ""
    choices: tuple[tuple[str, Any], ...] = ()
    custom: CustomField | None = None
    only: str = ""
    given: bool = False
    read: Any = None


@dataclass(frozen=True)
class Rule:
    """How a form treats one element; `on` says whether it stands on the form at all."""

    required: Any = False
    shown: Any = True
    readonly: Any = False
    default: Any = None
    help: str = ""
    on: bool = True


@dataclass
class Plan:
    """`elements` by name; `layout` is the document, None for the built-in order; `rules` by element's name."""

    target: Target
    elements: dict[str, Element]
    layout: dict[str, Any] | None = None
    rules: dict[str, Rule] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, str]:
        return {name: rules.kind_of_rule(element.kind) for name, element in self.elements.items()}

    @property
    def asked(self) -> set[str]:
        """Names of the elements that rules read."""
        every = (getattr(rule, what) for rule in self.rules.values() for what in RULED)
        return set().union(*map(rules.fields_in, every))

    @property
    def about_partner(self) -> dict[str, list[str]]:
        """What is ruled by asking about the partner, by element; empty where no partner has to be known."""
        found = {
            name: [what for what in RULED if next(related.parts_of(getattr(rule, what)), None)]
            for name, rule in self.rules.items()
        }
        return {name: whats for name, whats in found.items() if whats}

    def settle(self, partner: Any) -> None:
        """Answer what rules ask about the partner; None where nobody chose one yet."""
        lookup = Lookup()
        for name, rule in self.rules.items():
            answers = {
                what: related.settled(getattr(rule, what), self.target.code, partner, lookup)
                for what in RULED
            }
            self.rules[name] = replace(rule, **answers)

    @property
    def fields(self) -> list[CustomField]:
        return [element.custom for element in self.elements.values() if element.custom is not None]

    def shown_with(self, values: Mapping[str, Any]) -> set[str]:
        """Names of the elements that these values let appear. What is hidden counts as empty for the others."""
        shown, kinds = set(self.elements), self.kinds
        conditional = [name for name in self.elements if not isinstance(self.rules[name].shown, bool)]
        for _turn in range(len(conditional) + 1):
            seen = {name: values.get(name) for name in shown}
            hidden = {name for name in conditional if not rules.holds(self.rules[name].shown, seen, kinds)}
            now = set(self.elements) - hidden
            if now == shown:
                break
            shown = now
        return shown

    def asks(self, what: str, name: str, values: Mapping[str, Any], shown: set[str]) -> bool:
        """Whether `required` or `readonly` holds for an element, of which only shown ones are read."""
        rule = getattr(self.rules[name], what)
        return rules.holds(rule, {one: values.get(one) for one in shown}, self.kinds)


def builtin_element(one: Builtin) -> Element:
    choices = tuple(one.choices()) if one.choices else ()
    return Element(
        one.name, one.label, one.kind, one.locked, choices, only=one.only, given=one.given, read=one.read
    )


def custom_element(one: CustomField) -> Element:
    only = "staff" if one.staff_only else ""
    return Element(one.name, one.words, one.kind, choices=tuple(one.choices), custom=one, only=only)


def elements_of(target: Target, audience: str) -> dict[str, Element]:
    """Everything that may stand on a form of staff, of partners, or ("") of both."""
    found = [builtin_element(one) for one in target.builtin]
    found += [custom_element(one) for one in CustomField.objects.of(target.code)]
    return {one.name: one for one in found if not audience or one.only in ("", audience)}


def deleted_of(target: Target) -> dict[str, CustomField]:
    """Fields that were deleted and can come back, by the names under which forms keep their places."""
    return {one.name: one for one in CustomField.objects.deleted_of(target.code)}


def plan_for(
    target: Target, by: Actor | None, *, variant: str = "", document: dict[str, Any] | None = None
) -> Plan:
    """The plan for a reader. `document` takes the place of what is published: the designer's preview, or BUILT_IN."""
    audience = audience_of(by)
    elements = elements_of(target, audience)
    published = None
    if document is BUILT_IN:
        document = None
    elif document is None:
        published = published_layout(target.code, variant, by.role if by else "", audience)
        document = published.document if published else None
    plan = Plan(target, elements, document)
    places = {place["field"]: place for place in placements(document)} if document is not None else {}
    kinds = {name: element.kind for name, element in elements.items()}
    for name, element in elements.items():
        plan.rules[name] = _rule(element, places, document, published)
    whens = [(name, what) for name in plan.rules for what in RULED]
    written = [getattr(plan.rules[name], what) for name, what in whens]
    for (name, what), was, rule in zip(whens, written, naming.with_ids(written, kinds), strict=True):
        if rule is not was:
            plan.rules[name] = replace(plan.rules[name], **{what: rule})
    return plan


def _rule(element: Element, places: dict, document: Any, published: FormLayout | None) -> Rule:
    custom = element.custom
    own = bool(custom and custom.required)
    place = places.get(element.name)
    if document is None:
        return Rule(required=bool(element.locked) or own)
    if place is None:
        # A field that is newer than the form, or required of everybody, stands at the form's end.
        newer = bool(
            custom
            and (
                published is None or not published.published_at or custom.created_at > published.published_at
            )
        )
        on = bool(custom and custom.is_written and (own or newer and published is not None))
        return Rule(required=own or bool(element.locked), on=on or bool(element.locked))
    return Rule(
        required=bool(element.locked) or own or place.get("required", False),
        shown=place.get("shown", True),
        readonly=place.get("readonly", False),
        default=place.get("default"),
        help=in_language(place.get("help", ""), place.get("help_zh", "")),
    )


def placements(document: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Where each element stands, in order."""
    return [place for section in (document or {}).get("sections", []) for place in section["fields"]]


def whose_form(layout: FormLayout) -> str:
    """For whom a form is, in words: the role, and the type where it is for one."""
    everyone = {"": _("Everybody"), "partner": _("All partners"), "staff": _("All staff")}
    role = str(everyone.get(layout.role) or Role(layout.role).label)
    types = {str(code): str(label) for code, label in targets.find(layout.target).variants()}
    return f"{role}, {types.get(layout.variant, layout.variant)}" if layout.variant else role


def published_layout(target: str, variant: str, role: str, audience: str) -> FormLayout | None:
    """The published form that fits best: of this type and role, then type, then role, then of all."""
    roles = [role, audience, ""] if role else [""]
    rows = FormLayout.objects.filter(
        target=target, state=FormLayout.State.PUBLISHED, variant__in={variant, ""}, role__in=roles
    )
    order = {(v, r): at for at, (v, r) in enumerate((v, r) for v in (variant, "") for r in roles)}
    return min(rows, key=lambda row: order[row.variant, row.role], default=None)
