"""Why a settlement's total differs from an earlier one's: the causes over all partners, and who moved most.

Guarantee: the causes of a programme add up to its difference to the cent. They are the sums of what each partner's own
statements say (`changes.py`), computed by the settlement's own SQL for all partners at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Abs, Coalesce
from django.utils.translation import gettext as _

from prm.ui import formats
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.changes import (
    ZERO,
    Brokered,
    Cause,
    Scopes,
    Steps,
    brokered_causes,
    members_moved,
    scopes_of,
    steps_between,
)
from rebates.credited import is_credited
from rebates.models import ManualAdjustment, Programme, Result, RunMember, SettlementRun, Statement, Version
from rebates.moved_base import Step, moved
from rebates.partner_pools import is_group
from rebates.querysets import MONEY

MOST_PARTNERS = 10
Key = tuple[int, str]  # programme and currency
Causes = dict[Key, list[Cause]]


@dataclass
class Total:
    """A programme in a currency: what two settlements came to."""

    programme: Programme
    currency: str
    before: Decimal = ZERO
    after: Decimal = ZERO
    earned: list[Decimal] = field(default_factory=lambda: [ZERO, ZERO])  # of the own periods: then, now
    causes: list[Cause] = field(default_factory=list)

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class Explanation:
    """One cause in one programme."""

    total: Total
    cause: Cause


def earlier_run(run: SettlementRun) -> SettlementRun | None:
    """The closed settlement before it."""
    return SettlementRun.objects.closed().filter(ends__lt=run.ends).order_by("-ends").first()


def between_runs(earlier: SettlementRun, later: SettlementRun, *, by: Actor) -> list[Total]:
    """What moved each programme's total, over all partners; `by` sees them all, as settlements ask."""
    before, after = scopes_of(earlier), scopes_of(later)
    steps = steps_between(earlier, later, before, after, partners=None)
    totals = _totals(earlier, later, by)
    joined, adjusted, by_hand = (
        _joined(earlier, later, by),
        _adjusted(earlier, later, by),
        _by_hand(earlier, later, by),
    )
    for key, total in totals.items():
        total.causes = [
            *_own_causes(total, before, after, steps, joined.get(key, ZERO)),
            *adjusted.get(key, ()),
            *by_hand.get(key, ()),
        ]
        left = total.difference - sum((cause.amount for cause in total.causes), ZERO)
        if left:  # a programme that began to pay in another currency, which no step compares
            total.causes.append(Cause(_("Currency"), _("Paid in another currency than before"), left))
    return sorted(totals.values(), key=lambda one: (one.programme.code, one.currency))


def top(totals: Iterable[Total], most: int | None = None) -> list[Explanation]:
    """The causes of all programmes, the largest first, whichever way they moved the total."""
    found = [Explanation(total, cause) for total in totals for cause in total.causes]
    return sorted(found, key=lambda one: -abs(one.cause.amount))[:most]


def partners_that_moved(earlier: SettlementRun, later: SettlementRun, *, by: Actor) -> Any:
    """The statements of `later` that differ most from the partner's earlier one, with `was` and `moved`."""
    mine = Statement.objects.visible_to(by)
    own = F("earned") + F("adjusted")
    of_before = mine.filter(run=earlier, partner=OuterRef("partner"), currency=OuterRef("currency"))
    was = Subquery(of_before.annotate(own=own).values("own")[:1], output_field=MONEY)
    rows = (
        mine.filter(run=later)
        .select_related("partner", "run")
        .annotate(was=Coalesce(was, ZERO, output_field=MONEY))
    )
    return (
        rows.annotate(moved=own - F("was"))
        .exclude(moved=0)
        .order_by(Abs("moved").desc(), "id")[:MOST_PARTNERS]
    )


def _totals(earlier: SettlementRun, later: SettlementRun, by: Actor) -> dict[Key, Total]:
    programmes = Programme.objects.in_bulk()
    found: dict[Key, Total] = {}
    for at, run in enumerate((earlier, later)):
        for row in Result.objects.visible_to(by).by_programme(run):
            total = _total(found, programmes[row["programme_id"]], row["currency"])
            total.earned[at] += row["earned"]
            _add(total, at, row["earned"] + row["adjusted"])
        manual = ManualAdjustment.objects.visible_to(by).filter(run=run).order_by()
        for programme_id, currency, amount in manual.values_list("programme_id", "currency").annotate(
            Sum("amount")
        ):
            _add(_total(found, programmes[programme_id], currency), at, amount)
    return found


def _total(found: dict[Key, Total], programme: Programme, currency: str) -> Total:
    return found.setdefault((programme.pk, currency), Total(programme, currency))


def _add(total: Total, at: int, amount: Decimal) -> None:
    if at:
        total.after += amount
    else:
        total.before += amount


