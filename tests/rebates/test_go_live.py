"""Figures of before go-live: checked row by row, posted balanced, and what was settled outside counts as settled."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from prm.ledger.models import Entry
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import kit, verifier
from rebates.accruals import accruals
from rebates.books import reconciled
from rebates.errors import FirstPeriodClosed, SettledOutsideMeanwhile
from rebates.models import Payment, SettledOutside, Statement, Version
from rebates.services import approve_run, close_run, compute_run, pay_statement
from rebates.services.payments import open_amount
from tests.orders.crediting import credit
from tests.rebates.world import BY, adjustments, apply, catalogue, policy, results, sell, settle

pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")
SETTLED = "partner_number,programme,period,base,earned,paid"
BALANCES = "partner_number,programme,balance,currency"


@pytest.fixture(autouse=True)
def core(db):
    catalogue("routing")
    apply(policy("core", "retroactive"), policy("plus", "flat", mechanism={"kind": "flat", "rate": "1%"}))


@pytest.fixture
def bring(tmp_path):
    def bring(kind, heading, *rows, dry_run=False):
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join([heading, *rows]), encoding="utf-8")
        return import_file(kind=kind, path=path, by=CLERK, dry_run=dry_run)

    return bring


@pytest.fixture
def settled(bring, acme):
    """ "core,2026-08,95000,1900,1900" of ACME."""
    return lambda *rows: bring("settled", SETTLED, *(f"{acme.row.number},{row}" for row in rows))


@pytest.fixture
def owed(bring, acme):
    return lambda *rows: bring("balances", BALANCES, *(f"{acme.row.number},{row}" for row in rows))


def codes(upload):
    rows = upload.rows.filter(verdict="bad").order_by("number")
    return [
        (row.number, one["field"], one["code"])
        for row in rows
        for one in (row.problems or []) + (row.findings or [])
    ]


def ledger(kind, currency="CNY"):
    entries = Entry.objects.for_everyone(because="a test").filter(
        account__kind=kind, account__currency=currency
    )
    return entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def test_a_commission_settled_outside_is_held_against_the_credits_of_that_time(bring, acme, rival):
    """Of an agent its credits count as on file, not what it bought; late ones are posted as a difference."""
    apply(policy("agents", mechanism={"kind": "flat", "rate": "10%"}, counts="credited"))
    sell(rival, 7_000, "2026-08-09")
    credit(sell(acme, 1_000, "2026-08-10"), rival, 50)
    bring("settled", SETTLED, f"{rival.row.number},agents,2026-08,500,50,50")
    credit(sell(acme, 300, "2026-08-11"), rival)
    run = settle("2026-09")
    (late,) = [row for row in adjustments(run) if row.programme.code == "agents"]
    assert (late.partner, late.adjusted, late.settled) == (rival.row, 30, 50)


def statement(run):
    return Statement.objects.for_everyone(because="a test").get(run=run)


def test_settled_periods_are_posted_balanced_and_not_settled_again(settled, acme):
    sell(acme, 95_000, "2026-08-10")
    assert settled("core,2026-08,95000,1900,1200").written == 1
    assert (ledger("expense"), ledger("payable"), ledger("clearing")) == (1900, -700, -1200)
    assert not any(check.difference for check in reconciled(BY))
    run = settle("2026-08")
    assert [row.programme.code for row in results(run)] == ["plus"]
    assert not [
        one for one in accruals(by=BY) if one.programme.code == "core" and str(one.period) == "2026-08"
    ]
    assert Version.objects.get(programme__code="core").is_frozen


def test_the_worked_example_of_a_late_line_holds_for_an_imported_period(settled, acme):
    """12,000 late after 95,000 was settled: retroactive T, +1,310.00."""
    sell(acme, 95_000, "2026-08-10")
    settled("core,2026-08,95000,1900,1900", "plus,2026-08,95000,950,950")
    sell(acme, 12_000, "2026-08-20")
    sell(acme, 10, "2026-09-01")
    run = settle("2026-09")
    found = {row.programme.code: (row.computed, row.settled, row.adjusted) for row in adjustments(run)}
    assert found == {
        "core": (Decimal("3210.00"), Decimal("1900.00"), Decimal("1310.00")),
        "plus": (Decimal("1070.00"), Decimal("950.00"), Decimal("120.00")),
    }
    assert statement(run).opening == 0
    said = []
    facts = kit.facts_of(statement(run))
    assert verifier.complaints(facts, [*_kit_lines(statement(run))], said.append) == [], said
    assert adjustments(settle("2026-10")) == []  # it was looked at


def _kit_lines(of):
    import csv
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(kit.recompute_kit(of))) as file:
        return verifier.read_lines(csv.DictReader(io.StringIO(file.read("lines.csv").decode())))


def test_a_late_return_of_an_imported_period_is_clawed_back(settled, acme):
    sell(acme, 100_000, "2026-08-10")
    settled("core,2026-08,100000,3000,3000", "plus,2026-08,100000,1000,1000")
    sell(acme, -1, "2026-08-10")
    run = settle("2026-09")
    assert {row.programme.code: row.adjusted for row in adjustments(run)} == {
        "core": Decimal("-1000.02"), "plus": Decimal("-0.01"),
    }  # fmt: skip


def test_grace_days_hold_for_an_imported_period(settled, acme):
    apply(policy("late", "flat", mechanism={"kind": "flat", "rate": "1%"}, late={"grace_days": 5}))
    sell(acme, 1000, "2026-08-10")
    settled("core,2026-08,1000,20,20", "plus,2026-08,1000,10,10", "late,2026-08,1000,10,10")
    sell(acme, 500, "2026-08-20")  # recorded long after
    run = settle("2026-09")
    assert {row.programme.code for row in adjustments(run)} == {"core", "plus"}
    from rebates.explained_lines import lines_behind

    assert lines_behind(adjustments(run)[0]).count() == 2


def test_without_the_lines_of_that_time_a_late_line_is_a_finding_and_changes_nothing(settled, acme):
    settled("core,2026-08,95000,1900,1900")
    sell(acme, 12_000, "2026-08-20")
    run = settle("2026-09", close=False)
    assert not [row for row in adjustments(run) if row.programme.code == "core"]
    assert {
        "kind": "settled_outside_without_lines", "period": "2026-08", "partners": 1, "programmes": ["core"],
    } in run.findings  # fmt: skip


def test_a_partner_that_settled_nothing_there_has_its_late_line_paid(settled, acme, rival):
    sell(acme, 95_000, "2026-08-10")
    settled("core,2026-08,95000,1900,1900", "plus,2026-08,95000,950,950")
    sell(rival, 1000, "2026-08-10")
    run = settle("2026-09")
    assert {(row.partner_id, row.adjusted) for row in adjustments(run)} == {
        (rival.row.pk, Decimal("20.00")), (rival.row.pk, Decimal("10.00")),
    }  # fmt: skip


def test_the_first_statement_opens_with_what_is_owed_and_pays_it(settled, owed, acme, finance):
    owed("core,500,", "plus,-40,CNY")
    sell(acme, 10_000, "2026-09-10")
    run = settle("2026-09")
    first = statement(run)
    assert (first.opening, first.earned, first.closing) == (460, 300, 760)
    assert open_amount(first) == 760
    assert Statement.objects.for_everyone(because="a test").for_list().get().unpaid == 760
    pay_statement(statement=first, by=finance)
    assert Payment.objects.for_everyone(because="a test").get().amount == 760
    assert not any(check.difference for check in reconciled(BY))
    second = statement(settle("2026-10"))
    assert (second.opening, second.paid, second.closing, open_amount(second)) == (760, 760, 0, 0)


def test_what_was_paid_before_go_live_is_not_paid_again(settled, acme):
    sell(acme, 95_000, "2026-08-10")
    settled("core,2026-08,95000,1900,1900", "plus,2026-08,95000,950,900")
    sell(acme, 10_000, "2026-09-10")
    first = statement(settle("2026-09"))
    assert (first.opening, first.paid, first.earned, first.closing) == (50, 0, 300, 350)
    assert open_amount(first) == 350


@pytest.mark.parametrize("first", ["settled", "balances"])
def test_a_balance_is_all_that_is_owed_in_whatever_order_the_files_come(settled, owed, acme, first):
    def bring_settled():
        settled("core,2026-07,95000,1900,1900", "core,2026-08,95000,1900,1200")

    if first == "settled":
        bring_settled()
    owed("core,750,")
    if first == "balances":
        bring_settled()
    assert (ledger("payable"), ledger("clearing"), ledger("expense")) == (-750, -3100, 3850)
    assert not any(check.difference for check in reconciled(BY))


def test_each_wrong_row_is_named_and_nothing_is_written(bring, acme):
    number = acme.row.number
    upload = bring(
        "settled", SETTLED, "P-none,core,2026-08,1,1,1", f"{number},none,2026-08,1,1,1", f"{number},core,2026-13,1,1,1",
        f"{number},core,2026-Q3,1,1,1", f"{number},core,2025-08,1,1,1", f"{number},core,2999-01,1,1,1",
        f"{number},core,2026-08,1,1,-1", f"{number},core,2026-07,1,1,1", f"{number},core,2026-07,2,2,2",
    )  # fmt: skip
    assert codes(upload) == [
        (2, "partner_number", "unknown_partner"), (3, "programme", "unknown_programme"), (4, "period", "not_a_period"),
        (5, "period", "other_period_length"), (6, "period", "no_version_then"), (7, "period", "period_is_not_over"),
        (8, "paid", "paid_below_zero"), (10, "partner_number", "row_twice"),
    ]  # fmt: skip
    upload = bring(
        "balances",
        BALANCES,
        f"{number},core,10,EUR",
        f"{number},core,10.001,",
        f"{number},core,1,",
        f"{number},core,1,CNY",
    )
    assert codes(upload) == [
        (2, "currency", "not_paid_in"), (3, "balance", "too_many_decimals"), (5, "partner_number", "row_twice"),
    ]  # fmt: skip
    assert ledger("payable") == 0 and not SettledOutside.objects.for_everyone(because="a test").exists()


def test_the_same_again_is_skipped_and_other_figures_are_refused(settled, owed):
    settled("core,2026-08,95000,1900,1900")
    again = settled("core,2026-08,95000.000,1900.00,1900")
    assert (again.same, again.written) == (1, 0)
    assert codes(settled("core,2026-08,95000,1901,1900")) == [(2, "earned", "settled_differs")]
    owed("core,10,")
    assert owed("core,10.00,CNY").same == 1
    assert codes(owed("core,11,")) == [(2, "balance", "balance_differs")]
    assert ledger("payable") == -10


def test_after_the_first_close_of_a_programme_nothing_of_before_comes_in(settled, owed, acme):
    sell(acme, 1000, "2026-09-10")
    settled("core,2026-08,0,0,0")
    settle("2026-09")
    assert codes(settled("core,2026-07,1,1,1")) == [(2, "programme", "settled_here_already")]
    assert codes(owed("core,1,")) == [(2, "programme", "settled_here_already")]
    assert settled("core,2026-08,0,0,0").same == 1


def test_a_programme_that_comes_over_after_a_close_begins_after_it_with_its_balance(settled, owed, acme):
    sell(acme, 1000, "2026-08-10")
    settle("2026-08")
    with pytest.raises(FirstPeriodClosed) as refused:
        apply(policy("late", from_="2026-07-01"))
    assert "Let the programme begin on 2026-09-01" in str(refused.value)
    assert "is brought in as its balance" in str(refused.value)
    apply(policy("late", from_="2026-09-01"))
    assert codes(settled("late,2026-08,1,1,1")) == [(2, "period", "closed_without_it")]
    assert owed("late,500,").written == 1
    sell(acme, 1000, "2026-09-10")
    assert statement(settle("2026-09")).opening == 530  # with what August earned here


def test_a_programme_by_the_quarter_still_begins_with_the_quarter_of_a_closed_month(settled, acme):
    sell(acme, 1000, "2026-07-10")
    settle("2026-07")
    apply(policy("late", period="quarter", from_="2026-04-01"))
    assert settled("late,2026-Q2,1000,20,20").written == 1


def test_a_period_that_a_run_has_computed_is_thrown_away_first(settled, acme):
    sell(acme, 1000, "2026-08-10")
    settle("2026-08", close=False)
    assert codes(settled("core,2026-08,1,1,1")) == [(2, "period", "period_in_a_run")]


def test_a_run_that_would_settle_it_a_second_time_is_not_closed(settled, acme):
    """The file came in between the computation and the close; the check of the file did not see the run yet."""
    sell(acme, 1000, "2026-08-10")
    settle("2026-07", close=False)
    settled("core,2026-08,1,1,1")
    run = compute_run(period=Period.parse("2026-08"), by=BY)
    version = Version.objects.get(programme__code="core")
    run.scopes.create(programme=version.programme, version=version, starts=run.starts, ends=run.ends)
    run = approve_run(run=run, by=BY)
    with pytest.raises(SettledOutsideMeanwhile, match="Core was settled before go-live for 2026-08"):
        close_run(run=run, by=BY)


@pytest.mark.parametrize("table", ["rebates_settledoutside", "rebates_openingbalance"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_every_change(settled, owed, table, change):
    settled("core,2026-08,95000,1900,1900")
    owed("core,10,")
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(table))


def test_the_bookings_behind_the_opening_name_go_live(owed, acme):
    from rebates.balances import behind

    owed("core,500,")
    sell(acme, 10_000, "2026-09-10")
    first = statement(settle("2026-09"))
    core = only_programme("core")
    opening = behind(first, core, "opening")
    assert [(one.name, one.amount) for one in opening.bookings] == [("Balance at go-live", Decimal("500.00"))]


def only_programme(code):
    return Version.objects.select_related("programme").get(programme__code=code).programme


def test_a_dry_run_writes_nothing(bring, acme):
    upload = bring("balances", BALANCES, f"{acme.row.number},core,500,", dry_run=True)
    assert (upload.good, upload.written, ledger("payable")) == (1, 0, 0)
