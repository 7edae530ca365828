"""A settlement's way from draft to paid: who may do what, what is refused, what stays for ever."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from prm.audit.models import AuditEntry
from prm.ledger.models import Entry
from prm.outbox.models import OutboxEvent
from prm.values.errors import NotAllowed
from prm.values.periods import Period
from rebates.errors import (
    AlreadyClosed,
    AuthorMayNotApprove,
    ComputedBefore,
    MoreThanOpen,
    NotApproved,
    NothingToPay,
    NothingToSettle,
    NotInThisState,
    SecondPersonNeeded,
)
from rebates.models import Result, RunScope, SettlementRun, Statement, Version
from rebates.services import (
    approve_run,
    close_run,
    discard_run,
    pay_statement,
    release_run,
    start_settlement,
    submit_for_review,
    withdraw_approval,
)
from rebates.services.closing import approvers
from rebates.services.payments import open_amount, payment_state
from rebates.statements import statement_lines
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def computed(acme, rival):
    apply(policy())
    sell(acme, 180_000)
    sell(rival, 50_000)
    return settle("2026-09", close=False)


def statement_of(company, run=None):
    rows = Statement.objects.for_everyone(because="a test").filter(partner=company.row)
    return (rows.filter(run=run) if run else rows).latest("ends")


def balance(kind, partner):
    entries = Entry.objects.for_everyone(because="a test")
    found = entries.filter(account__kind=kind, account__partner_id=partner.row.pk)
    return -(found.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))


def test_figures_that_are_thrown_away_are_not_read_first(acme):
    """A computation has a row for each partner and programme: a million of them would fill a worker's memory."""
    apply(policy())
    sell(acme, 120_000)
    run = settle("2026-09", close=False)
    with CaptureQueriesContext(connection) as asked:
        discard_run(run=run, by=BY)
    assert not Result.objects.for_everyone(because="a test").filter(run=run).exists()
    sent = [query["sql"] for query in asked if '"rebates_result"' in query["sql"]]
    assert len(sent) == 1 and sent[0].startswith("DELETE")


def test_computing_writes_results_and_freezes_what_it_read(computed):
    assert computed.number == "S-2026-09"
    assert computed.state == "computed"
    assert (computed.partner_count, computed.line_count) == (2, 2)
    assert computed.totals == [
        {
            "currency": "CNY",
            "sales": "230000.00",
            "accrued": "5400.00",
            "earned": "5400.00",
            "adjusted": "0.00",
        }
    ]
    assert computed.watermark and computed.lines_hash
    assert computed.scopes.get().period == SEPTEMBER


def test_computing_again_takes_new_lines_until_the_approval(computed, acme):
    sell(acme, 1000)
    again = settle("2026-09", close=False)
    assert again.pk == computed.pk
    assert (again.line_count, len(results(again))) == (3, 2)
    approve_run(run=again, by=BY)
    with pytest.raises(NotInThisState):
        settle("2026-09", close=False)
    withdraw_approval(run=again, reason="a line is missing", by=BY)
    assert settle("2026-09", close=False).state == "computed"


def test_a_period_without_programmes_is_refused_and_leaves_nothing(acme):
    with pytest.raises(NothingToSettle):
        settle("2026-09")
    assert not SettlementRun.objects.exists()


def test_a_run_that_is_not_approved_cannot_close(computed, finance):
    with pytest.raises(NotApproved, match="He Min"):
        close_run(run=computed, by=finance)
    submit_for_review(run=computed, by=finance)
    with pytest.raises(NotApproved):
        close_run(run=computed, by=finance)


def test_closing_posts_balanced_entries_statements_and_one_event(computed, acme, rival, finance):
    closed = close_run(run=approve_run(run=computed, by=BY), by=finance)
    assert closed.state == "closed"
    assert balance("payable", acme) == Decimal("4400.00")
    assert balance("payable", rival) == Decimal("1000.00")
    assert Entry.objects.for_everyone(because="a test").aggregate(sum=Sum("amount"))["sum"] == 0
    statement = statement_of(acme)
    assert (statement.opening, statement.earned, statement.closing) == (
        0,
        Decimal("4400.00"),
        Decimal("4400.00"),
    )
    assert OutboxEvent.objects.filter(name="rebates.settlement_closed").count() == 1
    assert AuditEntry.objects.of(closed).filter(verb="closed").exists()
    assert Version.objects.get().is_frozen


