"""SPIF by serial: each serial number that was sold pays once, ever; one that came back is taken back.

Guarantees
- A serial is sold once and comes back once: constraints of `orders_serialmoved`, not a matter of reading.
- It counts with the line that names it: in that line's period, where the programme pays on that line. A return counts
  against the period in which its line does.
- Serials are read up to the run's watermark and found again there. Programmes without them cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orders.models import SerialMoved
from rebates import returned
from rebates.narrowing import paid_on, within
from rebates.plans import Plan
from rebates.reads import Together
from rebates.sums import Sums

COUNTED = ("qualifier", "base", "counted", "payable")


def by_serial(policy: dict[str, Any]) -> bool:
    mechanism = policy["mechanism"]
    return mechanism["kind"] == "spif" and mechanism.get("per", "serial") == "serial"


def matter(plans: Iterable[Plan]) -> bool:
    return any(by_serial(plan.policy) for plan in plans)


# SQL


def counts(sums: Sums | Together, params: dict[str, Any]) -> str:
    """SELECT of (no, partner_id, count): how many serials each partner has under each plan that pays for them."""
    plans = [(number, plan) for number, plan in enumerate(sums.plans) if by_serial(plan.policy)]
    return " UNION ALL ".join(_counts(number, plan, sums.of(number), params) for number, plan in plans)


def counted(based: str, names: Sequence[str], plans: Sequence[Plan], found: str) -> str:
    """`based`, a SELECT of `names` with `no` and `partner_id`, with serials counted where a plan pays for them; `found`
    is a relation of what `counts` selects.
    """
    numbers = ", ".join(str(number) for number, plan in enumerate(plans) if by_serial(plan.policy))
    columns = []
    for name in names:
        if name not in COUNTED:
            columns.append(f"based.{name}")
            continue
        cap = {"qualifier": "most_counted", "base": "most_base"}.get(name)
        count = "coalesce(serials.count, 0)::numeric"
        count = f"least({count}, based.{cap})" if cap else count
        columns.append(f"CASE WHEN based.no IN ({numbers}) THEN {count} ELSE based.{name} END AS {name}")
    return (
        f"SELECT {', '.join(columns)} FROM ({based}) based LEFT JOIN {found} serials"
        " ON serials.no = based.no AND serials.partner_id = based.partner_id"
    )


def _counts(number: int, plan: Plan, sums: Sums, params: dict[str, Any]) -> str:
    """(no, partner_id, count) of one plan."""
    volume = "" if sums.volume is None else f" * {sums.volume}"
    lines, known = _lines(number, plan, sums, params), ""
    if sums.scope.serials_to is not None:
        known += " AND moved.id <= %(serials_to)s"
        params["serials_to"] = sums.scope.serials_to
    if sums.scope.recorded_before is not None:
        known += " AND moved.recorded_at < %(serials_before)s"
        params["serials_before"] = sums.scope.recorded_before
    if sums.relation(sums.table, params) == sums.table:  # else a line may count on another day than its own
        known += f" AND moved.booking_date >= %(serials_{number}_first)s"
        known += f" AND moved.booking_date < %(serials_{number}_after)s"
    if plan.terms["base"].products is not None:
        known += f" AND moved.product_id = ANY(%(serials_{number}_0_products)s)"
    known += "".join(f" AND moved.{one}" for one in within(sums.scope, params, "", None))
    return (
        f"SELECT {number} AS no, line.partner_id, sum(CASE WHEN moved.returned THEN -1 ELSE 1 END){volume} AS count"
        f" FROM ({lines}) line JOIN orders_serialmoved moved ON moved.line_id = line.id{known} GROUP BY line.partner_id"
    )


def _lines(number: int, plan: Plan, sums: Sums, params: dict[str, Any]) -> str:
    """The lines that a plan pays on: those that `sums` adds up to the paid base."""
    where = paid_on(
        plan, sums.scope, returned.negative(plan), f"serials_{number}", params, mark="serials_of_lines_to"
    )
    return f"SELECT id, partner_id FROM {sums.relation(sums.table, params)} WHERE {' AND '.join(where)}"


# Behind a figure


def of_lines(lines: Any, serials_to: int | None) -> dict[int, list[SerialMoved]]:
    """By sales line its serials, as far as they were known."""
    rows = SerialMoved.objects.for_everyone(because="of lines behind a figure").filter(line__in=lines)
    if serials_to is not None:
        rows = rows.filter(id__lte=serials_to)
    found: dict[int, list[SerialMoved]] = {}
    for row in rows.order_by("serial"):
        found.setdefault(row.line_id, []).append(row)
    return found


def count_of(serials: Iterable[SerialMoved]) -> int:
    return sum(-1 if one.returned else 1 for one in serials)
