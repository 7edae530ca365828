"""Reports of sales and stock, and agreements, as they come in by files."""

from __future__ import annotations

import pytest

from claims.models import SellThroughLine
from tests.claims.files import brought, checked, sale, told
from tests.claims.world import BY, EVERYONE, agreed, bought, claimed, sold

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.mark.parametrize("apart", [False, True])
def test_a_return_is_under_the_agreement_of_its_sale_and_of_no_other(acme, apart):
    """Else it would escape what its sale was paid for, or be booked in another currency."""
    for number in ("SP-1", "SP-2"):
        agreed(acme, number=number)
    mine = acme.row.number
    first, other = (
        sale("A", mine, agreement="SP-1"),
        sale("B", mine, quantity=-4, reverses="A", agreement="SP-2"),
    )
    if apart:
        brought(first, by=BY)
    assert told(checked(first, other, by=BY)) == ["agreement_of_the_sale"]
    silent, named = (
        sale(name, mine, quantity=-1, reverses="A", agreement=agreement)
        for name, agreement in (("C", ""), ("D", "SP-1"))
    )
    assert told(brought(first, silent, named, by=BY)) == []
    found = SellThroughLine.objects.for_everyone(because=EVERYONE).filter(quantity__lt=0)
    assert list(found.values_list("agreement_number", flat=True)) == ["SP-1", "SP-1"]


def test_a_return_is_claimed_with_its_sale_whatever_it_names_itself(acme):
    agreement = agreed(acme)
    bought(acme, 100)
    taken = sold(acme, 10)
    sold(acme, -10, reverses=taken, agreement_number="SP-ELSEWHERE")
    assert claimed(agreement).approved_amount == 0
