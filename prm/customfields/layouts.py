"""The document of a form: sections with fields in one or two columns, as text that can be exported, and its faults.

{"schema": 1, "sections": [
    {"title": "Customer", "title_zh": "客户", "columns": 2, "folded": false, "fields": [
        {"field": "customer_name", "wide": true},
        {"field": "custom_competitor", "shown": {"field": "estimated_value", "op": "more_than", "value": "500000"},
         "required": true, "readonly": false, "default": null, "help": "", "help_zh": ""}]}]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from prm.customfields import kinds, rules
from prm.customfields.errors import ValueRefused
from prm.customfields.models import CustomField, in_language
from prm.customfields.plans import Element, deleted_of, placements
from prm.customfields.targets import Target
from prm.values.actor import Actor
from prm.values.errors import DomainError

MOST_SECTIONS, MOST_FIELDS, LONGEST_HELP, LONGEST_TITLE = 20, 100, 300, 80
PLACE = {"field", "wide", "required", "readonly", "shown", "default", "help", "help_zh"}
SECTION = {"title", "title_zh", "columns", "folded", "fields"}


@dataclass(frozen=True)
class Problem:
    """What is wrong with a form, and at which field; a warning may be published."""

    field: str
    text: str
    warning: bool = False


def problems_of(
    document: Any,
    target: Target,
    elements: Mapping[str, Element],
    *,
    audience: str = "",
    deleted: Mapping[str, CustomField] | None = None,
) -> list[Problem]:
    """Why a form is unsound, each fault naming its field; warnings last. `elements` are all that exist.

    `deleted`: the fields that can come back, where somebody has read them already.
    `audience` is whose form it is: "staff", "partner" or "" for both.
    """
    found = _shape(document)
    if shape_of(document):
        return found
    gone = deleted_of(target) if deleted is None else deleted
    skipped = [gone[place["field"]].words for place in placements(document) if place["field"] in gone]
    document = without(document, set(gone))
    places = placements(document)
    known = {place["field"]: elements[place["field"]] for place in places if place["field"] in elements}
    for place in places:
        found += _place(place, elements, known, audience, target.code)
    found += _twice(places) + _missing(places, elements, audience) + _circles(places)
    text = _("“%(field)s” was deleted. The form skips it; restored, it stands at its place again.")
    found += [Problem("", text % {"field": label}, warning=True) for label in skipped]
    return found + _warnings(document, target, elements)


def without(document: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The form without some elements, and without the sections that this empties."""
    sections = []
    for section in document["sections"]:
        fields = [place for place in section["fields"] if place["field"] not in names]
        if fields or not section["fields"]:
            sections.append({**section, "fields": fields})
    return {**document, "sections": sections}


def shape_of(document: Any) -> list[Problem]:
    """Why it cannot be read at all; a draft's empty section can."""
    return _shape(document, empty=True)


def _shape(document: Any, *, empty: bool = False) -> list[Problem]:
    """Whether it can be read at all, and each section that is empty where none may be."""
    if not isinstance(document, Mapping) or document.get("schema") != 1:
        return [Problem("", _("This is no form of schema 1."))]
    sections = document.get("sections")
    if not isinstance(sections, list) or not 0 < len(sections) <= MOST_SECTIONS:
        return [Problem("", _("A form has 1 to %(most)s sections.") % {"most": MOST_SECTIONS})]
    found = []
    for number, section in enumerate(sections, start=1):
        found += _section(section, number, empty)
    if not found and len(placements(document)) > MOST_FIELDS:
        found.append(Problem("", _("A form has at most %(most)s fields.") % {"most": MOST_FIELDS}))
    return found


