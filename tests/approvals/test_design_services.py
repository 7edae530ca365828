"""Drafts, dry runs, publishing, old versions and moving cases, through the services and pages."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from partners.services.people import grant_access
from prm.approvals import compare, drafts, services
from prm.approvals.design_errors import (
    DraftChanged,
    DryRunMissing,
    NoDraft,
    NotADocument,
    NothingNew,
    OtherSubject,
    Unsound,
)
from prm.approvals.models import ApprovalRun, DryRun, FlowVersion, Task
from prm.approvals.services import approve as approve_task
from prm.approvals.services import design
from prm.approvals.subjects import subject_of
from prm.approvals.world import world_for
from prm.audit.models import AuditEntry
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.approvals.unsound import ask, decide, fork, otherwise, people, until, value, when
from tests.factories.dealreg import in_review
from tests.factories.people import UserFactory, actor


def flow(*steps: Any, **changes: Any) -> dict[str, Any]:
    return {"schema": 1, "subject": "deal", "name": "Standard", "steps": list(steps)} | changes


@pytest.fixture
def deal() -> Any:
    return subject_of("deal")


@pytest.fixture
def director(db: None) -> Any:
    return UserFactory(
        role="channel_manager", name="Chen Rui", email="director@vendor.example", all_partners=True
    )


@pytest.fixture
def in_force(db: None, manager: Actor) -> FlowVersion:
    """Every deal is decided by the partner's channel manager: what the starter kit began with, without a deadline."""
    version = drafts.standing(subject_of("deal")).published
    assert version is not None
    version.document = flow(ask(who={"kind": "partner_manager"}))
    version.save(update_fields=["document"])
    return version


def with_director(**more: Any) -> dict[str, Any]:
    """The change that the administrator wants: above 500,000 the director too, within two days."""
    deadline = until("escalate", {"kind": "role", "role": "administrator"}, **more)
    director = ask("a2", people("director@vendor.example"), deadline=deadline)
    return flow(
        ask(who={"kind": "partner_manager"}),
        fork(when("b1x", value("more_than", "500000"), director), otherwise("b1y")),
    )


def save(subject: Any, data: Any, by: Actor, **more: Any) -> FlowVersion:
    return design.save_draft(
        subject=subject, data=data, revision=drafts.standing(subject).revision, by=by, **more
    )


# ---- drafts ----


def test_the_first_change_begins_a_draft_and_leaves_what_is_in_force(deal, in_force, administrator):
    draft = save(deal, with_director(), administrator)
    in_force.refresh_from_db()
    assert (draft.number, draft.state, in_force.state) == (2, "draft", "published")
    assert drafts.standing(deal).document == with_director()
    assert save(deal, with_director(), administrator) == draft


def test_two_administrators_the_second_is_told_and_nothing_is_lost(deal, in_force, administrator):
    before = drafts.standing(deal).revision
    save(deal, with_director(), administrator)
    mine = flow(ask(who={"kind": "role", "role": "finance"}))
    with pytest.raises(DraftChanged) as told:
        design.save_draft(subject=deal, data=mine, revision=before, by=administrator)
    assert "Ada Admin" in told.value.text
    assert drafts.standing(deal).document == with_director()
    design.save_draft(subject=deal, data=mine, revision=before, over=True, by=administrator)
    assert drafts.standing(deal).document == mine
    kept = AuditEntry.objects.get(verb="flow_draft_replaced")
    assert "director@vendor.example" in kept.changes["document"][0]


def test_a_draft_may_be_unfinished_but_must_be_a_document(deal, in_force, administrator):
    assert save(deal, {"subject": "deal", "steps": [{"id": "a1"}]}, administrator).state == "draft"
    with pytest.raises(NotADocument):
        save(deal, ["steps"], administrator)
    with pytest.raises(NotADocument):
        save(deal, {"steps": ["x" * 500_001]}, administrator)


def test_a_draft_that_was_thrown_away_is_in_the_audit(deal, in_force, administrator):
    save(deal, with_director(), administrator)
    design.discard_draft(subject=deal, by=administrator)
    assert drafts.standing(deal).draft is None
    assert "a2" in AuditEntry.objects.get(verb="discarded").changes["document"][0]


