"""A distributor that was granted its reseller sees the reseller's claims, and starts, sends and withdraws none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from claims.models import Claim
from claims.services import (
    confirm_drop,
    draft_claim,
    draft_price_claim,
    enter_drop,
    submit_claim,
    withdraw_claim,
)
from partners.services import grant_access
from prm.values.errors import NotAllowed
from tests.claims.world import BY, EVERYONE, LAST, STARTS, again, agreed, bought, in_stock, product, sold

pytestmark = pytest.mark.django_db


@pytest.fixture
def granted(acme, rival, administrator):
    """ACME's administrator may see the other company."""
    grant_access(partner=rival.row, user=acme.admin_user, by=administrator)
    assert rival.row.pk in acme.admin.partner_ids


def test_special_prices(acme, rival, granted, browse):
    agreement = agreed(rival, number="SP-2")
    bought(rival, 10)
    sold(rival, 10, agreement_number="SP-2")
    client = browse(acme.admin)
    said = {"agreement": agreement.pk, "starts": STARTS, "last_day": LAST}
    assert client.get(agreement.get_absolute_url()).status_code == 200
    assert "Draft a claim" not in client.get(agreement.get_absolute_url()).content.decode()
    assert "SP-2" not in client.get("/claims/new/").content.decode()
    assert client.post("/claims/new/", said).status_code == 422
    with pytest.raises(NotAllowed):
        draft_claim(agreement=agreement, starts=STARTS, last_day=LAST, by=acme.admin)
    claim = draft_claim(agreement=agreement, starts=STARTS, last_day=LAST, by=rival.admin)
    page = claim.get_absolute_url()
    shown = client.get(page).content.decode()
    assert claim.number in shown and "Submit claim" not in shown and "Withdraw" not in shown
    for verb in (submit_claim, lambda **given: withdraw_claim(reason="No", **given)):
        with pytest.raises(NotAllowed):
            verb(claim=claim, by=acme.admin)
    assert client.post(f"{page}submit/").status_code == 403
    assert client.post(f"{page}withdraw/", {"reason": "No"}).status_code == 403
    assert again(claim).state == "draft"
    assert submit_claim(claim=claim, by=rival.admin).state == "submitted"


def test_price_protection(acme, rival, granted, finance, second, browse):
    bought(rival, 10, on="2026-09-10")
    in_stock(rival, 10, "2026-09-15")
    drop = enter_drop(
        product=product(), currency="CNY", day=date(2026, 9, 15), old_price=Decimal(100), new_price=Decimal(90),
        days_back=30, by=finance,
    )  # fmt: skip
    drop = confirm_drop(drop=drop, by=second)
    client = browse(acme.admin)
    assert "Claim stock" not in client.get(drop.get_absolute_url()).content.decode()
    assert client.post(f"{drop.get_absolute_url()}claim/", {"partner": rival.row.pk}).status_code == 422
    with pytest.raises(NotAllowed):
        draft_price_claim(drop=drop, partner=rival.row, by=acme.admin)
    assert not Claim.objects.for_everyone(because=EVERYONE).exists()
    assert draft_price_claim(drop=drop, partner=rival.row, by=BY).asked == 100
