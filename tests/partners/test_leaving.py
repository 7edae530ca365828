"""Whoever leaves a company is out at once, is told so at sign-in, and can be brought back."""

from __future__ import annotations

import pytest

from partners import services
from partners.errors import AlreadyMember
from partners.models import Member, PartnerGrant
from prm.accounts.errors import AddressInUse, ColleagueAlready, EmailTaken, NotOneself, PartnerNeeded
from prm.accounts.models import User
from prm.accounts.services import accept_again, accept_invitation, add_to_company, deactivate_user, invite
from prm.accounts.services.invitations import token_of
from prm.notices.models import Letter
from prm.outbox.services import deliver_open_events
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.accounts.helpers import path_in, signed_in, visitor
from tests.factories.partners import PartnerFactory
from tests.factories.people import actor

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-7"


@pytest.fixture
def lea(acme) -> User:
    """Sales at ACME, with a password of her own."""
    acme.sales_user.set_password(PASSWORD)
    acme.sales_user.save()
    return acme.sales_user


def leave(user: User, by: Actor) -> None:
    services.end_membership(member=Member.objects.for_everyone(because="a test").get(user=user), by=by)


def sign_in(email: str, password: str = PASSWORD):
    return visitor().post("/sign-in/", {"login": email, "password": password})


def test_who_leaves_is_signed_out_everywhere_at_once(lea, acme):
    phone, laptop = signed_in(lea), signed_in(lea)
    assert phone.get("/deals/").status_code == 200
    leave(lea, acme.admin)
    for browser in (phone, laptop):
        assert browser.get("/deals/").status_code == 302
    assert acme.row.members.filter(user=lea).exists(), "the history stays"


def test_sign_in_says_why_only_to_who_knows_the_password(lea, acme):
    leave(lea, acme.admin)
    assert "no longer belong to a company" in sign_in(lea.email).content.decode()
    assert "no longer belong to a company" not in sign_in(lea.email, "wrong-horse-7").content.decode()


def test_a_session_that_outlived_the_company_is_shown_out_with_the_reason(lea, acme, manager):
    browser = signed_in(lea)
    for status in ("exiting", "exited"):
        services.change_status(partner=acme.row, status=status, reason="Contract ended", by=manager)
    assert browser.get("/deals/")["Location"] == "/sign-in/"
    assert "no longer belong to a company" in browser.get("/sign-in/").content.decode()


def test_what_a_distributors_person_was_granted_on_others_goes_too(acme, administrator):
    reseller = PartnerFactory(name="Reseller", parent=acme.row)
    services.grant_access(partner=reseller, user=acme.admin_user, by=administrator)
    leave(acme.admin_user, administrator)
    assert not PartnerGrant.objects.filter(user=acme.admin_user).exists()


def test_ending_it_twice_changes_nothing_and_nobody_ends_their_own(acme, manager):
    leave(acme.sales_user, manager)
    before = acme.row.members.get(user=acme.sales_user).during
    leave(acme.sales_user, manager)
    assert acme.row.members.get(user=acme.sales_user).during == before
    with pytest.raises(NotOneself):
        leave(acme.admin_user, acme.admin)


def test_the_page_says_what_will_happen_before_it_does(acme):
    browser = signed_in(acme.admin_user)
    member = acme.row.members.get(user=acme.sales_user)
    path = f"/partners/{acme.row.pk}/people/{member.pk}/remove/"
    page = browser.get(path).content.decode()
    assert "is signed out everywhere at once" in page and actor(acme.sales_user).partner_id == acme.row.pk
    assert browser.post(path).status_code == 302 and actor(acme.sales_user).partner_id is None


def test_a_contact_is_removed_only_after_the_page_said_what_is_lost(acme, manager):
    contact = services.save_contact(partner=acme.row, name="Wang Lei", by=manager)
    browser = signed_in(acme.admin_user)
    path = f"/partners/{acme.row.pk}/contacts/{contact.pk}/remove/"
    assert "This is the main contact" in browser.get(path).content.decode()
    assert acme.row.contacts.exists()
    browser.post(path)
    assert not acme.row.contacts.exists()


def test_a_colleague_is_deactivated_only_after_the_page_said_so(acme):
    browser = signed_in(acme.admin_user)
    path = f"/company/people/{acme.sales_user.pk}/deactivate/"
    assert "is signed out everywhere at once" in browser.get(path).content.decode()
    acme.sales_user.refresh_from_db()
    assert acme.sales_user.is_active


