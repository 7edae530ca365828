"""What a rebate would be if disputed lines were as the partner has them: f(lines changed) − f(lines).

Guarantee: f is the settlement's own SQL over the partner's own lines, with the policy versions, tiers, rates and
watermarks that the closed settlement froze: exact for every mechanism, for programmes that are settled together, under
caps of the partner's own, for a year that is counted as a whole; of a closed month that the statement adjusts, as that
month's close froze it. Nothing is stored: the partner's lines are copied into a table of the transaction that hides the
real one from the same SQL, are changed there, and everything is thrown away.

A right quantity alone is taken at the line's unit price. A line is left out of it, and said to be, where the partner
does not say what is right, and where a missing line does not say what the programme goes by. A programme whose figure
hangs on other partners is left out and named: two figures around lines of one's own would tell theirs. Where no other
programme counts the lines nothing is told. Finance, which sees all, may have it computed beside the others' lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from orders.models import CreditedLine, SalesLine
from prm.catalogue.models import Product
from rebates import collection, currencies, partner_pools, settlement, traits
from rebates.adjustments import plans_after, scope_after
from rebates.counting_days import BOOKING, basis_of
from rebates.credited import CREDITS, LINES, is_credited
from rebates.disputed import results_of
from rebates.frozen_rates import books_after, books_of, computable, last_known
from rebates.models import DisputedLine, Result, RunMember, SettlementRun, Statement
from rebates.own_ledger import spelled
from rebates.plans import Plan, Sql, scope_plans
from rebates.scope import Scope
from rebates.serials import by_serial

ZERO = Decimal("0.00")
What = DisputedLine.What
Figures = dict[tuple[int, date], Decimal]  # by programme and the day after its period


class Untold(models.TextChoices):
    """Why the worth of a dispute is not told."""

    FIGURE = "figure", _("a line is said to be wrong, and not what is right")
    COUNTS = "counts", _("whether a line should count is a question of the policy")
    PRODUCT = "product", _("a missing line names no product of ours")
    KIND = "kind", _("a missing line may be a purchase or a credit")
    SERIALS = "serials", _("the programme counts serial numbers, which the lines do not say")
    DAY = "day", _("the programme goes by a day or a payment that a missing line does not say")
    RATE = "rate", _("an exchange rate is missing")
    OUTSIDE = "outside", _("the period was settled before the settlements here began")
    OTHERS = "others", _("the figure hangs on what other partners bought")


@dataclass(frozen=True)
class Worth:
    """`left`: the lines that it leaves out, for the reason `untold`; None in `amount` where it leaves out all.

    `others`: the programmes that it leaves out, because their figures hang on other partners.
    """

    amount: Decimal | None
    untold: str = ""
    left: Sequence[DisputedLine] = ()
    by_programme: Mapping[int, Decimal] = field(default_factory=dict)
    others: frozenset[int] = frozenset()


class _NotTold(Exception):
    def __init__(self, why: Untold):
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class _Change:
    """A line of ours as it would be, or one that we lack; `claim` says so."""

    claim: DisputedLine

    ours: SalesLine | CreditedLine | None
    day: date
    product_line: int
    product: int
    credited: bool
    document: str
    is_gone: bool = False
    quantity: Decimal = ZERO
    amount: Decimal = ZERO

    @property
    def table(self) -> str:
        return OWN.format(table=CREDITS if self.credited else LINES)

    def touches(self, plan: Plan) -> bool:
        """Whether it may move a figure of the plan."""
        if self.credited != is_credited(plan.policy) or not plan.counts(self.product_line, self.product):
            return False
        reverses = self.ours.reverses if self.ours is not None else None
        days = [self.day, *([self.ours.booking_date] if self.ours is not None else [])]
        days += [reverses.booking_date] if reverses else []
        return basis_of(plan.policy) != BOOKING or any(day in plan.counted for day in days)


@dataclass(frozen=True)
class _Settled:
    """Periods as a closed settlement froze them."""

    run: SettlementRun
    plans: list[Plan]
    scope: Scope
    books: currencies.Books
    on: date

    def without_pools_but(self, programmes: frozenset[int]) -> _Settled:
        """Without those that hang on other partners, but these."""
        plans = [
            plan
            for plan in self.plans
            if plan.version.programme_id in programmes or not self.hangs_on_others(plan)
        ]
        return replace(self, plans=plans)

    def hangs_on_others(self, plan: Plan) -> bool:
        return plan.version.programme_id in self._on_others

    @cached_property
    def _on_others(self) -> set[int]:
        return {self.plans[number].version.programme_id for number in partner_pools.hanging(self.plans)}

    @cached_property
    def moved(self) -> list[tuple[Plan, list[Plan]]]:
        """Each plan with those whose lines move its figure."""
        return list(zip(self.plans, partner_pools.moving(self.plans), strict=True))


def worth_of(
    statement: Statement,
    lines: Sequence[DisputedLine],
    results: Sequence[Result],
    *,
    beside_others: bool = False,
) -> Worth:
    """What the disputed lines, saved or not, would change in the figures of `results` and what hangs together with
    them, if all of them were as the partner says.

    `beside_others`: also in those that hang on other partners, whose lines stay as they are. For nobody who may not see
    these: it tells of them.
    """
    left: list[tuple[DisputedLine, Untold]] = []
    closed = {(one.programme_id, one.ends) for one in results_of(statement)}
    closed -= {(one.programme_id, one.ends) for one in results}
    try:
        changes = list(_changes(lines, {is_credited(one.version.policy) for one in results}, left))
        settled = list(_settled(statement, results, changes))
        together = _hanging_on_others(changes, settled, closed)
        if not beside_others and together and _counts_nowhere_else(changes, settled, closed):
            raise _NotTold(Untold.OTHERS)
        computed, others = (together, frozenset[int]()) if beside_others else (frozenset[int](), together)
        settled = [one.without_pools_but(computed) for one in settled]
        changes = list(_told(changes, settled, left))
        with transaction.atomic():
            _hide_lines(statement.partner_id, beside_others=bool(computed))
            before = _figures(settled, statement, closed)
            for number, change in enumerate(changes, start=1):
                _apply(change, -number, statement)
            after = _figures(settled, statement, closed)
            transaction.set_rollback(True)
    except _NotTold as untold:
        return Worth(None, untold.why, lines)
    why, without = (left[0][1], [line for line, _why in left]) if left else ("", [])
    if left and not changes:
        return Worth(None, why, without)
    by_programme: dict[int, Decimal] = defaultdict(Decimal)
    for figures, sign in ((after, 1), (before, -1)):
        for (programme, _ends), amount in figures.items():
            by_programme[programme] += sign * amount
    return Worth(sum(by_programme.values(), ZERO), why, without, by_programme, others)


# What changes


def _changes(
    lines: Iterable[DisputedLine], kinds: set[bool], left: list[tuple[DisputedLine, Untold]]
) -> Iterator[_Change]:
    """`kinds`: whether the figures are of purchases, of credits, or of both. What cannot be told goes to `left`."""
    codes = {line.product for line in lines if line.ours is None and line.product}
    products = {spelled(one.code): one for one in Product.objects.filter(code__in=codes)}
    for line in lines:
        try:
            yield _of_ours(line) if line.ours is not None else _of_theirs(line, products, kinds)
        except _NotTold as untold:
            left.append((line, untold.why))


def _of_ours(line: DisputedLine) -> _Change:
    ours = line.ours
    assert ours is not None
    if line.what == What.COUNT:
        raise _NotTold(Untold.COUNTS)
    is_gone = line.what == What.NOT_OURS
    right = line.right_amount
    if not is_gone and right is None and line.their_day is None:
        raise _NotTold(Untold.FIGURE)
    return _Change(
        line, ours, line.their_day or ours.booking_date, ours.product_line_id, ours.product_id,
        isinstance(ours, CreditedLine), ours.document, is_gone,
        quantity=ours.quantity if line.their_quantity is None else line.their_quantity,
        amount=ours.net_amount if right is None else right,
    )  # fmt: skip


def _of_theirs(line: DisputedLine, products: dict[str, Product], kinds: set[bool]) -> _Change:
    product = products.get(spelled(line.product)) if line.product else None
    if product is None:
        raise _NotTold(Untold.PRODUCT)
    if len(kinds) > 1:
        raise _NotTold(Untold.KIND)
    return _Change(
        line, None, line.day, product.product_line_id, product.pk, True in kinds, line.document,
        quantity=line.their_quantity or ZERO, amount=line.their_amount or ZERO,
    )  # fmt: skip


# What was settled


def _settled(
    statement: Statement, results: Sequence[Result], changes: Sequence[_Change]
) -> Iterator[_Settled]:
    """The settlement of the statement, and of the closed months that it adjusts those that settled them."""
    run, whose = statement.run, [statement.partner_id]
    if any(one.kind != "adjusted" for one in results):
        scope = Scope(
            watermark=run.watermark, partners=whose, paid_to=run.paid_watermark, serials_to=run.serial_watermark,
            tiers_of_run=run.pk, closed_before=run.frozen_at,
        )  # fmt: skip
        yield _Settled(run, computable(run, scope_plans(run)), scope, books_of(run), last_known(run))
    earlier = {one.ends: one for one in SettlementRun.objects.closed().exclude(pk=run.pk)}
    for ends in sorted({one.ends for one in results if one.kind == "adjusted"}):
        if ends in earlier:
            found = earlier[ends]
            scope = scope_after(run, found, whose)
            yield _Settled(found, plans_after(found), scope, books_after(found), found.period.last_day)
        elif any(change.day < ends for change in changes):
            raise _NotTold(Untold.OUTSIDE)


def _hanging_on_others(
    changes: Iterable[_Change], settled: Sequence[_Settled], closed: set[tuple[int, date]]
) -> frozenset[int]:
    """The programmes that the changes may move, that can be disputed, and that hang on other partners."""
    touched = _disputable(changes, settled, closed)
    return frozenset(plan.version.programme_id for one, plan in touched if one.hangs_on_others(plan))


def _counts_nowhere_else(
    changes: Iterable[_Change], settled: Sequence[_Settled], closed: set[tuple[int, date]]
) -> bool:
    """Whether only programmes that hang on other partners count the lines."""
    return all(one.hangs_on_others(plan) for one, plan in _disputable(changes, settled, closed))


def _disputable(
    changes: Iterable[_Change], settled: Sequence[_Settled], closed: set[tuple[int, date]]
) -> list[tuple[_Settled, Plan]]:
    """The plans that count the lines or hang on others that do, of programmes that can be disputed."""
    return [
        (one, plan)
        for change in changes
        for one in settled
        for plan, moving in one.moved
        if (plan.version.programme_id, plan.period.end) not in closed
        and any(change.touches(each) for each in moving)
    ]


def _told(
    changes: Iterable[_Change], settled: Sequence[_Settled], left: list[tuple[DisputedLine, Untold]]
) -> Iterator[_Change]:
    """Those that say what every plan goes by that they touch and that is computed; the others go to `left`."""
    for change in changes:
        plans = [plan for one in settled for plan in one.plans if change.touches(plan)]
        why = next((why for plan in plans if (why := _unsaid(change, plan)) is not None), None)
        if why is None:
            yield change
        else:
            left.append((change.claim, why))


def _unsaid(change: _Change, plan: Plan) -> Untold | None:
    """What the plan goes by and the change does not say."""
    is_new = change.ours is None
    resized = not change.is_gone and change.ours is not None and change.quantity != change.ours.quantity
    if by_serial(plan.policy) and (is_new or resized):
        return Untold.SERIALS
    if is_new and (basis_of(plan.policy) != BOOKING or collection.steps_of(plan.policy)):
        return Untold.DAY
    return None


# The figures


OWN = "own_{table}"  # where the copy stands in the meantime


def _hide_lines(partner_id: int, *, beside_others: bool) -> None:
    """From here to the end of the transaction the partner's lines and credits stand in views of the same names over a
    copy, alone or with those of all others.
    """
    with connection.cursor() as cursor:
        for table in (LINES, CREDITS):
            own = OWN.format(table=table)
            cursor.execute(
                f"CREATE TEMP TABLE {own} ON COMMIT DROP AS SELECT * FROM {table} WHERE partner_id = %s",
                [partner_id],
            )
            cursor.execute(f"ANALYZE {own}")
            others = f" UNION ALL SELECT * FROM {table} WHERE partner_id <> %s" if beside_others else ""
            cursor.execute(
                f"CREATE TEMP VIEW {table} AS SELECT * FROM {own}{others}", [partner_id] if others else None
            )


def _apply(change: _Change, number: int, statement: Statement) -> None:
    """Change the hidden copy. A line that we lack gets a number below all of ours: it stands there in time."""
    with connection.cursor() as cursor:
        if change.ours is not None and change.is_gone:
            cursor.execute(f"DELETE FROM {change.table} WHERE id = %s", [change.ours.pk])
        elif change.ours is not None:
            cursor.execute(
                f"UPDATE {change.table} SET booking_date = %(day)s, quantity = %(quantity)s, net_amount = %(amount)s,"
                " gross_amount ="
                " CASE WHEN gross_amount IS NULL OR net_amount = %(amount)s THEN gross_amount"
                " ELSE round(%(amount)s * (1 + tax_rate), 2) END WHERE id = %(id)s",
                {
                    "day": change.day,
                    "quantity": change.quantity,
                    "amount": change.amount,
                    "id": change.ours.pk,
                },
            )
        else:
            _add(cursor, change, number, statement)


def _add(cursor: Any, change: _Change, number: int, statement: Statement) -> None:
    row = {
        "id": number, "partner_id": statement.partner_id, "product_id": change.product,
        "product_line_id": change.product_line, "booking_date": change.day, "quantity": change.quantity,
        "net_amount": change.amount, "tax_rate": 0, "currency": statement.currency, "document": change.document,
        "recorded_at": statement.run.frozen_at,
    }  # fmt: skip
    if change.credited:
        row |= {"is_return": change.amount < 0, "first_id": number, "first_at": statement.run.frozen_at}
    values = ", ".join(f"%({name})s" for name in row)
    cursor.execute(f"INSERT INTO {change.table} ({', '.join(row)}) VALUES ({values})", row)


def _figures(settled: Iterable[_Settled], statement: Statement, closed: set[tuple[int, date]]) -> Figures:
    """What the partner earns in the statement's currency, without what can be disputed no more."""
    found: Figures = {}
    for one in settled:
        stopped = list[currencies.Stopped]()
        for part in currencies.parts(one.plans, one.scope, books=one.books, on=one.on, stopped=stopped):
            for programme, ends, currency, earned in _read(part, one.run, statement.partner_id):
                if currency == statement.currency and (programme, ends) not in closed:
                    found[programme, ends] = earned
        if stopped:
            raise _NotTold(Untold.RATE)
    return found


def _read(part: currencies.Part, run: SettlementRun, partner_id: int) -> list[tuple[int, date, str, Decimal]]:
    sums = part.sums
    read, members = sums.read(), _members(part, run, partner_id)
    figures = settlement.figures(sums, relation="sums", members="(SELECT * FROM member)")
    text = (
        f"WITH sums AS MATERIALIZED ({read.text}), member AS MATERIALIZED ({members.text})"
        f" SELECT programme_id, ends, currency, earned FROM ({figures.text}) figures"
    )
    with connection.cursor() as cursor:
        cursor.execute(text, read.params | members.params | figures.params)
        return cursor.fetchall()


def _members(part: currencies.Part, run: SettlementRun, partner_id: int) -> Sql:
    """What the partner was when the run was computed; who came later has its history."""
    rows = RunMember.objects.for_everyone(because="of the statement's own partner")
    if rows.filter(run=run, partner_id=partner_id).exists():
        return Sql(f"SELECT * FROM {traits.frozen_members()} frozen", {"run": run.pk})
    return traits.members_on(run.period.last_day, part.sums.plans)
