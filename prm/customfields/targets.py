"""What can have fields of the tenant's own, and whose forms can be designed: apps say so in their `apps.py`.

targets.register(
    "deal", model="dealreg.DealRegistration", label=_("Deal registration"), verb="dealreg.view",
    builtin=[Builtin("customer_name", _("Customer"), locked=_("Without a customer there is nothing to protect.")), …],
    form=lambda actor, **options: RegisterForm(actor=actor, **options),
)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model, QuerySet

from prm.automations import updates
from prm.conditions import registry
from prm.modules.registry import is_on
from prm.values.actor import Actor

Choices = Callable[[], list[tuple[str, str]]]


@dataclass(frozen=True)
class Builtin:
    """A field that the product itself has on the form.

    kind     text, number, money, date, yes_no, choice, many, person, partner; "other" cannot stand in a condition
    locked   why nobody may take it off, hide it or make it optional; empty: the tenant decides
    choices  of a choice: values as the form posts them, with words
    only     "staff" or "partner": on whose form it stands
    given    locked, but nobody must fill it in: it has a value by itself
    codes    of a choice of rows: what a value is called in a text that other tenants read, by value
    read     row -> its value, where that is no attribute of the row
    """

    name: str
    label: Any
    kind: str = "text"
    locked: Any = ""
    choices: Choices | None = None
    only: str = ""
    given: bool = False
    codes: Callable[[], Mapping[str, str]] = field(default=dict)
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Target:
    """A kind of record that tenants extend."""

    code: str
    model_name: str
    label: Any
    verb: str
    builtin: tuple[Builtin, ...] = ()
    # form(actor, layout=document, variant=code) gives the real form, unbound, for the designer's preview.
    form: Callable[..., Any] | None = None
    # Kinds within the target that may have a form of their own: registration types.
    variants: Choices = field(default=list)
    variant_of: Callable[[Any], str] = field(default=lambda obj: "")
    audiences: tuple[str, ...] = ("staff",)
    most_mandatory: int | None = None
    # change(row, custom, by): the service that sets values by code on a row that is on file, for automations.
    change: Callable[..., Any] | None = None
    # What a reader may see of it, where that is less than `visible_to`.
    seen_by: Callable[[Actor], QuerySet] | None = None
    # The verb by which a partner's people read it, where that is not `verb`.
    partner_verb: str = ""
    # The key of its import, as (column of the file, field of the model).
    key: tuple[str, str] = ("", "")

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.model_name)

    @property
    def is_on(self) -> bool:
        """Whether the module to which its rows belong is on in the current tenant."""
        return is_on(self.model_name.partition(".")[0])

    def rows(self) -> QuerySet:
        """All rows, for counting and for the jobs of this app."""
        rows = self.model._default_manager.all()
        return rows.for_everyone(because="fields are the tenant's") if hasattr(rows, "for_everyone") else rows

    @property
    def readers(self) -> set[str]:
        """Who reads rows of it: for whom a field can be meant."""
        return {*self.audiences, "partner"} if self.partner_verb else set(self.audiences)

    def visible_to(self, actor: Actor) -> QuerySet:
        """The rows that a reader may see: none without the verb, none of a module that is off."""
        rows = self.model._default_manager.all()
        verb = self.partner_verb if actor.is_partner and self.partner_verb else self.verb
        if verb not in actor.permissions:
            return rows.none()
        if self.seen_by is not None:
            return self.seen_by(actor)
        return rows.visible_to(actor) if hasattr(rows, "visible_to") else rows

    def builtin_for(self, audience: str) -> dict[str, Builtin]:
        """What stands on the form of staff or partners."""
        return {one.name: one for one in self.builtin if one.only in ("", audience)}


_targets: dict[str, Target] = {}
_partner_model: list[str] = []
_people: list[Callable[[Actor], QuerySet]] = []
# Who else uses fields: each gives, in words, the places that would break without one. uses(field) -> ["automation “X”"]
uses: list[Callable[[Any], list[str]]] = []


def register(
    code: str, *, model: str, label: Any, verb: str, builtin: Iterable[Builtin] = (), **options: Any
) -> None:
    """Let rows of `model`, which has a JSON column `custom`, have fields of the tenant's own."""
    from prm.customfields.asking import fields_of
    from prm.customfields.updating import updates_of

    made = _targets[code] = Target(code, model, label, verb, tuple(builtin), **options)
    registry.extend(code, fields_of(code))
    if made.change is not None:
        updates.extend(code, updates_of(code, made.change))


def register_partners(*, model: str, people: Callable[[Actor], QuerySet]) -> None:
    """The model that a field of kind "partner" names, and the people whom `actor` may name in one of kind "person"."""
    _partner_model[:], _people[:] = [model], [people]


def partner_model() -> type[Model]:
    return apps.get_model(_partner_model[0])


def people_model() -> type[Model]:
    return get_user_model()


def people_for(actor: Actor) -> QuerySet:
    return _people[0](actor)


def find(code: str) -> Target:
    """The target; KeyError when nobody registered it."""
    return _targets[code]


def all_targets() -> Mapping[str, Target]:
    return dict(_targets)


def of_model(model: type[Model]) -> Target | None:
    return next((one for one in _targets.values() if one.model_name.lower() == model._meta.label_lower), None)


def audience_of(actor: Actor | None) -> str:
    return "partner" if actor is not None and actor.is_partner else "staff"
