"""A flow from a text: put in force where it says something else than the one that is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction

from prm.access.roles import STAFF_ROLES, Role
from prm.access.rules import require
from prm.approvals import drafts, soundness
from prm.approvals.design_errors import NotSound
from prm.approvals.document import check, parse
from prm.approvals.faults import Fault
from prm.approvals.models import Flow, FlowVersion
from prm.approvals.subjects import Subject, subject_of
from prm.approvals.world import Person, World, emails_in, world_for
from prm.audit.services import record
from prm.values import clock
from prm.values.actor import Actor

# A text may come before the people: until somebody has the role, the administrators decide.
NOBODY_YET = ("empty_role", "no_managers", "no_line")
# In a tenant without colleagues these too; where they have come, an address that nobody has is a mistake.
NOBODY_BUT_ADMINISTRATORS = ("unknown_person", "quorum_too_large")


def faults_of(subject: Subject, data: Any) -> tuple[list[Fault], list[Fault]]:
    """What speaks against putting a text in force, and what only waits for people who are not there yet."""
    world = world_for(subject, data)
    found = soundness.inspect(data, world).faults
    waits = [fault for fault in found if _waits(fault, data, world)]
    if any(fault.code == "unknown_person" for fault in waits):
        # What is wrong even when they have come, such as more approvals than names, hides behind their absence.
        found = soundness.inspect(data, _with_all_named(world, data)).faults
    return [fault for fault in found if not _waits(fault, data, world)], waits


def _with_all_named(world: World, data: Any) -> World:
    named = {one.strip().lower() for one in emails_in(data)}
    come = {email: Person(email, email, Role.CHANNEL_MANAGER) for email in named}
    return replace(world, people={**come, **world.people})


def _waits(fault: Fault, data: Any, world: World) -> bool:
    if fault.code in NOBODY_YET:
        return True
    if fault.code not in NOBODY_BUT_ADMINISTRATORS or set(world.of_role) & (
        set(STAFF_ROLES) - {Role.ADMINISTRATOR}
    ):
        return False
    # More approvals than there are names in the text are wanted of nobody who could come.
    return fault.code == "unknown_person" or _who(data, fault.node).get("kind") == "role"


def _who(data: Any, own: str) -> dict[str, Any]:
    step = next((place.step for place in parse(data).walk() if place.step.id == own), None)
    return dict(step.says.get("who", {})) if step is not None else {}


def is_in_force(subject: Subject, data: Any) -> bool:
    """Whether the flow in force says just what `data` says: what is so already is no question any more."""
    published = drafts.standing(subject).published
    if published is None or check(data):
        return False
    return _same(published, parse(data).to_data())


def _same(published: FlowVersion, document: dict[str, Any]) -> bool:
    return drafts.fingerprint(published.parsed.to_data()) == drafts.fingerprint(document)


@transaction.atomic
def install_flow(*, data: Any, note: str = "", by: Actor) -> FlowVersion | None:
    """Publish `data` as the next version of its subject's flow; None where the flow in force says just that.

    Running cases stay on their version, and a draft stays a draft. Raises UnknownSubject and NotSound.
    """
    require(by, "approvals.publish")
    subject = subject_of(str(data.get("subject")))
    refused, _waits = faults_of(subject, data)
    if refused:
        raise NotSound(refused)
    document = parse(data).to_data()
    Flow.objects.get_or_create(subject=subject.code)
    now = drafts.standing(subject, lock=True)
    if now.published and _same(now.published, document):
        return None
    return _next_version(now, document, note, by)


def _next_version(now: drafts.Standing, document: dict[str, Any], note: str, by: Actor) -> FlowVersion:
    flow, before, at, number = now.flow, now.published, clock.now(), now.next_number
    assert flow is not None
    if before is not None:
        before.state, before.retired_at = FlowVersion.State.RETIRED, at
        before.save(update_fields=["state", "retired_at"])
    if now.draft is not None:  # it comes after this version, and was rehearsed against another one
        now.draft.number += 1
        now.draft.save(update_fields=["number"])
        now.draft.dry_runs.all().delete()
    version = FlowVersion.objects.create(
        flow=flow, number=number, state=FlowVersion.State.PUBLISHED, document=document, note=note,
        created_by_id=by.user_id, created_at=at, saved_at=at, saved_by_id=by.user_id,
        published_by_id=by.user_id, published_at=at,
    )  # fmt: skip
    changes: dict[str, list[Any]] = {
        "version": [before.number if before else None, number],
        "document": [drafts.as_text(before.document) if before else None, drafts.as_text(document)],
    }
    record(version, "published", by=by, changes=changes, reason=note)
    return version
