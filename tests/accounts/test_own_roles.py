"""Roles of the tenant's own: made from a built-in one, given to people, at once; nobody gives what they lack."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django_tenants.utils import tenant_context

from dealreg.services import approve_registration
from prm.access import permissions
from prm.access.roles import PARTNER_ROLES, STAFF_ROLES
from prm.access.rules import who_may
from prm.access.scope import actor_for
from prm.accounts.errors import (
    LastAdministrator,
    NotOneself,
    NotYoursToGive,
    RoleInUse,
    RoleNotOffered,
    UnknownVerbs,
)
from prm.accounts.factors import must_have_second_factor
from prm.accounts.models import Invitation, OwnRole, User
from prm.accounts.services import accept_invitation, change_role, delete_role, invite, save_role
from prm.audit.history import history_of
from prm.audit.models import AuditEntry
from prm.configuration import services as configuration
from prm.configuration.errors import ConfigurationProblem
from prm.notices.work import count_now, waiting_for
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from rebates.errors import SecondPersonNeeded
from rebates.services import approve_run, close_run, start_release
from tests.accounts.helpers import signed_in
from tests.configuration.office import BY, apply, exported, fresh
from tests.factories.dealreg import in_review
from tests.factories.orders import order_of
from tests.factories.people import UserFactory, actor
from tests.rebates import world

pytestmark = pytest.mark.django_db
BOOKKEEPER = ["orders.invoice", "orders.view", "partners.view", "rebates.view"]


def made(by=BY, base="finance", verbs=BOOKKEEPER, **more):
    known = {"code": "bookkeeper", "name": "Bookkeeper", "name_zh": "记账员"} | more
    return save_role(role=None, base=base, verbs=verbs, by=by, **known)


def given(role, **how):
    user = UserFactory(role=role.base, **how)
    return change_role(user=user, role=role.base, own_role=role, by=BY)


def test_every_permission_of_the_staff_has_a_name_and_an_area():
    for name, verb in permissions.everything().items():
        assert verb.is_offered or verb.is_everybodys or not verb.roles & set(STAFF_ROLES), name
    for name in permissions.offered():
        assert str(permissions.area_of(name)[1]) != name.partition(".")[0], name
    for role in STAFF_ROLES:  # the administrator holds what any of the staff holds, so gives it away rightly
        assert permissions.of_role(role) <= permissions.of_role("administrator"), role


def test_nobody_is_shown_work_that_they_may_not_open(acme):
    order_of(acme.row, state="approved")
    shipper = given(made(verbs=["orders.fulfil", "orders.approve"]))
    seeing = given(
        made(code="seeing", name="Seeing", verbs=["orders.fulfil", "orders.approve", "orders.view"])
    )
    assert (waiting_for(actor(shipper)), count_now(actor(shipper))) == ([], 0)
    assert len(waiting_for(actor(seeing))) == count_now(actor(seeing)) == 1


def test_a_role_of_its_own_holds_from_the_next_click(administrator):
    user = UserFactory(finance=True)
    browser = signed_in(user)
    assert browser.get("/programmes/").status_code == 200
    role = made(by=administrator)
    change_role(user=user, role="finance", own_role=role, by=administrator)
    assert browser.get("/programmes/").status_code == 403 and browser.get("/orders/").status_code == 200
    assert browser.get("/account/").status_code == 200  # what everybody may do stays
    save_role(role=role, code=role.code, name="Bookkeeper", base="finance", verbs=["rebates.view_programmes"],
              by=administrator)  # fmt: skip
    assert browser.get("/programmes/").status_code == 200 and browser.get("/orders/").status_code == 403
    said = history_of(role, administrator)[0].text
    assert "may now See rebate programmes" in said and "may no longer" in said and "Invoice orders" in said
    assert AuditEntry.objects.filter(verb="role_changed", object_id=str(user.pk)).exists()


def test_partners_outside_of_the_assignment_stay_unseen_whatever_the_role_may(acme, rival, manager):
    role = made(base="channel_manager", verbs=sorted(permissions.offered()), code="all")
    user = given(role)
    assert actor_for(user).partner_ids == frozenset() and actor_for(user).permissions >= set(role.verbs)
    assert signed_in(user).get(f"/partners/{acme.row.pk}/").status_code == 404


def test_nobody_gives_what_they_do_not_hold(administrator):
    people_only = made(base="administrator", verbs=["accounts.manage", "accounts.view"], code="people")
    clerk = actor(given(people_only))
    second = made(base="administrator", verbs=["accounts.manage"], code="second", name="Second")
    other_clerk = actor(given(second))
    other = UserFactory(manager=True)
    for attempt in (
        lambda: made(by=clerk),
        lambda: change_role(user=other, role="administrator", by=clerk),
        lambda: change_role(user=other, role="finance", by=clerk),
        lambda: invite(email="new@vendor.example", name="N", role="finance", by=clerk),
        lambda: save_role(role=people_only, code="people", name="P", base="administrator", verbs=["rebates.pay"],
                          by=other_clerk),
    ):  # fmt: skip
        with pytest.raises(NotYoursToGive):
            attempt()
    assert not Invitation.objects.exists() and OwnRole.objects.count() == 2
    small = made(by=clerk, base="administrator", verbs=["accounts.view"], code="small", name="Small")
    change_role(user=UserFactory(administrator=True), role="administrator", own_role=small, by=clerk)
    with pytest.raises(NotOneself):
        save_role(role=people_only, code="people", name="Mine", base="administrator", verbs=[], by=clerk)
    with pytest.raises(NotAllowed):
        made(by=actor(other))


def test_an_administrator_who_holds_all_stays(administrator):
    boss = User.objects.get(pk=administrator.user_id)
    role = made(base="administrator", verbs=["accounts.manage"], code="half")
    other = given(role)
    with pytest.raises(LastAdministrator):
        change_role(user=boss, role="administrator", own_role=role, by=actor(other))


def test_a_role_goes_only_with_its_built_in_one(administrator):
    role = made()
    user = UserFactory(manager=True)
    with pytest.raises(RoleNotOffered):
        change_role(user=user, role="channel_manager", own_role=role, by=administrator)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(own_role=role)
        from django.db import connection

        connection.check_constraints()
    with pytest.raises(UnknownVerbs):
        made(verbs=["company.view"], code="partner")  # a partner's own; no work of the staff
    with pytest.raises(UnknownVerbs):
        made(verbs=["nothing.at_all"], code="no")


def test_who_may_and_who_decides_follow_the_role(acme, administrator, manager):
    deal = in_review(acme)
    narrow = given(made(base="administrator", verbs=["partners.view"], code="look"))
    wide = given(made(base="finance", verbs=["dealreg.view", "dealreg.approve", "approvals.decide"], code="desk",
                      name="Desk"))  # fmt: skip
    found = who_may("dealreg.approve", deal)
    assert wide in found and narrow not in found
    with pytest.raises(NotAllowed):
        approve_registration(registration=deal, by=actor(narrow))
    assert [user.pk for user in who_may("notices.read") if user.pk == narrow.pk]


def test_who_may_do_what_only_roles_with_a_second_factor_may_needs_one(settings):
    settings.SECOND_FACTOR_ROLES = ["administrator", "finance"]
    plain = given(made(base="channel_manager", verbs=["partners.view"], code="plain"))
    payer = given(made(base="channel_manager", verbs=["rebates.pay"], code="payer", name="Payer"))
    assert not must_have_second_factor(plain) and must_have_second_factor(payer)
    assert not must_have_second_factor(UserFactory(manager=True))


def test_who_approved_a_settlement_does_not_pay_it_whatever_the_role_may(acme):
    """The role has it all; the second pair of eyes is the service's."""
    everything = sorted(name for name in permissions.offered() if name.startswith(("rebates.", "approvals.")))
    by = actor(given(made(verbs=everything)))
    world.apply(world.policy("core"))
    world.sell(acme, 300_000)
    run = world.settle("2026-09", close=False)
    run = close_run(run=approve_run(run=run, by=by), by=BY)
    with pytest.raises(SecondPersonNeeded):
        start_release(run=run, by=by)


