"""Reports of sales and stock, and agreements, as they come in by files."""

from __future__ import annotations

import pytest

from claims.models import Agreement, SellThroughLine
from tests.claims.files import brought, checked, sale, told
from tests.claims.world import BY, EVERYONE, agreed, bought, claimed, product, sold

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


AGREED = (
    "line", "number", "partner_number", "starts", "last_day", "currency", "amount_limit",
    "product_code", "agreed_price",
)  # fmt: skip


def row_of(line, number, partner, product_code, **other):
    row = {
        "line": line, "number": number, "partner_number": partner.row.number, "starts": "2026-09-01",
        "last_day": "2026-09-30", "currency": "", "amount_limit": "", "product_code": product_code,
        "agreed_price": "80", **other,
    }  # fmt: skip
    return tuple(row[name] for name in AGREED)


@pytest.mark.parametrize("field", [None, "partner_number", "starts", "last_day", "currency", "amount_limit"])
def test_rows_of_one_agreement_that_contradict_each_other_are_refused_all(acme, rival, field):
    """Else one partner would be given what was agreed with another, or without its limit."""
    codes = [product().code, product("SW-1").code]
    another = {
        "partner_number": rival.row.number, "starts": "2026-09-02", "last_day": "2026-09-29", "currency": "USD",
        "amount_limit": "500",
    }  # fmt: skip
    differs = (
        {field: another[field]} if field else {"currency": "CNY"}
    )  # the tenant's own, left out in the other row
    made = brought(
        row_of(1, "SP-7", acme, codes[0]),
        row_of(2, "SP-7", acme, codes[1], **differs),
        row_of(3, "SP-8", rival, codes[0], amount_limit="900"),
        by=BY, kind="agreements", heading=AGREED,
    )  # fmt: skip
    agreements = Agreement.objects.for_everyone(because=EVERYONE)
    if field is None:
        assert agreements.get(number="SP-7").items.count() == 2
        return
    assert told(made) == ["agreement_differs"] * 2
    assert {one["field"] for row in made.rows.filter(verdict="bad") for one in row.findings} == {field}
    assert agreements.get().number == "SP-8"


@pytest.mark.parametrize(
    ("number", "fits"),
    [("SP-8_1.a", True), ("特价2", True), ("SP/8", False), ("..", False), ("SP 8", False), ("SP?8", False)],
)
def test_a_number_can_stand_in_an_address(acme, finance, browse, number, fits):
    made = brought(
        row_of(1, number, acme, product().code), row_of(2, "SP-1", acme, product().code),
        by=BY, kind="agreements", heading=AGREED,
    )  # fmt: skip
    assert told(made) == ([] if fits else ["agreement_number_not_possible"])
    client = browse(finance)
    said = {"partner": acme.row.pk, "currency": "CNY", "starts": "2026-09-01", "last_day": "2026-09-30"}
    answer = client.post("/agreements/new/", {**said, "number": f"{number}b"})
    assert answer.status_code == (302 if fits else 422)
    rows = Agreement.objects.for_everyone(because=EVERYONE)
    for one in rows:
        assert client.get(one.get_absolute_url()).status_code == 200
    assert rows.count() == (3 if fits else 1)


def test_two_partners_may_number_their_lines_alike_and_one_partner_may_not(acme, rival):
    mine, theirs = acme.row.number, rival.row.number
    made = brought(sale("1", mine), sale("1", theirs), sale("2", mine), sale("2", mine, quantity=3), by=BY)
    assert told(made) == ["key_twice"]
    rows = SellThroughLine.objects.for_everyone(because=EVERYONE)
    assert sorted(rows.values_list("partner__number", "line_number")) == sorted(
        [(mine, "1"), (mine, "2"), (theirs, "1")]
    )


def test_a_line_with_the_own_number_is_the_same_as_one_without(acme):
    assert told(checked(sale("1", acme.row.number), sale("1"), by=acme.admin)) == ["key_twice"]