def test_closed_is_for_ever(computed, finance):
    run = close_run(run=approve_run(run=computed, by=BY), by=finance)
    for again in (
        lambda: close_run(run=run, by=finance),
        lambda: discard_run(run=run, by=finance),
        lambda: start_settlement(period=SEPTEMBER, by=finance),
    ):
        with pytest.raises(AlreadyClosed, match="He Min"):
            again()
    with pytest.raises(NotInThisState):
        withdraw_approval(run=run, reason="too late", by=finance)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE rebates_settlementrun SET state = 'draft'",
        "UPDATE rebates_settlementrun SET watermark = 0",
        "DELETE FROM rebates_settlementrun",
        "UPDATE rebates_result SET earned = 1",
        "DELETE FROM rebates_result",
        "TRUNCATE rebates_result",
        "DELETE FROM rebates_runmember",
        "DELETE FROM rebates_runscope",
        "UPDATE rebates_statement SET closing = 1",
        "DELETE FROM rebates_statement",
        "UPDATE rebates_version SET policy = '{}'",
        "DELETE FROM rebates_version",
    ],
)
def test_the_database_refuses_to_change_what_is_closed(computed, change):
    close_run(run=approve_run(run=computed, by=BY), by=BY)
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(change)


def test_a_draft_can_be_thrown_away(computed):
    discard_run(run=computed, by=BY)
    computed.refresh_from_db()
    assert computed.state == "draft"
    assert not Result.objects.for_everyone(because="a test").exists()
    assert not RunScope.objects.exists()


def test_partner_users_and_channel_managers_may_not_settle(computed, acme, manager):
    for by in (acme.admin, manager):
        for refused in (
            lambda by=by: start_settlement(period=SEPTEMBER, by=by),
            lambda by=by: approve_run(run=computed, by=by),
            lambda by=by: close_run(run=computed, by=by),
        ):
            with pytest.raises(NotAllowed):
                refused()


def test_who_wrote_the_version_may_not_approve_more_than_the_stated_sum(computed, finance, second, settings):
    Version.objects.update(author_id=finance.user_id)
    settings.REBATE_AUTHOR_LIMIT = 5000
    with pytest.raises(AuthorMayNotApprove, match="5,000.00"):
        approve_run(run=computed, by=finance)
    assert finance.user_id not in [user.pk for user in approvers(computed)]
    assert approve_run(run=computed, by=second).approved_by_id == second.user_id


def test_below_the_stated_sum_the_author_may_approve(computed, finance, settings):
    Version.objects.update(author_id=finance.user_id)
    settings.REBATE_AUTHOR_LIMIT = 6000
    assert approve_run(run=computed, by=finance).state == "approved"


def test_who_approved_cannot_release_the_payment(computed, acme, finance, second):
    close_run(run=approve_run(run=computed, by=finance), by=finance)
    statement = statement_of(acme)
    with pytest.raises(SecondPersonNeeded, match="He Min"):
        pay_statement(statement=statement, by=finance)
    payment = pay_statement(statement=statement, by=second)
    assert payment.amount == Decimal("4400.00")
    assert balance("payable", acme) == balance("approved", acme) == 0
    assert payment_state(statement) == "paid"
    with pytest.raises(NothingToPay):
        pay_statement(statement=statement, by=second)


def test_part_payments_and_the_run_is_paid_when_nothing_is_open(computed, acme, rival, finance, second):
    run = close_run(run=approve_run(run=computed, by=finance), by=finance)
    statement = statement_of(acme)
    pay_statement(statement=statement, amount=Decimal("1000.00"), by=second)
    assert payment_state(statement) == "part_paid"
    with pytest.raises(MoreThanOpen, match="3400.00"):
        pay_statement(statement=statement, amount=Decimal("3400.01"), by=second)
    assert release_run(run=run, by=second) == 2
    run.refresh_from_db()
    assert run.state == "paid"


def test_the_next_statement_opens_with_the_last_and_shows_what_was_paid(computed, acme, finance, second):
    close_run(run=approve_run(run=computed, by=finance), by=finance)
    pay_statement(statement=statement_of(acme), amount=Decimal("1900.00"), by=second)
    sell(acme, 10_000, "2026-10-05")
    settle("2026-10")
    october = statement_of(acme)
    assert (october.opening, october.earned, october.paid, october.closing) == (
        Decimal("4400.00"), Decimal("200.00"), Decimal("1900.00"), Decimal("2700.00"),
    )  # fmt: skip
    line = statement_lines(october)[0]
    assert (line.opening, line.paid, line.closing) == (october.opening, october.paid, october.closing)
    assert october.closing == balance("payable", acme)


def test_a_partner_without_sales_keeps_its_statement_while_money_is_owed(computed, acme, rival):
    close_run(run=approve_run(run=computed, by=BY), by=BY)
    sell(rival, 10_000, "2026-10-05")
    settle("2026-10")
    october = statement_of(acme)
    assert str(october.period) == "2026-10"
    assert (october.opening, october.closing) == (Decimal("4400.00"), Decimal("4400.00"))


