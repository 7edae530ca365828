"""Laws that hold on any data."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from prm.ledger.models import Entry
from rebates.arithmetic import Figures, rebate
from rebates.models import Result
from tests.conftest import LONG
from tests.factories.partners import PartnerFactory
from tests.rebates.world import apply, policy, results, sell, settle

cents = st.integers(-3_000_000, 40_000_000).map(lambda number: Decimal(number) / 100)
positive = st.integers(1, 40_000_000).map(lambda number: Decimal(number) / 100)
few = settings(max_examples=300 if LONG else 7)
kinds = st.sampled_from(["marginal", "retroactive"])


def earned_with(lines: list[Decimal], kind: str) -> list[Decimal]:
    """What a partner with these lines earns; nothing is kept."""
    with transaction.atomic():
        apply(policy(kind=kind))
        partner = PartnerFactory(tier="gold")
        for amount in lines:
            sell(partner, amount)
        found = [row.earned for row in results(settle("2026-09", close=False))]
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
@few
@given(lines=st.lists(cents, min_size=2, max_size=5), kind=kinds, seed=st.integers(0, 99))
def test_the_order_of_lines_does_not_matter(lines, kind, seed):
    shuffled = list(lines)
    Random(seed).shuffle(shuffled)
    assert earned_with(lines, kind) == earned_with(shuffled, kind)


@pytest.mark.django_db
@few
@given(amount=positive, share=st.integers(1, 99), kind=kinds)
def test_splitting_a_line_changes_nothing(amount, share, kind):
    part = (amount * share / 100).quantize(Decimal("0.01"))
    assert earned_with([amount], kind) == earned_with([part, amount - part], kind)


@pytest.mark.django_db
@few
@given(kept=cents, returned=positive, kind=kinds)
def test_a_line_and_its_full_return_are_as_if_never_there(kept, returned, kind):
    assert earned_with([kept, returned, -returned], kind) == earned_with([kept], kind)


@given(lower=st.integers(0, 60_000_000), step=st.integers(1, 1000))
def test_marginal_is_continuous_and_never_falls(lower, step):
    rules = policy() | {"mechanism": {"kind": "marginal", "bands": [
        {"from": "0", "rate": "0.02"}, {"from": "100000", "rate": "0.03"}, {"from": "250000", "rate": "0.05"},
    ]}}  # fmt: skip
    low, high = Decimal(lower) / 100, Decimal(lower + step) / 100
    before, after = (rebate(rules, Figures(volume, volume)) for volume in (low, high))
    assert 0 <= after - before <= (high - low) * Decimal("0.05") + Decimal("0.01")


@pytest.mark.django_db
def test_running_again_posts_nothing(acme):
    apply(policy())
    sell(acme, 95_000, "2026-08-20")
    settle("2026-08")
    sell(acme, 12_000, "2026-08-21")
    settle("2026-09")
    entries = Entry.objects.for_everyone(because="a test").count()
    assert results(settle("2026-10")) == []
    assert Entry.objects.for_everyone(because="a test").count() == entries


@pytest.mark.django_db
@few
@given(steps=st.lists(st.lists(cents, max_size=3), min_size=2, max_size=4), kind=kinds)
def test_the_sum_of_the_differences_posted_is_what_all_lines_earn(steps, kind):
    with transaction.atomic():
        apply(policy(kind=kind))
        partner = PartnerFactory(tier="gold")
        for month, lines in enumerate(steps, start=3):
            for amount in lines:
                sell(partner, amount, "2026-03-15")
            settle(f"2026-{month:02d}")
        rows = Result.objects.for_everyone(because="a test").filter(ends="2026-04-01")
        posted = sum((row.amount for row in rows), Decimal(0))
        transaction.set_rollback(True)
    everything = [amount for lines in steps for amount in lines]
    assert [posted] == (earned_with(everything, kind) or [Decimal(0)])


@pytest.mark.django_db
@few
@given(kept=positive, sold=positive, shares=st.lists(st.integers(1, 99), max_size=3), kind=kinds)
def test_by_origin_a_sale_and_its_full_return_are_as_if_never_there_whenever_it_comes_back(
    kept, sold, shares, kind
):
    with transaction.atomic():
        apply(policy(kind=kind, returns="by_origin"))
        partner = PartnerFactory(tier="gold")
        sell(partner, kept, "2026-03-10")
        line, left = sell(partner, sold, "2026-03-15"), sold
        settle("2026-03")
        for month, share in enumerate([*shares, 100], start=4):
            part = left if share == 100 else (left * share / 100).quantize(Decimal("0.01"))
            if part:
                sell(partner, -part, f"2026-{month:02d}-03", reverses=line)
            left -= part
            settle(f"2026-{month:02d}")
        rows = Result.objects.for_everyone(because="a test")
        posted = sum((row.amount for row in rows), Decimal(0))
        transaction.set_rollback(True)
    assert [posted] == earned_with([kept], kind)


def posted_of_a_year(months: list[list[Decimal]], kind: str) -> Decimal:
    """What a cumulative programme posts in all for sales by month, from March on; nothing is kept."""
    with transaction.atomic():
        apply(policy(kind=kind, cumulative=True))
        partner = PartnerFactory(tier="gold")
        posted = _posted(partner, months)
        transaction.set_rollback(True)
    return posted


def _posted(partner: Any, months: list[list[Decimal]]) -> Decimal:
    for month, lines in enumerate(months, start=3):
        for amount in lines:
            sell(partner, amount, f"2026-{month:02d}-15")
        settle(f"2026-{month:02d}")
    rows = Result.objects.for_everyone(because="a test")
    return sum((row.amount for row in rows), Decimal(0))


@pytest.mark.django_db
@few
@given(months=st.lists(st.lists(cents, max_size=2), min_size=2, max_size=4), kind=kinds)
def test_the_differences_of_a_year_add_up_to_what_it_earns(months, kind):
    everything = [amount for lines in months for amount in lines]
    assert [posted_of_a_year(months, kind)] == (earned_with(everything, kind) or [Decimal(0)])


@pytest.mark.django_db
@few
@given(kept=positive, sold=positive, later=st.integers(0, 3), kind=kinds)
def test_within_a_year_a_sale_and_its_full_return_are_as_if_never_there(kept, sold, later, kind):
    months = [[kept, sold], [], [], []]
    months[later] = [*months[later], -sold]
    assert [posted_of_a_year(months, kind)] == earned_with([kept], kind)
