"""What moved an open period's figure since a day, cause by cause, and the lines that came in since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from orders.models import CreditedLine, SalesLine
from prm.exchange.book import Book
from prm.ui import formats
from prm.values import clock
from prm.values.periods import Period
from rebates import currencies, rates_then, taken_back_words, traits, wording
from rebates.accruals import Accrual
from rebates.changes import (
    Brokered,
    Cause,
    Change,
    Scopes,
    Step,
    brokered_causes,
    members_moved,
    moved,
    sold,
    steps_of,
)
from rebates.credited import is_credited
from rebates.explained_lines import lines_behind
from rebates.links import linked_with
from rebates.models import Version
from rebates.partner_pools import hangs_on_all, is_group
from rebates.plans import plans_for
from rebates.scope import Scope
from rebates.ties import known_on

MOST_LINES = 200
ScopesOf = Callable[[Version, Period], Scopes]


@dataclass(frozen=True)
class Moments:
    """A figure at the end of `since` and now; the lines that came in between, at most MOST_LINES of `count`."""

    change: Change
    since: date
    lines: list[SalesLine | CreditedLine]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


def since(accrual: Accrual, day: date) -> Moments:
    """What moved the figure since the end of `day` in the tenant's zone. The caller loaded the accrual."""
    limit = clock.start_of_day(day + timedelta(days=1))

    def of_then(first: date, last: date) -> Book:
        return Book.between(first, min(last, day), known_before=limit)

    def carried_on(first: date, last: date) -> Book:
        return rates_then.carried_on(of_then(first, last), day, Book.between(first, last))

    policies = _Policies(accrual, limit)

    def known(books: currencies.Books, on: date | None = None, **what: Any) -> Step:
        """The figure with the tier and the policies of then, at the rates of `books`, of the lines that `what` says."""
        return _known(accrual, day, policies.then, books=books, on=on, **what)

    gross: dict[str, Any] = {"without_returns": True, "without_taken_back": True}
    then = known(of_then, day, recorded_before=limit)
    gross_then = known(of_then, day, recorded_before=limit, **gross)
    now, gross_now = known(carried_on), known(carried_on, **gross)
    by_rates = known(Book.between)
    by_policy = _known(accrual, day, in_force_with, books=Book.between) if policies.moved else by_rates
    returned = (then.amount - gross_then.amount, now.amount - gross_now.amount)
    sales = [
        Cause(_("Sales"), moved(gross_then, gross_now), gross_now.amount - gross_then.amount),
        Cause(_("Returns"), _returns(*returned, accrual.currency), returned[1] - returned[0]),
    ]
    policy, came = accrual.version.policy, lines_behind(accrual).filter(recorded_at__gte=limit)
    if is_credited(policy):
        stood_then = known(of_then, day, recorded_before=limit, without_taken_back=True)
        stood = known(carried_on, without_taken_back=True)
        gone = came.filter(takes_back__isnull=False, is_return=False).order_by("-id")
        sales = brokered_causes(
            Brokered(gross_then, stood_then, then.amount),
            Brokered(gross_now, stood, now.amount),
            lambda before, after: _returns(before, after, accrual.currency),
            taken_back_words.said(list(gone[: taken_back_words.MOST_NAMED + 1])),
        )
    left = accrual.amount - by_policy.amount
    causes = [
        # Apart they would tell what others gave back.
        *([sold(then, now, brokered=is_credited(policy))] if hangs_on_all(policy) else sales),
        Cause(_("Exchange rate"), _rates(accrual, of_then, day), by_rates.amount - now.amount),
        policies.cause(by_rates.amount, by_policy.amount),
        members_moved(left) if is_group(accrual.version.policy) else Cause(_("Tier"), _tier(accrual), left),
    ]
    change = Change(accrual.programme, then.amount, accrual.amount, [one for one in causes if one.amount])
    lines = came.order_by("recorded_at", "id")
    return Moments(change, day, list(lines[:MOST_LINES]), lines.count())


