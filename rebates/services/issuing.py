"""The close of a settlement: ledger and statements, written by all workers side by side, a range of partners each.

Guarantee: a month closes once, whole and for ever. While a run is being closed its figures do not change, no other run
closes, and none of its statements is shown; the last step makes it closed for everybody at once. What is carried over
is what the ledger held at the cut, the moment when the close began: whatever is killed, and whoever is paid meanwhile,
the statements are the same. Both they and the postings have keys, so a part that is done again writes nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from secrets import token_hex

from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from prm.access.rules import require
from prm.audit.services import record
from prm.jobs.models import Job
from prm.jobs.services import run_to_end, start_job
from prm.ledger.models import Transaction
from prm.ledger.services import open_accounts, post_batch
from prm.outbox.services import emit
from prm.sealing.services import head
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from rebates import sealing
from rebates.errors import AlreadyClosed, NotApproved
from rebates.events import SettlementClosed
from rebates.frozen_rates import refuse_without_rates
from rebates.minimums import kept_sql
from rebates.models import Programme, Result, SettlementRun, Version
from rebates.services import accruing, adjusting, golive
from rebates.services.closing import (
    STATE,
    hold_balances,
    locked,
    move,
    refuse_before_the_end,
    refuse_when_another_closes,
    refuse_when_overtaken,
    whose_turn,
)
from rebates.services.computing import bounds_of_partners
from rebates.services.overtaken import refuse_unseen_lines
from rebates.services.pressed import Pressed

JOB = "rebates.close"
CHUNK = 2_500  # partners a part
COLUMNS = {"earned": Result.Kind.EARNED, "adjusted": Result.Kind.ADJUSTED}


@transaction.atomic
def start_close(*, run: SettlementRun, by: Actor, chunk: int = CHUNK, without: int | None = None) -> Job:
    """Close an approved run as a background job. Pressed twice, or by two people, it is one job and one close.

    `without`: of how many lines that its figures leave out whoever closes was told; None where nobody was asked.
    """
    require(by, "rebates.close")
    run = locked(run)
    if run.is_closed:
        raise AlreadyClosed(number=run.number, person=run.closer)
    if without is not None:
        refuse_unseen_lines(run, without)
    if run.state != STATE.CLOSING:
        _begin(run, by)
    params = {"run": run.pk, "bounds": bounds_of_partners(chunk), "by": asdict(Pressed.of(by))}
    return start_job(
        kind=JOB, key=run.number, title=said.Sentence(_("Close of settlement %(number)s"), number=run.number),
        link=run.get_absolute_url(), params=params, by=by,
    )  # fmt: skip


def close_run(*, run: SettlementRun, by: Actor, chunk: int = CHUNK) -> SettlementRun:
    """Close in this process and wait for the end, for commands."""
    run_to_end(start_close(run=run, by=by, chunk=chunk))
    return SettlementRun.objects.get(pk=run.pk)


def is_closing(run: SettlementRun) -> bool:
    """Whether a job is at it; a run that is being closed without one waits to be gone on with."""
    return Job.objects.open().filter(kind=JOB, key=run.number).exists()


def _begin(run: SettlementRun, by: Actor) -> None:
    refuse_before_the_end(run)
    refuse_without_rates(run)
    if run.state != STATE.APPROVED:
        raise NotApproved(number=run.number, people=", ".join(str(user) for user in whose_turn(run)) or "—")
    hold_balances()
    refuse_when_another_closes(run)
    refuse_when_overtaken(run)
    golive.refuse_settled_outside(run)
    golive.refuse_taken_back_since(run)
    adjusting.take_up(run)
    Version.objects.filter(scopes__run=run, accrued_at__isnull=True).update(accrued_at=clock.now())
    # Parts would wait for one another here: the programmes' accounts are there before them.
    adjusted = Result.objects.for_everyone(because="close").filter(run=run, kind=Result.Kind.ADJUSTED)
    concerned = Q(pk__in=run.scopes.values("programme_id")) | Q(pk__in=adjusted.values("programme_id"))
    purposes = list(Programme.objects.filter(concerned).values_list("purpose_id", flat=True))
    for total in run.totals:
        open_accounts(kind="expense", purpose_ids=purposes, currency=total["currency"])
    run.ledger_cut = Transaction.objects.for_everyone(because="close").aggregate(last=Max("id"))["last"] or 0
    run.audit_head, run.closed_by_id, run.closed_by_label = head(), by.user_id, by.label
    move(run, STATE.CLOSING)
    run.save()
    record(run, "close began", by=by, changes={"state": [STATE.APPROVED, STATE.CLOSING]})


# The job's steps


def close_some(run_id: int, first: int, last: int, *, by: Actor) -> int:
    """A part: statements and postings of the partners `first` to `last`. Returns how many statements were issued."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM rebates_settlementrun WHERE id = %s FOR KEY SHARE", [run_id])
    run = SettlementRun.objects.get(pk=run_id)
    if run.state != STATE.CLOSING:
        return 0
    partners = {"first": first, "last": last}
    issued = _write_statements(run, partners)  # before the ledger, which it would have to read past
    _write_ledger(run, partners, by)
    return issued


