"""Answering what a settlement finds: each finding by itself with a reason, or what is left at the hand-over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from prm.access.rules import require
from prm.audit.services import record
from prm.values import clock
from prm.values.actor import Actor
from rebates import looks
from rebates.errors_of_reviews import (
    AnswerMissing,
    FindingGone,
    FindingsChanged,
    FindingsUnanswered,
    TooLateToAnswer,
)
from rebates.models import FindingAnswer, SettlementRun
from rebates.services.closing import STATE, locked

OPEN = (STATE.COMPUTED, STATE.IN_REVIEW, STATE.APPROVED)


@transaction.atomic
def answer_finding(*, run: SettlementRun, mark: str, reason: str, by: Actor) -> FindingAnswer:
    """Say why a finding with these figures may stay as it is. It can be answered again; every answer is kept."""
    require(by, "rebates.settle")
    run = locked(run)
    if run.state not in OPEN:
        raise TooLateToAnswer(number=run.number, state=run.get_state_display())
    if not reason.strip():
        raise AnswerMissing()
    asked = next((one for one in looks.found_in(run).asked if one.mark == mark), None)
    if asked is None:
        raise FindingGone()
    (answer,) = _keep(run, [asked], reason.strip(), by)
    changes: dict[str, list[Any]] = {"finding": [None, asked.in_each_language]}
    record(run, "finding answered", by=by, changes=changes, reason=answer.reason)
    return answer


def answer_the_rest(run: SettlementRun, reason: str, shown: str, by: Actor) -> None:
    """At the hand-over: what nobody answered stays with this reason; without one it is refused. `shown`: of which
    findings the page told (`looks.digest`), "" where there was none.
    """
    left = looks.found_in(run).unanswered
    if not left:
        return
    if not reason.strip():
        raise FindingsUnanswered(number=run.number, count=len(left))
    if shown and shown != looks.digest(left):
        raise FindingsChanged()
    _keep(run, left, reason.strip(), by, waived=True)
    record(run, "findings waived", by=by, changes={"findings": [None, len(left)]}, reason=reason.strip())


def _keep(
    run: SettlementRun, asked: Iterable[looks.Asked], reason: str, by: Actor, *, waived: bool = False
) -> list[FindingAnswer]:
    return FindingAnswer.objects.bulk_create(
        FindingAnswer(
            run=run, kind=one.kind, facts=one.facts, mark=one.mark, reason=reason, waived=waived,
            answered_by_id=by.user_id, answered_by_label=by.label[:200], at=clock.now(),
        )
        for one in asked
    )  # fmt: skip
