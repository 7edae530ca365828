"""Working time, reminders, escalation, decisions after a deadline, stand-ins, and people who leave."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from dealreg.services import approve_registration
from partners.services.people import grant_access
from prm.accounts.services import change_role, deactivate_user, save_role
from prm.approvals import services
from prm.approvals.document import check
from prm.approvals.errors import (
    BadHours,
    DaysInOrder,
    DaysOverlap,
    DayTaken,
    MayNotDecide,
    NoWorkingTime,
    SignsElsewhere,
    ToYourself,
)
from prm.approvals.models import Decision, Task
from prm.approvals.reads import happenings, stand_ins_of
from prm.approvals.working import calendar
from prm.notices.models import Letter, Notice
from prm.outbox.services import deliver_open_events
from prm.ui import said
from prm.values import clock
from prm.values.working_time import WorkingTime
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

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-12 09:22", "8", "2026-11-13 09:22"),  # Thursday: lunch does not count
        ("2026-11-12 11:00", "1", "2026-11-12 12:00"),
        ("2026-11-12 11:00", "1.5", "2026-11-12 13:30"),
        ("2026-11-13 17:00", "2", "2026-11-16 10:00"),  # Friday to Monday
        ("2026-11-14 12:00", "16", "2026-11-17 18:00"),  # from a Saturday
        ("2026-11-12 20:00", "0.5", "2026-11-13 09:30"),
    ],
)
def test_working_hours_pass_while_people_work(start, hours, end):
    assert WorkingTime(SHANGHAI).after(at(start), hours) == at(end)


def test_holidays_and_make_up_days():
    days = {date(2026, 11, 16): False, date(2026, 11, 14): True}
    working = WorkingTime(SHANGHAI, days=days)
    assert working.after(at("2026-11-13 17:00"), 2) == at("2026-11-14 10:00")
    assert working.after(at("2026-11-14 17:00"), 2) == at("2026-11-17 10:00")
    assert working.between(at("2026-11-13 17:00"), at("2026-11-17 10:00")) == timedelta(hours=10)


def test_a_week_over_the_change_of_summer_time():
    berlin = WorkingTime(ZoneInfo("Europe/Berlin"), {6: ((time(0), time(6)),)})
    start = datetime(2026, 10, 25, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert (
        berlin.after(start.astimezone(UTC), 7).astimezone(ZoneInfo("Europe/Berlin")).hour == 6
    )  # it has 7 hours


pytestmark = pytest.mark.django_db


@pytest.fixture
def noon(time_machine):
    """Thursday 12 November, 09:22 in the tenant's zone; `noon("2026-11-13 10:00")` moves on."""

    def move(text: str) -> None:
        time_machine.move_to(at(text), tick=False)

    move("2026-11-12 09:22")
    return move


def test_the_settings_say_when_people_work(administrator):
    services.set_hours(week={0: "10:00-12:00，13：00-16:00", 5: "10:00-11:00"}, by=administrator)
    services.add_day(day=date(2026, 11, 16), name="Founding day", by=administrator)
    with pytest.raises(DayTaken):
        services.add_day(day=date(2026, 11, 16), by=administrator)
    assert calendar().spans_of(date(2026, 11, 16)) == ()
    assert calendar().spans_of(date(2026, 11, 23)) == ((time(10), time(12)), (time(13), time(16)))
    with pytest.raises(NoWorkingTime):
        services.set_hours(week={}, by=administrator)
    for bad in ("9-12", "12:00-09:00", "09:00-12:00, 11:00-13:00", "25:00-26:00"):
        with pytest.raises(BadHours):
            services.set_hours(week={0: bad}, by=administrator)


def test_a_reminder_then_an_escalation_each_once(acme, manager, administrator, noon):
    publish(approver("first", MANAGER, deadline={"hours": 8, "remind": 2, "then": "escalate", "to": ADMINS}))
    deal = deals.in_review(acme)
    task = task_of(deal, manager)
    assert (task.remind_at, task.due) == (at("2026-11-12 16:22"), at("2026-11-13 09:22"))
    assert services.wake_due_runs() == 0
    noon("2026-11-12 16:30")
    assert [services.wake_due_runs(), services.wake_due_runs()] == [1, 0]
    deliver_open_events()
    kinds = Notice.objects.filter(user_id=manager.user_id).values_list("kind", flat=True)
    assert list(kinds).count("approvals.reminder") == 1
    letter = Letter.objects.get(subject__startswith="Reminder:").text
    assert "It is promised by 13 Nov 2026 09:22" in letter
    noon("2026-11-13 09:30")
    assert [services.wake_due_runs(), services.wake_due_runs()] == [1, 0]
    assert waits_for(deal) == {"Ada Admin"}
    assert story(deal).count("escalated") == 1
    approve_registration(registration=deal, by=administrator)
    assert run_of(deal).state == "approved"


