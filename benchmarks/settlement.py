"""The month's settlement against the least that PostgreSQL must do, and against a loop through the ORM.

    .venv/bin/python -m benchmarks.settlement [--lines 1000000] [--partners 10000] [--repeat 3] [--workers 2]

- product: freeze, compute, approve, close — from stored lines to results, explanations, ledger and statements, as the
  jobs run them: in this process, with the other workers helping
- with kept accruals: the same once the nightly check has proven the kept sums of the lines, which are read then
- floor: the lines read once in a grouped sum of what the programmes must tell apart (partner, product line, named
  product, month; amount, quantity, number), and as many rows as the settlement wrote inserted into equal tables:
  members, results, transactions, entries and statements, without triggers and foreign keys
- loop: lines of a sample one by one through the ORM, added up in memory, each result saved and posted by itself

The server plans both as it likes. On a busy machine `--one-core` keeps the second core out of both, workers included,
and prints the processor time of the database's process beside the time on the clock.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.database import enter, own_database
from benchmarks.made_programmes import MECHANISMS, PLAIN, programme

PRODUCT = ("compute", "approve", "close")
# What a settlement writes, row by row; the floor inserts as many.
WRITTEN = ("rebates_runmember", "rebates_result", "ledger_transaction", "ledger_entry", "rebates_statement")
FLOOR = ("grouped sum", *(f"bare {table.partition('_')[2]}" for table in WRITTEN))
Times = tuple[float, float]
MONTH = "2026-09"


def main() -> None:
    options = _options()
    with own_database():
        _measure(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--partners", type=int, default=10_000)
    parser.add_argument("--programmes", type=int, default=len(MECHANISMS))
    parser.add_argument("--sample", type=int, default=20_000, help="lines for the loop through the ORM")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument(
        "--one-core", action="store_true", help="no parallel plans; processor time is printed"
    )
    parser.add_argument(
        "--saving-loop", action="store_true", help="also a loop that saves at each line (minutes)"
    )
    return parser.parse_args()


def _measure(options: argparse.Namespace) -> None:

    enter("alpha")
    _say(f"{options.lines:,} sales lines, {options.partners:,} partners, {options.programmes} programmes")
    _fill(options)
    if options.one_core:
        _sql("SET max_parallel_workers_per_gather = 0")
    product_time = _repeat(options, aim="1.2")
    _prove()
    _say("with kept accruals:")
    _repeat(options, aim="1.0")
    _loops(options, product_time / options.lines)
    _duckdb()


def _repeat(options: argparse.Namespace, *, aim: str) -> float:
    """Product and floor in turn; the product's median time on the clock."""
    stages = []
    with _helpers(0 if options.one_core else options.workers - 1):
        for _ in range(options.repeat):
            stages.append(dict(_product(options) + _floor()))
            _start_over()
    return _report(stages, one_core=options.one_core, aim=aim)


def _prove() -> None:
    """The nightly check: what is kept of the sales lines is proven, and settlements read it from then on."""
    from prm.jobs.services import run_to_end
    from rebates.services.keeping import start_check

    began = time.perf_counter()
    run_to_end(start_check())
    _say(f"accruals kept and checked against all lines in {time.perf_counter() - began:.1f} s")
    _sql("VACUUM ANALYZE")


def _report(stages: list[dict[str, Times]], *, one_core: bool, aim: str) -> float:
    """Print medians and ratios; the product's time on the clock."""
    kinds = {"clock": 0, "processor": 1} if one_core else {"clock": 0}
    for name in stages[0]:
        times = [
            f"{kind} {statistics.median(stage[name][at] for stage in stages):.3f}"
            for kind, at in kinds.items()
        ]
        _say(f"  {name:<18} {'   '.join(times)}")
    found = []
    for kind, at in kinds.items():
        product, floor = (
            statistics.median(sum(stage[name][at] for name in names) for stage in stages)
            for names in (PRODUCT, FLOOR)
        )
        found.append(product)
        ratio = product / (floor or 1)
        _say(f"{kind}: product {product:.2f} s, floor {floor:.2f} s, ratio {ratio:.2f} (aim {aim} or less)")
    return found[0]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _sql(text: str, params: Any = None) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def _timed(name: str, work: Callable[[], Any]) -> tuple[str, Times]:
    """Seconds on the clock and of the database process' processor time."""
    began, used = time.perf_counter(), _processor()
    work()
    return name, (time.perf_counter() - began, _processor() - used)


