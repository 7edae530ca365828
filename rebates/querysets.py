"""Reads of programmes, runs, results and statements: one named method for what each page needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.db.models.lookups import Exact, GreaterThan

from partners.models import Partner
from prm.access.scoping import PartnerOwned
from prm.approvals.turns import is_under_way
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import still_to_pay
from rebates.still_to_pay import MONEY, ZERO


class ProgrammeQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> ProgrammeQuerySet:
        """Programmes are the tenant's own: partners see those under which they have results, staff all."""
        if actor.is_system or actor.is_staff:
            return self
        if not actor.partner_ids:
            return self.none()
        from rebates.models import Result

        return self.filter(pk__in=Result.objects.visible_to(actor).values("programme_id"))

    def for_list(self) -> ProgrammeQuerySet:
        """With `version_count`."""
        return self.annotate(version_count=Count("versions")).order_by("code")

    def paid_in(self, currency: str) -> ProgrammeQuerySet:
        """Those of which a published version pays in that currency."""
        from rebates.models import Version

        pays = Q(policy__payout_currency=currency) | Q(
            policy__payout_currency__isnull=True, policy__currency=currency
        )
        return self.filter(pk__in=Version.objects.published().filter(pays).values("programme_id")).order_by(
            "code"
        )

    def of_partner(self, partner_id: int) -> ProgrammeQuerySet:
        """Those under which the partner has figures: settled here or before go-live."""
        from rebates.models import OpeningBalance, Result, SettledOutside

        why = "of the partner that the caller names"
        mine = Q(pk__in=[])
        for model in (Result, SettledOutside, OpeningBalance):
            rows = model.objects.for_everyone(because=why).filter(partner=partner_id)
            mine |= Q(pk__in=rows.values("programme_id"))
        return self.filter(mine)

    def with_its_versions(self, day: date) -> ProgrammeQuerySet:
        """Annotate what a row says of its programme, all of one version: `shown_number`, `shown_state`, `shown_policy`
        and `shown_from`; and of a newer one that is not published `open_number`, `open_state`, or None.

        The version is the one in force on `day`; else the newest that is published, else the newest.
        """
        from rebates.models import Version

        own = Version.objects.filter(programme=models.OuterRef("pk"))
        in_force = Q(state="published", starts__lte=day) & (Q(ends__isnull=True) | Q(ends__gt=day))
        rank = Case(When(in_force, then=Value(0)), When(state="published", then=Value(1)), default=Value(2))
        shown = own.annotate(rank=rank).order_by("rank", "-number")
        unpublished = own.exclude(state="published").order_by("-number")
        return self.annotate(
            shown_number=models.Subquery(shown.values("number")[:1]),
            shown_state=models.Subquery(shown.values("state")[:1]),
            shown_policy=models.Subquery(shown.values("policy")[:1]),
            shown_from=models.Subquery(shown.values("starts")[:1]),
            open_number=models.Subquery(unpublished.values("number")[:1]),
            open_state=models.Subquery(unpublished.values("state")[:1]),
        )


