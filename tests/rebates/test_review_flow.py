"""A settlement's approval as a flow: whose turn it is, what no flow drops, and what waits for its close."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from prm.approvals import services as approvals
from prm.approvals.errors import NotYourTurn
from prm.approvals.models import Flow
from prm.audit.models import AuditEntry
from prm.notices import work
from prm.notices.models import Letter, Notice
from prm.outbox.services import deliver_open_events
from rebates.errors import AuthorMayNotApprove, NotInThisState, ReasonMissing, SecondPersonNeeded
from rebates.models import SettlementRun, Version
from rebates.pages import waiting_line
from rebates.services import (
    approve_run,
    close_run,
    discard_run,
    reject_run,
    start_release,
    submit_for_review,
    withdraw_approval,
)
from tests.approvals.flows import ADMINS, approver, people, publish, run_of, task_of, waits_for
from tests.factories.people import UserFactory, actor
from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min", email="zhao@example.com"))


@pytest.fixture
def computed(acme):
    apply(policy())
    sell(acme, 180_000)
    return settle("2026-09", close=False)


@pytest.fixture
def in_review(computed, finance, second):
    return submit_for_review(run=computed, by=finance)


def inbox(who) -> list[str]:
    return [row.subtitle for row in work.waiting_for(who)] + [row.title for row in work.waiting_for(who)]


def no_flow() -> None:
    Flow.objects.get(subject="settlement").versions.update(state="retired")


def test_a_run_in_review_waits_in_the_inbox_of_the_second_person(in_review, finance, second):
    assert waits_for(in_review) == {"Zhao Min"}
    assert "S-2026-09" in inbox(second)
    assert "S-2026-09" not in inbox(finance)
    assert waiting_line(in_review) == "Waiting for approval by Zhao Min"
    approvals.approve(task=task_of(in_review, second), by=second)
    in_review.refresh_from_db()
    assert (in_review.state, in_review.approved_by_id) == ("approved", second.user_id)


def test_who_handed_it_over_does_not_approve_it(in_review, finance):
    with pytest.raises(NotYourTurn, match="Zhao Min"):
        approve_run(run=in_review, by=finance)
    in_review.refresh_from_db()
    assert in_review.state == "in_review"


def test_who_computed_it_does_not_approve_it_without_handing_over(acme, finance, second):
    from rebates.services.computing import compute_run
    from tests.rebates.test_run import SEPTEMBER

    apply(policy())
    sell(acme, 1000)
    run = compute_run(period=SEPTEMBER, by=finance)
    with pytest.raises(NotYourTurn):
        approve_run(run=run, by=finance)
    run.refresh_from_db()
    assert run.state == "computed"
    assert approve_run(run=run, by=second).state == "approved"


def test_an_approved_run_is_work_of_those_who_close_until_it_is_closed(in_review, finance, second, manager):
    run = approve_run(run=in_review, by=second)
    for who in (finance, second):
        (row,) = [row for row in work.waiting_for(who) if row.subtitle == "S-2026-09"]
        assert (row.link, row.since) == ("/settlements/S-2026-09/", run.state_since)
        assert work.count_for(who) == 1
    assert "S-2026-09" not in inbox(manager)
    close_run(run=run, by=finance)
    assert work.count_for(finance) == 0


def test_a_no_sends_it_back_with_the_reason_and_it_is_handed_over_anew(in_review, finance, second):
    with pytest.raises(ReasonMissing):
        reject_run(run=in_review, reason=" ", by=second)
    run = reject_run(run=in_review, reason="The returns of ACME are missing", by=second)
    assert run.state == "computed"
    assert (
        AuditEntry.objects.of(run).filter(verb="rejected", reason="The returns of ACME are missing").exists()
    )
    deliver_open_events()
    notice = Notice.objects.get(user_id=finance.user_id, kind="approvals.rejected")
    assert notice.values["reason"] == "The returns of ACME are missing"
    assert submit_for_review(run=run, by=finance).state == "in_review"
    assert waits_for(run) == {"Zhao Min"}


def test_computing_again_or_throwing_away_takes_the_task_from_the_inbox(in_review, finance, second):
    settle("2026-09", close=False)
    assert waits_for(in_review) == set() and run_of(in_review).state == "cancelled"
    run = submit_for_review(run=SettlementRun.objects.get(), by=finance)
    assert waits_for(run) == {"Zhao Min"}
    discard_run(run=run, by=finance)
    assert waits_for(run) == set() and "S-2026-09" not in inbox(second)


def test_an_author_beyond_the_stated_sum_is_not_asked_and_cannot_approve(computed, finance, second, settings):
    settings.REBATE_AUTHOR_LIMIT = 1000
    Version.objects.update(author_id=second.user_id)
    third = actor(UserFactory(administrator=True, name="Ada Admin"))
    run = submit_for_review(run=computed, by=finance)
    assert waits_for(run) == {"Ada Admin"}
    with pytest.raises(AuthorMayNotApprove):
        approve_run(run=run, by=second)
    assert approve_run(run=run, by=third).state == "approved"


def test_everybody_who_approved_at_a_step_is_kept_from_the_payments(computed, finance, second, administrator):
    publish(
        approver("first", people(UserFactory._meta.model.objects.get(pk=second.user_id))),
        approver("last", ADMINS), subject="settlement",
    )  # fmt: skip
    run = submit_for_review(run=computed, by=finance)
    assert approve_run(run=run, by=second).state == "in_review"
    run = close_run(run=approve_run(run=run, by=administrator), by=finance)
    for approved in (second, administrator):
        with pytest.raises(SecondPersonNeeded):
            start_release(run=run, by=approved)
    start_release(run=run, by=finance)


def test_a_withdrawn_approval_begins_the_flow_anew(in_review, second):
    run = withdraw_approval(run=approve_run(run=in_review, by=second), reason="a line is missing", by=second)
    assert (run.state, waits_for(run)) == ("in_review", {"Zhao Min"})


def test_without_a_flow_whoever_may_approves_at_once_and_finds_it_in_the_inbox(computed, finance, second):
    no_flow()
    run = submit_for_review(run=computed, by=finance)
    assert "S-2026-09" in inbox(second) and "S-2026-09" in inbox(finance)
    assert approve_run(run=run, by=finance).state == "approved"
    assert not reject_is_possible(run, second)


def reject_is_possible(run, by) -> bool:
    try:
        reject_run(run=run, reason="too late", by=by)
    except NotInThisState:
        return False
    return True


def test_no_letter_carries_a_link_that_decides(in_review, second):
    deliver_open_events()
    letters = [letter.text for letter in Letter.objects.filter(to="zhao@example.com")]
    assert letters and not any("/decide/" in text for text in letters)


def test_the_page_shows_each_reader_what_is_theirs(in_review, finance, second, browse):
    page = browse(finance).get("/settlements/S-2026-09/").content.decode()
    assert "Waiting for approval by Zhao Min" in page and "/settlements/S-2026-09/approve/" not in page
    client = browse(second)
    page = client.get("/settlements/S-2026-09/").content.decode()
    assert "/settlements/S-2026-09/approve/" in page and "/settlements/S-2026-09/reject/" in page
    assert client.post("/settlements/S-2026-09/reject/", {"reason": ""}).status_code == 422
    client.post("/settlements/S-2026-09/reject/", {"reason": "Wrong month"})
    in_review.refresh_from_db()
    assert in_review.state == "computed"
    submit_for_review(run=in_review, by=finance)
    client.post("/settlements/S-2026-09/approve/")
    page = client.get("/settlements/S-2026-09/").content.decode()
    assert "waiting to be closed" in page


def test_the_dashboard_says_what_a_run_waits_for_and_never_that_its_month_can_be_settled(
    in_review, second, browse
):
    page = browse(second).get("/").content.decode()
    assert "Waiting for approval by Zhao Min" in page
    assert "Sep 2026 can be settled" not in page and "September 2026 can be settled" not in page
    approve_run(run=in_review, by=second)
    page = browse(second).get("/").content.decode()
    assert "Approved by Zhao Min; waiting to be closed by " in page and "Zhao Min" in page
    page = browse(second).get("/settlements/").content.decode()
    assert 'value="2026-09"' not in page and "Every month that has ended is closed." not in page


def test_the_command_leaves_a_run_in_review_alone_and_says_whose_turn_it_is(in_review, settings):
    settings.DEMO = True
    with pytest.raises(CommandError) as refusal:
        call_command("settle", "alpha", "2026-09", "--close", stdout=io.StringIO())
    assert refusal.value.returncode == 3 and "zhao@example.com" in str(refusal.value)
    in_review.refresh_from_db()
    assert in_review.state == "in_review"
    words = ("settle", "alpha", "2026-09", "--approve-as", "zhao@example.com", "--close")
    call_command(*words, stdout=io.StringIO())
    in_review.refresh_from_db()
    assert in_review.state == "closed"
