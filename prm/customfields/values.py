"""Custom values on their way into a row: the same rules whatever path they come by.

    partner.custom = …                                      never like this, always
    changes |= values.apply("partner", partner, custom, by=by)

Guarantee: every service that writes a row of a target calls `apply`, and screens, imports and jobs call services. So a
required field is required everywhere, a hidden field is neither asked for nor kept, and computed values, which are
stored with the row, say what the row says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models

from prm.customfields import errors, expressions, kinds, related, targets
from prm.customfields.models import CustomField
from prm.customfields.plans import Plan, plan_for
from prm.customfields.targets import Target
from prm.values import clock
from prm.values.actor import Actor

Kind = CustomField.Kind
COUNTER = re.compile(r"{n(?::(\d{1,2}))?}")


def apply(
    target: str, obj: Any, values: Mapping[str, Any] | None, *, by: Actor, draft: bool = False,
    besides: Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:  # fmt: skip
    """Put custom `values` (by code; None: none are given) into the unsaved `obj`. Returns what changed, for the audit.

    Checks the form's rules for the product's own fields too, which must be set on `obj` by now, or given in `besides`
    where they are kept elsewhere and not saved yet.
    """
    before = dict(obj.custom or {})
    obj.custom = clean_values(target, values or {}, by=by, obj=obj, draft=draft, besides=besides)
    return changes_between(target, before, obj.custom)


def clean_values(
    target: str, values: Mapping[str, Any], *, by: Actor, obj: Any, draft: bool = False,
    besides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What `obj.custom` is to hold. Values that are not given stay; a draft may be incomplete and keeps what is hidden.

    Raises UnknownCustomField, ValueMissing and other ValueRefused, each with the form's field and its label.
    """
    found = targets.find(target)
    plan = plan_for(found, by, variant=found.variant_of(obj))
    if plan.about_partner:
        plan.settle(related.partner_of(target, obj))
    kept = dict(obj.custom or {})
    if not plan.fields and plan.layout is None:
        _refuse_unknown(plan, values)
        return kept
    own = {name: besides[name] for name in plan.elements if name in besides} if besides else {}
    own = {**_read_elsewhere(plan, obj, own), **own}
    given = _given(plan, values, kept, by=by, obj=obj, own=own)
    for code, value in given.items():
        _put(kept, code, value)
    facts = facts_of(plan, obj, kept) | own
    if not draft:
        _hold_rules(plan, obj, kept, facts)
        _number(plan, kept)
    compute(plan.target, plan.fields, obj, kept)
    return kept


