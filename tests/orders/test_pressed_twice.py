"""Two clicks at the same moment, and quantities beyond all measure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection

from orders import errors, services
from orders.models import CartLine, Order


@pytest.fixture
def at_once(fresh_tenant):
    """Run functions at the same moment, each on a connection of its own; answers or exceptions."""

    def run(*functions):
        barrier = Barrier(len(functions))

        def call(function):
            connection.set_tenant(fresh_tenant)
            try:
                barrier.wait()
                return function()
            except Exception as problem:
                return problem
            finally:
                connection.close()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(call, functions))

    return run


def test_checking_out_twice_at_once_is_one_order(at_once, acme, router):
    services.put_in_cart(product=router, quantity=Decimal(2), by=acme.sales)
    by, items = acme.sales, [(router, Decimal(2))]
    press = lambda: services.order_at_once(partner=acme.row, items=items, by=by, clear_cart=True)  # noqa: E731
    answers = at_once(press, press, press)
    assert sorted(type(answer).__name__ for answer in answers) == [
        "NothingOrdered",
        "NothingOrdered",
        "Order",
    ]
    assert Order.objects.for_everyone(because="a test").count() == 1


def test_adding_one_product_twice_at_once_adds_both(at_once, acme, router):
    by = acme.sales
    press = lambda: services.put_in_cart(product=router, quantity=Decimal(2), by=by)  # noqa: E731
    assert all(isinstance(answer, CartLine) for answer in at_once(press, press, press, press))
    assert CartLine.objects.visible_to(by).get().quantity == 8


def test_what_no_ledger_can_hold_is_refused_in_words(db, acme, router):
    router.list_price = Decimal(100_000)
    router.save()
    with pytest.raises(errors.BadQuantity):
        services.place_order(partner=acme.row, items=[(router, Decimal(10) ** 12 - 1)], by=acme.sales)
