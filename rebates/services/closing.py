"""Rules of a settlement's review and close: who may, when, and what stands against it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, Sum
from django.utils.translation import pgettext

from prm.access.rules import who_may
from prm.approvals.reads import deciders_of
from prm.values import clock
from prm.values.actor import Actor
from rebates.approvals import SETTLEMENT, approved_at_a_step
from rebates.errors import (
    AnotherCloses,
    AuthorMayNotApprove,
    ComputedBefore,
    ComputedTooEarly,
    NotInThisState,
    NotOver,
    StillComputing,
)
from rebates.models import Result, SettlementRun, Version
from rebates.returned import AT_ORIGINAL_RATE
from rebates.services.computing import is_computing

STATE = SettlementRun.State


def refuse_before_the_end(run: SettlementRun) -> None:
    """A month that runs may be computed, not closed: its last lines are still to come, or came afterwards."""
    if clock.today() < run.ends:
        raise NotOver(month=run.period, number=run.number, day=run.ends)
    if run.frozen_at is not None and run.frozen_at < clock.start_of_day(run.ends):
        raise ComputedTooEarly(month=run.period, number=run.number)


def approvers(run: SettlementRun) -> list[Any]:
    """The people who may approve `run` as it stands, by name."""
    return [user for user in who_may("rebates.approve") if not _written_beyond_limit(run, user.pk)]


def releasers(run: SettlementRun) -> list[Any]:
    """The people who may release payments of `run`, by name: neither who approved it nor authors beyond the sum."""
    barred = {run.approved_by_id, *approved_at_a_step(run), *authors_beyond_limit(run)}
    return [user for user in who_may("rebates.pay") if user.pk not in barred]


def whose_turn(run: SettlementRun) -> list[Any]:
    """Who has to approve `run` now: the people whose turn it is in a flow, else everybody who may."""
    asked = deciders_of(SETTLEMENT, run.pk) if run.state == STATE.IN_REVIEW else None
    return approvers(run) if asked is None else asked


def authors_beyond_limit(run: SettlementRun) -> set[int]:
    """The authors whose versions together move more than the stated sum in this run: they neither approve nor pay."""
    return set(_beyond_limit(run))


def locked(run: SettlementRun) -> SettlementRun:
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    if not run.is_closed and is_computing(run):
        raise StillComputing(number=run.number)
    return run


def move(run: SettlementRun, state: str, *, refuse_only: bool = False) -> None:
    if not run.may_become(state):
        raise NotInThisState(number=run.number, state=run.get_state_display())
    if not refuse_only:
        run.state, run.state_since = state, clock.now()


def refuse_author(run: SettlementRun, by: Actor) -> None:
    """Nobody approves or pays more than the stated sum under versions of their own, however many they are."""
    written = _written_beyond_limit(run, by.user_id)
    if written:
        limit = f"{written[0].paid_in} {Decimal(settings.REBATE_AUTHOR_LIMIT):,.2f}"
        names = pgettext("between the words of a list", ", ").join(str(one.programme) for one in written)
        raise AuthorMayNotApprove(programme=names, limit=limit)


def _written_beyond_limit(run: SettlementRun, user_id: int | None) -> list[Version]:
    """What this author wrote, if it moves more than the stated sum in this run."""
    if user_id is None:
        return []
    found = _beyond_limit(run, version__author_id=user_id).get(user_id, set())
    return list(Version.objects.select_related("programme").filter(pk__in=found).order_by("programme__code"))


def _beyond_limit(run: SettlementRun, **author: int) -> dict[int, set[int]]:
    """By author, the versions by which their figures move: of those who move more than the stated sum of a currency in
    this run, all their versions added up.
    """
    sums = (
        Result.objects.for_everyone(because="who may approve")
        .filter(run=run, version__author_id__isnull=False, **author)
        .order_by()
        .values_list("version__author_id", "currency", "version_id")
        .annotate(moved=Sum(F("earned") + F("adjusted")))
    )
    moved: dict[tuple[int, str], dict[int, Decimal]] = defaultdict(dict)
    for author_id, currency, version_id, amount in sums:
        moved[author_id, currency][version_id] = abs(amount)
    found: dict[int, set[int]] = defaultdict(set)
    for (author_id, _currency), amounts in moved.items():
        if sum(amounts.values()) > Decimal(settings.REBATE_AUTHOR_LIMIT):
            found[author_id] |= {version_id for version_id, amount in amounts.items() if amount}
    return found


def hold_balances() -> None:
    """Closes and payments go one after the other, so that balances and cuts in the ledger are in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))", [f"{connection.schema_name}:rebates"]
        )


def refuse_when_another_closes(run: SettlementRun) -> None:
    """What one close carries over is what the close before it left."""
    other = SettlementRun.objects.filter(state=STATE.CLOSING).exclude(pk=run.pk).first()
    if other is not None:
        raise AnotherCloses(number=run.number, other=other.number)


def refuse_when_overtaken(run: SettlementRun) -> None:
    """Adjustments, differences within a year and returns at the original rate are held against what was settled: they
    must be those of this moment.
    """
    overtaking = SettlementRun.objects.closed().filter(closed_at__gt=run.frozen_at)
    adjusts = Result.objects.for_everyone(because="close").filter(run=run, kind="adjusted").exists()
    looks_back = run.scopes.filter(
        Q(version__policy__cumulative=True) | Q(version__policy__returns=AT_ORIGINAL_RATE)
    )
    if (adjusts or looks_back.exists()) and overtaking.exists():
        raise ComputedBefore(number=run.number)
