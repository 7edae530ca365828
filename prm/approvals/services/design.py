"""Verbs of the flow designer: save a draft, try it, publish it, bring an old text back, move running cases."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.approvals import drafts, dryrun, soundness
from prm.approvals.design_errors import (
    DraftChanged,
    DryRunMissing,
    NoDraft,
    NotADocument,
    NothingNew,
    OtherSubject,
    PublishedMeanwhile,
    Unsound,
)
from prm.approvals.document import DocumentInvalid, parse, read_text
from prm.approvals.models import DryRun, Flow, FlowVersion
from prm.approvals.services.runs import move_run
from prm.approvals.subjects import Subject, all_subjects
from prm.approvals.world import world_for
from prm.audit.services import record
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor

# A draft may be unfinished, but never so large that reading it is a burden.
LARGEST = 500_000

# As much of what is wrong with a text is said at once.
MOST_TOLD = 20


@transaction.atomic
def save_draft(
    *, subject: Subject, data: Any, revision: str, over: bool = False, by: Actor, because: str = ""
) -> FlowVersion:
    """Keep `data` as the subject's draft, sound or not. `revision` is the text that it was made from.

    Raises DraftChanged where somebody saved another text meanwhile; `over` replaces it, and the audit keeps it.
    """
    require(by, "approvals.design")
    _check_size(data)
    Flow.objects.get_or_create(subject=subject.code)
    now = drafts.standing(subject, lock=True)
    new = drafts.fingerprint(data)
    if not over and revision != now.revision and new != now.revision:
        raise _changed(now)
    if now.draft is not None and new == now.revision:
        return now.draft
    if now.draft is None:
        return _new_draft(now, data, by)
    draft, before = now.draft, now.draft.document
    draft.document, draft.saved_at, draft.saved_by_id = data, clock.now(), by.user_id
    draft.save(update_fields=["document", "saved_at", "saved_by"])
    if over or because:
        record(
            draft,
            "flow_draft_replaced",
            by=by,
            changes={"document": [drafts.as_text(before), drafts.as_text(data)]},
            reason=because,
        )
    return draft


def _new_draft(now: drafts.Standing, data: Any, by: Actor) -> FlowVersion:
    flow = now.flow
    assert flow is not None
    draft = FlowVersion.objects.create(
        flow=flow,
        number=now.next_number,
        document=data,
        created_by_id=by.user_id,
        saved_by_id=by.user_id,
        created_at=clock.now(),
        saved_at=clock.now(),
    )
    record(draft, "draft_begun", by=by)
    return draft


def _changed(now: drafts.Standing) -> DraftChanged:
    version = now.draft or now.published
    if version is None:
        return DraftChanged(version=None, who="—", time="—")
    person = version.saved_by if now.draft else version.published_by
    at = version.saved_at if now.draft else version.published_at
    return DraftChanged(version=version, who=person or "—", time=formats.clock_time(at) if at else "—")


def _check_size(data: Any) -> None:
    if not isinstance(data, Mapping) or drafts.too_deep(data):
        raise NotADocument(problem="{…}")
    if len(str(data)) > LARGEST:
        raise NotADocument(problem=f"> {LARGEST}")


@transaction.atomic
def discard_draft(*, subject: Subject, by: Actor) -> None:
    """Throw the draft away; the audit keeps its text. Without a draft nothing happens."""
    require(by, "approvals.design")
    now = drafts.standing(subject, lock=True)
    if now.draft is None:
        return
    record(now.draft, "discarded", by=by, changes={"document": [drafts.as_text(now.draft.document), None]})
    now.draft.delete()


@transaction.atomic
def restore_version(*, version: FlowVersion, subject: Subject, by: Actor) -> FlowVersion:
    """Bring an old version's text back as the draft. What the draft said is kept by the audit."""
    require(by, "approvals.design")
    return save_draft(
        subject=subject,
        data=version.document,
        revision="",
        over=True,
        by=by,
        because=f"version {version.number}",
    )


