"""Pages about partners, as staff and as the partner itself."""

from __future__ import annotations

import pytest
from django.test.utils import CaptureQueriesContext

from partners import services
from partners.models import Partner
from tests.factories.partners import PartnerFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def test_a_manager_adds_suspends_and_edits_a_partner(browse, manager):
    client = browse(manager)
    answer = client.post("/partners/new/", {"name": "Newcomer", "type": "reseller", "region": "Suzhou"})
    partner = Partner.objects.visible_to(manager).get(name="Newcomer")
    assert answer.status_code == 302 and answer["Location"] == f"/partners/{partner.pk}/"
    client.post(f"/partners/{partner.pk}/become/suspended/", {"reason": "Paperwork missing"})
    page = client.get(f"/partners/{partner.pk}/").content.decode()
    assert "Suspended" in page and "Paperwork missing" in page
    client.post(f"/partners/{partner.pk}/edit/", {"name": "Newcomer", "type": "agent", "phone": "021 5555"})
    partner.refresh_from_db()
    assert (partner.type, partner.phone) == ("agent", "021 5555")


def test_a_refused_form_keeps_what_was_typed_and_names_the_field(browse, manager, acme):
    answer = browse(manager).post(
        "/partners/new/", {"name": "Copy", "type": "reseller", "number": acme.row.number}
    )
    page = answer.content.decode()
    assert answer.status_code == 422 and 'value="Copy"' in page and acme.row.number in page


def test_the_partners_own_page_shows_no_internal_note(browse, manager, acme):
    services.update_partner(partner=acme.row, note="Pays late, watch out", by=manager)
    page = browse(acme.admin).get("/company/").content.decode()
    assert acme.name in page and "Pays late" not in page


def test_partner_people_meet_no_list_of_partners(browse, acme):
    assert browse(acme.sales).get("/partners/").status_code == 403


def test_an_administrator_assigns_a_manager_on_the_partners_page(browse, administrator, acme):
    person = UserFactory(role="channel_manager", name="Chen Rui")
    client = browse(administrator)
    client.post(f"/partners/{acme.row.pk}/managers/new/", {"user": person.pk})
    assert "Chen Rui" in client.get(f"/partners/{acme.row.pk}/").content.decode()


def test_the_list_costs_the_same_however_many_partners_there_are(
    browse, manager, django_assert_max_num_queries
):
    from django.db import connection

    client = browse(manager)
    client.get("/partners/")
    with CaptureQueriesContext(connection) as few:
        client.get("/partners/?view=all")
    for _ in range(30):
        PartnerFactory(tier="gold")
    with CaptureQueriesContext(connection) as many:
        client.get("/partners/?view=all")
    assert len(many) == len(few)
