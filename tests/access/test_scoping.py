"""Scoping fails closed, and roles give verbs."""

from __future__ import annotations

import pytest

from dealreg.models import DealRegistration
from partners.models import Contact, Partner
from prm.access import permissions
from prm.access.rules import allowed, require, who_may
from prm.access.scoping import Unscoped, partner_id_of
from prm.values.actor import Actor
from prm.values.errors import NotAllowed, ReadOnly
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "run",
    [list, lambda rows: rows.count(), lambda rows: rows.exists(), lambda rows: rows.first(),
     lambda rows: rows.update(note=""), lambda rows: rows.delete(), lambda rows: list(rows.iterator()),
     lambda rows: rows.get(pk=1), lambda rows: list(rows.values_list("pk"))],
)  # fmt: skip
def test_a_query_that_named_nobody_does_not_run(acme, run):
    with pytest.raises(Unscoped):
        run(Partner.objects.filter(name="ACME Networks"))


def test_a_query_says_whose_rows_it_wants(acme, rival):
    assert list(Partner.objects.visible_to(acme.sales)) == [acme.row]
    assert Partner.objects.for_everyone(because="a test").count() == 2
    with pytest.raises(ValueError):
        Partner.objects.for_everyone(because="")


def test_a_visitor_sees_nothing(acme):
    assert not Partner.objects.visible_to(Actor.nobody()).exists()


def test_rows_reached_from_a_loaded_row_follow_it(acme):
    Contact.objects.create(partner=acme.row, name="Wang Lei")
    partner = Partner.objects.visible_to(acme.sales).prefetch_related("contacts").get()
    assert [contact.name for contact in partner.contacts.all()] == ["Wang Lei"]


def test_a_union_with_an_unscoped_query_does_not_run(acme):
    scoped = Partner.objects.visible_to(acme.sales)
    with pytest.raises(Unscoped):
        list(scoped.union(Partner.objects.all()))


def test_to_see_is_not_to_change(acme, rival):
    assert not allowed(acme.sales, "partners.edit", acme.row)
    with pytest.raises(NotAllowed):
        require(acme.admin, "partners.manage_contacts", rival.row)
    require(acme.admin, "partners.manage_contacts", acme.row)


def test_an_acting_operator_never_does_sensitive_verbs_and_reads_only_unless_granted(manager):
    operator = manager.with_(kind="operator", acting_operator="op@example.com")
    with pytest.raises(NotAllowed):
        require(operator, "dealreg.approve")
    require(operator, "partners.edit")
    with pytest.raises(ReadOnly):
        require(operator.with_(read_only=True), "partners.edit")
    require(operator.with_(read_only=True), "partners.view")


def test_who_may_names_those_assigned_first(acme):
    everyone = UserFactory(role="channel_manager", name="Aaron", all_partners=True)
    from guardian.shortcuts import assign_perm

    assigned = UserFactory(role="channel_manager", name="Zoe")
    assign_perm("partners.access_partner", assigned, acme.row)
    UserFactory(role="channel_manager", name="Stranger")
    assert who_may("partners.edit", acme.row)[:2] == [assigned, everyone]
    assert "Stranger" not in [person.name for person in who_may("partners.edit", acme.row)]


def test_a_deactivated_person_is_nobody(acme):
    acme.sales_user.is_active = False
    assert actor(acme.sales_user).kind == "nobody"


def test_every_partner_owned_model_says_how_it_reaches_its_partner():
    assert DealRegistration.PARTNER_PATH == "partner"
    assert partner_id_of(Partner(pk=7)) == 7


def test_an_unknown_verb_is_a_mistake_and_never_a_yes(manager):
    with pytest.raises(KeyError):
        require(manager, "partners.teleport")
    assert "partners.teleport" not in permissions.everything()