def facts_of(plan: Plan, obj: Any, custom: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names of the form's elements."""
    facts: dict[str, Any] = {}
    for name, element in plan.elements.items():
        facts[name] = (
            None
            if element.read
            else custom.get(element.custom.code)
            if element.custom
            else getattr(obj, name, None)
        )
    return facts


def _read_elsewhere(plan: Plan, obj: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """What rules ask about and the row does not hold itself, by name."""
    names = {name for name in plan.asked if name in plan.elements and name not in known}
    return {name: read(obj) for name in names if (read := plan.elements[name].read)}


def _refuse_unknown(plan: Plan, values: Mapping[str, Any]) -> None:
    known = {field.code for field in plan.fields}
    for code in values:
        if code not in known:
            raise errors.UnknownCustomField(code=str(code)[:40])


def _given(
    plan: Plan, values: Mapping[str, Any], kept: dict, *, by: Actor, obj: Any, own: dict[str, Any]
) -> dict[str, Any]:
    """What was typed as stored values, without what nobody may type; and the defaults of a new row."""
    _refuse_unknown(plan, values)
    read = {
        field.code: kinds.read(field, values[field.code], by=by)
        for field in plan.fields
        if field.is_written and field.code in values
    }
    if obj._state.adding:
        for field in plan.fields:
            default = plan.rules[field.name].default
            if default is not None and field.code not in values and field.code not in kept:
                read[field.code] = kinds.read(field, default, by=by)
    after = {**kept, **read}
    facts = facts_of(plan, obj, after) | own
    shown = plan.shown_with(facts)
    for field in plan.fields:
        if field.code in read and plan.asks("readonly", field.name, facts, shown) and not by.is_system:
            del read[field.code]
            if obj._state.adding and (default := plan.rules[field.name].default) is not None:
                read[field.code] = kinds.read(field, default, by=by)
    return read


def _put(kept: dict[str, Any], code: str, value: Any) -> None:
    if value is None:
        kept.pop(code, None)
    else:
        kept[code] = value


def _hold_rules(plan: Plan, obj: Any, kept: dict[str, Any], facts: dict[str, Any]) -> None:
    """Drop what is hidden, then miss what is required."""
    shown = plan.shown_with(facts)
    for name, element in plan.elements.items():
        if name in shown or not plan.rules[name].on:
            continue
        if element.custom:
            kept.pop(element.custom.code, None)
        elif not element.locked:
            empty(obj, name)
    for name, element in plan.elements.items():
        if name not in shown or element.locked or not plan.rules[name].on:
            continue
        if element.custom and not element.custom.is_written:
            continue
        value = kept.get(element.custom.code) if element.custom else facts[name]
        if value in (None, "", []) and plan.asks("required", name, facts, shown):
            raise errors.ValueMissing(field=name, label=str(element.label))


def empty(obj: Any, name: str) -> None:
    """Take the value off one of the product's own fields; a flag becomes no."""
    found = obj._meta.get_field(name)
    if isinstance(found, models.BooleanField):
        setattr(obj, name, False)
    else:
        setattr(obj, name, None if found.null else "")


def _number(plan: Plan, kept: dict[str, Any]) -> None:
    """Give reference numbers: one after the other, by the lock on the field's own row."""
    for field in plan.fields:
        if field.kind == Kind.REFERENCE and field.code not in kept:
            kept[field.code] = next_reference(field)


def next_reference(field: CustomField) -> str:
    """The next number of a reference field, such as REF-2026-0042; a number is given once, and none is left out."""
    locked = CustomField.objects.select_for_update().get(pk=field.pk)
    locked.counter += 1
    locked.save(update_fields=["counter"])
    today = clock.today()
    text = locked.options["pattern"].replace("{yyyy}", f"{today:%Y}").replace("{yy}", f"{today:%y}")
    text = text.replace("{mm}", f"{today:%m}")
    return COUNTER.sub(lambda found: str(locked.counter).zfill(int(found[1] or 1)), text)


def compute(target: Target, fields: Iterable[CustomField], obj: Any, kept: dict[str, Any]) -> None:
    """Compute what is computed, exactly, and round once."""
    fields = list(fields)
    computed = [field for field in fields if field.kind == Kind.COMPUTED]
    if not computed:
        return
    names, values = operands(target, fields), {}
    for name in names:
        field = next((one for one in fields if one.code == name), None)
        values[name] = kinds.python_of(field, kept.get(name)) if field else getattr(obj, name, None)
    for field in computed:
        tree = expressions.parse(field.options["expression"], names)
        result = expressions.result_of(tree, values, places=field.places, label=field.words)
        _put(kept, field.code, stored(result))


def stored(value: Decimal | date | None) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date) else format(value, "f")


def operands(target: Target, fields: Iterable[CustomField]) -> dict[str, str]:
    """The names that an expression may read, as number or date: the product's own first."""
    found = {
        one.name: "date" if one.kind == "date" else "number"
        for one in target.builtin
        if one.kind in ("number", "money", "date")
    }
    for field in fields:
        if field.kind in (Kind.NUMBER, Kind.MONEY, Kind.DATE):
            found.setdefault(field.code, "date" if field.kind == Kind.DATE else "number")
    return found


def amounts(target: Target, fields: Iterable[CustomField]) -> set[str]:
    """Those of the names that an expression may read that are amounts of money."""
    own = {one.name for one in target.builtin if one.kind == "money"}
    return own | {field.code for field in fields if field.kind == Kind.MONEY}


def changes_between(target: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What differs, as the audit trail keeps it: `custom.<code>` from what to what."""
    differing = [code for code in {**before, **after} if before.get(code) != after.get(code)]
    return {f"custom.{code}": [_told(before.get(code)), _told(after.get(code))] for code in sorted(differing)}


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return value["name"]
    return ", ".join(value) if isinstance(value, list) else value