def test_a_role_in_use_is_not_deleted(administrator):
    role = made()
    invite(email="ann@vendor.example", name="Ann", role="finance", own_role=role, by=administrator)
    with pytest.raises(RoleInUse):
        delete_role(role=role, by=administrator)
    user = accept_invitation(invitation=Invitation.objects.get(), name="Ann", password="a-long-password-1",
                             by=Actor.nobody())  # fmt: skip
    assert user.own_role == role and actor_for(user).permissions >= set(BOOKKEEPER)
    with pytest.raises(RoleInUse):
        delete_role(role=role, by=administrator)
    change_role(user=user, role="finance", by=administrator)
    delete_role(role=role, by=administrator)
    assert not OwnRole.objects.exists()


def test_roles_in_the_configuration_as_text(administrator):
    made()
    text = [
        {
            "code": "bookkeeper",
            "name": "Bookkeeper",
            "name_zh": "记账员",
            "base": "finance",
            "may": BOOKKEEPER,
        }
    ]
    assert exported("roles") == text
    source = configuration.current_text()
    with tenant_context(fresh("roles")):
        configuration.apply(source=source, by=BY)
        assert configuration.current_text() == source
        rows = AuditEntry.objects.count()
        assert configuration.apply(source=source, by=BY) == [] and AuditEntry.objects.count() == rows
        [found] = apply(roles=[text[0] | {"may": BOOKKEEPER[:3]}])
        assert found.place == "roles[bookkeeper].may"
        for place, roles in (
            ("roles[0].may", [text[0] | {"may": ["rebates.fly"]}]),
            ("roles[0].base", [text[0] | {"base": "channel_manager"}]),
            ("roles[1].name", [text[0], text[0] | {"code": "second"}]),
        ):
            with pytest.raises(ConfigurationProblem) as refusal:
                apply(roles=roles)
            assert place in str(refusal.value)
        user = given(OwnRole.objects.get())
        with pytest.raises(ConfigurationProblem) as refusal:
            apply(roles=[])
        assert "roles[bookkeeper]" in str(refusal.value) and "people 1" in str(refusal.value)
        change_role(user=user, role="finance", by=BY)
        apply(roles=[])
        assert not OwnRole.objects.exists()