def finish_close(run_id: int, *, by: Actor) -> SettlementRun:
    """The last step: the run is closed, its statements are there for everybody."""
    run = SettlementRun.objects.select_for_update().get(pk=run_id)
    if run.state != STATE.CLOSING:
        return run
    move(run, STATE.CLOSED)
    run.closed_at = clock.now()
    run.save()
    record(run, "closed", by=by, changes={"state": [STATE.CLOSING, STATE.CLOSED]})
    # The row above says who; this one, whose bytes stand in recompute kits, names nobody.
    record(run, sealing.ISSUED, by=Actor.job("settlement"), changes=sealing.issued(run))
    emit(SettlementClosed(run_id=run.pk), object_key=f"run:{run.pk}")
    return run


def _write_ledger(run: SettlementRun, partners: dict[str, int], by: Actor) -> int:
    """Expense to payable, a transaction per partner and currency; accruals back. Returns the number of entries."""
    written = 0
    for total in run.totals:
        for event, column in (("rebates.close", "earned"), ("rebates.adjust", "adjusted")):
            if not _moves(run, total, column, partners):
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
                    " AND result.partner_id BETWEEN %(first)s AND %(last)s"
                    " ORDER BY result.partner_id, result.programme_id"
                ),
                params={"run": run.pk, "currency": total["currency"]} | partners,
                by=by,
                memo=run.number,
            )
    return written + adjusting.post(run, partners, by) + accruing.take_back(run, partners, by)


def _moves(run: SettlementRun, total: dict[str, str], column: str, partners: dict[str, int]) -> bool:
    """Whether any figure of that column is not zero; they may well add up to nothing."""
    if Decimal(total[column]) != 0:
        return True
    # The kind leads to the index of the few adjustments; a look at all results would cost each part as much again.
    of_that_kind = Result.objects.for_everyone(because="close").filter(
        run=run, kind=COLUMNS[column], partner_id__gte=partners["first"], partner_id__lte=partners["last"]
    )
    return of_that_kind.exclude(**{column: 0}).exists()


def _write_statements(run: SettlementRun, partners: dict[str, int]) -> int:
    """A statement for every partner with results in the run, money outstanding or payments since the last close."""
    previous = SettlementRun.objects.closed().exclude(pk=run.pk).order_by("-closed_at").first()
    since = previous.ledger_cut if previous else 0
    came_in = Transaction.objects.for_everyone(because="close").filter(
        event__in=golive.EVENTS, id__gt=since, id__lte=run.ledger_cut
    )
    brought = _BROUGHT if came_in.exists() else _NOTHING_BROUGHT
    with connection.cursor() as cursor:
        cursor.execute(f"{sealing.READ_SETTINGS}; SET LOCAL work_mem = '64MB'")
        cursor.execute(
            _STATEMENTS.replace("{kept}", kept_sql(run)).replace("{brought}", brought),
            {
                "run": run.pk,
                "starts": run.starts,
                "ends": run.ends,
                "now": run.state_since,
                "mark": f"ST-{run.period.last_day:%y%m}-",
                # Random once: the server needs as long for a random number as for a statement.
                "secret": token_hex(32),
                "since": since,
                "brought": list(golive.EVENTS),
                "cut": run.ledger_cut,
            }
            | partners,
        )
        written = cursor.rowcount
        cursor.execute("SET LOCAL work_mem = DEFAULT; SET LOCAL enable_nestloop = DEFAULT")
        return written


