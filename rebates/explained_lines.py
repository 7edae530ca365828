"""The sales lines behind a figure, or the credits of an agent, found again as they were counted; a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Q, Sum

from orders.models import CreditedLine, SalesLine, SerialMoved
from prm.values import clock
from rebates import arithmetic, credited, outside, serials, tier_days
from rebates.accruals import Accrual
from rebates.counted_lines import counted_by, summed_by
from rebates.counting_days import Whose, basis_of, in_period, noted
from rebates.currencies import is_converted, is_exchanged
from rebates.exchanged_lines import Converter
from rebates.line_rounding import by_line
from rebates.mechanisms import bands_of
from rebates.memberships import spans_of
from rebates.models import Result, SettlementRun
from rebates.plans import Plan, plans_for
from rebates.returned import AT_ORIGINAL_RATE, BY_BOOKING, how

Figure = Result | Accrual
ZERO = Decimal(0)


@dataclass(frozen=True)
class LinePage:
    """Lines behind a figure in order of booking, each with `running`: the paid base up to and with it."""

    lines: list[SalesLine | CreditedLine] = field(default_factory=list)
    before: Decimal = ZERO
    next_after: str = ""


def lines_behind(result: Figure) -> Any:
    """The sales lines that the figure was computed from, found again by period, product lines and watermark."""
    plan = plan_of(result)
    lines = credited.rows(plan.policy, because="the result names the partner").filter(
        counted_by(plan, plan.own_terms, whose(result)), partner_id=result.partner_id
    )
    if not is_exchanged(result.version.policy):
        lines = lines.filter(currency=result.version.currency)
    if isinstance(result, Result):
        lines = lines.filter(id__lte=result.run.watermark)
    lines = lines.filter(_days_in_tier(result, plan))
    if isinstance(result, Result) and result.kind == Result.Kind.ADJUSTED:
        lines = lines.filter(_counts_late(result))
    named = ["product", "product_line", "reverses"]
    named += ["takes_back", "line"] if credited.is_credited(plan.policy) else []
    return lines.select_related(*named).order_by("booking_date", "id")


def _days_in_tier(result: Figure, plan: Plan) -> Q:
    """Where the tier of each line's day decides: the days on which it was one of the policy's."""
    tiers = tier_days.by_line(result.version.policy)
    if not tiers:
        return Q()
    spans = [(first, after) for first, after, code in spans_of(result) if code in tiers]
    basis = basis_of(plan.policy)

    def within(prefix: str = "") -> Q:
        days = Q(pk__in=[])
        for first, after in spans:
            since = date.fromisoformat(first) if first else date.min
            until = date.fromisoformat(after) if after else date.max
            days |= in_period(basis, whose(result), since, until, prefix)
        return days

    if how(plan.policy) == BY_BOOKING:
        return within()
    own = Q(reverses__isnull=True)
    if how(plan.policy) == AT_ORIGINAL_RATE:
        own |= in_period(basis, whose(result), plan.counted.start, plan.counted.end, "reverses__")
    return own & within() | ~own & within("reverses__")


def whose(result: Figure) -> Whose:
    """Of which partner the lines behind a figure are, and which payments it knew."""
    return Whose(
        result.partner_id,
        result.run.paid_watermark if isinstance(result, Result) else None,
        credited.is_credited(result.version.policy),
    )


def plan_of(result: Figure) -> Plan:
    (plan,) = plans_for([(result.version, result.period)])
    return plan


def _counts_late(result: Result) -> Q:
    """After the grace days only negative lines count; of credits those of agents that were known in time."""
    days = result.version.policy.get("late", {}).get("grace_days")
    if days is None:
        return Q()
    known = _known_at_the_close(result)
    if known is None:
        return Q()
    last = date.fromordinal(result.period.last_day.toordinal() + days + 1)
    limit = clock.start_of_day(last)
    if credited.is_credited(result.version.policy):
        nameless = Q(is_return=True, reverses__isnull=True)
        return Q(id__lte=known) | Q(first_id__lte=known) | nameless | Q(first_at__lt=limit)
    return Q(id__lte=known) | Q(net_amount__lt=0) | Q(quantity__lt=0) | Q(recorded_at__lt=limit)


def _known_at_the_close(result: Result) -> int | None:
    """The last line on file when the period of an adjustment was settled, here or by the system before."""
    known = outside.watermark_of(result.programme_id, result.ends)
    if known is not None:
        return int(known)
    closed = SettlementRun.objects.filter(scopes__programme_id=result.programme_id, ends=result.ends)
    return closed.closed().values_list("watermark", flat=True).first()


def sold_of_parts(result: Figure) -> list[Decimal]:
    """How many were sold of each part of a set."""
    plan = plan_of(result)
    return _SetsSoFar(result, plan).of(lines_behind(result))


class _SetsSoFar:
    """Complete sets as line after line adds to its parts."""

    def __init__(self, result: Figure, plan: Plan):
        self._parts = plan.bands.parts
        self._wanted = [
            summed_by(plan, [f"part{number}"], whose(result)) for number in range(len(self._parts))
        ]
        self._sold = [ZERO for _part in self._parts]

    def of(self, lines: Any) -> list[Decimal]:
        """What these lines sell of each part."""
        rows = [lines.filter(wanted).order_by() for wanted in self._wanted]
        return [one.aggregate(sold=Sum("quantity"))["sold"] or ZERO for one in rows]

    def begin(self, told: Any, page: Any) -> None:
        """After the lines that were told before, with the lines of the page still to come."""
        self._sold = self.of(told)
        self._members = [set(page.filter(wanted).values_list("pk", flat=True)) for wanted in self._wanted]

    def with_line(self, line: SalesLine | CreditedLine) -> Decimal:
        """How many sets there are with this line."""
        self._sold = [
            sold + (line.quantity if line.pk in members else ZERO)
            for sold, members in zip(self._sold, self._members, strict=True)
        ]
        sets = (sold // part.quantity for sold, part in zip(self._sold, self._parts, strict=True))
        return max(min(sets), ZERO)


def lines_page(result: Figure, *, after: str = "", size: int = 50) -> LinePage:
    """A page of the lines behind a figure. `after` is the `next_after` of the page before; ValueError otherwise."""
    lines = lines_behind(result)
    column = "quantity" if bands_of(result.version.policy).pays_units else "net_amount"
    paid = _paid_lines(result)
    differs = is_converted(result.version.policy) and column == "net_amount"
    converter = Converter(result, plan_of(result), whose(result)) if differs else None
    before, told = Fraction(0), lines.none()
    if after:
        text, _sep, pk = after.partition("_")
        day = date.fromisoformat(text)
        earlier = Q(booking_date__lt=day) | Q(booking_date=day, id__lte=int(pk))
        told = paid(lines.filter(earlier))
        before = _measured(result, told, column, converter)
        lines = lines.exclude(earlier)
    found = list(lines[: size + 1])
    paying = set(paid(lines.filter(pk__in=[line.pk for line in found])).values_list("pk", flat=True))
    running, named = before, _serials(result, [line.pk for line in found])
    noted(found, basis_of(result.version.policy), whose(result))
    sets = None
    if bands_of(result.version.policy).counts_sets:
        sets = _SetsSoFar(result, plan_of(result))
        sets.begin(told, lines.filter(pk__in=[line.pk for line in found]))
    known = _known_before(result)
    for line in found:
        line.came_late = known is not None and line.pk > known
        line.is_paid, line.serials_known = line.pk in paying, named.get(line.pk, [])
        if line.is_paid and serials.by_serial(result.version.policy):
            running += serials.count_of(line.serials_known)
        elif line.is_paid and converter:
            running += converter.of(line)
        elif line.is_paid:
            running += Fraction(getattr(line, column))
        line.running = sets.with_line(line) if sets else arithmetic.shown(running)
        line.pays = _pays(result, line, converter) if line.is_paid else None
    more = len(found) > size
    last = found[size - 1] if more else None
    return LinePage(
        found[:size], arithmetic.shown(before), f"{last.booking_date.isoformat()}_{last.pk}" if last else ""
    )


def every_line(result: Figure, *, size: int = 2000) -> Iterator[Any]:
    """The lines behind a figure as `lines_page` tells of them, all of them, no more than a page of them at once."""
    after, more = "", True
    while more:
        page = lines_page(result, after=after, size=size)
        yield from page.lines
        after, more = page.next_after, bool(page.next_after)


def _known_before(result: Figure) -> int | None:
    """Up to which line an adjusted period was settled; None of any other figure."""
    if isinstance(result, Result) and result.kind == Result.Kind.ADJUSTED:
        return _known_at_the_close(result)
    return None


def _measured(result: Figure, told: Any, column: str, converter: Converter | None) -> Fraction:
    """What these lines come to in the base."""
    if serials.by_serial(result.version.policy):
        found = _serials(result, told.order_by().values("pk"))
        return Fraction(sum(serials.count_of(of_line) for of_line in found.values()))
    if converter:
        return converter.sum(told)
    return Fraction(told.aggregate(base=Sum(column))["base"] or ZERO)


def _serials(result: Figure, lines: Any) -> dict[int, list[SerialMoved]]:
    if not serials.by_serial(result.version.policy):
        return {}
    return serials.of_lines(lines, result.run.serial_watermark if isinstance(result, Result) else None)


def _pays(result: Figure, line: SalesLine | CreditedLine, converter: Converter | None) -> Decimal | None:
    """What a line pays by itself, where each is rounded."""
    policy, bands = result.version.policy, bands_of(result.version.policy)
    if not by_line(policy):
        return None
    measured = Fraction(line.quantity if bands.pays_units else line.net_amount)
    if converter:
        measured = converter.of(line)
    rate = Fraction(arithmetic.line_rate(bands, arithmetic.Figures.of(result)))
    mode = policy.get("rounding", {}).get("mode", "half_up")
    return arithmetic.rounded(measured * rate, policy["currency"], mode)


def _paid_lines(result: Figure) -> Any:
    """A filter that keeps the lines that are paid on, not those that only qualify."""
    plan = plan_of(result)
    paid = [term for term in plan.terms if term == "base" or term.startswith("part")]
    wanted = summed_by(plan, paid, whose(result))
    return lambda lines: lines.filter(wanted)