def test_a_step_may_approve_itself_after_its_deadline(acme, manager, noon):
    publish(approver("first", MANAGER, deadline={"hours": 8, "then": "approve"}))
    deal = deals.in_review(acme)
    noon("2026-11-13 09:22")
    services.wake_due_runs()
    deal.refresh_from_db()
    assert (deal.state, deal.decided_by_id) == ("approved", None)


def test_a_step_may_reject_itself_after_its_deadline_and_the_other_side_reads_why(acme, manager, noon):
    publish(approver("first", MANAGER, deadline={"hours": 8, "then": "reject"}), approver("second", ADMINS))
    deal = deals.in_review(acme)
    noon("2026-11-13 09:22")
    assert [services.wake_due_runs(), services.wake_due_runs()] == [1, 0]
    deal.refresh_from_db()
    assert (deal.state, deal.decided_by_id, run_of(deal).state) == ("rejected", None, "rejected")
    # Whoever reads it reads their own language too: nobody wrote it for one reader.
    assert deal.decision_reason.startswith("Nobody decided by the deadline: First. / 期限")
    deliver_open_events()
    told = Notice.objects.get(user=acme.sales_user, kind="dealreg.rejected")
    assert said.shown(told.values["who"]) == "the flow"
    assert waits_for(deal) == set()


def test_where_the_subject_refuses_it_a_deadline_decides_nothing(acme, manager, noon, monkeypatch):
    from dataclasses import replace

    from prm.approvals import subjects

    strict = replace(subjects.subject_of("deal"), self_decision=False)
    monkeypatch.setitem(subjects._subjects, "deal", strict)
    version = publish(approver("first", MANAGER, deadline={"hours": 8, "then": "approve"}))
    assert [step for step, _words in subjects.refused_for(strict, version.parsed)] == ["first"]
    deal = deals.in_review(acme)
    noon("2026-11-13 09:22")
    services.wake_due_runs()
    assert waits_for(deal) == {"Lin Yue"}
    publish({"id": "auto", "kind": "decide", "when": {}, "outcome": "approve"})
    other = deals.in_review(acme, customer_name="Other")
    assert other.state == "in_review" and run_of(other).state == "running"


def test_a_wait_ends_by_the_clock(acme, manager, noon, browse):
    publish({"id": "w", "kind": "wait", "hours": 8}, approver("first", MANAGER))
    deal = deals.in_review(acme)
    assert waits_for(deal) == set()
    for reader in (manager, acme.sales):
        page = browse(reader).get(deal.get_absolute_url()).content.decode()
        assert "the set time" in page and "Waiting for  since" not in page
    noon("2026-11-13 09:22")
    assert [services.wake_due_runs(), services.wake_due_runs()] == [1, 0]
    assert waits_for(deal) == {"Lin Yue"}


@pytest.mark.parametrize("hours", ["0.02", 0, "2001"])
def test_hours_are_from_one_to_two_thousand_however_they_are_written(hours):
    found = check({"schema": 1, "steps": [{"id": "w", "kind": "wait", "hours": hours}]})
    assert any("are not a number from 1 to 2000" in str(one) for one in found)


def test_whoever_approved_last_is_the_one_who_decided_when_the_clock_ends_it(acme, manager, noon):
    publish(approver("first", MANAGER), {"id": "w", "kind": "wait", "hours": 8})
    deal = deals.in_review(acme)
    approve_registration(registration=deal, by=manager)
    noon("2026-11-13 09:22")
    services.wake_due_runs()
    deal.refresh_from_db()
    assert (deal.state, deal.decided_by_id) == ("approved", manager.user_id)


def test_while_somebody_is_away_another_decides(acme, manager, administrator, noon):
    waits = deals.in_review(acme)
    chen = UserFactory(role="channel_manager", name="Chen Rui", all_partners=True, is_active=True)
    publish(approver("only", people_of(manager)))
    deal = deals.in_review(acme, customer_name="Before")
    with pytest.raises(ToYourself):
        services.name_stand_in(to=_user(manager), first_day=clock.today(), last_day=clock.today(), by=manager)
    with pytest.raises(DaysInOrder):
        services.name_stand_in(to=chen, first_day=clock.today(), last_day=date(2026, 11, 1), by=manager)
    services.name_stand_in(to=chen, first_day=clock.today(), last_day=date(2026, 11, 20), by=manager)
    with pytest.raises(DaysOverlap):
        services.name_stand_in(to=chen, first_day=date(2026, 11, 20), last_day=date(2026, 11, 21), by=manager)
    assert waits_for(deal) == {"Chen Rui"} and waits_for(waits) == {"Chen Rui"}
    later = deals.in_review(acme, customer_name="After")
    assert waits_for(later) == {"Chen Rui"}
    assert task_of(later, chen).instead_of_id == manager.user_id
    noon("2026-11-21 10:00")
    assert waits_for(deals.in_review(acme, customer_name="Back")) == {"Lin Yue"}
    # the day's sweep brings back what nobody decided
    services.look_after_everybody()
    assert waits_for(deal) == waits_for(later) == {"Lin Yue"}