def _rates(accrual: Accrual, of_then: currencies.Books, day: date) -> str:
    today = clock.today()
    days = accrual.period.start, min(accrual.period.last_day, today)
    return rates_then.words(
        accrual.version.policy, of_then(*days), min(day, days[1]), Book.between(*days), days[1]
    )


def _returns(before: Decimal, after: Decimal, currency: str) -> str:
    words = {"before": formats.money(before, currency), "after": formats.money(after, currency)}
    return _("Returns moved it by %(before)s then, by %(after)s now") % words


def _tier(accrual: Accrual) -> str:
    return _("The tier of today counts: %(tier)s") % {"tier": wording.tier(accrual.tier) or _("no tier")}


def together(accrual: Accrual) -> Scopes:
    return in_force_with(accrual.version, accrual.period)


def in_force_with(version: Version, period: Period) -> Scopes:
    """The versions in force for the same period: some may be settled together with this one."""
    versions = Version.objects.in_force(period).select_related("programme").order_by("programme__code")
    return {
        one.programme_id: (one, period)
        for one in versions
        if (one.period_length, one.currency) == (version.period_length, version.currency)
    }


class _Policies:
    """The versions for the accrual's period as they were known before a moment, against those of now. Where its own
    programme was not published by then, those of now count for both: the figure did not exist.
    """

    def __init__(self, accrual: Accrual, limit: datetime):
        self.accrual, self.limit = accrual, limit
        own, now = accrual.version.programme_id, together(accrual)
        then = known_on(accrual.version, accrual.period, limit)
        self.was = then if own in then else now
        self.came = [pair[0] for pk, pair in now.items() if self.was.get(pk, (None,))[0] != pair[0]]
        self.gone = [pair[0] for pk, pair in self.was.items() if pk not in now]
        self.moved = bool(self.came or self.gone)

    def then(self, version: Version, period: Period) -> Scopes:
        if not self.moved:
            return in_force_with(version, period)
        return known_on(version, period, self.limit)

    def cause(self, before: Decimal, after: Decimal) -> Cause:
        return Cause(_("Policy"), self._words(before, after) if self.moved else "", after - before)

    def _words(self, before: Decimal, after: Decimal) -> str:
        """Which versions moved the figure: its own, or those of programmes that are settled together with it."""
        money = {
            "before": formats.money(before, self.accrual.currency), "after": formats.money(after, self.accrual.currency)
        }  # fmt: skip
        own, was = self.accrual.version, self.was[self.accrual.version.programme_id][0]
        if own != was:
            words = {"was": was.number, "now": own.number, "day": formats.day(own.starts)}
            return _(
                "Version %(was)s → %(now)s, in force from %(day)s: %(before)s before, %(after)s after"
            ) % (words | money)
        linked = linked_with(own, [*self.came, *(pair[0] for pair in self.was.values())])
        named = [one for one in (*self.came, *self.gone) if one in linked or one in self.gone]
        listed = pgettext("between the words of a list", ", ").join(
            _("%(programme)s, from %(day)s") % {"programme": one.programme, "day": formats.day(one.starts)}
            for one in named
        )
        return _(
            "Programmes that are settled together were amended or came into force (%(programmes)s): %(before)s before,"
            " %(after)s after"
        ) % (money | {"programmes": listed})


def _known(
    accrual: Accrual, day: date, scopes: ScopesOf, *, books: currencies.Books, on: date | None = None, **what: Any
) -> Step:  # fmt: skip
    """One step's figure; of a cumulative year without what an open period before it will post."""

    def figure(period: Period) -> Step:
        plans = plans_for(scopes(accrual.version, period).values())
        scope = Scope(partners=[accrual.partner_id], **what)
        members = traits.members_on(min(day, period.last_day), plans)
        parts = currencies.parts(plans, scope, books=books, on=on or clock.today(), stopped=[])
        return steps_of(parts, f"({members.text})", members.params).get(accrual.version.programme_id, Step())

    step = figure(accrual.period)
    if "open" not in accrual.explanation.get("cumulative", {}):
        return step
    return replace(step, amount=step.amount - figure(accrual.period.previous).amount)
