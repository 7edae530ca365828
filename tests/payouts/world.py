"""A small world for payouts: accounts that are in force, and a closed month that owes something."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from payouts.models import BankAccount, Batch
from payouts.services import ask_for_account, confirm_account, prepare_batch, set_paying_account
from prm.values import clock
from rebates.models import SettlementRun, Statement
from rebates.services import approve_run, close_run
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, policy, sell, settle

IBAN, OTHER_IBAN = "DE89370400440532013000", "FR1420041010050500013M02606"
CNY = {"account_number": "6222021001116245702", "bank_name": "ICBC Shanghai", "cnaps": "102290000017"}
EUR = {"iban": IBAN, "bic": "COBADEFF"}


def details(currency: str = "CNY", **more: str) -> dict[str, str]:
    return {
        "holder": "ACME Networks Ltd",
        "currency": currency,
        **(CNY if currency == "CNY" else EUR),
        **more,
    }


def account(
    company: Any, asked_by: Any, confirmed_by: Any, *, days_ago: int = 30, **more: str
) -> BankAccount:
    """An account that two people agreed on so many days ago; after a fortnight it is past its hold."""
    with clock.at(clock.now() - timedelta(days=days_ago)):
        asked = ask_for_account(partner=getattr(company, "row", company), by=asked_by, **details(**more))
        return confirm_account(account=asked, by=confirmed_by, anyway=True)


def pays_from(by: Any, *currencies: str) -> None:
    for currency in currencies or ("CNY",):
        number = (
            {"account_number": "110060149018010042563"}
            if currency == "CNY"
            else {"iban": OTHER_IBAN, "bic": ""}
        )
        set_paying_account(by=by, **details(currency, holder="Vendor Ltd", **number))


def closed(
    *sales: tuple[Any, int], approved_by: Any = BY, period: str = "2026-09", **more: Any
) -> SettlementRun:
    """A closed month in which each partner earned two percent of its first 100,000."""
    apply(policy(**more))
    for company, amount in sales:
        sell(company, amount, f"{period}-15")
    run = settle(period, close=False)
    return close_run(run=approve_run(run=run, by=approved_by, reason="As every month"), by=BY)


def of_rival(company: Any, run: SettlementRun) -> Batch:
    """A payout of `run` to an account of `company`, by two people of finance."""
    first, other = (actor(UserFactory(finance=True)) for _person in range(2))
    pays_from(first)
    account(company, first, other, holder="ACME Secret Holder")
    return prepare_batch(run=run, by=first)


def statement_of(company: Any, run: SettlementRun) -> Statement:
    rows = Statement.objects.for_everyone(because="a test").filter(run=run)
    return rows.get(partner=getattr(company, "row", company))
