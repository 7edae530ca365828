"""Returns: what was paid for a sale comes back with it, once, and neither more nor less."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from claims.errors import LimitUsedSince, NothingToClaim, ReturnsOfPaidSales, SaleUndecided
from claims.models import Agreement, AgreementItem
from claims.registrations import open_work
from claims.services import approve_claim, decide_line, reject_claim, withdraw_claim
from prm.notices import work
from prm.values import clock
from tests.claims.world import (
    BY,
    EVERYONE,
    again,
    agreed,
    bought,
    claimed,
    lines,
    product,
    said_of,
    sold,
    superseded,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("accept", "verdicts"), [(True, ["accepted", "accepted"]), (False, ["rejected", "rejected"])]
)
def test_a_return_is_decided_with_its_sale(acme, finance, browse, accept, verdicts):
    agreement = agreed(acme)
    sale = sold(acme, 10)  # that nobody bought
    sold(acme, -10, reverses=sale)
    claim = claimed(agreement)
    assert said_of(claim) == [("exception", 0, ["not_bought"]), ("exception", 0, ["sale_waits"])]
    line, back = lines(claim)
    page = browse(finance).get(claim.get_absolute_url()).content.decode()
    assert f"lines/{line.pk}/accept/" in page and f"lines/{back.pk}/accept/" not in page
    for either in (True, False):
        with pytest.raises(SaleUndecided):
            decide_line(line=back, accept=either, reason="Opening stock", by=finance)
    decide_line(line=line, accept=accept, reason="Opening stock", by=finance)
    assert [verdict for verdict, _amount, _why in said_of(claim)] == verdicts
    assert again(claim).approved_amount == 0
    assert agreement.items.get().used_quantity == 0


def test_a_return_waits_until_the_claim_of_its_sale_is_approved(acme, finance):
    """A claim that is withdrawn or rejected would leave it without its sale."""
    agreement = agreed(acme)
    bought(acme, 100)
    sale = sold(acme, 10)
    first = claimed(agreement)
    sold(acme, -10, reverses=sale)
    with pytest.raises(NothingToClaim):
        claimed(agreement)
    withdraw_claim(claim=first, reason="Wrong month", by=BY)
    assert (again(agreement).used_amount, agreement.items.get().used_quantity) == (0, 0)
    whole = claimed(agreement)
    assert [line.taken for line in lines(whole)] == [10, -10]
    withdraw_claim(claim=whole, reason="Wrong month", by=BY)
    assert (again(agreement).used_amount, agreement.items.get().used_quantity) == (0, 0)


def test_nothing_is_used_below_zero(acme):
    agreement = agreed(acme)
    for rows, change in (
        (Agreement.objects, {"used_amount": -1}),
        (AgreementItem.objects, {"used_quantity": -1}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.for_everyone(because=EVERYONE).update(**change)
    assert again(agreement).used_amount == 0


def test_what_came_back_and_was_used_since_stays_back(acme, finance):
    agreement = agreed(acme, limit=10)
    bought(acme, 100)
    sale = sold(acme, 10)
    approve_claim(claim=claimed(agreement), by=finance)
    sold(acme, -10, reverses=sale)
    back = claimed(agreement)
    sold(acme, 10)
    assert claimed(agreement).approved_amount == 200
    for refuse in (withdraw_claim, reject_claim):
        with pytest.raises(LimitUsedSince):
            refuse(claim=back, reason="Mistake", by=BY)
    assert approve_claim(claim=back, by=finance).approved_amount == Decimal(-200)


def test_a_return_has_the_price_of_its_sale_also_where_a_newer_version_leaves_the_product_out(acme, finance):
    agreement = agreed(acme, starts=date(2026, 11, 1), last_day=date(2026, 12, 31))
    bought(acme, 100)
    sale = sold(acme, 10, on="2026-11-05")
    approve_claim(claim=claimed(agreement, last_day=clock.today()), by=finance)
    superseded(agreement, without=product(), within=product("SW-1"))
    sold(acme, -10, on=clock.today().isoformat(), reverses=sale)
    assert said_of(claimed(agreement, last_day=clock.today())) == [("accepted", Decimal("-200.00"), [])]


def test_what_comes_back_of_the_part_that_a_limit_cut_takes_no_paid_money(acme, finance):
    agreement = agreed(acme, limit=40)
    bought(acme, 100)
    sale = sold(acme, 90)
    approve_claim(claim=claimed(agreement), by=finance)
    taken = []
    for quantity in (-30, -30, -10, -20):
        sold(acme, quantity, reverses=sale)
        claim = approve_claim(claim=claimed(agreement), by=finance)
        (line,) = lines(claim)
        taken.append((line.verdict, line.taken, [one["code"] for one in line.findings]))
    assert taken == [
        ("accepted", 0, ["part_not_paid"]), ("accepted", -10, []), ("accepted", -10, []), ("accepted", -20, []),
    ]  # fmt: skip
    assert (again(agreement).used_amount, agreement.items.get().used_quantity) == (0, 0)
    with pytest.raises(NothingToClaim):
        claimed(agreement)


def test_it_takes_none_either_where_the_amount_was_cut(acme, finance):
    agreement = agreed(acme, money="100")
    bought(acme, 100)
    sale = sold(acme, 30)  # 600, of which 100 are paid
    approve_claim(claim=claimed(agreement), by=finance)
    amounts = []
    for quantity in (-10, -17, -3):
        sold(acme, quantity, reverses=sale)
        amounts.append(approve_claim(claim=claimed(agreement), by=finance).approved_amount)
    assert amounts == [0, -40, -60]
    assert (again(agreement).used_amount, agreement.items.get().used_quantity) == (0, 0)


def test_a_return_that_nobody_claimed_back_waits_for_staff_and_is_listed(acme, finance, manager, browse):
    agreement = agreed(acme)
    bought(acme, 100)
    sale, unpaid = sold(acme, 10), sold(acme, 5, agreement_number="", line_number="UNPAID")
    approve_claim(claim=claimed(agreement), by=finance)
    sold(acme, -5, reverses=unpaid, agreement_number="", line_number="NOTHING-TO-CLAIM")
    assert waiting(manager) == []
    for quantity in (-2, -3):
        sold(acme, quantity, reverses=sale, line_number=f"BACK{quantity}")
    (found,) = waiting(manager)
    assert (found.title, found.subtitle) == (acme.row.name, "2 returns under SP-1")
    assert waiting(acme.admin) == []
    assert work.count_now(manager) == 1
    assert 'value="2026' in browse(manager).get(found.link).content.decode()
    page = browse(acme.admin).get("/sell-through/?view=open").content.decode()
    assert "BACK-2" in page and "NOTHING-TO-CLAIM" not in page
    claimed(agreement)
    assert waiting(manager) == []
    assert "BACK-2" not in browse(acme.admin).get("/sell-through/?view=open").content.decode()


def test_a_partner_does_not_withdraw_what_staff_claim_back(acme, finance, browse):
    agreement = agreed(acme)
    bought(acme, 100)
    sale = sold(acme, 10)
    mine = claimed(agreement, by=finance)
    withdraw_claim(claim=mine, reason="Nothing paid comes back by it", by=acme.admin)
    approve_claim(claim=claimed(agreement), by=finance)
    sold(acme, -10, reverses=sale)
    claim = claimed(agreement, by=finance, submit=False)
    page = f"{claim.get_absolute_url()}withdraw/"
    assert browse(acme.admin).post(page, {"reason": "No"}).status_code == 422
    with pytest.raises(ReturnsOfPaidSales):
        withdraw_claim(claim=claim, reason="No", by=acme.admin)
    withdraw_claim(claim=claim, reason="Drafted twice", by=finance)
    own = claimed(agreement, by=acme.admin)
    withdraw_claim(claim=own, reason="Wrong month", by=acme.admin)


def waiting(person) -> list:
    return [one for one in open_work(person) if str(one.kind) == "Returns to claim back"]