def test_the_trail_calls_a_version_as_its_reader_does(deal, in_force, administrator):
    save(deal, with_director(), administrator)
    entry = AuditEntry.objects.filter(object_type="approvals.flowversion").latest("id")
    assert entry.object_named == "Deal registration, version 2"
    with translation.override("zh-hans"):
        assert entry.object_named == "商机报备，第 2 版"


def test_nobody_else_touches_flows(deal, in_force, manager, acme):
    for somebody in (manager, acme.admin):
        for verb, more in (
            (design.save_draft, {"data": flow(ask()), "revision": ""}),
            (design.discard_draft, {}),
            (design.dry_run, {}),
            (design.publish, {"revision": ""}),
            (design.import_text, {"text": "x"}),
            (design.restore_version, {"version": in_force}),
            (design.move_cases, {"version": in_force, "cases": [1]}),
        ):
            with pytest.raises(NotAllowed):
                verb(subject=deal, by=somebody, **more)


# ---- the dry run ----


@pytest.fixture
def cases(in_force, acme, manager) -> list[Any]:
    """Four deals in review, of 100,000 to 900,000."""
    return [
        in_review(acme, customer_name=f"Customer {n} GmbH", estimated_value=Decimal(amount))
        for n, amount in enumerate((100_000, 300_000, 600_000, 900_000))
    ]


def test_the_dry_run_says_how_many_cases_differ_and_to_whom(deal, cases, director, administrator):
    save(deal, with_director(), administrator)
    outcome = design.dry_run(subject=deal, by=administrator).outcome
    assert (outcome["cases"], outcome["same"], outcome["different"]) == (4, 2, 2)
    (group,) = outcome["groups"]
    assert group["kind"] == "also"
    assert group["added"] == [{"kind": "people", "users": ["director@vendor.example"]}]
    assert outcome["taken"] == {"b1x": 2, "b1y": 2}
    assert sorted(case["title"] for case in group["cases"]) == ["Customer 2 GmbH", "Customer 3 GmbH"]


def test_the_dry_run_says_whom_the_flow_asks_in_vain(deal, cases, rival, administrator, browse):
    """Chen Rui looks after another partner than the one whose deals these are."""
    chen = UserFactory(role="channel_manager", name="Chen Rui", email="chen@vendor.example")
    grant_access(partner=rival.row, user=chen, by=administrator)
    save(deal, flow(ask("a1", people(chen.email), name="Director")), administrator)
    page = browse(administrator).post("/settings/flows/deal/dry-run/").content.decode()
    assert "“Director”: Chen Rui may not decide about 4 of these cases, and is not asked there." in page
    assert "“Director” finds nobody who may decide 4 cases: the administrators are asked instead." in page
    assert "go to Administrator, not to" in page and "go to Chen Rui" not in page
    assert "Chen Rui may not decide" in browse(administrator).get("/settings/flows/deal/").content.decode()


def test_the_dry_run_writes_nothing_but_its_own_outcome(deal, cases, director, administrator):
    save(deal, with_director(), administrator)
    before = (AuditEntry.objects.count(), list(ApprovalRun.objects.for_everyone(because="a test").values()))
    design.dry_run(subject=deal, by=administrator)
    after = (AuditEntry.objects.count(), list(ApprovalRun.objects.for_everyone(because="a test").values()))
    assert before == after
    assert DryRun.objects.count() == 1


def test_at_most_three_groups_however_many_ways_differ(deal, cases, director, administrator):
    amounts = ("800000", "500000", "200000")
    ways = [
        when(f"w{n}", value("more_than", amount), ask(f"x{n}", people(director.email), mode=mode))
        for n, (amount, mode) in enumerate(zip(amounts, ("one", "all", "one"), strict=True))
    ]
    ways[1]["steps"] = [decide("d1", {})]
    ways[2]["steps"] = [decide("d2", {}, "reject")]
    save(
        deal,
        flow(fork(*ways, otherwise("w9", ask("x9", {"kind": "role", "role": "administrator"})))),
        administrator,
    )
    outcome = design.dry_run(subject=deal, by=administrator).outcome
    assert outcome["different"] == 4 and len(outcome["groups"]) == 3
    assert sum(group["count"] for group in outcome["groups"]) == 4
    assert outcome["groups"][-1]["kind"] == "rest"


