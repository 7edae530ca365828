"""Measures: one definition, the same figure for one partner, for all, and beside each row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.utils import translation

from dealreg.services import mark_won
from orders.models import Order
from partners.models import Partner
from prm.measures import periods, registry
from tests.factories.dealreg import approved
from tests.factories.orders import SalesLineFactory, order_of
from tests.factories.partners import PartnerFactory

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(("period", "first", "after"), [
    ({"last": 4, "unit": "quarter"}, date(2025, 10, 1), date(2026, 10, 1)),
    ({"last": 1, "unit": "month"}, date(2026, 10, 1), date(2026, 11, 1)),
    ({"last": 2, "unit": "year"}, date(2024, 1, 1), date(2026, 1, 1)),
    ({"last": 1, "unit": "week"}, date(2026, 11, 16), date(2026, 11, 23)),
    ({"last": 90, "unit": "day"}, date(2026, 8, 27), date(2026, 11, 25)),
    ({"this": "quarter"}, date(2026, 10, 1), date(2026, 11, 26)),
    ({"this": "year"}, date(2026, 1, 1), date(2026, 11, 26)),
])  # fmt: skip
def test_a_period_is_whole_units_before_this_one_or_this_one_so_far(period, first, after):
    assert periods.days(period, date(2026, 11, 25)) == (first, after)
    assert periods.words(period)


@pytest.mark.parametrize("period", [
    None, {}, [], "year", {"last": 0, "unit": "day"}, {"last": 1}, {"last": True, "unit": "day"}, {"this": "day"},
    {"last": 10**9, "unit": "day"}, {"last": 1, "unit": "century"}, {"last": "4", "unit": "quarter"}, {"this": []},
    {"last": 1, "unit": {}}, {"this": "year", "last": 1},
])  # fmt: skip
def test_any_other_period_is_refused(period):
    with pytest.raises(periods.BadPeriod):
        periods.days(period, date(2026, 11, 25))


def test_periods_read_in_both_languages():
    assert periods.words({"last": 4, "unit": "quarter"}) == "in the last 4 quarters"
    with translation.override("zh-hans"):
        assert periods.words({"last": 4, "unit": "quarter"}) == "最近 4 个季度"
        assert periods.words({"this": "year"}) == "今年至今"


@time_machine.travel(NOW)
def test_one_partner_all_partners_and_a_column_say_the_same(db):
    big, small, none = PartnerFactory(), PartnerFactory(), PartnerFactory()
    for company, amount in ((big, "1000.10"), (big, "-0.05"), (small, "7.77")):
        SalesLineFactory(partner=company, booking_date=date(2026, 10, 31), net_amount=Decimal(amount))
    SalesLineFactory(partner=small, booking_date=date(2026, 11, 1), net_amount=Decimal(5))
    measure, period = registry.find("orders.net_sales"), {"last": 1, "unit": "month"}
    expected = {big.pk: Decimal("1000.05"), small.pk: Decimal("7.77"), none.pk: Decimal(0)}
    assert measure.by_partner(period, expected) == expected
    assert measure.by_partner(period) == {pk: value for pk, value in expected.items() if value}
    assert {pk: measure.of(pk, period) for pk in expected} == expected
    rows = measure.annotate(
        Partner.objects.for_everyone(because="a test").filter(pk__in=expected), "net", period
    )
    assert dict(rows.values_list("pk", "net")) == expected


def test_won_deals_and_orders_are_counted(acme, rival, manager):
    deal = approved(acme, manager)
    mark_won(registration=deal, by=acme.sales)
    order_of(acme.row), order_of(rival.row)
    order = order_of(rival.row)
    Order.objects.for_everyone(because="a test").filter(pk=order.pk).update(state="cancelled")
    year = {"this": "year"}
    figures = {
        name: one.by_partner(year, [acme.row.pk, rival.row.pk]) for name, one in registry.everything().items()
    }
    assert figures["dealreg.won_value"] == {acme.row.pk: Decimal("486000"), rival.row.pk: Decimal(0)}
    assert figures["dealreg.won_count"] == {acme.row.pk: Decimal(1), rival.row.pk: Decimal(0)}
    assert figures["dealreg.submitted_count"][acme.row.pk] == 1
    assert figures["orders.order_count"] == {acme.row.pk: Decimal(1), rival.row.pk: Decimal(1)}


def test_a_unit_that_nobody_knows_is_a_mistake_in_the_code():
    with pytest.raises(ValueError, match="no unit"):
        registry.register("x.y", label="x", unit="miles", totals=lambda first, after: Partner.objects.none())
