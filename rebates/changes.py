"""Why a statement differs from an earlier one, cause by cause.

Guarantee: the causes of a programme add up to its difference to the cent. Each is one step on the way from the earlier
figure to the later one, computed by the settlement's own SQL: sales without returns, returns, credits of an agent that
were taken back, exchange rate, policy, certificates and scores, tier; what late lines changed in closed periods stands
by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from prm.exchange.book import Book
from prm.ui import formats
from prm.values.periods import Period
from rebates import currencies, rates_then, settlement, taken_back_words, traits, wording
from rebates.credited import any_credited, is_credited
from rebates.frozen_rates import book_of, books_after
from rebates.links import NET_OF, stacked_on
from rebates.models import ManualAdjustment, Programme, Result, RunScope, SettlementRun, Statement, Version
from rebates.moved_base import Step, moved, step_of
from rebates.partner_pools import hanging_programmes, is_family, is_group
from rebates.plans import Sql, plans_for
from rebates.scope import Scope

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Cause:
    """One reason: what it is called, what stood before and stands now, and by how much it moved the figure."""

    name: str
    text: str
    amount: Decimal
    link: str = ""
    lines: str = (
        ""  # which lines stand behind it, see `lines_between.KINDS`; empty where lines are not the cause
    )


@dataclass
class Change:
    """A programme before and after; `causes` add up to the difference."""

    programme: Programme
    before: Decimal = ZERO
    after: Decimal = ZERO
    causes: list[Cause] = field(default_factory=list)

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


Steps = dict[int, Step]  # by programme
Scopes = dict[int, tuple[Version, Period]]  # by programme


# Two statements


def between(earlier: Statement, later: Statement) -> list[Change]:
    """What moved each programme's figure from `earlier` to `later`: two statements of one partner and currency."""
    known, figures, manual = {}, [], []
    for statement in (earlier, later):
        rows, agreed = list(_results(statement)), list(_agreed(statement))
        known |= {row.programme_id: row.programme for row in (*rows, *agreed)}
        figures.append(rows)
        manual.append(agreed)
    before, after = scopes_of(earlier.run), scopes_of(later.run)
    steps = steps_between(earlier.run, later.run, before, after, partners=[later.partner_id])
    on_all = hanging_programmes(before.values())
    found = []
    for pk, programme in sorted(known.items(), key=lambda pair: pair[1].code):
        of_before = [row for row in figures[0] if row.programme_id == pk]
        of_after = [row for row in figures[1] if row.programme_id == pk]
        by_people = [[row for row in rows if row.programme_id == pk] for rows in manual]
        change = Change(programme, _sum(of_before, by_people[0]), _sum(of_after, by_people[1]))
        own = (_own(of_before), _own(of_after))
        change.causes = [
            *_settled_once(own, pk in before, pk in after),
            *(
                _causes(
                    own,
                    [step.get(pk, Step()) for step in steps],
                    (before[pk][0], after[pk][0]),
                    on_all=pk in on_all,
                )
                if pk in before and pk in after
                else ()
            ),
            *_late(of_before, of_after),
            *_decided(*by_people),
        ]
        found.append(change)
    return found


def earlier_statements(statement: Statement) -> Any:
    """The statements that it can be held against, newest first."""
    return Statement.objects.for_everyone(because="the statement names the partner").filter(
        partner_id=statement.partner_id,
        currency=statement.currency,
        ends__lt=statement.ends,
        run__state__in=("closed", "paid"),
    )


def _results(statement: Statement) -> Any:
    return (
        Result.objects.for_everyone(because="the statement names the partner")
        .filter(run_id=statement.run_id, partner_id=statement.partner_id, currency=statement.currency)
        .select_related("programme", "version", "run")
        .order_by("ends", "pk")
    )


def result_of(statement: Statement, programme: str, adjusted: str) -> Result | None:
    """A statement's own figure of a programme, by its code; or its adjustment of the period `adjusted`."""
    rows = [one for one in _results(statement) if one.programme.code == programme]
    if not adjusted:
        return _own(rows)
    late = (one for one in rows if one.kind == Result.Kind.ADJUSTED)
    return next((one for one in late if str(one.period) == adjusted), None)


def scopes_of(run: SettlementRun) -> Scopes:
    rows = RunScope.objects.filter(run=run).select_related("version__programme")
    return {row.programme_id: (row.version, row.period) for row in rows.order_by("programme__code")}


def _agreed(statement: Statement) -> Any:
    """What decided disputes gave or took on the statement."""
    rows = ManualAdjustment.objects.for_everyone(because="the statement names the partner").on(statement)
    return rows.select_related("programme", "dispute").order_by("pk")