@transaction.atomic
def import_text(*, subject: Subject, text: str, by: Actor) -> FlowVersion:
    """Make a YAML or JSON text the draft. Raises NotADocument when it cannot be read or is another subject's."""
    require(by, "approvals.design")
    try:
        document = parse(read_text(text))
    except DocumentInvalid as error:
        raise NotADocument(problem=" ".join(str(one) for one in error.problems[:MOST_TOLD])) from None
    if document.subject != subject.code:
        raise OtherSubject(theirs=_name_of(document.subject), ours=subject.label)
    return save_draft(
        subject=subject, data=document.to_data(), revision="", over=True, by=by, because="import"
    )


def _name_of(code: str) -> Any:
    known = {one.code: one.label for one in all_subjects()}
    return known.get(code, code)


def dry_run(*, subject: Subject, by: Actor) -> DryRun:
    """Ask the last cases of the draft, as it is saved, and keep the answer. Raises NoDraft, DocumentInvalid."""
    require(by, "approvals.design")
    now = drafts.standing(subject)
    if now.draft is None:
        raise NoDraft()
    began = time.monotonic()
    current = parse(now.published.document) if now.published else None
    outcome = dryrun.rehearse(parse(now.draft.document), current, subject)
    made, _created = DryRun.objects.update_or_create(
        version=now.draft,
        fingerprint=now.revision,
        defaults={
            "outcome": outcome,
            "seconds": Decimal(str(round(time.monotonic() - began, 1))),
            "made_by_id": by.user_id,
            "made_at": clock.now(),
        },
    )
    return made


@transaction.atomic
def publish(*, subject: Subject, revision: str, note: str = "", by: Actor) -> FlowVersion:
    """Put the draft in force. Running cases stay on their version.

    Raises DraftChanged, Unsound, DryRunMissing, NothingNew; the draft is then as it was.
    """
    require(by, "approvals.publish")
    now = drafts.standing(subject, lock=True)
    if now.draft is None:
        raise _no_draft(now, by)
    if revision != now.revision:
        raise _changed(now)
    if now.published and drafts.fingerprint(now.published.document) == now.revision:
        raise NothingNew()
    found = soundness.inspect(now.draft.document, world_for(subject, now.draft.document))
    if not found.is_sound:
        raise Unsound(problem=found.faults[0].text)
    rehearsal = now.dry_run()
    if rehearsal is None:
        raise DryRunMissing()
    return _put_in_force(now, note.strip(), rehearsal, by)


def _no_draft(now: drafts.Standing, by: Actor) -> NoDraft:
    version = now.published
    if version is None or version.published_by_id in (None, by.user_id):
        return NoDraft()
    return PublishedMeanwhile(person=str(version.published_by), number=version.number)


def _put_in_force(now: drafts.Standing, note: str, rehearsal: DryRun, by: Actor) -> FlowVersion:
    draft, at = now.draft, clock.now()
    assert draft is not None
    if now.published:
        now.published.state, now.published.retired_at = FlowVersion.State.RETIRED, at
        now.published.save(update_fields=["state", "retired_at"])
    draft.state, draft.note, draft.published_at, draft.published_by_id = (
        FlowVersion.State.PUBLISHED,
        note,
        at,
        by.user_id,
    )
    draft.save(update_fields=["state", "note", "published_at", "published_by"])
    changes: dict[str, list[Any]] = {
        "version": [now.published.number if now.published else None, draft.number],
        "document": [
            drafts.as_text(now.published.document) if now.published else None,
            drafts.as_text(draft.document),
        ],
        "dry_run": [None, rehearsal.outcome["different"]],
    }
    record(draft, "published", by=by, changes=changes, reason=note)
    return draft


def move_cases(
    *, version: FlowVersion, subject: Subject, by: Actor, cases: Collection[int]
) -> int:  # fmt: skip
    """Let running cases of an old version, by number, go on under the one in force. Returns how many were moved.

    What ended or was moved meanwhile is left out, and so is what `by` does not see.
    """
    require(by, "approvals.publish")
    target = drafts.standing(subject).published
    if target is None or target.pk == version.pk:
        return 0
    moved = 0
    for run in drafts.open_runs_of(version, by).filter(pk__in=cases):
        moved += move_run(run=run, version=target, by=by).version_id == target.pk
    record(
        version,
        "flow_cases_moved",
        by=by,
        changes={"version": [version.number, target.number], "cases": [None, moved]},
    )
    return moved