# What came in at go-live since the close before. Only the first closes find any: the others are spared the look.
_BROUGHT = """
    SELECT done.partner_id, done.currency, -sum(entry.amount) AS brought
    FROM ledger_transaction done
    JOIN ledger_entry entry ON entry.transaction_id = done.id
    JOIN ledger_account account ON account.id = entry.account_id AND account.kind = 'payable'
    WHERE done.id > %(since)s AND done.id <= %(cut)s
        AND done.event = ANY(%(brought)s)
        AND done.partner_id BETWEEN %(first)s AND %(last)s
    GROUP BY done.partner_id, done.currency
"""
_NOTHING_BROUGHT = """
    SELECT partner_id, currency, amount AS brought FROM balance WHERE false
"""
# Opening and paid come from the ledger as it stood at the cut; closing follows, and is what that and the close say.
_STATEMENTS = """
WITH balance AS (
    SELECT account.partner_id, programme.id AS programme_id, account.currency, -sum(entry.amount) AS amount
    FROM ledger_entry entry
    JOIN ledger_account account ON account.id = entry.account_id AND account.kind IN ('payable', 'approved')
        AND account.partner_id BETWEEN %(first)s AND %(last)s
    JOIN rebates_programme programme ON programme.purpose_id = entry.purpose_id
    WHERE entry.transaction_id <= %(cut)s
    GROUP BY account.partner_id, programme.id, account.currency
), payment AS (
    SELECT account.partner_id, programme.id AS programme_id, account.currency, sum(entry.amount) AS amount
    FROM ledger_transaction done
    JOIN ledger_entry entry ON entry.transaction_id = done.id
    JOIN ledger_account account ON account.id = entry.account_id AND account.kind = 'approved'
    JOIN rebates_programme programme ON programme.purpose_id = entry.purpose_id
    WHERE done.id > %(since)s AND done.id <= %(cut)s AND done.event = 'rebates.pay'
        AND done.partner_id BETWEEN %(first)s AND %(last)s
    GROUP BY account.partner_id, programme.id, account.currency
), brought AS ({brought}
), {kept}, carried AS (
    SELECT partner_id, currency, sum(opening) AS opening, sum(paid) AS paid, sum(kept_before) AS kept_before,
           sum(kept) AS kept, jsonb_object_agg(
        programme_id, jsonb_build_object('opening', opening::text, 'paid', paid::text) || note) AS lines
    FROM (
        SELECT partner_id, programme_id, currency, COALESCE(payment.amount, 0) AS paid,
               COALESCE(balance.amount, 0) + COALESCE(payment.amount, 0) AS opening,
               COALESCE(kept.before, 0) AS kept_before, COALESCE(kept.now, 0) AS kept, COALESCE(kept.note, '{}') AS note
        FROM balance FULL JOIN payment USING (partner_id, programme_id, currency)
        FULL JOIN kept USING (partner_id, programme_id, currency)
    ) line
    WHERE opening <> 0 OR paid <> 0 OR kept_before <> 0 OR kept <> 0 GROUP BY partner_id, currency
), {results}, statement AS MATERIALIZED (
    SELECT %(run)s::bigint AS run_id, partner_id,
           %(mark)s || upper(substr(encode(
               sha256(convert_to(%(secret)s || partner_id || currency, 'UTF8')), 'hex'), 1, 10)) AS number,
           %(starts)s::date AS starts, %(ends)s::date AS ends, currency, COALESCE(opening, 0) AS opening,
           COALESCE(accrued, 0) AS accrued, COALESCE(earned, 0) AS earned, COALESCE(adjusted, 0) AS adjusted,
           COALESCE(earned, 0) + COALESCE(adjusted, 0) AS approved, COALESCE(paid, 0) AS paid,
           COALESCE(opening, 0) + COALESCE(earned, 0) + COALESCE(adjusted, 0) - COALESCE(paid, 0) AS closing,
           COALESCE(lines, '{}') AS carried, COALESCE(brought, 0) AS brought, COALESCE(kept_before, 0) AS kept_before,
           COALESCE(kept, 0) AS kept, %(now)s::timestamptz AS issued_at, results.text
    FROM results FULL JOIN carried USING (partner_id, currency) LEFT JOIN brought USING (partner_id, currency)
)
INSERT INTO rebates_statement (run_id, partner_id, number, starts, ends, currency, opening, accrued, earned, adjusted,
                               approved, paid, closing, carried, brought, kept_before, kept, issued_at, digest)
SELECT run_id, partner_id, statement.number, starts, ends, currency, opening, accrued, earned, adjusted,
       approved, paid, closing, carried, brought, kept_before, kept, issued_at, {digest}
FROM statement JOIN partners_partner partner ON partner.id = statement.partner_id
ORDER BY statement.partner_id, statement.currency
ON CONFLICT (run_id, partner_id, currency) DO NOTHING
""".replace("{results}", sealing.results_of("BETWEEN %(first)s AND %(last)s")).replace(
    "{digest}", sealing.DIGEST
)
