"""What of a statement can be disputed until when, and what a dispute holds back; what it is worth: `worth.py`.

Guarantee: the undisputed part of each figure is what the policy pays on the lines that nobody disputes. So what is
held back of a figure is `figure − f(lines without the disputed ones)`, never below zero and never more than the figure.
Of a line whose right amount the partner names, or its right quantity at the line's unit price, only what exceeds the
partner's own is disputed; what only the partner has is no part of the figure.

Where f is not a function of the sums alone (a cap, complete sets or full increments, a share of all that counts, a
collection factor, other currencies, returns at the original rate, programmes that are settled together) the held part
is the figure's share of the disputed lines in its base, rounded up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db.models import Q

from orders.models import CreditedLine, SalesLine
from prm.values import clock
from prm.values.money import minor_unit
from rebates import arithmetic
from rebates.counted_lines import counted_by, day_of
from rebates.counting_days import BOOKING, basis_of, days_of
from rebates.credited import is_credited
from rebates.explained_lines import whose
from rebates.models import DisputedLine, Programme, Result, Statement
from rebates.plans import Plan, plans_for
from rebates.policy import DISPUTE_DAYS
from rebates.returned import BY_ORIGIN, how
from rebates.serials import by_serial

ZERO = Decimal("0.00")
What = DisputedLine.What
Ours = SalesLine | CreditedLine


@dataclass(frozen=True)
class Goods:
    """A quantity and an amount of a product on a day, with the sign by which they change a sum."""

    day: date
    sold: date | None  # of a return: the day of the line that it reverses
    line: int | None  # the product line's id
    product: int | None
    quantity: Decimal
    amount: Decimal
    credited: bool = False  # whether an agent is credited with it, not a purchase of the partner


def results_of(statement: Statement) -> list[Result]:
    """All that was computed for the statement."""
    rows = Result.objects.for_everyone(because="the statement names the partner").filter(
        run_id=statement.run_id, partner_id=statement.partner_id, currency=statement.currency
    )
    return list(rows.select_related("programme", "version", "run").order_by("programme__code", "ends"))


def programmes_of(statement: Statement) -> Any:
    """The programmes under which something was computed for the statement."""
    return Programme.objects.filter(pk__in={one.programme_id for one in results_of(statement)}).order_by(
        "code"
    )


def last_day(statement: Statement, result: Result) -> date:
    """The last day on which a figure can be disputed, in the tenant's zone."""
    issued = statement.issued_at.astimezone(clock.tenant_zone()).date()
    return clock.days_after(issued, result.version.policy.get("dispute_days", DISPUTE_DAYS))


def window(statement: Statement) -> date | None:
    """The last day on which any figure of the statement can be disputed; None: nothing in it was computed."""
    return max((last_day(statement, result) for result in results_of(statement)), default=None)


def open_results(statement: Statement, on: date | None = None) -> list[Result]:
    """The figures whose days to dispute are not over, today or `on` a day."""
    day = on or clock.today()
    return [result for result in results_of(statement) if day <= last_day(statement, result)]


def lines_of(
    statement: Statement,
    results: Sequence[Result],
    *,
    ids: Iterable[int] | None = None,
    document: str = "",
    most: int | None = None,
) -> list[Ours]:
    """Our sales lines of those figures' periods that the settlement had read, counted or not, in order of booking; of
    commissions what the partner is credited with, as far as it was not taken back by then. Of these `ids` only, or with
    `document` in the document's number.
    """
    plans, found = plans_of(results), list[Ours]()
    for model in (SalesLine, CreditedLine):
        mine = [pair for pair in plans if is_credited(pair[1].policy) == (model is CreditedLine)]
        if mine:
            rows = _lines_of_kind(model, statement, mine).filter(document__icontains=document)
            found += list((rows if ids is None else rows.filter(pk__in=list(ids)))[:most])
    return sorted(found, key=lambda line: (line.booking_date, line.pk))[:most]


def _lines_of_kind(model: Any, statement: Statement, plans: Sequence[tuple[Result, Plan]]) -> Any:
    periods = Q(pk__in=[])
    for result, plan in plans:
        periods |= Q(booking_date__gte=result.starts, booking_date__lt=result.ends)
        periods |= counted_by(plan, plan.own_terms, whose(result))
    rows = model.objects.for_everyone(because="the statement names the partner").filter(
        periods, partner_id=statement.partner_id, currency=statement.currency, id__lte=statement.run.watermark
    )
    if model is CreditedLine:
        rows = rows.in_force_at(statement.run.watermark)
    return rows.select_related("product", "product_line", "reverses").order_by("booking_date", "id")


def plans_of(results: Sequence[Result]) -> list[tuple[Result, Plan]]:
    return list(zip(results, plans_for((one.version, one.period) for one in results), strict=True))


def counted(results: Sequence[Result], lines: Sequence[Ours]) -> set[int]:
    """The ids of those lines that count in any of the figures, or in another that was settled of a month which these
    adjust; no credit has the id of a sales line.
    """
    found = set()
    for result, plan in plans_of([*results, *_settled_before(results)]):
        basis = basis_of(plan.policy)
        mine = [line for line in lines if isinstance(line, CreditedLine) == is_credited(plan.policy)]
        known = days_of(basis, [line.pk for line in mine], whose(result))
        for line in mine:
            day = (day_of(plan, line) or line.booking_date) if basis == BOOKING else known.get(line.pk)
            if day is not None and day in plan.counted and plan.counts(line.product_line_id, line.product_id):
                found.add(line.pk)
    return found


