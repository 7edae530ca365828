"""The conflict check over a million customers: how fast, how much it finds, and what it wrongly blocks.

    .venv/bin/python -m benchmarks.conflict [--customers 1000000] [--each 200]

- product: `find_matches`, one question at a time, against all customers on file
- baseline: trigram similarity (pg_trgm, GIN) over the same names, the five most similar
- labelled pairs: benchmarks/data/name_pairs.csv.gz, or the file that PRM_BENCH_DATA names (.csv or .csv.gz with the
  columns kind, same, a, b): `a` is on file, `b` is asked

A short form counts only where it occurs in at most five names on file and all its characters stand in the full one.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import itertools
import os
import random
import statistics
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from benchmarks.database import enter, own_database
from benchmarks.made_names import made_names

PAIRS = Path(__file__).parent / "data" / "name_pairs.csv.gz"
# Kinds of difference that the two names show by themselves; the others need knowledge from elsewhere.
SHOWN_BY_NAME = (
    "zh_traditional_vs_simplified", "zh_full_vs_short", "zh_short_vs_extended_short", "en_case_variant",
    "en_legal_form_or_punct_variant", "en_exchange_name_vs_vendor_name", "en_full_vs_brand",
    "en_full_vs_exchange_abbrev", "en_name_variant",
)  # fmt: skip
SHORT_FORMS = ("zh_full_vs_short", "zh_short_vs_extended_short")
RARE = 5
Pair = dict[str, str]


def main() -> None:
    options = _options()
    with own_database():
        enter("alpha")
        _measure(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--each", type=int, default=200, help="labelled pairs of each kind (0: all)")
    parser.add_argument("--baseline", type=int, default=60, help="questions for the trigram baseline")
    return parser.parse_args()


def _measure(options: argparse.Namespace) -> None:
    pairs = _pairs()
    on_file = dict.fromkeys(pair["a"] for pair in pairs)
    names = list(itertools.islice(itertools.chain(on_file, made_names(options.customers)), options.customers))
    _load(names)
    from prm.customers.matching import find_matches

    asked = _sample(pairs, options.each)
    place = {name: f"EC-{number}" for number, name in reversed(list(enumerate(names)))}
    for pair in asked[:200]:
        find_matches(name=pair["b"])
    times, answers = [], []
    for pair in asked:
        start = time.perf_counter()
        matches = find_matches(name=pair["b"])
        times.append(time.perf_counter() - start)
        answers.append(next((match.verdict for match in matches if match.number == place.get(pair["a"])), ""))
    _say(f"{len(times):,} checks over {len(names):,} customers: {_percentiles(times)} (aim: p95 under 25)")
    _report_found(asked, answers, names)
    _report_negatives(asked, answers)
    _baseline(asked, options.baseline, times, place)


def _pairs() -> list[Pair]:
    path = Path(os.environ.get("PRM_BENCH_DATA") or PAIRS)
    if path.is_dir():
        path = path / "name_pairs_dev.csv.gz"
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        pairs = [pair for pair in csv.DictReader(file) if pair["a"] != pair["b"]]
    _say(f"{len(pairs):,} labelled pairs from {path.name}")
    return pairs


def _sample(pairs: list[Pair], each: int) -> list[Pair]:
    by_kind = defaultdict(list)
    for pair in pairs:
        by_kind[pair["kind"]].append(pair)
    pick = random.Random(7)
    chosen = [pick.sample(rows, min(each or len(rows), len(rows))) for _, rows in sorted(by_kind.items())]
    asked = [pair for rows in chosen for pair in rows]
    pick.shuffle(asked)
    return asked


def _load(names: list[str]) -> None:
    from django.db import connection

    from prm.customers.bulk import import_customers
    from prm.values.actor import Actor

    start = time.perf_counter()
    rows = ({"number": f"EC-{number}", "name": name} for number, name in enumerate(names))
    import_customers(rows=rows, by=Actor.command("benchmark"))
    _say(
        f"{len(names):,} customers put on file by the product's import in {time.perf_counter() - start:.0f} s"
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE customers_endcustomer")
        cursor.execute("SELECT pg_size_pretty(pg_relation_size('customer_keys'))")
        _say(f"index of keys: {cursor.fetchone()[0]}")


def _report_found(asked: list[Pair], answers: list[str], names: list[str]) -> None:
    """The share of true customers among the first five, by kind."""
    everything = _Universe(names)
    found: dict[str, Counter] = defaultdict(Counter)
    for pair, answer in zip(asked, answers, strict=True):
        if pair["same"] == "1":
            kind = pair["kind"]
            if kind in SHORT_FORMS and not everything.counts(pair):
                kind += " (ambiguous)"
            found[kind]["asked"] += 1
            found[kind]["found"] += bool(answer)
    total = Counter()
    for kind, counts in sorted(found.items(), key=lambda item: (item[0] not in SHOWN_BY_NAME, item[0])):
        mark = "" if kind in SHOWN_BY_NAME else "  (apart)"
        _say(
            f"  {kind:<36} {counts['found']:>5} of {counts['asked']:>5}  {counts['found'] / counts['asked']:.3f}{mark}"
        )
        if not mark:
            total.update(counts)
    if total:
        _say(
            f"recall among the first five, kinds that a name shows: {total['found'] / total['asked']:.3f} (aim 0.95)"
        )


class _Universe:
    """All names on file in one text, to count where a short form occurs."""

    def __init__(self, names: list[str]):
        from prm.customers.normalise import fold, normalise

        self._core = lambda name: normalise(name).core
        self._fold = fold
        self._all = "\n".join(fold(name) for name in names)

    def counts(self, pair: Pair) -> bool:
        """Whether the short form tells enough: rare, and made of the full name's characters."""
        short, full = sorted((self._core(pair["a"]), self._core(pair["b"])), key=len)
        return set(short) <= set(full) and self._all.count(short) <= RARE


