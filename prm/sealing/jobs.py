"""Verifying the chain in the background."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.access.rules import who_may
from prm.audit.services import record
from prm.jobs.handlers import JobHandler, job_handler
from prm.notices.services import notify
from prm.sealing.services import VERIFY_JOB
from prm.sealing.verify import (
    MOST,
    Difference,
    KnownHead,
    check_batches,
    check_head,
    parse_head,
    unsealed_rows,
)
from prm.values.actor import Actor

STEP = 20


@job_handler(VERIFY_JOB)
class Verify(JobHandler):
    """Some batches a step; the last step looks for rows that stand in none."""

    title = gettext_lazy("Verify the audit trail")
    counted = {
        "batches": gettext_lazy("batches"), "rows": gettext_lazy("rows"), "differences": gettext_lazy("differences"),
    }  # fmt: skip

    def total(self, job: Any) -> int:
        return -(-job.params["last"] // STEP) + 1

    def name(self, job: Any, step: int) -> str:
        return _("batches")

    def run(self, job: Any, step: int) -> None:
        first = step * STEP + 1
        known = {"batches": 0, "rows": 0, "differences": [], **job.result}
        if first <= job.params["last"]:
            batches, rows, found = check_batches(first, min(first + STEP - 1, job.params["last"]))
            known["batches"] += batches
            known["rows"] += rows
        else:
            found = unsealed_rows() + self._head(job, known)
        room = MOST - len(known["differences"])
        known["differences"] += [
            {"kind": one.kind, "batch": one.batch, "entry": one.entry, "detail": one.detail}
            for one in found[:room]
        ]
        job.result = known
        job.say(batches=known["batches"], rows=known["rows"], differences=len(known["differences"]))

    def _head(self, job: Any, known: dict[str, Any]) -> list[Difference]:
        """What is wrong with the head that somebody kept; what is right stands in the result."""
        text = job.params.get("head", "")
        one = check_head(*parse_head(text)) if text else None
        if isinstance(one, KnownHead):
            known["head"] = {"head": one.head, "batch": one.batch, "at": one.at.isoformat(), "rows": one.rows}
        return [one] if isinstance(one, Difference) else []

    def finish(self, job: Any) -> None:
        found = job.result["differences"]
        changes = {"batches": [None, job.result["batches"]], "differences": [None, len(found)]}
        if job.params.get("head"):
            changes["audit_head"] = [None, job.params["head"]]
        record(job, "chain_verified", by=Actor.job("verify"), changes=changes)
        if found:
            notify(
                users=who_may("audit.view"),
                kind="audit.differs",
                fact=f"audit.differs:{job.pk}",
                values={"count": len(found)},
                link="/settings/audit/seal/",
            )
