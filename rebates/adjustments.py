"""Prior-period adjustments: what late lines change in closed periods.

For each closed programme and period with late lines: f(all lines) − settled, where versions, tiers and types are
those that the close froze. What was settled before go-live counts as settled.
A positive line recorded after the grace days neither qualifies nor earns; a negative one
always counts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import connection

from orders.models import PaymentReceived, SerialMoved
from prm.exchange.book import Book
from prm.values import clock
from rebates import (
    credited,
    currencies,
    outside,
    partner_groups,
    partner_pools,
    returned,
    serials,
    settlement,
    traits,
    yearly,
)
from rebates.counting_days import BOOKING, PAYMENT, basis_of
from rebates.frozen_rates import books_after
from rebates.models import SettlementRun
from rebates.plans import Plan, plans_for, plans_of, scope_plans
from rebates.scope import Scope


def write(run: SettlementRun, stopped: list[dict[str, Any]] | None = None) -> int:
    """Write the adjustments that `run` posts for the periods closed before it. Returns how many.

    A programme for which a rate is missing posts none and is told in `stopped`.
    """
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rebates_result WHERE run_id = %s AND kind = 'adjusted'", [run.pk])
    closed = list(SettlementRun.objects.closed().exclude(pk=run.pk).order_by("ends"))
    missing: list[currencies.Stopped] = []
    written = sum(_adjust(run, earlier, late, missing) for earlier, late in late_partners(run, closed))
    written += _adjust_outside(run, closed, missing)
    if stopped is not None:
        stopped += [one.said for one in missing]
    return written


def late_partners(run: SettlementRun, closed: list[SettlementRun]) -> list[tuple[SettlementRun, list[int]]]:
    """For each closed run the partners with lines of its periods that no close has looked at yet."""
    found, frozen = [], plans_of(closed)
    for earlier in closed:
        plans = _late_change(frozen[earlier.pk])
        if not plans:
            continue
        seen, partners = seen_to(earlier, closed), set[int]()
        for table in (credited.LINES, credited.CREDITS):
            some = [plan for plan in plans if credited.table(plan.policy) == table]
            partners |= _with_late_rows(table, some, seen, run, earlier) if some else set()
        lately = [one for one in closed if one.frozen_at > earlier.closed_at]
        since = (
            *_paid_since(run, earlier, frozen[earlier.pk], lately),
            *_serials_since(run, earlier, frozen[earlier.pk], lately),
        )
        concerned = sorted({*partners, *since})
        if concerned:
            found.append((earlier, concerned))
    return found


def _with_late_rows(
    table: str, plans: list[Plan], seen: int, run: SettlementRun, earlier: SettlementRun
) -> set[int]:
    """Partners with sales lines, or agents with credits, that came in since, as `plans` of the closed run read them."""
    by_origin = any(returned.how(plan.policy) == returned.BY_ORIGIN for plan in plans)
    with connection.cursor() as cursor:
        cursor.execute(
            (_LATE + (_LATE_BY_ORIGIN if by_origin else "")).replace("{table}", table),
            {
                "seen": seen, "watermark": run.watermark, "first": min(plan.counted.start for plan in plans),
                "after": earlier.ends,
                # By another day than that of its booking any line may be one of the period.
                "any_day": any(basis_of(plan.policy) != BOOKING for plan in plans),
            },
        )  # fmt: skip
        return {row[0] for row in cursor.fetchall()}


_LATE = """
SELECT DISTINCT partner_id FROM {table}
WHERE id > %(seen)s AND id <= %(watermark)s
    AND (%(any_day)s OR booking_date >= %(first)s AND booking_date < %(after)s)"""
_LATE_BY_ORIGIN = """
UNION
SELECT back.partner_id FROM {table} back JOIN {table} origin ON origin.id = back.reverses_id
WHERE back.id > %(seen)s AND back.id <= %(watermark)s
    AND origin.booking_date >= %(first)s AND origin.booking_date < %(after)s"""


def plans_after(earlier: SettlementRun) -> list[Plan]:
    """What late lines of a closed run change, as it was frozen."""
    return _late_change(scope_plans(earlier))


def _late_change(plans: list[Plan]) -> list[Plan]:
    return [plan for plan in plans if yearly.adjusts(plan)]


def seen_to(earlier: SettlementRun, closed: list[SettlementRun]) -> int:
    """Up to which line id `earlier`'s periods are settled: by its own close and by runs frozen after it."""
    later = [run.watermark for run in closed if run.frozen_at > earlier.closed_at]
    return max([earlier.watermark, *later])


