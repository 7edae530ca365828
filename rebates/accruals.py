"""Live accruals: what open periods would pay if they ended now, read from what is kept (kept.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import kept
from rebates.accrual_figures import Accrual, compute
from rebates.models import Version

__all__ = ["Accrual", "accrual_of", "accruals", "sums"]
ZERO = Decimal("0.00")


def accruals(
    *, by: Actor, on: date | None = None, period: Period | None = None, partners: Sequence[int] | None = None
) -> list[Accrual]:
    """Accruals visible to `by`, by partner and programme.

    Without `period`: of every programme for each of its periods that has begun by `on` (today) and is not closed,
    also one that is over and waits for its settlement. With it: of the programmes that a settlement of `period`
    would settle. The tier is that of the period's last day, of today in a period that runs. `on` also leaves out what
    is booked later than that day.

    Of today they are read as they are kept, and computed for the few partners of whom something changed since.
    """
    visible = kept.seen_by(by, partners)
    if visible is not None and not visible:
        return []
    found = _open_ones(visible) if on is None and period is None else _of(on, period, visible)
    return sorted(found, key=lambda accrual: (accrual.partner_id, accrual.programme.code, accrual.period))


def accrual_of(*, by: Actor, programme: str, period: Period, partner_id: int) -> Accrual | None:
    """One of `accruals`, by the programme's code; None where nothing accrues or `by` does not see the partner."""
    found = accruals(by=by, partners=[partner_id])
    return next((one for one in found if (one.programme.code, one.period) == (programme, period)), None)


def sums(*, by: Actor) -> dict[tuple[int, Period, str], Decimal]:
    """What `accruals` add up to, by programme's id, period and currency."""
    visible, basis = by.partner_ids, kept.Basis.now()
    if (visible is not None and not visible) or not (basis.kept or basis.asked):
        return {}
    share = kept.share_of(basis, visible)
    found = {} if share.everybody else kept.sums(basis, visible, share.live)
    for accrual in _live(basis, visible, share):
        key = (accrual.programme.pk, accrual.period, accrual.currency)
        found[key] = found.get(key, ZERO) + accrual.amount
    return found


def _open_ones(visible: frozenset[int] | None) -> list[Accrual]:
    basis = kept.Basis.now()
    if not (basis.kept or basis.asked):
        return []
    share = kept.share_of(basis, visible)
    read = [] if share.everybody else kept.read(basis, visible, share.live)
    return read + _live(basis, visible, share)


def _live(basis: kept.Basis, visible: frozenset[int] | None, share: kept.Share) -> list[Accrual]:
    """What is computed now: of whom something changed, and what is never kept."""
    everybody = None if visible is None else sorted(visible)
    if share.everybody:
        return _one_after_the_other(compute([*basis.kept, *basis.asked], everybody))
    found = compute(basis.kept, share.live) if share.live else []
    return found + (_one_after_the_other(compute(basis.asked, everybody)) if basis.asked else [])


def _of(on: date | None, period: Period | None, visible: frozenset[int] | None) -> list[Accrual]:
    today = on or clock.today()
    if period is not None:
        pairs = [(one.last_day, (version, one)) for version, one in Version.objects.settled_by(period)]
    else:
        open_ones = Version.objects.unsettled_on(today)
        pairs = [(min(one.last_day, today), (version, one)) for version, one in open_ones]
    after = None if on is None else clock.days_after(on, 1)
    found = compute(pairs, None if visible is None else sorted(visible), booked_before=after)
    return _one_after_the_other(found) if period is None else found


def _one_after_the_other(found: list[Accrual]) -> list[Accrual]:
    """Open periods of one cumulative year: what an earlier one will post is no part of the later one's difference."""
    posted: dict[tuple[int, int, str], Decimal] = defaultdict(Decimal)
    found.sort(key=lambda one: (one.partner_id, one.programme.pk, one.period))
    for place, one in enumerate(found):
        year = one.explanation.get("cumulative")
        if year is None:
            continue
        key = (one.partner_id, one.programme.pk, year["first"])
        before, posted[key] = posted[key], one.amount
        if before:
            year = year | {"before": str(Decimal(year["before"]) + before), "open": str(before)}
            found[place] = replace(
                one, amount=one.amount - before, explanation=one.explanation | {"cumulative": year}
            )
    return found
