"""Several grouped reads as one, for programmes that are settled together and do not read the same lines.

A read by origin, at the original rate or of several currencies sees the sales lines in its own way. Where links tie
such programmes to others their sums are stacked, a row a read, partner and cell; what follows sees all plans at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from rebates.conversion import Money
from rebates.grouped import Foreign
from rebates.plans import Plan, Sql
from rebates.scope import Scope
from rebates.sums import Sums

COLUMNS = "partner_id, cell, amount, lines, fingerprint"


@dataclass
class Together:
    """Has what the settlement asks of `Sums`. `parts` are reads of plans that follow each other."""

    parts: list[Sums]
    first: int = 0  # the number of the first part in the relation
    plans: list[Plan] = field(init=False)
    hopes = False
    side_by_side = False
    money: Money | None = None

    def __post_init__(self) -> None:
        self.plans = [plan for part in self.parts for plan in part.plans]
        offset, placed = 0, []
        for part in self.parts:
            one = replace(part, offset=offset)
            one.side_by_side = False
            placed.append(one)
            offset += len(part.plans)
        self.parts = placed
        self.keeps_sums = any(part.keeps_sums for part in self.parts)
        for part in self.parts:
            part.keep_sums(self.keeps_sums)
        self.figures = self.parts[0].figures

    @property
    def scope(self) -> Scope:
        return self.parts[0].scope

    @property
    def only(self) -> Scope | None:
        return self.parts[0].only

    @property
    def converts(self) -> bool:
        return any(part.converts for part in self.parts)

    def moved(
        self, volume: Decimal | None, *, since: date | None = None, posted: str | None = None
    ) -> Together:
        """See `Sums.moved`."""
        parts = [part.moved(volume, since=since, posted=posted) for part in self.parts]
        return Together(parts, self.first)

    def of(self, number: int) -> Sums:
        """The read of a plan."""
        return next(part for part in reversed(self.parts) if part.offset <= number)

    @property
    def others(self) -> Together:
        """All parts but the first, with plans numbered anew, of the same relation."""
        return Together(self.parts[1:], self.first + 1)

    def read(self, *, hoping: bool = False) -> Sql:
        texts, params = [], dict[str, Any]()
        for number, part in enumerate(self.parts):
            one = named(part.read(), f"part_{number}_")
            quantity = "quantity" if part.units else "NULL::numeric AS quantity"
            texts.append(f"SELECT {number} AS part, {COLUMNS}, {quantity} FROM ({one.text}) part_{number}")
            params |= one.params
        return Sql(" UNION ALL ".join(texts), params)

    def based(
        self, relation: str, members: str, member: Sequence[str], plan_rows: list[str], plan_columns: str
    ) -> str:
        texts = []
        for number, part in enumerate(self.parts):
            rows = plan_rows[part.offset : part.offset + len(part.plans)]
            texts.append(
                f"({part.based(self.part_of(relation, number), members, member, rows, plan_columns)})"
            )
        return " UNION ALL ".join(texts)

    def inputs(self, cursor: Any, relation: str) -> dict[str, Any]:
        """What was read. The reads overlap: the most that one of them read is told."""
        return together(
            [
                part.inputs(cursor, f"{self.part_of(relation, number)} part_{number}")
                for number, part in enumerate(self.parts)
            ]
        )

    def other_currencies(self, cursor: Any) -> list[Foreign]:
        return [row for part in self.parts for row in part.other_currencies(cursor)]

    def part_of(self, relation: str, number: int) -> str:
        return f"(SELECT * FROM {relation} WHERE part = {self.first + number})"


def together(inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """What several reads read. Their lines overlap: the most that one of them read is told, of the sales lines and,
    apart from them, of what agents are credited with.
    """
    found: dict[str, Any] = {"lines": 0, "hash": 0, "sums": {}}
    for more in inputs:
        _overlapping(found, more)
        if "other_currencies" in more:
            found["other_currencies"] = [*found.get("other_currencies", []), *more["other_currencies"]]
        if "credits" in more:
            found.setdefault("credits", {"lines": 0, "hash": 0, "sums": {}})
            _overlapping(found["credits"], more["credits"])
    return found


def _overlapping(found: dict[str, Any], more: dict[str, Any]) -> None:
    found["lines"] = max(found["lines"], more["lines"])
    found["hash"] ^= more["hash"]
    for code, amount in more["sums"].items():
        known = found["sums"].get(code)
        found["sums"][code] = amount if known is None else str(max(Decimal(known), Decimal(amount)))


def added(found: dict[str, Any], more: dict[str, Any]) -> None:
    """To what was read of some partners what was read of others."""
    found["lines"] += more["lines"]
    found["hash"] ^= more["hash"]
    for code, amount in more["sums"].items():
        found["sums"][code] = str(Decimal(found["sums"].get(code, "0")) + Decimal(amount))


def named(sql: Sql, mark: str) -> Sql:
    """The same query with names of its parameters that no other one has; those of others in it stay."""

    def renamed(found: re.Match[str]) -> str:
        return f"%({mark}{found[1]})s" if found[1] in sql.params else found[0]

    text = re.sub(r"%\((\w+)\)s", renamed, sql.text)
    return Sql(text, {f"{mark}{name}": value for name, value in sql.params.items()})


def grouped(keys: Sequence[Any], ties: Sequence[Sequence[int]]) -> list[list[list[int]]]:
    """Plans by what they read (`keys`), and what is tied together beside each other: parts, each of reads of plans."""
    root = list(range(len(keys)))

    def find(number: int) -> int:
        while root[number] != number:
            number = root[number]
        return number

    first: dict[Any, int] = {}
    for number, key in enumerate(keys):
        root[find(number)] = find(first.setdefault(key, number))
    for tie in ties:
        for other in tie[1:]:
            root[find(other)] = find(tie[0])
    parts: dict[int, dict[Any, list[int]]] = {}
    for number, key in enumerate(keys):
        parts.setdefault(find(number), {}).setdefault(key, []).append(number)
    return [list(reads.values()) for reads in parts.values()]
