"""A payment pays its own statement's programmes first, whatever is owed besides."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.ledger.models import Entry
from rebates.dues import split
from rebates.models import Payment, Statement
from rebates.services import pay_statement
from tests.rebates.world import apply, catalogue, policy, sell, settle

FLAT = {"kind": "flat", "rate": "1%"}


def statement_of(company, month: str) -> Statement:
    rows = Statement.objects.for_everyone(because="a test").select_related("run", "partner")
    return rows.get(partner=company.row, starts=f"{month}-01")


def booked(payment: Payment) -> dict[str, Decimal]:
    entries = Entry.objects.for_everyone(because="a test").filter(
        transaction__key=f"rebates.pay:{payment.number}", account__kind="approved"
    )
    return dict(entries.values_list("purpose__code", "amount"))


@pytest.fixture
def two_months(acme):
    """September: 1,000.00 under a. October: 500.00 under a, 400.00 under b, which began then."""
    catalogue("routing", "wireless")
    apply(
        policy("a", mechanism=FLAT, qualify={"product_lines": ["routing"]}),
        policy("b", mechanism=FLAT, qualify={"product_lines": ["wireless"]}, from_="2026-10-01"),
    )
    sell(acme, 100_000, "2026-09-10")
    settle("2026-09")
    sell(acme, 50_000, "2026-10-10")
    sell(acme, 40_000, "2026-10-11", line="wireless")
    settle("2026-10")


@pytest.mark.django_db
def test_a_newer_statement_paid_first_leaves_the_older_ones_programmes_alone(acme, finance, two_months):
    october = pay_statement(statement=statement_of(acme, "2026-10"), by=finance)
    assert booked(october) == {"a": Decimal("500.00"), "b": Decimal("400.00")}
    september = pay_statement(statement=statement_of(acme, "2026-09"), by=finance)
    assert booked(september) == {"a": Decimal("1000.00")}


@pytest.mark.django_db
def test_a_part_goes_on_where_the_part_before_it_ended(acme, finance, two_months):
    october = statement_of(acme, "2026-10")
    first = pay_statement(statement=october, amount=Decimal("450.00"), by=finance)
    second = pay_statement(statement=october, amount=Decimal("450.00"), by=finance)
    assert booked(first) == {"a": Decimal("450.00")}
    assert booked(second) == {"a": Decimal("50.00"), "b": Decimal("400.00")}


money = st.decimals(min_value=-1000, max_value=1000, places=2)


@given(
    owed=st.dictionaries(st.integers(1, 5), money, min_size=1),
    due=st.dictionaries(st.integers(1, 5), money),
    amount=st.decimals(min_value="0.01", max_value=3000, places=2),
)
def test_shares_add_up_and_nothing_is_taken_beside_while_the_statement_itself_owes(owed, due, amount):
    shares = split(owed, due, amount, order=lambda purpose: purpose)
    assert sum(shares.values()) == amount
    if amount == sum(owed.values()):
        return
    own = {purpose: max(Decimal(0), min(owed[purpose], due.get(purpose, Decimal(0)))) for purpose in owed}
    if amount <= sum(own.values()):
        assert all(0 <= share <= own[purpose] for purpose, share in shares.items())
    else:
        assert all(shares.get(purpose, Decimal(0)) >= most for purpose, most in own.items())