def took(case, hours: int) -> None:
    """The case was decided so many working hours after it was handed in."""
    run = ApprovalRun.objects.for_everyone(because="a test").get(object_id=case.pk)
    task = Task.objects.filter(run=run, state="open").first()
    monday = task.since.replace(year=2026, month=11, day=23, hour=1, minute=0, second=0, microsecond=0)
    ended = monday + timedelta(hours=hours)
    Task.objects.filter(pk=task.pk).update(state="done", since=monday, closed_at=ended)
    ApprovalRun.objects.for_everyone(because="a test").filter(pk=run.pk).update(
        state="approved", started_at=monday, ended_at=ended
    )


def test_medians_come_from_how_long_people_took(deal, cases, director, administrator):
    for hours, case in zip((2, 4, 6), cases[:3], strict=True):
        took(case, hours)
    save(deal, with_director(), administrator)
    outcome = design.dry_run(subject=deal, by=administrator).outcome
    assert Decimal(outcome["before"]) > 0
    assert Decimal(outcome["after"]) > Decimal(outcome["before"])


def test_a_further_step_never_makes_slow_cases_faster(deal, cases, director, administrator):
    """The small cases were quick, so people usually are; the large ones, to which a step is added, were not."""
    for hours, case in zip((1, 1, 1, 8), cases, strict=True):
        took(case, hours)
    save(deal, with_director(), administrator)
    (group,) = design.dry_run(subject=deal, by=administrator).outcome["groups"]
    assert (group["count"], group["before"], group["after"]) == (2, "4.0", "5.0")


def test_without_any_case_the_dry_run_says_so(deal, in_force, director, administrator):
    save(deal, with_director(), administrator)
    assert design.dry_run(subject=deal, by=administrator).outcome["cases"] == 0


# ---- publishing ----


def test_only_a_sound_flow_with_a_dry_run_of_this_very_text_is_published(
    deal, cases, director, administrator
):
    with pytest.raises(NoDraft):
        design.publish(subject=deal, revision="", by=administrator)
    save(deal, flow(ask(who={"kind": "submitter"})), administrator)
    with pytest.raises(Unsound) as refused:
        design.publish(subject=deal, revision=drafts.standing(deal).revision, by=administrator)
    assert "Approver: Submitter" in refused.value.text
    save(deal, with_director(), administrator)
    with pytest.raises(DryRunMissing):
        design.publish(subject=deal, revision=drafts.standing(deal).revision, by=administrator)
    design.dry_run(subject=deal, by=administrator)
    save(deal, with_director(remind=4), administrator)
    with pytest.raises(DryRunMissing):
        design.publish(subject=deal, revision=drafts.standing(deal).revision, by=administrator)
    old = drafts.fingerprint(with_director())
    with pytest.raises(DraftChanged):
        design.publish(subject=deal, revision=old, by=administrator)


def publish(subject: Any, data: Any, by: Actor) -> FlowVersion:
    save(subject, data, by)
    design.dry_run(subject=subject, by=by)
    return design.publish(subject=subject, revision=drafts.standing(subject).revision, note="Director", by=by)


def test_publishing_leaves_running_cases_on_their_version(
    deal, cases, in_force, director, administrator, acme
):
    version = publish(deal, with_director(), administrator)
    in_force.refresh_from_db()
    assert (version.state, in_force.state) == ("published", "retired")
    runs = ApprovalRun.objects.for_everyone(because="a test")
    assert set(runs.values_list("version__number", flat=True)) == {1}
    new = in_review(acme, customer_name="New One GmbH", estimated_value=Decimal("900000"))
    assert runs.get(object_id=new.pk).version == version
    entry = AuditEntry.objects.filter(verb="published").order_by("-id").first()
    assert entry.changes["version"] == [1, 2] and entry.reason == "Director"


def test_a_draft_that_a_published_version_overtook_says_so(deal, in_force, director, administrator, browse):
    save(deal, with_director(), administrator)
    said = "Publishing the draft takes back what is new in it."
    client = browse(administrator)
    assert said not in client.get("/settings/flows/deal/").content.decode()
    text = {"schema": 1, "subject": "deal", **flow(ask("b1", people(director.email)))}
    newer = services.install_flow(data=text, by=administrator)
    page = client.get("/settings/flows/deal/").content.decode()
    assert f"Version {newer.number} was put in force" in page and said in page


