"""Working time and approval flows in the configuration as text."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from prm.approvals import drafts, dryrun, working
from prm.approvals.document import parse
from prm.approvals.faults import Fault
from prm.approvals.models import FlowVersion, SpecialDay
from prm.approvals.services.design import save_draft
from prm.approvals.services.hours import add_day, remove_day, set_hours, spans_in
from prm.approvals.services.installing import faults_of, install_flow, is_in_force
from prm.approvals.shapes import SCHEMA
from prm.approvals.subjects import Subject, all_subjects
from prm.conditions.reading import BadCondition
from prm.configuration.errors import ConfigurationProblem
from prm.configuration.registry import at, each, effect, exact, is_trial, note, ordered, section
from prm.ui import said
from prm.values.actor import Actor

# How a step is read: what it is, who, then the rest.
ORDER = (
    "id", "kind", "name", "name_zh", "when", "who", "to", "role", "users", "levels", "mode", "quorum", "deadline",
    "all", "any", "not", "field", "measure", "period", "op", "value", "text", "text_zh", "hours", "remind", "then",
    "outcome", "branches", "steps",
)  # fmt: skip
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@section(
    "working_time",
    order=20,
    comment=(
        "Working time, in which promises and deadlines are counted: the hours of each weekday, a day that is not\n"
        "named is off; and the days that are not as their weekday says, all of them."
    ),
    schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["hours"],
        "properties": {
            "hours": {
                "type": "object",
                "additionalProperties": False,
                "properties": {day: {"type": "string", "maxLength": 120} for day in WEEK},
            },
            "days": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["day"],
                    "properties": {
                        "day": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
                        "name": {"type": "string", "maxLength": 80},
                        "working": {"type": "boolean"},
                    },
                },
            },
        },
    },
)
class WorkingTime:
    def export(self) -> dict[str, Any]:
        week = working.calendar().week
        hours = {
            WEEK[day]: ", ".join(f"{first:%H:%M}-{last:%H:%M}" for first, last in week[day])
            for day in sorted(week)
            if week[day]
        }
        days = [_day_entry(row) for row in SpecialDay.objects.order_by("day")]
        return {"hours": hours} | ({"days": days} if days else {})

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        self._hours(wanted["hours"], by)
        self._days(wanted.get("days", []), by)

    def _hours(self, wanted: dict[str, str], by: Actor) -> None:
        now = self.export()["hours"]
        for name, text in wanted.items():
            with at(f"working_time.hours.{name}"):
                spans_in(text)
        if {name: spans_in(text) for name, text in wanted.items() if text.strip()} != {
            name: spans_in(text) for name, text in now.items()
        }:
            set_hours(week={day: wanted.get(name, "") for day, name in enumerate(WEEK)}, by=by)

    def _days(self, wanted: list[dict[str, Any]], by: Actor) -> None:
        known = {row.day.isoformat(): row for row in SpecialDay.objects.all()}
        entries = {day: _day_entry(row) for day, row in known.items()}
        for day, row in known.items():
            if entries[day] not in wanted:
                remove_day(pk=row.pk, by=by)
        for place, entry in each("working_time.days", wanted):
            if entries.get(entry["day"]) == entry:
                continue
            with at(place):
                made = add_day(
                    day=_date(place, entry["day"]), name=entry.get("name", ""),
                    is_working=entry.get("working", False), by=by,
                )  # fmt: skip
            entries[made.day.isoformat()] = {}


def _day_entry(row: SpecialDay) -> dict[str, Any]:
    entry: dict[str, Any] = {"day": row.day.isoformat()}
    if row.name:
        entry["name"] = row.name
    return entry | ({"working": True} if row.is_working else {})


def _date(place: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationProblem([f"{place}: " + _("“%(day)s” is no day.") % {"day": text}]) from None


@section(
    "flows",
    order=70,
    comment=(
        "Approval flows, by what they decide about; the steps are those of docs/explanation/approvals.md.\n"
        "A flow that says something else than the one in force is its next version; running cases stay on theirs.\n"
        "One that is not named stays. Drafts are exported only when asked for, as flow_drafts."
    ),
    schema={
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "steps"],
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 120},
                "name_zh": {"type": "string", "maxLength": 120},
                "steps": {"$ref": "#/$defs/flow_steps"},
            },
        },
        "$defs": {
            "flow_steps": {"type": "array", "maxItems": 200, "items": {"$ref": "#/$defs/flow_step"}},
            "flow_step": {
                "type": "object",
                "required": ["id", "kind"],
                "properties": {
                    "id": {"type": "string"},
                    "kind": {"type": "string"},
                    "branches": {"type": "array", "items": {"$ref": "#/$defs/flow_branch"}},
                },
            },
            "flow_branch": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "when": {"type": "object"},
                    "steps": {"$ref": "#/$defs/flow_steps"},
                },
            },
        },
    },
)
class Flows:
    def export(self) -> dict[str, Any]:
        rows = FlowVersion.objects.filter(state=FlowVersion.State.PUBLISHED).select_related("flow")
        found = {row.flow.subject: row.parsed.to_data() for row in rows}
        return {code: _text(found[code]) for code in _subjects() if code in found}

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        known, problems = _subjects(), []
        for code, text in wanted.items():
            if code not in known:
                problems.append(f"flows.{code}: " + _("nothing is called so here that is decided by a flow"))
                continue
            data = {"schema": SCHEMA, "subject": code, **exact(text)}
            if is_in_force(known[code], data):
                continue
            refused, waits = faults_of(known[code], data)
            problems += [f"flows.{code}{_place(data, fault)}: {fault.text}" for fault in refused]
            if refused:
                continue
            if is_trial():
                _rehearse(known[code], data)
            install_flow(
                data=data,
                note=said.in_one_line(lambda: _("Brought in with the configuration as text"), longest=200),
                by=by,
            )
            for fault in waits:
                note(
                    f"flows.{code}",
                    _("%(fault)s Until then the administrators decide.") % {"fault": fault.text},
                )
        if problems:
            raise ConfigurationProblem(problems)


def _place(data: dict[str, Any], fault: Fault) -> str:
    """Where in the flow's text a fault is: ".steps[1].branches[0].when.all[0].field"; "" for the whole flow."""
    if fault.code == "shape":
        return f".{fault.path}" if fault.path else ""
    found = _node_place(data.get("steps"), ".steps", fault.node)
    return f"{found}.when.{fault.path}".rstrip(".") if found and fault.code == "condition" else found