def _paid_since(
    run: SettlementRun, earlier: SettlementRun, plans: list[Plan], lately: list[SettlementRun]
) -> list[int]:
    """The partners that paid something since, where `earlier` has programmes that read payments."""
    reading = [plan for plan in plans if "factors" in plan.policy or basis_of(plan.policy) == PAYMENT]
    if not reading:
        return []
    seen = max(one.paid_watermark or 0 for one in (earlier, *lately))
    rows = PaymentReceived.objects.for_everyone(because="settlement").filter(
        id__gt=seen, id__lte=run.paid_watermark
    )
    found = set(rows.order_by().values_list("partner_id", flat=True).distinct())
    if credited.any_credited(plan.policy for plan in reading):
        found |= _agents_of(seen, run)
    return list(found)


def _agents_of(seen: int, run: SettlementRun) -> set[int]:
    """The agents that are credited with lines of invoices for which something came in since."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT credit.partner_id FROM {credited.CREDITS} credit JOIN orders_paymentreceived paid"
            " ON paid.partner_id = credit.buyer_id AND paid.document = credit.document"
            " WHERE paid.id > %s AND paid.id <= %s",
            [seen, run.paid_watermark],
        )
        return {row[0] for row in cursor.fetchall()}


def _serials_since(
    run: SettlementRun, earlier: SettlementRun, plans: list[Plan], lately: list[SettlementRun]
) -> list[int]:
    """The partners of whose lines serials were named since, where `earlier` has programmes that pay for them."""
    if not serials.matter(plans):
        return []
    seen = max(one.serial_watermark or 0 for one in (earlier, *lately))
    rows = SerialMoved.objects.for_everyone(because="settlement").filter(
        id__gt=seen, id__lte=run.serial_watermark
    )
    return list(rows.order_by().values_list("partner_id", flat=True).distinct())


def _adjust(
    run: SettlementRun, earlier: SettlementRun, partners: list[int], missing: list[currencies.Stopped]
) -> int:
    late = scope_after(run, earlier, partners)
    books, on = books_after(earlier), earlier.period.last_day
    plans, pooled = partner_pools.apart(plans_after(earlier))
    found = currencies.parts(plans, late, books=books, on=on, stopped=missing)
    # Under a cap over all partners, and in a group, a late line of one moves everybody's figure.
    found += currencies.parts(pooled, replace(late, partners=None), books=books, on=on, stopped=missing)
    return sum(_write(run, part.sums, members_of=earlier.pk) for part in found)


def _adjust_outside(
    run: SettlementRun, closed: list[SettlementRun], missing: list[currencies.Stopped]
) -> int:
    """The same for periods that were settled before go-live: what is on file of them is held against those figures."""
    written = 0
    for late in outside.late_periods(run, closed):
        if late.partners:
            # Not all partners' lines of that time are on file: what they share stays as it was settled.
            plans, _pooled = partner_pools.apart(
                plans_for((version, late.period) for version in late.versions)
            )
            scope = replace(_scope(run, late.partners, late.watermark), closed_before=late.brought_at)
            found = currencies.parts(
                plans, scope, books=Book.between, on=late.period.last_day, stopped=missing
            )
            written += sum(_write(run, part.sums, members_of=0) for part in found)
    return written


def scope_after(run: SettlementRun, earlier: SettlementRun, partners: list[int]) -> Scope:
    """The lines that `run` knows of, as `earlier` froze what they are read by."""
    scope = _scope(run, partners, earlier.watermark)
    return replace(scope, tiers_of_run=earlier.pk, closed_before=earlier.frozen_at)


def _scope(run: SettlementRun, partners: list[int], closed_at_line: int) -> Scope:
    return Scope(
        watermark=run.watermark, partners=partners, closed_at_line=closed_at_line, zone=str(clock.tenant_zone()),
        paid_to=run.paid_watermark, serials_to=run.serial_watermark,
    )  # fmt: skip


def _write(run: SettlementRun, sums: settlement.Read, *, members_of: int) -> int:
    """Write f(all lines) − settled of one period. `members_of`: the run that froze tiers, or 0."""
    period = sums.plans[0].period
    read, today = sums.read(), traits.members_on(period.last_day, sums.plans)
    figures = settlement.figures(sums, relation="sums", members="(SELECT * FROM member)")
    words = {"told": "f.explanation", "band": "f.band", "hidden": ""}
    if any(partner_pools.hangs_on_all(plan.policy) for plan in sums.plans):
        words = _stays_hidden(sums)
    text = _INSERT.format(sums=read.text, today=today.text, figures=figures.text, **words) + _gone(sums)
    own = {"run": run.pk, "earlier": members_of, "those": sums.scope.partners and list(sums.scope.partners)}
    with connection.cursor() as cursor:
        cursor.execute(text, read.params | today.params | figures.params | own)
        return cursor.rowcount


def _stays_hidden(sums: settlement.Read) -> dict[str, str]:
    """What the settlement of a period withheld stays withheld: of all that the sums were of."""
    family = any(partner_pools.is_family(plan.policy) for plan in sums.plans)
    group = any(partner_pools.is_group(plan.policy) for plan in sums.plans)
    head = "COALESCE(member.family, member.partner_id)" if family else "0::bigint"
    hidden = f"""
