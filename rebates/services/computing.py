"""Computing a settlement: freeze what is read, compute partner by partner range, adjust closed periods, total.

Each step may be run again: it replaces its own rows. A kill between steps loses nothing, two runs of one step write
the same.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from orders.models import CreditedLine, PaymentReceived, SalesLine, SerialMoved
from partners.models import Partner
from prm.access.rules import require
from prm.approvals import services as approvals
from prm.audit.services import record
from prm.jobs.models import Job
from prm.jobs.services import run_to_end, start_job
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import (
    adjustments,
    counting_days,
    currencies,
    few_members,
    kept,
    outside,
    partner_pools,
    serials,
    settlement,
    tier_days,
    traits,
    yearly,
)
from rebates.approvals import SETTLEMENT
from rebates.errors import AlreadyClosed, NotBegun, NothingToSettle, NotInThisState, StillComputing
from rebates.events import SettlementComputed
from rebates.frozen_rates import books_of, computable, freeze_rates, last_known
from rebates.grouped import Foreign
from rebates.marks import highest_of
from rebates.models import Result, RunMember, RunScope, SettlementRun, Version
from rebates.plans import Plan, plans_for, scope_plans
from rebates.reads import added, together
from rebates.scope import Scope
from rebates.sums import MOST_BESIDE, READ_SETTINGS, READ_SETTINGS_END, Sums
from rebates.without_result import why_outside

CHUNK = 5_000  # partners a part
LAST = 2**62 - 1  # above every partner's id
JOB = "rebates.settle"
POOLED = "everybody"  # in the inputs of a run, beside the first partner of each range


@transaction.atomic
def open_run(*, period: Period, by: Actor) -> SettlementRun:
    """The run that settles every programme whose period ends with `period`; made when there is none."""
    require(by, "rebates.settle")
    month = Period.of("month", period.last_day)
    if month.start > clock.today():
        raise NotBegun(period=period)
    run, new = SettlementRun.objects.get_or_create(
        ends=month.end,
        defaults={"number": f"S-{month}", "starts": month.start, "created_by_label": by.label},
    )
    if new:
        if not Version.objects.ending_on(month.last_day):
            raise NothingToSettle(day=month.last_day)
        record(run, "opened", by=by)
    return run


@transaction.atomic
def start_settlement(*, period: Period, by: Actor, chunk: int = CHUNK) -> Job:
    """Compute the run of `period` as a background job. Pressed twice, or by two people, it is one job and one run."""
    require(by, "rebates.settle")
    run = SettlementRun.objects.select_for_update().get(pk=open_run(period=period, by=by).pk)
    _refuse_unless_recomputable(run)
    known = Job.objects.open().filter(kind=JOB, key=run.number).first()
    if known:
        return known
    params = {"run": run.pk, "bounds": bounds_of_partners(chunk), "by": by.label}
    run.computed_by_id, run.computed_by_label = by.user_id, by.label[:200]
    run.save(update_fields=["computed_by", "computed_by_label"])
    record(run, "computation started", by=by)
    return start_job(
        kind=JOB, key=run.number, title=said.Sentence(_("Settlement run %(number)s"), number=run.number),
        link=f"/settlements/{run.number}/",
        params=params, by=by,
    )  # fmt: skip


def is_computing(run: SettlementRun) -> bool:
    return Job.objects.open().filter(kind=JOB, key=run.number).exists()


def compute_run(*, period: Period, by: Actor, chunk: int = CHUNK) -> SettlementRun:
    """Compute in this process and wait for the end; for commands."""
    job = run_to_end(start_settlement(period=period, by=by, chunk=chunk))
    return SettlementRun.objects.get(pk=job.params["run"])


def _refuse_unless_recomputable(run: SettlementRun) -> None:
    if run.is_closed:
        raise AlreadyClosed(number=run.number, person=run.closer)
    if run.state not in SettlementRun.RECOMPUTABLE:
        raise NotInThisState(number=run.number, state=run.get_state_display())


def bounds_of_partners(chunk: int) -> list[list[int]]:
    """Ranges of partner ids, each with about `chunk` partners; together they cover every id."""
    ids = list(
        Partner.objects.for_everyone(because="a settlement concerns all")
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    firsts = ids[::chunk][1:]
    edges = [0, *firsts, LAST + 1]
    return [[low, high - 1] for low, high in zip(edges, edges[1:], strict=False)]


# The job's steps


def freeze(run_id: int) -> SettlementRun:
    """First step: throw the earlier computation away, and what was asked about it; fix what this one reads."""
    approvals.hold(SETTLEMENT, run_id)  # the approval before everything else
    run = SettlementRun.objects.select_for_update().get(pk=run_id)
    _refuse_unless_recomputable(run)
    _forget(run)
    approvals.cancel_run(subject=SETTLEMENT, obj=run, by=Actor.job(JOB))
    found = Version.objects.ending_on(run.period.last_day)
    RunScope.objects.bulk_create(
        RunScope(
            run=run, programme_id=version.programme_id, version=version, starts=period.start, ends=period.end
        )
        for version, period in found
    )
    plans = plans_for(found)
    members = traits.members_on(run.period.last_day, plans)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rebates_runmember (run_id, partner_id, tier, type, region, family, figures, tier_days, leaves)"
            " SELECT %(run)s, m.partner_id, m.tier, m.type, m.region, m.family, m.figures, spans.tier_days,"
            " partner.status = ANY(%(leaving)s)"
            f" FROM ({members.text}) m JOIN partners_partner partner ON partner.id = m.partner_id"
            f" LEFT JOIN {tier_days.frozen(plans)} spans ON spans.partner_id = m.partner_id"
            " ORDER BY m.partner_id",
            members.params | {"run": run.pk, "leaving": [Partner.Status.EXITING, Partner.Status.EXITED]},
        )
        cursor.execute("ANALYZE rebates_runmember")
    run.state, run.state_since = SettlementRun.State.DRAFT, clock.now()
    run.watermark, run.frozen_at, run.computed_at = highest_of(SalesLine, CreditedLine), clock.now(), None
    run.paid_watermark, run.serial_watermark = highest_of(PaymentReceived), highest_of(SerialMoved)
    freeze_rates(run, plans)
    run.save()
    return run


def compute_chunk(run_id: int, first: int, last: int) -> int:
    """A part of the middle step: the results of the partners `first` to `last`. Returns how many rows were written.

    Parts run side by side: each holds the run only against being thrown away, and adds what it read at its end.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM rebates_settlementrun WHERE id = %s FOR KEY SHARE", [run_id])
    run = SettlementRun.objects.get(pk=run_id)
    if run.state != SettlementRun.State.DRAFT:
        return 0
    plans, _pooled = partner_pools.apart(computable(run, scope_plans(run)))
    if not plans:
        return 0
    Result.objects.for_everyone(because="settlement").filter(
        run=run, partner_id__gte=first, partner_id__lte=last
    ).delete()
    everyone = (first, last) == (0, LAST)
    scope = Scope(
        watermark=run.watermark,
        first_partner=None if everyone else first,
        last_partner=None if everyone else last,
        paid_to=run.paid_watermark,
        serials_to=run.serial_watermark,
        tiers_of_run=run.pk,
        closed_before=run.frozen_at,
        kept=kept.proven(),
    )
    written, inputs = write_results(run, plans, scope)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rebates_settlementrun SET inputs = inputs || %s::jsonb WHERE id = %s",
            [json.dumps({str(first): inputs}), run.pk],
        )
    return written