class VersionQuerySet(models.QuerySet):
    def published(self) -> VersionQuerySet:
        return self.filter(state="published")

    def on(self, day: date) -> VersionQuerySet:
        """Published versions whose days contain `day`."""
        return self.published().filter(Q(ends__isnull=True) | Q(ends__gt=day), starts__lte=day)

    def in_force(self, period: Period) -> VersionQuerySet:
        """Published versions whose days contain the whole period."""
        return self.published().filter(
            Q(ends__isnull=True) | Q(ends__gte=period.end), starts__lte=period.start
        )

    def comparable_with(self, version: Any) -> list[Any]:
        """The other versions, of any programme and state, that are paid in the same currency."""
        others = (
            self.exclude(pk=version.pk).select_related("programme").order_by("programme__code", "-number")
        )
        return [other for other in others if other.paid_in == version.paid_in]

    def ending_on(self, last_day: date) -> list[tuple[Any, Period]]:
        """The versions with a period that ends on `last_day`, each with that period, by programme code.

        Without what was settled before go-live: nothing settles it here.
        """
        found, outside = [], _settled_outside(ends=clock.days_after(last_day, 1))
        for version in self.published().select_related("programme").order_by("programme__code"):
            period = Period.of(version.period_length, last_day)
            if (version.programme_id, period.end) in outside or _counted_later(version, period):
                continue
            if period.last_day == last_day and version.covers(period):
                found.append((version, period))
        return found

    def settled_by(self, period: Period) -> list[tuple[Any, Period]]:
        """The versions that the settlement of `period` settles; closed, those that it did settle."""
        from rebates.models import RunScope

        found = self.ending_on(period.last_day)
        scopes = RunScope.objects.filter(run__ends=period.end, run__state__in=("closed", "paid"))
        settled = set(scopes.values_list("version_id", flat=True))
        is_closed = bool(settled) or _is_closed(period)
        return [pair for pair in found if not is_closed or pair[0].pk in settled]

    def unsettled_on(self, day: date, *, back: int = 12) -> list[tuple[Any, Period]]:
        """The versions with each period that has begun by `day` and is not closed, oldest first in a programme.

        Looks at most `back` periods into the past, and not behind one that is closed. A period is closed with the run
        of its last day, whether or not the version was in that run's scope: nothing will settle it.
        """
        from rebates.models import SettlementRun

        closed = set(SettlementRun.objects.closed().values_list("ends", flat=True))
        found, outside = [], _settled_outside()
        for version in self.published().select_related("programme").order_by("programme__code", "starts"):
            period, open_periods = Period.of(version.period_length, day), []
            for _step in range(back):
                if period.end in closed or period.end <= version.starts:
                    break
                if (version.programme_id, period.end) in outside:
                    break
                if version.covers(period):
                    open_periods.append((version, period))
                period = period.previous
            found += reversed(open_periods)
        return found


def _settled_outside(**when: date) -> set[tuple[int, date]]:
    """The programmes and ends of periods that were settled before go-live."""
    from rebates.models import SettledOutside

    rows = SettledOutside.objects.for_everyone(
        because="whole periods, of no partner in particular"
    ).in_force()
    return set(rows.filter(**when).order_by().values_list("programme_id", "ends").distinct())


def _counted_later(version: Any, period: Period) -> bool:
    """Whether a later period of a cumulative year is closed: it counted this one's lines too."""
    if not version.policy.get("cumulative"):
        return False
    from rebates.models import RunScope

    later = RunScope.objects.filter(
        version=version, ends__gt=period.end, ends__lte=date(period.start.year + 1, 1, 1)
    )
    return later.filter(run__state__in=("closing", "closed", "paid")).exists()


def _is_closed(period: Period) -> bool:
    from rebates.models import SettlementRun

    return SettlementRun.objects.closed().filter(ends=period.end).exists()


class RunQuerySet(models.QuerySet):
    def of_month(self, year: int | None, month: int) -> RunQuerySet:
        """Runs of that month, of every year where none is named."""
        return self.filter(starts__month=month, **({"starts__year": year} if year else {}))

    def visible_to(self, actor: Actor) -> RunQuerySet:
        """Runs concern the whole channel: staff who see every partner see them."""
        if actor.is_system or (actor.is_staff and actor.partner_ids is None):
            return self
        return self.none()

    def closed(self) -> RunQuerySet:
        return self.filter(state__in=("closed", "paid"))

    def unclosed(self) -> RunQuerySet:
        return self.exclude(state__in=("closed", "paid"))

    def computed_and_open(self) -> RunQuerySet:
        """Runs whose figures stand and that are not being closed yet."""
        return self.filter(state__in=("computed", "in_review", "approved"))

    def awaiting(self, states: Iterable[str]) -> RunQuerySet:
        """Runs in these states, without those in review that a flow has given to somebody."""
        under_way = Q(state="in_review") & is_under_way("settlement")
        return self.filter(state__in=states).exclude(under_way)

    def for_list(self) -> RunQuerySet:
        return self.select_related("approved_by").order_by("-ends")


