"""Publishing a programme is decided by a second person, never by its author and never by a link."""

from __future__ import annotations

import pytest

from prm.approvals.errors import NotYourTurn
from prm.approvals.models import ApprovalRun, Flow
from prm.audit.models import AuditEntry
from prm.notices import work
from prm.notices.models import Notice
from prm.outbox.models import OutboxEvent
from prm.outbox.services import deliver_open_events
from rebates.approvals import facts_of_version
from rebates.errors import (
    PeriodNotWhole,
    PublicationNeedsApproval,
    ReasonMissing,
    VersionInReview,
    VersionNotInReview,
)
from rebates.models import Version
from rebates.policy import read_document
from rebates.services import (
    apply_programmes,
    approve_publication,
    delete_draft,
    publish_version,
    reject_publication,
    save_draft,
    withdraw_publication,
)
from tests.approvals.flows import task_of, waits_for
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


def text(**entries):
    (found,) = read_document({"schema": 1, "programmes": [policy(**entries)]})
    return found


@pytest.fixture
def draft(finance, second):
    return save_draft(text=text(), by=finance)


@pytest.fixture
def in_review(draft, finance):
    return publish_version(version=draft, by=finance)


def verbs_of(version) -> list[str]:
    return [entry.verb for entry in AuditEntry.objects.of(version).order_by("pk")]


def test_a_second_person_approves_and_only_then_it_is_in_force(in_review, second, finance):
    assert (in_review.state, waits_for(in_review)) == ("in_review", {"Zhao Min"})
    assert not Version.objects.published().exists()
    assert [row.link for row in work.waiting_for(second)] == [
        f"/inbox/decisions/{task_of(in_review, second).pk}/"
    ]
    assert work.waiting_for(finance) == []
    version = approve_publication(version=in_review, by=second)
    assert version.state == "published" and version.published_at
    deliver_open_events()
    assert Notice.objects.filter(user_id=finance.user_id, kind="approvals.approved").count() == 1


def test_the_author_does_not_approve_even_when_somebody_else_asked(draft, finance, second, administrator):
    version = publish_version(version=draft, by=second)
    assert waits_for(version) == {"Ada Admin"}
    for own in (finance, second):
        with pytest.raises(NotYourTurn):
            approve_publication(version=version, by=own)


def test_a_no_returns_it_to_draft_with_the_reason(in_review, finance, second):
    with pytest.raises(ReasonMissing):
        reject_publication(version=in_review, reason="", by=second)
    version = reject_publication(version=in_review, reason="The second band is too high", by=second)
    assert version.state == "draft"
    deliver_open_events()
    told = Notice.objects.get(user_id=finance.user_id, kind="approvals.rejected")
    assert told.values["reason"] == "The second band is too high"
    assert publish_version(version=version, by=finance).state == "in_review"


def test_a_rejected_draft_that_is_deleted_leaves_nothing_that_breaks(in_review, finance, second, browse):
    task = task_of(in_review, second)
    delete_draft(version=reject_publication(version=in_review, reason="No", by=second), by=finance)
    deliver_open_events()
    assert not OutboxEvent.objects.filter(delivered_at=None).exists()
    assert browse(second).get(f"/inbox/decisions/{task.pk}/").status_code == 404


def test_withdrawn_it_is_a_draft_again_and_nobody_is_asked(in_review, finance):
    version = withdraw_publication(version=in_review, by=finance)
    assert (version.state, waits_for(version)) == ("draft", set())
    with pytest.raises(VersionNotInReview):
        withdraw_publication(version=version, by=finance)


def test_while_it_waits_nobody_changes_deletes_or_writes_the_next_version(in_review, finance):
    for change in (
        lambda: save_draft(text=text(name="Better"), version=in_review, by=finance),
        lambda: save_draft(text=text(from_="2026-10-01"), by=finance),
        lambda: delete_draft(version=in_review, by=finance),
        lambda: publish_version(version=in_review, by=finance),
    ):
        with pytest.raises(VersionInReview):
            change()


def test_what_cannot_be_published_is_refused_before_anybody_is_asked(finance):
    apply(policy(period="quarter"))
    with pytest.raises(PeriodNotWhole):
        publish_version(
            version=save_draft(text=text(period="month", from_="2026-11-01"), by=finance), by=finance
        )
    assert not ApprovalRun.objects.for_everyone(because="a test").filter(subject="programme").exists()


def test_the_operators_command_stands_for_the_approval_and_is_recorded_so(acme):
    (version,) = apply(policy())
    assert version.state == "published"
    assert "published_by_command" in verbs_of(version)


def test_a_person_in_the_portal_cannot_go_round_the_flow_by_a_text(administrator):
    apply(policy())
    assert apply_programmes(texts=[text()], by=administrator)[0][1] == "unchanged"
    for changed in (text(from_="2026-10-01"), text(kind="retroactive"), text(code="other")):
        with pytest.raises(PublicationNeedsApproval):
            apply_programmes(texts=[changed], by=administrator)


def test_without_a_flow_it_is_published_at_once(draft, finance):
    Flow.objects.get(subject="programme").versions.update(state="retired")
    assert publish_version(version=draft, by=finance).state == "published"
    assert verbs_of(draft)[-1] == "published"


def test_the_page_says_for_whom_it_waits_and_offers_each_reader_their_verbs(draft, finance, second, browse):
    author, other = browse(finance), browse(second)
    assert "Ask for publication" in author.get("/programmes/core/").content.decode()
    author.post("/programmes/core/publish/")
    page = author.get("/programmes/core/").content.decode()
    assert "Waiting for <b>Zhao Min</b>" in page and "/programmes/core/withdraw/" in page
    assert "/programmes/core/approve/" not in page and "/programmes/core/amend/" not in page
    assert author.get("/programmes/core/amend/").status_code == 302
    page = other.get("/programmes/core/").content.decode()
    assert "/programmes/core/approve/" in page and "/programmes/core/reject/" in page
    other.post("/programmes/core/reject/", {"reason": "Too high"})
    draft.refresh_from_db()
    assert draft.state == "draft" and "Too high" in author.get("/programmes/core/").content.decode()
    author.post("/programmes/core/publish/")
    author.post("/programmes/core/withdraw/")
    author.post("/programmes/core/publish/")
    other.post("/programmes/core/approve/")
    draft.refresh_from_db()
    assert draft.state == "published"


def test_where_nobody_else_may_approve_the_page_says_what_is_needed(finance, browse):
    version = publish_version(version=save_draft(text=text(), by=finance), by=finance)
    assert waits_for(version) == set()
    page = browse(finance).get("/programmes/core/").content.decode()
    assert "It needs a second person with the role finance or administrator" in page
    assert BY.is_system


def test_who_approves_reads_its_last_day_and_its_own_words(finance):
    (version,) = apply(policy(until="2026-09-30", text="As agreed in May.", text_zh="五月商定。"))
    facts = {str(fact.label): str(fact.value) for fact in facts_of_version(version, finance)}
    assert facts["In force until"] == "30 Sep 2026"
    assert (facts["Further words of the agreement"], facts["Further words in Chinese"]) == (
        "As agreed in May.", "五月商定。",
    )  # fmt: skip