def _joined(earlier: SettlementRun, later: SettlementRun, by: Actor) -> dict[Key, Decimal]:
    """What partners earn that took no part in the earlier settlement."""
    known = RunMember.objects.visible_to(by).filter(run=earlier).values("partner_id")
    rows = (
        Result.objects.visible_to(by).filter(run=later, kind="earned").exclude(partner__in=known).order_by()
    )
    return {
        (programme_id, currency): amount
        for programme_id, currency, amount in rows.values_list("programme_id", "currency").annotate(
            Sum("earned")
        )
    }


def _own_causes(
    total: Total, before: Scopes, after: Scopes, steps: list[Steps], joined: Decimal
) -> list[Cause]:
    """What moved the figures of the own periods."""
    pk, (was, now) = total.programme.pk, total.earned
    if pk in before and pk in after:
        versions = before[pk][0], after[pk][0]
        return _causes(total, versions, [step.get(pk, Step()) for step in steps], joined)
    if pk in after:
        words = _("Settled with this settlement, not with the earlier one")
        return _cause(formats.period(after[pk][1]), words, now - was)
    if pk in before:
        words = _("Settled with the earlier settlement, not with this one")
        return _cause(formats.period(before[pk][1]), words, now - was)
    return []


def _causes(
    total: Total, versions: tuple[Version, Version], steps: list[Step], joined: Decimal
) -> list[Cause]:
    was, now = total.earned
    gross_before, gross_after, net_after, by_rates, by_policy, by_measures = steps[:6]
    returns = [was - gross_before.amount, net_after.amount - gross_after.amount]
    words = {"was": versions[0].number, "now": versions[1].number}
    amended = (
        _("Version %(was)s → %(now)s")
        if words["was"] != words["now"]
        else _("Of programmes settled together")
    )
    left = now - by_measures.amount - joined
    members = Cause(_("Tier"), _("Partners whose tier is another one than then"), left)
    if is_group(versions[1].policy):
        members = members_moved(left, versions[1].policy)
    sales = [
        *_cause(
            _("Sales"),
            moved(gross_before, gross_after, gross=True, bands=False),
            gross_after.amount - gross_before.amount,
        ),
        *_cause(_("Returns"), _returned(returns, total.currency), returns[1] - returns[0]),
    ]
    if is_credited(versions[0].policy):
        sales = brokered_causes(
            Brokered(gross_before, steps[6], was),
            Brokered(gross_after, steps[7], net_after.amount),
            lambda before, after: _returned([before, after], total.currency),
            _("As it stands for each period"),
        )
    return [
        *(cause for cause in sales if cause.amount),
        *_cause(_("Exchange rate"), _("Rates of the days between"), by_rates.amount - net_after.amount),
        *_cause(_("Policy"), amended % words, by_policy.amount - by_rates.amount),
        *_cause(
            _("Certificates and scores"), _("As found for each period"), by_measures.amount - by_policy.amount
        ),
        *_cause(_("New partners"), _("They took no part in the earlier settlement"), joined),
        *_cause(members.name, members.text, left),
    ]


def _returned(sums: list[Decimal], currency: str) -> str:
    words = {"before": formats.money(sums[0], currency), "after": formats.money(sums[1], currency)}
    return _("Returns moved the earlier figure by %(before)s, this one by %(after)s") % words


def _adjusted(earlier: SettlementRun, later: SettlementRun, by: Actor) -> Causes:
    """Late lines and returns of closed periods; those of the earlier settlement do not come again."""
    found: Causes = defaultdict(list)
    rows = (
        Result.objects.visible_to(by).filter(run__in=(earlier, later), kind=Result.Kind.ADJUSTED).order_by()
    )
    periods = rows.values_list("run_id", "programme_id", "currency", "starts", "ends").annotate(
        Sum("adjusted")
    )
    for run_id, programme_id, currency, starts, ends, amount in periods.order_by("starts", "ends"):
        name = _("Adjustment of %(period)s") % {"period": formats.period(Period(starts, ends))}
        if run_id == later.pk:
            words = _("Late lines and returns of that period, posted with this settlement")
            found[programme_id, currency] += _cause(name, words, amount)
        else:
            words = _("Posted with the earlier settlement; it does not come again")
            found[programme_id, currency] += _cause(name, words, -amount)
    return found


def _by_hand(earlier: SettlementRun, later: SettlementRun, by: Actor) -> Causes:
    """Manual adjustments, of disputes and of finance's own accord."""
    of_then, of_now = Q(run=earlier), Q(run=later)
    rows = ManualAdjustment.objects.visible_to(by).filter(of_then | of_now).order_by()
    sums = rows.values_list("programme_id", "currency").annotate(
        then=Sum("amount", filter=of_then), now=Sum("amount", filter=of_now)
    )
    return {
        (programme_id, currency): _cause(
            _("Manual adjustments"),
            _("%(after)s with this settlement, %(before)s with the earlier one")
            % {
                "after": formats.money(after or ZERO, currency),
                "before": formats.money(before or ZERO, currency),
            },
            (after or ZERO) - (before or ZERO),
        )
        for programme_id, currency, before, after in sums
    }


def _cause(name: str, text: str, amount: Decimal) -> list[Cause]:
    return [Cause(name, text, amount)] if amount else []
