"""A registration on paper: what was registered, how long it is protected; nothing its partner may not read."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from django.utils import translation

from dealreg.models import DealRegistration
from dealreg.paper import registration_text
from prm.customfields.services import create_field
from prm.files import paper
from prm.values.actor import Actor
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db
SYSTEM = Actor.job("tests")


@pytest.fixture
def text_of(tenant):
    """`text_of(registration, reader)` gives what stands on the paper."""

    def lay_out(registration, reader):
        request = RequestFactory().get("/")
        request.actor, request.tenant = reader, tenant
        found = DealRegistration.objects.visible_to(reader).get(pk=registration.pk)
        return registration_text(found, request)

    return lay_out


def test_either_side_downloads_the_registration(acme, manager, browse):
    deal = deals.approved(acme, manager)
    for reader in (acme.sales, manager):
        client = browse(reader)
        address = f"/deals/{deal.number}/registration.pdf"
        assert f'href="{address}"' in client.get(f"/deals/{deal.number}/").content.decode()
        answer = client.get(address)
        assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
        assert answer["Content-Disposition"] == f'attachment; filename="{deal.number}.pdf"'


def test_a_rival_and_a_draft_have_no_paper(acme, rival, manager, browse):
    deal, draft = deals.approved(acme, manager), deals.draft(acme)
    assert browse(rival.sales).get(f"/deals/{deal.number}/registration.pdf").status_code == 404
    assert browse(acme.sales).get(f"/deals/{draft.number}/registration.pdf").status_code == 404


def test_it_names_customer_lines_value_and_protection_in_the_readers_language(
    acme, manager, text_of, time_machine
):
    time_machine.move_to("2026-09-04T08:00:00Z")
    deal = deals.approved(acme, manager)
    text = text_of(deal, acme.sales)
    assert deal.customer_name in text and str(deal.lines.get().product_line) in text
    assert "4 Sep 2026 – 2 Dec 2026" in text
    with translation.override("zh-hans"):
        assert "2026年12月2日" in text_of(deal, acme.sales)


def test_own_fields_stand_on_it_and_what_is_for_staff_stays_off_also_when_staff_print(acme, manager, text_of):
    create_field(target="deal", code="competitor", kind="text", label="Competitor", by=SYSTEM)
    create_field(target="deal", code="odds", kind="text", label="Odds", staff_only=True, by=SYSTEM)
    deal = deals.approved(acme, manager)
    deal.custom = {"competitor": "Globex", "odds": "Slim"}
    deal.save(update_fields=["custom"])
    for reader in (acme.sales, manager):
        text = text_of(deal, reader)
        assert "Competitor" in text and "Globex" in text and "Slim" not in text


def test_nothing_is_fetched_for_what_somebody_typed(acme, manager, text_of):
    deal = deals.in_review(acme, note='<img src="http://169.254.169.254/latest/">')
    assert "<img" not in text_of(deal, manager)
    with pytest.raises(ValueError, match="not fetched"):
        paper.refuse("http://169.254.169.254/latest/")
