"""A partner disputes its statement: which lines, until when, what is held back, whose turn it is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from prm.values import clock
from prm.values.errors import NotAllowed
from rebates import disputed
from rebates.errors_of_disputes import (
    DisputedAlready,
    DisputeNotInThisState,
    DisputeReasonMissing,
    DisputeWindowOver,
    LedgerColumnMissing,
    LedgerOfAnotherTime,
    LedgerRowsBad,
    NotALineOfTheStatement,
    NothingMarked,
    PaymentDisputed,
    SignsDiffer,
)
from rebates.models import Dispute, Payment, Statement
from rebates.services import (
    Claim,
    answer_dispute,
    ask_back,
    compare_ledger,
    discard_draft,
    open_dispute,
    pay_statement,
    release_run,
    send_dispute,
    take_up_dispute,
    withdraw_dispute,
)
from rebates.services.payments import open_amount, payment_state
from rebates.services.releasing import outlook
from tests.factories.people import UserFactory, actor
from tests.rebates.disputing import days_later, ledger, lines_of, marked, settled, statement_of
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


def test_what_rests_on_the_marked_line_is_held_back_and_the_rest_is_payable(acme):
    settled(acme, 90_000, 60_000)  # 150,000 marginal: 3,500.00; without 60,000: 1,800.00
    dispute = marked(acme, "INV-2")
    assert (dispute.state, dispute.held) == ("open", Decimal("1700.00"))
    statement = statement_of(acme)
    assert open_amount(statement) == Decimal("1800.00")
    payment = pay_statement(statement=statement, by=BY)
    assert payment.amount == Decimal("1800.00")
    assert payment_state(statement) == "disputed"
    with pytest.raises(PaymentDisputed, match=dispute.number):
        pay_statement(statement=statement, by=BY)


def test_a_run_is_paid_only_when_the_dispute_is_over(acme):
    statement = settled(acme, 90_000, 60_000)
    dispute = marked(acme, "INV-2")
    assert release_run(run=statement.run, by=BY) == 1
    statement.run.refresh_from_db()
    assert statement.run.state == "closed"
    withdraw_dispute(dispute=dispute, by=acme.admin)
    assert release_run(run=statement.run, by=BY) == 1
    statement.run.refresh_from_db()
    assert statement.run.state == "paid"
    assert sum(payment.amount for payment in statement.payments.all()) == Decimal("3500.00")


def test_the_release_says_what_it_would_leave_out(acme, finance):
    statement = settled(acme, 90_000, 60_000)
    marked(acme, "INV-2")
    seen = outlook(run=statement.run, by=finance)
    assert [(total.count, total.amount) for total in seen.due] == [(1, Decimal("1800.00"))]
    assert [one.held for one in seen.disputed] == [Decimal("1700.00")]


def test_the_database_refuses_to_pay_disputed_money(acme):
    statement = settled(acme, 90_000, 60_000)
    marked(acme, "INV-2")
    more = {"paid_on": clock.today(), "released_by_label": "somebody", "number": "X-1"}
    with pytest.raises(IntegrityError, match="disputed money"), transaction.atomic():
        Payment.objects.create(statement=statement, amount=Decimal("1800.01"), **more)
    Payment.objects.create(statement=statement, amount=Decimal("1800.00"), **more)


def test_the_list_shows_what_is_disputed(acme):
    statement = settled(acme, 60_000)
    marked(acme, "INV-1")
    row = Statement.objects.for_everyone(because="a test").for_list().get(pk=statement.pk)
    assert (row.held, row.unpaid, row.payment_state) == (Decimal("1200.00"), Decimal("1200.00"), "disputed")


def test_of_a_line_with_the_right_amount_only_the_excess_is_disputed(acme):
    settled(acme, 90_000, 60_000)
    dispute = marked(acme, "INV-2", amount=Decimal(50_000))  # 140,000 pays 3,200.00
    assert (dispute.held, dispute.difference, dispute.worth) == (
        Decimal("300.00"),
        -10_000,
        Decimal("-300.00"),
    )


def test_what_is_missing_holds_nothing_back_and_says_what_it_would_have_earned(acme):
    statement = settled(acme, 90_000)
    missing = Claim(
        what="missing", document="INV-9", day=statement.starts, product="routing-1", amount=Decimal(20_000)
    )
    dispute = open_dispute(statement=statement, claims=[missing], reason="We bought this too", by=acme.sales)
    assert (dispute.held, dispute.difference) == (0, 20_000)
    assert dispute.worth == Decimal("500.00")  # 110,000 pays 2,300.00, 90,000 paid 1,800.00
    assert open_amount(statement) == Decimal("1800.00")


def test_the_worth_of_an_unknown_product_is_not_told(acme):
    statement = settled(acme, 90_000)
    missing = Claim(
        what="missing", document="INV-9", day=statement.starts, product="nobody", amount=Decimal(1)
    )
    assert open_dispute(statement=statement, claims=[missing], reason="This too", by=acme.admin).worth is None


def test_under_a_cap_the_share_of_the_line_is_held_back(acme):
    settled(acme, 90_000, 60_000, caps=[{"on": "payout", "amount": 3_000}])
    dispute = marked(acme, "INV-2")
    assert (dispute.held, dispute.worth) == (Decimal("1200.00"), None)  # 3,000 × 60 ÷ 150


def test_a_line_that_counts_for_nothing_holds_nothing_back(acme):
    sell(acme, 50_000, "2026-08-11", document="INV-1")
    apply(policy(qualify={"product_lines": ["routing"]}))
    sell(acme, 70_000, "2026-08-12", document="INV-2", line="other")
    settle("2026-08")
    dispute = marked(acme, "INV-2", what="count")
    assert (dispute.held, dispute.lines.get().what) == (0, "count")


def test_never_more_is_held_back_than_is_still_open(acme):
    statement = settled(acme, 90_000, 60_000)
    pay_statement(statement=statement, amount=Decimal(3_000), by=BY)
    assert marked(acme, "INV-2").held == Decimal("500.00")
    assert open_amount(statement) == 0


def test_the_window_is_the_versions_and_thirty_days_where_none_is_stated(acme, rival):
    statement = settled(acme, 50_000, dispute_days=10)
    assert disputed.window(statement) == clock.days_after(clock.today(), 10)
    with days_later(statement, 11), pytest.raises(DisputeWindowOver):
        marked(acme, "INV-1")
    with days_later(statement, 9):
        assert marked(acme, "INV-1").state == "open"


def test_without_stated_days_a_statement_can_be_disputed_for_thirty(acme):
    statement = settled(acme, 50_000)
    assert disputed.window(statement) == clock.days_after(clock.today(), 30)


def test_only_figures_whose_days_are_not_over_can_be_disputed(acme):
    sell(acme, 50_000, "2026-08-11", document="INV-1")
    apply(policy("short", dispute_days=5, qualify={"product_lines": ["routing"]}), policy("long"))
    settle("2026-08")
    statement = statement_of(acme)
    with days_later(statement, 6):
        assert [result.programme.code for result in disputed.open_results(statement)] == ["long"]
        assert marked(acme, "INV-1").held == Decimal("1000.00")  # of 2,000.00 both together


def test_a_dispute_names_lines_and_a_reason(acme, rival):
    statement = settled(acme, 50_000)
    with pytest.raises(NothingMarked):
        open_dispute(statement=statement, claims=[], reason="x", by=acme.admin)
    with pytest.raises(DisputeReasonMissing):
        marked(acme, "INV-1", reason=" ")
    strange = sell(rival, 10, "2026-08-12")
    with pytest.raises(NotALineOfTheStatement):
        open_dispute(
            statement=statement,
            claims=[Claim(what="amount", sales_line=strange.pk)],
            reason="x",
            by=acme.admin,
        )


def test_one_dispute_of_a_statement_is_under_way(acme):
    settled(acme, 50_000, 20_000)
    first = marked(acme, "INV-1")
    with pytest.raises(DisputedAlready, match=first.number):
        marked(acme, "INV-2")
    withdraw_dispute(dispute=first, reason="Found it", by=acme.sales)
    assert marked(acme, "INV-2").is_live


def test_neither_rival_nor_staff_disputes_a_partners_statement(acme, rival, finance):
    statement = settled(acme, 50_000)
    claims = [Claim(what="amount", sales_line=lines_of(acme)["INV-1"].pk)]
    for by in (rival.admin, finance):
        with pytest.raises(NotAllowed):
            open_dispute(statement=statement, claims=claims, reason="x", by=by)
    dispute = marked(acme, "INV-1")
    assert not Dispute.objects.visible_to(rival.admin).exists()
    assert Dispute.objects.visible_to(finance).get() == dispute


def test_whose_turn_it_is_goes_to_and_fro(acme, finance):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    assert dispute.due and not dispute.waits_for_partner
    dispute = take_up_dispute(dispute=dispute, by=finance)
    dispute = ask_back(dispute=dispute, text="Which delivery note?", by=finance)
    assert (dispute.state, dispute.waits_for_partner) == ("asked_back", True)
    with pytest.raises(NotAllowed):
        ask_back(dispute=dispute, text="me too", by=acme.admin)
    with pytest.raises(DisputeNotInThisState):
        take_up_dispute(dispute=dispute, by=finance)
    dispute = answer_dispute(dispute=dispute, text="DN-1", by=acme.sales)
    assert (dispute.state, dispute.waits_for_partner) == ("in_review", False)
    assert [message.text for message in dispute.messages.all()] == ["Which delivery note?", "DN-1"]
    assert open_amount(statement_of(acme)) == 0  # held back all the while


def test_what_a_dispute_says_is_never_changed(acme):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    for change in (
        lambda: Dispute.objects.for_everyone(because="a test").update(held=0),
        lambda: dispute.lines.update(their_amount=1),
        lambda: dispute.delete(),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ({"amount": Decimal("-5.00")}, r"INV-1, routing-1: .*-5\.00 for a quantity of 15"),
        ({"quantity": Decimal(-2)}, "for a quantity of −2"),
        ({"quantity": Decimal(3), "amount": Decimal("-0.01")}, "for a quantity of 3"),
        ({"amount": Decimal(0)}, None),  # given away
        ({"quantity": Decimal(-2), "amount": Decimal(-80)}, None),
    ],
)  # fmt: skip
def test_an_amount_has_the_sign_of_its_quantity(acme, claim, said):
    apply(policy())
    sell(acme, 50_000, "2026-08-11", document="INV-1", quantity=15)
    settle("2026-08")
    if said is None:
        assert marked(acme, "INV-1", **claim).state == "open"
        return
    with pytest.raises(SignsDiffer, match=said):
        marked(acme, "INV-1", **claim)
    assert not Dispute.objects.for_everyone(because="a test").exists()


def test_a_missing_line_has_one_sign_too_and_a_return_is_taken(acme):
    statement = settled(acme, 50_000)
    words = {"what": "missing", "document": "INV-9", "day": statement.starts, "product": "routing-1"}
    for quantity, amount, fits in ((1, -20, False), (-1, 20, False), (-1, -20, True)):
        claims = [Claim(**words, quantity=Decimal(quantity), amount=Decimal(amount))]
        if not fits:
            with pytest.raises(SignsDiffer, match="INV-9"):
                open_dispute(statement=statement, claims=claims, reason="x", by=acme.admin)
    assert open_dispute(statement=statement, claims=claims, reason="x", by=acme.admin).state == "open"


# The partner's own ledger


def test_a_ledger_names_what_differs_on_either_side(acme):
    statement = settled(acme, 40_000, 30_000, 20_000)
    file = ledger(
        "inv-1,2026-08-11,routing-1,1,40000",  # the same
        "INV-2,2026-08-12,routing-1,1,35000.00",  # 5,000 more
        "INV-7,2026-08-20,routing-1,2,8000",  # only theirs
        "INV-8,2026-06-20,routing-1,2,1",  # of another time
    )
    draft = compare_ledger(statement=statement, file=file, by=acme.admin)
    assert draft.state == "draft"
    found = [(line.what, line.document, line.difference) for line in draft.lines.all()]
    assert found == [
        ("amount", "INV-2", 5_000), ("missing", "INV-7", 8_000), ("not_ours", "INV-3", -20_000),
    ]  # fmt: skip
    assert (draft.difference, draft.summary["agree"], draft.summary["outside"]) == (-7_000, 1, 1)
    assert draft.held == Decimal(
        "400.00"
    )  # 90,000 → 70,000 without INV-3; the 5,000 more are no part of the figure
    assert draft.worth == Decimal("-140.00")  # 83,000 pays 1,660.00


def test_a_draft_is_the_partners_alone_holds_nothing_back_and_is_replaced(acme, finance):
    statement = settled(acme, 40_000)
    draft = compare_ledger(statement=statement, file=ledger("INV-5,2026-08-11,x,1,1"), by=acme.admin)
    assert not Dispute.objects.visible_to(finance).exists()
    assert open_amount(statement) == Decimal("800.00")
    again = compare_ledger(statement=statement, file=ledger("INV-1,2026-08-11,x,1,7"), by=acme.admin)
    assert list(Dispute.objects.visible_to(acme.admin)) == [again] != [draft]
    discard_draft(dispute=again, by=acme.sales)
    assert not Dispute.objects.visible_to(acme.admin).exists()


def test_a_sent_ledger_is_a_dispute_like_any_other(acme, finance):
    statement = settled(acme, 40_000, 30_000)
    draft = compare_ledger(
        statement=statement, file=ledger("INV-1,2026-08-11,routing-1,1,40000"), by=acme.admin
    )
    dispute = send_dispute(dispute=draft, reason="INV-2 never came", by=acme.admin)
    assert (dispute.state, dispute.held) == ("open", Decimal("600.00"))
    assert open_amount(statement) == Decimal("800.00")
    with pytest.raises(DisputeNotInThisState):
        discard_draft(dispute=dispute, by=acme.admin)
    assert Dispute.objects.visible_to(finance).get().lines.count() == 1


def test_a_missing_document_that_we_booked_elsewhere_says_where(acme):
    apply(policy())
    sell(acme, 10_000, "2026-09-02", document="INV-SEP")
    statement = settled(acme, 40_000)
    file = ledger("INV-1,2026-08-11,,,40000", "INV-SEP,2026-08-30,,,10000")
    line = compare_ledger(statement=statement, file=file, by=acme.admin).lines.get()
    assert (line.what, str(line.booked_on)) == ("missing", "2026-09-02")


def test_a_ledger_that_agrees_opens_nothing(acme):
    statement = settled(acme, 40_000)
    found = compare_ledger(statement=statement, file=ledger("INV-1,2026/8/11,,,40000"), by=acme.admin)
    assert (found.count, found.sum.amount, found.left) == (1, 40_000, 0)
    assert not Dispute.objects.for_everyone(because="a test").exists()


def test_a_line_in_another_month_is_named_with_both_days_and_its_money(acme, browse):
    """90,000 and 60,000 marginal; the partner has the second line in September: without it 1,700.00 less."""
    statement = settled(acme, 90_000, 60_000)
    file = ledger("INV-1,2026-08-11,routing-1,1,90000", "INV-2,2026-09-02,routing-1,1,60000")
    draft = compare_ledger(statement=statement, file=file, by=acme.admin)
    line = draft.lines.get()
    assert (line.what, line.document, str(line.day), str(line.their_day)) == (
        "day",
        "INV-2",
        "2026-08-12",
        "2026-09-02",
    )
    assert (line.difference, draft.difference, draft.summary["agree"]) == (0, 0, 1)
    assert (draft.held, draft.worth) == (Decimal("1700.00"), Decimal("-1700.00"))
    page = browse(acme.admin).get(draft.get_absolute_url()).content.decode()
    assert "In another period" in page and "in your books on 2 Sep 2026" in page
    dispute = send_dispute(dispute=draft, reason="It came in September", by=acme.admin)
    assert open_amount(statement) == Decimal("1800.00") and dispute.held == Decimal("1700.00")


def test_a_line_in_another_month_with_another_amount_is_wrong_in_both(acme):
    statement = settled(acme, 90_000, 60_000)
    file = ledger("INV-1,2026-08-11,routing-1,1,90000", "INV-2,2026-09-02,routing-1,1,61000")
    line = compare_ledger(statement=statement, file=file, by=acme.admin).lines.get()
    assert (line.what, line.difference, str(line.their_day)) == ("amount", 1_000, "2026-09-02")
    assert line.dispute.held == Decimal("1700.00")


def test_another_day_of_the_same_month_agrees_and_is_named(acme, browse):
    statement = settled(acme, 40_000, 30_000)
    rows = ("INV-1,2026-08-13,,,40000", "INV-2,2026-08-12,,,{}")
    draft = compare_ledger(statement=statement, file=ledger(rows[0], rows[1].format(31_000)), by=acme.admin)
    assert [line.document for line in draft.lines.all()] == ["INV-2"]
    page = browse(acme.admin).get(draft.get_absolute_url()).content.decode()
    assert "1 of them stands on another day of the same period" in page
    assert "INV-1 (11 Aug 2026 / 13 Aug 2026)" in page
    address = f"{statement.get_absolute_url()}dispute/ledger/"
    answer = browse(acme.admin).post(address, {"file": ledger(rows[0], rows[1].format(30_000))})
    page = answer.content.decode()
    assert (
        answer.status_code == 200 and "There is nothing to dispute. 1 of them stands on another day" in page
    )
    assert "to correct" not in page  # no error


def test_chinese_headings_are_understood(acme):
    statement = settled(acme, 40_000)
    file = ledger("INV-1,2026年8月11日,1,39000", head="发票号,日期,数量,未税金额")
    line = compare_ledger(statement=statement, file=file, by=acme.admin).lines.get()
    assert (line.what, line.difference) == ("amount", -1_000)


@pytest.mark.parametrize(
    ("rows", "head", "refusal", "word"),
    [
        (["a,b"], "what,ever", LedgerColumnMissing, "Document, Booking date, Net amount"),
        (["INV-1,11.09.2026,,,1"], None, LedgerRowsBad, "Row 2: Booking date"),
        (["INV-1,2026-08-11,,,12o"], None, LedgerRowsBad, "the letter o"),
        (["INV-1,2026-08-11,,1,1", "INV-2,2026-08-11,,15,-5"], None, LedgerRowsBad, "Row 3: .*different signs"),
        (["INV-8,2025-01-01,,,1"], None, LedgerOfAnotherTime, "2026-08-01"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_compared_says_why(acme, rows, head, refusal, word):
    statement = settled(acme, 40_000)
    file = ledger(*rows, **({"head": head} if head else {}))
    with pytest.raises(refusal, match=word):
        compare_ledger(statement=statement, file=file, by=acme.admin)


def test_who_may_no_longer_send_is_refused(acme):
    statement = settled(acme, 40_000)
    draft = compare_ledger(statement=statement, file=ledger("INV-5,2026-08-11,x,1,1"), by=acme.admin)
    with days_later(statement, 31), pytest.raises(DisputeWindowOver):
        send_dispute(dispute=draft, reason="late", by=acme.admin)
    clerk = actor(UserFactory(finance=True))
    with pytest.raises(NotAllowed):
        send_dispute(dispute=draft, reason="not mine", by=clerk)