def _sum(results: Iterable[Result], manual: Iterable[ManualAdjustment]) -> Decimal:
    return sum((row.amount for row in (*results, *manual)), ZERO)


def _own(results: Sequence[Result]) -> Result | None:
    """The figure of the statement's own period."""
    return next((result for result in results if result.kind == Result.Kind.EARNED), None)


def steps_between(
    earlier: SettlementRun, later: SettlementRun, before: Scopes, after: Scopes, *, partners: list[int] | None
) -> list[Steps]:
    """The way from one figure to the other: the earlier period and the later one without returns, the later one with
    them, all at the earlier rates; then at the later rates, then under the later policy, then with the certificates and
    scores of the later period; all with the earlier tier. Last both periods with their returns, as if no credit of an
    agent had been taken back; the first two are without what was taken back too.

    The figures of `partners` together, None: of all.
    """
    last_day = later.period.last_day
    moved = {
        pk: (version, Period.of(version.period_length, last_day))
        for pk, (version, _period) in before.items()
        if pk in after
    }
    then = _rates_then(earlier, later)
    was, between, now = _members(earlier, later, before, moved, after)
    by_rates = _computed(moved, partners, between, earlier, later)
    by_policy = _computed(after, partners, between, earlier, later)
    converts = any(currencies.needs_rates(version.policy) for version, _period in moved.values())
    credits = any_credited(version.policy for version, _days in (*before.values(), *after.values()))
    gross: dict[str, Any] = {"without_returns": True, "without_taken_back": True}
    return [
        _computed(before, partners, was, earlier, earlier, **gross),
        _computed(moved, partners, between, earlier, later, books=then, **gross),
        _computed(moved, partners, between, earlier, later, books=then) if converts else by_rates,
        by_rates,
        by_policy,
        _computed(after, partners, now, earlier, later) if now != between else by_policy,
        _computed(before, partners, was, earlier, earlier, without_taken_back=True) if credits else {},
        _computed(moved, partners, between, earlier, later, without_taken_back=True, books=then)
        if credits
        else {},
    ]


def _members(
    earlier: SettlementRun, later: SettlementRun, before: Scopes, moved: Scopes, after: Scopes
) -> tuple[Sql, Sql, Sql]:
    """What partners were, with the tier that `earlier` froze: then; with the certificates and scores of then in the
    later period; with those of the later period.
    """
    was = Sql(traits.frozen_members(), {"run": earlier.pk})
    plans = plans_for([*moved.values(), *after.values()])
    if not traits.all_asked(plans) and not any(is_family(plan.policy) for plan in plans):
        return was, was, was
    names = traits.renamed(plans_for(before.values()), plans)
    now = Sql(
        _MEMBERS.format(figures="COALESCE(now.figures, '{}')"), {"run": earlier.pk, "its_run": later.pk}
    )
    known = {"names": json.dumps(names), "renamed": list(names)}
    return was, Sql(_MEMBERS.format(figures=_FIGURES_OF_THEN), now.params | known), now


_MEMBERS = """(SELECT was.partner_id, was.tier, was.type, was.region, COALESCE(was.family, now.family) AS family,
    {figures} AS figures FROM rebates_runmember was
    LEFT JOIN rebates_runmember now ON now.partner_id = was.partner_id AND now.run_id = %(its_run)s
    WHERE was.run_id = %(run)s)"""
# What was asked for then under its name of now; what nobody asked for then is that of now.
_FIGURES_OF_THEN = """(COALESCE(now.figures, '{}') - %(renamed)s::text[]) || COALESCE((
    SELECT jsonb_object_agg(name.key, was.figures -> name.value) FROM jsonb_each_text(%(names)s::jsonb) name
    WHERE was.figures ? name.value), '{}')"""


def _rates_then(earlier: SettlementRun, later: SettlementRun) -> currencies.Books:
    """The rates that the earlier run froze, as if none had moved since."""

    def books(first: date, last: date) -> Book:
        return rates_then.carried_on(
            book_of(earlier), earlier.period.last_day, books_after(later)(first, last)
        )

    return books


def _computed(
    scopes: Scopes,
    partners: list[int] | None,
    members: Sql,
    run: SettlementRun,
    rates: SettlementRun,
    *,
    without_returns: bool = False,
    without_taken_back: bool = False,
    books: currencies.Books | None = None,
) -> Steps:
    """What partners would have earned as `members`, with the tiers by day that `run` froze, at the rates that `rates`
    froze or `books`.
    """
    if not scopes:
        return {}
    scope = Scope(
        watermark=rates.watermark, partners=partners, without_returns=without_returns,
        without_taken_back=without_taken_back,
        paid_to=rates.paid_watermark, serials_to=rates.serial_watermark, tiers_of_run=run.pk,
        closed_before=rates.frozen_at,
    )  # fmt: skip
    last = max(period.last_day for _version, period in scopes.values())
    parts = currencies.parts(
        plans_for(scopes.values()), scope, books=books or books_after(rates), on=last, stopped=[]
    )
    return steps_of(parts, members.text, members.params)


