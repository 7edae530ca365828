"""Laws that hold on any data of partners that are taken together and paid by how their invoices were paid, also on what
another programme leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from partners.models import Partner
from prm.ledger.models import Entry
from rebates import partner_pools
from rebates.models import Result, Statement
from tests.conftest import LONG
from tests.rebates.test_collection import STEPS, pays
from tests.rebates.test_linked import net_of
from tests.rebates.test_partner_groups import grouped
from tests.rebates.test_partner_pools import Company
from tests.rebates.world import apply, policy, results, sell, settle

few = settings(max_examples=200 if LONG else 6, deadline=None, phases=[Phase.generate])
COLLECTION = {"kind": "collection", "steps": STEPS}
MECHANISMS = [
    {"kind": "marginal", "bands": [{"from": 0, "rate": "2%"}, {"from": 1000, "rate": "3.33%"}]},
    {"kind": "retroactive", "bands": [{"from": 0, "rate": "1%"}, {"from": 700, "rate": "5%"}]},
    {"kind": "lump_sum", "bands": [{"from": 0, "amount": "0.99"}]},
]


@dataclass(frozen=True)
class Sale:
    """So much on an invoice of a member; a part of it was paid in time, or late."""

    member: int
    amount: Decimal
    document: str
    paid: tuple[tuple[int, str], ...] = ()  # hundredths and days


cents = st.integers(-50_000, 200_000).map(lambda number: Decimal(number) / 100)
payments = st.lists(st.tuples(st.integers(1, 100), st.sampled_from(["2026-01-10", "2026-03-01"])), max_size=2)
sales = st.lists(
    st.builds(
        lambda member, amount, paper, paid: Sale(member, amount, f"D-{paper}", tuple(paid)),
        st.integers(0, 4), cents, st.integers(1, 2), payments,
    ), min_size=2, max_size=9,
)  # fmt: skip
FIRST = policy("first", "marginal", bands=[{"from": 0, "rate": "12.5%"}, {"from": 500, "rate": "40%"}])
policies = st.builds(
    lambda rules, capped, years, left: grouped(
        mechanism=rules, factors=[COLLECTION], **({"cumulative": True} if years else {}),
        caps=[{"on": "payout", "amount": "3.35"}] if capped else [], **({"stacking": net_of("first")} if left else {}),
    ), st.sampled_from(MECHANISMS), st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip


def five() -> list[Company]:
    return [
        Company(
            Partner.objects.create(number=f"L-{number}", name=f"L {number}", type="reseller", status="active")
        )
        for number in range(5)
    ]


def put_into_force(policy: dict[str, Any]) -> None:
    """The group, and what it may be net of."""
    apply(FIRST | ({"cumulative": True} if "cumulative" in policy else {}), policy)


def record(members: list[Company], rows: list[Sale], on: str = "2026-01-01") -> None:
    for row in rows:
        sell(members[row.member], row.amount, on, document=row.document)
    for row in rows:
        for share, day in row.paid:
            pays(members[row.member], row.document, Decimal(share), day, total=150)


def earned_with(policy: dict[str, Any], rows: list[Sale]) -> dict[str, Decimal]:
    """What members with these sales earn; nothing is kept."""
    with transaction.atomic(), mock.patch.object(partner_pools, "LEAST_MEMBERS", 0):
        members = five()
        put_into_force(policy)
        record(members, rows)
        found = [row for row in results(settle("2026-01", close=False)) if row.programme.code == "core"]
        said = {Decimal(row.explanation["grouped"]["figure"]) for row in found}
        # to the cent: the shares come to the group's figure, where anybody has one
        assert sum(row.earned for row in found) in {*said, Decimal(0)} and len(said) <= 1
        transaction.set_rollback(True)
    return {row.partner.number: row.earned for row in found}


@pytest.mark.django_db
@few
@given(policy=policies, rows=sales, seed=st.integers(0, 99))
def test_the_order_of_lines_and_payments_does_not_matter_and_shares_come_to_the_figure(policy, rows, seed):
    shuffled = list(rows)
    Random(seed).shuffle(shuffled)
    assert earned_with(policy, rows) == earned_with(policy, shuffled)


@pytest.mark.django_db
@few
@given(policy=policies, rows=sales, share=st.integers(1, 99))
def test_splitting_a_line_changes_nothing(policy, rows, share):
    first, *others = rows
    part = (first.amount * share / 100).quantize(Decimal("0.01"))
    split = [
        Sale(first.member, part, first.document),
        Sale(first.member, first.amount - part, first.document, first.paid),
    ]
    assert earned_with(policy, rows) == earned_with(policy, [*split, *others])


@pytest.mark.django_db
@few
@given(policy=policies, rows=sales, late=sales)
def test_late_lines_and_payments_change_no_closed_statement_and_come_to_what_all_of_them_earn(
    policy, rows, late
):
    with transaction.atomic(), mock.patch.object(partner_pools, "LEAST_MEMBERS", 0):
        members = five()
        put_into_force(policy)
        record(members, rows)
        settle("2026-01")
        before = closed()
        record(members, late)
        settle("2026-02")
        assert closed() == before
        posted = Result.objects.for_everyone(because="a test").filter(programme__code="core")
        sums = {member.row.number: Decimal(0) for member in members}
        for row in posted.select_related("partner"):
            sums[row.partner.number] += row.amount
        entries = Entry.objects.for_everyone(because="a test").count()
        settle("2026-03")
        assert Entry.objects.for_everyone(because="a test").count() == entries  # running again posts nothing
        transaction.set_rollback(True)
    whole = earned_with(policy, [*rows, *late])
    assert sums == {number: whole.get(number, Decimal(0)) for number in sums}


def closed() -> dict[int, tuple[str, Decimal]]:
    rows = Statement.objects.for_everyone(because="a test").filter(ends="2026-02-01")
    return {row.pk: (row.digest, row.closing) for row in rows}