def _processor() -> float:
    """Processor seconds of this connection's server process; 0 where it cannot be seen."""
    pid = _sql("SELECT pg_backend_pid()")[0][0]
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _in_rolled_back_transaction(work: Callable[[], Any]) -> Any:
    from django.db import transaction

    with transaction.atomic():
        done = work()
        transaction.set_rollback(True)
    return done


# The data


def _fill(options: argparse.Namespace) -> None:
    began = time.perf_counter()
    _sql(
        "INSERT INTO partners_tier (code, name, name_zh, rank, entry, renewal)"
        " VALUES ('gold', 'Gold', '', 2000, '{}', '{}'), ('base', 'Base', '', 2001, '{}', '{}') ON CONFLICT DO NOTHING"
    )
    _sql(
        "INSERT INTO partners_partner (number, name, type, status, status_reason, status_since, region, tax_number,"
        " website, phone, address, note, created_at)"
        " SELECT 'B-' || i, 'Benchmark ' || i, 'reseller', 'active', '', now(), '', '', '', '', '', '', now()"
        " FROM generate_series(1, %s) i",
        [options.partners],
    )
    _sql(
        "INSERT INTO partners_tiermembership (partner_id, tier_id, during, reason, set_by, created_at)"
        " SELECT partner.id, tier.id, daterange('2020-01-01', NULL), '', 'benchmark', now()"
        " FROM partners_partner partner JOIN partners_tier tier"
        " ON tier.code = CASE WHEN partner.id % 3 = 0 THEN 'gold' ELSE 'base' END WHERE partner.number LIKE 'B-%'"
    )
    _fill_lines(options)
    _sql(
        "INSERT INTO orders_serialmoved (serial, product_id, line_id, returned, recorded_at)"
        " SELECT 'SN-' || id, product_id, id, false, now() FROM orders_salesline WHERE id % 50 = 1 AND quantity > 0"
    )
    _apply_programmes(options.programmes)
    _sql("VACUUM ANALYZE")
    _say(f"filled in {time.perf_counter() - began:.0f} s")


def _fill_lines(options: argparse.Namespace) -> None:
    _sql(
        "INSERT INTO catalogue_productline (code, name, name_zh, is_active)"
        " SELECT 'b-' || i, 'B ' || i, '', true FROM generate_series(0, 9) i"
    )
    _sql(
        "INSERT INTO catalogue_product (code, name, name_zh, description, product_line_id, unit, list_price, currency,"
        " tax_rate, is_active) SELECT 'B-' || code, name, '', '', id, 'piece', 100, 'CNY', 0.13, true"
        " FROM catalogue_productline WHERE code LIKE 'b-%'"
    )
    # Pseudo-random and the same in each run; about one line in twenty is a return.
    _sql(
        "INSERT INTO orders_salesline (line_number, partner_id, product_id, product_line_id, booking_date, quantity,"
        " net_amount, tax_rate, currency, source, document, document_line, recorded_at)"
        " SELECT 'B-' || i, p.id, product.id, product.product_line_id, "
        " CASE WHEN i %% 10 = 9 THEN date '2026-08-01' ELSE date '2026-09-01' END + abs(hashint4(i + 3)) %% 30,"
        " sign * (1 + i %% 9), sign * (abs(hashint4(i + 5)) %% 1000000 + 1) / 100.0, 0.13, 'CNY', 'import',"
        " 'D-' || i / 5, (i %% 5)::text, now()"
        " FROM generate_series(1, %s) i"
        " CROSS JOIN LATERAL (SELECT CASE WHEN i %% 20 = 0 THEN -1 ELSE 1 END AS sign) s"
        " JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM partners_partner WHERE number LIKE 'B-%%') p"
        " ON p.n = abs(hashint4(i)) %% %s"
        " JOIN (SELECT id, product_line_id, row_number() OVER (ORDER BY code) - 1 AS n FROM catalogue_product"
        " WHERE code LIKE 'B-%%') product ON product.n = abs(hashint4(i + 7)) %% 10",
        [options.lines, options.partners],
    )


def _apply_programmes(count: int) -> None:
    """The mechanisms in turn, on three of the ten product lines each, for all partners."""
    from prm.values.actor import Actor
    from rebates.policy import read_document
    from rebates.services import apply_programmes

    apply_programmes(
        texts=read_document({"schema": 1, "programmes": [programme(number) for number in range(count)]}),
        by=Actor.command("benchmark"),
    )


# What is measured


