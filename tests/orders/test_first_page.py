"""What the first page says of open orders agrees with their states."""

from __future__ import annotations

import pytest

from orders.home import open_orders
from tests.factories.orders import order_of

pytestmark = pytest.mark.django_db


def test_an_approved_order_waits_to_be_confirmed_and_is_not_passed_over(acme, manager):
    assert open_orders(manager).note == "0 wait for approval"
    order_of(acme.row, state="approved")
    assert (open_orders(manager).note, open_orders(manager).tone) == ("1 to be confirmed", "warn")
    order_of(acme.row, state="submitted")
    order_of(acme.row, state="submitted")
    assert open_orders(manager).note == "2 wait for approval · 1 to be confirmed"
