"""Reads of flows and their versions for the designer, and what a subject starts with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Window
from django.db.models.functions import RowNumber
from django.utils import translation

from prm.approvals.document import DocumentInvalid, parse, yaml_text
from prm.approvals.models import ApprovalRun, DryRun, Flow, FlowVersion
from prm.approvals.querysets import RunQuerySet
from prm.approvals.shapes import SCHEMA
from prm.approvals.subjects import Subject, all_subjects
from prm.values.actor import Actor

# Eight levels of steps with a condition of eight levels inside stay well below.
DEEPEST = 80
MOST_MOVED = 500
BECAUSE = "counts of running cases by version; the page needs approvals.design"


def fingerprint(data: Any) -> str:
    """Names one text of a flow: what is saved, rehearsed and published is compared by it."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def too_deep(data: Any) -> bool:
    """Whether the data is nested as no flow is: nothing may walk it that calls itself."""
    layer: list[Any] = [data]
    for _level in range(DEEPEST):
        layer = [
            inner
            for one in layer
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return False
    return True


def as_text(data: Any) -> str:
    """The flow as people read it, in YAML: in its own order where its shape is right, else as it stands."""
    try:
        return parse(data).to_text()
    except DocumentInvalid:
        return yaml_text(data)


def beginning(subject: Subject) -> dict[str, Any]:
    """The flow with which a subject's designer opens before anything was saved: one approver."""
    with translation.override("en"):
        name = str(subject.label)
    with translation.override("zh-hans"):
        name_zh = str(subject.label)
    approver = {
        "id": "a1",
        "kind": "approver",
        "who": {"kind": "partner_manager"},
        "mode": "one",
        "deadline": {"hours": 16, "then": "none"},
    }
    return {"schema": SCHEMA, "subject": subject.code, "name": name, "name_zh": name_zh, "steps": [approver]}


@dataclass(frozen=True)
class Standing:
    """A subject's flow as it stands: what is in force, and the draft, if any."""

    subject: Subject
    flow: Flow | None
    published: FlowVersion | None
    draft: FlowVersion | None

    @property
    def document(self) -> dict[str, Any]:
        """What the designer opens: the draft, else what is in force, else a beginning."""
        shown = self.draft or self.published
        return shown.document if shown else beginning(self.subject)

    @property
    def revision(self) -> str:
        return fingerprint(self.document)

    @property
    def next_number(self) -> int:
        if self.draft:
            return self.draft.number
        newest = self.flow.versions.first() if self.flow else None
        return newest.number + 1 if newest else 1

    @property
    def overtaken_by(self) -> FlowVersion | None:
        """The version that was put in force after the draft was begun: publishing the draft would take it back."""
        draft, published = self.draft, self.published
        if draft is None or published is None or published.published_at is None:
            return None
        return published if published.published_at > draft.created_at else None

    def dry_run(self) -> DryRun | None:
        """The dry run of the draft's text as it is now."""
        if self.draft is None:
            return None
        return self.draft.dry_runs.filter(fingerprint=self.revision).first()


def standing(subject: Subject, *, lock: bool = False) -> Standing:
    flows = Flow.objects.filter(subject=subject.code)
    flow = (flows.select_for_update() if lock else flows).first()
    found: dict[str, FlowVersion] = {}
    if flow is not None:
        rows = flow.versions.exclude(state=FlowVersion.State.RETIRED)
        found = {version.state: version for version in rows.select_related("saved_by", "published_by")}
    return Standing(subject, flow, found.get(FlowVersion.State.PUBLISHED), found.get(FlowVersion.State.DRAFT))


def versions(flow: Flow) -> list[FlowVersion]:
    """All versions, the newest first, each with `running`: its open cases."""
    open_runs = Count("runs", filter=Q(runs__state__in=ApprovalRun.OPEN))
    rows = flow.versions.annotate(running=open_runs).select_related("created_by", "published_by")
    return list(rows.order_by("-number"))


def running(version: FlowVersion | None) -> int:
    if version is None:
        return 0
    return ApprovalRun.objects.for_everyone(because=BECAUSE).open().filter(version=version).count()


def open_runs_of(version: FlowVersion, actor: Actor) -> RunQuerySet:
    """The version's open cases that the actor sees, the oldest first."""
    return ApprovalRun.objects.visible_to(actor).open().filter(version=version).order_by("pk")


def with_cases(rows: list[FlowVersion], actor: Actor) -> list[FlowVersion]:
    """Each old version with `cases`, the open ones that may be moved: those that the actor sees, the oldest first."""
    old = [row.pk for row in rows if row.state == FlowVersion.State.RETIRED and row.running]  # type: ignore[attr-defined]
    found: dict[int, list[ApprovalRun]] = {}
    if old:
        place = Window(RowNumber(), partition_by="version_id", order_by="pk")
        runs = ApprovalRun.objects.visible_to(actor).open().filter(version__in=old).annotate(place=place)
        listed = runs.filter(place__lte=MOST_MOVED).order_by("pk")
        for run in listed.only("title", "started_at", "version_id"):
            found.setdefault(run.version_id, []).append(run)
    for row in rows:
        row.cases = found.get(row.pk, [])  # type: ignore[attr-defined]
    return rows


def overview() -> list[dict[str, Any]]:
    """Each subject of a module that is on: its version in force, draft and running cases, in three queries."""
    rows = FlowVersion.objects.exclude(state=FlowVersion.State.RETIRED).select_related("flow", "published_by")
    by_state = {(row.flow.subject, row.state): row for row in rows}
    counts = dict(
        ApprovalRun.objects.for_everyone(because=BECAUSE)
        .open()
        .order_by()
        .values_list("subject")
        .annotate(count=Count("pk"))
    )
    return [
        {
            "subject": subject,
            "published": by_state.get((subject.code, FlowVersion.State.PUBLISHED)),
            "draft": by_state.get((subject.code, FlowVersion.State.DRAFT)),
            "running": counts.get(subject.code, 0),
        }
        for subject in all_subjects()
        if subject.is_on
    ]