def _node_place(nodes: Any, path: str, own: str) -> str:
    for number, node in enumerate(nodes if isinstance(nodes, list) else []):
        if not isinstance(node, dict):
            continue
        here = f"{path}[{number}]"
        if own and node.get("id") == own:
            return here
        for part in ("branches", "steps"):
            if found := _node_place(node.get(part), f"{here}.{part}", own):
                return found
    return ""


def _rehearse(subject: Subject, data: dict[str, Any]) -> None:
    """Tell what the designer's dry run would say of the last cases."""
    published, place = drafts.standing(subject).published, f"flows.{subject.code}"
    wanted = parse(data)
    try:
        outcome = dryrun.rehearse(wanted, published.parsed if published else None, subject)
    except BadCondition as problem:  # the flow in force asks about something that the same text takes away
        effect(place, _("The last cases cannot be tried: %(problem)s") % {"problem": problem})
        return
    if outcome["cases"]:
        effect(place, dryrun.sentence(outcome))
    for warning in dryrun.warnings(outcome, dryrun.names_of(wanted)):
        effect(place, warning)


def _text(data: dict[str, Any]) -> dict[str, Any]:
    return ordered({key: value for key, value in data.items() if key not in ("schema", "subject")}, *ORDER)


def _subjects() -> dict[str, Subject]:
    """Those of modules that are on, by code."""
    return {subject.code: subject for subject in all_subjects() if subject.is_on}


@section(
    "flow_drafts",
    order=71,
    comment="Drafts of approval flows, sound or not: nobody is asked by them. A draft that is not named stays.",
    schema={"type": "object", "additionalProperties": {"type": "object"}},
    drafts=True,
)
class FlowDrafts:
    def export(self) -> dict[str, Any]:
        rows = FlowVersion.objects.filter(state=FlowVersion.State.DRAFT).select_related("flow")
        found = {row.flow.subject: row.document for row in rows}
        return {code: _text(_exact_numbers(found[code])) for code in _subjects() if code in found}

    def unpublished(self) -> list[str]:
        return [f"flows.{code}" for code in self.export()]

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        known, now = _subjects(), self.export()
        for code, text in wanted.items():
            if code not in known:
                raise ConfigurationProblem(
                    [f"flow_drafts.{code}: " + _("nothing is called so here that is decided by a flow")]
                )
            if now.get(code) == _text(exact(text)):
                continue
            data = {"schema": SCHEMA, "subject": code, **exact(text)}
            with at(f"flow_drafts.{code}"):
                save_draft(
                    subject=known[code],
                    data=data,
                    revision="",
                    over=True,
                    because="configuration as text",
                    by=by,
                )


def _exact_numbers(value: Any) -> Any:
    """What a script left as a float, as the text that reading the file makes of it."""
    if isinstance(value, dict):
        return {key: _exact_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_exact_numbers(inner) for inner in value]
    return str(value) if isinstance(value, float) else value
