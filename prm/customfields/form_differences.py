"""What differs between two published forms, field by field, in the words of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.audit import words
from prm.customfields import layouts, targets
from prm.customfields.models import FormLayout, in_language
from prm.customfields.plans import Element, elements_of, placements
from prm.ui import said

PROPERTIES = ("shown", "required", "readonly", "default", "help", "help_zh", "wide")


def differences_of_forms(before: FormLayout | None, after: FormLayout) -> dict[str, list[Any]]:
    """As `record` wants it: one line for each field and section that came, went or is ruled otherwise."""
    old = layouts.tidy(before.document) if before is not None else {"sections": []}
    new = layouts.tidy(after.document)
    target = targets.find(after.target)

    def lines() -> list[str]:
        return _lines(old, new, elements_of(target, ""))  # whose labels are those of the reader's language

    return {"form": ["", said.InEach(lambda: "; ".join(lines()))]} if lines() else {}


def of_field_names(old: Any, new: Any) -> list[str] | None:
    """What came and went, of two lists of a form's fields by their codes: entries of before forms were compared."""
    if not all(value is None or isinstance(value, str) for value in (old, new)):
        return None
    was, now = ([code.strip() for code in (value or "").split(",") if code.strip()] for value in (old, new))
    memo = words.memo()
    if "elements" not in memo:
        memo["elements"] = [elements_of(target, "") for target in targets.all_targets().values()]
    # Which object the form was for is not said: the one that has most of these fields.
    elements = max(memo["elements"], key=lambda known: len(known.keys() & {*was, *now}), default={})

    def named(field: str) -> str:
        return f"“{elements[field].label if field in elements else field.removeprefix('custom_')}”"

    found = [_("%(what)s added") % {"what": named(field)} for field in now if field not in was]
    found += [_("%(what)s taken off") % {"what": named(field)} for field in was if field not in now]
    return found or [_("fields in another order")] if was != now else None


def _lines(old: Mapping[str, Any], new: Mapping[str, Any], elements: Mapping[str, Element]) -> list[str]:
    was, now = ({place["field"]: place for place in placements(one)} for one in (old, new))

    def named(field: str) -> str:
        return f"“{elements[field].label if field in elements else field}”"

    found = [_("%(what)s added") % {"what": named(field)} for field in now if field not in was]
    found += [_("%(what)s taken off") % {"what": named(field)} for field in was if field not in now]
    for field in [field for field in now if field in was]:
        for name in PROPERTIES:
            if was[field].get(name) != now[field].get(name):
                found.append(_ruled(named(field), name, was[field].get(name), now[field].get(name)))
    if [field for field in was if field in now] != [field for field in now if field in was]:
        found.append(_("fields in another order"))
    return found + _sections(old, new)


def _ruled(field: str, name: str, was: Any, now: Any) -> str:
    words = {
        "shown": _("shown"), "required": _("required"), "readonly": _("read-only"), "default": _("default value"),
        "help": _("help text"), "help_zh": _("Chinese help text"), "wide": _("wide"),
    }  # fmt: skip
    usual = name == "shown"
    return _("%(field)s: %(rule)s: %(old)s → %(new)s") % {
        "field": field, "rule": words[name], "old": _value(was, usual), "new": _value(now, usual),
    }  # fmt: skip


def _value(value: Any, usual: bool) -> str:
    if value is None:
        return _("always") if usual else _("no")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _("by a condition") if isinstance(value, Mapping) else f"“{value}”"


def _sections(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    was, now = (
        [in_language(section["title"], section["title_zh"]) for section in one["sections"]]
        for one in (old, new)
    )
    found = [_("section “%(title)s” added") % {"title": title} for title in now if title and title not in was]
    return found + [
        _("section “%(title)s” taken out") % {"title": title} for title in was if title and title not in now
    ]
