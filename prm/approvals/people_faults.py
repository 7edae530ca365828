"""What can be unsound about the people of a step: who decides, who is escalated to, who is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import pgettext

from prm.access.roles import PARTNER_ROLES, Role
from prm.approvals import reach
from prm.approvals.faults import Fault, fault
from prm.approvals.shapes import BY_ITSELF
from prm.approvals.world import World
from prm.conditions.registry import Lookup
from prm.conditions.tree import Node

Who = Mapping[str, Any]
ONE_PERSON = ("submitter_manager", "level_up")  # kinds that mean one person at most


def deciders(
    step: Mapping[str, Any], name: str, world: World, given: Sequence[Node], lookup: Lookup
) -> list[Fault]:
    """The faults of an approver step: its people, its quorum and what happens after its deadline."""
    own, who = str(step["id"]), step["who"]
    found = _who(own, name, who, world, lookup, decides=True)
    people = _count(who, world)
    needed = step.get("quorum") if step.get("mode") == "quorum" else None
    countable = not found or who["kind"] in ONE_PERSON  # never more than one, whoever that will be
    if countable and needed and people is not None and needed > people:
        found.append(fault("quorum_too_large", own, name, needed=needed, people=people))
    return found + _deadline(step, name, world, given, lookup)


def receivers(step: Mapping[str, Any], name: str, world: World, lookup: Lookup) -> list[Fault]:
    """The faults of a notice: whom it goes to."""
    return _who(str(step["id"]), name, step["to"], world, lookup, decides=False)


def _deadline(
    step: Mapping[str, Any], name: str, world: World, given: Sequence[Node], lookup: Lookup
) -> list[Fault]:
    own, deadline = str(step["id"]), step.get("deadline") or {}
    if deadline.get("then") == "escalate":
        found = _who(own, name, deadline["to"], world, lookup, decides=True)
        if not found and _same_people(step["who"], deadline["to"], world):
            found.append(fault("escalates_to_same", own, name))
        return found
    if deadline.get("then") not in BY_ITSELF:
        return []
    if not world.may_decide_itself:
        return [fault("self_decision_refused", own, name, subject=world.label)]
    if deadline["then"] == "reject":
        return []
    amounts = [one.name for one in lookup.operands(world.fields, reach=0) if one.field.type == "money"]
    if amounts and not reach.bounded_above(amounts, given):
        return [fault("self_decision_unbounded", own, name)]
    return []


def _who(own: str, name: str, who: Who, world: World, lookup: Lookup, *, decides: bool) -> list[Fault]:
    kind = who["kind"]
    if kind == "people":
        return [found for email in who["users"] for found in _person(own, name, email, world, decides)]
    if kind == "role":
        return _role(own, name, str(who["role"]), world, decides)
    if kind == "partner_manager":
        return _partner_manager(own, name, world)
    if kind == "field":
        return _field(own, name, str(who["field"]), world, lookup)
    if kind in ("submitter_manager", "level_up") and not world.anybody_reports:
        return [fault("no_line", own, name)]
    if kind == "submitter" and decides:
        return [fault("self_approval", own, name)]
    return []


def _person(own: str, name: str, email: str, world: World, decides: bool) -> list[Fault]:
    person = world.person(email)
    if person is None:
        return [fault("unknown_person", own, name, other=email)]
    if not person.is_active:
        return [fault("inactive_person", own, name, other=person.name)]
    if decides and person.is_partner:
        return [fault("paid_on_outcome", own, name, other=person.name)]
    if decides and person.role not in world.deciders:
        return [_may_not_decide(own, name, person.name, world)]
    return []


def _role(own: str, name: str, role: str, world: World, decides: bool) -> list[Fault]:
    label = str(Role(role).label)
    if decides and role in PARTNER_ROLES:
        return [fault("paid_on_outcome", own, name, other=label)]
    if decides and role not in world.deciders:
        return [_may_not_decide(own, name, label, world)]
    if not world.of_role.get(role):
        return [fault("empty_role", own, name, other=label)]
    return []


def _may_not_decide(own: str, name: str, other: str, world: World) -> Fault:
    """Whoever the flow asks in vain: the engine would pass the step to the administrators."""
    roles = pgettext("between the words of a list", ", ").join(
        str(Role(role).label) for role in world.deciders
    )
    return fault("may_not_decide", own, name, other=other, subject=world.label, roles=roles)


def _partner_manager(own: str, name: str, world: World) -> list[Fault]:
    if not world.has_partner:
        return [fault("no_partner", own, name, subject=world.label)]
    if not world.of_role.get(Role.CHANNEL_MANAGER):
        return [fault("no_managers", own, name)]
    return []


def _field(own: str, name: str, field: str, world: World, lookup: Lookup) -> list[Fault]:
    if field in world.people_fields:
        return []
    operand = lookup.find(world.fields, field)
    if operand is None:
        return [fault("unknown_people_field", own, name, other=field)]
    return [fault("field_names_nobody", own, name, other=operand.label)]


def _count(who: Who, world: World) -> int | None:
    """How many people can decide at most; None where only the case can tell."""
    if who["kind"] == "people":
        return len({email.strip().lower() for email in who["users"]})
    if who["kind"] == "role":
        return len(world.of_role.get(str(who["role"]), ()))
    if who["kind"] in ONE_PERSON:
        return 1
    if who["kind"] == "partner_manager":  # whoever that is, it is somebody who decides
        return len({email for role in world.deciders for email in world.of_role.get(role, ())})
    return None


def _same_people(one: Who, two: Who, world: World) -> bool:
    """Whether escalating from `one` to `two` reaches nobody new, as far as the flow alone can tell."""
    if dict(one) == dict(two):
        return True
    first, second = _emails(one, world), _emails(two, world)
    return first is not None and second is not None and second <= first


def _emails(who: Who, world: World) -> set[str] | None:
    if who["kind"] == "people":
        return {email.strip().lower() for email in who["users"]}
    if who["kind"] == "role":
        return set(world.of_role.get(str(who["role"]), ()))
    return None
