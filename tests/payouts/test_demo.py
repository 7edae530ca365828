"""The demo's payouts and its list of bank accounts tell one story."""

from __future__ import annotations

import pytest

from payouts import demo
from payouts.models import BankAccount, Batch
from payouts.prospect import prospect
from tests.factories.partners import PartnerFactory
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(tenant):
    """A closed month that owes ten partners something, with the demo's accounts and payouts."""
    for name, title in (("finance", "He Min"), ("controller", "Qin Lan")):
        UserFactory(finance=True, email=f"{name}@demo.example", name=title)
    apply(policy())
    for number in range(10):
        sell(PartnerFactory(name=f"Partner {number}"), 1000)
    run = settle("2026-09")
    demo.fill(tenant=tenant, size="small", say=lambda text: None)
    return run


def test_whoever_a_payout_left_out_for_want_of_an_account_has_none(filled):
    accounts = BankAccount.objects.for_everyone(because="a test").select_related("partner")
    confirmed = {one.partner.name for one in accounts.filter(state="confirmed")}
    asked = {one.partner.name for one in accounts.waiting()}
    batches = list(Batch.objects.visible_to(BY).order_by("pk"))
    assert [batch.state for batch in batches] == ["executed", "prepared"]
    for batch in batches:
        why = {row["partner"]: row["reason"] for row in batch.left_out}
        assert {name for name, reason in why.items() if reason == "no_account"} & (confirmed | asked) == set()
        assert {name for name, reason in why.items() if reason == "unconfirmed"} == asked
        assert not confirmed & set(why)


def test_some_wait_for_the_release_of_the_payout_and_some_for_that_of_the_settlement(filled):
    (waiting,) = Batch.objects.visible_to(BY).filter(state="prepared")
    assert waiting.lines.filter(state="waiting").count() == demo.SECOND_PAYOUT
    found = prospect(filled, by=actor(UserFactory(finance=True)))
    assert len(found.due) == 4
    assert sorted(one.reason for one in found.left_out) == ["elsewhere"] * 3 + ["no_account", "unconfirmed"]