def _section(section: Any, number: int, empty: bool) -> list[Problem]:
    name = _("Section %(number)s") % {"number": number}
    if (
        not isinstance(section, Mapping)
        or not set(section) <= SECTION
        or not isinstance(section.get("fields"), list)
    ):
        return [Problem("", _("%(section)s cannot be read.") % {"section": name})]
    titles = (section.get("title", ""), section.get("title_zh", ""))
    if any(not isinstance(title, str) or len(title) > LONGEST_TITLE for title in titles):
        return [Problem("", _("%(section)s has a title that is too long.") % {"section": name})]
    if section.get("columns", 1) not in (1, 2) or not isinstance(section.get("folded", False), bool):
        return [Problem("", _("%(section)s has one or two columns.") % {"section": name})]
    for place in section["fields"]:
        if (
            not isinstance(place, Mapping)
            or not isinstance(place.get("field"), str)
            or not set(place) <= PLACE
        ):
            return [Problem("", _("%(section)s holds something that is no field.") % {"section": name})]
    if not section["fields"] and not empty:
        if title := in_language(*titles).strip():
            name = _("Section “%(title)s”") % {"title": title}
        return [
            Problem("", _("%(section)s is empty. Put a field there or take it away.") % {"section": name})
        ]
    return []


def _place(
    place: Mapping[str, Any], elements: Mapping[str, Element], known: Mapping[str, Element], audience: str,
    target: str,
) -> list[Problem]:  # fmt: skip
    name = place["field"]
    element = elements.get(name)
    if element is None:
        return [Problem(name, _("“%(field)s” does not exist or was deleted.") % {"field": name})]
    said = {"field": str(element.label)}
    texts = []
    if audience == "partner" and element.only == "staff":
        texts.append(_("“%(field)s” is for staff only and cannot stand on a partner's form.") % said)
    if element.custom and not element.custom.is_written:
        texts.append(_("“%(field)s” comes by itself, nobody fills it in.") % said)
    texts += _locks(place, element, said)
    others = {other: one for other, one in known.items() if other != name}
    for what in ("shown", "required", "readonly"):
        if name in rules.fields_in(place.get(what)):
            texts.append(_("The condition of “%(field)s” asks for the field itself.") % said)
        elif why := rules.problem_with(place.get(what), others, target):
            texts.append(_("“%(field)s”: %(why)s") % {**said, "why": why})
    texts += _details(place, element, said)
    return [Problem(name, text) for text in texts]


def _locks(place: Mapping[str, Any], element: Element, said: dict[str, str]) -> list[str]:
    """Rules of the product that no form switches off."""
    if not element.locked:
        return []
    said = {**said, "why": str(element.locked)}
    found = []
    if place.get("shown", True) is not True:
        found.append(_("“%(field)s” cannot be hidden. %(why)s") % said)
    if place.get("required", True) is not True:
        found.append(_("“%(field)s” cannot be made optional. %(why)s") % said)
    if place.get("readonly", False) is not False:
        found.append(_("“%(field)s” cannot be read-only. %(why)s") % said)
    return found


def _details(place: Mapping[str, Any], element: Element, said: dict[str, str]) -> list[str]:
    found = []
    if any(
        not isinstance(place.get(one, ""), str) or len(place.get(one, "")) > LONGEST_HELP
        for one in ("help", "help_zh")
    ):
        found.append(
            _("“%(field)s”: the help text is longer than %(most)s characters.")
            % {**said, "most": LONGEST_HELP}
        )
    default = place.get("default")
    if default not in (None, "") and (why := _default(default, element)):
        found.append(_("“%(field)s”: the default does not fit. %(why)s") % {**said, "why": why})
    if place.get("shown", True) is False:
        found.append(_("“%(field)s” is never shown. Take it off the form.") % said)
    if place.get("readonly") is True and place.get("required") is True and default in (None, ""):
        found.append(
            _("“%(field)s” is required, but read-only and without a default: nobody could fill it in.") % said
        )
    return found


def _default(default: Any, element: Element) -> str:
    """Why a default cannot be; "" when it can."""
    if element.kind == "file":
        return _("This field takes none.")
    if element.custom is None:
        if element.kind in ("other", "many", "person", "partner"):
            return _("This field takes none.")
        kind = rules.kind_of_rule(element.kind)
        codes = [str(code) for code, _label in element.choices]
        unfit = rules.value_of(default, kind) is None or (kind == "choice" and str(default) not in codes)
        return _("It cannot be read.") if unfit else ""
    try:
        kinds.read(element.custom, default, by=Actor.job("forms"))
    except ValueRefused as refused:
        return refused.text
    except DomainError as refused:
        return refused.text
    return ""


