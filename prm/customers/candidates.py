"""Reading the customers that are worth comparing, through the index of keys.

Guarantee: one question reads at most about BUDGET rows per script, by the rarest keys it has; keys that many
customers share are only used two or three at a time, with a limit. Two round trips for any number of questions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import connection

from prm.customers.keys import SearchKeys, search_keys
from prm.customers.normalise import NormalisedName

BUDGET = 260  # rows read for the rare keys of one script
TOGETHER = 60  # rows read for common keys taken together
EXACT_MOST = 80


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
    worth: dict[int, float]


_SEARCH = "SELECT * FROM customers_search(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s)"


def search(questions: Sequence[Question], *, most: int) -> list[list[Candidate]]:
    """For each question its candidates, those that share the most telling keys first; at most `most`."""
    wanted = [search_keys(question.name) for question in questions]
    counts = frequencies({key for keys in wanted for key in (*keys.exact, *keys.near, *keys.across)})
    plans = [plan(keys, counts) for keys in wanted]
    found: list[list[tuple[float, Candidate]]] = [[] for _ in questions]
    for row, *fields, keys in _rows(questions, plans):
        worth = plans[row - 1].worth
        shared = sum(worth.get(key, 0.0) for key in keys)
        found[row - 1].append((shared, Candidate(*fields, shared=shared)))
    return [_best(question, rows, most) for question, rows in zip(questions, found, strict=True)]


def _best(question: Question, rows: list[tuple[float, Candidate]], most: int) -> list[Candidate]:
    """The `most` promising rows; a shared number or address always comes along."""
    rows.sort(key=lambda row: -row[0])
    kept = [row for _, row in rows[:most]]
    for _, row in rows[most:]:
        if (question.tax_number and row.tax_number == question.tax_number) or (
            question.domain and row.domain == question.domain
        ):
            kept.append(row)
    return kept


def frequencies(keys: Iterable[int]) -> dict[int, int]:
    """How many customers stand under each of `keys`, for those that are common."""
    with connection.cursor() as cursor:
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
    worth = {key: _worth(counts.get(key, 1)) for key in (*keys.near, *keys.across)}
    worth |= {key: 40.0 for key in keys.exact}
    return Plan(any_of=tuple(chosen), together=tuple(together), worth=worth)


def _split(ordered: list[int], counts: dict[int, int]) -> tuple[list[int], list[tuple[int, ...]]]:
    rare, total = [], 0
    for key in ordered:
        total += counts.get(key, 1)
        if total > BUDGET:
            break
        rare.append(key)
    common = ordered[len(rare) : len(rare) + 4]
    if len(common) == 1 and not rare:
        return [], [(common[0],)]
    first, *others = common or [0]
    pairs: list[tuple[int, ...]] = [(first, other) for other in others]
    if len(common) >= 3:
        pairs.append(tuple(common[:3]))
    return rare, pairs


def _worth(count: int) -> float:
    return max(1.0, 21.0 - math.log2(count + 1))


def _rows(questions: Sequence[Question], plans: Sequence[Plan]) -> list[tuple]:
    arrays = ["{" + ",".join(map(str, plan.any_of)) + "}" for plan in plans]
    together = [";".join("{" + ",".join(map(str, keys)) + "}" for keys in plan.together) for plan in plans]
    with connection.cursor() as cursor:
        cursor.execute(
            _SEARCH,
            [
                arrays,
                together,
                [question.tax_number for question in questions],
                [question.domain for question in questions],
                [question.phone for question in questions],
                TOGETHER,
            ],
        )
        return cursor.fetchall()