def _product(options: argparse.Namespace) -> list[tuple[str, Times]]:
    """The product's own jobs; each commits as it goes on."""
    from prm.values.actor import Actor
    from prm.values.periods import Period
    from rebates.models import SettlementRun
    from rebates.services import approve_run, close_run, compute_run

    by, period = Actor.command("benchmark"), Period.parse(MONTH)
    timed = [_timed("compute", lambda: compute_run(period=period, by=by))]
    run = SettlementRun.objects.get(ends=period.end)
    timed.append(_timed("approve", lambda: approve_run(run=run, by=by)))
    timed.append(_timed("close", lambda: close_run(run=run, by=by)))
    return timed


@contextmanager
def _helpers(count: int) -> Iterator[None]:
    """Other workers, which take parts of whatever job is under way."""
    context = multiprocessing.get_context("spawn")
    over = context.Event()
    workers = [context.Process(target=_help, args=(over,), daemon=True) for _ in range(count)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        over.set()
        for worker in workers:
            worker.join(10)


def _help(over: Any) -> None:
    """A worker's life: in place of the broker's message it looks for a job that runs."""
    import django

    django.setup()
    from django.db import connection

    from prm.jobs.models import Job
    from prm.jobs.sharing import help_with

    enter("alpha")
    while not over.is_set():
        running = Job.objects.filter(state=Job.State.RUNNING).values_list("pk", "step").first()
        if running is None or not help_with(*running):
            time.sleep(0.01)
    connection.close()


def _start_over() -> None:
    """Without what the month's settlement wrote; the guards that keep it for ever sleep meanwhile."""
    _sql("SET session_replication_role = replica")
    tables = (
        "rebates_statement, rebates_result, rebates_runmember, rebates_runscope, rebates_settlementrun,"
        " rebates_payment, ledger_entry, ledger_transaction, ledger_account, jobs_jobpart, jobs_job"
    )
    _sql(f"TRUNCATE {tables} CASCADE")
    _sql("UPDATE rebates_version SET accrued_at = NULL")
    _sql("SET session_replication_role = DEFAULT")
    _sql(f"DROP TABLE {', '.join(f'floor_{table}' for table in WRITTEN)}")
    _sql(f"VACUUM ANALYZE {tables}")


def _floor() -> list[tuple[str, Times]]:
    """After the product, so that the rows to copy are there."""
    for table in WRITTEN:
        _sql(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL)")
    timed = [
        _timed(
            "grouped sum",
            lambda: _sql(
                "SELECT count(*), sum(amount), sum(quantity), sum(lines) FROM (SELECT partner_id, product_line_id,"
                " CASE WHEN product_id = ANY(%s) THEN product_id END AS product, booking_date >= '2026-09-01' AS slot,"
                " sum(net_amount) AS amount, sum(quantity) AS quantity, count(*) AS lines FROM orders_salesline"
                " WHERE booking_date >= '2026-08-01' AND booking_date < '2026-10-01' GROUP BY 1, 2, 3, 4) sums",
                [_products_named()],
            ),
        ),
        *(_timed(name, partial(_copy, table)) for name, table in zip(FLOOR[1:], WRITTEN, strict=True)),
    ]
    counts = [_sql(f"SELECT count(*) FROM {table}")[0][0] for table in ("rebates_result", "ledger_entry")]
    _say(f"  {counts[0]:,} results, {counts[1]:,} ledger entries")
    return timed


def _products_named() -> list[int]:
    """The products that some programme pays on by name."""
    from prm.catalogue.models import Product
    from rebates.mechanisms import named_products
    from rebates.models import Version

    codes = {code for version in Version.objects.published() for code in named_products(version.policy)}
    return list(Product.objects.filter(code__in=codes).values_list("pk", flat=True))


def _copy(table: str) -> None:
    _sql(f"INSERT INTO floor_{table} SELECT * FROM {table}")


# The loop through the ORM


def _loops(options: argparse.Namespace, product_per_line: float) -> None:
    loops = [("adding up in memory", _loop_in_memory)]
    if options.saving_loop:
        loops.append(("saving at each line", _loop_saving))
    for name, loop in loops:
        lines, seconds = _in_rolled_back_transaction(lambda loop=loop: _run_loop(loop, options.sample))
        per_line = seconds / lines
        _say(
            f"ORM loop, {name}: {seconds:.1f} s for {lines:,} lines; "
            f"the product is {per_line / product_per_line:,.0f} times as fast a line"
        )


def _run_loop(loop: Callable[[Any, Any, Any], None], size: int) -> tuple[int, float]:
    from orders.models import SalesLine
    from prm.values.actor import Actor
    from prm.values.periods import Period
    from rebates.models import Version
    from rebates.services import open_run

    run = open_run(period=Period.parse(MONTH), by=Actor.command("benchmark"))
    everyone = SalesLine.objects.for_everyone(because="benchmark")
    partners = everyone.order_by("partner_id").values_list("partner_id", flat=True)[:size]
    lines = everyone.filter(partner_id__lt=max(partners)).select_related("product_line").order_by("id")
    versions = list(Version.objects.published().select_related("programme"))
    count = lines.count()
    began = time.perf_counter()
    loop(run, lines, versions)
    return count, time.perf_counter() - began


def _loop_saving(run: Any, lines: Any, versions: Any) -> None:
    """Each line updates the results it concerns; then each result is posted."""
    from rebates.models import Result

    results = Result.objects.for_everyone(because="benchmark")
    for line in lines.iterator():
        for version in versions:
            if line.product_line.code in _lines_of(version.policy):
                result, _new = results.get_or_create(
                    run=run, partner_id=line.partner_id, programme=version.programme, ends=run.ends,
                    defaults=_empty(run, version),
                )  # fmt: skip
                _add(result, line, version)
                result.save()
    for result in results.filter(run=run):
        _post(result)


def _loop_in_memory(run: Any, lines: Any, versions: Any) -> None:
    """The kinder loop: sums in a dictionary, one save a result."""
    from rebates.models import Result

    found: dict[tuple[int, int], Result] = {}
    for line in lines.iterator():
        for version in versions:
            if line.product_line.code in _lines_of(version.policy):
                key = line.partner_id, version.pk
                if key not in found:
                    found[key] = Result(
                        run=run, partner_id=line.partner_id, programme=version.programme, ends=run.ends,
                        **_empty(run, version),
                    )  # fmt: skip
                _add(found[key], line, version)
    for result in found.values():
        result.save()
        _post(result)


def _lines_of(policy: dict[str, Any]) -> list[str]:
    parts = policy["mechanism"].get("parts", [])
    of_set = [part.get("product_line") or part["product"].removeprefix("B-") for part in parts]
    return of_set or policy["qualify"]["product_lines"]


def _empty(run: Any, version: Any) -> dict[str, Any]:
    zero = Decimal(0)
    return {
        "version": version, "kind": "earned", "starts": run.starts, "currency": "CNY", "qualifier": zero, "base": zero,
        "band": 0, "computed": zero, "settled": zero, "accrued": zero, "earned": zero, "adjusted": zero,
        "line_count": 0, "explanation": {},
    }  # fmt: skip


def _add(result: Any, line: Any, version: Any) -> None:
    from rebates.arithmetic import Figures, rebate

    result.qualifier += line.net_amount
    result.base += line.net_amount
    result.line_count += 1
    result.earned = rebate(PLAIN, Figures(result.qualifier, result.base))
    result.explanation = {"base": str(result.base), "earned": str(result.earned)}


def _post(result: Any) -> None:
    from prm.ledger.services import Move, post
    from prm.values.actor import Actor

    post(
        key=f"loop:{result.pk}", event="rebates.close", currency="CNY", booked_on=result.ends,
        moves=[Move("expense", "payable", result.programme.purpose, result.earned)],
        partner_id=result.partner_id, by=Actor.command("benchmark"),
    )  # fmt: skip


def _duckdb() -> None:
    """For orientation: the same grouped sum in DuckDB, once the rows are there."""
    try:
        import duckdb
    except ImportError:
        _say("DuckDB is not installed; its sums are left out")
        return
    from django.db import connection

    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        with connection.cursor() as cursor:
            cursor.cursor.copy_expert(
                "COPY (SELECT partner_id, product_line_id, net_amount FROM orders_salesline) TO STDOUT WITH CSV",
                file,
            )
        file.flush()
        database = duckdb.connect()
        database.execute("SET threads TO 2")
        columns = "{'partner': 'BIGINT', 'line': 'BIGINT', 'amount': 'DECIMAL(18,2)'}"
        database.execute(
            f"CREATE TABLE lines AS SELECT * FROM read_csv('{file.name}', columns={columns}, header=false)"
        )
        _name, (seconds, _cpu) = _timed(
            "duckdb",
            lambda: database.execute(
                "SELECT count(*), sum(amount)"
                " FROM (SELECT partner, line, sum(amount) AS amount FROM lines GROUP BY ALL)"
            ).fetchall(),
        )
    _say(f"DuckDB, grouped sum of the same rows: {seconds:.3f} s")


if __name__ == "__main__":
    main()
