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
WAITING = {"approver", "wait"}
ENDS = {"approve", "reject"}
PASSES, TOLD, WAITS, REFUSED = "passes", "told", "waits", "refused"


def passes_at_once(subject: str, obj: Any) -> bool:
    """Whether `obj`, saved or not, needs no case: no flow is in force, or it approves at once and does nothing else.

    A step that asks, tells, waits, sets or calls makes it a case like any other.
    """
    return Gate(subject).passes(obj)


class Gate:
    """The published flow of a subject, asked about many objects that nobody has handed in yet. Writes nothing."""

    def __init__(self, subject: str):
        self.subject = subject_of(subject)
        version = published(subject)
        self.walk = _Walk(version.parsed, self.subject) if version is not None else None

    @property
    def is_open(self) -> bool:
        """No flow is in force: everything passes."""
        return self.walk is None

    def passes(self, obj: Any) -> bool:
        """Whether `obj` needs no case at all."""
        return self.verdict(obj) == PASSES

    def verdict(self, obj: Any) -> str:
        """PASSES: it needs no case. TOLD: a case that is approved at once. REFUSED: one that is rejected at once.
        WAITS: somebody is asked, or time has to pass.
        """
        if self.walk is None:
            return PASSES
        outcome = self._outcome(obj)
        if outcome not in ENDS or self.walk.met & WAITING:
            return WAITS
        if outcome == "reject":
            return REFUSED
        return PASSES if self.walk.met <= SILENT else TOLD

    def _outcome(self, obj: Any) -> str:
        shell = ApprovalRun(
            subject=self.subject.code, partner_id=partner_id_of(obj), title=self.subject.title(obj)[:200],
            submitter_id=self.subject.submitter(obj),
        )  # fmt: skip
        assert self.walk is not None
        self.walk.met = set()
        try:
            return self.walk.way(Case(shell, obj)).outcome
        except Exception:  # a condition over a field that is gone: as a case, people decide at that step
            log.exception("approval_walk_failed", subject=self.subject.code)
            return "unknown"


class _Walk(Simulation):
    """A simulation that remembers which kinds of steps the case met."""

    def __init__(self, document: Any, subject: Subject):
        super().__init__(document, subject)
        self.met: set[str] = set()

    def _step(self, step: Step, case: Case) -> tuple[tuple[Stage, ...], Step | None]:
        self.met.add(step.kind)
        return super()._step(step, case)