def write_results(run: SettlementRun, plans: list[Plan], scope: Scope) -> tuple[int, dict[str, Any]]:
    """Read the lines once, write a result a programme and partner. Returns how many, and what was read.

    Programmes that count several currencies are read one by one.
    """
    written, inputs = 0, list[dict[str, Any]]()
    for part in currencies.parts(plans, scope, books=books_of(run), on=last_known(run)):
        count, read = _write_part(run, part.sums)
        written += count
        inputs.append(read)
    return written, together(inputs)


def _write_part(run: SettlementRun, sums: settlement.Read) -> tuple[int, dict[str, Any]]:
    with connection.cursor() as cursor:
        serials_in = _serials_counted(cursor, sums)
        cursor.execute(READ_SETTINGS)
        left_out = _read_lines(cursor, sums)
        inputs = sums.inputs(cursor, "rebates_sums") | {"other_currencies": _left_out(run, left_out)}
        figures = settlement.figures(
            _laid_side_by_side(cursor, sums),
            relation="rebates_sums", members=traits.frozen_members(), serials_in=serials_in,
        )  # fmt: skip
        text = _INSERT_RESULTS.format(figures=figures.text, before=yearly.settled_before(sums.plans))
        cursor.execute(text, figures.params | {"run": run.pk})
        written = cursor.rowcount
        cursor.execute("DROP TABLE IF EXISTS pg_temp.rebates_sums, pg_temp.rebates_serials")
        cursor.execute(READ_SETTINGS_END)
    return written, inputs


def _serials_counted(cursor: Any, sums: settlement.Read) -> str:
    """Where they are counted, if some plan asks. Beforehand: few lines name a serial, and an index leads to these, but
    what reads all lines keeps off indexes.
    """
    if not serials.matter(sums.plans):
        return ""
    params: dict[str, Any] = {}
    text = serials.counts(sums, params)
    cursor.execute("SET LOCAL random_page_cost = 1.1; SET LOCAL max_parallel_workers_per_gather = 0")
    cursor.execute(f"CREATE TEMP TABLE rebates_serials ON COMMIT DROP AS {text}", params)
    cursor.execute(
        "ANALYZE pg_temp.rebates_serials"
    )  # else the many results would be laid out to be looked up
    cursor.execute(
        "SET LOCAL random_page_cost = DEFAULT; SET LOCAL max_parallel_workers_per_gather = DEFAULT"
    )
    return "pg_temp.rebates_serials"


