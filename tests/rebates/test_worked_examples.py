"""The worked examples of the domain that this release computes; bands T are 2 %, 3 % from 100,000, 5 % from 250,000."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.rebates.world import T, adjustments, apply, catalogue, only, policy, results, sell, settle

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


GROWTH = [{"from": "20%", "rate": "3%"}]


@pytest.mark.parametrize(("on", "rebate"), [("all", "15000.00"), ("growth", "3000.00")])
def test_growth_over_the_period_before(acme, on, rebate):
    apply(policy(mechanism={"kind": "growth", "on": on, "bands": GROWTH}))
    sell(acme, 400_000, "2026-08-10")
    sell(acme, 500_000, "2026-09-10")
    assert only(settle("2026-09", close=False)).earned == Decimal(rebate)


@pytest.mark.parametrize(
    ("baseline", "rebate"),
    [
        ({}, "0.00"),  # skip: a new partner earns nothing
        ({"new_partner": "zero"}, "15000.00"),
        ({"new_partner": "stated", "amount": 400_000}, "15000.00"),
        ({"new_partner": "stated", "amount": 500_000}, "0.00"),
        ({"kind": "stated", "amount": 400_000}, "15000.00"),
        ({"kind": "prior_year"}, "0.00"),
    ],
)
def test_growth_of_a_partner_without_sales_before(acme, baseline, rebate):
    extra = {"baseline": baseline} if baseline else {}
    apply(policy(mechanism={"kind": "growth", "on": "all", "bands": GROWTH}, **extra))
    sell(acme, 500_000, "2026-09-10")
    assert only(settle("2026-09", close=False)).earned == Decimal(rebate)


def test_growth_over_the_same_period_a_year_before(acme):
    rules = {"kind": "growth", "on": "growth", "bands": GROWTH}
    apply(policy(mechanism=rules, baseline={"kind": "prior_year"}, period="quarter"))
    sell(acme, 400_000, "2025-07-02")
    sell(acme, 900_000, "2026-06-30")
    sell(acme, 500_000, "2026-09-10")
    result = only(settle("2026-09", close=False))
    assert (result.reference, result.earned) == (400_000, Decimal("3000.00"))


@pytest.mark.parametrize(("on", "rebate"), [("all", "21000.00"), ("excess", "1000.00")])
def test_target(acme, on, rebate):
    rules = {"kind": "target", "target": 1_000_000, "on": on, "bands": [{"from": "100%", "rate": "2%"}]}
    apply(policy(mechanism=rules))
    sell(acme, 1_050_000)
    assert only(settle("2026-09")).earned == Decimal(rebate)


@pytest.mark.parametrize(
    ("others", "focus", "rebate"), [(140_000, 60_000, "3000.00"), (150_000, 60_000, "0.00")]
)
def test_mix(acme, others, focus, rebate):
    catalogue("routing", "wireless")
    apply(
        policy(mechanism={"kind": "mix", "focus": ["wireless"], "bands": [{"from": "30%", "rate": "1.5%"}]})
    )
    sell(acme, others)
    sell(acme, focus, line="wireless")
    assert only(settle("2026-09")).earned == Decimal(rebate)


def test_bundle_pays_complete_sets(acme):
    catalogue("routing", "licence")
    parts = [{"product_line": "routing", "quantity": 3}, {"product": "licence-1", "quantity": 1}]
    apply(policy(mechanism={"kind": "bundle", "parts": parts, "amount": 50}))
    sell(acme, 17_000, quantity=17)
    sell(acme, 400, line="licence", quantity=4)
    result = only(settle("2026-09"))
    assert (result.base, result.earned) == (4, Decimal("200.00"))


@pytest.mark.parametrize(
    ("sales", "rebate"),
    [
        ("99999.99", "0.00"),
        ("100000", "1000.00"),
        ("150000", "3000.00"),
        ("200000", "6000.00"),
        ("300000", "9000.00"),
    ],
)
def test_a_rate_that_rises_between_two_points(acme, sales, rebate):
    points = [{"at": 100_000, "rate": "1%"}, {"at": 200_000, "rate": "3%"}]
    apply(policy(mechanism={"kind": "linear", "points": points}))
    sell(acme, sales)
    assert only(settle("2026-09")).earned == Decimal(rebate)


def test_each_full_increment_pays(acme):
    apply(policy(mechanism={"kind": "per_increment", "increment": 50_000, "amount": 400}))
    sell(acme, "249999.99")
    result = only(settle("2026-09"))
    assert (result.base, result.earned) == (4, Decimal("1600.00"))


@pytest.mark.parametrize(
    ("split", "rebate"), [("own_bands", "2600.00"), ("average", "3600.00"), ("top_slice", "4600.00")]
)
def test_marginal_where_less_is_paid_on_than_counts(acme, split, rebate):
    catalogue("routing", "wireless")
    rules = {"kind": "marginal", "bands": T, "split": split}
    apply(policy(mechanism=rules, pay={"product_lines": ["wireless"]}))
    sell(acme, 180_000)
    sell(acme, 120_000, line="wireless")
    result = only(settle("2026-09"))
    assert (result.qualifier, result.base, result.earned) == (300_000, 120_000, Decimal(rebate))


def test_spif_on_single_products(acme):
    catalogue("routing", "wireless")
    apply(
        policy(mechanism={"kind": "spif", "amount": 30, "per": "unit"}, qualify={"products": ["wireless-1"]})
    )
    sell(acme, 9_000, line="wireless", quantity=6)
    sell(acme, 9_000, quantity=6)
    assert only(settle("2026-09")).earned == Decimal("180.00")


def test_a_baseline_stays_as_the_close_read_it(acme):
    """A late line of the baseline's period changes that period's own figure, never a growth that is settled."""
    apply(policy(mechanism={"kind": "growth", "on": "all", "bands": GROWTH}))
    sell(acme, 400_000, "2026-08-10")
    sell(acme, 480_000, "2026-09-10")
    assert only(settle("2026-09")).earned == Decimal("14400.00")
    sell(acme, 100_000, "2026-08-11")  # with it the growth would have stayed below 20 %
    sell(acme, 20_000, "2026-09-12")
    (late,) = adjustments(settle("2026-10"))
    assert (late.reference, late.adjusted) == (400_000, Decimal("600.00"))


@pytest.mark.parametrize(("mode", "rebate"), [("half_up", "0.05"), ("half_even", "0.04")])
def test_half_a_cent_of_a_divided_rate_is_a_tie(acme, mode, rebate):
    """0.09 on all 6.00 that count is 1.5 %, on 3.00 exactly 4.5 cents."""
    catalogue("routing", "wireless")
    bands = [{"from": 0, "rate": "1%"}, {"from": 3, "rate": "2%"}]
    rules = {"kind": "marginal", "bands": bands, "split": "average"}
    apply(
        policy(mechanism=rules, pay={"product_lines": ["wireless"]}, rounding={"on": "total", "mode": mode})
    )
    sell(acme, 3)
    sell(acme, 3, line="wireless")
    assert only(settle("2026-09")).earned == Decimal(rebate)


@pytest.mark.parametrize(
    ("of", "rebate"),
    # 300,000 count, 120,000 are paid on; both are capped at 110,000, or one of them.
    [("both", "3300.00"), ("qualifier", "3600.00"), ("base", "5500.00")],
)
def test_a_cap_on_the_measure(acme, of, rebate):
    catalogue("routing", "wireless")
    caps = [{"on": "measure", "amount": 110_000, "of": of}]
    apply(policy(kind="retroactive", pay={"product_lines": ["wireless"]}, caps=caps))
    sell(acme, 180_000)
    sell(acme, 120_000, line="wireless")
    assert only(settle("2026-09")).earned == Decimal(rebate)


@pytest.mark.parametrize(
    ("sales", "rebate"),
    [("249999.99", "7500.00"), ("300000", "9000.00"), ("300000.01", "9000.00"), ("-20000", "-400.00")],
)
def test_a_cap_on_the_payout_of_one_programme(acme, sales, rebate):
    apply(policy(kind="retroactive", caps=[{"on": "payout", "amount": 9_000}], bands=T[:2]))
    sell(acme, sales)
    assert only(settle("2026-09")).earned == Decimal(rebate)


def test_a_late_line_is_held_against_the_same_caps(acme):
    apply(policy(kind="retroactive", caps=[{"on": "payout", "amount": 3_000}]))
    sell(acme, 95_000, "2026-08-20")
    settle("2026-08")
    sell(acme, 12_000, "2026-08-31")
    (late,) = adjustments(settle("2026-09"))
    assert (late.computed, late.adjusted) == (Decimal("3000.00"), Decimal("1100.00"))


def flat(code: str, rate: str, **more) -> dict:
    return policy(code, mechanism={"kind": "flat", "rate": rate}, **more)


def paid(run) -> dict[str, Decimal]:
    return {row.programme.code: row.amount for row in results(run)}


def test_a_cap_over_one_partners_programmes(acme, rival):
    cap = {"on": "payout", "amount": 7_500, "programmes": ["a", "b", "c"]}
    apply(flat("a", "6%", caps=[cap]), flat("b", "2.5%"), flat("c", "1.5%"), flat("other", "1%"))
    sell(acme, 100_000)
    sell(rival, 10_000)
    run = settle("2026-09")
    mine = {row.programme.code: row.earned for row in results(run) if row.partner_id == acme.row.pk}
    assert mine == {"a": 4_500, "b": 1_875, "c": 1_125, "other": 1_000}
    theirs = {row.programme.code: row.earned for row in results(run) if row.partner_id == rival.row.pk}
    assert theirs == {"a": 600, "b": 250, "c": 150, "other": 100}


def test_the_last_cent_of_a_shared_cap_goes_to_the_largest_remainder_then_the_lower_code(acme):
    cap = {"on": "payout", "amount": "0.10", "programmes": ["b", "c"]}
    apply(flat("a", "1%"), flat("b", "1%"), flat("c", "1%"), flat("d", "1%", caps=[cap]))
    sell(acme, 1_000)
    assert paid(settle("2026-09")) == {
        "a": 10, "b": Decimal("0.04"), "c": Decimal("0.03"), "d": Decimal("0.03"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stacking", "rebates"),
    [
        (None, {"a": 6_000, "b": 4_000}),
        ({"kind": "net_of", "programmes": ["a"]}, {"a": 6_000, "b": 3_880}),
        ({"kind": "best_of", "programmes": ["a"]}, {"a": 6_000, "b": 0}),
    ],
)
def test_stacking(acme, stacking, rebates):
    apply(flat("a", "3%"), flat("b", "2%", **({"stacking": stacking} if stacking else {})))
    sell(acme, 200_000)
    assert paid(settle("2026-09")) == rebates


def test_of_two_equal_programmes_the_earlier_pays(acme):
    apply(flat("b", "2%"), flat("a", "2%", stacking={"kind": "best_of", "programmes": ["b"]}))
    sell(acme, 200_000)
    assert paid(settle("2026-09")) == {"b": 4_000, "a": 0}


def test_of_a_mix_below_zero_the_highest_share_that_is_reached_counts(acme):
    """−75 of −161 units is no tenth and no third of them, but more than their half, which is −80.5."""
    catalogue("routing", "care")
    bands = [{"from": "10%", "rate": "1%"}, {"from": "30%", "rate": "2%"}, {"from": "50%", "rate": "5%"}]
    rules = {"kind": "mix", "focus": ["routing"], "bands": bands}
    apply(policy(mechanism=rules, measure="quantity", pay={"product_lines": ["care"]}))
    sell(acme, -10, quantity=-75)
    sell(acme, 1_000, line="care", quantity=14)
    sell(acme, -100, line="care", quantity=-100)
    result = only(settle("2026-09"))
    assert (result.band, result.earned) == (3, Decimal("45.00"))
