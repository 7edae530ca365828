"""Statements as PDF: pages a second in one process, against the naive way in the same run.

    .venv/bin/python -m benchmarks.papers [--statements 60]

- product: `prm.files.printing`, one font configuration and a font of just the characters that the papers hold
- baseline: `prm.files.paper.pdf_of` for each paper, with the system's fonts

Both lay out the same papers, in Chinese, and both count the pages of the product's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from benchmarks.database import enter, own_database


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--statements", type=int, default=60)
    options = parser.parse_args()
    with own_database():
        enter("alpha")
        _measure(options.statements)


def _measure(count: int) -> None:
    from prm.files.paper import pdf_of
    from prm.files.printing import printer_for

    texts = _texts(count)
    began = time.perf_counter()
    printer = printer_for(texts)
    ready = time.perf_counter() - began
    pages = 0

    def product() -> None:
        nonlocal pages
        pages = sum(printer.print(text)[1] for text in texts)

    fast = _seconds(product) + ready
    few = texts[: max(3, count // 6)]
    slow = _seconds(lambda: [pdf_of(text) for text in few]) * len(texts) / len(few)
    print(f"{count} statements, {pages} pages; font and configuration made in {ready:.2f} s")
    print(f"product   {pages / fast:6.2f} pages/s")
    print(f"baseline  {pages / slow:6.2f} pages/s (the naive way, {len(few)} statements measured)")
    print(f"ratio     {slow / fast:6.2f}")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _texts(count: int) -> list[str]:
    from django.db import connection
    from django.utils import translation

    from prm.values.actor import Actor
    from rebates.models import Statement
    from rebates.paper import statement_paper
    from tests.factories.partners import PartnerFactory
    from tests.rebates.world import apply, policy, sell, settle

    apply(policy(name_zh="家居阶梯返利"), policy("gifts", "retroactive", name_zh="礼品季达标返利"))
    for number in range(count):
        sell(PartnerFactory(name=f"蓝桥生活 {number}"), 10_000 * (number + 1))
    run = settle("2026-09")
    rows = (
        Statement.objects.for_everyone(because="a benchmark").filter(run=run).select_related("run", "partner")
    )
    with translation.override("zh-hans"):
        by = Actor.job("benchmark")
        return [statement_paper(statement, by, connection.tenant) for statement in rows]


if __name__ == "__main__":
    main()
