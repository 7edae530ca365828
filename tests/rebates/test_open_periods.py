"""What is accrued while months wait for their settlement, and what older months print."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine

from prm.values.periods import Period
from rebates.accruals import accruals
from rebates.errors import ComputedTooEarly, NotOver
from rebates.models import SettlementRun, Statement
from rebates.services import approve_run, close_run, pay_statement, submit_for_review, withdraw_approval
from rebates.statements import statement_rows
from tests.rebates import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def test_a_month_that_is_over_and_not_settled_is_still_accrued(acme, november):
    world.apply(world.policy(from_="2026-09-01"))
    for day, amount in (("2026-09-10", 50_000), ("2026-10-10", 60_000), ("2026-11-10", 70_000)):
        world.sell(acme, amount, on=day)
    world.settle("2026-09")
    found = {str(accrual.period): accrual.amount for accrual in accruals(by=acme.sales)}
    assert found == {"2026-10": Decimal("1200.00"), "2026-11": Decimal("1400.00")}


def test_a_month_before_the_first_settlement_owes_nothing(acme, finance, november):
    world.apply(world.policy(from_="2026-09-01"))
    world.sell(acme, 50_000, on="2026-09-10")
    world.settle("2026-09")
    assert statement_rows(period=Period.parse("2026-08"), by=finance) == []


def test_the_future_is_not_settled(acme, november):
    from rebates.errors import NotBegun

    world.apply(world.policy(from_="2026-09-01"))
    with pytest.raises(NotBegun):
        world.settle("2026-12")


def test_a_programme_from_a_closed_month_is_refused_with_the_day_that_is_possible(acme, november):
    from rebates.errors import PeriodClosed

    world.apply(world.policy(from_="2026-09-01"))
    world.sell(acme, 50_000, on="2026-09-10")
    world.settle("2026-09")
    with pytest.raises(PeriodClosed) as refused:
        world.apply(world.policy("late", from_="2026-09-01"))
    assert "2026-09 is closed" in refused.value.text
    assert "2026-10-01" in refused.value.text
    world.apply(world.policy("late", from_="2026-10-01"))


def test_a_closed_month_accrues_for_no_version_that_its_run_did_not_settle(acme, november):
    from rebates.models import Version

    world.apply(world.policy(from_="2026-09-01"))
    world.sell(acme, 50_000, on="2026-09-10")
    world.settle("2026-09")
    (late,) = world.apply(world.policy("late", from_="2026-10-01"))
    Version.objects.filter(pk=late.pk).update(starts="2026-09-01")  # as older data may have it
    assert [accrual.programme.code for accrual in accruals(by=acme.sales)] == []
    named = accruals(by=acme.sales, period=Period.parse("2026-09"))
    assert [accrual.programme.code for accrual in named] == ["core"]


def test_a_month_that_is_not_over_is_computed_and_not_closed(acme, november):

    world.apply(world.policy(from_="2026-11-01"))
    world.sell(acme, 50_000, on="2026-11-10")
    run = world.settle("2026-11", close=False)
    assert run.state == "computed"
    with pytest.raises(NotOver) as refused:
        close_run(run=run, by=world.BY)
    assert "from 2026-12-01 on" in refused.value.text
    with time_machine.travel("2026-12-01 04:00:00+00:00", tick=False):
        assert world.settle("2026-11").state == "closed"


def test_a_month_that_is_not_over_is_neither_handed_over_nor_approved(acme, finance, browse):
    run = computed_in_the_month(acme)
    with time_machine.travel("2026-11-21 04:00:00+00:00", tick=False):
        for verb in (submit_for_review, approve_run):
            with pytest.raises(NotOver):
                verb(run=run, by=finance if verb is submit_for_review else world.BY)
        page = browse(finance).get(run.get_absolute_url()).content.decode()
    assert "can be closed from" in page and f'action="{run.get_absolute_url()}review/"' not in page
    with time_machine.travel("2026-12-02 04:00:00+00:00", tick=False), pytest.raises(ComputedTooEarly):
        submit_for_review(run=run, by=finance)
    run.refresh_from_db()
    assert run.state == "computed"


def computed_in_the_month(acme):
    """A run of November, computed while the month still ran."""
    world.apply(world.policy(from_="2026-11-01"))
    world.sell(acme, 50_000, on="2026-11-10")
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        return world.settle("2026-11", close=False)


def approved_in_the_month(acme):
    """The same, approved in the month, as it could be before the rule against it."""
    run = computed_in_the_month(acme)
    SettlementRun.objects.filter(pk=run.pk).update(state="approved")
    run.refresh_from_db()
    return run


def test_a_run_that_was_computed_before_the_month_ended_is_not_closed_afterwards(acme):
    run = approved_in_the_month(acme)
    with time_machine.travel("2026-12-02 04:00:00+00:00", tick=False):
        world.sell(acme, 9_000, on="2026-11-29")  # known before the close, unknown to the run
        with pytest.raises(ComputedTooEarly) as refused:
            close_run(run=run, by=world.BY)
        assert "2026-11 was not over when settlement S-2026-11 was computed" in refused.value.text
        run = withdraw_approval(run=run, reason="computed too early", by=world.BY)
        run = world.settle("2026-11")
        assert world.only(run).earned == Decimal("1180.00")


def test_the_button_that_closes_says_why_it_is_off(acme, finance, browse):
    run = approved_in_the_month(acme)
    with time_machine.travel("2026-12-02 04:00:00+00:00", tick=False):
        page = browse(finance).get(run.get_absolute_url()).content.decode()
    assert "November 2026 was not over when settlement S-2026-11 was computed" in page
    assert "confirm-close" not in page


def figures_of(period: str, by) -> tuple[Decimal, Decimal, Decimal]:
    rows = statement_rows(period=Period.parse(period), by=by)
    opening, paid, closing = (
        sum(Decimal(row[name]) for row in rows) for name in ("opening", "paid", "closing")
    )
    return opening, paid, closing


@pytest.fixture
def paid_september(acme, november):
    """1,000.00 earned in September, of which 400.00 are paid; sales in October and November wait."""
    world.apply(world.policy(from_="2026-09-01"))
    for day, amount in (("2026-09-10", 50_000), ("2026-10-10", 60_000), ("2026-11-10", 70_000)):
        world.sell(acme, amount, on=day)
    world.settle("2026-09")
    pay_statement(statement=Statement.objects.visible_to(world.BY).get(), amount=Decimal(400), by=world.BY)


def test_a_payment_stands_in_one_month_and_each_month_opens_with_what_the_last_one_closes(
    paid_september, finance
):
    assert figures_of("2026-10", finance) == (Decimal("1000.00"), Decimal("400.00"), Decimal("600.00"))
    assert figures_of("2026-11", finance) == (Decimal("600.00"), Decimal("0.00"), Decimal("600.00"))


def test_what_october_has_computed_opens_november(paid_september, finance):
    world.settle("2026-10", close=False)
    october, november = figures_of("2026-10", finance), figures_of("2026-11", finance)
    assert october == (Decimal("1000.00"), Decimal("400.00"), Decimal("1800.00"))
    assert november == (october[2], Decimal("0.00"), october[2])


def test_before_the_close_it_says_what_the_statement_will_say(paid_september, finance):
    run = world.settle("2026-10", close=False)
    before = figures_of("2026-10", finance)
    close_run(run=approve_run(run=run, by=world.BY), by=world.BY)
    assert figures_of("2026-10", finance) == before


def test_quarters_the_payment_stands_in_the_month_that_ends_one(acme, finance):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        world.apply(world.policy(from_="2026-07-01", period="quarter"))
        world.sell(acme, 50_000, on="2026-09-10")
        world.sell(acme, 60_000, on="2026-10-10")
        world.settle("2026-09")
        pay_statement(
            statement=Statement.objects.visible_to(world.BY).get(), amount=Decimal(400), by=world.BY
        )
        assert [
            statement_rows(period=Period.parse(month), by=finance) for month in ("2026-10", "2026-11")
        ] == [[], []]
        assert figures_of("2026-12", finance) == (Decimal("1000.00"), Decimal("400.00"), Decimal("600.00"))