class ResultQuerySet(PartnerOwned):
    def for_review(self, run: Any) -> ResultQuerySet:
        """A run's results with programme and partner, by partner and programme."""
        return (
            self.filter(run=run)
            .select_related("programme", "version", "partner")
            .order_by("partner_id", "programme_id", "-ends")
        )

    def settled(self, *, programme: str, period: Period, partner_id: int) -> ResultQuerySet:
        """What closed runs computed for a programme's own period, by its code: one at most."""
        return self.filter(
            programme__code=programme,
            partner_id=partner_id,
            starts=period.start,
            ends=period.end,
            kind="earned",
            run__state__in=("closed", "paid"),
        )

    def by_programme(self, run: Any) -> Any:
        """Rows of programme_id, currency, partners, base, accrued, earned, adjusted of a run."""
        return (
            self.filter(run=run)
            .values("programme_id", "currency")
            .annotate(
                partners=Count("partner_id", distinct=True),
                # An adjustment reads the lines of its closed period again: they are no part of this one's base.
                base=Coalesce(Sum("base", filter=Q(kind="earned")), ZERO),
                accrued=Sum("accrued"),
                earned=Sum("earned"),
                adjusted=Sum("adjusted"),
            )
            .order_by("programme_id", "currency")
        )

    def periods_of(self, run: Any) -> Any:
        """The programmes and ends of periods that a run posted something for, adjustments of closed ones included."""
        return self.filter(run=run).order_by().values_list("programme_id", "ends").distinct()

    def by_partner(self, run: Any) -> Any:
        """Rows of partner_id, number, name, currency, earned, adjusted of a run, keyset-pageable by partner.

        Without a base: programmes overlap, and some count money, others units or sets.
        """
        return (
            self.filter(run=run)
            .values("partner_id", "partner__number", "partner__name", "currency")
            .annotate(accrued=Sum("accrued"), earned=Sum("earned"), adjusted=Sum("adjusted"))
            .order_by("partner_id", "currency")
        )

    def late(self, run: Any) -> ResultQuerySet:
        """Adjustments of earlier periods in a run."""
        return self.for_review(run).filter(kind="adjusted")


def _held() -> Coalesce:
    """What a dispute under way holds back of a statement."""
    from rebates.models import Dispute

    live = Dispute.objects.for_everyone(because="of the statement that the row is").live()
    return Coalesce(
        Subquery(live.filter(statement=OuterRef("pk")).values("held")[:1], output_field=MONEY), ZERO
    )


def _is_stopped() -> Exists:
    """Whether somebody holds the payment of the statement."""
    from rebates.models import PaymentHold

    return Exists(PaymentHold.objects.all().of_row())


def _payment_state() -> Case:
    """A value of Statement.PaymentState, as `services.payments.state_of` gives it for one."""
    own = still_to_pay.own_figure()
    due = F("earned") + F("adjusted") + F("brought")
    nothing_open = Case(
        When(credit_due__gt=0, then=Value("credit_due")),
        When(goods_due__gt=0, then=Value("goods_due")),
        When(GreaterThan(own, ZERO) & Q(payments_sum__gte=own), then=Value("paid")),
        When(Q(closing__lt=0) | ~Q(kept=0), then=Value("carried")),
        When(Exact(due, ZERO), then=Value("nothing")),
        default=Value("offset"),
        output_field=models.CharField(),
    )
    return Case(
        When(unpaid=0, then=nothing_open),
        When(~Q(partner__status__in=Partner.PAYABLE) | _is_stopped(), then=Value("blocked")),
        When(held__gt=0, held__gte=F("unpaid"), then=Value("disputed")),
        When(payments_sum__gt=0, then=Value("part_paid")),
        default=Value("open"),
        output_field=models.CharField(),
    )


