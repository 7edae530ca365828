"""The panel beside the tree: what one node says, what comes in, and what may be chosen there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from prm.access.roles import STAFF_ROLES, Role
from prm.approvals import soundness
from prm.approvals.design_state import problems_at
from prm.approvals.shapes import BY_ITSELF, MOST_LEVELS, THEN, WHO_KEYS
from prm.approvals.subjects import Subject
from prm.approvals.wording import MODES, WHO_KINDS, Words, unread
from prm.approvals.wording import THEN as THEN_WORDS
from prm.approvals.world import Person, World, staff, world_for
from prm.conditions import BadCondition, sentence

KINDS = ("approver", "notice", "wait", "decide", "update", "webhook", "parallel")

# How the kind is marked at the head of the panel while nothing is wrong.
TONES = {"approver": "is-live", "decide": "is-ok", "notice": "is-note", "condition": "is-warn"}


@dataclass(frozen=True)
class Spot:
    """Where a node stands: its fork and how many lie beside it, for the verbs that move it."""

    node: Mapping[str, Any]
    kind: str  # a step's kind, "condition", "otherwise", "side", "start" or "end"
    fork: Mapping[str, Any] | None = None


def spot_of(data: Any, own: str) -> Spot | None:
    if own in ("start", "end"):
        return Spot(data if isinstance(data, Mapping) else {}, own)
    waiting: list[Any] = [data.get("steps")] if isinstance(data, Mapping) else []
    while waiting:
        for step in _mappings(waiting.pop()):
            if step.get("id") == own:
                return Spot(step, str(step.get("kind")))
            branches = _mappings(step.get("branches"))
            for at, branch in enumerate(branches):
                if branch.get("id") == own:
                    return Spot(branch, _kind_of_branch(step, at == len(branches) - 1), step)
                waiting.append(branch.get("steps"))
    return None


def _kind_of_branch(step: Mapping[str, Any], is_last: bool) -> str:
    if step.get("kind") != "branch":
        return "side"
    return "otherwise" if is_last else "condition"


def context(subject: Subject, data: Any, own: str) -> dict[str, Any] | None:
    """Everything the panel's template needs; None where the document has no such node."""
    spot = spot_of(data, own)
    if spot is None:
        return None
    world = world_for(subject, data)
    found = soundness.inspect(data, world)
    words = Words(data, world)
    label = words.labels().get(own, {})
    return {
        "own": own,
        "node": spot.node,
        "kind": spot.kind,
        "fork": spot.fork,
        "top": label.get("top") or _kind_words(spot.kind),
        "tone": TONES.get(spot.kind, ""),
        "title": label.get("name") or _title(spot.kind, subject),
        "problems": problems_at(found, "" if own == "start" else own),
        "unreached": own in found.unreached,
        "incoming": [_said(one, world) for one in found.incoming.get(own, [])],
        "subject": subject,
        "sides": [side | {"label": words.found.get(str(side.get("id")), {})} for side in _sides(spot)],
        "condition": dict(spot.node.get("when") or {}) if isinstance(spot.node.get("when"), Mapping) else {},
        **_choices(spot, subject, world),
    }


def _choices(spot: Spot, subject: Subject, world: World) -> dict[str, Any]:
    if spot.kind == "approver":
        deadline = spot.node.get("deadline") if isinstance(spot.node.get("deadline"), Mapping) else None
        return {
            "who": _who("who", spot.node.get("who"), world, decides=True),
            "modes": list(MODES.items()),
            "mode": spot.node.get("mode") or "one",
            "deadline": deadline,
            "escalation": _who("deadline.to", deadline.get("to"), world, decides=True) if deadline else None,
            "then": [
                (code, THEN_WORDS[code], code in BY_ITSELF and not subject.self_decision) for code in THEN
            ],
        }
    if spot.kind == "notice":
        return {"who": _who("to", spot.node.get("to"), world, decides=False)}
    if spot.kind == "update":
        return _update(spot.node, subject)
    return {}


def _who(path: str, who: Any, world: World, *, decides: bool) -> dict[str, Any]:
    """A choice of people at `path` of the node; who may never decide is not offered, unless the text says so."""
    said = dict(who) if isinstance(who, Mapping) else {}
    chosen = [email.lower() for email in said.get("users") or [] if isinstance(email, str)]
    everyone = staff()
    known = {person.email for person in everyone}
    strangers = [
        world.person(email) or Person(email, email, "", False) for email in chosen if email not in known
    ]
    return {
        "path": path,
        "key": path.replace(".", "-"),
        "said": said,
        "kinds": [
            (code, label)
            for code, label in WHO_KINDS.items()
            if code in WHO_KEYS
            and (code != "field" or world.people_fields)
            and (code != "submitter" or not decides or said.get("kind") == code)
        ],
        "clears": " ".join(f"{path}.{name}" for name in ("users", "role", "levels", "field")),
        "people": [(person, person.email in chosen) for person in [*strangers, *everyone]],
        "roles": [(str(role), Role(role).label) for role in STAFF_ROLES],
        "levels": range(1, MOST_LEVELS + 1),
        "fields": list(world.people_fields.items()),
        "today": _today(said, world, everyone),
    }


def _today(said: Mapping[str, Any], world: World, everyone: list[Person]) -> str:
    """Who that is today, where the flow alone tells."""
    if said.get("kind") != "role":
        return ""
    emails = set(world.of_role.get(str(said.get("role")), ()))
    names = [person.name for person in everyone if person.email in emails]
    return _(", ").join(names[:8]) + ("…" if len(names) > 8 else "")


def _update(node: Mapping[str, Any], subject: Subject) -> dict[str, Any]:
    known = subject.settable
    settable = known.get(str(node.get("field") or ""))
    choices = None
    if settable is not None and settable.choices is not None:
        choices = [
            (json.dumps(value), label, value == node.get("value")) for value, label in settable.choices()
        ]
    return {"fields": [(name, one.label) for name, one in known.items()], "values": choices}


def _said(condition: Any, world: World) -> str:
    try:
        return sentence(dict(condition), world.fields)
    except BadCondition:
        return unread(condition)


def _sides(spot: Spot) -> list[dict[str, Any]]:
    return [dict(one) for one in _mappings(spot.node.get("branches"))] if spot.kind == "parallel" else []


def _kind_words(kind: str) -> str:
    return {"start": _("Start"), "end": _("End"), "parallel": _("At the same time")}.get(kind, "")


def _title(kind: str, subject: Subject) -> str:
    if kind == "start":
        return _("%(subject)s is handed in") % {"subject": subject.label}
    return _("Approved") if kind == "end" else _("New")


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
