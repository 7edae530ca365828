"""What a settlement finds is answered with a reason before it is handed over, or handed over with one for the rest."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import translation

from prm.accounts.models import User
from prm.audit.models import AuditEntry
from prm.audit.plain import in_words
from prm.ui import said
from rebates import looks
from rebates.approvals import facts_of_run
from rebates.errors_of_reviews import (
    AnswerMissing,
    FindingGone,
    FindingsChanged,
    FindingsUnanswered,
    TooLateToAnswer,
)
from rebates.models import FindingAnswer
from rebates.services import answer_finding, approve_run, close_run, submit_for_review
from tests.factories.partners import PartnerFactory
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, catalogue, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def run(acme):
    """ACME's September is far from its past: the only finding of the run."""
    apply(policy())
    for month in ("2026-05", "2026-06", "2026-07", "2026-08"):
        sell(acme, 100_000, f"{month}-10")
        settle(month)
    sell(acme, 200_000, "2026-09-10")
    return settle("2026-09", close=False)


def the_finding(run) -> looks.Asked:
    (found,) = looks.found_in(run).asked
    return found


def test_a_run_with_an_unanswered_outlier_is_not_handed_over(run, finance, second):
    with pytest.raises(FindingsUnanswered):
        submit_for_review(run=run, by=finance)
    with pytest.raises(FindingsUnanswered):
        approve_run(run=run, by=second)  # which hands it over on the way
    run.refresh_from_db()
    assert run.state == "computed" and not FindingAnswer.objects.visible_to(BY).exists()


def test_the_command_approves_it_with_a_reason_for_what_is_unanswered(run, second, settings):
    settings.DEMO = True
    words = ["settle", "alpha", "2026-09", "--approve-as", User.objects.get(pk=second.user_id).email]
    with pytest.raises(CommandError, match="unanswered"):
        call_command(*words, stdout=io.StringIO())
    call_command(*words, "--waive", "A large project", stdout=io.StringIO())
    run.refresh_from_db()
    assert run.state == "approved"
    assert FindingAnswer.objects.visible_to(BY).get().reason == "A large project"


def test_answered_with_a_reason_it_is_handed_over_and_the_audit_knows_who_and_why(run, finance):
    found = the_finding(run)
    with pytest.raises(AnswerMissing):
        answer_finding(run=run, mark=found.mark, reason="  ", by=finance)
    answer = answer_finding(run=run, mark=found.mark, reason="A large project in September", by=finance)
    assert (answer.reason, answer.who) == ("A large project in September", finance.label)
    assert submit_for_review(run=run, by=finance).state == "in_review"
    entry = AuditEntry.objects.of(run).get(verb="finding answered")
    assert entry.reason == "A large project in September"
    assert said.shown(entry.changes["finding"][1]).startswith("ACME Networks, Core: ¥5,000.00, usual")
    with translation.override("zh-hans"):
        assert "通常" in in_words(str, said.shown(entry.changes["finding"][1]))


def test_the_rest_is_waived_at_the_hand_over_with_one_reason(run, finance):
    left = looks.found_in(run).unanswered
    with pytest.raises(FindingsChanged):
        submit_for_review(run=run, reason="Known", shown="another page", by=finance)
    submit_for_review(run=run, reason="Known", shown=looks.digest(left), by=finance)
    answer = FindingAnswer.objects.visible_to(finance).get()
    assert (answer.waived, answer.reason, answer.kind) == (True, "Known", "outlier_own")
    read = {str(fact.label): fact.value for fact in facts_of_run(run, finance)}
    assert read["Findings left unanswered"] == "1"
    assert AuditEntry.objects.of(run).get(verb="findings waived").changes == {"findings": [None, 1]}


def test_an_answer_belongs_to_the_figure_it_was_given_to(run, finance, acme):
    answer_finding(run=run, mark=the_finding(run).mark, reason="A large project", by=finance)
    again = settle("2026-09", close=False)
    assert [one.reason for one in the_finding(again).answers] == ["A large project"]
    sell(acme, 10_000, "2026-09-12")
    other = settle("2026-09", close=False)
    assert the_finding(other).answers == ()
    with pytest.raises(FindingsUnanswered):
        submit_for_review(run=other, by=finance)


def test_figures_that_are_gone_take_no_answer(run, finance, acme):
    old = the_finding(run).mark
    sell(acme, 10_000, "2026-09-12")
    with pytest.raises(FindingGone):
        answer_finding(run=settle("2026-09", close=False), mark=old, reason="Known", by=finance)


def test_a_closed_run_takes_no_answer(run, finance):
    mark = the_finding(run).mark
    run = submit_for_review(run=run, reason="Known", by=finance)
    run = close_run(run=approve_run(run=run, by=BY), by=BY)
    with pytest.raises(TooLateToAnswer):
        answer_finding(run=run, mark=mark, reason="Afterwards", by=finance)


def test_answers_stay_as_they_were_given(run, finance):
    answer = answer_finding(run=run, mark=the_finding(run).mark, reason="A large project", by=finance)
    with pytest.raises(DatabaseError), transaction.atomic():
        FindingAnswer.objects.filter(pk=answer.pk).update(reason="Something else")
    with pytest.raises(DatabaseError), transaction.atomic():
        answer.delete()


def test_missing_data_and_a_budget_that_is_used_up_ask_too(acme, rival):
    catalogue("routing", "storage")
    lines = {"product_lines": ["routing"]}
    apply(policy(qualify=lines, pay=lines, budget={"amount": 1_000}))
    sell(PartnerFactory(name="No Tier Ltd", tier=None), 60_000)
    sell(rival, 7_000, line="storage")
    sell(acme, -500)
    asked = {one.kind: one.words for one in looks.found_in(settle("2026-09", close=False)).asked}
    assert asked.pop("uncounted").endswith(": 1 line over ¥7,000.00 that no programme counts")
    assert asked == {
        "without_tier": "1 partner has figures and no tier",
        "without_figure": "1 partner bought and has no figure",
        "nameless_returns": "1 return names no line that it reverses",
        "budget": "Core: ¥1,190.00 of a budget of ¥1,000.00",
    }


def test_pressing_hand_over_leads_to_the_findings_first(run, finance, browse):
    page = browse(finance)
    answer = page.post(f"{run.get_absolute_url()}review/")
    assert answer.status_code == 302 and "/hand-over/" in answer["Location"]
    shown = page.get(answer["Location"]).content.decode()
    assert "ACME Networks, Core: ¥5,000.00, usual would be ¥2,000.00" in shown
    assert page.post(answer["Location"], {"reason": "", "shown": ""}).status_code == 422
    left = looks.digest(looks.found_in(run).unanswered)
    page.post(answer["Location"], {"reason": "A project", "shown": left})
    run.refresh_from_db()
    assert run.state == "in_review"
    assert "A project" in page.get(run.get_absolute_url()).content.decode()


def test_the_page_of_findings_takes_an_answer(run, finance, browse):
    page = browse(finance)
    look = f"{run.get_absolute_url()}look/"
    mark = the_finding(run).mark
    assert f"{look}{mark}/" in page.get(look).content.decode()
    page.post(f"{look}{mark}/", {"reason": "Sold to the university"})
    assert "Sold to the university" in page.get(look).content.decode()
    assert len(the_finding(run).answers) == 1
    assert page.get(f"{look}{'0' * 64}/").status_code == 302
