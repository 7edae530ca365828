"""The close of a settlement, and who may approve one; the review is in reviewing.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max, Sum

from prm.access.rules import require, who_may
from prm.approvals.reads import deciders_of
from prm.audit.services import record
from prm.jobs.models import Job
from prm.ledger.models import Transaction
from prm.ledger.services import post_batch
from prm.outbox.services import emit
from prm.sealing.services import head
from prm.values import clock
from prm.values.actor import Actor
from rebates import sealing
from rebates.approvals import SETTLEMENT
from rebates.errors import (
    AlreadyClosed,
    AuthorMayNotApprove,
    ComputedBefore,
    ComputedTooEarly,
    NotApproved,
    NotInThisState,
    NotOver,
    StillComputing,
)
from rebates.events import SettlementClosed
from rebates.models import Result, SettlementRun, Version
from rebates.services.computing import JOB

STATE = SettlementRun.State


@transaction.atomic
def close_run(*, run: SettlementRun, by: Actor) -> SettlementRun:
    """Write the ledger and the statements. One transaction: all of it or nothing, and for ever."""
    require(by, "rebates.close")
    run = locked(run)
    if run.is_closed:
        raise AlreadyClosed(number=run.number, person=run.closed_by_label)
    refuse_before_the_end(run)
    if run.state != STATE.APPROVED:
        raise NotApproved(number=run.number, people=", ".join(str(user) for user in whose_turn(run)) or "—")
    hold_balances()
    _refuse_when_overtaken(run)
    run.audit_head = head()
    write_statements(run)  # before the postings: what the ledger holds now is what is carried over
    write_ledger(run, by)
    run.ledger_cut = Transaction.objects.for_everyone(because="close").aggregate(last=Max("id"))["last"] or 0
    Version.objects.filter(scopes__run=run, accrued_at__isnull=True).update(accrued_at=clock.now())
    move(run, STATE.CLOSED)
    run.closed_at, run.closed_by_label = clock.now(), by.label
    run.save()
    record(run, "closed", by=by, changes={"state": [STATE.APPROVED, STATE.CLOSED]})
    record(run, "statements_issued", by=by, changes=sealing.issued(run))
    emit(SettlementClosed(run_id=run.pk), object_key=f"run:{run.pk}")
    return run


def refuse_before_the_end(run: SettlementRun) -> None:
    """A month that runs may be computed, not closed: its last lines are still to come, or came afterwards."""
    if clock.today() < run.ends:
        raise NotOver(month=run.period, number=run.number, day=run.ends)
    if run.frozen_at is not None and run.frozen_at < clock.start_of_day(run.ends):
        raise ComputedTooEarly(month=run.period, number=run.number)


def approvers(run: SettlementRun) -> list[Any]:
    """The people who may approve `run` as it stands, by name."""
    return [user for user in who_may("rebates.approve") if _written_beyond_limit(run, user.pk) is None]


def whose_turn(run: SettlementRun) -> list[Any]:
    """Who has to approve `run` now: the people whose turn it is in a flow, else everybody who may."""
    asked = deciders_of(SETTLEMENT, run.pk) if run.state == STATE.IN_REVIEW else None
    return approvers(run) if asked is None else asked


def authors_beyond_limit(run: SettlementRun) -> set[int]:
    """The authors of versions that move more than the stated sum in this run: they neither approve nor pay."""
    return {version.author_id for version in _beyond_limit(run)}


def locked(run: SettlementRun) -> SettlementRun:
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    if not run.is_closed and Job.objects.open().filter(kind=JOB, key=run.number).exists():
        raise StillComputing(number=run.number)
    return run


def move(run: SettlementRun, state: str, *, refuse_only: bool = False) -> None:
    if not run.may_become(state):
        raise NotInThisState(number=run.number, state=run.get_state_display())
    if not refuse_only:
        run.state, run.state_since = state, clock.now()


def refuse_author(run: SettlementRun, by: Actor) -> None:
    """Nobody approves or pays more than the stated sum under a version of their own."""
    version = _written_beyond_limit(run, by.user_id)
    if version is not None:
        limit = f"{version.currency} {settings.REBATE_AUTHOR_LIMIT:,.2f}"
        raise AuthorMayNotApprove(programme=str(version.programme), limit=limit)


def _written_beyond_limit(run: SettlementRun, user_id: int | None) -> Version | None:
    """A version by this author that moves more than the stated sum in this run."""
    return _beyond_limit(run, author_id=user_id).first() if user_id is not None else None


def _beyond_limit(run: SettlementRun, **author: int) -> Any:
    """The versions that a person wrote and that move more than the stated sum in this run."""
    written = {f"version__{name}": value for name, value in author.items()} or {
        "version__author_id__isnull": False
    }
    sums = (
        Result.objects.for_everyone(because="who may approve")
        .filter(run=run, **written)
        .values("version_id")
        .annotate(moved=Sum(F("earned") + F("adjusted")))
    )
    beyond = [row["version_id"] for row in sums if abs(row["moved"]) > Decimal(settings.REBATE_AUTHOR_LIMIT)]
    return Version.objects.select_related("programme").filter(pk__in=beyond)


def hold_balances() -> None:
    """Closes and payments go one after the other, so that balances and cuts in the ledger are in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))", [f"{connection.schema_name}:rebates"]
        )


