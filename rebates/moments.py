"""What moved an open period's figure between two days, cause by cause, and the lines that came in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

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
    brokered_causes,
    members_moved,
    sold,
    steps_of,
)
from rebates.credited import is_credited
from rebates.lines_between import CameIn, between
from rebates.links import linked_with
from rebates.models import Version
from rebates.moved_base import Step, moved
from rebates.partner_pools import hanging_in, is_group
from rebates.plans import plans_for
from rebates.scope import Scope
from rebates.ties import known_on

ScopesOf = Callable[[Version, Period], Scopes]


@dataclass(frozen=True)
class Moments:
    """A figure at the end of `since` and of `until`, None: now; and the lines that came in between."""

    change: Change
    since: date
    until: date | None
    came: CameIn


@dataclass(frozen=True)
class _Moment:
    """The end of a day, or now: until when lines and rates are known, and of which day the tier is."""

    day: date
    limit: datetime | None

    def book(self, first: date, last: date) -> Book:
        if self.limit is None:
            return Book.between(first, last)
        return Book.between(first, min(last, self.day), known_before=self.limit)


@dataclass(frozen=True)
class _Way:
    """From one moment of a figure to another, the tier and the policies of the first kept."""

    accrual: Accrual
    first: _Moment
    last: _Moment
    policies: _Policies

    def then(self, **what: Any) -> Step:
        """The earlier figure, of the lines that `what` says."""
        day, limit = self.first.day, self.first.limit
        scopes = self.policies.then
        return _known(self.accrual, day, scopes, books=self.first.book, on=day, recorded_before=limit, **what)

    def now(self, books: currencies.Books | None = None, scopes: ScopesOf | None = None, **what: Any) -> Step:
        """The later figure at the rates of `books` and by the policies `scopes`, without them as if none had moved."""
        day, limit = self.last.day, self.last.limit
        books = books or self._carried_on
        scopes = scopes or self.policies.then
        return _known(
            self.accrual, self.first.day, scopes, books=books, on=day, recorded_before=limit, **what
        )

    def _carried_on(self, start: date, end: date) -> Book:
        return rates_then.carried_on(self.first.book(start, end), self.first.day, self.last.book(start, end))

    def end(self) -> Decimal:
        """The later figure with all that holds then, its tier too."""
        day, limit = self.last.day, self.last.limit
        if limit is None:
            return self.accrual.amount
        scopes = self.policies.after
        return _known(self.accrual, day, scopes, books=self.last.book, on=day, recorded_before=limit).amount


def since(accrual: Accrual, day: date, *, until: date | None = None) -> Moments:
    """What moved the figure from the end of `day` in the tenant's zone to that of `until`, before today; without it to
    now. The caller loaded the accrual.
    """
    first = _Moment(day, _end_of(day))
    last = _Moment(clock.today(), None) if until is None else _Moment(until, _end_of(until))
    policies, policy = _Policies(accrual, first, last), accrual.version.policy
    way = _Way(accrual, first, last, policies)
    then, now, by_rates, after = way.then(), way.now(), way.now(last.book), way.end()
    by_policy = way.now(last.book, policies.after) if policies.moved else by_rates
    came = between(accrual, _end_of(day), last.limit, late_until=day)
    left = after - by_policy.amount
    causes = [
        # Apart they would tell what others gave back.
        *(
            [sold(then, now, brokered=is_credited(policy))]
            if accrual.programme.pk in hanging_in(accrual.period)
            else _sales(way, then, now, came)
        ),
        Cause(_("Exchange rate"), _rates(accrual, first, last), by_rates.amount - now.amount),
        policies.cause(by_rates.amount, by_policy.amount),
        members_moved(left, policy) if is_group(policy) else Cause(_("Tier"), _tier(accrual, until), left),
    ]
    change = Change(accrual.programme, then.amount, after, [one for one in causes if one.amount])
    return Moments(change, day, until, came)


def _sales(way: _Way, then: Step, now: Step, came: CameIn) -> list[Cause]:
    """What was sold and what came back; of an agent also what was taken back."""
    gross: dict[str, Any] = {"without_returns": True, "without_taken_back": True}
    gross_then, gross_now, currency = way.then(**gross), way.now(**gross), way.accrual.currency
    if is_credited(way.accrual.version.policy):
        gone = came.rows.filter(came.kinds["taken_back"]).order_by("-id")
        return brokered_causes(
            Brokered(gross_then, way.then(without_taken_back=True), then.amount),
            Brokered(gross_now, way.now(without_taken_back=True), now.amount),
            lambda before, after: _returns(before, after, currency),
            taken_back_words.said(list(gone[: taken_back_words.MOST_NAMED + 1])),
        )
    before, after = then.amount - gross_then.amount, now.amount - gross_now.amount
    return [
        Cause(
            _("Sales"),
            moved(gross_then, gross_now, gross=True),
            gross_now.amount - gross_then.amount,
            lines="sold",
        ),
        Cause(_("Returns"), _returns(before, after, currency), after - before, lines="returns"),
    ]


def _end_of(day: date) -> datetime:
    return clock.start_of_day(day + timedelta(days=1))


def _rates(accrual: Accrual, first: _Moment, last: _Moment) -> str:
    days = accrual.period.start, min(accrual.period.last_day, last.day)
    return rates_then.words(
        accrual.version.policy, first.book(*days), min(first.day, days[1]), last.book(*days), days[1]
    )


def _returns(before: Decimal, after: Decimal, currency: str) -> str:
    words = {"before": formats.money(before, currency), "after": formats.money(after, currency)}
    return _("Returns moved it by %(before)s then, by %(after)s now") % words


def _tier(accrual: Accrual, until: date | None) -> str:
    if until is not None:
        return _("The tier at the end of %(day)s counts") % {"day": formats.day(until)}
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
    """The versions for the accrual's period as they were known at one moment, against those of the other. Where its own
    programme was not published by the first, those of the second count for both: the figure did not exist.
    """

    def __init__(self, accrual: Accrual, first: _Moment, last: _Moment):
        self.accrual, self.first, self.last = accrual, first, last
        own, now = accrual.version.programme_id, self.after(accrual.version, accrual.period)
        then = known_on(accrual.version, accrual.period, first.limit)
        self.was = then if own in then else now
        self.came = [pair[0] for pk, pair in now.items() if self.was.get(pk, (None,))[0] != pair[0]]
        self.gone = [pair[0] for pk, pair in self.was.items() if pk not in now]
        self.moved = bool(self.came or self.gone)

    def then(self, version: Version, period: Period) -> Scopes:
        if not self.moved:
            return self.after(version, period)
        return known_on(version, period, self.first.limit)

    def after(self, version: Version, period: Period) -> Scopes:
        """As known at the second moment; as today where its own programme was not published by then either."""
        known = known_on(version, period, self.last.limit) if self.last.limit else {}
        return known if version.programme_id in known else in_force_with(version, period)

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
    accrual: Accrual, day: date, scopes: ScopesOf, *, books: currencies.Books, on: date, **what: Any
) -> Step:
    """One step's figure; of a cumulative year without what an open period before it will post."""

    def figure(period: Period) -> Step:
        plans = plans_for(scopes(accrual.version, period).values())
        scope = Scope(partners=[accrual.partner_id], **what)
        members = traits.members_on(min(day, period.last_day), plans)
        parts = currencies.parts(plans, scope, books=books, on=on, stopped=[])
        return steps_of(parts, f"({members.text})", members.params).get(accrual.version.programme_id, Step())

    step = figure(accrual.period)
    if "open" not in accrual.explanation.get("cumulative", {}):
        return step
    return replace(step, amount=step.amount - figure(accrual.period.previous).amount)
