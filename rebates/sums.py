"""Reading the sales lines once: sums by partner for every programme at the same time.

Each line falls into a cell: the product lines that the same programmes count, its currency, the periods it lies in,
and whether it came late. Programmes are unions of cells. With few cells the sums stand side by side in one row a
partner, which saves adding them up once more; with many they are rows of their own, of which those that occur may be
few enough to be laid side by side afterwards (`beside`). `grouped.py` reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from rebates import returned, tier_days
from rebates.conversion import Money
from rebates.credited import is_credited
from rebates.grouped import READ_SETTINGS, READ_SETTINGS_END, Grouped
from rebates.partner_pools import is_group
from rebates.plans import Plan
from rebates.scope import Scope
from rebates.term_figures import figures_of

__all__ = ["READ_SETTINGS", "READ_SETTINGS_END", "Sums"]
SIDE_BY_SIDE = 40  # cells
MOST_BESIDE = 200  # cells that occur
NOTHING_READ: dict[str, Any] = {"lines": 0, "hash": 0, "sums": {}}


@dataclass
class Sums(Grouped):
    """The grouped read for `plans` within `scope`: its SQL, what the plans take from it, and what was read."""

    plans: Sequence[Plan]
    scope: Scope
    # How often everything that was bought counts; a baseline and a target stay. For what-ifs.
    volume: Decimal | None = None
    volume_from: date | None = (
        None  # of a year that is counted as a whole, what was bought before this day stays too
    )
    # Where lines of several currencies count; then there is one plan.
    money: Money | None = None
    only: Scope | None = None  # whose figures are told, where those of all partners are computed
    offset: int = 0  # by how much the numbers of the plans are higher where several reads stand together
    occurring: frozenset[int] | None = None  # the cells that lines lie in, where that is known
    days: list[date] = field(init=False)
    currencies: list[str] = field(init=False)
    # What each class of lines is for: (number of a plan, name of a term) pairs.
    classes: list[frozenset[tuple[int, str]]] = field(init=False)
    graces: list[date] = field(init=False)

    def __post_init__(self) -> None:
        periods = [plan.period_of(term) for plan in self.plans for term in plan.terms]
        periods += [plan.period for plan in self.plans if plan.cumulative]
        self.days = sorted({day for period in periods for day in (period.start, period.end)})
        self.currencies = sorted({plan.version.currency for plan in self.plans})
        self.graces = sorted({plan.grace_until for plan in self.plans if plan.grace_until})
        self.items_by_use = self._items_by_use()
        self.classes = list(self.items_by_use)
        late = len(self.graces) + 3 if self.scope.closed_at_line is not None else 1
        self.tiers = tier_days.named(self.plans)
        tiers = len(self.tiers) + 1  # the last is any other tier, or none
        self.shape = (len(self.classes), len(self.currencies), len(self.days) - 1, late, tiers)
        self.cells = list(product(*(range(size) for size in self.shape)))
        self.side_by_side = len(self.cells) <= SIDE_BY_SIDE
        everything = frozenset().union(*(plan.catalogue for plan in self.plans))
        plain = {line for items in self.items_by_use.values() for line, good in items if good is None}
        self.needs_everything = plain == everything
        self.units = any(plan.units_of(term) for plan in self.plans for term in plan.terms)
        self.keep_sums(self.keeps_sums)

    def keep_sums(self, wanted: bool) -> None:
        """Whether what qualifier and base were before they were capped is told too."""
        self.figures = ["qualifier", "base", "reference", *(["counted", "payable"] if wanted else [])]

    @property
    def keeps_sums(self) -> bool:
        return self.caps or returned.at_original_rate(self.plans) or self.groups

    @property
    def groups(self) -> bool:
        """Whether partners are taken together; what each is paid on before a cap shares the figure then."""
        return any(is_group(plan.policy) for plan in self.plans)

    @property
    def converts(self) -> bool:
        """Whether sums are in parts of a currency, see `currencies.py`."""
        return self.money is not None

    @property
    def caps(self) -> bool:
        """Whether some plan caps what counts or what is paid on; the sums before the cap are kept then."""
        return any(
            plan.bands.most_counted is not None or plan.bands.most_base is not None for plan in self.plans
        )

    def _unconverted(self) -> Sums:
        """The same read of the lines as they were sold."""
        return self if self.money is None else replace(self, money=None)

    def _items_by_use(self) -> dict[frozenset[tuple[int, str]], list[tuple[int, int | None]]]:
        """(product line, named product or None) pairs by what they count for; those that count for nothing are out."""
        found: dict[frozenset[tuple[int, str]], list[tuple[int, int | None]]] = {}
        lines = sorted(frozenset().union(*(one.lines for plan in self.plans for one in plan.terms.values())))
        for item in product(lines, [None, *self.named]):
            use = frozenset(
                (number, term)
                for number, plan in enumerate(self.plans)
                for term, chosen in plan.terms.items()
                if chosen.takes(*item)
            )
            if use:
                found.setdefault(use, []).append(item)
        return found or {frozenset(): [(-1, None)]}  # an empty catalogue: no line will be found

    # Which cells a plan takes

    @property
    def columns(self) -> list[int]:
        """Numbers of the cells that have columns where sums stand side by side."""
        return sorted(range(len(self.cells)) if self.occurring is None else self.occurring)

    def taken(self, number: int, term: str) -> list[int]:
        """Numbers of the cells that plan `number` adds up for `term`."""
        plan, period = self.plans[number], self.plans[number].period_of(term)
        first, last = self.days.index(period.start), self.days.index(period.end)
        grace = len(self.graces) if plan.grace_until is None else self.graces.index(plan.grace_until)
        wanted = {self.tiers.index(code) for code in tier_days.by_line(plan.policy)}
        # A baseline stays as the close read it: lines that came later are left out of it.
        latest = 0 if term == "reference" and plan.baseline else grace + 2
        return [
            index
            for index, (use, currency, slot, late, tier) in enumerate(self.cells)
            if (self.occurring is None or index in self.occurring)
            and (number, term) in self.classes[use]
            and self.currencies[currency] == plan.version.currency
            and first <= slot < last
            and late <= latest
            and (not wanted or tier in wanted)
        ]

    def counted(self, number: int) -> list[int]:
        """Numbers of the cells whose lines plan `number` counts in its own period."""
        return sorted({cell for term in self.plans[number].own_terms for cell in self.taken(number, term)})

    def of(self, number: int) -> Sums:
        """The read of a plan."""
        return self

    # Using what was read

    def based(
        self, relation: str, members: str, member: Sequence[str], plan_rows: list[str], plan_columns: str
    ) -> str:
        """SELECT of partner_id, columns `member` of `members`, the plan's columns, qualifier, base, reference, lines.

        With `keeps_sums` also counted and payable: what qualifier and base were before they were capped.

        One row a partner and plan with lines in the period. `reference` is what the bounds are shares of; NULL where
        a new partner is skipped and where there is none. `plan_rows` are the plans' rows of VALUES without the
        parentheses, the first column being the plan's number.
        """
        columns = f"{', '.join(f'member.{name}' for name in member)}, plan.*"
        if self.side_by_side:
            return (
                f"SELECT sums.partner_id, {columns} FROM {relation} sums"
                f" JOIN {members} member ON member.partner_id = sums.partner_id CROSS JOIN LATERAL"
                f" ({self._side_by_side(plan_rows)}) plan({plan_columns}, {', '.join(self.figures)}, lines)"
            )
        return (
            f"SELECT based.partner_id, {columns}, {self._named('based')}, based.lines"
            f" FROM ({self._added_up(relation)}) based"
            f" JOIN {members} member ON member.partner_id = based.partner_id"
            f" JOIN (VALUES {', '.join(f'({row})' for row in plan_rows)}) plan({plan_columns})"
            f" ON plan.no = based.no + {self.offset}"
            f" WHERE based.lines > 0 ORDER BY based.partner_id, based.no"
        )

    def _side_by_side(self, plan_rows: list[str]) -> str:
        """From a row a partner: a row a plan with lines, whose sums are sums of columns."""
        rows = []
        for number, plan in enumerate(self.plans):
            sums = {term: self._column_sum(number, term) for term in plan.terms}
            booked = " + ".join(f"sums.n{cell}" for cell in self._of_reference(number)) or "0"
            texts = figures_of(plan, sums, booked)
            count = " + ".join(f"sums.n{cell}" for cell in self.counted(number)) or "0"
            figures = ", ".join(f"({texts[name]})::numeric" for name in self.figures)
            rows.append(f"SELECT {plan_rows[number]}, {figures}, {count} WHERE {count} > 0")
        return " UNION ALL ".join(rows)

    def _named(self, row: str) -> str:
        return ", ".join(f"{row}.{name}" for name in self.figures)

    def _column_sum(self, number: int, term: str) -> str:
        column = "q" if self.plans[number].units_of(term) else "a"
        terms = (
            f"COALESCE(sums.{column}{cell}, 0){self._times(number, term, cell)}"
            for cell in self.taken(number, term)
        )
        return " + ".join(terms) or "0::numeric"

    def _times(self, number: int, term: str, cell: int) -> str:
        """By what a cell's sum is multiplied, for a what-if about the volume."""
        plan, slot = self.plans[number], self.cells[cell][2]
        if self.volume is None or term not in plan.own_terms:
            return ""
        stays = plan.cumulative and self.volume_from is not None and self.days[slot] < self.volume_from
        return "" if stays else f" * {self.volume}"

    def moved(self, volume: Decimal | None, *, since: date | None = None, posted: str | None = None) -> Sums:
        """The same read with everything that was bought counting `volume` times; see `volume_from`."""
        scope = self.scope if posted is None else replace(self.scope, posted=posted)
        made = replace(self, scope=scope, volume=volume, volume_from=since)
        made.side_by_side = self.side_by_side
        made.keep_sums("counted" in self.figures)
        return made

    def beside(self, relation: str, occurring: Sequence[int]) -> tuple[Sums, str]:
        """`relation`, a row a partner and cell, as a SELECT of a row a partner, and the sums that use it."""
        made = replace(self, occurring=frozenset(occurring))
        made.side_by_side = True
        made.keep_sums("counted" in self.figures)
        columns = ["partner_id"]
        sums = {"a": "sum(amount) {}", "n": "COALESCE(sum(lines) {}, 0)::int", "q": "sum(quantity) {}"}
        for kind, cell in made.used:
            columns.append(f"{sums[kind].format(f'FILTER (WHERE cell = {cell})')} AS {kind}{cell}")
        return made, f"SELECT {', '.join(columns)} FROM {relation} GROUP BY partner_id ORDER BY partner_id"

    @property
    def used(self) -> list[tuple[str, int]]:
        """The columns that some plan takes, of sums that stand side by side: amount, lines or quantity of a cell."""
        found = set()
        for number, plan in enumerate(self.plans):
            for term in plan.terms:
                kind = "q" if plan.units_of(term) else "a"
                found |= {(kind, cell) for cell in self.taken(number, term)}
            found |= {("n", cell) for cell in (*self.counted(number), *self._of_reference(number))}
        return sorted(found)

    def _of_reference(self, number: int) -> list[int]:
        return self.taken(number, "reference") if "reference" in self.plans[number].terms else []

    def _added_up(self, relation: str) -> str:
        """From rows a partner and cell: what a plan takes for a term is added up once more."""
        pairs: dict[tuple[int, int], dict[str, bool]] = {}
        times: dict[tuple[int, int], str] = {}
        for number, plan in enumerate(self.plans):
            for term in plan.terms:
                for cell in self.taken(number, term):
                    pairs.setdefault((number, cell), {})[term] = plan.units_of(term)
                    times[number, cell] = self._times(number, term, cell) or times.get((number, cell), "")
        terms = sorted({term for plan in self.plans for term in plan.terms})
        counted = {(number, cell) for number in range(len(self.plans)) for cell in self.counted(number)}
        # Of each term: 0 for nothing, 1 for the amount, 2 for the quantity.
        rows = [
            f"({number}, {cell}, {(number, cell) in counted}, 1{times[number, cell]}, "
            + ", ".join(str(1 + used[term]) if term in used else "0" for term in terms)
            + ")"
            for (number, cell), used in pairs.items()
        ] or [f"(-1, -2, false, 1, {', '.join('0' * len(terms))})"]
        quantity = "sums.quantity" if self.units else "0"
        by = "" if self.volume is None else " * pair.times"
        sums = ", ".join(
            f"COALESCE(sum(CASE pair.{term} WHEN 1 THEN sums.amount WHEN 2 THEN {quantity} END{by}), 0) AS {term}"
            for term in terms
        )
        booked = "sum(sums.lines) FILTER (WHERE pair.reference > 0)" if "reference" in terms else "0"
        return (
            f"SELECT added.partner_id, added.no, {self._chosen_by_plan()}, added.lines FROM ("
            f"SELECT pair.no, sums.partner_id, {sums}, COALESCE({booked}, 0) AS booked,"
            " COALESCE(sum(sums.lines) FILTER (WHERE pair.counts), 0)::int AS lines"
            f" FROM {relation} sums JOIN (VALUES {', '.join(rows)}) pair(no, cell, counts, times, {', '.join(terms)})"
            " ON pair.cell = sums.cell GROUP BY sums.partner_id, pair.no) added"
        )

    def _chosen_by_plan(self) -> str:
        """qualifier, base and reference of the rows of `_added_up`; plans with the same words share an arm."""
        arms: dict[str, dict[str, list[int]]] = {name: {} for name in self.figures}
        for number, plan in enumerate(self.plans):
            sums = {term: f"added.{term}" for term in plan.terms}
            figures = figures_of(plan, sums, "added.booked")
            for name in self.figures:
                arms[name].setdefault(figures[name], []).append(number)
        columns = []
        for name, texts in arms.items():
            if len(texts) == 1:
                (words,) = texts
            else:
                cases = (
                    f"WHEN added.no IN ({', '.join(map(str, numbers))}) THEN {text}"
                    for text, numbers in texts.items()
                )
                words = f"CASE {' '.join(cases)} END"
            columns.append(f"{words} AS {name}")
        return ", ".join(columns)

    def inputs(self, cursor: Any, relation: str) -> dict[str, Any]:
        """What was read: lines, fingerprint and the sum by currency."""
        if self.side_by_side:
            columns = ", ".join(f"sum(a{cell})" for cell in self.columns)
            cursor.execute(f"SELECT sum(lines)::bigint, bit_xor(fingerprint), {columns} FROM {relation}")
            lines, fingerprint, *amounts = cursor.fetchone()
            found = list(zip(self.columns, amounts, strict=True))
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
            _use, currency, slot, _late, _tier = self.cells[cell]
            if not any(self.days[slot] in plan.period for plan in self.plans):
                continue  # of a baseline: read, but nothing that this settlement is about
            code = self.currencies[currency]
            sums[code] = sums.get(code, 0) + (amount or 0)
        if self.money is not None:
            sums = {code: round(Fraction(amount) / self.money.scale * 100) for code, amount in sums.items()}
            sums = {code: Decimal(cents).scaleb(-2) for code, cents in sums.items()}
        amounts_as_text = {currency: str(amount) for currency, amount in sorted(sums.items())}
        read = {"lines": lines or 0, "hash": fingerprint or 0, "sums": amounts_as_text}
        # What agents are credited with is no sale: it stands beside the lines, in a place of its own.
        return NOTHING_READ | {"credits": read} if is_credited(self.plans[0].policy) else read
