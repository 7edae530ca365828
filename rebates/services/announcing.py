"""Partners hear of their statements: a background job over the statements of a closed settlement.

A notice is stored once per statement and person, so a job that begins again tells nobody twice.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q

from partners.people import administrators_of
from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.notices.services import notify
from prm.ui import formats, said
from prm.values.actor import Actor
from rebates.models import SettlementRun, Statement

JOB = "rebates.announce"
CHUNK = 200  # statements a step
BECAUSE = "each statement is told to its own partner"


@transaction.atomic
def start_announcing(*, run_id: int, chunk: int = CHUNK) -> Job | None:
    """Begin to tell the partners of a closed settlement; None where no statement says anything."""
    run = SettlementRun.objects.get(pk=run_id)
    ids = list(_with_news(run_id).order_by("pk").values_list("pk", flat=True))
    if not ids:
        return None
    bounds = [[some[0], some[-1]] for some in (ids[at : at + chunk] for at in range(0, len(ids), chunk))]
    return start_job(
        kind=JOB, key=run.number, by=Actor.job(JOB), link=run.get_absolute_url(),
        params={"run": run.pk, "bounds": bounds},
    )  # fmt: skip


def announce_some(run_id: int, first: int, last: int) -> int:
    """Tell the partners' administrators of the statements `first` to `last`. Returns how many were told of."""
    rows = list(_with_news(run_id).filter(pk__gte=first, pk__lte=last).select_related("run").order_by("pk"))
    people = administrators_of({statement.partner_id for statement in rows})
    for statement in rows:
        _announce(statement, people[statement.partner_id])
    return len(rows)


def _with_news(run_id: int) -> Any:
    """Statements on which something was computed or stands open."""
    rows = Statement.objects.for_everyone(because=BECAUSE).filter(run_id=run_id)
    return rows.filter(~Q(approved=0) | ~Q(closing=0))


def _announce(statement: Statement, people: list[Any]) -> None:
    starts = statement.starts
    notify(
        users=people, kind="rebates.statement_issued", fact=f"statement_issued:{statement.pk}",
        link=statement.get_absolute_url(),
        values={
            "statement": statement.number, "time": said.InEach(lambda: formats.month(starts)),
            "amount": said.Money(statement.approved, statement.currency),
            "closing": said.Money(statement.closing, statement.currency),
        },
    )  # fmt: skip
