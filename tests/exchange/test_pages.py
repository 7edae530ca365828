"""The pages of exchange rates: entered by one, found in the inbox of the other, confirmed there."""

from __future__ import annotations

import pytest

from prm.audit.models import AuditEntry
from prm.exchange.models import Batch, Policy, Rate
from prm.exchange.services import set_exchange
from prm.notices import work
from tests.exchange.world import known, propose
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db
TYPED = {"source": "ECB", "base": "eur", "quote": "USD", "value": "1.10", "day": "2026-09-30"}


def test_a_rate_is_typed_in_and_confirmed_by_somebody_else(browse, finance, administrator):
    answer = browse(finance).post("/exchange-rates/new/", TYPED)
    batch = Batch.objects.get()
    assert answer["Location"] == batch.get_absolute_url()
    own = browse(finance).get(batch.get_absolute_url()).content.decode()
    assert "You entered these rates" in own and "/confirm/" not in own
    assert "1 EUR = 1.10 USD" in own
    page = browse(administrator).get(batch.get_absolute_url()).content.decode()
    assert f"/exchange-rates/{batch.pk}/confirm/" in page
    browse(administrator).post(f"/exchange-rates/{batch.pk}/confirm/")
    assert Rate.objects.in_force().count() == 1
    page = browse(finance).get("/exchange-rates/").content.decode()
    assert "EUR/USD" in page and "ECB" in page and finance.label in page and administrator.label in page


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("ECB", "The rates count from now on."),
        ("House bank", "Programmes compute with “ECB”, so these rates change"),
    ],
)
def test_a_confirmation_says_whether_programmes_compute_with_the_rates(
    browse, finance, administrator, source, told
):
    set_exchange(source="ECB", most_days=7, through="EUR", by=finance)
    browse(finance).post("/exchange-rates/new/", TYPED | {"source": source})
    confirm = f"/exchange-rates/{Batch.objects.get().pk}/confirm/"
    assert told in browse(administrator).post(confirm, follow=True).content.decode()


def test_who_entered_it_cannot_confirm_it_by_the_address(browse, finance):
    batch = propose("EUR/USD 2026-09-30 1.10", by=finance)
    page = browse(finance).post(f"/exchange-rates/{batch.pk}/confirm/", follow=True).content.decode()
    assert "Somebody else confirms them" in page
    assert not Rate.objects.in_force().exists()


def test_the_wrong_rate_is_said_at_its_field(browse, finance):
    answer = browse(finance).post("/exchange-rates/new/", TYPED | {"quote": "QQQ"})
    assert answer.status_code == 422 and "QQQ is no currency" in answer.content.decode()


def test_a_refusal_says_why(browse, finance, administrator):
    batch = propose("EUR/USD 2026-09-30 11", by=finance)
    browse(administrator).post(f"/exchange-rates/{batch.pk}/reject/", {"reason": "ten times too much"})
    page = browse(finance).get(batch.get_absolute_url()).content.decode()
    assert "Not confirmed" in page and "ten times too much" in page


def test_the_inbox_of_the_second_person_has_it(finance):
    propose("EUR/USD 2026-09-30 1.10", by=finance)
    other = actor(UserFactory(finance=True))

    def waiting(who):
        return [one.link for one in work.waiting_for(who) if one.link.startswith("/exchange-rates/")]

    assert waiting(finance) == []
    assert waiting(other) == [Batch.objects.get().get_absolute_url()]


def test_the_list_shows_what_counts_what_waits_and_all(browse, finance):
    known("EUR/USD 2026-09-30 1.10")
    known("EUR/USD 2026-09-30 1.12", correct=True)
    propose("EUR/GBP 2026-09-30 0.87")
    page = browse(finance)
    assert "1.12" in (counts := page.get("/exchange-rates/").content.decode()) and "0.87" not in counts
    assert "0.87" in page.get("/exchange-rates/?view=waiting").content.decode()
    everything = page.get("/exchange-rates/?view=all").content.decode()
    assert "Corrected since" in everything and "To be confirmed" in everything
    assert "0.87" not in page.get("/exchange-rates/?view=all&state=confirmed").content.decode()


def test_the_choice_of_source_is_finances_and_stands_on_the_list(browse, finance, manager):
    browse(finance).post("/exchange-rates/settings/", {"source": "ECB", "most_days": "5", "through": "eur"})
    assert Policy.objects.get().through == "EUR"
    assert "“ECB”" in browse(finance).get("/exchange-rates/").content.decode()
    assert browse(manager).get("/exchange-rates/").status_code == 403


def test_a_choice_that_is_made_again_is_not_recorded_again(finance):
    set_exchange(source="manual", most_days=7, by=finance)
    assert not Policy.objects.exists()  # it is what holds anyhow
    set_exchange(source="ECB", most_days=7, by=finance)
    set_exchange(source="ECB", most_days=7, by=finance)
    assert AuditEntry.objects.filter(verb="exchange_configured").count() == 1