def _laid_side_by_side(cursor: Any, sums: settlement.Read) -> settlement.Read:
    """What was read, as a row a partner where few enough cells occur in it: adding up columns is cheaper than rows."""
    if not isinstance(sums, Sums) or sums.side_by_side:
        return sums
    cursor.execute("SELECT DISTINCT cell FROM rebates_sums")
    occurring = [cell for (cell,) in cursor]
    if not 0 < len(occurring) <= MOST_BESIDE:
        return sums
    laid, text = sums.beside("pg_temp.rebates_sums", occurring)
    cursor.execute(f"CREATE TEMP TABLE rebates_beside ON COMMIT DROP AS {text}")
    cursor.execute("DROP TABLE pg_temp.rebates_sums")
    cursor.execute("ALTER TABLE pg_temp.rebates_beside RENAME TO rebates_sums")
    return laid


def _left_out(run: SettlementRun, foreign: list[Foreign]) -> list[list[Any]]:
    """Lines in other currencies of partners that take part: [code, currency, lines, amount, partners]."""
    rows = RunMember.objects.for_everyone(because="settlement").filter(run=run)
    members = {row.partner_id: row for row in rows.filter(partner_id__in={one.partner_id for one in foreign})}
    found: dict[tuple[str, str], list[Any]] = {}
    for one in foreign:
        member = members.get(one.partner_id)
        if member is None or not why_outside(one.plan, member):
            sums = found.setdefault((one.plan.code, one.currency), [0, Decimal(0), set()])
            sums[0], sums[1] = sums[0] + one.lines, sums[1] + one.amount
            sums[2].add(one.partner_id)
    return [
        [*key, lines, str(amount), len(partners)] for key, (lines, amount, partners) in sorted(found.items())
    ]


def _read_lines(cursor: Any, sums: settlement.Read) -> list[Foreign]:
    """Fill the temporary table `rebates_sums`. Returns the lines in other currencies, see `other_currencies`."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.rebates_sums, pg_temp.rebates_beside")
    create = "CREATE TEMP TABLE rebates_sums ON COMMIT DROP AS"
    if sums.hopes:
        read = sums.read(hoping=True)
        cursor.execute(f"{create} {read.text}", read.params)
        cursor.execute("SELECT sum(foreign_lines) FROM rebates_sums")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute("DROP TABLE pg_temp.rebates_sums")
    read = sums.read()
    cursor.execute(f"{create} {read.text}", read.params)
    return sums.other_currencies(cursor)


_INSERT_RESULTS = """
INSERT INTO rebates_result (run_id, partner_id, programme_id, version_id, kind, starts, ends, currency, tier,
    qualifier, base, reference, band, computed, settled, accrued, earned, adjusted, line_count, explanation)
SELECT %(run)s, partner_id, programme_id, version_id, 'earned', starts, ends, currency, tier,
    qualifier, base, reference, band, earned + before, before, earned, earned, 0, lines, explanation
FROM ({figures}) figures
CROSS JOIN LATERAL (SELECT {before} AS before) year
"""


def finish(run_id: int) -> SettlementRun:
    """Last step: adjustments of closed periods, totals, state."""
    run = SettlementRun.objects.select_for_update().get(pk=run_id)
    if run.state != SettlementRun.State.DRAFT:
        return run
    stopped = list(run.exchange.get("stopped", []))
    plans = scope_plans(run)
    _write_pooled(run, plans)
    _tell_the_planner()
    adjustments.write(run, stopped)
    totals = _totals_of(run)
    run.partner_count = totals[0]["partners"] if totals else 0
    _add_up_inputs(run)
    read = _read_in_all(run)
    credits = read.get("credits", {"sums": {}})["sums"]
    run.totals = [
        {
            "currency": row["currency"],
            "sales": read["sums"].get(row["currency"], "0.00"),
            **({"credited": str(Decimal(credits[row["currency"]]))} if row["currency"] in credits else {}),
            **{name: str(row[name]) for name in ("accrued", "earned", "adjusted")},
        }
        for row in totals
    ]
    lacking = counting_days.findings(plans, Scope(watermark=run.watermark, paid_to=run.paid_watermark))
    run.findings = [*run.findings, *stopped, *lacking, *outside.findings(run), *yearly.findings(run, plans)]
    run.findings += few_members.findings(run)
    if clock.today() < run.ends:
        run.findings = [*run.findings, {"kind": "not_over", "last_day": run.period.last_day.isoformat()}]
    run.state, run.state_since = SettlementRun.State.COMPUTED, clock.now()
    run.computed_at = run.state_since
    run.save()
    emit(SettlementComputed(run_id=run.pk), object_key=f"run:{run.pk}")
    return run


def _tell_the_planner() -> None:
    """What was just written is read from here on: a small sample says how much it is, which no statistics do yet."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL default_statistics_target = 10")
        cursor.execute("ANALYZE rebates_result (run_id, partner_id, programme_id, kind)")
        cursor.execute("SET LOCAL default_statistics_target = DEFAULT")


