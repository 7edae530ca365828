"""From a special price to money: agreed by two, reported, checked line by line, approved, paid, reconciled."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from claims import books
from claims.checks import sentence
from claims.errors import (
    AnotherPersonDecides,
    AnotherPersonPays,
    ClaimNotInState,
    LinesUndecided,
    MoreThanClaimed,
    NothingAccepted,
    NothingOpen,
    NothingToClaim,
    PartnerOnHold,
)
from claims.models import Agreement, AgreementItem, Claim, ClaimLine, SellThroughLine
from claims.registrations import open_work
from claims.services import (
    approve_claim,
    decide_line,
    draft_claim,
    pay_claim,
    reject_claim,
    submit_claim,
    withdraw_claim,
)
from prm.ledger.models import Entry, Transaction
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.values.errors import NotAllowed
from rebates.books import reconciled
from tests.claims.world import (
    BY,
    LAST,
    STARTS,
    again,
    agreed,
    bought,
    claimed,
    customer,
    lines,
    product,
    said_of,
    sold,
)

pytestmark = pytest.mark.django_db


def test_a_sale_under_an_agreement_is_claimed_approved_and_paid(acme, finance, second):
    agreement = agreed(acme)
    bought(acme, 100)
    sold(acme, 30)
    claim = claimed(agreement, by=acme.admin)
    assert said_of(claim) == [("accepted", Decimal("600.00"), [])]
    assert (claim.state, claim.asked, claim.approved_amount) == (
        "submitted",
        Decimal("600.00"),
        Decimal("600.00"),
    )
    claim = approve_claim(claim=claim, by=finance)
    pay_claim(claim=claim, by=second, amount=Decimal("200"), reference="BT-1")
    assert again(claim).state == "approved"
    pay_claim(claim=claim, by=second)
    claim = again(claim)
    assert (claim.state, claim.paid_amount) == ("paid", Decimal("600.00"))
    booked = Transaction.objects.for_everyone(because="a test").filter(event__startswith="claims.")
    assert sorted(booked.values_list("event", flat=True)) == [
        "claims.approve", "claims.pay", "claims.pay", "claims.release", "claims.release",
    ]  # fmt: skip
    (check,) = books.reconciled(BY)
    assert (check.owed, check.settled, check.paid, check.difference) == (0, 600, 600, 0)
    with pytest.raises(NothingOpen):
        pay_claim(claim=claim, by=second)


def test_what_is_paid_by_credit_note_is_cleared_by_credit_notes_not_by_the_bank(acme, finance, second):
    agreement = agreed(acme)
    bought(acme, 100)
    sold(acme, 30)
    claim = approve_claim(claim=claimed(agreement), by=finance)
    pay_claim(claim=claim, by=second, amount=Decimal("200"))
    pay_claim(claim=claim, by=second, method="credit_note", reference="CN-1")
    entries = Entry.objects.for_everyone(because="a test").filter(transaction__event="claims.pay").order_by()
    sums = dict(entries.values_list("account__kind").annotate(sum=Sum("amount")))
    assert sums == {"approved": Decimal(600), "clearing": Decimal(-200), "credit_notes": Decimal(-400)}


def test_what_is_owed_for_claims_is_none_of_what_statements_say(acme, finance):
    bought(acme, 100)
    agreement = agreed(acme)
    sold(acme, 30)
    approve_claim(claim=claimed(agreement), by=finance)
    assert all(check.difference == 0 for check in [*reconciled(BY), *books.reconciled(BY)])
    assert sum(check.owed for check in reconciled(BY)) == 0
    assert [check.owed for check in books.reconciled(BY)] == [Decimal("600.00")]


def test_each_line_is_rounded_by_itself(acme):
    agreement = agreed(acme, price="99.995")
    bought(acme, 100)
    for _sale in range(3):
        sold(acme, 1)
    assert [amount for _verdict, amount, _why in said_of(claimed(agreement))] == [Decimal("0.01")] * 3


def test_three_people_stand_between_a_claim_and_its_payment(acme, finance, second):
    agreement = agreed(acme)
    bought(acme, 100)
    sold(acme, 30)
    claim = claimed(agreement, by=finance)
    with pytest.raises(AnotherPersonDecides):
        approve_claim(claim=claim, by=finance)
    with pytest.raises(NotAllowed):
        approve_claim(claim=claim, by=acme.admin)
    claim = approve_claim(claim=claim, by=second)
    with pytest.raises(AnotherPersonPays):
        pay_claim(claim=claim, by=second)
    with pytest.raises(MoreThanClaimed):
        pay_claim(claim=claim, by=finance, amount=Decimal("600.01"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.for_everyone(because="a test").filter(pk=claim.pk).update(submitted_by=second.user_id)
    type(acme.row).objects.for_everyone(because="a test").filter(pk=acme.row.pk).update(status="suspended")
    with pytest.raises(PartnerOnHold):
        pay_claim(claim=claim, by=finance)


def test_pressed_twice_is_approved_once(acme, finance):
    agreement = agreed(acme)
    bought(acme, 100)
    sold(acme, 30)
    claim = claimed(agreement)
    approve_claim(claim=claim, by=finance)
    with pytest.raises(ClaimNotInState):
        approve_claim(claim=claim, by=finance)
    assert Transaction.objects.for_everyone(because="a test").filter(event="claims.approve").count() == 1


@pytest.mark.parametrize(
    ("sale", "verdict", "code"),
    [
        ({"on": "2026-10-02"}, "exception", "outside_days"),
        ({"customer_name": "Others Ltd"}, "exception", "other_customer"),
        ({"customer_name": ""}, "exception", "no_customer"),
        ({"quantity": 101}, "exception", "not_bought"),
        ({"product": "SW-9"}, "rejected", "product_missing"),
    ],
)
def test_each_rule_says_its_reason(acme, sale, verdict, code):
    agreement = agreed(acme, customer=customer())
    bought(acme, 100)
    bought(acme, 500, on="2026-11-01")  # too late to have been sold on
    sale = {"quantity": 10, "customer_name": "MERIDIAN MILLS LTD.", **sale}
    if "product" in sale:
        sale["product"] = product(sale["product"])
    sold(acme, **sale)
    claim = draft_claim(agreement=agreement, starts=STARTS, last_day=date(2026, 10, 31), by=BY)
    (line,) = lines(submit_claim(claim=claim, by=BY))
    assert code in [one["code"] for one in line.findings]
    assert (line.verdict, line.amount) == (verdict, 0)
    assert all("%(" not in sentence(one) and sentence(one) != one["code"] for one in line.findings)


def test_the_end_customer_is_the_same_whatever_its_legal_form_and_case(acme):
    agreement = agreed(acme, customer=customer())
    bought(acme, 100)
    sold(acme, 10, customer_name="meridian mills limited")
    assert said_of(claimed(agreement)) == [("accepted", Decimal("200.00"), [])]


def test_what_it_sold_on_itself_is_nothing_that_the_partner_bought(acme):
    agreement = agreed(acme)
    bought(acme, 10)
    bought(acme, 90, source="pos")
    sold(acme, 11)
    assert said_of(claimed(agreement)) == [("exception", Decimal("0.00"), ["not_bought"])]


def test_limits_cut_a_line_to_what_is_left(acme, finance):
    agreement = agreed(acme, limit=50)
    bought(acme, 200)
    sold(acme, 30)
    sold(acme, 30)
    sold(acme, 30)
    claim = claimed(agreement)
    assert said_of(claim) == [
        ("accepted", Decimal("600.00"), []),
        ("cut", Decimal("400.00"), ["quantity_limit"]),
        ("rejected", Decimal("0.00"), ["quantity_limit"]),
    ]
    assert claim.asked == Decimal("1800.00") and claim.approved_amount == Decimal("1000.00")
    item = AgreementItem.objects.for_everyone(because="a test").get(agreement=agreement)
    assert item.used_quantity == 50
    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementItem.objects.for_everyone(because="a test").filter(pk=item.pk).update(used_quantity=51)


def test_the_amount_limit_cuts_as_well(acme):
    agreement = agreed(acme, money="700")
    bought(acme, 200)
    sold(acme, 30)
    sold(acme, 30)
    claim = claimed(agreement)
    assert said_of(claim)[1] == ("cut", Decimal("100.00"), ["amount_limit"])
    assert again(agreement).used_amount == 700
    with pytest.raises(IntegrityError), transaction.atomic():
        Agreement.objects.for_everyone(because="a test").filter(pk=agreement.pk).update(used_amount=701)


def test_a_person_decides_exceptions_and_no_limit_is_passed_by_it(acme, finance, second):
    agreement = agreed(acme, limit=15)
    sold(acme, 10)
    sold(acme, 10)
    claim = claimed(agreement, by=finance)
    assert claim.state == "in_review"
    first, other = lines(claim)
    with pytest.raises(LinesUndecided):
        approve_claim(claim=claim, by=second)
    with pytest.raises(AnotherPersonDecides):
        decide_line(line=first, accept=True, reason="Opening stock", by=finance)
    for line in (first, other):
        decide_line(line=line, accept=True, reason="Opening stock", by=second)
    assert [(verdict, amount) for verdict, amount, _why in said_of(claim)] == [
        ("accepted", 200),
        ("cut", 100),
    ]
    assert lines(claim)[0].decision == "Opening stock"
    assert approve_claim(claim=again(claim), by=second).approved_amount == 300


def test_a_rejected_line_can_be_claimed_again_and_an_accepted_one_cannot(acme, finance):
    agreement = agreed(acme)
    bought(acme, 10)
    sold(acme, 10)
    later = sold(acme, 5)
    claim = claimed(agreement)
    decide_line(line=lines(claim)[1], accept=False, reason="Not bought", by=finance)
    approve_claim(claim=again(claim), by=finance)
    bought(acme, 5)
    following = claimed(agreement)
    assert [line.report_id for line in lines(following)] == [later.pk]
    with pytest.raises(NothingToClaim):
        claimed(agreement)
    with pytest.raises(IntegrityError), transaction.atomic():
        ClaimLine.objects.create(
            claim=claim, position=9, report=later, product=later.product, day=later.day, quantity=5
        )


def test_a_withdrawn_or_rejected_claim_gives_back_what_it_took(acme, finance):
    agreement = agreed(acme, limit=50)
    bought(acme, 100)
    sold(acme, 30)
    withdraw_claim(claim=claimed(agreement, by=acme.admin), reason="Wrong month", by=acme.admin)
    claim = claimed(agreement)
    assert said_of(claim) == [("accepted", Decimal("600.00"), [])]
    reject_claim(claim=claim, reason="Duplicate", by=finance)
    assert (again(agreement).used_amount, agreement.items.get().used_quantity) == (0, 0)
    assert claimed(agreement).approved_amount == 600


def test_a_claim_of_which_nothing_is_accepted_is_rejected_and_not_approved(acme, finance):
    agreement = agreed(acme)
    sold(acme, 10, product=product("SW-9"))
    with pytest.raises(NothingAccepted):
        approve_claim(claim=claimed(agreement), by=finance)


def test_a_sale_and_its_return_are_as_if_never_there(acme):
    agreement = agreed(acme, price="66.6667", limit=8)
    bought(acme, 100)
    sale = sold(acme, 9)
    for quantity in (-4, -5):
        sold(acme, quantity, on="2026-10-05", reverses=sale)
    claim = claimed(agreement)
    assert [line.taken for line in lines(claim)] == [8, -4, -4]
    assert claim.approved_amount == 0
    assert agreement.items.get().used_quantity == 0


def test_a_return_after_the_payment_is_set_off_against_the_next_claim(acme, finance, second):
    agreement = agreed(acme)
    bought(acme, 100)
    sale = sold(acme, 30)
    first = approve_claim(claim=claimed(agreement), by=finance)
    pay_claim(claim=first, by=second)
    sold(acme, -10, reverses=sale)
    back = approve_claim(claim=claimed(agreement), by=finance)
    assert (back.approved_amount, back.state) == (-200, "approved")
    sold(acme, 30)
    third = approve_claim(claim=claimed(agreement), by=finance)
    assert pay_claim(claim=third, by=second).amount == 400
    assert (again(back).state, again(third).state) == ("paid", "paid")
    assert books.reconciled(BY)[0].difference == 0


def test_a_claim_waits_for_payment_only_where_something_is_owed(acme, rival, finance, second, browse):
    """What came back is set off; it is nobody's work until more is claimed."""
    agreement = agreed(acme)
    bought(acme, 100)
    sale = sold(acme, 30)
    pay_claim(claim=approve_claim(claim=claimed(agreement), by=finance), by=second)
    sold(acme, -20, reverses=sale)
    approve_claim(claim=claimed(agreement), by=finance)
    sold(acme, 10)
    less = approve_claim(claim=claimed(agreement), by=finance)
    other = agreed(rival, number="SP-2")
    bought(rival, 10)
    sold(rival, 10, agreement_number="SP-2")
    theirs = approve_claim(claim=claimed(other), by=finance)
    assert to_pay(second) == [theirs.number]
    page = browse(second).get(less.get_absolute_url()).content.decode()
    assert "set off against what came back" in page and "Pay claim" not in page
    assert less.number not in browse(second).get("/claims/?view=pay").content.decode()
    sold(acme, 30)
    more = approve_claim(claim=claimed(agreement), by=finance)
    assert set(to_pay(second)) == {theirs.number, less.number, more.number}


