"""Numbers that are read out: never one that somebody has, nor one that somebody is about to have."""

from __future__ import annotations

import itertools
import threading
from datetime import date

import pytest
from django.db import connection, transaction

from prm.customers.models import EndCustomer
from prm.values import numbers
from prm.values.numbers import new_number

NOVEMBER = date(2026, 11, 20)


@pytest.fixture
def drawn(monkeypatch):
    """Chance draws what is put here, in this order."""

    def _draw(*tails: str) -> None:
        letters = itertools.chain.from_iterable(tails)
        monkeypatch.setattr(numbers.secrets, "choice", lambda _: next(letters))

    return _draw


@pytest.mark.django_db
def test_a_number_that_a_row_has_is_not_given_again(drawn):
    EndCustomer.named(name="Shenghong Electric", number="EC-2611-2AAAA", provisional=False).save()
    drawn("2AAAA", "3BBBB")
    assert new_number("EC", EndCustomer, on=NOVEMBER) == "EC-2611-3BBBB"


@pytest.mark.django_db(transaction=True)
def test_a_number_that_another_transaction_is_about_to_write_is_not_given_again(drawn, tenant):
    drawn("2AAAA", "2AAAA", "3BBBB")
    beside: list[str] = []

    def other() -> None:
        connection.set_tenant(tenant)
        beside.append(new_number("EC", EndCustomer, on=NOVEMBER))
        connection.close()

    with transaction.atomic():
        mine = new_number("EC", EndCustomer, on=NOVEMBER)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=60)
    assert (mine, beside) == ("EC-2611-2AAAA", ["EC-2611-3BBBB"])
