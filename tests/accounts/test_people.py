"""Users and roles: given by administrators, never the last one away, ended at once."""

from __future__ import annotations

import pytest

from prm.accounts.errors import LastAdministrator, ManagerOfAnotherHouse, NotOneself, StaffStaysStaff
from prm.accounts.models import User
from prm.accounts.services import change_role, deactivate_user, invite, reactivate_user, set_manager
from prm.accounts.views.people import ManagerForm
from prm.audit.models import AuditEntry
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.values.errors import NotAllowed
from tests.accounts.helpers import signed_in
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(administrator) -> User:
    return User.objects.get(pk=administrator.user_id)


def test_a_role_is_changed_and_recorded_from_what_to_what(administrator):
    user = UserFactory(finance=True)
    change_role(user=user, role="channel_manager", all_partners=True, by=administrator)
    user.refresh_from_db()
    assert (user.role, user.all_partners) == ("channel_manager", True)
    entry = AuditEntry.objects.of(user).get(verb="role_changed")
    assert entry.changes == {"role": ["finance", "channel_manager"], "all_partners": [False, True]}
    deliver_open_events()
    assert Notice.objects.get(user=user).kind == "accounts.role_changed"


def test_staff_stay_staff_and_partners_stay_partners(administrator, acme):
    with pytest.raises(StaffStaysStaff):
        change_role(user=acme.sales_user, role="finance", by=administrator)
    with pytest.raises(StaffStaysStaff):
        change_role(user=UserFactory(finance=True), role="partner_sales", by=administrator)


def test_only_administrators_give_roles(manager, finance, acme):
    for by in (manager, finance, acme.admin, acme.sales):
        with pytest.raises(NotAllowed):
            change_role(user=UserFactory(), role="finance", by=by)
        with pytest.raises(NotAllowed):
            deactivate_user(user=UserFactory(), by=by)


def test_an_operator_acting_for_the_administrator_changes_no_rights(administrator):
    operator = administrator.with_(kind="operator", acting_operator="op@example.com", read_only=False)
    with pytest.raises(NotAllowed):
        change_role(user=UserFactory(), role="finance", by=operator)


def test_the_last_administrator_stays(administrator, boss):
    other = UserFactory(administrator=True)
    by_other = actor(other)
    deactivate_user(user=boss, by=by_other)
    with pytest.raises(NotOneself):
        deactivate_user(user=other, by=by_other)
    reactivate_user(user=boss, by=by_other)
    change_role(user=other, role="finance", by=administrator)
    with pytest.raises(NotOneself):
        change_role(user=boss, role="finance", by=administrator)
    third = actor(UserFactory(administrator=True))
    deactivate_user(user=User.objects.get(pk=third.user_id), by=administrator)
    with pytest.raises(LastAdministrator):
        deactivate_user(user=boss, by=third)


def test_deactivating_ends_every_session_at_once(administrator):
    user = UserFactory(manager=True)
    user.set_password("a-long-password-1")
    user.save()
    phone = signed_in(user)
    laptop = signed_in(user)
    assert phone.get("/account/").status_code == 200
    deactivate_user(user=user, by=administrator, reason="left")
    for browser in (phone, laptop):
        assert browser.get("/account/").status_code == 302
    reactivate_user(user=user, by=administrator)
    assert signed_in(user).get("/account/").status_code == 200


def test_the_pages_of_people(boss, acme):
    browser = signed_in(boss)
    page = browser.get("/settings/users/")
    assert b"ACME Networks" in page.content and boss.email.encode() in page.content
    assert b"ACME Networks Sales" in browser.get("/settings/users/?q=acme networks sales").content
    path = f"/settings/users/{acme.sales_user.pk}"
    assert browser.get(f"{path}/").status_code == 200
    assert browser.post(f"{path}/role/", {"role": "partner_admin"}).status_code == 302
    assert browser.get(f"{path}/deactivate/").status_code == 200
    assert browser.post(f"{path}/deactivate/", {"reason": "left"}).status_code == 302
    acme.sales_user.refresh_from_db()
    assert acme.sales_user.role == "partner_admin" and not acme.sales_user.is_active
    assert browser.post(f"{path}/reactivate/").status_code == 302
    assert browser.get(f"/settings/users/{boss.pk}/").status_code == 200


def test_others_have_no_business_there(manager, acme):
    for user in (User.objects.get(pk=manager.user_id), acme.admin_user):
        browser = signed_in(user)
        for path in (
            "/settings/users/",
            "/settings/users/invite/",
            "/settings/audit/",
            "/settings/users/invitations/",
        ):
            assert browser.get(path).status_code == 403


def test_the_list_of_people_costs_a_fixed_number_of_queries(boss, django_assert_max_num_queries):
    UserFactory.create_batch(3)
    browser = signed_in(boss)
    browser.get("/settings/users/")
    with django_assert_max_num_queries(31) as few:
        browser.get("/settings/users/")
    UserFactory.create_batch(30)
    with django_assert_max_num_queries(len(few)):
        browser.get("/settings/users/")


def test_a_partners_administrator_manages_the_own_company_only(acme, rival):
    browser = signed_in(acme.admin_user)
    page = browser.get("/company/people/").content.decode()
    assert acme.sales_user.email in page and rival.sales_user.email not in page
    form = {"email": "new@acme.example", "name": "New", "role": "partner_sales"}
    assert browser.post("/company/people/invite/", form).status_code == 302
    assert browser.post("/company/people/invite/", form | {"role": "administrator"}).status_code == 422
    assert "new@acme.example" in browser.get("/company/people/").content.decode()
    assert "new@acme.example" not in signed_in(rival.admin_user).get("/company/people/").content.decode()
    assert browser.post(f"/company/people/{rival.sales_user.pk}/deactivate/").status_code == 404
    assert browser.post(f"/company/people/{acme.sales_user.pk}/deactivate/").status_code == 302
    acme.sales_user.refresh_from_db()
    assert not acme.sales_user.is_active
    assert browser.post(f"/company/people/{acme.sales_user.pk}/reactivate/").status_code == 302
    assert signed_in(acme.sales_user).get("/company/people/").status_code == 403


def test_a_stranger_touches_no_invitation_of_another_company(acme, rival):
    theirs = invite(email="x@example.com", name="X", role="partner_sales", by=rival.admin)
    browser = signed_in(acme.admin_user)
    for verb in ("resend", "withdraw"):
        assert browser.post(f"/company/people/invitations/{theirs.pk}/{verb}/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.state == "open"


def test_a_person_reports_within_the_own_house_only(acme, rival, administrator):
    clerk, boss = UserFactory(manager=True), User.objects.get(pk=administrator.user_id)
    for user, stranger, colleague in (
        (clerk, acme.sales_user, boss),
        (acme.sales_user, boss, acme.admin_user),
        (acme.sales_user, rival.admin_user, acme.admin_user),
    ):
        with pytest.raises(ManagerOfAnotherHouse):
            set_manager(user=user, manager=stranger, by=administrator)
        offered = ManagerForm(actor=administrator, user=user).fields["manager"].queryset
        assert stranger not in offered and colleague in offered
        assert set_manager(user=user, manager=colleague, by=administrator).manager == colleague
