"""No more is claimed than was bought, in whatever order and for whatever days sales are reported."""

from __future__ import annotations

from decimal import Decimal

import pytest

from claims.checks import sentence
from claims.services import approve_claim, pay_claim
from tests.claims.world import again, agreed, bought, claimed, lines, said_of, sold

pytestmark = pytest.mark.django_db
ACCEPTED = ("accepted", Decimal("2000.00"), [])


def test_what_is_reported_for_an_earlier_day_after_a_later_one_was_paid_is_left_to_a_person(
    acme, finance, second
):
    agreement = agreed(acme)
    bought(acme, 100)
    sold(acme, 100, on="2026-09-20")
    pay_claim(claim=approve_claim(claim=claimed(agreement), by=finance), by=second)
    sold(acme, 100, on="2026-09-10")
    claim = claimed(agreement)
    assert said_of(claim) == [("exception", Decimal("0.00"), ["not_bought_later"])]
    (finding,) = lines(claim)[0].findings
    assert sentence(finding).endswith("sold 200 until 2026-09-20, bought 100.")


def test_goods_bought_afterwards_do_not_hide_it(acme):
    agreement = agreed(acme)
    bought(acme, 100)
    bought(acme, 100, on="2026-09-25")
    sold(acme, 100, on="2026-09-20")
    assert said_of(claimed(agreement)) == [ACCEPTED]
    sold(acme, 100, on="2026-09-10")
    assert said_of(claimed(agreement)) == [("exception", 0, ["not_bought_later"])]


def test_goods_sent_back_to_the_vendor_were_not_sold_on(acme):
    agreement = agreed(acme)
    bought(acme, 100)
    sold(acme, 100, on="2026-09-10")
    bought(acme, -40, on="2026-09-15")
    assert said_of(claimed(agreement)) == [("exception", 0, ["not_bought_later"])]


def test_an_earlier_sale_fits_once_a_later_one_came_back(acme, finance):
    agreement = agreed(acme)
    bought(acme, 100)
    late = sold(acme, 100, on="2026-09-20")
    approve_claim(claim=claimed(agreement), by=finance)
    sold(acme, -100, on="2026-09-21", reverses=late)
    assert again(claimed(agreement)).approved_amount == -2000
    sold(acme, 100, on="2026-09-22")
    assert said_of(claimed(agreement)) == [ACCEPTED]


def test_a_return_makes_no_room_before_the_day_of_its_sale(acme):
    agreement = agreed(acme)
    bought(acme, 100)
    sold(acme, 100, on="2026-09-10")
    assert said_of(claimed(agreement)) == [ACCEPTED]
    late = sold(acme, 100, on="2026-09-25", agreement_number="")
    sold(acme, -100, on="2026-09-05", reverses=late, agreement_number="")
    sold(acme, 100, on="2026-09-12")
    assert said_of(claimed(agreement)) == [("exception", 0, ["not_bought"])]


def test_sales_of_other_products_and_partners_take_no_room(acme, rival):
    agreement = agreed(acme)
    bought(acme, 100)
    sold(rival, 500, on="2026-09-20")
    sold(acme, 100, on="2026-09-10")
    assert said_of(claimed(agreement)) == [ACCEPTED]
