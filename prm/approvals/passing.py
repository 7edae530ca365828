"""Would a flow let something through without asking or telling anybody? Asked before a case is begun at all."""

from __future__ import annotations

from typing import Any

import structlog

from prm.access.scoping import partner_id_of
from prm.approvals.document import Step
from prm.approvals.engine import published
from prm.approvals.models import ApprovalRun
from prm.approvals.simulate import Case, Simulation, Stage
from prm.approvals.subjects import Subject, subject_of

log = structlog.get_logger(__name__)
SILENT = {"branch", "parallel", "decide"}


def passes_at_once(subject: str, obj: Any) -> bool:
    """Whether `obj`, saved or not, needs no case: no flow is in force, or it approves at once and does nothing else.

    A step that asks, tells, waits, sets or calls makes it a case like any other.
    """
    version = published(subject)
    if version is None:
        return True
    kind = subject_of(subject)
    shell = ApprovalRun(
        subject=subject, partner_id=partner_id_of(obj), title=kind.title(obj)[:200], submitter_id=kind.submitter(obj)
    )  # fmt: skip
    walk = _Walk(version.parsed, kind)
    try:
        outcome = walk.way(Case(shell, obj)).outcome
    except Exception:  # a condition over a field that is gone: as a case, people decide at that step
        log.exception("approval_walk_failed", subject=subject)
        return False
    return outcome == "approve" and walk.met <= SILENT


class _Walk(Simulation):
    """A simulation that remembers which kinds of steps the case met."""

    def __init__(self, document: Any, subject: Subject):
        super().__init__(document, subject)
        self.met: set[str] = set()

    def _step(self, step: Step, case: Case) -> tuple[tuple[Stage, ...], Step | None]:
        self.met.add(step.kind)
        return super()._step(step, case)