def _settled_before(results: Sequence[Result]) -> list[Result]:
    """The partner's figures of the months that are adjusted, as those months' settlements computed them."""
    adjusted = [one for one in results if one.kind == "adjusted"]
    if not adjusted:
        return []
    rows = Result.objects.for_everyone(because="of the statement's own partner").filter(
        partner_id=adjusted[0].partner_id, kind="earned", run__state__in=("closed", "paid"),
        ends__in={one.ends for one in adjusted},
    )  # fmt: skip
    return list(rows.select_related("programme", "version", "run"))


def held_of(lines: Sequence[DisputedLine], results: Sequence[Result]) -> Decimal:
    """What disputed lines, saved or not, hold back of the figures of `results`."""
    away = [goods for line in lines if (goods := _undecided(line)) is not None]
    return sum((_held(result, plan, away) for result, plan in plans_of(results)), ZERO)


def held_since(statement: Statement, lines: Sequence[tuple[DisputedLine, date]]) -> Decimal:
    """What lines hold back of the statement, each disputed on a day: of a figure only where that was not over then."""
    away = [(day, goods) for line, day in lines if (goods := _undecided(line)) is not None]
    found = ZERO
    for result, plan in plans_of(results_of(statement)):
        last = last_day(statement, result)
        found += _held(result, plan, [goods for day, goods in away if day <= last])
    return found


def _undecided(line: DisputedLine) -> Goods | None:
    """What of our line nobody agrees on, as it would go away; None where the line is not ours or should count."""
    ours = line.ours
    if ours is None or line.what == What.COUNT:
        return None
    quantity, amount = ours.quantity, ours.net_amount
    elsewhere = line.what == What.NOT_OURS or line.their_day is not None
    if not elsewhere and line.right_amount is not None:
        quantity = _excess(quantity, line.their_quantity)
        amount = _excess(amount, line.right_amount)
    return _goods(ours, -quantity, -amount)


def _goods(ours: Ours, quantity: Decimal, amount: Decimal) -> Goods:
    return Goods(
        ours.booking_date, _sold(ours), ours.product_line_id, ours.product_id, quantity, amount,
        isinstance(ours, CreditedLine),
    )  # fmt: skip


def _sold(line: Ours) -> date | None:
    return line.reverses.booking_date if line.reverses else None


def _excess(ours: Decimal, theirs: Decimal | None) -> Decimal:
    """By how much ours exceeds theirs, in what they say; what they do not name is agreed."""
    if theirs is None:
        return ZERO
    return max(ZERO, ours - theirs)


def _moved(result: Result, plan: Plan, goods: Iterable[Goods]) -> tuple[Decimal, Decimal]:
    """By how much qualifier and paid base of a figure move."""
    qualifier = base = ZERO
    for one in goods:
        if one.credited != is_credited(plan.policy):
            continue
        day = one.sold if one.sold and how(plan.policy) == BY_ORIGIN else one.day
        if (day not in plan.counted and basis_of(plan.policy) == BOOKING) or one.line is None:
            continue
        if "qualifier" in plan.terms and plan.terms["qualifier"].takes(one.line, one.product):
            qualifier += one.quantity if plan.units_of("qualifier") else one.amount
        if "base" in plan.terms and plan.terms["base"].takes(one.line, one.product):
            base += one.quantity if plan.units_of("base") else one.amount
        if any(
            name.startswith("part") and plan.terms[name].takes(one.line, one.product) for name in plan.terms
        ):
            qualifier, base = qualifier + one.quantity, base + one.quantity
    return qualifier, base


def _is_exact(result: Result, plan: Plan) -> bool:
    return not (
        plan.bands.counts_increments
        or plan.bands.share_of == "total"
        or "caps" in plan.policy
        or "date_basis" in plan.policy
        or by_serial(plan.policy)
        or {
            *("shared", "best", "net_of", "returned", "formula", "line_sum"),
            *("factors", "collection", "payout", "raw", "grouped"),
        }
        & result.explanation.keys()
    )


def _f(result: Result, plan: Plan, moved: tuple[Decimal, Decimal]) -> Decimal:
    figures = arithmetic.Figures.of(result)
    moved_figures = replace(figures, qualifier=figures.qualifier + moved[0], base=figures.base + moved[1])
    return arithmetic.rebate(plan.policy, moved_figures)


def _held(result: Result, plan: Plan, away: Sequence[Goods]) -> Decimal:
    figure = max(ZERO, result.amount)
    moved = _moved(result, plan, away)
    if not figure or moved == (ZERO, ZERO):
        return ZERO
    if _is_exact(result, plan):
        return min(figure, max(ZERO, result.computed - _f(result, plan, moved)))
    share = abs(moved[1] or moved[0]) / result.base if result.base > 0 else Decimal(1)
    unit = minor_unit(result.currency)
    # Of a year so far the base is that of all of it, and so is what it pays.
    whole = max(figure, result.computed) if "cumulative" in result.explanation else figure
    return min(figure, (whole * min(share, Decimal(1))).quantize(unit, rounding=ROUND_CEILING))
