"""Invitations: a letter, one use, fourteen days; nobody learns who is here already."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from prm.accounts.errors import (
    AddressInUse,
    AlreadyInvited,
    EmailTaken,
    InvitationNotOpen,
    PartnerNeeded,
    RoleNotOffered,
)
from prm.accounts.models import Invitation, User
from prm.accounts.services import accept_invitation, invite, resend_invitation, withdraw_invitation
from prm.accounts.services.invitations import invitation_of, token_of
from prm.audit.models import AuditEntry
from prm.notices.models import Letter, Notice
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.accounts.helpers import path_in, signed_in, visitor
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-7"


def test_an_invited_person_chooses_a_password_and_is_in(administrator):
    invite(email="New@Example.com", name="Chen Rui", role="channel_manager", by=administrator)
    deliver_open_events()
    browser = visitor()
    path = path_in(Letter.objects.first(), "/invitation/")
    assert browser.get(path).status_code == 200 and not User.objects.filter(email="new@example.com").exists()
    answer = browser.post(path, {"name": "Chen Rui", "password": PASSWORD})
    assert answer.status_code == 302
    user = User.objects.get(email="new@example.com")
    assert user.role == "channel_manager" and browser.session["_auth_user_id"] == str(user.pk)
    assert visitor().get(path).status_code == 410
    assert AuditEntry.objects.of(user).filter(verb="invitation_accepted").exists()


def test_a_partners_person_enters_with_the_company_in_the_same_transaction(acme):
    invitation = invite(email="ann@acme.example", name="Ann", role="partner_sales", by=acme.admin)
    user = accept_invitation(invitation=invitation, name="Ann", password=PASSWORD, by=Actor.nobody())
    assert actor(user).partner_id == acme.row.pk


def test_a_weak_password_is_refused_with_its_reason(administrator):
    invitation = invite(email="x@example.com", name="X", role="finance", by=administrator)
    answer = visitor().post(f"/invitation/{token_of(invitation)}/", {"name": "X", "password": "12345"})
    assert answer.status_code == 422 and "password" in answer.context["form"].errors
    assert not User.objects.filter(email="x@example.com").exists()


def test_the_link_ends_after_fourteen_days_and_after_a_new_letter(administrator):
    invitation = invite(email="x@example.com", name="X", role="finance", by=administrator)
    first = token_of(invitation)
    resent = resend_invitation(invitation=invitation, by=administrator)
    assert invitation_of(first) is None and invitation_of(token_of(resent)).pk == resent.pk
    with time_machine.travel(clock.now() + timedelta(days=15)):
        assert visitor().get(f"/invitation/{token_of(resent)}/").status_code == 410
        with pytest.raises(InvitationNotOpen):
            accept_invitation(invitation=resent, name="X", password=PASSWORD, by=Actor.nobody())


@pytest.mark.parametrize("token", ["1", "1-abc", "x-1", "999999999999999999999-a", "0", "-", "１-a"])
def test_a_made_up_token_opens_nothing(tenant, token):
    assert visitor().get(f"/invitation/{token}/").status_code == 404


def test_a_withdrawn_invitation_opens_nothing(administrator):
    invitation = invite(email="x@example.com", name="X", role="finance", by=administrator)
    withdraw_invitation(invitation=invitation, by=administrator)
    assert (
        visitor()
        .post(f"/invitation/{token_of(invitation)}/", {"name": "X", "password": PASSWORD})
        .status_code
        == 410
    )


def test_staff_are_told_that_an_address_is_taken_or_invited(administrator):
    UserFactory(email="taken@example.com")
    with pytest.raises(EmailTaken):
        invite(email="TAKEN@example.com", name="T", role="finance", by=administrator)
    invite(email="open@example.com", name="O", role="finance", by=administrator)
    with pytest.raises(AlreadyInvited):
        invite(email="open@example.com", name="O", role="finance", by=administrator)


def test_an_address_used_at_a_rival_answers_a_partner_like_a_free_one(acme, rival, administrator):
    invite(email="invited@example.com", name="I", role="partner_sales", by=rival.admin)
    answers = []
    for email in (
        "free@example.com",
        rival.sales_user.email,
        "invited@example.com",
        User.objects.get(pk=administrator.user_id).email,
    ):
        invitation = invite(email=email, name="P", role="partner_sales", by=acme.admin)
        answers.append((invitation.state, invitation.partner_id, invitation.email == email))
    assert set(answers) == {("open", acme.row.pk, True)}
    deliver_open_events()
    letter = Letter.objects.get(to=rival.sales_user.email)
    assert "already sign in" in letter.text and "/invitation/" not in letter.text
    assert Notice.objects.filter(kind="accounts.invited_elsewhere").exists()
    assert not Notice.objects.filter(user=acme.admin_user).exists()


def test_whoever_is_here_already_cannot_accept_for_another_company(acme, rival):
    invitation = invite(email=rival.sales_user.email, name="T", role="partner_admin", by=acme.admin)
    with pytest.raises(AddressInUse):
        accept_invitation(invitation=invitation, name="T", password=PASSWORD, by=Actor.nobody())
    assert actor(rival.sales_user).partner_id == rival.row.pk


def test_a_partner_invites_colleagues_only(acme, rival):
    with pytest.raises(RoleNotOffered):
        invite(email="x@example.com", name="X", role="administrator", by=acme.admin)
    with pytest.raises(NotAllowed):
        invite(email="x@example.com", name="X", role="partner_sales", partner=rival.row.pk, by=acme.admin)
    with pytest.raises(NotAllowed):
        invite(email="x@example.com", name="X", role="partner_sales", by=acme.sales)
    theirs = invite(email="x@example.com", name="X", role="partner_sales", by=rival.admin)
    for verb in (resend_invitation, withdraw_invitation):
        with pytest.raises(NotAllowed):
            verb(invitation=theirs, by=acme.admin)


def test_a_partner_role_needs_a_partner(administrator, acme):
    with pytest.raises(PartnerNeeded):
        invite(email="x@example.com", name="X", role="partner_sales", by=administrator)
    invite(email="x@example.com", name="X", role="partner_sales", partner=acme.row.pk, by=administrator)


def test_the_page_of_invitations_sends_again_and_withdraws(administrator):
    boss = User.objects.get(pk=administrator.user_id)
    browser = signed_in(boss)
    form = {"email": "x@example.com", "name": "X", "role": "finance", "partner": "", "language": "zh-hans"}
    assert browser.post("/settings/users/invite/", form).status_code == 302
    row = Invitation.objects.get()
    deliver_open_events()
    assert Letter.objects.get(to="x@example.com").language == "zh-hans"
    assert b"x@example.com" in browser.get("/settings/users/invitations/").content
    browser.post("/settings/users/invitations/", {"bulk": "withdraw", "row": [row.pk]})
    row.refresh_from_db()
    assert row.state == "withdrawn"
