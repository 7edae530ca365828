"""Reading the sales lines once: sums by partner for every programme at the same time.

Each line falls into a cell: the product lines that the same programmes count, its currency, the periods it lies in,
and whether it came late. Programmes are unions of cells. With few cells the sums stand side by side in one row a
partner, which saves adding them up once more; with many they are rows of their own. `grouped.py` reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from rebates import tier_days
from rebates.conversion import Money
from rebates.grouped import READ_SETTINGS, READ_SETTINGS_END, Grouped, Scope
from rebates.plans import Plan

__all__ = ["READ_SETTINGS", "READ_SETTINGS_END", "Scope", "Sums"]
SIDE_BY_SIDE = 40  # cells


@dataclass
class Sums(Grouped):
    """The grouped read for `plans` within `scope`: its SQL, what the plans take from it, and what was read."""

    plans: Sequence[Plan]
    scope: Scope
    # How often everything that was bought counts; a baseline and a target stay. For what-ifs.
    volume: Decimal | None = None
    # Where lines of several currencies count; then there is one plan.
    money: Money | None = None
    days: list[date] = field(init=False)
    currencies: list[str] = field(init=False)
    # What each class of lines is for: (number of a plan, name of a term) pairs.
    classes: list[frozenset[tuple[int, str]]] = field(init=False)
    graces: list[date] = field(init=False)

    def __post_init__(self) -> None:
        periods = [plan.period_of(term) for plan in self.plans for term in plan.terms]
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
        self.figures = ["qualifier", "base", "reference"]
        if self.caps:
            self.figures += ["counted", "payable"]

    @property
    def caps(self) -> bool:
        """Whether some plan caps what counts or what is paid on; the sums before the cap are kept then."""
        return any(
            plan.bands.most_counted is not None or plan.bands.most_base is not None for plan in self.plans
        )

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
            if (number, term) in self.classes[use]
            and self.currencies[currency] == plan.version.currency
            and first <= slot < last
            and late <= latest
            and (not wanted or tier in wanted)
        ]

    def counted(self, number: int) -> list[int]:
        """Numbers of the cells whose lines plan `number` counts in its own period."""
        return sorted({cell for term in self.plans[number].own_terms for cell in self.taken(number, term)})

    # Using what was read

    def based(
        self, relation: str, members: str, member: Sequence[str], plan_rows: list[str], plan_columns: str
    ) -> str:
        """SELECT of partner_id, columns `member` of `members`, the plan's columns, qualifier, base, reference, lines.

        With `caps` also counted and payable: what qualifier and base were before they were capped.

        One row a partner and plan with lines in the period. `reference` is what the bounds are shares of; NULL where
        a new partner is skipped and where there is none. `plan_rows` are the plans' rows of VALUES without the
        parentheses, the first column being the plan's number.
        """
        measured = self._side_by_side if self.side_by_side else self._added_up
        return (
            f"SELECT based.partner_id, {', '.join(f'member.{name}' for name in member)}, plan.*,"
            f" {self._named('based')}, based.lines"
            f" FROM ({measured(relation)}) based"
            f" JOIN {members} member ON member.partner_id = based.partner_id"
            f" JOIN (VALUES {', '.join(f'({row})' for row in plan_rows)}) plan({plan_columns}) ON plan.no = based.no"
            f" WHERE based.lines > 0 {'' if self.side_by_side else 'ORDER BY based.partner_id, based.no'}"
        )

    def _side_by_side(self, relation: str) -> str:
        """From a row a partner: each plan's sums are sums of columns."""
        figures: dict[str, list[str]] = {name: [] for name in self.figures}
        counts = []
        for number, plan in enumerate(self.plans):
            sums = {term: self._moved(plan, term, self._column_sum(number, term)) for term in plan.terms}
            booked = " + ".join(f"sums.n{cell}" for cell in self._of_reference(number)) or "0"
            texts = self._figures_of(plan, sums, booked)
            for name in self.figures:
                figures[name].append(texts[name])
            counts.append(" + ".join(f"sums.n{cell}" for cell in self.counted(number)) or "0")
        arrays = ", ".join(f"ARRAY[{', '.join(texts)}]::numeric[]" for texts in figures.values())
        return (
            f"SELECT sums.partner_id, figure.number - 1 AS no, {self._named('figure')},"
            f" figure.lines FROM {relation} sums CROSS JOIN LATERAL unnest({arrays}, ARRAY[{', '.join(counts)}]::int[])"
            f" WITH ORDINALITY figure({', '.join(self.figures)}, lines, number)"
        )

    def _named(self, row: str) -> str:
        return ", ".join(f"{row}.{name}" for name in self.figures)

    def _column_sum(self, number: int, term: str) -> str:
        column = "q" if self.plans[number].units_of(term) else "a"
        return (
            " + ".join(f"COALESCE(sums.{column}{cell}, 0)" for cell in self.taken(number, term))
            or "0::numeric"
        )

    def _moved(self, plan: Plan, term: str, text: str) -> str:
        return f"({text}) * {self.volume}" if self.volume is not None and term in plan.own_terms else text

    def _of_reference(self, number: int) -> list[int]:
        return self.taken(number, "reference") if "reference" in self.plans[number].terms else []

    def _added_up(self, relation: str) -> str:
        """From rows a partner and cell: what a plan takes for a term is added up once more."""
        pairs: dict[tuple[int, int], dict[str, bool]] = {}
        for number, plan in enumerate(self.plans):
            for term in plan.terms:
                for cell in self.taken(number, term):
                    pairs.setdefault((number, cell), {})[term] = plan.units_of(term)
        terms = sorted({term for plan in self.plans for term in plan.terms})
        counted = {(number, cell) for number in range(len(self.plans)) for cell in self.counted(number)}
        # Of each term: 0 for nothing, 1 for the amount, 2 for the quantity.
        rows = [
            f"({number}, {cell}, {(number, cell) in counted}, "
            + ", ".join(str(1 + used[term]) if term in used else "0" for term in terms)
            + ")"
            for (number, cell), used in pairs.items()
        ] or [f"(-1, -2, false, {', '.join('0' * len(terms))})"]
        quantity = "sums.quantity" if self.units else "0"
        sums = ", ".join(
            f"COALESCE(sum(CASE pair.{term} WHEN 1 THEN sums.amount WHEN 2 THEN {quantity} END), 0) AS {term}"
            for term in terms
        )
        booked = "sum(sums.lines) FILTER (WHERE pair.reference > 0)" if "reference" in terms else "0"
        return (
            f"SELECT added.partner_id, added.no, {self._chosen_by_plan()}, added.lines FROM ("
            f"SELECT pair.no, sums.partner_id, {sums}, COALESCE({booked}, 0) AS booked,"
            " COALESCE(sum(sums.lines) FILTER (WHERE pair.counts), 0)::int AS lines"
            f" FROM {relation} sums JOIN (VALUES {', '.join(rows)}) pair(no, cell, counts, {', '.join(terms)})"
            " ON pair.cell = sums.cell GROUP BY sums.partner_id, pair.no) added"
        )

    def _chosen_by_plan(self) -> str:
        """qualifier, base and reference of the rows of `_added_up`; plans with the same words share an arm."""
        arms: dict[str, dict[str, list[int]]] = {name: {} for name in self.figures}
        for number, plan in enumerate(self.plans):
            sums = {term: self._moved(plan, term, f"added.{term}") for term in plan.terms}
            figures = self._figures_of(plan, sums, "added.booked")
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

    @staticmethod
    def _figures_of(plan: Plan, sums: dict[str, str], booked: str) -> dict[str, str]:
        """SQL of a plan's figures by name, see `based`. `booked` counts the lines of the baseline."""
        bands = plan.bands
        if bands.counts_sets:
            sets = ", ".join(
                f"div({sums[f'part{number}']}, {part.quantity})" for number, part in enumerate(bands.parts)
            )
            complete = f"greatest(least({sets}), 0)"
            names = ("qualifier", "base", "counted", "payable")
            return dict.fromkeys(names, complete) | {"reference": "NULL::numeric"}
        reference = "NULL::numeric"
        if bands.share_of == "target":
            reference = f"{bands.target}::numeric"
        elif bands.share_of == "total":
            reference = sums["reference"]
        elif bands.share_of == "baseline":
            reference = _baseline(plan, sums.get("reference", ""), booked)
        counted, payable = sums["qualifier"], sums["base"]
        base = _at_most(payable, bands.most_base)
        if bands.increment is not None:
            base = f"div(greatest({base}, 0), {bands.increment})"
        qualifier = _at_most(counted, bands.most_counted)
        return {
            "qualifier": qualifier, "base": base, "reference": reference, "counted": counted, "payable": payable,
        }  # fmt: skip

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
            _use, currency, slot, _late, _tier = self.cells[cell]
            if not any(self.days[slot] in plan.period for plan in self.plans):
                continue  # of a baseline: read, but nothing that this settlement is about
            code = self.currencies[currency]
            sums[code] = sums.get(code, 0) + (amount or 0)
        if self.money is not None:
            sums = {code: round(Fraction(amount) / self.money.scale * 100) for code, amount in sums.items()}
            sums = {code: Decimal(cents).scaleb(-2) for code, cents in sums.items()}
        amounts_as_text = {currency: str(amount) for currency, amount in sorted(sums.items())}
        return {"lines": lines or 0, "hash": fingerprint or 0, "sums": amounts_as_text}


def _at_most(text: str, cap: Decimal | None) -> str:
    return text if cap is None else f"least({text}, {cap}::numeric)"


def _baseline(plan: Plan, booked_sum: str, booked: str) -> str:
    """SQL of the baseline: what the partner bought before, or what the policy says of one that bought nothing."""
    rules = plan.policy.get("baseline", {})
    stated = f"{rules['amount']}::numeric * {plan.counted_in}" if "amount" in rules else "NULL::numeric"
    if plan.baseline is None:
        return stated
    new = {"skip": "NULL::numeric", "zero": "0::numeric", "stated": stated}[rules.get("new_partner", "skip")]
    return f"CASE WHEN ({booked}) > 0 THEN greatest({booked_sum}, 0) ELSE {new} END"
