"""Who hears what, on both sides."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from dealreg.daily import look_after_protections
from dealreg.registrations import open_work
from dealreg.services import (
    answer_information,
    mark_lost,
    mark_won,
    reject_registration,
    request_information,
    withdraw_registration,
)
from dealreg.waiting import deciders, deciders_by_partner, promised_by
from partners.services import assign_manager
from prm.approvals.models import FlowVersion, Task
from prm.notices import work
from prm.notices.inbox import NoticeLine
from prm.notices.models import Letter, Notice
from prm.outbox.services import deliver_open_events
from prm.ui import said
from prm.values import clock
from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductLineFactory
from tests.factories.people import UserFactory


def heard(kind: str) -> set[str]:
    """E-mail addresses of those who were told `kind`, by notice and letter alike."""
    while deliver_open_events():
        pass
    told = set(Notice.objects.filter(kind=kind).values_list("user__email", flat=True))
    assert told == set(Letter.objects.filter(fact__startswith=kind).values_list("to", flat=True))
    return told


def test_a_new_registration_is_told_to_those_who_decide(acme, manager):
    deals.in_review(acme)
    assert heard("dealreg.submitted") == {Notice.objects.get(kind="dealreg.submitted").user.email}
    notice = Notice.objects.get(kind="dealreg.submitted")
    assert notice.user_id == manager.user_id
    assert said.shown(notice.values["value"]) == "¥486,000"


def test_the_assigned_manager_is_told_and_not_all_the_others(acme, manager, administrator):
    chen = UserFactory(role="channel_manager", name="Chen Rui")
    assign_manager(partner=acme.row, user=chen, by=administrator)
    assert deciders(deals.in_review(acme)) == [chen]
    assert heard("dealreg.submitted") == {chen.email}


def test_the_partner_hears_of_its_protection_in_its_own_language(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    acme.sales_user.language = "zh-hans"
    acme.sales_user.save()
    deals.approved(acme, manager)
    assert heard("dealreg.approved") == {acme.sales_user.email, acme.admin_user.email}
    letters = Letter.objects.filter(fact__startswith="dealreg.approved")
    assert "2026年12月2日" in letters.get(to=acme.sales_user.email).subject
    assert "2 Dec 2026" in letters.get(to=acme.admin_user.email).subject


def test_an_inbox_is_read_in_the_language_that_its_reader_has_now(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    deals.approved(acme, manager, product_lines=[ProductLineFactory(name="Routing", name_zh="路由")])
    heard("dealreg.approved")
    notice = Notice.objects.get(kind="dealreg.approved", user=acme.admin_user)
    for language, day, line in (("en", "2 Dec 2026", "Routing"), ("zh-hans", "2026年12月2日", "路由")):
        with translation.override(language):
            read = NoticeLine(notice)
            assert day in read.title + read.body and line in read.title + read.body


def test_question_and_answer_reach_the_other_side(acme, manager):
    registration = deals.in_review(acme)
    request_information(registration=registration, text="Who decides there?", by=manager)
    assert heard("dealreg.info_requested") == {acme.sales_user.email, acme.admin_user.email}
    answer_information(registration=registration, text="Xu Peng", by=acme.sales)
    assert len(heard("dealreg.answered")) == 1
    assert Notice.objects.get(kind="dealreg.answered").values["text"] == "Xu Peng"


def test_a_rejection_tells_the_reason(acme, manager):
    reject_registration(
        registration=deals.in_review(acme), reason="Served directly by another team", by=manager
    )
    assert heard("dealreg.rejected") == {acme.sales_user.email, acme.admin_user.email}


@pytest.mark.parametrize("end", ["won", "lost", "withdrawn"])
def test_staff_hear_how_it_ended(acme, manager, end):
    registration = deals.approved(acme, manager)
    if end == "won":
        mark_won(registration=registration, by=acme.sales)
    elif end == "lost":
        mark_lost(registration=registration, reason="Price", by=acme.sales)
    else:
        withdraw_registration(registration=registration, by=acme.sales)
    assert len(heard(f"dealreg.{end}")) == 1


def test_end_and_reminder_are_told_once_each(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    deals.approved(acme, manager)
    for moment in ("2026-11-18", "2026-11-19", "2026-11-29", "2026-12-03", "2026-12-04"):
        time_machine.move_to(f"{moment}T02:00:00Z")
        look_after_protections()
    assert len(heard("dealreg.ends_soon")) == 2
    assert Notice.objects.filter(kind="dealreg.ends_soon").count() == 4
    assert len(heard("dealreg.expired")) == 2
    assert Notice.objects.filter(kind="dealreg.expired").count() == 2


def test_a_rival_never_hears_of_anothers_deal(acme, rival, manager):
    registration = deals.in_review(acme)
    request_information(registration=registration, text="Who?", by=manager)
    answer_information(registration=registration, text="Xu Peng", by=acme.sales)
    heard("dealreg.submitted")
    assert not Notice.objects.filter(user__in=[rival.sales_user, rival.admin_user]).exists()


def test_a_person_who_left_the_partner_is_not_told(acme, manager, administrator):
    from partners.models import Member
    from partners.services import end_membership

    registration = deals.in_review(acme)
    member = Member.objects.visible_to(acme.sales).get(user=acme.sales_user)
    end_membership(member=member, by=administrator)
    reject_registration(registration=registration, reason="No", by=manager)
    assert heard("dealreg.rejected") == {acme.admin_user.email}


def test_what_waits_for_me_is_the_other_sides_wait(acme, rival, manager, finance):
    registration = deals.in_review(acme)
    task = Task.objects.open().get(run__object_id=registration.pk)
    waits = work.waiting_for(manager)
    assert [row.link for row in waits] == [f"/inbox/decisions/{task.pk}/"]
    assert (waits[0].title, waits[0].due) == (registration.customer_name, task.due)
    assert not work.waiting_for(acme.sales)
    assert not work.waiting_for(finance)
    request_information(registration=registration, text="Who?", by=manager)
    assert not work.waiting_for(manager)
    assert [row.link for row in work.waiting_for(acme.sales)] == [registration.get_absolute_url()]
    assert not work.waiting_for(rival.sales)


def test_a_step_without_a_deadline_promises_nothing_to_anybody(acme, manager, browse):
    registration = deals.in_review(acme)
    assert (
        "An answer is promised by" in browse(acme.sales).get(registration.get_absolute_url()).content.decode()
    )
    Task.objects.open().filter(run__object_id=registration.pk).update(due=None)
    for reader in (acme.sales, manager):
        page = browse(reader).get(registration.get_absolute_url()).content.decode()
        assert "Waiting for" in page and "romised by" not in page


def test_without_a_flow_it_waits_as_its_promise_says(acme, manager, finance):
    FlowVersion.objects.update(state="retired")
    registration = deals.in_review(acme)
    assert [row.link for row in open_work(manager)] == [registration.get_absolute_url()]
    assert next(iter(open_work(manager))).due == promised_by(registration.waiting_since)
    assert not list(open_work(finance))


def test_my_own_registration_does_not_wait_for_me(acme, manager, administrator):
    from dealreg.services import register_deal

    register_deal(partner=acme.row, by=manager, **deals.facts())
    assert not work.waiting_for(manager)
    assert len(work.waiting_for(administrator)) == 1


def test_an_answer_is_promised_for_the_next_working_day(tenant, time_machine):
    time_machine.move_to("2026-11-13T07:00:00Z")  # Friday, 15:00 in Shanghai
    assert promised_by(clock.now()).isoformat() == "2026-11-16T15:00:00+08:00"
    time_machine.move_to("2026-11-12T07:00:00Z")
    assert promised_by(clock.now()).isoformat() == "2026-11-13T15:00:00+08:00"


def test_asking_who_decides_costs_two_queries_for_any_number_of_partners(acme, rival, manager):
    with CaptureQueriesContext(connection) as ran:
        found = deciders_by_partner([acme.row.pk, rival.row.pk])
    assert sum(not one["sql"].startswith("SET") for one in ran.captured_queries) == 2
    assert {pk: [user.pk for user in people] for pk, people in found.items()} == {
        acme.row.pk: [manager.user_id],
        rival.row.pk: [manager.user_id],
    }
