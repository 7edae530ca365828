"""Publication of a programme version: asked for, approved or refused, withdrawn.

`publish_version`, `approve_publication` and `reject_publication` are the verbs of the programme's page; where an
approval flow is in force, the first begins it and the others decide the reader's task in it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.approvals import services as approvals
from prm.approvals.engine import published
from prm.audit.services import record
from prm.values.actor import Actor
from rebates.approvals import PROGRAMME
from rebates.errors import ReasonMissing, VersionFrozen, VersionInReview, VersionNotInReview
from rebates.models import Programme, Version
from rebates.services.programmes import must_be_publishable, put_into_force

STATE = Version.State


@transaction.atomic
def publish_version(*, version: Version, by: Actor) -> Version:
    """Ask for the publication of a draft; without a flow it is in force at once. The state says which it became."""
    require(by, "rebates.edit_programmes")
    if by.is_system or published(PROGRAMME) is None:
        return put_into_force(version=version, by=by)
    version = _locked(version)
    if version.state == STATE.IN_REVIEW:
        raise VersionInReview(programme=version.programme.code, number=version.number)
    if version.state == STATE.PUBLISHED:
        raise VersionFrozen(programme=version.programme.code, number=version.number)
    must_be_publishable(version)
    version.state, version.submitted_by_id = STATE.IN_REVIEW, by.user_id
    version.save(update_fields=["state", "submitted_by"])
    record(version, "publication_asked", by=by, changes={"state": [STATE.DRAFT, STATE.IN_REVIEW]})
    approvals.start_run(subject=PROGRAMME, obj=version, by=by)
    version.refresh_from_db()
    return version


@transaction.atomic
def approve_publication(*, version: Version, by: Actor) -> Version:
    """Say yes at one's step of the flow."""
    task = _turn(version, by)
    approvals.approve(task=task, by=by)
    version.refresh_from_db()
    return version


@transaction.atomic
def reject_publication(*, version: Version, reason: str, by: Actor) -> Version:
    """Say no, with the reason: the version is a draft again."""
    task = _turn(version, by)
    if not reason.strip():
        raise ReasonMissing()
    approvals.reject(task=task, by=by, text=reason)
    version.refresh_from_db()
    return version


@transaction.atomic
def withdraw_publication(*, version: Version, by: Actor) -> Version:
    """Ask nobody any more: the version is a draft again."""
    require(by, "rebates.edit_programmes")
    approvals.hold(PROGRAMME, version.pk)
    version = back_to_draft(version=version, verb="withdrawn", by=by)
    approvals.cancel_run(subject=PROGRAMME, obj=version, by=by)
    return version


@transaction.atomic
def back_to_draft(*, version: Version, verb: str, by: Actor, reason: str = "") -> Version:
    """A version that waited for its publication is a draft again; for the end of a flow and a withdrawal."""
    version = _locked(version)
    if version.state != STATE.IN_REVIEW:
        raise _not_in_review(version)
    version.state = STATE.DRAFT
    version.save(update_fields=["state"])
    changes = {"state": [STATE.IN_REVIEW, STATE.DRAFT]}
    record(version, verb, by=by, changes=changes, reason=reason.strip())
    return version


def _turn(version: Version, by: Actor) -> Any:
    """The task with which `by` decides, under the locks of its run and of the version."""
    require(by, "rebates.edit_programmes")
    approvals.hold(PROGRAMME, version.pk)  # the run before everything else
    version = _locked(version)
    task = approvals.turn_for(subject=PROGRAMME, obj=version, by=by)
    if version.state != STATE.IN_REVIEW or task is None:
        raise _not_in_review(version)
    return task


def _not_in_review(version: Version) -> VersionNotInReview:
    state = version.get_state_display()
    return VersionNotInReview(programme=version.programme.code, number=version.number, state=state)


def _locked(version: Version) -> Version:
    Programme.objects.select_for_update().get(pk=version.programme_id)
    return Version.objects.select_for_update(of=("self",)).select_related("programme").get(pk=version.pk)