def test_a_negative_figure_is_carried_and_lowers_what_can_be_paid(acme):
    apply(policy())
    sell(acme, -20_000, "2026-09-02")
    settle("2026-09")
    september = statement_of(acme)
    assert payment_state(september) == "carried"
    sell(acme, 50_000, "2026-10-02")
    settle("2026-10")
    assert open_amount(statement_of(acme)) == Decimal("600.00")


def test_a_run_computed_before_another_close_must_not_repeat_its_adjustments(acme):
    apply(policy())
    sell(acme, 95_000, "2026-07-20")
    settle("2026-07")
    sell(acme, 12_000, "2026-07-21")
    august = settle("2026-08", close=False)
    september = settle("2026-09", close=False)
    close_run(run=approve_run(run=august, by=BY), by=BY)
    approve_run(run=september, by=BY)
    with pytest.raises(ComputedBefore):
        close_run(run=september, by=BY)
    withdraw_approval(run=september, reason="computed before August closed", by=BY)
    assert results(settle("2026-09")) == []


def test_a_late_line_never_changes_a_closed_statement(computed, acme):
    close_run(run=approve_run(run=computed, by=BY), by=BY)
    before = statement_of(acme)
    sell(acme, 90_000, "2026-09-20")
    settle("2026-10")
    after = Statement.objects.for_everyone(because="a test").get(pk=before.pk)
    assert [getattr(after, name) for name in ("earned", "closing", "carried")] == [
        getattr(before, name) for name in ("earned", "closing", "carried")
    ]


def test_after_the_grace_days_a_positive_line_earns_nothing_and_a_negative_one_is_clawed_back(acme):
    apply(policy(late={"grace_days": 5}))
    sell(acme, 95_000, "2026-08-20")
    settle("2026-08")
    sell(acme, 50_000, "2026-08-21", recorded_at="2026-09-06T16:00:01Z")
    sell(acme, -10_000, "2026-08-22", recorded_at="2026-09-20T00:00:00Z")
    assert only(settle("2026-09")).adjusted == Decimal("-200.00")


def test_an_adjustment_reads_tier_and_version_as_the_close_froze_them(acme):
    from partners.models import TierMembership

    apply(policy(who={"tiers": ["gold"]}))
    sell(acme, 95_000, "2026-08-20")
    settle("2026-08")
    TierMembership.objects.for_everyone(because="a test").filter(partner=acme.row).delete()
    apply(policy(kind="retroactive", from_="2026-09-01"))
    sell(acme, 12_000, "2026-08-21")
    assert only(settle("2026-09")).adjusted == Decimal("310.00")


def test_lines_in_another_currency_of_who_takes_no_part_are_not_missed(acme, rival):
    apply(policy(who={"partners": [rival.row.number]}), policy("own", who={"types": [acme.row.type]}))
    sell(acme, 77, currency="EUR")
    sell(acme, 100)
    said = [one for one in settle("2026-09", close=False).findings if one["kind"] == "other_currency"]
    assert [(one["programme"], one["lines"], one["partners"]) for one in said] == [("own", 1, 1)]


def test_lines_in_another_currency_are_reported_and_not_counted(acme):
    apply(policy())
    sell(acme, 1000)
    sell(acme, 77, currency="EUR")
    run = settle("2026-09")
    assert only(run).base == 1000
    assert {"kind": "other_currency", "programme": "core", "currency": "EUR", "lines": 1, "amount": "77.00",
            "partners": 1} in run.findings  # fmt: skip


def test_a_month_settles_the_quarters_and_years_that_end_with_it(acme):
    apply(policy("m"), policy("q", period="quarter"), policy("y", period="year"))
    sell(acme, 100_000, "2026-07-02")
    sell(acme, 80_000, "2026-09-02")
    rows = {row.programme.code: (str(row.period), row.earned) for row in results(settle("2026-09"))}
    assert rows == {"m": ("2026-09", Decimal("1600.00")), "q": ("2026-Q3", Decimal("4400.00"))}
    assert SettlementRun.objects.get().ends == date(2026, 10, 1)


def test_partners_see_their_own_results_and_statements_only(computed, acme, rival):
    close_run(run=approve_run(run=computed, by=BY), by=BY)
    assert [row.partner_id for row in Statement.objects.visible_to(acme.sales)] == [acme.row.pk]
    assert [row.partner_id for row in Result.objects.visible_to(rival.admin)] == [rival.row.pk]
    assert not SettlementRun.objects.visible_to(acme.admin).exists()