, head AS (SELECT member.partner_id, {head} AS head FROM member), hidden AS (
    SELECT DISTINCT result.programme_id, result.ends, head.head FROM rebates_result result
    JOIN rebates_settlementrun settled_in
        ON settled_in.id = result.run_id AND settled_in.state IN ('closed', 'paid')
    JOIN head ON head.partner_id = result.partner_id
    WHERE (result.programme_id, result.ends) IN (SELECT programme_id, ends FROM figures)
        AND {partner_pools.IS_WITHHELD.format(row="result")}
)"""
    is_hidden = (
        "EXISTS (SELECT FROM hidden JOIN head USING (head) WHERE head.partner_id = f.partner_id"
        " AND hidden.programme_id = f.programme_id AND hidden.ends = f.ends)"
    )
    if not group:
        told = (
            f"CASE WHEN {is_hidden} THEN {partner_pools.WITHOUT_SUM.format(row='f')} ELSE f.explanation END"
        )
        return {"told": told, "band": "f.band", "hidden": hidden}
    own = ", ".join(f"'{name}', f.explanation -> '{name}'" for name in partner_groups.OWN_NOTES)
    paid = f"jsonb_strip_nulls(jsonb_build_object({own}))"
    told = f"CASE WHEN {is_hidden} THEN '{partner_groups.WITHHELD}'::jsonb || {paid} ELSE f.explanation END"
    return {"told": told, "band": f"CASE WHEN {is_hidden} THEN 0 ELSE f.band END", "hidden": hidden}


def _gone(sums: settlement.Read) -> str:
    """What was settled of whom no line counts any more: a payment that is taken back takes its sales along."""
    plans = ", ".join(
        f"({plan.version.programme_id}::bigint, {plan.version.pk}::bigint, '{plan.period.start}'::date,"
        f" '{plan.period.end}'::date)"
        for plan in sums.plans
        if basis_of(plan.policy) == PAYMENT and not plan.unseen
    )
    return _GONE.replace("{plans}", plans) if plans else ""


# A partner without a row among the frozen members came later: its tier history answers.
_INSERT = """
WITH sums AS MATERIALIZED ({sums}), member AS MATERIALIZED (
    SELECT partner_id, tier, type, region, family, figures FROM rebates_runmember WHERE run_id = %(earlier)s
    UNION ALL
    SELECT m.partner_id, m.tier, m.type, m.region, m.family, m.figures FROM ({today}) m
    WHERE NOT EXISTS (
        SELECT FROM rebates_runmember kept WHERE kept.run_id = %(earlier)s AND kept.partner_id = m.partner_id)
), figures AS MATERIALIZED ({figures}), settled AS (
    SELECT programme_id, partner_id, ends, sum(amount) AS amount FROM (
        SELECT result.programme_id, result.partner_id, result.ends, result.earned + result.adjusted AS amount
        FROM rebates_result result
        JOIN rebates_settlementrun settled_in
            ON settled_in.id = result.run_id AND settled_in.state IN ('closed', 'paid')
        JOIN figures ON figures.partner_id = result.partner_id AND figures.programme_id = result.programme_id
            AND figures.ends = result.ends
        UNION ALL
        SELECT outside.programme_id, outside.partner_id, outside.ends, outside.earned
        FROM rebates_settledoutside outside
        JOIN figures ON figures.partner_id = outside.partner_id AND figures.programme_id = outside.programme_id
            AND figures.ends = outside.ends
        WHERE outside.reversed_at IS NULL
    ) posted GROUP BY 1, 2, 3
){hidden}
INSERT INTO rebates_result (run_id, partner_id, programme_id, version_id, kind, starts, ends, currency, tier,
    qualifier, base, reference, band, computed, settled, accrued, earned, adjusted, line_count, explanation)
