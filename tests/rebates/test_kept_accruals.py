"""Kept accruals: whatever comes in, in whatever order, and whatever is killed, they are what all lines say."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.events import SalesLinesRecorded
from orders.models import SalesLine
from orders.received import PaymentReceived
from partners.models import Tier, TierMembership
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.outbox.services import deliver_open_events, emit
from prm.values import clock
from prm.values.actor import Actor
from rebates import kept
from rebates.accrual_figures import compute
from rebates.accruals import accruals, sums
from rebates.models import AccrualMark, AdditionToSum, KeptAccrual, MonthSum, Result
from rebates.services import keeping
from tests.factories.partners import PartnerFactory
from tests.rebates.world import BY, apply, catalogue, policy, sell, settle

LONG = os.environ.get("PRM_LONG") == "1"
TODAY = "2026-09-20 10:00+08:00"
GROWTH = [{"from": "0%", "rate": "1%"}, {"from": "10%", "rate": "3%"}]
STEPS_TO_PAY = [{"days": 30, "factor": "1"}, {"days": 60, "factor": "0.5"}]
POLICIES = (
    policy("a"),
    policy("b", kind="retroactive", period="quarter", qualify={"product_lines": ["routing"]}),
    policy("bundle", mechanism={"kind": "per_unit", "amount": "2"}, qualify={"products": ["switching-1"]}),
    policy("growth", mechanism={"kind": "growth", "on": "all", "bands": GROWTH}),
    policy("day", tier_on="line_date", who={"tiers": ["gold"]}),
    policy("paid", factors=[{"kind": "collection", "steps": STEPS_TO_PAY}]),
    policy("gated", gates=[{"kind": "measure", "code": "orders.net_sales", "at_least": "50000"}]),
    policy("behind", stacking={"kind": "net_of", "programmes": ["gated"]}),
)  # fmt: skip


def everything(partners: Any = None) -> list[tuple]:
    """What computing from all lines gives for the open periods, whatever is kept."""
    basis = kept.Basis.now()
    return told(compute([*basis.kept, *basis.asked], partners, kept=False))


def told(found: list[Any]) -> list[tuple]:
    return sorted(
        (one.partner_id, one.version.pk, one.starts, one.ends, one.currency, one.tier, one.qualifier, one.base,
         one.reference, one.band, one.lines, one.amount, str(sorted(one.explanation.items())))
        for one in found
    )  # fmt: skip


def held() -> list[tuple]:
    """The kept figures as they lie in the database."""
    return told(KeptAccrual.objects.for_everyone(because="a test").select_related("version"))


def of_kept(figures: list[tuple]) -> list[tuple]:
    """Of `figures` those of programmes that are kept."""
    versions = {pair[0].pk for _day, pair in kept.Basis.now().kept}
    return [one for one in figures if one[1] in versions]


def keep_all() -> None:
    while keeping.keep_some(2):
        pass


def sums_differ() -> list[int]:
    """Of which partners the kept sums are not those of the lines; nothing is mended."""
    with transaction.atomic(), connection.cursor() as cursor:
        found = keeping.rollup.mend(cursor, 0, 2**62)
        transaction.set_rollback(True)
    return found


@pytest.fixture
def september():
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def two(db, september):
    catalogue("routing", "switching")
    apply(*POLICIES)
    return [PartnerFactory(tier="gold"), PartnerFactory(tier="silver")]


# What can happen, in any order
MONEY = st.integers(-90_000, 300_000).filter(bool)
DAYS = st.sampled_from(["2026-06-30", "2026-07-01", "2026-08-15", "2026-08-31", "2026-09-01", "2026-09-20"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sell"), st.integers(0, 1), MONEY, DAYS, st.sampled_from(["routing", "switching"])),
        st.tuples(st.just("return"), st.integers(0, 1), DAYS),
        st.tuples(st.just("pay"), st.integers(0, 1), st.integers(1, 40_000)),
        st.tuples(st.just("tier"), st.integers(0, 1), st.sampled_from(["gold", "silver"])),
        st.tuples(st.just("amend"), st.sampled_from(["1%", "4%"])),
        st.tuples(st.just("close")),
        st.tuples(st.just("keep"), st.integers(1, 2)),
        st.tuples(st.just("killed"), st.integers(1, 2)),
        st.tuples(st.just("fold"), st.integers(0, 1)),
    ),
    min_size=2,
    max_size=14,
)


class World:
    """Does the steps; what cannot be done (a return of nothing, a month that is closed) is left out."""

    def __init__(self, partners: list[Any]):
        self.partners, self.amended, self.closed = partners, 0, False

    def do(self, name: str, *words: Any) -> None:
        getattr(self, f"do_{name}")(*words)

    def do_sell(self, whose: int, amount: int, day: str, line: str) -> None:
        sell(self.partners[whose], Decimal(amount) / 4, day, line=line)

    def do_return(self, whose: int, day: str) -> None:
        lines = SalesLine.objects.for_everyone(because="a test").filter(partner=self.partners[whose])
        line = lines.filter(quantity__gt=0, reversed_by=None).first()
        if line is not None:
            sell(self.partners[whose], -line.net_amount, day, line=line.product.product_line.code,
                 quantity=-line.quantity, reverses=line)  # fmt: skip

    def do_pay(self, whose: int, amount: int) -> None:
        lines = SalesLine.objects.for_everyone(because="a test").filter(partner=self.partners[whose])
        line = lines.filter(net_amount__gt=0).first()
        if line is not None:
            rows = PaymentReceived.objects.for_everyone(because="a test")
            rows.create(
                payment_number=f"RC-{rows.count()}", partner=line.partner, document=line.document,
                invoice_total=line.net_amount, amount=amount, currency="CNY", received_on=date(2026, 9, 19),
                source="import",
            )  # fmt: skip

    def do_tier(self, whose: int, code: str) -> None:
        held = TierMembership.objects.for_everyone(because="a test").filter(partner=self.partners[whose])
        held.update(tier=Tier.objects.get(code=code))

    def do_amend(self, rate: str) -> None:
        self.amended += 1
        if self.amended == 1 and not self.closed:
            apply(policy("a") | {"from": "2026-09-01", "mechanism": {"kind": "flat", "rate": rate}})

    def do_close(self) -> None:
        if not self.closed and not SalesLine.objects.for_everyone(because="a test").exists():
            return
        if not self.closed:
            settle("2026-06")
        self.closed = True

    def do_keep(self, count: int) -> None:
        keeping.keep_some(count)

    def do_killed(self, count: int) -> None:
        with transaction.atomic():
            keeping.keep_some(count)
            transaction.set_rollback(True)

    def do_fold(self, whose: int) -> None:
        with connection.cursor() as cursor:
            keeping.rollup.fold(cursor, [self.partners[whose].pk])


@settings(max_examples=400 if LONG else 8)
@given(steps=STEPS)
def test_in_any_order_of_lines_returns_amendments_and_kills_what_is_kept_is_what_all_lines_say(two, steps):
    with transaction.atomic():
        world = World(two)
        for step in steps:
            world.do(*step)
            if step[0] not in ("sell", "return", "pay"):  # those are looked at together
                assert told(accruals(by=BY)) == everything()
        assert told(accruals(by=BY)) == everything()
        assert sums_differ() == []
        keep_all()
        assert held() == of_kept(everything())
        assert not AdditionToSum.objects.for_everyone(because="a test").filter(partner__in=two).exists()
        transaction.set_rollback(True)


def test_lines_that_come_in_side_by_side_with_keepers_are_counted_once_each(fresh_tenant):
    partners = [PartnerFactory(tier="gold"), PartnerFactory(tier="gold")]
    apply(policy("a", **{"from": "2026-01-01"}))
    today = clock.today().isoformat()
    sell(partners[0], 1, today)  # the catalogue is there before the threads

    def work(number: int) -> None:
        connection.set_tenant(fresh_tenant)
        try:
            for _time in range(6):
                if number % 2:
                    keeping.keep_some(1)
                else:
                    sell(partners[number // 2], 100 + number, today)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sums_differ() == []
    keep_all()
    assert held() == everything() != []
    lines = SalesLine.objects.for_everyone(because="a test").count()
    assert sum(row.lines for row in MonthSum.objects.for_everyone(because="a test")) == lines == 13


def test_an_invoice_changes_the_kept_accrual_once_its_event_is_delivered(two):
    acme, _rival = two
    keep_all()
    assert held() == []
    sell(acme, 50_000)
    emit(SalesLinesRecorded(count=1, first_day="2026-09-15", last_day="2026-09-15", source="invoice"))
    deliver_open_events()
    row = KeptAccrual.objects.for_everyone(because="a test").get(version__programme__code="a")
    assert (row.partner_id, row.amount, row.lines) == (acme.pk, Decimal("1000.00"), 1)
    assert not AccrualMark.objects.for_everyone(because="a test").exists()


def test_only_the_partner_of_the_line_is_computed_anew(two):
    acme, rival = two
    sell(acme, 50_000)
    sell(rival, 50_000)
    keep_all()
    sell(acme, 1_000)
    assert kept.waiting(kept.Basis.now(), None) == kept.Waiting([acme.pk], [])
    assert keeping.keep_some() == 1


def test_a_rolled_back_line_leaves_neither_sum_nor_mark(two):
    keep_all()
    with transaction.atomic():
        sell(two[0], 50_000)
        transaction.set_rollback(True)
    assert kept.waiting(kept.Basis.now(), None).partners == []
    assert sums_differ() == []


def test_many_that_wait_are_a_background_job(two, monkeypatch):
    monkeypatch.setattr(keeping, "AT_ONCE", 1)
    sell(two[0], 50_000)
    sell(two[1], 70_000)
    job = keeping.keep_up()
    assert job is not None
    run_job(job.pk)
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE
    assert held() == of_kept(everything())
    assert keeping.keep_up() is None


def test_while_too_many_wait_the_kept_figures_are_told_with_their_age(two, monkeypatch):
    acme, _rival = two
    sell(acme, 50_000)
    keep_all()
    before = told(accruals(by=BY))
    monkeypatch.setattr(kept, "LIVE", 0)
    sell(acme, 50_000)
    assert of_kept(told(accruals(by=BY))) == of_kept(before)
    age = kept.age(BY)
    assert age.waiting == 1
    assert age.oldest is not None
    keep_all()
    assert told(accruals(by=BY)) == everything() != before
    assert kept.age(BY).waiting == 0


@pytest.mark.parametrize(
    "new", [{}, {"cumulative": True}, {"gates": [{"kind": "measure", "code": "orders.net_sales", "at_least": "1"}]}]
)  # fmt: skip
def test_after_a_new_programme_the_page_does_not_say_that_nothing_changed(acme, browse, new):
    """A figure that is never kept stands beside older ones that are; one that is kept makes all of them new."""
    with time_machine.travel(TODAY, tick=False) as now:
        catalogue("routing")
        apply(policy("a"))
        sell(acme, 50_000)
        keep_all()
        now.shift(1200)
        page = browse(acme.admin).get("/rebates/").content.decode()
        assert "and nothing that counts has changed since." in page
        apply(policy("new") | new)
        page = browse(acme.admin).get("/rebates/").content.decode()
        assert "New" in page and "and nothing that counts has changed since." not in page
        assert ("a new programme too, is computed for this page" if new else "computed for this page") in page


def test_where_nothing_is_kept_all_is_computed_for_the_page(acme):
    with time_machine.travel(TODAY, tick=False):
        catalogue("routing")
        apply(policy("a", cumulative=True))
        sell(acme, 50_000)
        keep_all()
        assert kept.age(BY) == kept.Age(None, 0)


def test_a_new_day_makes_all_that_is_kept_old(two):
    sell(two[0], 50_000)
    keep_all()
    with time_machine.travel("2026-09-21 10:00+08:00", tick=False):
        assert kept.waiting(kept.Basis.now(), None).partners == [partner.pk for partner in two]


def test_a_gate_moved_by_another_app_needs_no_mark(two):
    """Programmes that ask measures are not kept, nor what is settled together with them."""
    codes = {pair[0].programme.code for _day, pair in kept.Basis.now().asked}
    assert codes == {"gated", "behind"}


def test_sums_of_accruals_are_those_of_the_list(two):
    sell(two[0], 50_000)
    sell(two[1], 70_000)
    keep_all()
    sell(two[1], 30_000)
    found: dict[Any, Decimal] = {}
    for one in accruals(by=BY):
        key = (one.programme.pk, one.period, one.currency)
        found[key] = found.get(key, Decimal(0)) + one.amount
    assert sums(by=BY) == found


# Their cost


def test_reading_kept_accruals_costs_the_same_whatever_is_on_file(two, django_assert_max_num_queries):
    apply_plain()
    sell(two[0], 50_000)
    keep_all()
    reader = Actor.job("tests")
    with django_assert_max_num_queries(14):
        accruals(by=reader, partners=[two[0].pk])
    for _more in range(5):
        sell(PartnerFactory(tier="gold"), 10_000)
    keep_all()
    with django_assert_max_num_queries(14):
        accruals(by=reader)


def test_keeping_a_partner_costs_the_same_number_of_queries_whatever_is_on_file(
    two, django_assert_max_num_queries
):
    sell(two[0], 50_000)
    keep_all()
    for _more in range(20):
        sell(two[0], 1_000)
    with django_assert_max_num_queries(40):
        assert keeping.keep_some() == 1


# Settlement


def results(run: Any) -> list[tuple]:
    rows = (
        Result.objects.for_everyone(because="a test").filter(run=run).order_by("partner_id", "programme_id")
    )
    return [
        (row.partner_id, row.programme_id, row.tier, str(row.qualifier), str(row.base), str(row.reference), row.band,
         str(row.earned), row.line_count, row.explanation) for row in rows
    ]  # fmt: skip


def test_a_settlement_from_kept_sums_is_the_same_to_the_byte(two):
    apply_plain()
    for partner in two:
        for amount in (40_000, 70_000, -1_000):
            sell(partner, amount, "2026-08-10")
    sell(two[0], 5_000, "2026-08-11", currency="USD")
    keep_all()
    from_lines = settle("2026-08", close=False)
    first, said = results(from_lines), (from_lines.lines_hash, from_lines.line_count, from_lines.inputs)
    check = run_check()
    assert check.agrees
    assert kept.proven()
    from_sums = settle("2026-08", close=False)
    assert (from_sums.lines_hash, from_sums.line_count, from_sums.inputs) == said
    assert results(from_sums) == first != []


def test_lines_after_the_freeze_are_left_out_of_a_settlement_from_kept_sums(two):
    apply_plain()
    sell(two[0], 40_000, "2026-08-10")
    keep_all()
    assert run_check().agrees
    period = keeping.clock.today().replace(month=8, day=1)
    from prm.jobs.services import run_to_end
    from prm.values.periods import Period
    from rebates.services import computing

    job = computing.start_settlement(period=Period.of("month", period), by=BY)
    run = computing.freeze(job.params["run"])
    sell(two[0], 1_000, "2026-08-11")  # not folded yet
    keep_all()
    sell(two[0], 2_000, "2026-08-12")
    with transaction.atomic():
        for first, last in job.params["bounds"]:
            computing.compute_chunk(run.pk, first, last)
    row = Result.objects.for_everyone(because="a test").get(run=run, programme__code="a")
    assert (row.base, row.line_count) == (Decimal(40_000), 1)
    run_to_end(job)


def apply_plain() -> None:
    """Only programmes that month sums answer for."""
    from rebates.models import Version

    codes = ("a", "b", "bundle", "growth")
    Version.objects.exclude(programme__code__in=codes).delete()


# The nightly check


def run_check():
    job = keeping.start_check()
    run_job(job.pk)
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE, Job.objects.get(pk=job.pk).error
    return kept.last_check()


def test_the_check_proves_what_is_kept_and_says_how_much_it_looked_at(two):
    sell(two[0], 50_000)
    sell(two[1], 70_000)
    check = run_check()
    assert check.agrees
    assert (check.partners, check.figures) == (2, len(held()))
    assert check.differences == []


@pytest.mark.parametrize("damage", ["sum", "figure", "gone", "invented"])
def test_the_check_mends_what_differs_and_tells_finance(two, finance, damage):
    acme, rival = two
    sell(acme, 50_000)
    sell(rival, 70_000)
    keep_all()
    rows = KeptAccrual.objects.for_everyone(because="a test").filter(
        partner=acme, version__programme__code="a"
    )
    if damage == "sum":
        MonthSum.objects.for_everyone(because="a test").filter(partner=acme).update(amount=7)
    elif damage == "figure":
        rows.update(amount=7)
    elif damage == "gone":
        rows.delete()
    else:
        row = rows.get()
        row.pk, row.starts = None, date(2026, 8, 1)
        row.save(force_insert=True)
    check = run_check()
    assert not check.agrees
    assert not kept.proven()
    assert (check.wrong_sums > 0) == (damage == "sum")
    assert check.differences[0]["partner"] == acme.number
    assert held() == of_kept(everything())
    assert sums_differ() == []
    assert run_check().agrees
    from prm.audit.models import AuditEntry
    from prm.notices.models import Notice

    assert Notice.objects.filter(kind="rebates.accruals_differed").exists()
    assert AuditEntry.objects.filter(verb="accruals mended").count() == 1


def test_finance_reads_when_the_accruals_were_checked(two, finance, browse):
    sell(two[0], 50_000)
    run_check()
    page = browse(finance).get("/accruals/").content.decode()
    assert "Checked against all sales lines" in page
    assert "no difference" in page


def test_what_is_read_in_several_ways_is_kept_for_each_partner_in_turn(db, september):
    catalogue("routing", "switching")
    apply(policy("a"), policy("back", returns="by_origin", stacking={"kind": "net_of", "programmes": ["a"]}))
    for amount in (50_000, 70_000):
        sell(PartnerFactory(tier="gold"), amount)
    while keeping.keep_some(1):
        pass
    assert len(held()) == 4 and held() == of_kept(everything())


def test_events_do_not_wait_for_somebody_else_who_keeps(two):
    sell(two[0], 50_000)
    with ThreadPoolExecutor(1) as other, transaction.atomic():
        keeping.hold_kept()
        tenant = connection.tenant

        def elsewhere() -> int:
            connection.set_tenant(tenant)
            try:
                return keeping.keep_some(wait=False)
            finally:
                connection.close()

        assert other.submit(elsewhere).result(30) == 0


def test_many_old_figures_are_told_with_what_was_never_kept_computed(two, monkeypatch):
    monkeypatch.setattr(kept, "LIVE", 1)
    keep_all()
    newcomer = PartnerFactory(tier="gold")
    for partner in (*two, newcomer):
        sell(partner, 10_000)
    assert kept.share_of(kept.Basis.now(), None) == kept.Share([newcomer.pk], False)
