"""Partners as companies: creating, changing, moving through the lifecycle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners import errors, services
from partners.models import Partner
from prm.audit.models import AuditEntry
from prm.outbox.models import OutboxEvent
from prm.values.actor import Actor
from prm.values.errors import NotAllowed

pytestmark = pytest.mark.django_db


def test_a_new_partner_gets_the_next_free_number(manager):
    first = services.create_partner(name="First", by=manager)
    second = services.create_partner(name="Second", by=manager)
    assert int(second.number[2:]) == int(first.number[2:]) + 1
    assert OutboxEvent.objects.filter(name="partners.created").count() == 2


def test_a_number_or_tax_number_in_use_is_refused_on_its_field(manager):
    services.create_partner(name="First", number="P-77", tax_number="91330109MA2H4K7Q3Q", by=manager)
    with pytest.raises(errors.NumberTaken) as refused:
        services.create_partner(name="Second", number="P-77", by=manager)
    assert refused.value.field == "number" and "P-77" in refused.value.text
    with pytest.raises(errors.TaxNumberTaken):
        services.create_partner(name="Third", tax_number="91330109MA2H4K7Q3Q", by=manager)


def test_a_change_is_in_the_history_from_what_to_what(manager, acme):
    services.update_partner(partner=acme.row, region="Hangzhou", by=manager)
    entry = AuditEntry.objects.of(acme.row).first()
    assert entry.changes == {"region": ["", "Hangzhou"]} and entry.actor_label == "Lin Yue"


def test_partners_cannot_be_their_own_grandparents(manager, acme, rival):
    services.update_partner(partner=rival.row, parent=acme.row, by=manager)
    with pytest.raises(errors.ParentLoop):
        services.update_partner(partner=acme.row, parent=rival.row, by=manager)


def test_suspending_needs_a_reason_and_can_be_lifted(manager, acme):
    with pytest.raises(errors.ReasonMissing):
        services.change_status(partner=acme.row, status="suspended", reason=" ", by=manager)
    partner = services.change_status(
        partner=acme.row, status="suspended", reason="Invoices unpaid", by=manager
    )
    assert partner.status_reason == "Invoices unpaid"
    assert (
        services.change_status(partner=partner, status="active", reason="Paid", by=manager).status == "active"
    )


def test_partner_people_change_nothing_about_companies(acme):
    with pytest.raises(NotAllowed):
        services.update_partner(partner=acme.row, name="Better name", by=acme.admin)
    with pytest.raises(NotAllowed):
        services.create_partner(name="Friend", by=acme.admin)


@given(steps=st.lists(st.sampled_from(Partner.Status.values), max_size=8))
def test_only_declared_steps_of_the_lifecycle_happen(db, steps):
    by = Actor.job("test")
    partner = services.create_partner(name="Walker", status="applied", by=by)
    for wanted in steps:
        before = partner.status
        allowed = wanted in Partner.TRANSITIONS[Partner.Status(before)]
        try:
            partner = services.change_status(partner=partner, status=wanted, reason="step", by=by)
            assert allowed
        except errors.TransitionForbidden:
            assert not allowed
            partner = Partner.objects.locked(partner)
            assert partner.status == before