def _twice(places: list[dict[str, Any]]) -> list[Problem]:
    names = [place["field"] for place in places]
    return [
        Problem(name, _("“%(field)s” stands on the form twice.") % {"field": name})
        for name in sorted({name for name in names if names.count(name) > 1})
    ]


def _missing(places: list[dict[str, Any]], elements: Mapping[str, Element], audience: str) -> list[Problem]:
    placed = {place["field"] for place in places}
    found = []
    for name, element in elements.items():
        if name in placed or (audience and element.only not in ("", audience)):
            continue
        said = {"field": str(element.label), "why": str(element.locked)}
        if element.locked:
            found.append(Problem(name, _("“%(field)s” is not on the form. %(why)s") % said))
        elif element.custom and element.custom.required:
            found.append(
                Problem(name, _("“%(field)s” is required everywhere, but is not on the form.") % said)
            )
    return found


def _circles(places: list[dict[str, Any]]) -> list[Problem]:
    """Fields that are shown only when each other is."""
    asks = {place["field"]: rules.fields_in(place.get("shown")) for place in places}
    found = []
    for name, own in asks.items():
        seen: set[str] = set()
        wave = set(own)
        while wave - seen:
            seen |= wave
            wave = set().union(*(asks.get(one, set()) for one in wave))
        if name in seen and name not in own:
            found.append(
                Problem(
                    name,
                    _("Whether “%(field)s” is shown depends on itself, by way of others.") % {"field": name},
                )
            )
    return found


def _warnings(document: dict[str, Any], target: Target, elements: Mapping[str, Element]) -> list[Problem]:
    found = []
    count = mandatory(document, elements)
    if target.most_mandatory is not None and count > target.most_mandatory:
        text = _("%(count)s fields are mandatory. More than %(most)s, and people give up or write nonsense.")
        found.append(Problem("", text % {"count": count, "most": target.most_mandatory}, warning=True))
    for section in document["sections"]:
        for place in section["fields"]:
            if section.get("folded") and is_mandatory(place, elements):
                label = str(elements[place["field"]].label)
                text = _("“%(field)s” is mandatory, but folded away.") % {"field": label}
                found.append(Problem(place["field"], text, warning=True))
    return found


def is_mandatory(place: Mapping[str, Any], elements: Mapping[str, Element]) -> bool:
    element = elements.get(place["field"])
    if element is None or (element.custom and not element.custom.is_written):
        return False
    own = element.custom is not None and element.custom.required
    return bool((element.locked and not element.given) or own or place.get("required"))


def mandatory(document: Mapping[str, Any], elements: Mapping[str, Element]) -> int:
    """How many fields must be filled in, those under a condition too, without what only staff are asked."""
    places = [place for place in placements(document) if elements.get(place["field"]) is not None]
    return sum(is_mandatory(place, elements) for place in places if elements[place["field"]].only != "staff")


def tidy(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same form without what says nothing, in one order, so that two equal forms are equal texts."""
    empty: dict[str, Any] = {
        "wide": False, "required": False, "readonly": False, "shown": True, "default": None, "help": "", "help_zh": "",
    }  # fmt: skip
    sections = []
    for section in document["sections"]:
        places = []
        for place in section["fields"]:
            kept = {
                name: place[name]
                for name in empty
                if name in place and place[name] not in (empty[name], "", {})
            }
            places.append({"field": place["field"], **kept})
        sections.append(
            {
                "title": section.get("title", ""),
                "title_zh": section.get("title_zh", ""),
                "columns": section.get("columns", 1),
                "folded": section.get("folded", False),
                "fields": places,
            }
        )
    return {"schema": 1, "sections": sections}