def _write_pooled(run: SettlementRun, plans: list[Plan]) -> None:
    """The results of programmes in which each figure hangs on those of all: nobody's is known before all are."""
    _others, pooled = partner_pools.apart(computable(run, plans))
    if not pooled:
        return
    rows = Result.objects.for_everyone(because="settlement").filter(run=run)
    rows.filter(version__in=[plan.version.pk for plan in pooled if not plan.unseen]).delete()
    scope = Scope(
        watermark=run.watermark, paid_to=run.paid_watermark, serials_to=run.serial_watermark, tiers_of_run=run.pk,
        closed_before=run.frozen_at, kept=kept.proven(),
    )  # fmt: skip
    _written, inputs = write_results(run, pooled, scope)
    run.inputs = {**run.inputs, POOLED: inputs}


def _read_in_all(run: SettlementRun) -> dict[str, Any]:
    """What all ranges of partners read; what was read for everybody at once overlaps with it."""
    found: dict[str, Any] = {"lines": 0, "hash": 0, "sums": {}, "other_currencies": []}
    for key, chunk in run.inputs.items():
        if key == POOLED:
            continue
        added(found, chunk)
        found["other_currencies"] += chunk.get("other_currencies", [])
        if "credits" in chunk:
            added(found.setdefault("credits", {"lines": 0, "hash": 0, "sums": {}}), chunk["credits"])
    return together([found, run.inputs[POOLED]]) if POOLED in run.inputs else found


def _totals_of(run: SettlementRun) -> list[dict[str, Any]]:
    """A row a currency, and in each how many partners have results."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(_TOTALS, {"run": run.pk})
        rows = [dict(zip([column.name for column in cursor.description], row, strict=True)) for row in cursor]
        cursor.execute("SET LOCAL work_mem = DEFAULT")
        return rows


_TOTALS = """
WITH each AS MATERIALIZED (
    SELECT partner_id, currency, sum(accrued) AS accrued, sum(earned) AS earned, sum(adjusted) AS adjusted
    FROM rebates_result WHERE run_id = %(run)s GROUP BY partner_id, currency
)
SELECT currency, sum(accrued) AS accrued, sum(earned) AS earned, sum(adjusted) AS adjusted,
       (SELECT count(DISTINCT partner_id) FROM each) AS partners
FROM each GROUP BY currency ORDER BY currency
"""


def _add_up_inputs(run: SettlementRun) -> None:
    """Lines and fingerprint over all chunks; what was left out becomes findings."""
    read, left_out = _read_in_all(run), dict[tuple[str, str], list[Any]]()
    run.line_count, run.lines_hash = read["lines"], read["hash"]
    for programme, currency, lines, amount, partners in read["other_currencies"]:
        sums = left_out.setdefault((programme, currency), [0, Decimal(0), 0])
        sums[0], sums[1], sums[2] = sums[0] + lines, sums[1] + Decimal(amount), sums[2] + partners
    run.findings = [
        {
            "kind": "other_currency", "programme": programme, "currency": currency,
            "lines": lines, "amount": str(amount), "partners": partners,
        }
        for (programme, currency), (lines, amount, partners) in sorted(left_out.items())
    ]  # fmt: skip


def _forget(run: SettlementRun) -> None:
    Result.objects.for_everyone(because="settlement").filter(run=run).delete()
    RunMember.objects.for_everyone(because="settlement").filter(run=run).delete()
    run.scopes.all().delete()
    run.rates.all().delete()
    run.exchange = {}
    run.partner_count = run.line_count = run.lines_hash = 0
    run.totals, run.findings, run.inputs = [], [], {}
    run.submitted_by = None


@transaction.atomic
def discard_run(*, run: SettlementRun, by: Actor) -> SettlementRun:
    """Throw a computation away; the run is a draft again."""
    require(by, "rebates.settle")
    approvals.hold(SETTLEMENT, run.pk)
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    _refuse_unless_recomputable(run)
    if is_computing(run):
        raise StillComputing(number=run.number)
    _forget(run)
    approvals.cancel_run(subject=SETTLEMENT, obj=run, by=by)
    run.state, run.state_since, run.computed_at = SettlementRun.State.DRAFT, clock.now(), None
    run.save()
    record(run, "thrown away", by=by)
    return run
