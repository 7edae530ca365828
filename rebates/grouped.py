"""The grouped read of the sales lines behind `sums.py`: which lines, in which groups, into which cells.

The lines are grouped first by what tells them apart and is at hand without a thought: partner, product line, and where
plans need it the named product, currency, period, lateness, tier. Hashing these few groups is the cheapest that can be
done with a million lines. What is left, some rows a partner, is then laid into cells, and grouped once more where
several of them fall into one. Where there are so few cells that asking each line for each of them costs less, the lines
are laid into them at once.

Where nothing is asked that a month's sum does not know, the same is read from the kept sums (`rollup.py`), which are
grouped already.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rebates import credited, returned, rollup, tier_days
from rebates.conversion import Money
from rebates.narrowing import standing
from rebates.plans import Plan, Sql
from rebates.scope import Scope

# An index by partner would be taken for order's sake, and the whole table hopped over.
READ_SETTINGS = (
    "SET LOCAL work_mem = '128MB'; SET LOCAL enable_indexscan = off; SET LOCAL enable_nestloop = off;"
    " SET LOCAL enable_memoize = off; SET LOCAL max_parallel_workers_per_gather = 0"
)
READ_SETTINGS_END = (
    "SET LOCAL work_mem = DEFAULT; SET LOCAL enable_indexscan = DEFAULT; SET LOCAL enable_nestloop = DEFAULT;"
    " SET LOCAL enable_memoize = DEFAULT; SET LOCAL max_parallel_workers_per_gather = DEFAULT"
)


# Up to so many cells rows are not grouped first: of the lines, and of the kept sums, where hardly any are of one group.
MOST_AT_ONCE, MOST_AT_ONCE_KEPT = 6, 12
MOST_ITEMS = 3  # product lines and named products that fall into one cell without being added up before


@dataclass(frozen=True)
class Foreign:
    """A partner's lines in another currency than that of the plan that would count them."""

    plan: Plan
    partner_id: int
    currency: str
    lines: int
    amount: Decimal


