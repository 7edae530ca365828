"""A decision from the inbox takes effect after ten seconds; until then it can be undone, and never afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from dealreg.services import approve_registration
from prm.accounts.services import deactivate_user
from prm.approvals import services
from prm.approvals.errors import TooLateToUndo
from prm.approvals.models import Decision, HeldDecision
from prm.approvals.tasks import wake_tenant
from prm.audit.models import AuditEntry
from prm.notices import work
from prm.notices.models import Notice
from prm.outbox.models import OutboxEvent
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError
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
from tests.approvals.test_races import at_once
from tests.cast import Company
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


def after(seconds: float):
    return time_machine.travel(clock.now() + timedelta(seconds=seconds), tick=False)


@pytest.fixture
def deal(acme, manager, administrator):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    return deals.in_review(acme)


def test_it_takes_effect_after_ten_seconds_and_not_before(deal, manager):
    held = services.hold_decision(task=task_of(deal, manager), kind="approve", by=manager)
    assert not services.carry_out(held.pk), "nine seconds are left"
    assert story(deal) == ["started", "opened"] and waits_for(deal) == {"Lin Yue"}
    with after(11):
        assert services.carry_out_due() == 1 and services.carry_out_due() == 0
    assert story(deal) == ["started", "opened", "approved", "opened"] and waits_for(deal) == {"Ada Admin"}


def test_the_trail_says_from_where_it_was_made(deal, manager):
    sitting = manager.with_(address="203.0.113.7", request_id="r-1")
    services.hold_decision(task=task_of(deal, manager), kind="approve", by=sitting)
    with after(11):
        services.carry_out_due()
    entry = AuditEntry.objects.visible_to(Actor.job("tests")).filter(actor_label=manager.label).latest("pk")
    assert (entry.address, entry.request_id) == ("203.0.113.7", "r-1")


def test_undone_it_has_never_been(deal, manager):
    events = OutboxEvent.objects.count()
    task = task_of(deal, manager)
    held = services.hold_decision(task=task, kind="reject", by=manager, text="No budget")
    services.undo_decision(task=task, by=manager)
    with after(11):
        assert not services.carry_out(held.pk)
    deal.refresh_from_db()
    assert (deal.state, story(deal), OutboxEvent.objects.count()) == (
        "in_review", ["started", "opened"], events,
    )  # fmt: skip
    with pytest.raises(TooLateToUndo):
        services.undo_decision(task=task, by=manager)


def test_what_would_be_refused_is_refused_at_once(acme, rival, manager):
    deals.approved(rival, manager, customer_name="Held")
    taken = deals.in_review(acme, customer_name="Held")
    with pytest.raises(DomainError):
        services.hold_decision(task=task_of(taken, manager), kind="approve", by=manager)
    with pytest.raises(DomainError):
        services.hold_decision(task=task_of(taken, manager), kind="reject", by=manager, text=" ")
    assert not HeldDecision.objects.exists() and story(taken) == ["started", "opened"]


def test_what_is_refused_meanwhile_is_told_and_the_task_waits_again(deal, acme, manager, administrator):
    other = UserFactory(role="channel_manager", name="Chen Rui", all_partners=True)
    publish(approver("both", people(other, manager_user(manager))))
    two = deals.in_review(acme, customer_name="Two of them")
    services.hold_decision(task=task_of(two, manager), kind="approve", by=manager)
    services.reject(task=task_of(two, other), by=actor(other), text="Sold already")
    with after(11):
        assert services.carry_out_due() == 0
    assert run_of(two).state == "rejected" and not HeldDecision.objects.exists()
    deliver_open_events()
    assert Notice.objects.filter(user_id=manager.user_id, kind="approvals.refused").count() == 1


def manager_user(manager):
    from prm.accounts.models import User

    return User.objects.get(pk=manager.user_id)


def test_who_is_deactivated_meanwhile_decides_nothing(deal, manager, administrator):
    held = services.hold_decision(task=task_of(deal, manager), kind="approve", by=manager)
    deactivate_user(user=manager_user(manager), by=administrator)
    with after(11):
        services.carry_out(held.pk)
    assert "approved" not in story(deal) and not HeldDecision.objects.exists()


def test_a_decision_elsewhere_counts_and_the_held_one_is_dropped(deal, manager):
    held = services.hold_decision(task=task_of(deal, manager), kind="reject", by=manager, text="No")
    approve_registration(registration=deal, by=manager)
    with after(11):
        assert not services.carry_out(held.pk)
    assert story(deal).count("approved") == 1 and run_of(deal).is_open
    deliver_open_events()
    assert not Notice.objects.filter(kind="approvals.refused").exists()


def test_the_last_of_two_answers_counts(deal, manager):
    task = task_of(deal, manager)
    services.hold_decision(task=task, kind="approve", by=manager)
    services.hold_decision(task=task, kind="reject", by=manager, text="On second thoughts")
    with after(11):
        wake_tenant()
    assert run_of(deal).state == "rejected"


def test_the_inbox_says_approved_with_its_undo_and_the_task_is_away(acme, deal, manager, browse):
    client, task = browse(manager), task_of(deal, manager)
    address = f"/inbox/decisions/{task.pk}/"
    assert client.post(f"{address}approve/")["Location"] == "/inbox/?part=work"
    page = client.get("/inbox/?part=work").content.decode()
    assert f"Approved · {deal.customer_name}" in page and f'action="{address}undo/"' in page
    assert f'href="{address}"' not in page and work.count_now(manager) == 0
    assert "verbs-sheet" not in client.get(address).content.decode()
    answer = client.post(f"{address}undo/", follow=True).content.decode()
    assert "waits for you again" in answer and "verbs-sheet" in answer
    assert client.get("/inbox/decisions/held/").content.decode().count("<form") == 0
    client.post(f"{address}approve/")
    with after(11):
        services.carry_out_due()
        late = client.post(f"{address}undo/", follow=True).content.decode()
    assert "cannot be undone any more" in late and waits_for(deal) == {"Ada Admin"}


def test_nobody_undoes_anothers_decision(deal, manager, administrator, acme, browse):
    task = task_of(deal, manager)
    services.hold_decision(task=task, kind="approve", by=manager)
    assert browse(administrator).post(f"/inbox/decisions/{task.pk}/undo/").status_code == 404
    assert browse(acme.sales).post(f"/inbox/decisions/{task.pk}/undo/").status_code == 403
    assert "Approved ·" not in browse(administrator).get("/inbox/?part=work").content.decode()
    assert HeldDecision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_undo_and_effect_at_once_have_one_winner():
    user = UserFactory(role="channel_manager", name="Chen Rui", all_partners=True)
    UserFactory(administrator=True)
    publish(approver("one", people(user)))
    for name in ("Suzhou Ruigu", "Hangzhou Xunda", "Beijing Haitong", "Wuhan Donghu", "Anji Bamboo"):
        deal = deals.in_review(Company(f"{name} Partner"), customer_name=name)
        task = task_of(deal, user)
        held = services.hold_decision(task=task, kind="approve", by=actor(user))
        HeldDecision.objects.update(takes_effect_at=clock.now())
        results = at_once(
            lambda task=task: services.undo_decision(task=task, by=actor(user)),
            lambda held=held: services.carry_out(held.pk),
            lambda held=held: services.carry_out(held.pk),
        )
        undone = not isinstance(results[0], DomainError)
        assert sorted(results[1:]) == ([False, False] if undone else [False, True])
        decided = Decision.objects.for_everyone(because="a test looks").filter(task=task, kind="approved")
        deal.refresh_from_db()
        assert (decided.count(), deal.state) == ((0, "in_review") if undone else (1, "approved"))
        with pytest.raises(TooLateToUndo):
            services.undo_decision(task=task, by=actor(user))