def _report_negatives(asked: list[Pair], answers: list[str]) -> None:
    """Different companies, chosen for close spelling, that are nevertheless called the same or possibly the same."""
    for group in ("neg_", "related_"):
        said: dict[str, Counter] = defaultdict(Counter)
        for pair, answer in zip(asked, answers, strict=True):
            if pair["same"] == "0" and pair["kind"].startswith(group):
                said[pair["kind"]][answer] += 1
        total = sum(said.values(), Counter())
        if not total:
            continue
        for kind, counts in sorted(said.items()):
            _say(f"  {kind:<36} {_share(counts, 'blocked')} blocked, {_share(counts, 'possible')} possible")
        aim = " (aim: 0.5 % or less blocked)" if group == "neg_" else ""
        _say(f"{group}*: {_share(total, 'blocked')} blocked, {_share(total, 'possible')} possible{aim}")


def _share(counts: Counter, answer: str) -> str:
    return f"{100 * counts[answer] / sum(counts.values()):5.2f} %"


def _baseline(asked: list[Pair], count: int, product: list[float], place: dict[str, str]) -> None:
    """The same questions by trigram similarity alone."""
    from django.db import connection

    wanted = [pair for pair in asked if pair["kind"] in SHOWN_BY_NAME][:count]
    if not wanted:
        return
    times, hits = [], 0
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("CREATE INDEX by_trigram ON customers_endcustomer USING gin (name gin_trgm_ops)")
        for pair in wanted:
            start = time.perf_counter()
            cursor.execute(
                "SELECT number FROM customers_endcustomer WHERE name %% %s ORDER BY similarity(name, %s) DESC LIMIT 5",
                [pair["b"], pair["b"]],
            )
            hits += place[pair["a"]] in {row[0] for row in cursor.fetchall()}
            times.append(time.perf_counter() - start)
    ratio = statistics.quantiles(times, n=20)[-1] / statistics.quantiles(product, n=20)[-1]
    _say(f"baseline, trigram similarity: {_percentiles(times)}, recall {hits / len(wanted):.3f}")
    _say(f"baseline p95 / product p95: {ratio:.1f}")


def _percentiles(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return ", ".join(f"p{percent} {cuts[percent - 1] * 1000:.1f} ms" for percent in (50, 95, 99))


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