def test_who_is_back_decides_again_but_not_what_was_handed_over_on_purpose(acme, manager, noon):
    chen = UserFactory(role="channel_manager", name="Chen Rui", all_partners=True)
    publish(approver("only", people_of(manager), deadline={"hours": 8}))
    waits, given, decided = (deals.in_review(acme, customer_name=f"Deal {number}") for number in range(3))
    services.hand_over(task=task_of(given, manager), user=chen, by=manager)
    services.name_stand_in(to=chen, first_day=clock.today(), last_day=date(2026, 11, 20), by=manager)
    later = deals.in_review(acme, customer_name="Later")
    assert waits_for(waits) == waits_for(later) == {"Chen Rui"}
    promised = task_of(waits, chen).due
    services.approve(task=task_of(decided, chen), by=actor(chen))
    noon("2026-11-12 15:00")
    (away,) = stand_ins_of(manager)
    services.end_stand_in(pk=away.delegation.pk, by=manager)
    assert waits_for(waits) == waits_for(later) == {"Lin Yue"}
    back = task_of(waits, manager)
    assert (back.due, back.instead_of_id) == (promised, None)
    assert waits_for(given) == {"Chen Rui"} and waits_for(decided) == set()


def test_what_a_stand_in_may_not_decide_stays_and_is_named(acme, rival, manager, administrator, noon, browse):
    """The stand-in looks after one partner of two."""
    some = UserFactory(role="channel_manager", name="Chen Rui")
    grant_access(partner=rival.row, user=some, by=administrator)
    own, others = (
        deals.in_review(acme, customer_name="Fermata"),
        deals.in_review(rival, customer_name="Corona"),
    )
    client = browse(manager)
    client.post("/inbox/away/", {"to": some.pk, "first_day": clock.today(), "last_day": clock.today()})
    assert waits_for(own) == {"Lin Yue"} and waits_for(others) == {"Chen Rui"}
    page = client.get("/inbox/away/").content.decode()
    assert "1 case stays with you: Chen Rui may not decide about it." in page
    assert "Fermata" in page and "Corona" not in page
    assert waits_for(deals.in_review(acme, customer_name="Later")) == {"Lin Yue"}
    deliver_open_events()
    assert Notice.objects.filter(user=some, kind="approvals.stand_in").count() == 1


def test_where_nobody_named_may_decide_the_administrators_read_why(acme, rival, manager, administrator, noon):
    some = UserFactory(role="channel_manager", name="Chen Rui")
    grant_access(partner=rival.row, user=some, by=administrator)
    publish({**approver("only", people(some)), "name": ""})
    deal = deals.in_review(acme)
    assert waits_for(deal) == {"Ada Admin"}
    read = [one.text for one in happenings(run_of(deal), for_submitter=False)]
    assert "“Named people” names nobody who may decide about this, so the administrators are asked" in read
    assert not any("administrators" in one.text for one in happenings(run_of(deal), for_submitter=True))
    own = deals.in_review(rival, customer_name="Own")
    assert waits_for(own) == {"Chen Rui"}
    assert not any("administrators" in one.text for one in happenings(run_of(own), for_submitter=False))


def test_who_decides_about_nothing_that_one_decides_stands_in_for_nobody(manager, administrator, noon):
    role = save_role(
        role=None, base="channel_manager", verbs=["partners.view"], code="reader", name="Reader", name_zh="读者",
        by=administrator,
    )  # fmt: skip
    clerk = change_role(user=UserFactory(finance=True), role=role.base, own_role=role, by=administrator)
    with pytest.raises(MayNotDecide):
        services.name_stand_in(to=clerk, first_day=clock.today(), last_day=clock.today(), by=manager)