def steps_of(parts: Iterable[currencies.Part], members: str, params: dict[str, Any]) -> Steps:
    """The figures by programme: of one partner, or what those of several add up to."""
    found: Steps = {}
    for part in parts:
        units = {plan.version.programme_id: plan.bands.pays_units for plan in part.sums.plans}
        read = part.sums.read()
        figures = settlement.figures(part.sums, relation="sums", members=members)
        text = (
            f"WITH sums AS MATERIALIZED ({read.text}) SELECT programme_id, sum(earned) AS earned, sum(base) AS base,"
            f" max(band) AS band, bool_or(explanation -> 'grouped' -> 'withheld' IS NOT NULL) AS withheld"
            f" FROM ({figures.text}) figures GROUP BY programme_id"
        )
        for row in settlement.rows(Sql(text, read.params | figures.params | params)):
            found[row["programme_id"]] = Step(
                row["earned"], row["base"], row["band"], row["withheld"], units[row["programme_id"]]
            )
    return found


def _causes(
    own: tuple[Result | None, Result | None],
    steps: list[Step],
    versions: tuple[Version, Version],
    *,
    on_all: bool,
) -> list[Cause]:
    was, now = own
    after = now.earned if now else ZERO
    _gross_before, _gross_after, net_after, by_rates, by_policy, by_measures = steps[:6]
    brokered = is_credited(versions[0].policy)
    found = [
        *(_brokered if brokered else _sales)(was, now, steps, on_all),
        Cause(_("Exchange rate"), _rates(was, now), by_rates.amount - net_after.amount),
        Cause(_("Policy"), _amended(was, now), by_policy.amount - by_rates.amount),
        Cause(
            _("Certificates and scores"), _("As found for each period"), by_measures.amount - by_policy.amount
        ),
        _membership(was, now, after - by_measures.amount, versions[1].policy),
    ]
    return [cause for cause in found if cause.amount]


def _sales(was: Result | None, now: Result | None, steps: list[Step], together: bool) -> list[Cause]:
    """What was sold and what came back; as one where `together`, for apart they would tell what others gave back."""
    gross_before, gross_after, net_after = steps[:3]
    net_before = step_of(was)
    if together:
        return [sold(net_before, net_after)]
    before, after = net_before.amount - gross_before.amount, net_after.amount - gross_after.amount
    return [
        Cause(
            _("Sales"),
            moved(gross_before, gross_after, gross=True),
            gross_after.amount - gross_before.amount,
            lines="sold",
        ),
        Cause(_("Returns"), _returned(before, after, was or now), after - before, lines="returns"),
    ]


def _brokered(was: Result | None, now: Result | None, steps: list[Step], together: bool) -> list[Cause]:
    """The same of what an agent is credited with: and what of it was taken back, with the shares."""
    net_before = step_of(was)
    if together:
        return [sold(net_before, steps[2], brokered=True)]
    return brokered_causes(
        Brokered(steps[0], steps[6], net_before.amount),
        Brokered(steps[1], steps[7], steps[2].amount),
        lambda before, after: _returned(before, after, was or now),
        taken_back_words.behind([one for one in (now, was) if one]),
    )


@dataclass(frozen=True)
class Brokered:
    """A figure without returns and what was taken back; with returns; with both."""

    gross: Step
    stood: Step
    net: Decimal

    @property
    def returns(self) -> Decimal:
        return self.stood.amount - self.gross.amount

    @property
    def taken_back(self) -> Decimal:
        return self.net - self.stood.amount


def brokered_causes(
    before: Brokered, after: Brokered, returned: Callable[[Decimal, Decimal], str], taken_back: str
) -> list[Cause]:
    gross = after.gross.amount - before.gross.amount
    return [
        Cause(_("Credited sales"), moved(before.gross, after.gross, gross=True), gross, lines="sold"),
        Cause(
            _("Returns"),
            returned(before.returns, after.returns),
            after.returns - before.returns,
            lines="returns",
        ),
        Cause(taken_back_words.name(), taken_back, after.taken_back - before.taken_back, lines="taken_back"),
    ]


def sold(before: Step, after: Step, *, brokered: bool = False) -> Cause:
    """Sales and returns as one cause."""
    name = _("Credited sales, returns, and what was taken back") if brokered else _("Sales and returns")
    return Cause(name, moved(before, after), after.amount - before.amount, lines="all")


