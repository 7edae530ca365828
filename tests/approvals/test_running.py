"""A deal registration lives through flows: who is asked, what follows, how it ends."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from dealreg import errors as deal_errors
from dealreg.services import (
    answer_information,
    approve_registration,
    reject_registration,
    request_information,
    withdraw_registration,
)
from prm.approvals import services
from prm.approvals.errors import (
    CannotReturn,
    DecidesAlready,
    MayNotDecide,
    NotYourTurn,
    ReasonMissing,
    RunEnded,
    TaskOver,
)
from prm.approvals.models import Decision
from prm.approvals.reads import happenings
from prm.audit.models import AuditEntry
from prm.values.errors import NotAllowed
from tests.approvals.flows import (
    ADMINS,
    MANAGER,
    approver,
    people,
    publish,
    run_of,
    story,
    task_of,
    waits_for,
)
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(manager, administrator):
    """Three people who may decide: by name."""
    names = ("Chen Rui", "Gu Min", "Wei Na")
    return [UserFactory(role="channel_manager", name=name, all_partners=True) for name in names]


def test_with_the_flow_of_the_starter_kit_the_channel_manager_approves(acme, manager):
    deal = deals.in_review(acme)
    assert waits_for(deal) == {"Lin Yue"}
    approve_registration(registration=deal, by=manager)
    deal.refresh_from_db()
    assert (deal.state, deal.decided_by_id) == ("approved", manager.user_id)
    assert run_of(deal).state == "approved"
    assert story(deal) == ["started", "opened", "approved", "ended"]


def test_without_a_flow_the_verbs_decide_at_once(acme, manager):
    from prm.approvals.models import FlowVersion

    FlowVersion.objects.update(state="retired")
    deal = deals.in_review(acme)
    assert approve_registration(registration=deal, by=manager).state == "approved"


def test_two_steps_and_the_object_moves_with_the_last(acme, manager, administrator):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    deal = deals.in_review(acme)
    approve_registration(registration=deal, by=manager, note="Fine with me")
    deal.refresh_from_db()
    assert deal.state == "in_review" and waits_for(deal) == {"Ada Admin"}
    assert AuditEntry.objects.of(deal).first().verb == "step_approved"
    services.approve(task=task_of(deal, administrator), by=administrator)
    deal.refresh_from_db()
    assert (deal.state, deal.decided_by_id) == ("approved", administrator.user_id)


def test_the_product_lines_that_were_chosen_reach_the_end(acme, manager, administrator):
    routing, wireless = deals.line("routing"), deals.line("wireless")
    publish(approver("first", MANAGER), approver("second", ADMINS))
    deal = deals.in_review(acme, product_lines=[routing, wireless])
    approve_registration(registration=deal, by=manager, product_lines=[wireless])
    approve_registration(registration=deal, by=administrator)
    assert [one.product_line for one in deal.protections.all()] == [wireless]


def test_all_a_quorum_and_in_turn(acme, staff):
    for mode, extra, needed in (("all", {}, 3), ("quorum", {"quorum": 2}, 2), ("in_turn", {}, 3)):
        publish(approver("panel", people(*staff), mode=mode, **extra))
        deal = deals.in_review(acme, customer_name=f"Customer {mode}")
        for number, user in enumerate(staff[:needed]):
            asked = {str(user)} if mode == "in_turn" else {str(one) for one in staff[number:]}
            assert waits_for(deal) == asked
            assert run_of(deal).state == "running"
            services.approve(task=task_of(deal, user), by=actor(user))
        deal.refresh_from_db()
        assert (deal.state, waits_for(deal)) == ("approved", set())


def test_one_of_several_is_enough_and_the_others_are_free(acme, staff):
    publish(approver("panel", people(*staff)))
    deal = deals.in_review(acme)
    slow = task_of(deal, staff[1])
    services.approve(task=task_of(deal, staff[0]), by=actor(staff[0]))
    with pytest.raises(RunEnded):
        services.approve(task=slow, by=actor(staff[1]))
    slow.refresh_from_db()
    assert slow.state == "void"


def test_a_condition_sends_large_deals_to_the_director(acme, manager, administrator):
    large = {"id": "large", "when": {"field": "estimated_value", "op": "at_least", "value": "500000.00"},
             "steps": [approver("director", ADMINS)]}  # fmt: skip
    branch = {"id": "size", "kind": "branch", "branches": [large, {"id": "usual", "steps": []}]}
    publish(approver("first", MANAGER), branch)
    small = deals.in_review(acme, customer_name="Small", estimated_value=499_999)
    big = deals.in_review(acme, customer_name="Big", estimated_value=500_000)
    approve_registration(registration=small, by=manager)
    approve_registration(registration=big, by=manager)
    assert [run_of(small).state, run_of(big).state] == ["approved", "running"]
    assert waits_for(big) == {"Ada Admin"}


def test_parallel_branches_join(acme, staff, manager):
    sides = [
        {"id": side, "steps": [approver(f"by_{side}", people(user))]}
        for side, user in zip("xy", staff, strict=False)
    ]
    publish({"id": "both", "kind": "parallel", "branches": sides}, approver("last", people(staff[2])))
    deal = deals.in_review(acme)
    assert waits_for(deal) == {"Chen Rui", "Gu Min"}
    services.approve(task=task_of(deal, staff[1]), by=actor(staff[1]))
    assert waits_for(deal) == {"Chen Rui"}
    services.approve(task=task_of(deal, staff[0]), by=actor(staff[0]))
    assert waits_for(deal) == {"Wei Na"}


def test_a_rejection_is_final_whoever_else_was_asked(acme, staff):
    publish(approver("panel", people(*staff), mode="all"))
    deal = deals.in_review(acme)
    with pytest.raises(ReasonMissing):
        services.reject(task=task_of(deal, staff[0]), by=actor(staff[0]), text=" ")
    services.reject(task=task_of(deal, staff[0]), by=actor(staff[0]), text="A named account")
    deal.refresh_from_db()
    assert (deal.state, deal.decision_reason) == ("rejected", "A named account")
    assert (run_of(deal).state, waits_for(deal)) == ("rejected", set())


def test_a_question_to_the_partner_stops_the_flow_and_the_answer_goes_on_where_it_was(
    acme, manager, administrator
):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    deal = deals.in_review(acme)
    approve_registration(registration=deal, by=manager)
    request_information(registration=deal, text="Who decides there?", by=administrator)
    deal.refresh_from_db()
    assert (deal.state, run_of(deal).state, waits_for(deal)) == ("info_requested", "returned", set())
    answer_information(registration=deal, text="Xu Peng", by=acme.sales)
    assert waits_for(deal) == {"Ada Admin"}
    approve_registration(registration=deal, by=administrator)
    assert run_of(deal).state == "approved"


def test_what_waits_for_the_partner_can_be_rejected_by_whoever_asked(acme, manager, finance):
    deal = deals.in_review(acme)
    request_information(registration=deal, text="Who?", by=manager)
    reject_registration(registration=deal, reason="No answer", by=manager)
    assert run_of(deal).state == "rejected"


def test_back_to_an_earlier_step_which_then_decides_anew(acme, manager, administrator):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    deal = deals.in_review(acme)
    with pytest.raises(CannotReturn):
        services.hand_back(task=task_of(deal, manager), by=manager, text="Again", to="second")
    approve_registration(registration=deal, by=manager)
    services.hand_back(task=task_of(deal, administrator), by=administrator, text="Check again", to="first")
    assert waits_for(deal) == {"Lin Yue"}
    told = [(one.text, one.reason) for one in happenings(run_of(deal), for_submitter=True)]
    assert ("Ada Admin sent it back to an earlier step", "") in told, (
        "what deciders write to one another is theirs"
    )
    assert any(one.reason == "Check again" for one in happenings(run_of(deal), for_submitter=False))
    approve_registration(registration=deal, by=manager)
    assert waits_for(deal) == {"Ada Admin"}


def test_handing_over_keeps_the_promise_and_only_goes_to_people_who_may(acme, staff, manager, finance):
    deal = deals.in_review(acme)
    task = task_of(deal, manager)
    stranger = UserFactory(role="channel_manager", name="Sees nobody")
    for nobody in (stranger, acme.sales_user):
        with pytest.raises(MayNotDecide):
            services.hand_over(task=task, user=nobody, by=manager)
    chen = staff[0]
    publish(approver("first", people(chen)))
    with pytest.raises(DecidesAlready):
        services.hand_over(
            task=task, user=chen, by=manager
        )  # a channel manager who sees all is asked already
    other = UserFactory(finance=True)
    services.hand_over(task=task, user=other, by=manager, text="On leave")
    new = task_of(deal, other)
    assert new.due == task.due and new.instead_of_id == manager.user_id
    with pytest.raises(TaskOver):
        services.approve(task=task, by=manager)
    services.approve(task=new, by=actor(other))
    deal.refresh_from_db()
    assert (deal.state, deal.decided_by_id) == ("approved", other.pk)


def test_a_further_approver_is_needed_as_well(acme, manager, finance):
    deal = deals.in_review(acme)
    from prm.accounts.models import User

    user = User.objects.get(pk=finance.user_id)
    services.add_approver(task=task_of(deal, manager), user=user, by=manager)
    approve_registration(registration=deal, by=manager)
    assert (run_of(deal).state, waits_for(deal)) == ("running", {"He Min"})
    services.approve(task=task_of(deal, finance), by=finance)
    assert run_of(deal).state == "approved"


def test_nobody_decides_about_their_own_and_nobody_without_authority(acme, manager, finance, administrator):
    from dealreg.services import register_deal

    publish(approver("panel", {"kind": "role", "role": "channel_manager"}, mode="one"))
    deal = register_deal(partner=acme.row, by=manager, **deals.facts())
    assert waits_for(deal) == {"Ada Admin"}  # the only manager handed it in
    with pytest.raises(deal_errors.OwnRegistration):
        approve_registration(registration=deal, by=manager)
    for stranger in (acme.sales, finance):
        with pytest.raises(NotAllowed):
            services.approve(task=task_of(deal, administrator), by=stranger)
    with pytest.raises(NotAllowed):
        acting = administrator.with_(kind="operator", acting_operator="op@example.com")
        services.approve(task=task_of(deal, administrator), by=acting)


def test_the_administrator_may_take_over_and_others_may_not(acme, staff, administrator, manager):
    publish(approver("panel", people(staff[0])))
    deal = deals.in_review(acme)
    with pytest.raises(NotYourTurn) as refused:
        approve_registration(registration=deal, by=manager)
    assert "Chen Rui" in refused.value.text
    approve_registration(registration=deal, by=administrator)
    assert run_of(deal).state == "approved"
    assert "handed" in story(deal)


def test_a_withdrawn_deal_ends_its_run(acme, manager):
    deal = deals.in_review(acme)
    withdraw_registration(registration=deal, by=acme.sales)
    assert (run_of(deal).state, waits_for(deal)) == ("cancelled", set())


def test_a_flow_without_people_decides_by_itself(acme, manager):
    publish({"id": "auto", "kind": "decide", "when": {"field": "estimated_value", "op": "at_most", "value": "500000"},
             "outcome": "approve"}, approver("first", MANAGER))  # fmt: skip
    deal = deals.in_review(acme)
    assert (deal.state, deal.decided_by_id) == ("approved", None)
    other = deals.in_review(acme, customer_name="Other", estimated_value=600_000)
    assert (other.state, waits_for(other)) == ("in_review", {"Lin Yue"})


def test_what_the_rules_refuse_the_machine_people_decide(acme, rival, manager, administrator):
    deals.approved(rival, manager)
    publish({"id": "auto", "kind": "decide", "when": {}, "outcome": "approve"})
    deal = deals.in_review(acme)
    assert (deal.state, waits_for(deal)) == ("in_review", {"Ada Admin"})
    assert "refused" in story(deal)


def test_a_broken_condition_asks_people_and_takes_the_default(acme, manager, administrator):
    other = {"id": "other", "when": {"field": "no_such_field", "op": "is", "value": "x"}, "steps": []}
    branch = {
        "id": "size",
        "kind": "branch",
        "branches": [other, {"id": "usual", "steps": [approver("m", MANAGER)]}],
    }
    publish(branch)
    deal = deals.in_review(acme)
    assert waits_for(deal) == {"Ada Admin"}
    services.approve(task=task_of(deal, administrator), by=administrator)
    assert waits_for(deal) == {"Lin Yue"}


def test_a_field_is_set_by_its_registered_service_only(acme, manager, administrator):
    deals.registration_type(code="short", name="Short", protection_days=30, is_default=False)
    publish({"id": "u", "kind": "update", "field": "type", "value": "short"}, approver("first", MANAGER))
    deal = deals.in_review(acme)
    deal.refresh_from_db()
    assert deal.type.code == "short"
    publish({"id": "u", "kind": "update", "field": "state", "value": "approved"}, approver("first", MANAGER))
    sly = deals.in_review(acme, customer_name="Sly")
    assert (sly.state, waits_for(sly)) == ("in_review", {"Ada Admin"})


def test_a_running_case_stays_on_its_version_until_it_is_moved_on_purpose(acme, manager, administrator):
    deal = deals.in_review(acme)
    version = publish(approver("manager", MANAGER), approver("second", ADMINS))
    services.move_run(run=run_of(deal), version=version, by=administrator)
    approve_registration(registration=deal, by=manager)
    assert waits_for(deal) == {"Ada Admin"}
    assert "moved" in story(deal)
    fresh = deals.in_review(acme, customer_name="Fresh")
    assert run_of(fresh).version_id == version.pk


def test_the_history_is_append_only(acme, manager):
    deal = deals.in_review(acme)
    facts = Decision.objects.for_everyone(because="a test tries").filter(run=run_of(deal))
    for change in (lambda: facts.update(text="forged"), lambda: facts.delete()):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            change()


def test_the_line_of_managers(acme, manager, administrator):
    from prm.accounts.models import User

    top, middle = UserFactory(finance=True, name="Top"), UserFactory(finance=True, name="Middle")
    User.objects.filter(pk=acme.sales_user.pk).update(manager=middle)
    User.objects.filter(pk=middle.pk).update(manager=top)
    publish(approver("a", {"kind": "submitter_manager"}), approver("b", {"kind": "level_up", "levels": 5}))
    deal = deals.in_review(acme)
    assert waits_for(deal) == {"Middle"}
    services.approve(task=task_of(deal, middle), by=actor(middle))
    assert waits_for(deal) == {"Top"}