def test_a_claim_that_comes_to_nothing_is_settled_at_once(acme, finance):
    agreement = agreed(acme)
    bought(acme, 100)
    sold(acme, 5)
    approve_claim(claim=claimed(agreement), by=finance)
    sale = sold(acme, 10)
    sold(acme, -10, reverses=sale)
    assert approve_claim(claim=claimed(agreement), by=finance).state == "paid"


def to_pay(person) -> list[str]:
    return [one.subtitle for one in open_work(person) if str(one.kind) == "Price claim to pay"]


def test_a_return_of_a_sale_that_nobody_claimed_takes_nothing_back(acme, finance):
    agreement = agreed(acme)
    bought(acme, 100)
    sale = sold(acme, 10, product=product("SW-9"))
    sold(acme, -10, reverses=sale, product=product("SW-9"))
    assert [verdict for verdict, _amount, _why in said_of(claimed(agreement))] == ["rejected", "rejected"]


def test_reports_never_change(acme):
    sale = sold(acme, 10)
    rows = SellThroughLine.objects.for_everyone(because="a test")
    for change in (lambda: rows.update(quantity=1), lambda: rows.filter(pk=sale.pk).delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_both_sides_hear_of_it(acme, finance, second):
    agreement = agreed(acme, by=finance, approved_by=second)
    bought(acme, 100)
    sold(acme, 30)
    claim = approve_claim(claim=claimed(agreement, by=acme.admin), by=finance)
    pay_claim(claim=claim, by=second)
    deliver_open_events()
    told = set(Notice.objects.filter(user_id=acme.admin.user_id).values_list("kind", flat=True))
    assert told == {"claims.agreement_approved", "claims.claim_approved", "claims.claim_paid"}
    assert Notice.objects.filter(user_id=second.user_id, kind="claims.agreement_waits").exists()
    assert not Notice.objects.filter(user_id=finance.user_id, kind="claims.agreement_waits").exists()
    assert Notice.objects.filter(user_id=finance.user_id, kind="claims.claim_waits").exists()
    assert LAST > STARTS


def test_checking_many_lines_costs_no_more_queries_than_checking_few(acme):
    agreement = agreed(acme, limit=1000)
    bought(acme, 1000)
    counts = []
    for many in (2, 40):
        for _sale in range(many):
            sold(acme, 2)
        back = sold(acme, 2)
        sold(acme, -1, reverses=back)
        claim = claimed(agreement, submit=False)
        with CaptureQueriesContext(connection) as queries:
            submit_claim(claim=claim, by=BY)
        counts.append(len(queries))
        assert {verdict for verdict, _amount, _why in said_of(claim)} == {"accepted"}
    assert counts[0] == counts[1]
    assert again(agreement).used_amount == (5 + 81) * 20