def test_the_pages_make_give_and_delete_a_role(administrator):
    browser = signed_in(User.objects.get(pk=administrator.user_id))
    assert b"Channel manager" in browser.get("/settings/roles/").content
    assert b"Record payments of rebates" in browser.get("/settings/roles/built-in/finance/").content
    new = "/settings/roles/new/finance/"
    assert browser.get(new).context["form"]["may_rebates"].initial
    assert browser.post(new, {"name": ""}).status_code == 422
    sent = {"name": "Bookkeeper", "name_zh": "记账员", "may_orders": ["orders.view", "orders.invoice"]}
    assert browser.post(new, sent).status_code == 302
    role = OwnRole.objects.get()
    assert (role.code, role.verbs) == ("bookkeeper", ["orders.invoice", "orders.view"])
    user = UserFactory(finance=True)
    page = browser.get(f"/settings/users/{user.pk}/", headers={"accept-language": "zh-CN"}).content.decode()
    assert "记账员" in page
    browser.post(f"/settings/users/{user.pk}/role/", {"role": "own:bookkeeper"})
    user.refresh_from_db()
    assert user.own_role == role and b"Bookkeeper" in browser.get("/settings/users/").content
    own = "/settings/roles/own/bookkeeper/"
    assert browser.post(own, {"name": "Bookkeeper", "may_orders": ["orders.view"]}).status_code == 302
    assert actor_for(User.objects.get(pk=user.pk)).permissions & {"orders.view", "orders.invoice"} == {
        "orders.view"
    }
    assert b"The role is in use" in browser.post(f"{own}delete/", follow=True).content
    browser.post(f"/settings/users/{user.pk}/role/", {"role": "finance"})
    assert browser.post(f"{own}delete/").status_code == 302 and not OwnRole.objects.exists()
    for path in ("/settings/roles/", "/settings/roles/new/finance/", "/settings/roles/built-in/finance/"):
        assert signed_in(user).get(path).status_code == 403


def test_roles_of_partners_are_shown_with_what_they_may_and_why_they_are_fixed(administrator):
    browser = signed_in(User.objects.get(pk=administrator.user_id))
    page = browser.get("/settings/roles/").content.decode()
    assert "Partner sales" in page and "cannot be copied" in page
    assert "/settings/roles/new/partner_sales/" not in page
    role = browser.get("/settings/roles/built-in/partner_sales/").content.decode()
    for words in ("Ask whether a customer is available", "Draft and submit orders", "See the own company"):
        assert words in role, words
    assert "Approve orders" not in role and "Copy" not in role
    assert browser.get("/settings/roles/new/partner_sales/").status_code == 404


def test_whatever_partners_may_do_has_a_name():
    nameless = [
        name
        for name, verb in permissions.everything().items()
        if verb.roles & set(PARTNER_ROLES) and not verb.label and not verb.is_everybodys
    ]
    assert not nameless