def test_a_second_signature_is_somebody_elses(acme, manager, administrator, noon):
    """Whoever approved one step is neither handed another, nor added, nor stands in there."""
    chen = UserFactory(role="channel_manager", name="Chen Rui", all_partners=True)
    publish(approver("first", people_of(manager)), approver("second", people_of(actor(chen))))
    deal = deals.in_review(acme)
    services.approve(task=task_of(deal, manager), by=manager)
    task = task_of(deal, chen)
    for verb in (services.hand_over, services.add_approver):
        with pytest.raises(SignsElsewhere):
            verb(task=task, user=_user(manager), by=actor(chen))
    assert _user(manager) not in services.candidates(task, actor(chen))
    services.name_stand_in(to=_user(manager), first_day=clock.today(), last_day=clock.today(), by=actor(chen))
    assert waits_for(deal) == {"Chen Rui"}
    other = deals.in_review(acme, customer_name="Other")
    services.approve(task=task_of(other, manager), by=manager)
    assert waits_for(other) == {"Chen Rui"}


def test_of_several_who_could_sign_second_those_are_asked_who_did_not_sign_first(acme, manager, noon):
    chen = UserFactory(role="channel_manager", name="Chen Rui", all_partners=True)
    publish(
        approver("first", people_of(manager)), approver("second", {"kind": "role", "role": "channel_manager"})
    )
    deal = deals.in_review(acme)
    services.approve(task=task_of(deal, manager), by=manager)
    assert waits_for(deal) == {"Chen Rui"}
    chen.is_active = False
    chen.save()
    alone = deals.in_review(acme, customer_name="Alone")
    services.approve(task=task_of(alone, manager), by=manager)
    assert waits_for(alone) == {"Lin Yue"}


def test_the_days_sweep_hands_on_what_waits_and_twice_is_as_good_as_once(acme, manager, noon):
    chen = UserFactory(role="channel_manager", name="Chen Rui", all_partners=True)
    publish(approver("only", people_of(manager)))
    deal = deals.in_review(acme)
    services.name_stand_in(to=chen, first_day=date(2026, 11, 13), last_day=date(2026, 11, 20), by=manager)
    services.look_after_everybody()
    assert waits_for(deal) == {"Lin Yue"}
    noon("2026-11-13 00:30")
    services.look_after_everybody()
    services.look_after_everybody()
    assert waits_for(deal) == {"Chen Rui"}
    assert story(deal).count("handed") == 1


def test_a_decider_who_is_deactivated_is_replaced(acme, manager, administrator):
    deal = deals.in_review(acme)
    deactivate_user(user=_user(manager), by=administrator)
    deliver_open_events()
    assert waits_for(deal) == {"Ada Admin"}
    assert "left" in story(deal)
    deliver_open_events()
    assert Notice.objects.filter(user_id=administrator.user_id, kind="dealreg.submitted").exists()


def test_of_a_panel_that_must_all_agree_nobody_drops_out_unreplaced(acme, administrator):
    panel = [UserFactory(role="channel_manager", name=name, all_partners=True) for name in ("A", "B")]
    publish(approver("panel", people(*panel), mode="all"))
    deal = deals.in_review(acme)
    services.approve(task=task_of(deal, panel[0]), by=actor(panel[0]))
    change_role(user=panel[1], role="channel_manager", by=administrator)  # sees no partner any more
    deliver_open_events()
    assert waits_for(deal) == {"Ada Admin"}


def test_when_nobody_may_decide_the_run_waits_and_looks_again(acme, manager, administrator, noon):
    from prm.accounts.models import User

    User.objects.filter(role__in=["administrator", "channel_manager"]).update(is_active=False)
    deal = deals.in_review(acme)
    assert waits_for(deal) == set() and run_of(deal).state == "running"
    User.objects.filter(pk=administrator.user_id).update(is_active=True)
    noon("2026-11-12 12:00")
    services.wake_due_runs()
    assert waits_for(deal) == {"Ada Admin"}


def test_a_notice_step_tells_people_and_goes_on(acme, manager, administrator):
    publish(
        {
            "id": "n",
            "kind": "notice",
            "to": ADMINS,
            "text": "A deal came in from {partner}: {object}",
            "text_zh": "有新报备：{object}",
        },
        approver("first", MANAGER),
    )
    deal = deals.in_review(acme)
    deliver_open_events()
    deliver_open_events()
    notice = Notice.objects.get(user_id=administrator.user_id, kind="approvals.notice")
    assert said.shown(notice.values["text"]) == f"A deal came in from {acme.name}: {deal.customer_name}"
    assert waits_for(deal) == {"Lin Yue"}


def test_facts_are_numbered_without_a_gap(acme, manager):
    deal = deals.in_review(acme)
    approve_registration(registration=deal, by=manager)
    run = run_of(deal)
    numbers = (
        Decision.objects.for_everyone(because="a test looks").filter(run=run).values_list("number", flat=True)
    )
    assert sorted(numbers) == list(range(1, run.length + 1))
    assert not Task.objects.open().filter(run=run).exists()


def _user(who):
    from prm.accounts.models import User

    return User.objects.get(pk=who.user_id)


def people_of(who):
    return people(_user(who))
