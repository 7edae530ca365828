"""A verb of a settlement, pressed on a page that is older than what happened since, changes nothing and says who did
what meanwhile.
"""

from __future__ import annotations

import html
import re

import pytest
import time_machine

from prm.approvals.models import Flow
from prm.audit.models import AuditEntry
from rebates.errors import NotInThisState, ReasonMissing
from rebates.services import (
    approve_run,
    close_run,
    reject_run,
    release_run,
    submit_for_review,
    withdraw_approval,
)
from tests.factories.people import UserFactory, actor
from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db
ADDRESS = "/settlements/S-2026-09/"


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def computed(acme):
    apply(policy())
    sell(acme, 180_000)
    return settle("2026-09", close=False)


@pytest.fixture
def window(browse, finance):
    return browse(finance)


def offered(window, verb: str) -> str:
    """Where the page, as it is now, sends this verb."""
    page = html.unescape(window.get(ADDRESS).content.decode())
    return re.search(rf'"({ADDRESS}{verb}/\?seen=[^"]+)"', page)[1]


def press(window, address: str, **said: str) -> str:
    answer = window.post(address, said, follow=True)
    return html.unescape(answer.content.decode())


def state_of(run) -> tuple[str, str]:
    run.refresh_from_db()
    return run.state, run.approved_by_label


def test_handing_over_on_an_old_page_leaves_the_approval_and_says_who_approved(
    computed, window, finance, second
):
    old = offered(window, "review")
    approve_run(run=submit_for_review(run=computed, by=finance), by=second)
    said = press(window, old)
    assert "Settlement S-2026-09 is “Approved” by now" in said and "nothing was changed" in said
    assert re.search(
        r"Meanwhile: He Min, [^;]*: Handed over for approval[^;]*; Zhao Min, [^;]*: Approved", said
    )
    assert "Handed over for approval." not in said
    assert state_of(computed) == ("approved", "Zhao Min")
    assert not AuditEntry.objects.of(computed).filter(verb="approval withdrawn").exists()


def test_only_a_computed_run_is_handed_over(computed, finance, second):
    run = approve_run(run=submit_for_review(run=computed, by=finance), by=second)
    with pytest.raises(NotInThisState):
        submit_for_review(run=run, by=finance)
    assert state_of(run) == ("approved", "Zhao Min")


@pytest.mark.parametrize("verb", ["recompute", "discard"])
def test_what_was_handed_over_since_is_neither_thrown_away_nor_computed_again(
    computed, window, finance, verb
):
    old = offered(window, verb)
    submit_for_review(run=computed, by=finance)
    assert "“In review” by now" in press(window, old)
    assert state_of(computed)[0] == "in_review"


def test_computing_again_in_review_does_not_end_the_approval_given_since(
    acme, computed, window, finance, second
):
    run = submit_for_review(run=computed, by=finance)
    old = offered(window, "recompute")
    approve_run(run=run, by=second)
    sell(acme, 1_000)  # which an approved run may be computed again for, from its own page
    assert "Zhao Min" in press(window, old)
    assert state_of(computed) == ("approved", "Zhao Min")


def test_figures_computed_anew_are_not_approved_on_the_page_of_the_old_ones(
    acme, computed, browse, finance, second
):
    window = browse(second)
    with time_machine.travel("2026-10-05 04:00:00+00:00", tick=True):
        run = submit_for_review(run=computed, by=finance)
        old = offered(window, "approve")
        run = reject_run(run=run, reason="A line is missing", by=second)
        sell(acme, 90_000)
        run = submit_for_review(run=settle("2026-09", close=False), by=finance)
        assert "“In review” by now" in press(window, old)
        assert state_of(run)[0] == "in_review"
        press(window, offered(window, "approve"))
    assert state_of(run) == ("approved", "Zhao Min")


def test_closing_and_rejecting_on_an_old_page_are_refused_too(computed, window, browse, finance, second):
    other = browse(second)
    run = submit_for_review(run=computed, by=finance)
    no = offered(other, "reject")
    run = approve_run(run=run, by=second)
    assert "“Approved” by now" in press(other, no, reason="Too late")
    confirm = offered(window, "confirm-close")
    close = html.unescape(
        re.search(rf'"({ADDRESS}close/\?seen=[^"]+)"', window.get(confirm).content.decode())[1]
    )
    withdraw_approval(run=run, reason="a return is missing", by=second)
    assert "“In review” by now" in html.unescape(window.get(confirm, follow=True).content.decode())
    assert "Zhao Min" in press(window, close)
    assert state_of(run)[0] == "in_review"


def test_releasing_on_an_old_page_is_refused_when_all_is_paid(computed, window, finance, second):
    Flow.objects.get(subject="settlement").versions.update(state="retired")
    run = close_run(run=approve_run(run=submit_for_review(run=computed, by=finance), by=second), by=finance)
    page = html.unescape(window.get(offered(window, "confirm-release")).content.decode())
    old = re.search(rf'"({ADDRESS}release/\?seen=[^"]+)"', page)[1]
    release_run(run=run, by=finance)
    assert "“Paid” by now" in press(window, old, paid_on="2026-11-12")


def test_an_approval_is_withdrawn_with_a_reason_only_and_only_where_there_is_one(
    computed, window, finance, second
):
    run = submit_for_review(run=computed, by=finance)
    with pytest.raises(NotInThisState):
        withdraw_approval(run=run, reason="There is none", by=second)
    run = approve_run(run=run, by=second)
    with pytest.raises(ReasonMissing):
        withdraw_approval(run=run, reason=" ", by=second)
    verb = offered(window, "withdraw")
    assert window.post(verb, {"reason": ""}).status_code == 422
    assert state_of(run)[0] == "approved"
    assert "The approval was withdrawn." in press(window, verb, reason="A return is missing")
    assert AuditEntry.objects.of(run).filter(verb="approval withdrawn", reason="A return is missing").exists()
    assert state_of(run) == ("in_review", "")


def test_a_month_that_is_under_way_does_not_begin_anew_from_an_old_list(computed, window, finance, second):
    approve = approve_run(run=submit_for_review(run=computed, by=finance), by=second)
    said = press(window, "/settlements/start/", period="2026-09")
    assert "“Approved” by now" in said and "Zhao Min" in said
    approve = withdraw_approval(run=approve, reason="A return is missing", by=second)
    assert "“In review” by now" in press(window, "/settlements/start/", period="2026-09")
    assert state_of(approve)[0] == "in_review"


def test_a_command_has_no_page_and_computes_a_run_in_review_again(computed, finance):
    submit_for_review(run=computed, by=finance)
    assert settle("2026-09", close=False).state == "computed"