def test_what_says_the_same_is_not_published_again(deal, in_force, director, administrator):
    version = publish(deal, with_director(), administrator)
    save(deal, flow(ask(who={"kind": "partner_manager"})), administrator)
    save(deal, version.document, administrator)
    with pytest.raises(NothingNew):
        design.publish(subject=deal, revision=drafts.standing(deal).revision, by=administrator)


def test_running_cases_are_moved_on_purpose(deal, cases, in_force, director, administrator):
    version = publish(deal, with_director(), administrator)
    runs = ApprovalRun.objects.for_everyone(because="a test")
    numbers = set(runs.values_list("pk", flat=True))
    assert design.move_cases(version=in_force, subject=deal, cases=numbers, by=administrator) == 4
    assert set(runs.values_list("version", flat=True)) == {version.pk}
    assert AuditEntry.objects.get(verb="flow_cases_moved").changes["cases"] == [None, 4]


def test_an_old_version_comes_back_as_a_draft(deal, in_force, director, administrator):
    publish(deal, with_director(), administrator)
    draft = design.restore_version(version=in_force, subject=deal, by=administrator)
    assert (draft.number, draft.state, draft.document) == (3, "draft", in_force.document)


# ---- text ----


def test_a_flow_goes_out_as_text_and_comes_back_the_same(deal, in_force, director, administrator):
    text = drafts.as_text(with_director())
    draft = design.import_text(subject=deal, text=text, by=administrator)
    assert drafts.as_text(draft.document) == text
    assert draft.document["steps"][1]["branches"][0]["when"] == value("more_than", "500000")


@pytest.mark.parametrize("text", ["", "- a", "{", "a: &x 1\nb: *x", "schema: 2", json.dumps(flow()) + "}"])
def test_a_text_that_is_no_flow_is_refused_and_nothing_changes(deal, in_force, administrator, text):
    with pytest.raises(NotADocument):
        design.import_text(subject=deal, text=text, by=administrator)
    assert drafts.standing(deal).draft is None


def test_a_flow_about_something_else_is_refused_and_both_are_named(deal, in_force, administrator):
    text = drafts.as_text(flow() | {"subject": "order"})
    with pytest.raises(OtherSubject, match="“Order”; here is “Deal registration”"):
        design.import_text(subject=deal, text=text, by=administrator)
    assert drafts.standing(deal).draft is None


def test_an_unfinished_draft_goes_out_as_yaml_too(deal):
    assert (
        drafts.as_text({"schema": 1, "subject": "deal", "steps": []})
        == "schema: 1\nsubject: deal\nsteps: []\n"
    )


def test_the_difference_reads_as_sentences(deal, in_force, director):
    new = with_director()
    new["steps"][0]["deadline"] = {"hours": 8, "then": "none"}
    found = [one.text for one in compare.changes(in_force.document, new, world_for(deal, new))]
    assert found[0] == "Approver “Partner’s channel manager”: deadline is now “8 working hours”"
    assert any(
        text.startswith("Added: Approver “Chen Rui” (16 working hours, then escalation to") for text in found
    )
    back = [one.kind for one in compare.changes(new, in_force.document, world_for(deal, new))]
    assert "removed" in back and "added" not in back


def test_a_step_that_moved_is_said_once(deal, in_force):
    one, two, three = ask("a1"), ask("a2"), ask("a3")
    found = compare.changes(flow(one, two, three), flow(three, one, two), world_for(deal))
    assert [(change.kind, change.node) for change in found] == [("moved", "a3")]


def test_approvers_live_through_the_published_flow(deal, in_force, director, manager, administrator, acme):
    """The amount above asks the director, the amount below does not."""
    publish(deal, with_director(), administrator)
    runs = ApprovalRun.objects.for_everyone(because="a test")
    large = in_review(acme, customer_name="Large GmbH", estimated_value=Decimal("900000"))
    run = runs.get(object_id=large.pk)
    approve_task(task=run.tasks.get(state="open", user_id=manager.user_id), by=manager)
    assert {task.user.email for task in run.tasks.filter(state="open")} == {"director@vendor.example"}
    approve_task(task=run.tasks.get(state="open"), by=actor(director))
    run.refresh_from_db()
    assert run.state == "approved"