class StatementQuerySet(PartnerOwned):
    def visible_to(self, actor: Actor) -> StatementQuerySet:
        """Those of closed runs: while one is being closed, none of its statements is out yet."""
        return super().visible_to(actor).filter(run__state__in=("closed", "paid"))

    def with_unpaid(self) -> StatementQuerySet:
        """With `unpaid`: what is still to pay of it, see `still_to_pay`."""
        return self.annotate(unpaid=still_to_pay.unpaid())

    def for_list(self) -> StatementQuerySet:
        """Newest period first, with `payments_sum`, `credit_due`, `goods_due`, `unpaid`, `held`, `to_pay` and
        `payment_state`.

        `held` is what a dispute under way holds back of what is still to pay, `to_pay` the rest. Of what was paid,
        credit notes that are still to be issued and goods that are still to be delivered stand apart too.
        """
        return (
            self.select_related("run", "partner")
            .with_payments()
            .with_unpaid()
            .annotate(held=_held())
            .annotate(to_pay=Greatest(F("unpaid") - F("held"), ZERO, output_field=MONEY))
            .annotate(payment_state=_payment_state())
            .order_by("-ends", "-id")
        )

    def for_payment(self) -> StatementQuerySet:
        """In a fixed order, with `unpaid`."""
        return self.select_related("run", "partner").with_unpaid().order_by("pk")

    def with_payments(self) -> StatementQuerySet:
        """With `payments_sum`, and of it `credit_due` and `goods_due`, which are still to come."""
        return self.annotate(
            payments_sum=still_to_pay.paid(),
            credit_due=still_to_pay.paid(such=Q(credit_note__state="due")),
            goods_due=still_to_pay.paid(such=Q(goods__state="due")),
        )

    def issued_before(self, statement: Any) -> Any:
        """The partner's statement before, in the same currency; None where it is the first."""
        rows = self.filter(partner_id=statement.partner_id, currency=statement.currency)
        return rows.filter(issued_at__lt=statement.issued_at).order_by("issued_at", "pk").last()

    def unpaid_by_run(self, runs: Iterable[Any]) -> dict[int, list[tuple[str, Decimal]]]:
        """By the id of each of `runs`: what its statements have still to pay, as `for_list()` says, by currency.

        One query for all runs; what is on hold is included.
        """
        rows = (
            self.filter(run__in=list(runs))
            .with_unpaid()
            .order_by()
            .values("run_id", "currency")
            .annotate(sum=Sum("unpaid"))
            .order_by("run_id", "currency")
        )
        found: dict[int, list[tuple[str, Decimal]]] = {}
        for run_id, currency, sum_ in rows.values_list("run_id", "currency", "sum"):
            found.setdefault(run_id, []).append((currency, sum_))
        return found

    def to_be_paid(self) -> StatementQuerySet:
        """Of `for_list()`, those on which something can be paid now: their state is open or part paid."""
        return self.filter(~_is_stopped(), unpaid__gt=F("held"), partner__status__in=Partner.PAYABLE)

    def blocked(self) -> StatementQuerySet:
        """Of `for_list()`, those that owe something to a partner on hold, or whose payment somebody holds."""
        narrowed = self.filter(~Q(partner__status__in=Partner.PAYABLE) | _is_stopped())
        return narrowed.filter(payment_state="blocked")

    def numbered(self, text: str) -> StatementQuerySet:
        """Those whose number begins with `text`; numbers are in capitals, and an index of beginnings serves it."""
        return self.filter(number__startswith=text.upper())

    def of_run(self, run: Any) -> StatementQuerySet:
        return self.filter(run=run)


class PaymentQuerySet(PartnerOwned):
    def kept(self) -> PaymentQuerySet:
        """Without those that the bank sent back."""
        return self.filter(returned_on__isnull=True)

    def returned(self) -> PaymentQuerySet:
        return self.filter(returned_on__isnull=False)

    def to_confirm(self) -> PaymentQuerySet:
        """Those of which somebody says that the bank sent them back; another has to confirm it."""
        return self.filter(returns__state="reported")

    def found_by(self, text: str) -> PaymentQuerySet:
        """Those whose number begins with `text` or in whose bank reference it occurs."""
        return self.filter(Q(number__startswith=text.upper()) | Q(reference__icontains=text))

    def for_list(self) -> PaymentQuerySet:
        return self.select_related("statement__partner", "released_by").order_by("-id")
