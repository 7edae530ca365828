"""What other systems are told about an event's object besides its id: numbers, names, state, amounts.

    told.register("deal", "dealreg.DealRegistration", read=told_of_deal, deal_number="str", …)     # in `apps.py`
    told.about(fact)     # {"deal_number": "DR-2611-ABCDE", …}, as the object stands now

Declared, so that the catalogue of events prints it; only added to, never taken from. A field that the event itself
carries is the event's. Of an object that is gone every value is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps

if TYPE_CHECKING:
    from prm.outbox.events import Declared


@dataclass(frozen=True)
class _Kind:
    model: str
    read: Callable[[Any], Mapping[str, Any]]
    fields: Mapping[str, str]
    related: tuple[str, ...]


_kinds: dict[str, _Kind] = {}


def register(
    subject: str,
    model: str,
    *,
    read: Callable[[Any], Mapping[str, Any]],
    related: tuple[str, ...] = (),
    **fields: str,
) -> None:
    """Say what is told of the objects of `subject`; `fields` are names with their types, which `read(row)` gives."""
    _kinds[subject] = _Kind(model, read, fields, related)


def fields_of(declared: Declared) -> list[tuple[str, str]]:
    """Name and type of what messages about this event say besides its own fields."""
    kind = _kinds.get(declared.subject)
    own = {name for name, _type in declared.fields}
    return [one for one in kind.fields.items() if one[0] not in own] if kind and declared.object_id else []


def about(fact: Any) -> dict[str, Any]:
    """The values of `fields_of` for an event that happened, as its object stands now."""
    declared: Declared = type(fact).declared
    wanted = [name for name, _type in fields_of(declared)]
    if not wanted:
        return {}
    row = _row(_kinds[declared.subject], getattr(fact, declared.object_id))
    values = _kinds[declared.subject].read(row) if row is not None else {}
    return {name: values.get(name) for name in wanted}


def _row(kind: _Kind, pk: Any) -> Any:
    model: Any = apps.get_model(kind.model)
    rows = model.objects.all()
    if hasattr(rows, "for_everyone"):
        rows = rows.for_everyone(because="a message about the event names it; its receiver hears of all")
    return rows.select_related(*kind.related).filter(pk=pk).first()
