"""Verbs of a settlement as its pages offer them: in the state in which the settlement was shown, and in no other.

A page that is still open tells of a moment that is over: what was handed over, approved or computed anew since is not
undone by a press on it. A page gives its moment along (`mark_of`), `pressed` holds it against the run under its lock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from prm.approvals import services as approvals
from prm.audit.history import happening
from prm.audit.models import AuditEntry
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.approvals import SETTLEMENT
from rebates.errors_of_reviews import MovedOn
from rebates.models import SettlementRun
from rebates.services.computing import open_run, start_settlement
from rebates.services.overtaken import compute_approved_again

MOMENT = "%Y%m%dT%H%M%S%f"
TOLD = 3  # happenings that a refusal names


def mark_of(run: SettlementRun) -> str:
    """The state in which a page shows the run, since when, and when the page was made."""
    return ".".join((run.state, _written(run.state_since), _written(clock.now())))


@transaction.atomic
def pressed(verb: Callable[..., Any], *, run: SettlementRun, mark: str, **said: Any) -> Any:
    """`verb` with the run, unless the run is no longer what the page with this mark showed. "" names no page: then
    the rules of the verb alone decide.
    """
    if mark:
        approvals.hold(SETTLEMENT, run.pk)  # the approval before everything else
        run = SettlementRun.objects.select_for_update().get(pk=run.pk)
        refuse_when_moved_on(run, mark)
    return verb(run=run, **said)


def refuse_when_moved_on(run: SettlementRun, mark: str) -> None:
    """Raise where the run is not in the state of this mark any more, or is in it anew."""
    state, since, shown = (mark.split(".") + ["", ""])[:3]
    if mark and (state, since) != (run.state, _written(run.state_since)):
        raise _moved_on(run, _read(shown))


def compute_again(*, run: SettlementRun, by: Actor) -> Any:
    """Compute a run anew from its page; of an approved one, which lines overtook, the approval lapses."""
    if run.state == SettlementRun.State.APPROVED:
        return compute_approved_again(run=run, by=by)
    return start_settlement(period=run.period, by=by)


@transaction.atomic
def begin(*, period: Period, by: Actor) -> Any:
    """Compute a month that nobody has computed yet; one that is under way is computed again on its own page only."""
    run = SettlementRun.objects.select_for_update().get(pk=open_run(period=period, by=by).pk)
    if run.state != SettlementRun.State.DRAFT:
        raise _moved_on(run, None)
    return start_settlement(period=period, by=by)


def _moved_on(run: SettlementRun, shown: datetime | None) -> MovedOn:
    """The refusal, with who did what after the page was made; without a page, what was done last."""
    rows = AuditEntry.objects.of(run)
    newest = rows.filter(at__gt=shown)[:TOLD] if shown else rows[:1]
    told = [
        f"{one.who}{formats.comma()}{formats.exact(one.at)}{formats.colon()}{one.text}"
        for one in map(happening, reversed(newest))
    ]
    return MovedOn(
        number=run.number,
        state=run.get_state_display(),
        meanwhile=formats.semicolon().join(told) or formats.exact(run.state_since),
    )


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(MOMENT)


def _read(moment: str) -> datetime | None:
    try:
        return datetime.strptime(moment, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
