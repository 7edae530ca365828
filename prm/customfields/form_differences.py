"""What differs between two published forms, field by field, in the words of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.audit import words
from prm.conditions.registry import Lookup
from prm.customfields import layouts, rules, targets
from prm.customfields.models import FormLayout, in_language
from prm.customfields.plans import deleted_of, elements_of, placements
from prm.ui import said

PROPERTIES = ("shown", "required", "readonly", "default", "help", "help_zh", "wide")


def differences_of_forms(before: FormLayout | None, after: FormLayout) -> dict[str, list[Any]]:
    """As `record` wants it: one line for each field and section that came, went or is ruled otherwise."""
    old = layouts.tidy(before.document) if before is not None else {"sections": []}
    new = layouts.tidy(after.document)
    target = targets.find(after.target)

    def lines() -> list[str]:
        return _Comparison(old, new, target).lines()  # whose labels are those of the reader's language

    return {"form": ["", said.InEach(lambda: "; ".join(lines()))]} if lines() else {}


def between(old: FormLayout, new: FormLayout, known: Known | None = None) -> list[str]:
    """From one version to another, with each condition as a sentence. `known`: of their target, for many versions."""
    before, after = layouts.tidy(old.document), layouts.tidy(new.document)
    return _Comparison(before, after, targets.find(new.target), sentences=True, known=known).lines()


class Known:
    """What a target's forms can ask, read once for all that is compared."""

    def __init__(self, target: targets.Target):
        self.elements, self.lookup = elements_of(target, ""), Lookup()
        self.labels = {name: one.words for name, one in deleted_of(target).items()}
        self.labels |= {name: str(one.label) for name, one in self.elements.items()}


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


class _Comparison:
    """Two tidy documents of a form of `target`; `sentences`: whether conditions are read aloud."""

    def __init__(
        self,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        target: targets.Target,
        *,
        sentences: bool = False,
        known: Known | None = None,
    ):
        self.old, self.new, self.target, self.sentences = old, new, target, sentences
        self.known = known or Known(target)

    def lines(self) -> list[str]:
        was, now = ({place["field"]: place for place in placements(one)} for one in (self.old, self.new))
        found = [_("%(what)s added") % {"what": self._named(field)} for field in now if field not in was]
        found += [_("%(what)s taken off") % {"what": self._named(field)} for field in was if field not in now]
        for field in [field for field in now if field in was]:
            for name in PROPERTIES:
                if was[field].get(name) != now[field].get(name):
                    found.append(self._ruled(field, name, was[field].get(name), now[field].get(name)))
        if [field for field in was if field in now] != [field for field in now if field in was]:
            found.append(_("fields in another order"))
        return found + _sections(self.old, self.new)

    def _named(self, field: str) -> str:
        return f"“{self.known.labels.get(field, field)}”"

    def _ruled(self, field: str, name: str, was: Any, now: Any) -> str:
        words = {
            "shown": _("shown"), "required": _("required"), "readonly": _("read-only"), "default": _("default value"),
            "help": _("help text"), "help_zh": _("Chinese help text"), "wide": _("wide"),
        }  # fmt: skip
        usual = name == "shown"
        return _("%(field)s: %(rule)s: %(old)s → %(new)s") % {
            "field": self._named(field), "rule": words[name],
            "old": self._value(was, usual), "new": self._value(now, usual),
        }  # fmt: skip

    def _value(self, value: Any, usual: bool) -> str:
        if value is None:
            return _("always") if usual else _("no")
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if not isinstance(value, Mapping):
            return f"“{value}”"
        if not self.sentences:
            return _("by a condition")
        return _("when %(condition)s") % {
            "condition": rules.sentence(value, self.known.elements, self.target.code, self.known.lookup)
        }


def _sections(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Sections by their titles: those that came and went, and those that stand in other columns or are folded now."""
    was, now = (
        {in_language(section["title"], section["title_zh"]): section for section in one["sections"]}
        for one in (old, new)
    )
    found = [_("section “%(title)s” added") % {"title": title} for title in now if title and title not in was]
    found += [
        _("section “%(title)s” taken out") % {"title": title} for title in was if title and title not in now
    ]
    for title in [title for title in now if title in was]:
        for name, what in (("columns", _("columns")), ("folded", _("folded"))):
            before, after = was[title][name], now[title][name]
            if before != after:
                found.append(
                    _("section “%(title)s”: %(what)s: %(old)s → %(new)s")
                    % {"title": title or "—", "what": what, "old": _plain(before), "new": _plain(after)}
                )
    return found


def _plain(value: Any) -> str:
    return (_("yes") if value else _("no")) if isinstance(value, bool) else str(value)
