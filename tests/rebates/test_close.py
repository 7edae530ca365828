"""The close, by ranges of partners: whole for whoever reads, the same whatever is killed or paid meanwhile."""

from __future__ import annotations

from decimal import Decimal
from threading import Event

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Sum

from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.jobs.sharing import help_with
from prm.ledger.models import Entry
from prm.values.periods import Period
from rebates.errors import AnotherCloses, NotInThisState
from rebates.models import Result, SettlementRun, Statement
from rebates.pages import run_verbs, waiting_line
from rebates.services import approve_run, close_run, issuing, pay_statement, start_close, withdraw_approval
from rebates.statements import statement_rows
from tests.factories.partners import PartnerFactory
from tests.rebates.test_crashes_and_races import Killed, in_threads  # noqa: F401
from tests.rebates.world import BY, apply, policy, sell, settle

PARTNERS = 6
FIGURES = ("opening", "accrued", "earned", "adjusted", "approved", "paid", "closing")


def world() -> None:
    """Six partners; August is closed and paid for half of them, September is approved."""
    apply(policy("a"), policy("b", kind="retroactive"))
    partners = [PartnerFactory(tier="gold") for _ in range(PARTNERS)]
    for number, partner in enumerate(partners):
        sell(partner, 30_000 + number, "2026-08-10")
        sell(partner, 50_000 * number - 20_000)
    settle("2026-08")
    for statement in issued("2026-08")[: PARTNERS // 2]:
        pay_statement(statement=statement, by=BY)


def approved(period: str = "2026-09") -> SettlementRun:
    return approve_run(run=settle(period, close=False), by=BY)


def issued(period: str) -> list[Statement]:
    rows = Statement.objects.for_everyone(because="a test").filter(starts=Period.parse(period).start)
    return list(rows.order_by("partner_id"))


def outcome(run: SettlementRun) -> tuple:
    """What a close left: the statements' figures, and what each account holds."""
    rows = Statement.objects.for_everyone(because="a test").filter(run=run).order_by("partner_id")
    entries = Entry.objects.for_everyone(because="a test").values_list("account_id").annotate(Sum("amount"))
    return list(rows.values_list("partner_id", *FIGURES, "carried")), sorted(entries)


def undisturbed(run: SettlementRun) -> tuple:
    with transaction.atomic():
        found = outcome(close_run(run=run, by=BY))
        transaction.set_rollback(True)
    assert len(found[0]) == PARTNERS
    return found


def killed_in_the_close(monkeypatch, run: SettlementRun, *, at: int = 1) -> Job:
    """A close whose worker died when part `at` had done its work and not yet committed."""
    work, done = issuing.close_some, iter(range(100))

    def dying(*arguments, **more):
        answer = work(*arguments, **more)
        if next(done) == at:
            raise Killed
        return answer

    monkeypatch.setattr(issuing, "close_some", dying)
    job = start_close(run=run, by=BY, chunk=2)
    with pytest.raises(Killed):
        run_job(job.pk)
    monkeypatch.setattr(issuing, "close_some", work)
    run.refresh_from_db()
    assert run.state == "closing" and Job.objects.get(pk=job.pk).progress == (at, 4)
    return job


@pytest.mark.parametrize("part", range(3))
def test_a_worker_killed_in_any_part_leaves_a_close_that_ends_the_same(fresh_tenant, monkeypatch, part):
    world()
    run = approved()
    expected = undisturbed(run)
    job = killed_in_the_close(monkeypatch, run, at=part)
    assert run_job(job.pk) == "done"
    assert SettlementRun.objects.get(pk=run.pk).state == "closed" and outcome(run) == expected
    assert sum(amount for _account, amount in outcome(run)[1]) == 0


def test_workers_that_share_the_close_leave_what_one_alone_leaves(in_threads):  # noqa: F811
    world()
    run = approved()
    expected, over = undisturbed(run), Event()
    job = start_close(run=run, by=BY, chunk=1)

    def leader():
        try:
            return run_job(job.pk)
        finally:
            over.set()

    def helper():
        while not over.is_set():
            help_with(job.pk, 0)

    assert in_threads(leader, helper, helper)[0] == "done"
    assert outcome(run) == expected


def test_a_part_that_is_done_again_writes_nothing(db):
    world()
    run = approved()
    job = start_close(run=run, by=BY, chunk=2)
    first = job.params["bounds"][0]
    assert issuing.close_some(run.pk, *first, by=BY) == 2
    before = outcome(run)
    assert issuing.close_some(run.pk, *first, by=BY) == 0
    assert outcome(run) == before


def test_while_a_month_is_being_closed_none_of_its_statements_is_out(fresh_tenant, monkeypatch, finance):
    world()
    run = approved()
    job = killed_in_the_close(monkeypatch, run)
    assert len(issued("2026-09")) == 2, "one part of two partners is committed"
    assert not Statement.objects.visible_to(finance).filter(run=run).exists()
    assert "closed by" in waiting_line(run).lower()
    run_job(job.pk)
    assert Statement.objects.visible_to(finance).filter(run=run).count() == PARTNERS


def test_while_a_month_is_being_closed_its_figures_stay_and_no_other_month_closes(fresh_tenant, monkeypatch):
    world()
    run = approved()
    killed_in_the_close(monkeypatch, run)
    with pytest.raises(NotInThisState):
        withdraw_approval(run=run, reason="too late", by=BY)
    for change in (
        lambda: Result.objects.for_everyone(because="a test").filter(run=run).update(earned=0),
        lambda: SettlementRun.objects.filter(pk=run.pk).update(state="approved"),
        lambda: SettlementRun.objects.filter(pk=run.pk).update(totals=[]),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    sell(PartnerFactory(tier="gold"), 10_000, "2026-10-05")
    with pytest.raises(AnotherCloses, match="S-2026-09 is being closed"):
        start_close(run=approved("2026-10"), by=BY)


def test_a_payment_amid_the_close_stands_on_the_next_statement_once(fresh_tenant, monkeypatch):
    world()
    run = approved()
    job = killed_in_the_close(monkeypatch, run)
    unpaid = issued("2026-08")[PARTNERS // 2 :]
    expected = [statement.closing for statement in unpaid]
    for statement in unpaid:  # some partners' parts are done, some are still to come
        pay_statement(statement=statement, by=BY)
    run_job(job.pk)
    later = {statement.partner_id: statement for statement in issued("2026-09")}
    assert [later[statement.partner_id].opening for statement in unpaid] == expected
    assert {later[statement.partner_id].paid for statement in unpaid} == {Decimal(0)}
    settle("2026-10")
    october = {statement.partner_id: statement for statement in issued("2026-10")}
    assert [october[statement.partner_id].paid for statement in unpaid] == expected


def test_what_the_statements_command_says_amid_a_close_is_what_the_close_will_say(fresh_tenant, monkeypatch):
    world()
    run = approved()
    job = killed_in_the_close(monkeypatch, run)
    amid = statement_rows(period=Period.parse("2026-09"), by=BY)
    run_job(job.pk)
    assert statement_rows(period=Period.parse("2026-09"), by=BY) == amid and len(amid) == 2 * PARTNERS


def test_nothing_is_paid_on_a_statement_that_is_not_out(fresh_tenant, monkeypatch):
    world()
    run = approved()
    killed_in_the_close(monkeypatch, run)
    with pytest.raises(NotInThisState):
        pay_statement(statement=issued("2026-09")[0], by=BY)


def test_a_close_that_was_stopped_is_gone_on_with(fresh_tenant, monkeypatch, finance):
    world()
    run = approved()
    expected = undisturbed(run)
    job = killed_in_the_close(monkeypatch, run)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    assert run_job(job.pk) == "cancelled"
    assert [verb.label for verb in run_verbs(run, finance)] == ["Go on closing"]
    assert close_run(run=run, by=finance).state == "closed"
    assert outcome(run) == expected