def _membership(was: Result | None, now: Result | None, amount: Decimal, policy: dict[str, Any]) -> Cause:
    """The partner's own tier; of a group whoever belongs to it, whose coming and going moves everybody's figure."""
    group = is_group(policy)
    if not group or (was and was.tier) != (now and now.tier):
        name = _("Members of the group") if group else _("Tier")
        return Cause(name, _promoted(was, now), amount)
    return members_moved(amount, policy)


def members_moved(amount: Decimal, policy: dict[str, Any]) -> Cause:
    words = _("Who belongs to the group, as found for each moment")
    if stacked_on(policy, NET_OF):
        words = _(
            "Who belongs to the group, and to the programmes that pay its members first, as found for each moment"
        )
    return Cause(_("Members of the group"), words, amount)


def _returned(before: Decimal, after: Decimal, one: Result | None) -> str:
    currency = one.currency if one else ""
    words = {"before": formats.money(before, currency), "after": formats.money(after, currency)}
    return _("Returns moved the earlier figure by %(before)s, this one by %(after)s") % words


def _rates(was: Result | None, now: Result | None) -> str:
    """Which rates moved from one settlement to the other."""
    one = was or now
    if one is None or not currencies.needs_rates(one.version.policy):
        return _("Rates of programmes that are settled together moved")
    if was is None or now is None:
        return _("Rates of the days between")
    return rates_then.words(
        was.version.policy, book_of(was.run), was.period.last_day, book_of(now.run), now.period.last_day
    )


def _amended(was: Result | None, now: Result | None) -> str:
    if was is None or now is None or was.version_id == now.version_id:
        return _("Programmes that are settled together were amended or came into force")
    words = {"was": was.version.number, "now": now.version.number, "day": formats.day(now.version.starts)}
    return _("Version %(was)s → %(now)s, in force from %(day)s") % words


def _promoted(was: Result | None, now: Result | None) -> str:
    names = wording.tier_names(one.tier for one in (was, now) if one)
    tiers = [(names[one.tier] or _("no tier")) if one else _("took no part") for one in (was, now)]
    return f"{tiers[0]} → {tiers[1]}"


def _settled_once(own: tuple[Result | None, Result | None], in_before: bool, in_after: bool) -> list[Cause]:
    """A programme whose period ends with one of the two statements only."""
    was, now = own
    if now is not None and not in_before:
        words = _("Settled with this statement, not with the earlier one")
        return [Cause(formats.period(now.period), words, now.earned, now.get_absolute_url())]
    if was is not None and not in_after:
        words = _("Settled with the earlier statement, not with this one")
        return [Cause(formats.period(was.period), words, -was.earned, was.get_absolute_url())]
    return []


def _late(before: Iterable[Result], after: Iterable[Result]) -> list[Cause]:
    """Adjustments of closed periods: of this statement, and those of the earlier one, which do not come again."""
    found = []
    for rows, sign, text in (
        (after, 1, ""),
        (before, -1, _("Posted with the earlier statement; it does not come again")),
    ):
        found += [
            Cause(
                _("Adjustment of %(period)s") % {"period": formats.period(row.period)},
                text or _came_late(row), sign * row.adjusted, row.get_absolute_url(),
                lines="" if text else f"late-{row.period}",
            )
            for row in rows
            if row.adjusted
        ]  # fmt: skip
    return found


def _came_late(row: Result) -> str:
    if not is_credited(row.version.policy):
        return _("Late lines and returns of that period, posted with this statement")
    gone = taken_back_words.behind_adjustment(row)
    if not gone:
        return _("Late credits and returns of that period, posted with this statement")
    words = _("Late credits and returns of that period, posted with this statement; taken back: %(credits)s")
    return words % {"credits": gone}


def _decided(before: Iterable[ManualAdjustment], after: Iterable[ManualAdjustment]) -> list[Cause]:
    """Manual adjustments, after disputes or of finance's own accord."""
    found = [Cause(_title(row), _why(row), row.amount, row.get_absolute_url()) for row in after]
    gone = _("Posted with the earlier statement; it does not come again")
    return found + [Cause(_title(row), gone, -row.amount, row.get_absolute_url()) for row in before]


def _title(row: ManualAdjustment) -> str:
    words = _("Manual adjustment %(number)s") if row.dispute_id is None else _("Dispute %(number)s")
    return words % {"number": row.number}


def _why(row: ManualAdjustment) -> str:
    return row.reason if row.dispute_id is None else _("Agreed after the dispute, posted with this statement")
