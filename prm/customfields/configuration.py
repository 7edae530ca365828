"""The tenant's own fields and its forms in the configuration as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.configuration.errors import ConfigurationProblem
from prm.configuration.registry import at, at_the_end, each, exact, ordered, section
from prm.customfields import errors, form_services, layouts, services, targets
from prm.customfields.models import CustomField, FormLayout
from prm.customfields.plans import deleted_of, placements
from prm.values.actor import Actor

PUBLISHED, DRAFT = FormLayout.State.PUBLISHED, FormLayout.State.DRAFT
RULED = ("shown", "required", "readonly")
# A section, a place in it, a rule, an option: what it is, then the rest.
ORDER = (
    "title", "title_zh", "columns", "folded", "fields", "field", "op", "value", "code", "label", "label_zh",
    "expression", "result", "places", "pattern", "choices", "wide", *RULED, "default", "help", "help_zh",
)  # fmt: skip
# What a field is where its text says nothing.
_NOT_SAID = {"required": False, "staff_only": False, "in_list": False, "searchable": True}
LABEL, HELP = {"type": "string", "maxLength": 80}, {"type": "string", "maxLength": 300}
FIELD = {
    "type": "object",
    "additionalProperties": False,
    "required": ["code", "kind", "label"],
    "properties": {
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
        "kind": {"type": "string"},
        "label": {"minLength": 1, **LABEL},
        "label_zh": LABEL,
        "help": HELP,
        "help_zh": HELP,
        "required": {"type": "boolean"},
        "staff_only": {"type": "boolean"},
        "in_list": {"type": "boolean"},
        "searchable": {"type": "boolean"},
        "options": {
            "type": "object",
            "properties": {
                "choices": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["code", "label"],
                        "properties": {
                            "code": {"type": "string", "minLength": 1, "maxLength": 40},
                            "label": {"type": "string", "minLength": 1, "maxLength": 120},
                            "label_zh": {"type": "string", "maxLength": 120},
                        },
                    },
                },
                "places": {"type": "integer", "minimum": 0, "maximum": 6},
                "expression": {"type": "string"},
                "result": {"enum": ["number", "money", "date"]},
                "pattern": {"type": "string"},
            },
        },
    },
}
FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sections"],
    "properties": {
        "type": {"type": "string", "minLength": 1, "maxLength": 40},
        "role": {"type": "string", "minLength": 1, "maxLength": 20},
        "sections": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["fields"],
                "properties": {
                    "title": LABEL,
                    "title_zh": LABEL,
                    "columns": {"enum": [1, 2]},
                    "folded": {"type": "boolean"},
                    "fields": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["field"],
                            "properties": {
                                "field": {"type": "string"},
                                "wide": {"type": "boolean"},
                                **{name: {"type": ["boolean", "object"]} for name in RULED},
                                "default": {},
                                "help": HELP,
                                "help_zh": HELP,
                            },
                        },
                    },
                },
            },
        },
    },
}


@section(
    "records",
    order=55,
    comment=(
        "Own fields and forms, by kind of record. `fields`: all of them, in their order; one that is not named is\n"
        "deleted, which can be undone for 30 days. Code and kind never change. `forms`: the published ones, each for\n"
        "a type and a role, or for all; one that says something else is its next version, one that is not named goes.\n"
        "Without `fields` or `forms` these stay; drafts of forms are exported only when asked for, as form_drafts.\n"
        "An own field stands on a form as custom_<code>."
    ),
    schema={
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "fields": {"type": "array", "items": {"$ref": "#/$defs/own_field"}},
                "forms": {"type": "array", "items": {"$ref": "#/$defs/form"}},
            },
        },
        "$defs": {"own_field": FIELD, "form": FORM},
    },
)
class Records:
    def export(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for code, target in targets.all_targets().items():
            if not target.is_on:
                continue
            fields = [_field_entry(field) for field in CustomField.objects.of(code)]
            found[code] = {"fields": fields, "forms": _forms(target, PUBLISHED)}
        return found

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        for code, entry in wanted.items():
            target = targets.all_targets().get(code)
            if target is None or not target.is_on:
                raise ConfigurationProblem([f"records.{code}: " + _("there is no such kind of record here")])
            _Kind(target, by).apply(entry)


@section(
    "form_drafts",
    order=56,
    comment=(
        "Drafts of forms, by kind of record, each for a type and a role, or for all: nobody fills them in yet.\n"
        "A draft that is not named stays."
    ),
    schema={
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"$ref": "#/$defs/form"}},
        "$defs": {"form": FORM},
    },
    drafts=True,
)
class FormDrafts:
    def export(self) -> dict[str, Any]:
        kinds = {code: target for code, target in targets.all_targets().items() if target.is_on}
        found = {code: _forms(target, DRAFT) for code, target in kinds.items()}
        return {code: forms for code, forms in found.items() if forms}

    def unpublished(self) -> list[str]:
        return [
            " ".join(part for part in (f"records.{code}.forms", form.get("type"), form.get("role")) if part)
            for code, forms in self.export().items()
            for form in forms
        ]

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        now = self.export()
        for code, forms in wanted.items():
            target = targets.all_targets().get(code)
            if target is None or not target.is_on:
                raise ConfigurationProblem(
                    [f"form_drafts.{code}: " + _("there is no such kind of record here")]
                )
            kind = _Kind(target, by)
            whose = [(entry.get("type", ""), entry.get("role", "")) for entry in forms]
            for (place, entry), own in zip(each(f"form_drafts.{code}", forms), whose, strict=True):
                if wrong := kind.wrong(*own, whose):
                    raise ConfigurationProblem([f"{place}: {wrong}"])
                if exact(entry) not in now.get(code, []):
                    with at(place):
                        kind.draft(entry, *own)


def _forms(target: targets.Target, state: str) -> list[dict[str, Any]]:
    types = ["", *(variant for variant, _label in target.variants())]
    rows = FormLayout.objects.filter(target=target.code, state=state, variant__in=types)
    return [_form_entry(form, target) for form in rows.order_by("variant", "role")]


def _field_entry(field: CustomField) -> dict[str, Any]:
    held = {name: getattr(field, name) for name in services.WORDS}
    words = {name: value for name, value in held.items() if value != _NOT_SAID.get(name, "")}
    options = {
        name: [{key: text for key, text in one.items() if text} for one in value]
        if name == "choices"
        else value
        for name, value in field.options.items()
    }
    entry = {"code": field.code, "kind": str(field.kind), **words}
    return entry | ({"options": ordered(options, *ORDER)} if options else {})


def _form_entry(form: FormLayout, target: targets.Target) -> dict[str, Any]:
    whose = {"type": form.variant} if form.variant else {}
    whose |= {"role": form.role} if form.role else {}
    document = layouts.without(form.document, set(deleted_of(target)))  # elsewhere it does not exist at all
    sections = _told(layouts.tidy(document)["sections"], target, _code_of)
    usual = {"title": "", "title_zh": "", "columns": 1, "folded": False}
    kept = [{key: one for key, one in part.items() if one != usual.get(key)} for part in sections]
    return {**whose, "sections": ordered(kept, *ORDER)}


# ---- rows that a form names: by number in the database, by code in the text ----

Told = Callable[[Mapping[str, str], Any], Any]


def _code_of(codes: Mapping[str, str], value: Any) -> Any:
    return codes.get(str(value), value)


def _value_of(codes: Mapping[str, str], code: Any) -> Any:
    return next((value for value, one in codes.items() if one == code), code)


def _told(sections: list[dict[str, Any]], target: targets.Target, told: Told) -> list[dict[str, Any]]:
    """The sections with each value that names a row said otherwise, in rules and defaults."""
    codes = {one.name: known for one in target.builtin if (known := one.codes())}
    return [{**part, "fields": [_place(place, codes, told) for place in part["fields"]]} for part in sections]


def _place(place: dict[str, Any], codes: Mapping[str, Mapping[str, str]], told: Told) -> dict[str, Any]:
    said = {key: _rule(value, codes, told) if key in RULED else value for key, value in place.items()}
    if place["field"] in codes and said.get("default") not in (None, ""):
        said["default"] = told(codes[place["field"]], said["default"])
    return said


def _rule(rule: Any, codes: Mapping[str, Mapping[str, str]], told: Told) -> Any:
    if isinstance(rule, list):
        return [_rule(one, codes, told) for one in rule]
    if not isinstance(rule, dict):
        return rule
    if rule.get("field") in codes and "value" in rule:
        known, value = codes[rule["field"]], rule["value"]
        said = [told(known, one) for one in value] if isinstance(value, list) else told(known, value)
        return {**rule, "value": said}
    return {key: _rule(inner, codes, told) for key, inner in rule.items()}


class _Kind:
    """One kind of record made as the text says: fields first, then forms, then what is to go."""

    def __init__(self, target: targets.Target, by: Actor):
        self.target, self.by = target, by
        self.place = f"records.{target.code}"

    def apply(self, entry: dict[str, Any]) -> None:
        gone: list[CustomField] = []
        if "fields" in entry:
            gone = self.fields(entry["fields"])
        if "forms" in entry:
            self.forms(entry["forms"], {field.name for field in gone})
        if "fields" in entry:
            # Views, automations and flows that ask for a field may go by a later section of the same text.
            at_the_end(lambda: self.let_go(gone, [one["code"] for one in entry["fields"]]))

    def let_go(self, gone: list[CustomField], codes: list[str]) -> None:
        """Delete what the text does not name, what is computed before what it reckons with; then put in order."""
        for field in sorted(gone, key=lambda one: one.kind != CustomField.Kind.COMPUTED):
            with at(f"{self.place}.fields[{field.code}]"):
                services.delete_field(field=field, by=self.by)
        self.in_order(codes)

    def fields(self, wanted: list[dict[str, Any]]) -> list[CustomField]:
        """Create, restore and change; computed ones last, for they reckon with others. Returns what is to go."""
        known = {field.code: field for field in CustomField.objects.of(self.target.code)}
        places = [(place, exact(entry)) for place, entry in each(f"{self.place}.fields", wanted)]
        codes = [entry["code"] for _place, entry in places]
        for place, entry in places:
            if codes.count(entry["code"]) > 1:
                raise ConfigurationProblem(
                    [f"{place}: " + _("the code “%(code)s” stands there twice") % entry]
                )
            if entry["kind"] not in CustomField.Kind.values:
                raise ConfigurationProblem([f"{place}.kind: " + _("there is no kind “%(kind)s”") % entry])
        self.must_be_told_apart(places)
        for place, entry in sorted(places, key=lambda pair: pair[1]["kind"] == CustomField.Kind.COMPUTED):
            with at(place):
                self.field(place, entry, known.get(entry["code"]))
        return [field for code, field in known.items() if code not in codes]

    @staticmethod
    def must_be_told_apart(places: list[tuple[str, dict[str, Any]]]) -> None:
        """Of all fields that the text names no two are called the same; what it does not name goes."""
        for name in ("label", "label_zh"):
            seen: dict[str, str] = {}
            for place, entry in places:
                label = str(entry.get(name) or entry["label"]).strip()
                other = seen.setdefault(label.casefold(), entry["code"])
                if other != entry["code"]:
                    raise ConfigurationProblem(
                        [f"{place}.{name}: {errors.LabelTaken(label=label, other=other).text}"]
                    )

    def field(self, place: str, entry: dict[str, Any], known: CustomField | None) -> None:
        words = {name: entry.get(name, _NOT_SAID.get(name, "")) for name in services.WORDS}
        options = dict(entry.get("options", {}))
        given = {**options}
        if "choices" in given:
            given["choices"] = [
                (one["code"], one["label"], one.get("label_zh", "")) for one in given["choices"]
            ]
        if known is None:
            known = self.restored(entry)
        if known is None:
            field = services.create_field(
                target=self.target.code,
                code=entry["code"],
                kind=entry["kind"],
                options=given,
                by=self.by,
                told_apart=True,
                **words,
            )
        elif known.kind != entry["kind"]:
            said = {"old": known.kind, "new": entry["kind"]}
            raise ConfigurationProblem(
                [
                    f"{place}.kind: "
                    + _("a field keeps its kind, it cannot become %(new)s from %(old)s") % said
                ]
            )
        else:
            field = services.change_field(field=known, options=given, by=self.by, told_apart=True, **words)
        for name in options:
            if name not in field.options:
                raise ConfigurationProblem(
                    [f"{place}.options: " + _("unknown key: %(keys)s") % {"keys": name}]
                )

    def restored(self, entry: dict[str, Any]) -> CustomField | None:
        """The field of this code and kind that was deleted lately, with its values."""
        rows = CustomField.objects.deleted_of(self.target.code)
        field = rows.filter(code=entry["code"], kind=entry["kind"]).first()
        return services.restore_field(field=field, by=self.by, told_apart=True) if field is not None else None

    def in_order(self, codes: list[str]) -> None:
        for to, code in enumerate(codes):
            rows = list(CustomField.objects.of(self.target.code))
            if rows[to].code != code:
                services.move_field(field=next(one for one in rows if one.code == code), to=to, by=self.by)

    def forms(self, wanted: list[dict[str, Any]], gone: set[str]) -> None:
        problems: list[str] = []
        whose = [(entry.get("type", ""), entry.get("role", "")) for entry in wanted]
        for (place, entry), (variant, role) in zip(each(f"{self.place}.forms", wanted), whose, strict=True):
            sections = _told(exact(entry["sections"]), self.target, _value_of)
            document = {"schema": 1, "sections": sections}
            if wrong := self.wrong(variant, role, whose) or self.missing(document, gone):
                problems.append(f"{place}: {wrong}")
            elif faults := form_services.faults_of(self.target.code, document, role):
                problems += [f"{place}: {fault.text}" for fault in faults]
            else:
                form_services.install_layout(
                    target=self.target.code, document=document, variant=variant, role=role, by=self.by
                )
        if problems:
            raise ConfigurationProblem(problems)
        for form in FormLayout.objects.filter(target=self.target.code, state=PUBLISHED):
            if (form.variant, form.role) not in whose:
                form_services.withdraw_layout(
                    target=self.target.code, variant=form.variant, role=form.role, by=self.by
                )

    def draft(self, entry: dict[str, Any], variant: str, role: str) -> None:
        document = {"schema": 1, "sections": _told(exact(entry["sections"]), self.target, _value_of)}
        form_services.save_layout(
            target=self.target.code, document=document, variant=variant, role=role, by=self.by
        )

    def wrong(self, variant: str, role: str, whose: list[tuple[str, str]]) -> str:
        if whose.count((variant, role)) > 1:
            return _("there is another form for the same type and role")
        if variant and variant not in {code for code, _label in self.target.variants()}:
            return _("there is no type “%(type)s”") % {"type": variant}
        if role and role not in form_services.roles_of(self.target):
            return _("there is no role “%(role)s” that has this form") % {"role": role}
        return ""

    def missing(self, document: dict[str, Any], gone: set[str]) -> str:
        for place in placements(document):
            if place["field"] in gone:
                return _("“%(field)s” does not exist or was deleted.") % {"field": place["field"]}
        return ""
