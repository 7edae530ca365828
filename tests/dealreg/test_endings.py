"""A registration ends: won, lost, withdrawn, expired. A protection is cut short, never deleted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dealreg import errors
from dealreg.daily import look_after_protections
from dealreg.models import DealRegistration, Protection
from dealreg.services import (
    expire_registration,
    mark_lost,
    mark_won,
    reject_registration,
    remind_of_end,
    request_information,
    withdraw_registration,
)
from prm.outbox.models import OutboxEvent
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.factories import dealreg as deals

JOB = Actor.job("protections")


def test_a_won_deal_keeps_its_protection(acme, manager):
    registration = deals.approved(acme, manager)
    won = mark_won(registration=registration, by=acme.sales)
    assert won.state == "won"
    protection = won.protections.get()
    assert protection.is_live(clock.today())
    assert protection.ended_because == ""
    assert won.protected_until == protection.promised_last_day


def test_a_lost_deal_gives_its_customer_back_and_says_why(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    registration = deals.approved(acme, manager)
    time_machine.move_to("2026-10-01T08:00:00Z")
    with pytest.raises(errors.ReasonMissing):
        mark_lost(registration=registration, reason="", by=acme.sales)
    lost = mark_lost(registration=registration, reason="Too slow", by=acme.sales)
    protection = lost.protections.get()
    assert (protection.last_day, protection.ended_because) == (date(2026, 9, 30), "lost")
    assert protection.promised_last_day == date(2026, 12, 2)
    assert (lost.closed_reason, lost.protected_until) == ("Too slow", date(2026, 9, 30))


def test_a_protection_cut_on_its_first_day_has_held_no_day_but_stays_on_file(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    withdrawn = withdraw_registration(registration=deals.approved(acme, manager), by=acme.sales)
    protection = withdrawn.protections.get()
    assert not protection.is_live(date(2026, 9, 4))
    assert (protection.first_day, protection.promised_last_day) == (date(2026, 9, 4), date(2026, 12, 2))


def test_a_protection_is_never_deleted_with_its_registration(acme, manager):
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        deals.approved(acme, manager).delete()
    assert Protection.objects.visible_to(acme.sales).count() == 1


@pytest.mark.parametrize("prepare", ["draft", "in_review", "asked", "approved"])
def test_a_partner_may_withdraw_until_the_end(acme, manager, prepare):
    if prepare == "draft":
        registration = deals.draft(acme)
    elif prepare == "approved":
        registration = deals.approved(acme, manager)
    else:
        registration = deals.in_review(acme)
        if prepare == "asked":
            request_information(registration=registration, text="Who decides?", by=manager)
    assert withdraw_registration(registration=registration, by=acme.admin).state == "withdrawn"


def test_what_is_over_does_not_end_twice(acme, manager):
    registration = deals.approved(acme, manager)
    mark_won(registration=registration, by=acme.sales)
    with pytest.raises(errors.AlreadyWon):
        mark_lost(registration=registration, reason="No", by=acme.sales)
    with pytest.raises(errors.AlreadyWon):
        withdraw_registration(registration=registration, by=acme.sales)
    rejected = reject_registration(
        registration=deals.in_review(acme, customer_name="Anji Bamboo"), reason="No", by=manager
    )
    with pytest.raises(errors.AlreadyRejected):
        mark_won(registration=rejected, by=acme.sales)


def test_only_the_partners_own_people_and_its_managers_end_a_deal(acme, rival, finance, manager):
    registration = deals.approved(acme, manager)
    for stranger in (rival.sales, rival.admin, finance):
        with pytest.raises(NotAllowed):
            mark_won(registration=registration, by=stranger)
    assert mark_won(registration=registration, by=manager).state == "won"


def test_a_registration_expires_on_the_day_after_its_last_day(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    registration = deals.approved(acme, manager)
    time_machine.move_to("2026-12-02T08:00:00Z")
    look_after_protections()
    registration.refresh_from_db()
    assert registration.state == "approved"
    time_machine.move_to("2026-12-02T16:30:00Z")  # 3 December in Shanghai
    look_after_protections()
    registration.refresh_from_db()
    assert registration.state == "expired"
    assert registration.protections.get().ended_because == "expired"
    assert registration.protections.get().last_day == date(2026, 12, 2)


def test_expiry_twice_is_as_good_as_once(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    registration = deals.approved(acme, manager)
    time_machine.move_to("2026-12-10T08:00:00Z")
    for _ in range(2):
        look_after_protections()
        expire_registration(registration=registration, by=JOB)
    assert OutboxEvent.objects.filter(name="dealreg.expired").count() == 1


def test_a_won_deal_does_not_expire(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    registration = mark_won(registration=deals.approved(acme, manager), by=acme.sales)
    time_machine.move_to("2027-01-10T08:00:00Z")
    look_after_protections()
    registration.refresh_from_db()
    assert registration.state == "won"


def test_reminders_come_14_and_3_days_before_and_once_each(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    registration = deals.approved(acme, manager)  # to 2 December
    told = []
    for day in range(17):
        time_machine.move_to(
            f"2026-11-{16 + day:02d}T02:00:00Z" if day < 15 else f"2026-12-{day - 14:02d}T02:00:00Z"
        )
        told.append(remind_of_end(registration=registration, by=JOB))
        assert remind_of_end(registration=registration, by=JOB) is None
    assert [days for days in told if days] == [14, 3]
    assert told[2] == 14  # 18 November
    assert told[13] == 3  # 29 November


def test_a_reminder_that_was_missed_is_made_up(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    registration = deals.approved(acme, manager)
    time_machine.move_to("2026-11-25T02:00:00Z")
    assert remind_of_end(registration=registration, by=JOB) == 14
    time_machine.move_to("2026-12-02T02:00:00Z")
    assert remind_of_end(registration=registration, by=JOB) == 3


def test_a_partner_that_leaves_holds_no_customer_any_more(acme, rival, manager, administrator):
    from partners.services import change_status

    held, asked = deals.approved(acme, manager), deals.in_review(acme, customer_name="Anji Bamboo")
    change_status(partner=acme.row, status="exiting", reason="Contract ended", by=administrator)
    change_status(partner=acme.row, status="exited", reason="Contract ended", by=administrator)
    deliver_open_events()
    states = DealRegistration.objects.visible_to(manager).values_list("state", flat=True)
    assert set(states) == {"withdrawn"}
    assert {held.pk, asked.pk} == {row.pk for row in DealRegistration.objects.visible_to(manager)}
    assert deals.approved(rival, manager).state == "approved"


def test_a_close_in_the_far_future_does_not_lengthen_the_protection(acme, manager):
    registration = deals.approved(acme, manager, expected_close=clock.today() + timedelta(days=900))
    assert registration.protected_until == clock.today() + timedelta(days=89)
