"""Finance's overview: figures of the ledger, what is owed at a day, and whether the books agree."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from payouts import overview
from payouts.services import book_batch, prepare_batch, release_batch
from prm.spreadsheets.whole import import_file
from prm.values import clock
from prm.values.actor import Actor
from rebates.models import Programme
from rebates.services import approve_run, close_run, confirm_adjustment, propose_adjustment
from tests.factories.partners import PartnerFactory
from tests.payouts.world import account, closed, pays_from
from tests.rebates.disputing import marked, settled
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


def asked(last: date | None = None, first: date = date(2026, 1, 1), **more) -> overview.Asked:
    return overview.Asked(first, last or clock.today(), **more)


def test_earned_paid_and_owed_by_programme(acme, rival, finance, second):
    pays_from(finance)
    account(acme, finance, second)
    run = closed((acme, 50_000), (rival, 20_000))
    book_batch(batch=release_batch(batch=prepare_batch(run=run, by=finance), by=second), by=second)
    (row,) = overview.by_programme(asked(), by=finance)
    assert (row.earned, row.adjusted, row.paid, row.owed) == (1400, 0, 1000, 400)
    (cost,) = overview.cost([row], asked(), by=finance)
    assert (cost.cost, cost.revenue, cost.share) == (1400, 70_000, Decimal("0.02"))
    assert overview.totals([row])["CNY"]["owed"] == 400


def test_what_was_brought_in_at_go_live_has_a_column_with_which_the_others_add_up(
    acme, rival, finance, tmp_path, browse
):
    apply(policy())
    path = tmp_path / "balances.csv"
    numbers = (acme.row.number, rival.row.number)
    path.write_text("partner_number,programme,balance\n" + "\n".join(f"{one},core,500" for one in numbers))
    import_file(kind="balances", path=path, by=Actor.command("import_data"))
    (age,) = overview.ageing(asked(), by=finance)
    assert (age.open[0], age.other) == (0, 1000)
    page = browse(finance).get("/rebate-money/").content.decode()
    assert "Brought in" in page and "brought in at go-live and no statement has opened with yet" in page
    sell(acme, 50_000)
    settle("2026-09")
    (row,) = overview.by_programme(asked(), by=finance)
    assert (row.brought, row.earned, row.owed) == (1000, 1000, 2000)
    assert row.owed == row.brought + row.earned + row.adjusted - row.paid
    (age,) = overview.ageing(asked(), by=finance)
    assert (age.open[0], age.other) == (2000, 0)  # both statements open with what was brought in


def test_without_anything_brought_in_there_is_no_such_column(acme, finance, browse):
    closed((acme, 50_000))
    assert "Brought in" not in browse(finance).get("/rebate-money/").content.decode()


def test_the_share_of_net_sales_leaves_out_months_that_nobody_settled(acme, rival, finance, second):
    run = closed((acme, 50_000), (rival, 20_000))
    before = run.starts - timedelta(days=1)
    sell(acme, 500_000, run.ends.isoformat())  # not settled yet: it has cost nothing so far
    sell(acme, 300_000, before.isoformat())  # nor was the month before
    rows = overview.by_programme(asked(), by=finance)
    (cost,) = overview.cost(rows, asked(), by=finance)
    assert (cost.cost, cost.revenue, cost.share) == (1400, 70_000, Decimal("0.02"))


def test_what_an_open_period_would_pay_is_accrued(acme, finance):
    apply(policy())
    sell(acme, 10_000, clock.today().isoformat())
    (row,) = overview.by_programme(asked(), by=finance)
    assert (row.accrued, row.earned) == (200, 0)


def test_what_was_owed_at_a_day_is_what_was_booked_by_then(acme, finance, second):
    pays_from(finance)
    account(acme, finance, second, days_ago=120)
    with clock.at(clock.now() - timedelta(days=40)):
        run = closed((acme, 50_000))
        settled_on = clock.today()
    book_batch(batch=release_batch(batch=prepare_batch(run=run, by=finance), by=second), by=second)
    before = settled_on - timedelta(days=400)
    owed = {
        day: sum((row.owed for row in overview.by_programme(asked(day, before), by=finance)), Decimal(0))
        for day in (before, clock.today() - timedelta(days=1), clock.today())
    }
    assert list(owed.values()) == [0, 1000, 0]


@pytest.mark.parametrize(
    ("days", "column"), [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (300, 3)]
)
def test_what_is_open_stands_under_its_age(acme, finance, days, column):
    run = closed((acme, 50_000))
    issued = run.statements.get().issued_at.astimezone(clock.tenant_zone()).date()
    with clock.at(clock.now() + timedelta(days=days + 1)):
        (one,) = overview.ageing(asked(issued + timedelta(days=days)), by=finance)
    assert one.open == [1000 if at == column else 0 for at in range(4)]


def test_the_ageing_adds_up_to_what_is_owed(acme, rival, finance):
    closed((acme, 50_000), (rival, 20_000))
    sell(acme, -20_000, "2026-10-02")
    settle("2026-10")
    (one,) = overview.ageing(asked(), by=finance)
    assert sum(one.open) + one.other == one.owed == 1000


def test_a_month_that_was_closed_after_the_days_is_told_by_a_later_statement(acme, finance, browse):
    run = closed((acme, 50_000))  # booked on the month's last day, issued now
    day = run.period.last_day
    (one,) = overview.ageing(asked(day), by=finance)
    assert (one.later, one.other, sum(one.open), one.owed) == (1000, 0, 0, 1000)
    page = browse(finance).get("/rebate-money/", {"last": day.isoformat()}).content.decode()
    assert "Statement issued later" in page
    assert "All that was ever booked, as of" in page and "whatever days are chosen above" in page


def test_the_top_explanations_stand_on_the_overview_once_they_are_known(acme, finance, browse):
    closed((acme, 50_000), period="2026-08")
    later = closed((acme, 90_000), period="2026-09")
    client, address = browse(finance), f"/settlements/{later.number}/changes/"
    first = client.get("/rebate-money/").content.decode()
    assert f'hx-get="{address}" hx-trigger="load"' in first
    client.get(address, headers={"HX-Request": "true"})
    known = client.get("/rebate-money/").content.decode()
    assert "Sales · " in known and f'href="{address}"' in known and f'hx-get="{address}"' not in known


def test_the_books_agree_and_a_difference_shows(acme, finance, second, browse):
    pays_from(finance)
    account(acme, finance, second)
    run = closed((acme, 50_000))
    book_batch(batch=release_batch(batch=prepare_batch(run=run, by=finance), by=second), by=second)
    found = overview.checks(by=finance)
    assert len(found) == 3 and all(check.difference == 0 for check in found)
    page = browse(finance).get("/rebate-money/").content.decode()
    assert "agrees" in page and "differs by" not in page
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE rebates_statement DISABLE TRIGGER USER")
        cursor.execute("UPDATE rebates_statement SET earned = earned + 5, closing = closing + 5")
        cursor.execute("ALTER TABLE rebates_statement ENABLE TRIGGER USER")
    assert [check.difference for check in overview.checks(by=finance)] == [0, 5, 0]
    assert "differs by" in browse(finance).get("/rebate-money/").content.decode()


def test_days_and_programme_stand_in_the_address_and_go_into_the_file(acme, finance, manager, browse):
    run = closed((acme, 50_000))
    client = browse(finance)
    programme = Programme.objects.get(code="core")
    assert "1,000.00</td>" in client.get("/rebate-money/?programme=core").content.decode()
    assert "1,000.00</td>" not in client.get("/rebate-money/?last=2026-01-01").content.decode()
    assert client.get("/rebate-money/?first=2026-02-02&last=2026-01-01").status_code == 422
    answer = client.get("/rebate-money/?export=xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content))).get_sheet_by_index(
        0
    )
    assert sheet.to_python()[1][1:4] == [programme.code, 0, 1000]
    assert run.number and browse(manager).get("/rebate-money/").status_code == 403


def test_it_costs_the_same_for_few_and_for_many(finance, browse):
    client, counts = browse(finance), []
    client.get("/rebate-money/")
    for period, many in (("2026-08", 2), ("2026-09", 8)):
        closed(*[(PartnerFactory(), 10_000) for _number in range(many)], period=period)
        with CaptureQueriesContext(connection) as found:
            client.get("/rebate-money/")
        counts.append(len(found))
    assert counts[1] <= counts[0]  # a month that was closed is one fewer to accrue for


def test_decided_disputes_stand_in_the_sums_and_the_books_agree(acme, finance, second, browse):
    settled(acme, 100_000)
    dispute = marked(acme, "INV-1")
    propose_adjustment(
        dispute=dispute, programme=Programme.objects.get(), amount=Decimal("250.00"), reason="Agreed by phone",
        by=finance,
    )  # fmt: skip
    confirm_adjustment(dispute=dispute, by=second)
    sell(acme, 1_000, "2026-09-10")
    run = settle("2026-09", close=False)
    page = browse(finance).get(run.get_absolute_url()).content.decode()
    assert "Manual adjustments" in page and "by hand ¥250.00" in page
    close_run(run=approve_run(run=run, by=BY), by=BY)
    (row,) = overview.by_programme(asked(), by=finance)
    assert (row.earned, row.adjusted, row.owed) == (2_020, 250, 2_270)
    assert {check.difference for check in overview.checks(by=finance)} == {Decimal(0)}
    assert "¥270.00" in browse(finance).get("/settlements/").content.decode()


def test_of_a_past_day_nothing_is_said_that_is_known_of_today_only(acme, finance, browse):
    apply(policy())
    sell(acme, 10_000, clock.today().isoformat())
    page = browse(finance)
    today = page.get("/rebate-money/").content.decode()
    assert "Accrued now" in today and "what of it is not booked yet is no part of the liability" in today
    day = clock.today() - timedelta(days=1)
    (row,) = overview.by_programme(asked(day), by=finance) or [None]
    assert row is None or row.accrued == 0
    past = page.get("/rebate-money/", {"last": day.isoformat()}).content.decode()
    assert "Accrued now" not in past and "Accrued in the books" in past
    assert "is known of today only" in past
    table = page.get("/rebate-money/", {"last": day.isoformat(), "export": "csv"})
    head = (b"".join(table.streaming_content) if table.streaming else table.content).decode("utf-8-sig")
    assert "Accrued now" not in head.splitlines()[0] and "Accrued in the books" in head.splitlines()[0]
