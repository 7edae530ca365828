"""Who belongs to a partner, who looks after it, and its tier as of any day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from partners import errors, services
from partners.models import Member, Partner, TierMembership
from partners.querysets import managers_of
from prm.ui import formats
from prm.values import clock
from tests.factories.partners import PartnerFactory, TierFactory
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


def seen_by(user) -> set[str]:
    return set(Partner.objects.visible_to(actor(user)).values_list("name", flat=True))


def test_an_assigned_manager_sees_the_partner_and_no_other(administrator, acme, rival):
    person = UserFactory(role="channel_manager")
    assert seen_by(person) == set()
    services.assign_manager(partner=acme.row, user=person, by=administrator)
    services.assign_manager(partner=acme.row, user=person, by=administrator)
    assert seen_by(person) == {acme.name} and list(managers_of(acme.row)) == [person]
    services.unassign_manager(partner=acme.row, user=person, by=administrator)
    assert seen_by(person) == set()


def test_a_manager_looks_after_the_partner_that_they_added(manager):
    person = UserFactory(role="channel_manager")
    made = services.create_partner(name="Newcomer", by=actor(person))
    assert seen_by(person) == {"Newcomer"} and list(managers_of(made)) == [person]
    of_all = services.create_partner(name="Another", by=manager)  # who sees all partners is assigned to none
    assert list(managers_of(of_all)) == []


def test_only_channel_managers_are_assigned(administrator, acme):
    with pytest.raises(errors.NotAChannelManager):
        services.assign_manager(partner=acme.row, user=UserFactory(finance=True), by=administrator)


def test_a_person_belongs_to_one_partner_at_a_time(administrator, acme, rival):
    with pytest.raises(errors.AlreadyMember):
        services.add_member(partner=rival.row, user=acme.sales_user, by=administrator)
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.create(partner=rival.row, user=acme.sales_user, during=(date(2021, 1, 1), None))


def test_who_leaves_sees_nothing_any_more(administrator, acme):
    member = acme.row.members.get(user=acme.sales_user)
    services.end_membership(member=member, by=administrator)
    left = actor(acme.sales_user)
    assert left.partner_id is None and not left.permissions
    assert not Partner.objects.visible_to(left).exists()


def test_a_distributors_administrator_may_be_granted_its_reseller(administrator, acme):
    reseller = PartnerFactory(name="Reseller", parent=acme.row)
    services.grant_access(partner=reseller, user=acme.admin_user, by=administrator)
    assert seen_by(acme.admin_user) == {acme.name, "Reseller"}
    services.revoke_access(partner=reseller, user=acme.admin_user, by=administrator)
    assert seen_by(acme.admin_user) == {acme.name}


def test_people_of_a_partner_that_has_exited_see_nothing(manager, acme):
    for status in ("exiting", "exited"):
        services.change_status(partner=acme.row, status=status, reason="Contract ended", by=manager)
    assert actor(acme.sales_user).partner_id is None


def test_a_new_tier_ends_the_one_before_and_the_past_stays(manager, acme):
    today = clock.today()
    platinum = TierFactory(code="platinum")
    services.set_tier(partner=acme.row, tier=platinum, first_day=today, by=manager)

    def code_on(day):
        return Partner.objects.visible_to(manager).with_tier(day).get(pk=acme.row.pk).tier_code

    assert code_on(today - timedelta(days=1)) == "gold" and code_on(today) == "platinum"
    with pytest.raises(errors.TierUnchanged):
        services.set_tier(partner=acme.row, tier=platinum, first_day=today, by=manager)


def test_a_tier_planned_for_later_is_not_cut_off(manager, acme):
    later = clock.today() + timedelta(days=30)
    services.set_tier(partner=acme.row, tier=TierFactory(code="platinum"), first_day=later, by=manager)
    with pytest.raises(errors.TierInTheFuture):
        services.set_tier(
            partner=acme.row, tier=TierFactory(code="bronze"), first_day=clock.today(), by=manager
        )


def test_the_database_refuses_two_tiers_at_once(acme):
    with pytest.raises(IntegrityError), transaction.atomic():
        TierMembership.objects.create(
            partner=acme.row, tier=TierFactory(code="silver"), during=(date(2024, 1, 1), None), set_by="test"
        )


def test_the_first_contact_is_the_main_one_until_another_takes_its_place(manager, acme):
    first = services.save_contact(partner=acme.row, name="Wang Lei", by=manager)
    assert first.is_primary
    second = services.save_contact(partner=acme.row, name="Liu Yang", is_primary=True, by=manager)
    first.refresh_from_db()
    assert second.is_primary and not first.is_primary


def test_the_page_names_the_last_day_of_a_tier_and_the_first_of_one_to_come(manager, acme, browse):
    today = clock.today()
    services.set_tier(
        partner=acme.row, tier=TierFactory(code="platinum"), first_day=today + timedelta(days=5), by=manager
    )
    page = browse(manager).get(acme.row.get_absolute_url()).content.decode()
    assert f"to {formats.day(today + timedelta(days=4))}" in page
    assert f"from {formats.day(today + timedelta(days=5))} on" in page
