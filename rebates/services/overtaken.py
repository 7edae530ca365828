"""Approved figures that sales lines have overtaken: computed anew, or closed by somebody who knows of the lines."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.approvals import services as approvals
from prm.audit.services import record
from prm.jobs.models import Job
from prm.values.actor import Actor
from rebates.approvals import SETTLEMENT
from rebates.errors import LinesCameIn, NothingCameIn, NotInThisState
from rebates.models import SettlementRun
from rebates.services.closing import STATE, locked, move
from rebates.services.computing import start_settlement
from rebates.since import came_in


@transaction.atomic
def compute_approved_again(*, run: SettlementRun, by: Actor) -> Job:
    """Compute an approved run anew because lines came in since. Its approval lapses: the new figures need their own."""
    require(by, "rebates.settle")
    approvals.hold(SETTLEMENT, run.pk)  # the approval before everything else
    run = locked(run)
    if run.state != STATE.APPROVED:
        raise NotInThisState(number=run.number, state=run.get_state_display())
    found = came_in(run)
    if not found.count:
        raise NothingCameIn(number=run.number)
    move(run, STATE.IN_REVIEW)
    move(run, STATE.COMPUTED)  # not left in review: nobody is to approve the old figures again
    run.approved_by, run.approved_by_label, run.approved_at = None, "", None
    run.save()
    changes: dict[str, list[Any]] = {
        "state": [STATE.APPROVED, STATE.COMPUTED],
        "lines_since": [None, found.count],
    }
    record(run, "approval lapsed", by=by, changes=changes)
    return start_settlement(period=run.period, by=by)


def refuse_unseen_lines(run: SettlementRun, known: int) -> None:
    """Whoever closes has been told of `known` lines that the figures leave out; more came in meanwhile."""
    if run.state == STATE.APPROVED and (found := came_in(run)).count != known:
        raise LinesCameIn(number=run.number, count=found.count)
