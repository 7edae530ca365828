"""Verbs on a tenant's own fields."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from prm.access.rules import require
from prm.audit.services import differences, record
from prm.customfields import errors, expressions, form_uses, holding, indexes, targets, units, values
from prm.customfields.models import CustomField, in_language
from prm.values import clock
from prm.values.actor import Actor

Kind = CustomField.Kind
MOST_FIELDS = 60
KEPT_FOR = timedelta(days=30)
CODE = re.compile(r"^(?=.{1,40}$)[a-z][a-z0-9]*(?:_[a-z0-9]+)*$")
# Words of the language of expressions.
RESERVED = {"and", "or", "not", *expressions.FUNCTIONS}
WORDS = ("label", "label_zh", "help", "help_zh", "required", "staff_only", "in_list", "searchable")
AT_ONCE = 500


@transaction.atomic
def create_field(
    *,
    target: str,
    code: str,
    kind: str,
    label: str,
    by: Actor,
    options: dict[str, Any] | None = None,
    told_apart: bool = False,
    **words: Any,
) -> CustomField:
    """Give rows of `target` a field. `options` by kind; `words` are the others of WORDS.

    options: choices [(code or "", label, Chinese label)], places, expression and result ("number", "money", "date"),
    pattern. `told_apart`: the caller has seen to it that no two fields are called the same in the end. Raises
    DomainError naming the form's field.
    """
    require(by, "fields.configure")
    found = targets.find(target)
    code = code.strip()
    _must_be_a_free_code(code, found)
    position = CustomField.objects.filter(target=target).count()
    if CustomField.objects.of(target).count() >= MOST_FIELDS:
        raise errors.TooManyFields(most=MOST_FIELDS)
    field = CustomField(target=target, code=code, kind=Kind(kind), position=position, created_at=clock.now())
    # What partners read but never fill in, they read only when somebody says so.
    quiet = "partner" in found.readers and "partner" not in found.audiences
    _take_words(field, {"label": label, "staff_only": quiet, **words})
    if not told_apart:
        _must_be_told_apart(field)
    field.options = checked_options(field, options or {})
    _must_not_ask_for_what_comes_by_itself(field)
    try:
        with transaction.atomic():
            field.save()
    except IntegrityError:
        raise errors.CodeTaken(code=code) from None
    record(
        field, "field_created", by=by, changes={"code": ["", f"{target}.{code}"], "kind": ["", field.kind]}
    )
    if field.kind == Kind.COMPUTED:
        compute_again(found, [field])
    indexes.index_soon(target)
    return field


@transaction.atomic
def change_field(
    *,
    field: CustomField,
    by: Actor,
    options: dict[str, Any] | None = None,
    told_apart: bool = False,
    **words: Any,
) -> CustomField:
    """Change words, rules and options of a field; its values stay. Kind and code never change."""
    require(by, "fields.configure")
    field = _locked(field)
    before = {name: getattr(field, name) for name in (*WORDS, "options")}
    _take_words(field, {name: getattr(field, name) for name in WORDS} | words)
    if not told_apart and any(before[name] != getattr(field, name) for name in ("label", "label_zh")):
        _must_be_told_apart(field)
    if options is not None:
        field.options = checked_options(field, options)
        _keep_used_choices(field, before["options"])
        if (field.options.get("result") == "date") != (before["options"].get("result") == "date"):
            raise errors.ResultOfAnotherKind()  # indexes, conditions and orders know it as what it was
    _must_not_ask_for_what_comes_by_itself(field)
    changes = differences(before, {name: getattr(field, name) for name in before})
    if not changes:
        return field
    field.save()
    record(field, "field_changed", by=by, changes={name: _in_words(pair) for name, pair in changes.items()})
    if {"in_list", "searchable", "options"} & set(changes):
        indexes.index_soon(field.target)
    if field.kind == Kind.COMPUTED and "options" in changes:
        compute_again(targets.find(field.target), [field])
    return field


@transaction.atomic
def move_field(*, field: CustomField, to: int, by: Actor) -> list[CustomField]:
    """Put a field at place `to` (from 0) among those of its target. Returns them in their new order."""
    require(by, "fields.configure")
    rows = list(CustomField.objects.of(field.target).select_for_update())
    rows = [row for row in rows if row.pk != field.pk]
    before = field.position
    rows.insert(max(0, min(to, len(rows))), field)
    for position, row in enumerate(rows):
        row.position = position
    CustomField.objects.bulk_update(rows, ["position"])
    if before != field.position:
        record(field, "field_moved", by=by, changes={"position": [before + 1, field.position + 1]})
    return rows


def rows_using(field: CustomField) -> int:
    """How many rows hold a value of the field."""
    return targets.find(field.target).rows().filter(custom__has_key=field.code).count()


def places_using(field: CustomField) -> list[str]:
    """What would break without the field: computed fields, conditions of forms and what apps registered, in words.

    A form on which it stands does not: it goes on without (form_uses.py).
    """
    found = []
    fields = list(CustomField.objects.of(field.target))
    for other in fields:
        if other.kind == Kind.COMPUTED and other.pk != field.pk:
            names = values.operands(targets.find(field.target), fields)
            if field.code in expressions.names_in(expressions.parse(other.options["expression"], names)):
                found.append(_("computed field “%(field)s”") % {"field": other.words})
    found += form_uses.asked_in_forms(field)
    for uses in targets.uses:
        found += uses(field)
    return found


@transaction.atomic
def delete_field(*, field: CustomField, by: Actor) -> CustomField:
    """Take a field away, off its forms too. Its values and places stay for 30 days, in which it can be restored.

    Then a job drops them. Raises FieldInUse naming what would break without it.
    """
    require(by, "fields.configure")
    field = _locked(field)
    if used := places_using(field):
        raise errors.FieldInUse(label=field.words, where="; ".join(used))
    field.deleted_at = clock.now()
    field.save(update_fields=["deleted_at"])
    record(field, "field_deleted", by=by, changes={"rows": [rows_using(field), None]})
    indexes.index_soon(field.target)
    return field


@transaction.atomic
def restore_field(*, field: CustomField, by: Actor, told_apart: bool = False) -> CustomField:
    """Bring a deleted field back, with its values; not beside one that is called the same by now."""
    require(by, "fields.configure")
    field = CustomField.objects.select_for_update().get(pk=field.pk)
    if field.deleted_at is None:
        raise errors.FieldNotDeleted()
    if not told_apart:
        _must_be_told_apart(field)
    field.deleted_at = None
    field.options = checked_options(field, as_given(field))
    field.save(update_fields=["deleted_at", "options"])
    record(field, "field_restored", by=by)
    indexes.index_soon(field.target)
    if field.kind == Kind.COMPUTED:
        compute_again(targets.find(field.target), [field])
    return field


@transaction.atomic
def drop_field(*, field: CustomField, by: Actor) -> int:
    """The end of a deleted field: its values leave every row. Returns how many rows. For the daily job."""
    require(by, "fields.configure")
    field = CustomField.objects.select_for_update().get(pk=field.pk)
    if field.deleted_at is None or field.deleted_at > clock.now() - KEPT_FOR:
        raise errors.FieldNotDeleted()
    table = connection.ops.quote_name(targets.find(field.target).model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET custom = custom - %s WHERE custom ? %s", [field.code, field.code])
        count = cursor.rowcount
    holding.drop_of(field)
    form_uses.take_off(field)
    record(field, "field_dropped", by=by, changes={"rows": [count, 0]})
    field.delete()
    return count


def compute_again(target: targets.Target, fields: Iterable[CustomField]) -> int:
    """Compute the given fields anew in all rows, 500 at a time. Returns how many rows changed."""
    everything, count = list(CustomField.objects.of(target.code)), 0
    wanted = {field.pk for field in fields}
    chosen = [field for field in everything if field.pk in wanted or field.kind != Kind.COMPUTED]
    changed: list[Any] = []
    for row in target.rows().order_by("pk").iterator(chunk_size=AT_ONCE):
        before = dict(row.custom)
        values.compute(target, chosen, row, row.custom)
        if row.custom != before:
            changed.append(row)
        if len(changed) >= AT_ONCE:
            count += _save_custom(target, changed)
    return count + _save_custom(target, changed)


def _save_custom(target: targets.Target, rows: list[Any]) -> int:
    if rows:
        target.rows().bulk_update(rows, ["custom"])
    count = len(rows)
    rows.clear()
    return count


def free_code(label: str, target: targets.Target) -> str:
    """A code out of an English label: "Main competitor" gives main_competitor.

    Where the product itself has a field of that name, or it is a word of expressions, a number stands behind.
    """
    code = slug(label)
    taken = RESERVED | {one.name for one in target.builtin}
    if code not in taken:
        return code
    taken |= set(CustomField.objects.filter(target=target.code).values_list("code", flat=True))
    stem = code[:36].rstrip("_")
    return next(free for number in itertools.count(2) if (free := f"{stem}_{number}") not in taken)


def _must_be_a_free_code(code: str, target: targets.Target) -> None:
    if not CODE.match(code):
        raise errors.CodeUnfit()
    if code in RESERVED:
        raise errors.CodeIsAWord(code=code)
    for one in target.builtin:
        if one.name == code:
            raise errors.CodeOfTheProduct(code=code, field_label=one.label)


def _locked(field: CustomField) -> CustomField:
    return CustomField.objects.of(field.target).select_for_update().get(pk=field.pk)


def _take_words(field: CustomField, words: dict[str, Any]) -> None:
    unknown = set(words) - set(WORDS)
    if unknown:
        raise TypeError(f"a field has no {', '.join(sorted(unknown))}")
    for name, value in words.items():
        setattr(field, name, value.strip() if isinstance(value, str) else value)
    if not field.label:
        raise errors.LabelMissing()


def _must_be_told_apart(field: CustomField) -> None:
    """No other field of the same kind of record that is in use is called the same, in either language."""
    others = CustomField.objects.of(field.target).exclude(pk=field.pk)
    list(others.select_for_update())  # whoever names one at the same moment waits
    for other in others.all():
        for name, label in field.in_each.items():
            if label.casefold() == other.in_each[name].casefold():
                raise errors.LabelTaken(
                    label=label, other=other.code, field=name if getattr(field, name) else "label"
                )


def _must_not_ask_for_what_comes_by_itself(field: CustomField) -> None:
    if not field.is_written:
        field.required = False


# ---- options by kind ----


def checked_options(field: CustomField, given: dict[str, Any]) -> dict[str, Any]:
    """The options of a kind as they are kept; what does not belong to the kind is left out."""
    kind = field.kind
    if kind in (Kind.CHOICE, Kind.MANY):
        return {"choices": _choices(given.get("choices") or [])}
    if kind in (Kind.NUMBER, Kind.MONEY):
        return {"places": _places(given, 0 if kind == Kind.NUMBER else 2)}
    if kind == Kind.REFERENCE:
        return {"pattern": _pattern(str(given.get("pattern") or "").strip())}
    if kind == Kind.COMPUTED:
        return _computed(field, given)
    return {}


def _places(given: dict[str, Any], usual: int) -> int:
    places = given.get("places")
    return usual if places is None else max(0, min(int(places), 6))


def _choices(rows: Iterable[Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for code, label, label_zh in rows:
        code = code.strip() or slug(label) or f"c{len(found) + 1}"
        if code in {one["code"] for one in found}:
            raise errors.ChoiceTwice(code=code)
        found.append({"code": code[:40], "label": label.strip()[:120], "label_zh": label_zh.strip()[:120]})
    if not found:
        raise errors.ChoicesMissing()
    return found


def slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:40]


def _keep_used_choices(field: CustomField, before: dict[str, Any]) -> None:
    """A choice that rows hold may be renamed, never taken away."""
    now = {one["code"] for one in field.options.get("choices", [])}
    rows = targets.find(field.target).rows()
    for one in before.get("choices", []):
        code = one["code"]
        if code in now:
            continue
        held = [code] if field.kind == Kind.MANY else code
        if count := rows.filter(custom__contains={field.code: held}).count():
            raise errors.ChoiceInUse(count=count, code=in_language(one["label"], one.get("label_zh", "")))


def _pattern(pattern: str) -> str:
    rest = values.COUNTER.sub("", pattern)
    known = rest.replace("{yyyy}", "").replace("{yy}", "").replace("{mm}", "")
    if len(values.COUNTER.findall(pattern)) != 1 or "{" in known or "}" in known or len(pattern) > 40:
        raise errors.PatternUnfit()
    return pattern


def _computed(field: CustomField, given: dict[str, Any]) -> dict[str, Any]:
    text = str(given.get("expression") or "").strip()
    others = [one for one in CustomField.objects.of(field.target) if one.code != field.code]
    target = targets.find(field.target)
    tree = expressions.parse(text, values.operands(target, others))
    expressions.refuse_division_by_zero(tree)
    units.unit_of(tree, values.amounts(target, others))
    if tree.kind == "date" and given.get("result") == "money":
        raise errors.DayAsMoney()
    result = "date" if tree.kind == "date" else "money" if given.get("result") == "money" else "number"
    return {"expression": text, "result": result, "places": _places(given, 2)}


def as_given(field: CustomField) -> dict[str, Any]:
    """The kept options in the shape in which they are given."""
    options = dict(field.options)
    if "choices" in options:
        options["choices"] = [
            (one["code"], one["label"], one.get("label_zh", "")) for one in options["choices"]
        ]
    return options


def _in_words(pair: list[Any]) -> list[Any]:
    return [", ".join(_said(value)) if isinstance(value, dict) else value for value in pair]


def _said(options: dict[str, Any]) -> list[str]:
    return [
        "; ".join(one["label"] for one in value) if isinstance(value, list) else str(value)
        for value in options.values()
    ]
