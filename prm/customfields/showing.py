"""Custom values where people read them: on pages, in the audit trail, in what a search finds. Lists: columns.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q

from prm.audit import words
from prm.customfields import kinds, targets
from prm.customfields.file_fields import address_of
from prm.customfields.models import CustomField
from prm.ui.parts import Fact
from prm.values.actor import Actor

Kind = CustomField.Kind
# Kinds whose words a search reads.
SEARCHED = (Kind.TEXT, Kind.LONG_TEXT, Kind.LINK, Kind.REFERENCE, Kind.FILE)


def fields_for(target: str, actor: Actor) -> list[CustomField]:
    """The fields of a target that the reader may know of."""
    return [field for field in CustomField.objects.of(target) if not (field.staff_only and actor.is_partner)]


def currency_of(obj: Any) -> str:
    return getattr(obj, "currency", "") or getattr(connection.tenant, "currency", "CNY")


def facts_of(target: str, obj: Any, actor: Actor) -> list[Fact]:
    """Label and value of each filled field, for a page about `obj`."""
    return _facts(fields_for(target, actor), obj, actor) if obj.custom else []


def facts_on_paper(target: str, obj: Any, actor: Actor) -> list[Fact]:
    """The same for what goes to the partner: whoever prints it, it says no more than the partner may read."""
    fields = [field for field in CustomField.objects.of(target) if not field.staff_only]
    return _facts(fields, obj, actor) if obj.custom else []


def _facts(fields: list[CustomField], obj: Any, actor: Actor) -> list[Fact]:
    fields = [field for field in fields if field.code in obj.custom]
    names = names_for(fields, [obj.custom], actor)
    return [
        Fact(
            field.words,
            kinds.shown(field, obj.custom[field.code], currency=currency_of(obj), names=names[field.kind]),
            href=_opens(field, obj),
        )
        for field in fields
    ]


def _opens(field: CustomField, obj: Any) -> str:
    """Where a link leads, or where a file is read."""
    if field.kind == Kind.FILE:
        return address_of(field, obj)
    return obj.custom[field.code] if field.kind == Kind.LINK else ""


def names_for(
    fields: Iterable[CustomField], rows: Iterable[dict[str, Any]], actor: Actor
) -> dict[str, dict[str, str]]:
    """Names of the persons and partners that some rows' values name and `actor` may see, by kind and id."""
    rows, found = list(rows), {kind: {} for kind in Kind.values}
    for kind, model_rows in ((Kind.PERSON, people_seen_by), (Kind.PARTNER, partners_seen_by)):
        codes = [field.code for field in fields if field.kind == kind]
        ids = {row[code] for row in rows for code in codes if code in row}
        if ids:
            found[kind] = {str(one.pk): str(one) for one in model_rows(actor).filter(pk__in=ids)}
    return found


def people_seen_by(actor: Actor) -> Any:
    """Whose names a reader may see: staff everybody's, partners' people those whom they could name, and staff."""
    people = targets.people_for(Actor.job("names"))
    everybody = people.model._default_manager.all()
    if not actor.is_partner:
        return everybody
    return everybody.filter(Q(pk__in=targets.people_for(actor).values("pk")) | Q(pk__in=people.values("pk")))


def partners_seen_by(actor: Actor) -> Any:
    rows: Any = targets.partner_model()._default_manager.all()
    return rows.visible_to(actor)


# ---- search ----


def found_by(target: str, actor: Actor, text: str) -> Q | None:
    """Rows one of whose own texts holds `text`; None where there are no such fields."""
    return holding(fields_for(target, actor), text)


def with_own(target: str, actor: Actor, rows: Any, found: Any, text: str) -> Any:
    """Of `rows`, those that `found` has already and those found by their own texts, so that indexes serve both."""
    own = found_by(target, actor, text)
    if own is None:
        return found
    both = found.order_by().values("pk").union(rows.order_by().filter(own).values("pk"))
    return rows.filter(pk__in=both)


def holding(fields: Iterable[CustomField], text: str) -> Q | None:
    """Rows that hold `text` in one of the fields that a search reads."""
    wanted = Q()
    for field in fields:
        if not field.searchable:
            continue
        if field.kind in SEARCHED:
            name = "__name" if field.kind == Kind.FILE else ""
            wanted |= Q(**{f"custom__{field.code}{name}__icontains": text})
        elif field.kind in (Kind.CHOICE, Kind.MANY):
            for option in field.options["choices"]:
                if text.casefold() in f"{option['label']} {option.get('label_zh', '')}".casefold():
                    held = [option["code"]] if field.kind == Kind.MANY else option["code"]
                    wanted |= Q(custom__contains={field.code: held})
    return wanted or None


# ---- the audit trail ----


def name_in_audit(object_type: str, field: str) -> tuple[Any, Callable[[Any], Any]] | None:
    """The label of `custom.<code>`, and its values in words; a field that is gone reads as its code."""
    if not field.startswith("custom."):
        return None
    code = field.removeprefix("custom.")
    memo = words.memo()
    if object_type not in memo:
        target = next(
            (one for one in targets.all_targets().values() if one.model_name.lower() == object_type), None
        )
        rows = CustomField.objects.filter(target=target.code) if target else []
        memo[object_type] = {row.code: row for row in rows}
    found = memo[object_type].get(code)
    if found is None:
        return code, lambda value: value
    return found.words, lambda value: _in_words(found, value)


def _in_words(field: CustomField, value: Any) -> Any:
    if value is None or value == "":
        return ""
    try:
        if field.kind == Kind.CHOICE:
            return dict(field.choices).get(value, value)
        if field.kind == Kind.MANY and isinstance(value, str):
            return ", ".join(dict(field.choices).get(code, code) for code in value.split(", "))
        if kinds.is_number(field) or kinds.is_date(field):
            return kinds.shown(field, str(value), currency=currency_of(None))
    except (ValueError, ArithmeticError):
        return value
    if field.kind in (Kind.PERSON, Kind.PARTNER):
        return _named(field.kind, str(value))
    return value


def _named(kind: str, value: str) -> str:
    """A person by name; a partner by number, since not everybody who reads the trail may see that partner."""
    memo = words.memo()
    if (kind, value) not in memo:
        model, name = (
            (get_user_model(), "name")
            if kind == Kind.PERSON
            else (apps.get_model("partners.Partner"), "number")
        )
        rows = model._base_manager.filter(pk=value if value.isdecimal() else 0)
        memo[kind, value] = rows.values_list(name, flat=True).first() or f"#{value}"
    return memo[kind, value]
