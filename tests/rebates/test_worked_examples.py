"""The worked examples of the domain that this release computes; bands T are 2 %, 3 % from 100,000, 5 % from 250,000."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.rebates.world import adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "sales", "rebate"),
    [
        ("marginal", "180000", "4400.00"),
        ("marginal", "300000", "9000.00"),
        ("retroactive", "99999.99", "2000.00"),
        ("retroactive", "100000", "3000.00"),
        ("retroactive", "249999.99", "7500.00"),
        ("retroactive", "250000", "12500.00"),
        # Only a return of 20,000 in the period, by booking.
        ("marginal", "-20000", "-400.00"),
        ("retroactive", "-20000", "-400.00"),
    ],
)
def test_bands(acme, kind, sales, rebate):
    apply(policy(kind=kind))
    sell(acme, sales)
    assert only(settle("2026-09")).earned == Decimal(rebate)


@pytest.mark.parametrize(
    ("mechanism", "quantity", "amount", "rebate"),
    [
        ({"kind": "per_unit_stepped", "bands": [{"from": 0, "amount": 1}, {"from": 100, "amount": 2}]}, 120, 5, "140"),
        (
            {
                "kind": "retroactive_from_floor", "floor": 100_000, "first_rate": "2%",
                "bands": [{"from": 0, "rate": "2%"}, {"from": 100_000, "rate": "3%"}, {"from": 250_000, "rate": "5%"}],
            },
            1, 300_000, "12000",
        ),
        ({"kind": "flat", "rate": "2.5%"}, 1, 1000, "25"),
        ({"kind": "flat", "rate": "2.5%"}, -1, -1000, "-25"),
        ({"kind": "per_unit", "amount": "1.25"}, 7, 1000, "8.75"),
        ({"kind": "lump_sum", "bands": [{"from": 500, "amount": 40}, {"from": 1000, "amount": 90}]}, 1, 1000, "90"),
        ({"kind": "lump_sum", "bands": [{"from": 500, "amount": 40}, {"from": 1000, "amount": 90}]}, 1, "499.99", "0"),
    ],
)  # fmt: skip
def test_other_mechanisms(acme, mechanism, quantity, amount, rebate):
    apply(policy(mechanism=mechanism))
    sell(acme, amount, quantity=quantity)
    assert only(settle("2026-09")).earned == Decimal(rebate)


@pytest.mark.parametrize(
    ("mode", "sales", "rebate"),
    [
        ("half_up", "30.30", "1.52"),
        ("half_up", "-10.10", "-0.51"),
        ("half_even", "10.10", "0.50"),
        ("half_even", "10.30", "0.52"),
        ("half_even", "-10.10", "-0.50"),
        ("half_even", "-10.30", "-0.52"),
    ],
)
def test_rounding_is_by_magnitude_and_on_the_total(acme, mode, sales, rebate):
    apply(policy(mechanism={"kind": "flat", "rate": "5%"}, rounding={"on": "total", "mode": mode}))
    parts = [Decimal(sales) / 3] * 3 if sales == "30.30" else [sales]
    for part in parts:
        sell(acme, part)
    assert only(settle("2026-09")).earned == Decimal(rebate)


@pytest.mark.parametrize(("kind", "adjusted"), [("retroactive", "1310.00"), ("marginal", "310.00")])
def test_late_line_after_the_close_is_adjusted_in_the_open_period(acme, kind, adjusted):
    apply(policy(kind=kind))
    sell(acme, 95_000, "2026-08-20")
    august = settle("2026-08")
    sell(acme, 12_000, "2026-08-31")
    sell(acme, 10_000, "2026-09-02")

    september = settle("2026-09")

    assert only(august).earned == Decimal("1900.00")
    late = adjustments(september)
    assert [(row.adjusted, row.settled, str(row.period)) for row in late] == [
        (Decimal(adjusted), Decimal("1900.00"), "2026-08")
    ]
    assert [row.earned for row in results(september) if row.kind == "earned"] == [Decimal("200.00")]


@pytest.mark.parametrize("kind", ["retroactive", "marginal"])
def test_return_by_booking_counts_in_the_period_of_its_own_booking(acme, kind):
    apply(policy(kind=kind))
    first = sell(acme, 260_000, "2026-10-05")
    settle("2026-10")
    sell(acme, -20_000, "2026-11-03", reverses=first)
    sell(acme, 60_000, "2026-11-04")
    assert only(settle("2026-11", close=False)).earned == Decimal("800.00")


def test_additive_stacking_pays_both(acme):
    apply(
        policy("a", mechanism={"kind": "flat", "rate": "3%"}),
        policy("b", mechanism={"kind": "flat", "rate": "2%"}),
    )
    sell(acme, 200_000)
    assert sum(row.earned for row in results(settle("2026-09"))) == Decimal("10000.00")