def test_the_administrator_adds_the_person_to_a_company_again(lea, acme, rival, administrator):
    leave(lea, acme.admin)
    browser = signed_in(User.objects.get(pk=administrator.user_id))
    assert "Add to a company" in browser.get(f"/settings/users/{lea.pk}/").content.decode()
    answer = browser.post(f"/settings/users/{lea.pk}/company/", {"partner": rival.row.pk})
    assert answer.status_code == 302 and actor(lea).partner_id == rival.row.pk
    assert sign_in(lea.email).status_code == 302
    assert "Add to a company" not in browser.get(f"/settings/users/{lea.pk}/").content.decode()


def test_nobody_is_added_to_a_second_company_and_nobody_else_adds(acme, rival, administrator, manager):
    with pytest.raises(AlreadyMember):
        add_to_company(user=acme.sales_user, partner=rival.row.pk, by=administrator)
    leave(acme.sales_user, administrator)
    with pytest.raises(PartnerNeeded):
        add_to_company(user=acme.sales_user, partner=0, by=administrator)
    for by in (manager, acme.admin):
        with pytest.raises(NotAllowed):
            add_to_company(user=acme.sales_user, partner=acme.row.pk, by=by)


def test_an_invitation_of_the_same_company_brings_the_person_back(lea, acme):
    leave(lea, acme.admin)
    invite(email=lea.email, name="Lea", role="partner_admin", by=acme.admin)
    deliver_open_events()
    letter = Letter.objects.get(to=lea.email)
    assert "invites you back to ACME Networks" in letter.text
    browser, path = visitor(), path_in(letter, "/invitation/")
    page = browser.get(path).content.decode()
    assert "Welcome back" in page and 'type="password"' not in page
    assert actor(lea).partner_id is None, "only the button does it"
    assert browser.post(path)["Location"] == "/sign-in/"
    assert "_auth_user_id" not in browser.session, "a letter alone opens no account with a second factor"
    lea.refresh_from_db()
    assert actor(lea).partner_id == acme.row.pk and lea.role == "partner_admin"
    assert sign_in(lea.email).status_code == 302
    assert visitor().get(path).status_code == 410


def test_the_administrator_may_invite_back_too(lea, acme, rival, administrator):
    with pytest.raises(EmailTaken):
        invite(email=lea.email, name="L", role="partner_sales", partner=acme.row.pk, by=administrator)
    leave(lea, acme.admin)
    with pytest.raises(EmailTaken):
        invite(email=lea.email, name="L", role="partner_sales", partner=rival.row.pk, by=administrator)
    invitation = invite(
        email=lea.email, name="L", role="partner_sales", partner=acme.row.pk, by=administrator
    )
    assert actor(accept_again(invitation=invitation, by=Actor.nobody())).partner_id == acme.row.pk


def test_another_company_never_learns_that_the_address_was_elsewhere(lea, acme, rival):
    leave(lea, acme.admin)
    invitation = invite(email=lea.email, name="L", role="partner_sales", by=rival.admin)
    assert invitation.is_open and invitation.partner_id == rival.row.pk
    for accept in (
        lambda: accept_again(invitation=invitation, by=Actor.nobody()),
        lambda: accept_invitation(invitation=invitation, name="L", password=PASSWORD, by=Actor.nobody()),
    ):
        with pytest.raises(AddressInUse):
            accept()
    assert actor(lea).partner_id is None


def test_a_deactivated_person_is_not_let_in_by_an_invitation(lea, acme, administrator):
    leave(lea, acme.admin)
    deactivate_user(user=lea, by=administrator)
    invitation = invite(email=lea.email, name="L", role="partner_sales", by=acme.admin)
    with pytest.raises(AddressInUse):
        accept_again(invitation=invitation, by=Actor.nobody())


def test_the_own_colleague_need_not_be_invited(acme):
    with pytest.raises(ColleagueAlready):
        invite(email=acme.sales_user.email, name="S", role="partner_sales", by=acme.admin)


def test_a_letter_and_its_page_name_the_company(acme):
    invitation = invite(email="new@acme.example", name="New", role="partner_sales", by=acme.admin)
    deliver_open_events()
    assert "ACME Networks" in Letter.objects.get(to="new@acme.example").text
    assert "ACME Networks" in visitor().get(f"/invitation/{token_of(invitation)}/").content.decode()


def test_staff_are_invited_by_the_tenants_own_name(administrator, tenant):
    invite(email="new@example.com", name="New", role="finance", by=administrator)
    deliver_open_events()
    assert f"work for {tenant.name}" in Letter.objects.get(to="new@example.com").text