SELECT %(run)s, f.partner_id, f.programme_id, f.version_id, 'adjusted', f.starts, f.ends, f.currency, f.tier,
    f.qualifier, f.base, f.reference, {band}, it.computed, it.settled, 0, 0, it.computed - it.settled,
    f.lines, {told}
FROM figures f
LEFT JOIN settled s ON s.partner_id = f.partner_id AND s.programme_id = f.programme_id AND s.ends = f.ends
CROSS JOIN LATERAL (SELECT (f.explanation #>> '{{cumulative,settled}}')::numeric AS before) year
CROSS JOIN LATERAL (  -- of a cumulative year the figure is the difference already
    SELECT f.earned + COALESCE(year.before, 0) AS computed, COALESCE(year.before, s.amount, 0) AS settled
) it
WHERE it.computed <> it.settled
"""
_GONE = """
UNION ALL
SELECT %(run)s, partner_id, programme_id, version_id, 'adjusted', starts, ends, currency, tier,
    0, 0, NULL, 0, 0, amount, 0, 0, -amount, 0, '{"rule": "below"}'::jsonb
FROM (
    SELECT result.partner_id, result.programme_id, plan.version_id, plan.starts, plan.ends, result.currency,
        max(result.tier) AS tier, sum(result.earned + result.adjusted) AS amount
    FROM rebates_result result
    JOIN rebates_settlementrun settled_in
        ON settled_in.id = result.run_id AND settled_in.state IN ('closed', 'paid')
    JOIN (VALUES {plans}) plan(programme_id, version_id, starts, ends)
        ON plan.programme_id = result.programme_id AND plan.ends = result.ends
    WHERE (%(those)s::bigint[] IS NULL OR result.partner_id = ANY(%(those)s::bigint[])) AND NOT EXISTS (
        SELECT FROM figures f WHERE f.partner_id = result.partner_id AND f.programme_id = result.programme_id
            AND f.ends = result.ends)
    GROUP BY 1, 2, 3, 4, 5, 6
) gone WHERE amount <> 0
"""
