"""Reading the sales lines once: sums by partner for every programme at the same time.

Each line falls into a cell: the product lines that the same programmes count, its currency, the periods it lies in,
and whether it came late. Programmes are unions of cells. With few cells the sums stand side by side in one row a
partner, which saves adding them up a second time; with many they are rows of their own. Sorting the lines beats
hashing them: a partner's sums then stay in the processor's cache (see `READ_SETTINGS`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Any

from rebates.plans import Plan, Sql

SIDE_BY_SIDE = 40  # cells
# Without the third the planner takes an index by partner for order's sake and hops over the whole table.
READ_SETTINGS = (
    "SET LOCAL work_mem = '128MB'; SET LOCAL enable_hashagg = off; SET LOCAL enable_indexscan = off;"
    " SET LOCAL enable_nestloop = off; SET LOCAL enable_memoize = off; SET LOCAL max_parallel_workers_per_gather = 0"
)
READ_SETTINGS_END = (
    "SET LOCAL work_mem = DEFAULT; SET LOCAL enable_hashagg = DEFAULT; SET LOCAL enable_indexscan = DEFAULT;"
    " SET LOCAL enable_nestloop = DEFAULT; SET LOCAL enable_memoize = DEFAULT;"
    " SET LOCAL max_parallel_workers_per_gather = DEFAULT"
)


@dataclass(frozen=True)
class Scope:
    """Which lines are read.

    `first_partner` and `last_partner` bound a chunk; `partners` names single ones. `closed_at_line` is the watermark
    of the close when a closed period is read again: positive lines above it are late.
    """

    watermark: int | None = None
    first_partner: int | None = None
    last_partner: int | None = None
    partners: Sequence[int] | None = None
    closed_at_line: int | None = None
    zone: str = "UTC"


@dataclass
class Sums:
    """The grouped read for `plans` within `scope`: its SQL, what the plans take from it, and what was read."""

    plans: Sequence[Plan]
    scope: Scope
    days: list[date] = field(init=False)
    currencies: list[str] = field(init=False)
    classes: list[tuple[frozenset[int], frozenset[int]]] = field(init=False)
    graces: list[date] = field(init=False)

    def __post_init__(self) -> None:
        self.days = sorted(
            {plan.period.start for plan in self.plans} | {plan.period.end for plan in self.plans}
        )
        self.currencies = sorted({plan.version.currency for plan in self.plans})
        self.graces = sorted({plan.grace_until for plan in self.plans if plan.grace_until})
        self.lines_by_use: dict[tuple[frozenset[int], frozenset[int]], list[int]] = {}
        for line in sorted(frozenset().union(*(plan.qualifying | plan.paying for plan in self.plans))):
            counting = frozenset(number for number, plan in enumerate(self.plans) if line in plan.qualifying)
            paying = frozenset(number for number, plan in enumerate(self.plans) if line in plan.paying)
            self.lines_by_use.setdefault((counting, paying), []).append(line)
        if not self.lines_by_use:
            self.lines_by_use[frozenset(), frozenset()] = [-1]  # an empty catalogue: no line will be found
        self.classes = list(self.lines_by_use)
        late = len(self.graces) + 2 if self.scope.closed_at_line is not None else 1
        self.shape = (len(self.classes), len(self.currencies), len(self.days) - 1, late)
        self.cells = list(product(*(range(size) for size in self.shape)))
        self.side_by_side = len(self.cells) <= SIDE_BY_SIDE
        everything = frozenset().union(*(plan.catalogue for plan in self.plans))
        self.needs_everything = sum(map(len, self.lines_by_use.values())) == len(everything)
        self.units = any(plan.bands.reads_units or plan.bands.pays_units for plan in self.plans)

    # Which cells a plan takes

    def taken(self, number: int, *, pays: bool) -> list[int]:
        """Numbers of the cells that plan `number` counts, or pays on."""
        plan = self.plans[number]
        first, last = self.days.index(plan.period.start), self.days.index(plan.period.end)
        grace = len(self.graces) if plan.grace_until is None else self.graces.index(plan.grace_until)
        return [
            index
            for index, (use, currency, slot, late) in enumerate(self.cells)
            if number in self.classes[use][pays]
            and self.currencies[currency] == plan.version.currency
            and first <= slot < last
            and late - 1 <= grace
        ]

    # Reading

    @property
    def hopes(self) -> bool:
        """Whether it pays to read first and to look for other currencies meanwhile: there are hardly ever any."""
        return self.side_by_side and len(self.currencies) == 1

    def read(self, *, hoping: bool = False) -> Sql:
        """The grouped read: a row a partner (a0, n0, a1, n1 …), or a row a partner and cell (amount, lines).

        `hoping` reads lines of every currency and counts the foreign ones: with any, the sums are worth nothing.
        """
        where, params = self.picked() if hoping else self._lines()
        fingerprint = "bit_xor(hash_numeric_extended(net_amount, id)) AS fingerprint"
        if self.side_by_side:
            columns = ["partner_id", "count(*)::int AS lines", fingerprint]
            for number, digits in enumerate(self.cells):
                only = self._only(digits, params)
                columns.append(f"sum(net_amount){only} AS a{number}, count(*){only}::int AS n{number}")
                if self.units:
                    columns.append(f"sum(quantity){only} AS q{number}")
            if hoping:
                columns.append("count(*) FILTER (WHERE currency <> %(currency)s) AS foreign_lines")
                params["currency"] = self.currencies[0]
            keys = "partner_id ORDER BY partner_id"
        else:
            quantity = ["sum(quantity) AS quantity"] if self.units else []
            cell = f"{self._cell(params)} AS cell"
            columns = [
                "partner_id",
                cell,
                "sum(net_amount) AS amount",
                "count(*)::int AS lines",
                fingerprint,
                *quantity,
            ]
            keys = "partner_id, cell"
        return Sql(f"SELECT {', '.join(columns)} FROM orders_salesline WHERE {where} GROUP BY {keys}", params)

    def _lines(self) -> tuple[str, dict[str, Any]]:
        """The condition that picks the lines, with its parameters."""
        where, params = self.picked()
        params |= {"currencies": self.currencies, "currency": self.currencies[0]}
        one = len(self.currencies) == 1
        return f"{where} AND currency = {'%(currency)s' if one else 'ANY(%(currencies)s)'}", params

    def picked(self) -> tuple[str, dict[str, Any]]:
        """The same in any currency."""
        params: dict[str, Any] = {"first_day": self.days[0], "after_day": self.days[-1]}
        where = ["booking_date >= %(first_day)s", "booking_date < %(after_day)s"]
        if not self.needs_everything:
            where.append("product_line_id = ANY(%(needed_lines)s)")
            params["needed_lines"] = sorted(line for lines in self.lines_by_use.values() for line in lines)
        for name, condition in (
            ("watermark", "id <= %(watermark)s"),
            ("first_partner", "partner_id >= %(first_partner)s"),
            ("last_partner", "partner_id <= %(last_partner)s"),
            ("partners", "partner_id = ANY(%(partners)s)"),
        ):
            value = getattr(self.scope, name)
            if value is not None:
                where.append(condition)
                params[name] = list(value) if name == "partners" else value
        return " AND ".join(where), params

    def _only(self, digits: tuple[int, ...], params: dict[str, Any]) -> str:
        """FILTER that picks the lines of one cell; empty where there is only one."""
        use, currency, slot, late = digits
        lines = ", ".join(map(str, list(self.lines_by_use.values())[use]))
        wanted = (
            f"product_line_id IN ({lines})",
            f"currency = %(currency_{currency})s",
            f"booking_date >= %(day_{slot})s AND booking_date < %(day_{slot + 1})s",
            f"{self._lateness(params)} = {late}",
        )
        params |= {f"currency_{currency}": self.currencies[currency]}
        params |= {f"day_{slot}": self.days[slot], f"day_{slot + 1}": self.days[slot + 1]}
        chosen = [text for text, size in zip(wanted, self.shape, strict=True) if size > 1]
        return f" FILTER (WHERE {' AND '.join(chosen)})" if chosen else ""

    def _cell(self, params: dict[str, Any]) -> str:
        """The number of a line's cell, mixed from the four numbers as digits are."""
        use = " ".join(
            f"WHEN product_line_id IN ({', '.join(map(str, lines))}) THEN {index}"
            for index, lines in enumerate(self.lines_by_use.values())
        )
        params["boundaries"] = self.days
        digits = (
            f"CASE {use} END",
            "array_position(%(currencies)s::varchar[], currency) - 1",
            "width_bucket(booking_date, %(boundaries)s::date[]) - 1",
            self._lateness(params),
        )
        number = "0"
        for digit, size in zip(digits, self.shape, strict=True):
            if size > 1:
                number = digit if number == "0" else f"({number}) * {size} + {digit}"
        return number

    def _lateness(self, params: dict[str, Any]) -> str:
        """0 for a line in time, else 1 and one more for each grace period that it missed."""
        params |= {
            "closed_at_line": self.scope.closed_at_line,
            "zone": self.scope.zone,
            "after_grace": [day + timedelta(days=1) for day in self.graces],
        }
        return (
            "CASE WHEN id > %(closed_at_line)s AND net_amount >= 0 AND quantity >= 0 THEN 1 + width_bucket("
            "(recorded_at AT TIME ZONE %(zone)s)::date, %(after_grace)s::date[]) ELSE 0 END"
        )

    # Using what was read

    def based(self, relation: str, members: str, plan_rows: list[str], plan_columns: str) -> str:
        """SELECT of partner_id, tier, type, the plan's columns, qualifier, base and lines, by partner and plan.

        `plan_rows` are the plans' rows of VALUES without the parentheses, the first column being the plan's number.
        """
        if not self.side_by_side:
            return self._based_on_rows(relation, members, plan_rows, plan_columns)
        plans = range(len(self.plans))
        qualifiers = ", ".join(self._added(number, pays=False) for number in plans)
        bases = ", ".join(self._added(number, pays=True) for number in plans)
        counts = ", ".join(self._counted(number) for number in plans)
        return (
            "SELECT sums.partner_id, member.tier, member.type, plan.*, figure.qualifier, figure.base, figure.lines"
            f" FROM {relation} sums JOIN {members} member ON member.partner_id = sums.partner_id"
            f" CROSS JOIN LATERAL unnest(ARRAY[{qualifiers}]::numeric[], ARRAY[{bases}]::numeric[],"
            f" ARRAY[{counts}]::int[]) WITH ORDINALITY figure(qualifier, base, lines, number)"
            f" JOIN (VALUES {', '.join(f'({row})' for row in plan_rows)}) plan({plan_columns})"
            " ON plan.no = figure.number - 1 WHERE figure.lines > 0"
        )

    def _added(self, number: int, *, pays: bool) -> str:
        bands = self.plans[number].bands
        column = "q" if (bands.pays_units if pays else bands.reads_units) else "a"
        cells = [f"COALESCE(sums.{column}{cell}, 0)" for cell in self.taken(number, pays=pays)]
        return " + ".join(cells) or "0::numeric"

    def _counted(self, number: int) -> str:
        cells = sorted({*self.taken(number, pays=False), *self.taken(number, pays=True)})
        return " + ".join(f"sums.n{cell}" for cell in cells) or "0"

    def _based_on_rows(self, relation: str, members: str, plan_rows: list[str], plan_columns: str) -> str:
        pairs, columns = [], {"qualifier": [], "base": []}
        for number, plan in enumerate(self.plans):
            counting, paying = set(self.taken(number, pays=False)), set(self.taken(number, pays=True))
            for name, units in (("qualifier", plan.bands.reads_units), ("base", plan.bands.pays_units)):
                if units:
                    columns[name].append(number)
            pairs += [
                f"({number}, {cell}, {cell in counting}, {cell in paying})" for cell in counting | paying
            ]
        qualifier, base = (self._measured(columns[name]) for name in ("qualifier", "base"))
        return (
            "SELECT based.partner_id, member.tier, member.type, plan.*, based.qualifier, based.base, based.lines"
            " FROM (SELECT pair.no, sums.partner_id,"
            f" COALESCE(sum({qualifier}) FILTER (WHERE pair.qualifies), 0) AS qualifier,"
            f" COALESCE(sum({base}) FILTER (WHERE pair.pays), 0) AS base, sum(sums.lines)::int AS lines"
            f" FROM {relation} sums"
            f" JOIN (VALUES {', '.join(pairs) or '(-1, -2, false, false)'}) pair(no, cell, qualifies, pays)"
            " ON pair.cell = sums.cell GROUP BY sums.partner_id, pair.no) based"
            f" JOIN (VALUES {', '.join(f'({row})' for row in plan_rows)}) plan({plan_columns}) ON plan.no = based.no"
            f" JOIN {members} member ON member.partner_id = based.partner_id"
            " ORDER BY based.partner_id, based.no"
        )

    def _measured(self, by_units: list[int]) -> str:
        if not by_units:
            return "sums.amount"
        if len(by_units) == len(self.plans):
            return "sums.quantity"
        return (
            f"CASE WHEN pair.no IN ({', '.join(map(str, by_units))}) THEN sums.quantity ELSE sums.amount END"
        )

    def inputs(self, cursor: Any, relation: str) -> dict[str, Any]:
        """What was read: lines, fingerprint and the sum by currency."""
        if self.side_by_side:
            cells = range(len(self.cells))
            columns = ", ".join(f"sum(a{cell})" for cell in cells)
            cursor.execute(f"SELECT sum(lines)::bigint, bit_xor(fingerprint), {columns} FROM {relation}")
            lines, fingerprint, *amounts = cursor.fetchone()
            found = list(zip(cells, amounts, strict=True))
        else:
            cursor.execute(
                f"SELECT cell, sum(amount), sum(lines)::bigint, bit_xor(fingerprint) FROM {relation} GROUP BY cell"
            )
            rows = cursor.fetchall()
            lines, fingerprint = sum(row[2] for row in rows), 0
            for row in rows:
                fingerprint ^= row[3]
            found = [(row[0], row[1]) for row in rows]
        sums: dict[str, Any] = {}
        for cell, amount in found:
            currency = self.currencies[self.cells[cell][1]]
            sums[currency] = sums.get(currency, 0) + (amount or 0)
        amounts_as_text = {currency: str(amount) for currency, amount in sorted(sums.items())}
        return {"lines": lines or 0, "hash": fingerprint or 0, "sums": amounts_as_text}

    def other_currencies(self, cursor: Any) -> list[list[Any]]:
        """Lines that a programme would count, were they not in another currency than its own.

        They are missing data: said ([code, currency, lines, amount, partners]), never guessed.
        """
        where, params = self.picked()
        cursor.execute(
            "SELECT currency, product_line_id, booking_date, count(*), sum(net_amount), array_agg(DISTINCT partner_id)"
            f" FROM orders_salesline WHERE {where} AND NOT currency = ALL(%(currencies)s) GROUP BY 1, 2, 3",
            params | {"currencies": self.currencies},
        )
        rows, found = cursor.fetchall(), {}
        for currency, line, day, lines, amount, partners in rows:
            for plan in self.plans:
                if (
                    currency != plan.version.currency
                    and line in plan.qualifying | plan.paying
                    and day in plan.period
                ):
                    sums = found.setdefault((plan.version.programme.code, currency), [0, 0, set()])
                    sums[0], sums[1], sums[2] = sums[0] + lines, sums[1] + amount, sums[2] | set(partners)
        return [
            [*key, lines, str(amount), len(partners)]
            for key, (lines, amount, partners) in sorted(found.items())
        ]