def _refuse_when_overtaken(run: SettlementRun) -> None:
    """Adjustments are differences to what was settled: they must be those of this moment."""
    overtaking = SettlementRun.objects.closed().filter(closed_at__gt=run.frozen_at)
    adjusts = Result.objects.for_everyone(because="close").filter(run=run, kind="adjusted").exists()
    if adjusts and overtaking.exists():
        raise ComputedBefore(number=run.number)


def write_ledger(run: SettlementRun, by: Actor) -> int:
    """Expense to payable, a transaction per partner and currency. Returns the number of entries."""
    written = 0
    for total in run.totals:
        for event, column in (("rebates.close", "earned"), ("rebates.adjust", "adjusted")):
            if Decimal(total[column]) == 0 and not _any(run, column):
                continue
            written += post_batch(
                key=f"{event}:{run.number}:{total['currency']}",
                event=event,
                debit="expense",
                credit="payable",
                currency=total["currency"],
                booked_on=run.period.last_day,
                rows=(
                    f"SELECT result.partner_id, programme.purpose_id, result.{column} AS amount"
                    " FROM rebates_result result JOIN rebates_programme programme ON programme.id = result.programme_id"
                    f" WHERE result.run_id = %(run)s AND result.currency = %(currency)s AND result.{column} <> 0"
                    " ORDER BY result.id"
                ),
                params={"run": run.pk, "currency": total["currency"]},
                by=by,
                memo=run.number,
            )
    return written


def _any(run: SettlementRun, column: str) -> bool:
    return Result.objects.for_everyone(because="close").filter(run=run).exclude(**{column: 0}).exists()


def write_statements(run: SettlementRun) -> int:
    """A statement for every partner with results in the run, money outstanding or payments since the last close."""
    previous = SettlementRun.objects.closed().exclude(pk=run.pk).order_by("-closed_at").first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off"
        )  # the rows are too new for the planner's statistics
        cursor.execute(
            _STATEMENTS,
            {
                "run": run.pk,
                "starts": run.starts,
                "ends": run.ends,
                "now": clock.now(),
                "mark": f"ST-{run.period.last_day:%y%m}-",
                "since": previous.ledger_cut if previous else 0,
            },
        )
        written = cursor.rowcount
        cursor.execute("SET LOCAL work_mem = DEFAULT; SET LOCAL enable_nestloop = DEFAULT")
        return written


# Opening and paid come from the ledger as it stands before the close; closing follows, and is what the ledger says
# after it.
_STATEMENTS = """
WITH balance AS (
    SELECT account.partner_id, programme.id AS programme_id, account.currency, -sum(entry.amount) AS amount
    FROM ledger_entry entry
    JOIN ledger_account account ON account.id = entry.account_id AND account.kind IN ('payable', 'approved')
    JOIN rebates_programme programme ON programme.purpose_id = entry.purpose_id
    GROUP BY account.partner_id, programme.id, account.currency
), payment AS (
    SELECT account.partner_id, programme.id AS programme_id, account.currency, sum(entry.amount) AS amount
    FROM ledger_transaction done
    JOIN ledger_entry entry ON entry.transaction_id = done.id
    JOIN ledger_account account ON account.id = entry.account_id AND account.kind = 'approved'
    JOIN rebates_programme programme ON programme.purpose_id = entry.purpose_id
    WHERE done.id > %(since)s AND done.event = 'rebates.pay'
    GROUP BY account.partner_id, programme.id, account.currency
), carried AS (
    SELECT partner_id, currency, sum(opening) AS opening, sum(paid) AS paid, jsonb_object_agg(
        programme_id, jsonb_build_object('opening', opening::text, 'paid', paid::text)) AS lines
    FROM (
        SELECT partner_id, programme_id, currency, COALESCE(payment.amount, 0) AS paid,
               COALESCE(balance.amount, 0) + COALESCE(payment.amount, 0) AS opening
        FROM balance FULL JOIN payment USING (partner_id, programme_id, currency)
    ) line
    WHERE opening <> 0 OR paid <> 0 GROUP BY partner_id, currency
), own AS (
    SELECT partner_id, currency, sum(accrued) AS accrued, sum(earned) AS earned, sum(adjusted) AS adjusted
    FROM rebates_result WHERE run_id = %(run)s GROUP BY partner_id, currency
), statement AS MATERIALIZED (
    SELECT %(run)s::bigint AS run_id, partner_id,
           %(mark)s || upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 10)) AS number,
           %(starts)s::date AS starts, %(ends)s::date AS ends, currency, COALESCE(opening, 0) AS opening,
           COALESCE(accrued, 0) AS accrued, COALESCE(earned, 0) AS earned, COALESCE(adjusted, 0) AS adjusted,
           COALESCE(earned, 0) + COALESCE(adjusted, 0) AS approved, COALESCE(paid, 0) AS paid,
           COALESCE(opening, 0) + COALESCE(earned, 0) + COALESCE(adjusted, 0) - COALESCE(paid, 0) AS closing,
           COALESCE(lines, '{}') AS carried, %(now)s::timestamptz AS issued_at
    FROM own FULL JOIN carried USING (partner_id, currency)
), {results}
INSERT INTO rebates_statement (run_id, partner_id, number, starts, ends, currency, opening, accrued, earned,
                               adjusted, approved, paid, closing, carried, issued_at, digest)
SELECT statement.*, {digest}
FROM statement JOIN partners_partner partner ON partner.id = statement.partner_id
LEFT JOIN results USING (partner_id, currency) ORDER BY statement.partner_id, statement.currency
""".replace("{results}", sealing.RESULTS).replace("{digest}", sealing.DIGEST)
