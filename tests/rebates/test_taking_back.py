"""A wrong row of before go-live: taken back by two people, mirrored in the ledger, brought in anew."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from prm.audit.models import AuditEntry
from prm.ledger.models import Entry, Transaction
from prm.notices.models import Notice
from prm.notices.work import waiting_for
from prm.outbox.services import deliver_open_events
from prm.spreadsheets.whole import import_file
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from rebates.books import reconciled
from rebates.errors_of_golive import (
    GoLiveIsOver,
    ReversalDecided,
    RunComputedMeanwhile,
    SecondPersonTakesBack,
    TakeBackReasonMissing,
    TakenBackAlready,
    TakenBackMeanwhile,
)
from rebates.models import GoLiveReversal, OpeningBalance, SettledOutside
from rebates.services import approve_run, ask_to_take_back, close_run, confirm_taking_back, refuse_taking_back
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, adjustments, apply, catalogue, policy, results, sell, settle

pytestmark = pytest.mark.django_db


CLERK = Actor.command("import_data")


@pytest.fixture(autouse=True)
def core(db):
    catalogue("routing")
    apply(policy("core", "retroactive"))


@pytest.fixture
def settled(tmp_path, acme):
    """ "core,2026-08,95000,1900,1900" of ACME."""
    return lambda row: _bring(
        tmp_path, acme, "settled", "partner_number,programme,period,base,earned,paid", row
    )


@pytest.fixture
def owed(tmp_path, acme):
    return lambda row: _bring(tmp_path, acme, "balances", "partner_number,programme,balance,currency", row)


def _bring(folder, company, kind, heading, row):
    path = folder / f"{kind}.csv"
    path.write_text(f"{heading}\n{company.row.number},{row}", encoding="utf-8")
    return import_file(kind=kind, path=path, by=CLERK, dry_run=False)


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


def the_settled(**more) -> SettledOutside:
    rows = SettledOutside.objects.for_everyone(because="a test").select_related(
        "programme__purpose", "partner"
    )
    return rows.in_force().get(**more)


def the_balance() -> OpeningBalance:
    rows = OpeningBalance.objects.for_everyone(because="a test").select_related(
        "programme__purpose", "partner"
    )
    return rows.in_force().get()


def owing() -> Decimal:
    rows = Entry.objects.for_everyone(because="a test").filter(account__kind="payable")
    return -(rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))


def taken_back(row, first, second):
    return confirm_taking_back(found=ask_to_take_back(row=row, reason="Wrong month", by=first), by=second)


def test_the_ledger_names_what_it_reverses_and_the_row_counts_no_more(settled, finance, second):
    settled("core,2026-08,95000,1900,400")
    assert owing() == Decimal("1500.00")
    found = ask_to_take_back(row=the_settled(), reason="Wrong month", by=finance)
    assert owing() == Decimal("1500.00")
    confirm_taking_back(found=found, by=second)
    assert owing() == 0
    rows = Transaction.objects.for_everyone(because="a test").filter(reverses__isnull=False)
    assert {row.reverses.event for row in rows} == {"rebates.outside_earned", "rebates.outside_paid"}
    assert not SettledOutside.objects.for_everyone(because="a test").in_force().exists()
    assert [check.difference for check in reconciled(finance)] == [0]
    verbs = AuditEntry.objects.of(found.row.programme).filter(verb__in=["reversal asked for", "taken back"])
    assert set(verbs.values_list("verb", "reason")) == {
        ("reversal asked for", "Wrong month"),
        ("taken back", "Wrong month"),
    }


def test_the_corrected_row_comes_in_and_can_be_taken_back_again(settled, finance, second):
    settled("core,2026-08,95000,1900,0")
    taken_back(the_settled(), finance, second)
    settled("core,2026-08,90000,1800,0")
    assert (owing(), the_settled().earned) == (Decimal("1800.00"), Decimal("1800.00"))
    taken_back(the_settled(), finance, second)
    assert owing() == 0
    settled("core,2026-08,80000,1600,0")
    assert owing() == Decimal("1600.00")
    assert [check.difference for check in reconciled(finance)] == [0]


def test_late_lines_are_measured_against_the_corrected_row(settled, acme, finance, second):
    sell(acme, 95_000, "2026-08-10")
    settled("core,2026-08,95000,1000,1000")
    sell(acme, 12_000, "2026-08-20")  # late for the other system, whenever the row is corrected
    taken_back(the_settled(), finance, second)
    settled("core,2026-08,95000,1900,1900")
    (adjusted,) = adjustments(settle("2026-09"))
    assert adjusted.adjusted == Decimal("1310.00")


def test_a_stated_balance_stays_what_is_owed(settled, owed, finance, second):
    settled("core,2026-08,95000,1900,0")
    owed("core,2500,CNY")
    taken_back(the_settled(), finance, second)
    assert owing() == Decimal("2500.00")
    taken_back(the_balance(), finance, second)
    assert owing() == 0
    assert [check.difference for check in reconciled(finance)] == [0]


@pytest.mark.parametrize("balance_first", [True, False])
def test_without_its_balance_the_settled_periods_say_what_is_owed(
    settled, owed, finance, second, balance_first
):
    steps = [lambda: settled("core,2026-08,95000,1900,0"), lambda: owed("core,2500,CNY")]
    for step in reversed(steps) if balance_first else steps:
        step()
    assert owing() == Decimal("2500.00")
    taken_back(the_balance(), finance, second)
    assert owing() == Decimal("1900.00")
    owed("core,2600,CNY")
    assert owing() == Decimal("2600.00")
    assert [check.difference for check in reconciled(finance)] == [0]


def test_nobody_confirms_their_own_wish(settled, finance, second, manager):
    settled("core,2026-08,95000,1900,0")
    with pytest.raises(TakeBackReasonMissing):
        ask_to_take_back(row=the_settled(), reason=" ", by=finance)
    with pytest.raises(NotAllowed):
        ask_to_take_back(row=the_settled(), reason="Mine", by=manager)
    found = ask_to_take_back(row=the_settled(), reason="Wrong month", by=finance)
    with pytest.raises(TakenBackAlready):
        ask_to_take_back(row=the_settled(), reason="Again", by=second)
    with pytest.raises(SecondPersonTakesBack):
        confirm_taking_back(found=found, by=finance)
    with pytest.raises(IntegrityError, match="reversal_confirmed_by_another"), transaction.atomic():
        type(found).objects.filter(pk=found.pk).update(state="confirmed", decided_by_id=finance.user_id)
    assert [one.link for one in waiting_for(second) if "/go-live/" in one.link] == [found.get_absolute_url()]
    refuse_taking_back(found=found, reason="It is right", by=second)
    with pytest.raises(ReversalDecided):
        confirm_taking_back(found=found, by=second)
    assert owing() == Decimal("1900.00")
    while deliver_open_events():
        pass
    assert [one.user_id for one in Notice.objects.filter(kind="rebates.reversal_asked")] == [second.user_id]


def test_after_a_computation_or_a_close_it_stands(settled, acme, finance, second):
    settled("core,2026-08,95000,1900,0")
    sell(acme, 10_000)
    settle("2026-09", close=False)
    with pytest.raises(RunComputedMeanwhile):
        ask_to_take_back(row=the_settled(), reason="Wrong month", by=finance)
    settle("2026-09")
    with pytest.raises(GoLiveIsOver):
        ask_to_take_back(row=the_settled(), reason="Wrong month", by=finance)


def test_the_database_keeps_the_rows(settled, finance):
    settled("core,2026-08,95000,1900,0")
    rows = SettledOutside.objects.for_everyone(because="a test")
    for change in (
        lambda: rows.update(earned=1),
        lambda: rows.update(reversed_at=clock.now()),
        lambda: rows.delete(),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()


def test_it_is_done_in_the_browser(settled, owed, acme, finance, second, browse):
    settled("core,2026-08,95000,1900,0")
    owed("core,2500,CNY")
    place = f"/go-live/settled/{the_settled().pk}/"
    client = browse(finance)
    assert place in client.get("/go-live/settled/").content.decode()
    assert "ACME Networks" in client.get("/go-live/balances/").content.decode()
    page = client.post(f"{place}take-back/", {"reason": "Wrong month"}, follow=True).content.decode()
    assert "Wrong month" in page and "Somebody else has to confirm it" in page
    page = browse(second).post(f"{place}confirm/", follow=True).content.decode()
    assert "A corrected row can be imported now" in page and "Taken back" in page
    assert browse(acme.admin).get(place).status_code == 403


@pytest.fixture
def year(core):
    apply(policy("year", "retroactive", cumulative=True))


def of_year(run) -> Decimal:
    (result,) = (one for one in results(run) if one.programme.code == "year")
    return result.earned


def test_a_year_so_far_takes_off_the_corrected_row_only(settled, year, acme, finance, second):
    settled("year,2026-08,95000,1900,1900")
    taken_back(the_settled(programme__code="year"), finance, second)
    settled("year,2026-08,90000,1800,1800")
    sell(acme, 90_000, "2026-08-10")
    sell(acme, 20_000, "2026-09-10")
    assert of_year(settle("2026-09")) == Decimal("1500.00")  # 110,000 at 3 %, less 1,800


def test_whose_row_was_taken_back_takes_part_in_the_year(settled, year, acme, finance, second):
    settled("year,2026-08,95000,1900,1900")
    taken_back(the_settled(programme__code="year"), finance, second)
    sell(acme, 20_000, "2026-09-10")
    assert of_year(settle("2026-09")) == Decimal("400.00")


def test_a_run_that_was_frozen_before_a_row_was_taken_back_is_not_closed(settled, acme, finance, second):
    """The confirmation came between the freezing and the end of the computation."""
    settled("core,2026-08,95000,1900,0")
    found = ask_to_take_back(row=the_settled(), reason="Wrong month", by=finance)
    sell(acme, 10_000)
    run = approve_run(run=settle("2026-09", close=False), by=BY)
    later = clock.now() + timedelta(seconds=1)
    GoLiveReversal.objects.filter(pk=found.pk).update(
        state="confirmed", decided_at=later, decided_by=second.user_id
    )
    with pytest.raises(TakenBackMeanwhile):
        close_run(run=run, by=BY)
