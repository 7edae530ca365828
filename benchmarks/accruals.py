"""Live accruals: an invoice's effect, the nightly check and a back-test, each beside what it would cost without them.

    .venv/bin/python -m benchmarks.accruals [--lines 1000000] [--partners 10000] [--programmes 20] [--invoices 40]

- update: after one invoice of three lines, the partner's sums and accruals are kept anew, as the event's listener does
- baseline: the same partner's accruals computed from its sales lines, and those of everybody
- read: what finance's pages read, from what is kept; its baseline is computing everybody
- back-test: a draft over 24 months of those lines; its baseline reads them from the lines (aim: 15 s)
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from benchmarks import settlement as bench
from benchmarks.database import enter, own_database

MONTHS = 24


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
    parser.add_argument("--programmes", type=int, default=20)
    parser.add_argument("--invoices", type=int, default=40)
    return parser.parse_args()


def _measure(options: argparse.Namespace) -> None:

    from prm.values import clock

    enter("alpha")
    bench._say(
        f"{options.lines:,} sales lines, {options.partners:,} partners, {options.programmes} programmes"
    )
    bench._fill(options)
    today = clock.today()
    _spread(today)
    bench._sql("VACUUM ANALYZE")
    bench._prove()
    _updates(options, today)
    _reads()
    _back_test(today)


def _spread(today: date) -> None:
    """The lines over the 24 months that end with this one; what a test database may do that the product may not."""
    bench._sql("SET session_replication_role = replica")
    bench._sql(
        "UPDATE orders_salesline SET booking_date = %s::date - (abs(hashint4(id::int)) %% %s)",
        [today, MONTHS * 30],
    )
    bench._sql("SET session_replication_role = DEFAULT")
    # Two months are open: the one before, which waits for its settlement, and the one that runs.
    first_open = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    bench._sql("UPDATE rebates_version SET starts = %s", [first_open])
    bench._sql("TRUNCATE rebates_additiontosum, rebates_monthsum, rebates_accrualmark")


def _updates(options: argparse.Namespace, today: date) -> None:
    from rebates import kept
    from rebates.accrual_figures import compute
    from rebates.services.keeping import keep_some

    partners = [
        row[0] for row in bench._sql(
            "SELECT id FROM partners_partner WHERE number LIKE 'B-%%' ORDER BY hashint4(id::int) LIMIT %s",
            [options.invoices],
        )
    ]  # fmt: skip
    insert, update, alone = list[float](), list[float](), list[float]()
    for number, partner in enumerate(partners):
        insert.append(_seconds(lambda p=partner, n=number: _invoice(p, n, today)))
        update.append(_seconds(keep_some))
        basis = kept.Basis.now()
        alone.append(_seconds(lambda p=partner, b=basis: compute(b.kept, [p], kept=False)))
    basis = kept.Basis.now()
    everybody = _seconds(lambda: compute(basis.kept, None, kept=False))
    _tell("an invoice's three lines written", insert)
    _tell("accruals kept anew after it", update, aim="aim 20 ms")
    _tell("baseline: the partner's accruals from its lines", alone)
    bench._say(
        f"  baseline: everybody's accruals from the lines {everybody:.2f} s;"
        f" an update is {everybody / statistics.median(update):,.0f} times as fast"
    )


def _invoice(partner: int, number: int, today: date) -> None:
    bench._sql(
        "INSERT INTO orders_salesline (line_number, partner_id, product_id, product_line_id, booking_date, quantity,"
        " net_amount, tax_rate, currency, source, document, document_line, recorded_at)"
        " SELECT %s || '/' || id, %s, id, product_line_id, %s, 2, 1234.56, 0.13, 'CNY', 'invoice', %s, id::text, now()"
        " FROM catalogue_product WHERE code LIKE 'B-%%' ORDER BY code LIMIT 3",
        [f"N-{number}", partner, today, f"N-{number}"],
    )


def _reads() -> None:
    from prm.values.actor import Actor
    from rebates import accruals, kept
    from rebates.accrual_figures import compute

    by = Actor.command("benchmark")
    basis = kept.Basis.now()
    total = [_seconds(lambda: accruals.sums(by=by)) for _time in range(3)]
    everybody = [_seconds(lambda: compute(basis.kept, None, kept=True)) for _time in range(3)]
    _tell("finance reads the sums of all accruals", total)
    _tell("baseline: everybody computed from the kept sums", everybody)


def _back_test(today: date) -> None:
    from prm.values.actor import Actor
    from prm.values.periods import Period
    from rebates import backtest
    from rebates.models import Version

    version = Version.objects.published().select_related("programme").order_by("pk").first()
    last = Period.of("month", today).previous
    first = last
    for _step in range(MONTHS - 2):
        first = first.previous
    found: dict[bool, Any] = {}

    def run(kept: bool) -> None:
        scope = backtest.Scope
        if not kept:
            backtest.Scope = lambda **words: scope(**words | {"kept": False})  # type: ignore[misc,assignment]
        try:
            found[kept] = backtest.back_test(
                versions=[version], first=first, last=last, by=Actor.command("benchmark")
            )
        finally:
            backtest.Scope = scope  # type: ignore[misc]

    with_sums, without = _seconds(lambda: run(True)), _seconds(lambda: run(False))
    assert found[True].totals == found[False].totals
    bench._say(
        f"back-test of {len(found[True].periods)} months, {found[True].lines:,} lines counted: {with_sums:.1f} s"
        f" (aim 15 s); from the lines {without:.1f} s"
    )


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _tell(name: str, times: list[float], *, aim: str = "") -> None:
    spread = f"{statistics.median(times) * 1000:.1f} ms (most {max(times) * 1000:.1f})"
    bench._say(f"  {name:<50} {spread}{f', {aim}' if aim else ''}")


if __name__ == "__main__":
    main()