class Grouped(ABC):
    """The reading half of `Sums`, whose fields these are."""

    plans: Sequence[Plan]
    scope: Scope
    money: Money | None
    days: list[date]
    currencies: list[str]
    classes: list[frozenset[tuple[int, str]]]
    graces: list[date]
    items_by_use: dict[frozenset[tuple[int, str]], list[tuple[int, int | None]]]
    shape: tuple[int, ...]
    cells: list[tuple[int, ...]]
    tiers: list[str]
    side_by_side: bool
    needs_everything: bool
    units: bool
    offset: int

    @property
    def named(self) -> list[int]:
        """The products that some plan names; their lines are classes of their own."""
        found = frozenset().union(
            *(chosen.products or () for plan in self.plans for chosen in plan.terms.values())
        )
        return sorted(found)

    @property
    def hopes(self) -> bool:
        """Whether it pays to read first and to look for other currencies meanwhile: there are hardly ever any."""
        return len(self.currencies) == 1 and self.money is None

    @property
    def from_kept(self) -> bool:
        """Whether the kept sums of months answer: nothing asks for a line's own day, moment or sign."""
        scope = self.scope
        return (
            scope.kept
            and self.money is None
            and self.table == credited.LINES
            and not self.tiers
            and scope.closed_at_line is None
            and scope.recorded_before is None
            and (scope.booked_before is None or scope.booked_before.day == 1)
            and not scope.without_returns
        )

    @property
    def at_once(self) -> bool:
        """Whether asking each row for each cell is cheaper than grouping first: by as little as rows are many."""
        _use, _currency, _slot, late, tiers = self.shape
        most = MOST_AT_ONCE_KEPT if self.from_kept else MOST_AT_ONCE
        return self.side_by_side and (late, tiers) == (1, 1) and len(self.cells) <= most

    @abstractmethod
    def _unconverted(self) -> Grouped:
        """The same read of the lines as they were sold."""

    def read(self, *, hoping: bool = False) -> Sql:
        """The grouped read: a row a partner (a0, n0, a1, n1 …), or a row a partner and cell (amount, lines).

        `hoping` reads lines of every currency and counts the foreign ones: with any, the sums are worth nothing.
        """
        params: dict[str, Any] = {}
        if self.at_once:
            return Sql(self._straight(params, hoping=hoping), params)
        groups = self._groups(params, hoping=hoping)
        fingerprint = "bit_xor(fingerprint) AS fingerprint"
        if self.side_by_side:
            columns = ["partner_id", "sum(lines)::int AS lines", fingerprint]
            for number, digits in enumerate(self.cells):
                only = self._only(digits, params)
                columns.append(
                    f"sum(amount){only} AS a{number}, COALESCE(sum(lines){only}, 0)::int AS n{number}"
                )
                if self.units:
                    columns.append(f"sum(quantity){only} AS q{number}")
            if hoping:
                columns.append("sum(foreign_lines) AS foreign_lines")
            keys = "partner_id ORDER BY partner_id"
            return Sql(f"SELECT {', '.join(columns)} FROM ({groups}) groups GROUP BY {keys}", params)
        return Sql(self._in_cells(groups, params, hoping=hoping), params)

    def _in_cells(self, groups: str, params: dict[str, Any], *, hoping: bool) -> str:
        """The groups with their cells; a cell has one row a partner where several groups fall into one, else some."""
        added = {"amount": "sum(amount)", "lines": "sum(lines)::int", "fingerprint": "bit_xor(fingerprint)"}
        if self.units:
            added["quantity"] = "sum(quantity)"
        if hoping:
            added["foreign_lines"] = "sum(foreign_lines)"
        columns, end = [f"{self._cell(params)} AS cell"], ""
        if self.falls_together:
            columns += [f"{text} AS {name}" for name, text in added.items()]
            end = " GROUP BY partner_id, cell"
        else:
            columns += added
        return f"SELECT partner_id, {', '.join(columns)} FROM ({groups}) groups{self._with_use()}{end}"

    @property
    def falls_together(self) -> bool:
        """Whether grouping by cell leaves far fewer rows than there were."""
        return sum(len(items) for items in self.items_by_use.values()) > MOST_ITEMS * len(self.classes)

    def _straight(self, params: dict[str, Any], *, hoping: bool) -> str:
        """A row a partner from the lines themselves."""
        where, more = self.picked() if hoping else self._lines()
        params |= more
        one = rollup.ONE if self.from_kept else rollup.LINE
        columns = ["partner_id", f"({one.lines})::int AS lines", f"bit_xor({one.fingerprint}) AS fingerprint"]
        for number, digits in enumerate(self.cells):
            only = self._only(digits, params, f"booking_date >= '{self.days[digits[2]]}'"
                              f" AND booking_date < '{self.days[digits[2] + 1]}'")  # fmt: skip
            columns += [
                f"sum(net_amount){only} AS a{number}", f"COALESCE({one.lines}{only}, 0)::int AS n{number}",
            ]  # fmt: skip
            if self.units:
                columns.append(f"sum(quantity){only} AS q{number}")
        if hoping:
            columns.append(self._foreign(one, params))
        relation = self._relation(params)
        return f"SELECT {', '.join(columns)} FROM {relation} WHERE {where} GROUP BY partner_id ORDER BY partner_id"

    def _foreign(self, one: rollup.Rows, params: dict[str, Any]) -> str:
        params["currency"] = self.currencies[0]
        return f"COALESCE({one.lines} FILTER (WHERE currency <> %(currency)s), 0) AS foreign_lines"

    def _groups(self, params: dict[str, Any], *, hoping: bool) -> str:
        """The first grouping: a row for each of what plans could tell apart."""
        where, more = self.picked() if hoping else self._lines()
        params |= more
        one = rollup.ONE if self.from_kept else rollup.LINE
        keys = {"partner_id": "partner_id", "product_line_id": "product_line_id"}
        if self.named:
            keys["product_id"] = (
                f"CASE WHEN product_id IN ({', '.join(map(str, self.named))}) THEN product_id ELSE 0 END"
            )
        _use, currencies, slots, late, tiers = self.shape
        if currencies > 1:
            keys["currency"] = "currency"
        if slots > 1:
            params["boundaries"] = self.days
            keys["slot"] = "width_bucket(booking_date, %(boundaries)s::date[]) - 1"
        if late > 1:
            keys["late"] = self._lateness(params)
        if tiers > 1:
            keys["tier"] = self._tier(params)
        columns = [text if text == name else f"{text} AS {name}" for name, text in keys.items()]
        grouped = not self.as_kept
        if grouped:
            sums = ["sum(net_amount) AS amount", f"({one.lines})::int AS lines"]
            sums += [
                f"bit_xor({one.fingerprint}) AS fingerprint",
                *(["sum(quantity) AS quantity"] * self.units),
            ]
        else:
            sums = ["net_amount AS amount", "lines", "fingerprint", *(["quantity"] * self.units)]
        columns += sums
        if hoping and grouped:
            columns.append(self._foreign(one, params))
        elif hoping:
            params["currency"] = self.currencies[0]
            columns.append("CASE WHEN currency <> %(currency)s THEN lines ELSE 0 END AS foreign_lines")
        end = f" GROUP BY {', '.join(map(str, range(1, len(keys) + 1)))}" if grouped else ""
        return f"SELECT {', '.join(columns)} FROM {self._relation(params)} WHERE {where}{end}"

    @property
    def as_kept(self) -> bool:
        """Whether the kept sums are laid into cells as they are: hardly any of them are of one group."""
        return self.from_kept and not self.side_by_side and not self.falls_together

    def _relation(self, params: dict[str, Any]) -> str:
        if self.from_kept:
            return rollup.relation(self.scope.watermark, params)
        return self.relation(self.table, params)

    def relation(
        self, lines: str, params: dict[str, Any], more: Sequence[str] = (), *, alias: str = "orders_salesline"
    ) -> str:
        """`lines`, a table or a relation in parentheses, as this read takes them: with the tier of each line's day
        where some plan asks for it, converted where lines count with another amount. `more` are further columns.
        """
        columns = [*more, *(returned.columns(self.plans[0]) if lines == self.table else [])]
        if self.tiers:
            lines = tier_days.lines_with_tier(lines, self.scope.tiers_of_run)
            columns.append("line_tier")
        if self.money is not None:
            lines = self.money.source(params, lines, columns, f"money_{self.offset}")
        return lines if lines == alias else f"{lines} {alias}"

    @property
    def table(self) -> str:
        """What stands for the sales lines; the plans that are read together agree about it."""
        return returned.table(self.plans[0], self.scope)

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
            params["needed_lines"] = sorted(
                {line for items in self.items_by_use.values() for line, _good in items}
            )
            if self.named:
                where.append(f"({' OR '.join(self._is_use(use) for use in range(len(self.classes)))})")
        for name, condition in (
            ("watermark", "id <= %(watermark)s"),
            ("first_partner", "partner_id >= %(first_partner)s"),
            ("last_partner", "partner_id <= %(last_partner)s"),
            ("partners", "partner_id = ANY(%(partners)s)"),
            ("recorded_before", "recorded_at < %(recorded_before)s"),
            ("booked_before", "booking_date < %(booked_before)s"),
        ):
            value = getattr(self.scope, name)
            if value is not None and not (
                name == "watermark" and self.from_kept
            ):  # the kept sums have no lines
                where.append(condition)
                params[name] = list(value) if name == "partners" else value
        if self.scope.without_returns:
            where.append(f"NOT {returned.negative(self.plans[0])}")
        where += standing(self.plans[0], self.scope)
        return " AND ".join(where), params

    # Cells, of the rows of the first grouping

    def _only(self, digits: tuple[int, ...], params: dict[str, Any], in_slot: str = "") -> str:
        """FILTER that picks the groups of one cell; empty where there is only one."""
        use, currency, slot, late, tier = digits
        params |= {f"in_currency_{currency}": self.currencies[currency]}
        wanted = (
            self._is_use(use),
            f"currency = %(in_currency_{currency})s",
            in_slot or f"slot = {slot}",
            f"late = {late}",
            f"tier = {tier}",
        )
        chosen = [text for text, size in zip(wanted, self.shape, strict=True) if size > 1]
        return f" FILTER (WHERE {' AND '.join(chosen)})" if chosen else ""

    def _cell(self, params: dict[str, Any]) -> str:
        """The number of a group's cell, mixed from the five numbers as digits are."""
        params["currencies"] = self.currencies
        in_currency = "array_position(%(currencies)s::varchar[], currency) - 1"
        number = "0"
        for digit, size in zip(("use.number", in_currency, "slot", "late", "tier"), self.shape, strict=True):
            if size > 1:
                number = digit if number == "0" else f"({number}) * {size} + {digit}"
        return number

    def _with_use(self) -> str:
        """A join that tells of each group what its lines are for: a look-up, whatever the number of classes."""
        if len(self.classes) == 1:
            return ""
        rows = ", ".join(
            f"({line}, {good or 0}, {number})"
            for number, use in enumerate(self.classes)
            for line, good in self.items_by_use[use]
        )
        good = " AND use.good = groups.product_id" if self.named else ""
        return f" JOIN (VALUES {rows}) use(line, good, number) ON use.line = groups.product_line_id{good}"

    def _is_use(self, use: int) -> str:
        """The condition that a line, or a group of lines, is of this class."""
        items, named = self.items_by_use[self.classes[use]], ", ".join(map(str, self.named))
        plain = ", ".join(str(line) for line, good in items if good is None)
        pairs = ", ".join(f"({line}, {good})" for line, good in items if good is not None)
        kinds = []
        if plain:
            others = f" AND product_id NOT IN ({named})" if named else ""
            kinds.append(f"product_line_id IN ({plain}){others}")
        if pairs:
            kinds.append(f"(product_line_id, product_id) IN ({pairs})")
        return kinds[0] if len(kinds) == 1 else f"({' OR '.join(f'({kind})' for kind in kinds)})"

    # What tells lines apart

    def _tier(self, params: dict[str, Any]) -> str:
        """The place of the tier that the partner had on a line's day, the last one for any other."""
        params["line_tiers"] = self.tiers
        return (
            f"COALESCE(array_position(%(line_tiers)s::varchar[], line_tier::varchar) - 1, {len(self.tiers)})"
        )

    def _lateness(self, params: dict[str, Any]) -> str:
        """0 for a line in time, 1 for one that always counts, else 2, and one more for each grace period it missed."""
        params |= {
            "closed_at_line": self.scope.closed_at_line,
            "zone": self.scope.zone,
            "after_grace": [day + timedelta(days=1) for day in self.graces],
        }
        policy, negative = self.plans[0].policy, returned.negative(self.plans[0])
        always, came = credited.always(policy, negative, "%(closed_at_line)s"), credited.came_at(policy)
        return (
            f"CASE WHEN id <= %(closed_at_line)s THEN 0 WHEN {always} THEN 1"
            f" ELSE 2 + width_bucket(({came} AT TIME ZONE %(zone)s)::date, %(after_grace)s::date[]) END"
        )

    def other_currencies(self, cursor: Any) -> list[Foreign]:
        """Lines that a programme would count, were they not in another currency than its own. They are missing data:
        said, never guessed.
        """
        if self.money is not None and self.money.exchanges:
            return []
        plain = self._unconverted()
        where, params = plain.picked()
        one = rollup.ONE if plain.from_kept else rollup.LINE
        relation = plain._relation(params)
        cursor.execute(
            "SELECT partner_id, currency, product_line_id, product_id, booking_date,"
            f" {one.lines} AS lines, sum(net_amount) AS amount FROM {relation} WHERE {where}"
            f" AND NOT currency = ALL(%(currencies)s) GROUP BY 1, 2, 3, 4, 5 HAVING {one.lines} <> 0",
            params | {"currencies": self.currencies},
        )
        return [
            Foreign(plan, partner, currency, int(lines), amount)
            for partner, currency, line, good, day, lines, amount in cursor.fetchall()
            for plan in self.plans
            if currency != plan.version.currency
            and plan.counts(line, good)
            and day in plan.counted
            and not plan.unseen
        ]
