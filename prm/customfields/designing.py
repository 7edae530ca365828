"""What the form designer shows: palette, canvas drawn by the real renderer, properties of what is chosen."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.customfields import layouts, rules, targets
from prm.customfields.form_services import audience_of_role
from prm.customfields.models import CustomField, FormLayout, in_language
from prm.customfields.plans import BUILT_IN, RULED, Element, deleted_of, elements_of, placements, whose_form
from prm.customfields.reads import ICONS
from prm.customfields.rule_builder import RuleBuilder
from prm.values.actor import Actor


@dataclass
class Cell:
    """An element on the canvas."""

    name: str
    element: Element
    place: dict[str, Any]
    bound: Any
    wide: bool
    selected: bool
    problems: list[str]
    when: str = ""
    mandatory: bool = False
    gone: bool = False


@dataclass
class Part:
    """A section on the canvas."""

    number: int
    title: str
    section: dict[str, Any]
    selected: bool
    cells: list[Cell] = field(default_factory=list)


@dataclass
class RuleBox:
    """One rule of an element in the panel: `mode` is "", "always" or "when"."""

    what: str
    label: str
    mode: str
    modes: list[tuple[str, Any]]
    builder: RuleBuilder | None = None
    fixed: str = ""


class Studio:
    """The designer's page for one form: target, registration type, role, document, what is chosen."""

    def __init__(self, target: targets.Target, *, variant: str, role: str, actor: Actor):
        self.target, self.variant, self.role, self.actor = target, variant, role, actor
        self.audience = audience_of_role(role)
        self.elements, self.deleted = elements_of(target, ""), deleted_of(target)
        rows = FormLayout.objects.filter(target=target.code, variant=variant, role=role)
        self.published = rows.filter(state=FormLayout.State.PUBLISHED).first()
        self.draft = rows.filter(state=FormLayout.State.DRAFT).first()
        layout = self.draft or self.published
        self.document: dict[str, Any] = copy.deepcopy(layout.document) if layout else self.built_in()
        self.selected, self.mode = "", "design"
        self._judged: tuple[Any, list[layouts.Problem]] = (None, [])

    def built_in(self) -> dict[str, Any]:
        """The order in which the product itself asks, as a document."""
        form = self._form(BUILT_IN)
        sections = []
        for block in form.blocks_of_the_product:
            places = []
            for row in block.rows:
                places += [{"field": bound.name} | ({"wide": True} if len(row) == 1 else {}) for bound in row]
            places = [place for place in places if place["field"] in self.elements]
            if places:
                sections.append(
                    {"title": "", "title_zh": "", "columns": 2, "folded": block.folded, "fields": places}
                )
        placed = {place["field"] for section in sections for place in section["fields"]}
        for name, element in self.elements.items():
            if (
                element.locked
                and name not in placed
                and (not self.audience or element.only in ("", self.audience))
            ):
                sections[0]["fields"].insert(0, {"field": name, "wide": True})
        return {"schema": 1, "sections": sections}

    # ---- whose form, of which type ----

    @property
    def roles(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = [("", _("Everybody"))]
        if len(self.target.audiences) > 1:
            found += [("partner", _("All partners")), ("staff", _("All staff"))]
        named = [
            role for role in (*PARTNER_ROLES, *STAFF_ROLES) if audience_of_role(role) in self.target.audiences
        ]
        return found + [(str(role), Role(role).label) for role in named]

    @property
    def variants(self) -> list[tuple[str, Any]]:
        found = self.target.variants()
        return [("", _("All types")), *found] if found else []

    @property
    def query(self) -> str:
        """What an address of this form says of whose it is, with its “?”."""
        asked = {name: value for name in ("variant", "role") if (value := getattr(self, name))}
        return f"?{urlencode(asked)}" if asked else ""

    @property
    def whose(self) -> str:
        """Whose form it is, in words."""
        return whose_form(FormLayout(target=self.target.code, variant=self.variant, role=self.role))

    @property
    def preview_as(self) -> Actor:
        """A reader of the form, who sees no records."""
        audience = self.audience or ("partner" if "partner" in self.target.audiences else "staff")
        role = (
            self.role
            if self.role in Role.values
            else Role.PARTNER_SALES
            if audience == "partner"
            else Role.ADMINISTRATOR
        )
        return Actor(kind="user", role=str(role), partner_ids=frozenset(), label=self.actor.label)

    def _form(self, document: dict[str, Any]) -> Any:
        return self.target.form(self.preview_as, variant=self.variant, layout=document)  # type: ignore[misc]

    # ---- the canvas ----

    @property
    def problems(self) -> list[layouts.Problem]:
        """Read several times a page, and each time of the same document: it is replaced, never changed in place."""
        if self._judged[0] is not self.document:
            found = layouts.problems_of(
                self.document, self.target, self.elements, audience=self.audience, deleted=self.deleted
            )
            self._judged = (self.document, found)
        return self._judged[1]

    @property
    def without_faults(self) -> dict[str, Any]:
        """The form as far as it is sound, so that it can be drawn while somebody is at work on it."""
        faulty = {problem.field for problem in self.problems if not problem.warning}
        document = copy.deepcopy(self.document)
        seen: set[str] = set()
        for section in document["sections"]:
            kept = []
            for place in section["fields"]:
                if place["field"] in seen or place["field"] not in self.elements:
                    continue
                seen.add(place["field"])
                if place["field"] in faulty:
                    place = {name: value for name, value in place.items() if name in ("field", "wide")}
                kept.append(place)
            section["fields"] = kept
        return document

    @property
    def preview(self) -> Any:
        """The form as people will meet it."""
        return self._form(self.without_faults)

    @property
    def parts(self) -> list[Part]:
        form, faults = self.preview, {}
        for problem in self.faults:
            faults.setdefault(problem.field, []).append(problem.text)
        found = []
        for number, section in enumerate(self.document["sections"]):
            title = in_language(section.get("title", ""), section.get("title_zh", ""))
            part = Part(number, title, section, self.selected == f"section:{number}")
            for place in section["fields"]:
                part.cells.append(self._cell(place, section, form, faults))
            found.append(part)
        return found

    def _cell(
        self, place: dict[str, Any], section: dict[str, Any], form: Any, faults: dict[str, list[str]]
    ) -> Cell:
        name = place["field"]
        gone = name in self.deleted
        label = self.deleted[name].words if gone else name
        element = self.elements.get(name) or Element(name, label, "text")
        shown = place.get("shown", True)
        return Cell(
            name, element, place, form[name] if name in form.fields else None,
            wide=section.get("columns", 1) == 1 or bool(place.get("wide")), selected=self.selected == name,
            problems=faults.get(name, []), when=rules.sentence(shown, self.elements, self.target.code),
            mandatory=layouts.is_mandatory(place, self.elements), gone=gone,
        )  # fmt: skip

    @property
    def count(self) -> dict[str, Any]:
        """How many are mandatory, and whether those are too many."""
        number, most = layouts.mandatory(self.document, self.elements), self.target.most_mandatory
        return {"number": number, "most": most, "over": most is not None and number > most}

    @property
    def faults(self) -> list[layouts.Problem]:
        return [problem for problem in self.problems if not problem.warning]

    @property
    def warnings(self) -> list[layouts.Problem]:
        return [problem for problem in self.problems if problem.warning]

    @property
    def unplaced(self) -> list[dict[str, Any]]:
        """What is there and stands on no place of this form."""
        placed = {place["field"] for place in placements(self.document)}
        return [
            {"name": name, "label": element.label, "icon": ICONS.get(element.kind, "forms")}
            for name, element in self.elements.items()
            if name not in placed
            and (element.custom is None or element.custom.is_written)
            and (not self.audience or element.only in ("", self.audience))
        ]

    # ---- the panel ----

    @property
    def chosen(self) -> Cell | None:
        return next((cell for part in self.parts for cell in part.cells if cell.selected), None)

    @property
    def chosen_part(self) -> Part | None:
        return next((part for part in self.parts if part.selected), None)

    @property
    def kind_of_chosen(self) -> str:
        element = self.elements.get(self.selected)
        if element is None or element.custom is None:
            return _("Field of the product")
        return f"{CustomField.Kind(element.kind).label} · {element.custom.code}"

    @property
    def boxes(self) -> list[RuleBox]:
        cell = self.chosen
        return [self._box(cell, what) for what in RULED] if cell else []

    def _box(self, cell: Cell, what: str) -> RuleBox:
        labels = {"shown": _("Show"), "required": _("Mandatory"), "readonly": _("Read-only")}
        never = {"shown": [], "required": [("", _("no"))], "readonly": [("", _("no"))]}[what]
        value = cell.place.get(what, what == "shown")
        mode = "when" if isinstance(value, dict) else "always" if value else ""
        box = RuleBox(what, labels[what], mode, [*never, ("always", _("always")), ("when", _("when …"))])
        custom = cell.element.custom
        if cell.element.locked:
            box.mode, box.fixed = ("" if what == "readonly" else "always"), str(cell.element.locked)
        elif what == "required" and custom and custom.required:
            box.mode, box.fixed = "always", _("The field itself is required, on every path.")
        elif mode == "when":
            box.builder = RuleBuilder(self, cell.name, what, value, self.actor)
        return box

    def comparable(self, name: str) -> list[Element]:
        """What a rule of the element may ask: the other fields of the form that have values to compare."""
        placed = [place["field"] for place in placements(self.document)]
        others = [self.elements[one] for one in placed if one in self.elements and one != name]
        return [element for element in others if rules.kind_of_rule(element.kind)]

    @property
    def first_comparison(self) -> str:
        """JSON of the comparison with which a new rule begins."""
        known = self.comparable(self.selected)
        if not known:
            return ""
        start = next((one for one in known if one.kind in ("money", "number")), known[0])
        return json.dumps({"field": start.name, "op": "not_empty"})

    @property
    def default_control(self) -> dict[str, Any] | None:
        """How the default is typed: text, day, or one of the choices; None where there can be none."""
        cell = self.chosen
        if cell is None or cell.element.kind in ("other", "person", "partner", "many", "file"):
            return None
        kind = rules.kind_of_rule(cell.element.kind)
        choices = [(str(code), label) for code, label in cell.element.choices]
        if kind == "yes_no":
            choices = [("yes", _("Yes")), ("no", _("No"))]
        value = cell.place.get("default")
        return {
            "kind": "date" if kind == "date" else "text",
            "choices": choices,
            "value": "" if value is None else value,
        }

    @property
    def kinds(self) -> list[dict[str, Any]]:
        return [
            {"kind": kind, "label": label, "icon": ICONS[kind]} for kind, label in CustomField.Kind.choices
        ]

    @property
    def document_json(self) -> str:
        return json.dumps(self.document, ensure_ascii=False)
