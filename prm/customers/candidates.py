"""Reading the customers that are worth comparing, through the index of keys.

Guarantee: one question reads at most about BUDGET rows per script, by the rarest keys it has; keys that many
customers share are only used two or three at a time, with a limit. Two round trips for any number of questions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Protocol

from django.db import connection

from prm.customers.keys import SearchKeys, search_keys
from prm.customers.normalise import NormalisedName

BUDGET = 220  # rows read for the rare keys of one script
TOO_COMMON = 8000  # a key of more customers is never the rarest of those taken together
TOGETHER = 60  # rows read for common keys taken together
EXACT_MOST = 80


# What a row shares with the question in its own script, what in the other, and the row.
Shared = tuple[float, float, list]


class Question(Protocol):
    @property
    def name(self) -> NormalisedName: ...
    @property
    def tax_number(self) -> str: ...
    @property
    def domain(self) -> str: ...
    @property
    def phone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row to compare. After a merge `customer_id`, `number` and `customer_name` are the survivor's."""

    customer_id: int
    number: str
    customer_name: str
    name: str
    region: str
    tax_number: str
    domain: str
    phone: str
    shared: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Which keys are looked up for one question, and what each is worth."""

    any_of: tuple[int, ...]
    together: tuple[tuple[int, ...], ...]
    near: dict[int, float]
    across: dict[int, float]


_SEARCH = "SELECT * FROM customers_search(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s)"


def search(questions: Sequence[Question], *, most: int) -> list[list[Candidate]]:
    """For each question its candidates, those that share the most telling keys first; at most `most`."""
    if not questions:
        return []
    wanted = [search_keys(question.name) for question in questions]
    # One cursor for both: in a tenant's schema each new one costs a round trip of its own.
    with connection.cursor() as cursor:
        counts = frequencies(
            cursor, {key for keys in wanted for key in (*keys.exact, *keys.near, *keys.across)}
        )
        plans = [plan(keys, counts) for keys in wanted]
        rows = _rows(cursor, questions, plans)
    found: list[list[Shared]] = [[] for _ in questions]
    for row, *fields, keys in rows:
        plan_of_row = plans[row - 1]
        near = sum(map(plan_of_row.near.get, keys, repeat(0.0)))
        across = sum(map(plan_of_row.across.get, keys, repeat(0.0)))
        found[row - 1].append((near, across, fields))
    return [_best(question, rows, most) for question, rows in zip(questions, found, strict=True)]


def _best(question: Question, rows: list[Shared], most: int) -> list[Candidate]:
    """The `most` promising rows of each script; a shared number or address always comes along."""
    by_near = sorted(range(len(rows)), key=lambda i: -rows[i][0])[:most]
    by_across = sorted((i for i in range(len(rows)) if rows[i][1]), key=lambda i: -rows[i][1])[:most]
    numbered = [i for i, (_, _, fields) in enumerate(rows) if _same_number(question, fields)]
    kept = dict.fromkeys((*by_near, *by_across, *numbered))
    return [Candidate(*rows[i][2], shared=rows[i][0] + rows[i][1]) for i in kept]


def _same_number(question: Question, fields: list[str]) -> bool:
    tax_number, domain = fields[5], fields[6]
    return bool(
        (question.tax_number and tax_number == question.tax_number)
        or (question.domain and domain == question.domain)
    )


def frequencies(cursor: Any, keys: Iterable[int]) -> dict[int, int]:
    """How many customers stand under each of `keys`, for those that are common."""
    cursor.execute("SELECT key, customers FROM customers_keyfrequency WHERE key = ANY(%s)", [list(keys)])
    return dict(cursor.fetchall())


def plan(keys: SearchKeys, counts: dict[int, int]) -> Plan:
    """Choose what to look up: exact keys, the rare ones up to BUDGET rows, common ones only together."""
    chosen: list[int] = [key for key in keys.exact if counts.get(key, 1) <= EXACT_MOST]
    together: list[tuple[int, ...]] = [(key,) for key in keys.exact if counts.get(key, 1) > EXACT_MOST]
    for group in (keys.near, keys.across):
        rare, pairs = _split(sorted(group, key=lambda key: (counts.get(key, 1), key)), counts)
        chosen += rare
        together += pairs
    return Plan(
        any_of=tuple(chosen),
        together=tuple(together),
        near={key: _worth(counts.get(key, 1)) for key in keys.near} | dict.fromkeys(keys.exact, 40.0),
        across={key: _worth(counts.get(key, 1)) for key in keys.across},
    )


def _split(ordered: list[int], counts: dict[int, int]) -> tuple[list[int], list[tuple[int, ...]]]:
    """The rare keys, and the next ones in twos and threes; keys that nearly everybody has are left out."""
    rare, total = [], 0
    for key in ordered:
        total += counts.get(key, 1)
        if total > BUDGET:
            break
        rare.append(key)
    common = _unlike(ordered[len(rare) :], counts)
    if not common or counts[common[0]] > TOO_COMMON:
        return rare, []
    if len(common) == 1:
        return rare, [] if rare else [(common[0],)]
    pairs: list[tuple[int, ...]] = [(common[0], other) for other in common[1:]]
    return rare, [*pairs, tuple(common[:3])] if len(common) >= 3 else pairs


def _unlike(ordered: list[int], counts: dict[int, int]) -> list[int]:
    """Up to four keys; of two with nearly the same count one is enough (a word and its own beginning)."""
    kept: list[int] = []
    for key in ordered:
        if not kept or counts.get(key, 1) > 1.03 * counts.get(kept[-1], 1) or counts.get(key, 1) < 200:
            kept.append(key)
        if len(kept) == 4:
            break
    return kept


def _worth(count: int) -> float:
    return max(1.0, 21.0 - math.log2(count + 1))


def _rows(cursor: Any, questions: Sequence[Question], plans: Sequence[Plan]) -> list[tuple]:
    arrays = ["{" + ",".join(map(str, plan.any_of)) + "}" for plan in plans]
    together = [";".join("{" + ",".join(map(str, keys)) + "}" for keys in plan.together) for plan in plans]
    tax_numbers, domains, phones = zip(*((q.tax_number, q.domain, q.phone) for q in questions), strict=True)
    cursor.execute(_SEARCH, [arrays, together, list(tax_numbers), list(domains), list(phones), TOGETHER])
    return cursor.fetchall()
