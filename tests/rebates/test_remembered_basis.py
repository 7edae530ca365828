"""Whoever keeps accruals remembers what their figures hang on, for as long as nothing of it changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.catalogue.models import Product, ProductLine
from rebates.kept import Basis
from rebates.models import Programme, SettledOutside
from tests.factories.partners import PartnerFactory
from tests.rebates.world import apply, catalogue, policy, sell, settle

TODAY = "2026-09-20 10:00+08:00"


@pytest.fixture
def programme(db):
    with time_machine.travel(TODAY, tick=False) as now:
        catalogue("routing")
        apply(policy())
        sell(PartnerFactory(), 50_000, "2026-07-15")
        settle("2026-07")  # the version has accrued: closing a month more says nothing new about it
        yield now


def settled_before_go_live() -> None:
    SettledOutside.objects.create(
        programme=Programme.objects.get(), partner=PartnerFactory(), starts=date(2026, 8, 1), ends=date(2026, 9, 1),
        currency="CNY", base=1, earned=1, paid=0, watermark=0, brought_by_label="a test",
    )  # fmt: skip


CHANGES: dict[str, Callable[[], object]] = {
    "a programme more": lambda: apply(policy("more") | {"from": "2026-08-01"}),
    "an amendment": lambda: apply(policy(kind="retroactive") | {"from": "2026-09-01"}),
    "a product line more": lambda: ProductLine.objects.create(code="storage", name="Storage"),
    "a month that is closed": lambda: settle("2026-08"),
    "a month that was settled elsewhere": settled_before_go_live,
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_figures_hang_on_is_found_anew_after(what, programme):
    before = Basis.remembered().code
    CHANGES[what]()
    assert Basis.remembered().code == Basis.now().code != before


def test_what_figures_hang_on_is_found_anew_on_a_new_day(programme):
    before = Basis.remembered().code
    programme.shift(24 * 3600)
    assert Basis.remembered().code == Basis.now().code != before


def test_a_product_that_a_policy_names_is_looked_up_each_time(programme):
    apply(policy("named", qualify={"products": ["routing-1"]}) | {"from": "2026-08-01"})
    before = Basis.remembered().code
    Product.objects.filter(code="routing-1").update(code="routing-2")
    assert Basis.remembered().code == Basis.now().code != before


def test_while_nothing_changes_it_is_one_look(programme):
    known = Basis.remembered()
    with CaptureQueriesContext(connection) as asked:
        assert Basis.remembered() is known
    assert len(asked) == 1
