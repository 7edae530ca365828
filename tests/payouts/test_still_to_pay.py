"""What a statement has still to pay is one sum: on its page, in the list, in its settlement's sum, in the ageing and in
what a release and a payout by file would pay or leave out. Together never more than what the ledger owes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from payouts import overview
from payouts.prospect import prospect
from prm.ledger.models import Entry
from prm.values import clock
from rebates import pages
from rebates.errors import NothingToPay
from rebates.models import Statement
from rebates.services import confirm_return, hold_payment, pay_statement, report_return
from rebates.services.payments import open_on, state_of
from rebates.services.releasing import outlook
from tests.payouts.world import account, pays_from
from tests.rebates import disputing
from tests.rebates.disputing import statement_of
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db
MONTHS = ("2026-08", "2026-09", "2026-10")


def months(company: Any, *amounts: int, **entries: Any) -> None:
    """Closed months from August on in which the company bought so much, at two percent."""
    apply(policy(**entries))
    for month, amount in zip(MONTHS, amounts, strict=False):
        sell(company, amount, f"{month}-11", document=f"INV-{month}")
        settle(month)


def pay(company: Any, month: str, amount: Any = None) -> Any:
    statement = statement_of(company, month)
    return pay_statement(statement=statement, amount=amount, account_checked="By phone", by=BY)


def a_positive_and_a_negative(company, finance, second):
    months(company, 50_000, -70_000)
    return [0, 0], ["offset", "carried"]


def a_negative_that_takes_a_part(company, finance, second):
    months(company, 50_000, -20_000)
    return [600, 0], ["open", "offset"]


def part_paid_before_a_negative(company, finance, second):
    months(company, 50_000)
    pay(company, "2026-08", 300)
    sell(company, -20_000, "2026-09-11")
    settle("2026-09")
    return [300, 0], ["part_paid", "offset"]


def part_paid_and_the_rest_set_off(company, finance, second):
    months(company, 50_000)
    pay(company, "2026-08", 300)
    sell(company, -40_000, "2026-09-11")
    settle("2026-09")
    return [0, 0], ["offset", "carried"]


def two_open_ones(company, finance, second):
    months(company, 50_000, 20_000)
    return [1000, 400], ["open", "open"]


def two_open_ones_and_a_negative(company, finance, second):
    months(company, 50_000, 20_000, -55_000)
    return [0, 300, 0], ["offset", "open", "offset"]


def the_newest_is_paid_first(company, finance, second):
    months(company, 50_000, -20_000, 10_000)
    pay(company, "2026-10")
    return [600, 0, 0], ["open", "offset", "paid"]


def a_payment_that_came_back_after_a_negative(company, finance, second):
    months(company, 50_000)
    payment = pay(company, "2026-08")
    for month, amount in (("2026-09", -20_000), ("2026-10", 30_000)):
        sell(company, amount, f"{month}-11")
        settle(month)
    found = report_return(payment=payment, returned_on=clock.today(), reason="Account closed", by=finance)
    confirm_return(found=found, by=second)
    return [1000, 0, 200], ["open", "carried", "open"]


def what_waits_for_a_minimum(company, finance, second):
    months(company, 50_000, 5_000, minimum_payout=200)
    return [1000, 0], ["open", "carried"]


def a_held_one(company, finance, second):
    months(company, 50_000, -20_000)
    hold_payment(run=statement_of(company).run, partner=company.row, reason="Under audit", by=finance)
    return [600, 0], ["blocked", "offset"]


def a_disputed_one(company, finance, second):
    months(company, 50_000)
    disputing.marked(company, "INV-2026-08")
    sell(company, -20_000, "2026-09-11")
    settle("2026-09")
    return [600, 0], ["disputed", "offset"]


def one_that_is_disputed_in_part(company, finance, second):
    disputing.settled(company, 30_000, 20_000)
    disputing.marked(company, "INV-2")
    sell(company, -20_000, "2026-09-11")
    settle("2026-09")
    return [600, 0], ["open", "offset"]


SCENARIOS: list[Callable[..., Any]] = [
    a_positive_and_a_negative, a_negative_that_takes_a_part, part_paid_before_a_negative,
    part_paid_and_the_rest_set_off, two_open_ones, two_open_ones_and_a_negative, the_newest_is_paid_first,
    a_payment_that_came_back_after_a_negative, what_waits_for_a_minimum, a_held_one, a_disputed_one,
    one_that_is_disputed_in_part,
]  # fmt: skip


def rows() -> list[Statement]:
    return list(Statement.objects.for_everyone(because="a test").for_list().order_by("ends"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda made: made.__name__)
def test_every_page_says_the_same_is_still_to_be_paid(acme, finance, second, scenario):
    rests, states = scenario(acme, finance, second)
    found = rows()
    assert [row.unpaid for row in found] == rests
    assert [row.payment_state for row in found] == states
    payable = Statement.objects.visible_to(finance).for_list().to_be_paid().order_by("ends")
    assert [row.payment_state in ("open", "part_paid") for row in found] == [row in payable for row in found]
    opens = open_on(found)
    assert [(one.rest, one.amount, state_of(one)) for one in opens] == [
        (row.unpaid, row.to_pay, row.payment_state) for row in found
    ]
    runs = [row.run for row in found]
    sums = Statement.objects.visible_to(finance).unpaid_by_run(runs)
    assert [sum_ for run in runs for _currency, sum_ in sums[run.pk]] == rests
    (aged,) = overview.ageing(overview.Asked(date(2026, 1, 1), clock.today()), by=finance)
    assert sum(aged.open) == sum(rests) and aged.open[0] == sum(rests)
    assert aged.owed == owed_by_the_ledger() and sum(aged.open) + aged.other == aged.owed
    (own,) = pages.owed_to(acme.admin)
    assert own.unpaid + own.held == sum(rests)
    for one in opens:
        if one.rest == 0:
            with pytest.raises(NothingToPay):
                pay_statement(statement=one.statement, by=second)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda made: made.__name__)
def test_a_payout_by_file_would_pay_or_leave_out_just_that(acme, finance, second, scenario):
    account(acme, finance, second)
    pays_from(finance)
    scenario(acme, finance, second)
    for row in rows():
        found = prospect(row.run, by=finance)
        assert sum(one.amount for one in (*found.due, *found.left_out)) == row.unpaid
        assert (row.unpaid == 0) == (found.settled + found.carried == 1)
        if row.run.state != "paid":
            disputed = sum(one.disputed for one in outlook(run=row.run, by=second).disputed)
            assert disputed == sum(one.amount for one in found.left_out if one.reason == "disputed")


def test_preparing_a_payout_says_what_is_disputed_and_where(acme, finance, second, browse):
    account(acme, finance, second)
    pays_from(finance)
    disputing.settled(acme, 50_000)
    dispute = disputing.marked(acme, "INV-1")
    run = statement_of(acme).run
    (left,) = prospect(run, by=finance).left_out
    assert (left.reason, left.detail, left.amount) == ("disputed", dispute.number, 1000)
    page = browse(finance).get("/payout-files/new/", {"run": run.pk}).content.decode()
    assert f"It is disputed in {dispute.number}: held back until the decision." in page
    assert "nothing is open any more" not in page


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda made: made.__name__)
def test_a_release_would_pay_or_leave_out_just_that(acme, finance, second, scenario):
    scenario(acme, finance, second)
    for row in rows():
        if row.run.state == "paid":
            assert row.unpaid == 0
            continue
        seen = outlook(run=row.run, by=second)
        told = sum(total.amount for total in (*seen.due, *seen.not_kept_totals, *seen.blocked_totals))
        assert told + sum(one.disputed for one in seen.disputed) == row.unpaid
        assert (row.unpaid == 0) == (seen.settled + seen.carried == 1)


def owed_by_the_ledger() -> Decimal:
    entries = Entry.objects.for_everyone(because="a test").filter(account__kind__in=("payable", "approved"))
    return -sum((entry.amount for entry in entries), Decimal("0.00"))


def test_an_ageing_of_before_the_negative_month_knows_nothing_of_it(acme, finance):
    months(acme, 50_000, -70_000)
    (then,) = overview.ageing(overview.Asked(date(2026, 1, 1), date(2026, 8, 31)), by=finance)
    assert (sum(then.open) + then.later, then.other, then.owed) == (1000, 0, 1000)


def test_a_statement_that_is_set_off_is_not_listed_as_to_be_paid(acme, finance, browse):
    months(acme, 50_000, -70_000)
    client = browse(finance)
    number = statement_of(acme).number
    assert number in client.get("/statements/").content.decode()
    assert number not in client.get("/statements/", {"view": "open"}).content.decode()
