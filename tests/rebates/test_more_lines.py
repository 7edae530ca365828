"""More lines of a disputed statement: one dispute goes on with all of them, and one sum is held back for all."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from prm.audit.models import AuditEntry
from prm.values import clock
from prm.values.errors import NotAllowed
from rebates.errors_of_disputes import (
    AllDisputedAlready,
    DisputeNotInThisState,
    DisputeReasonMissing,
    DisputeWindowOver,
    LineDisputedAlready,
    NothingMarked,
)
from rebates.models import Dispute, Payment
from rebates.services import (
    Claim,
    add_to_dispute,
    ask_back,
    compare_ledger,
    propose_adjustment,
    send_dispute,
    take_up_dispute,
)
from rebates.services.payments import open_amount
from tests.rebates.disputing import days_later, ledger, lines_of, marked, settled, statement_of
from tests.rebates.test_dispute_decisions import programme
from tests.rebates.test_dispute_pages import told
from tests.rebates.test_linked import flat
from tests.rebates.world import apply, sell, settle

pytestmark = pytest.mark.django_db


def added(company, dispute: Dispute, *documents: str, reason: str = "This one too", **more) -> Dispute:
    lines = lines_of(company)
    claims = [Claim(what="amount", sales_line=lines[one].pk, **more) for one in documents]
    return add_to_dispute(dispute=dispute, claims=claims, reason=reason, by=company.admin)


def test_what_rests_on_all_of_them_is_held_back_as_if_they_were_named_at_once(acme):
    """110,000 retroactive at 3 %; without either line 2 % on what is left, without both 2 % on 40,000."""
    statement = settled(acme, 40_000, 30_000, 40_000, kind="retroactive")
    first = marked(acme, "INV-2")
    assert first.held == Decimal("1700.00")
    both = added(acme, first, "INV-3")
    assert both.held == Decimal("2500.00") and open_amount(statement) == Decimal("800.00")
    assert [line.document for line in both.lines.all()] == ["INV-2", "INV-3"]
    more = {"paid_on": statement.ends, "released_by_label": "somebody", "number": "X-1"}
    with pytest.raises(IntegrityError, match="disputed money"), transaction.atomic():
        Payment.objects.create(statement=statement, amount=Decimal("800.01"), **more)


def test_it_is_the_same_dispute_with_its_number_clock_and_timeline(acme, finance):
    settled(acme, 40_000, 30_000, 40_000)
    with clock.at(clock.now() - timedelta(hours=20)):
        first = take_up_dispute(dispute=marked(acme, "INV-2"), by=finance)
    both = added(acme, first, "INV-3")
    kept = ("pk", "number", "state", "state_since", "due", "opened_at", "reason")
    assert [getattr(both, name) for name in kept] == [getattr(first, name) for name in kept]
    assert Dispute.objects.for_everyone(because="a test").get() == both
    verbs = AuditEntry.objects.visible_to(acme.admin).of(both).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["disputed", "taken up", "lines added"]
    (addition,) = both.additions.all()
    assert (addition.reason, addition.count, addition.by_id) == ("This one too", 1, acme.admin.user_id)
    assert (addition.held, addition.difference) == (both.held, both.difference)
    assert [line.addition for line in both.lines.all()] == [None, addition]


def test_what_is_held_back_changes_with_an_addition_alone(acme):
    settled(acme, 40_000, 30_000, 40_000)
    both = added(acme, marked(acme, "INV-2"), "INV-3")
    rows = Dispute.objects.for_everyone(because="a test")
    for change in (
        lambda: rows.update(held=0),
        lambda: rows.update(difference=1),
        lambda: both.additions.update(held=0),
        lambda: both.additions.update(reason="another"),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()


def test_what_was_held_back_of_a_figure_that_is_over_stays_held_back(acme):
    """Each programme pays 1 % and 2 %; after five days only the second can be disputed."""
    sell(acme, 50_000, "2026-08-11", document="INV-1")
    sell(acme, 20_000, "2026-08-12", document="INV-2")
    apply(flat("short", "1%", dispute_days=5), flat("long", "2%"))
    settle("2026-08")
    first = marked(acme, "INV-1")
    assert first.held == Decimal("1500.00")
    with days_later(statement_of(acme), 6):
        assert added(acme, first, "INV-2").held == Decimal("1900.00")


def test_finance_is_told_and_what_it_had_asked_is_answered(acme, finance):
    settled(acme, 50_000, 20_000)
    first = ask_back(dispute=marked(acme, "INV-1"), text="Which delivery note?", by=finance)
    told("opened")
    both = added(acme, first, "INV-2")
    assert [one.text for one in both.messages.all()] == ["Which delivery note?"]
    assert both.state == "in_review" and not both.waits_for_partner
    assert told("extended")[finance.user_id]["reason"] == "This one too"
    assert not told("withdrawn")


def test_a_compared_ledger_takes_more_lines(acme):
    statement = settled(acme, 40_000, 30_000)
    draft = compare_ledger(statement=statement, file=ledger("INV-1,2026-08-11,,,40000"), by=acme.admin)
    both = added(acme, send_dispute(dispute=draft, reason="INV-2 never came", by=acme.admin), "INV-1")
    assert (both.kind, both.lines.count(), both.summary["agree"]) == ("ledger", 2, 1)


def test_a_ledger_is_compared_while_a_dispute_is_under_way(acme, browse):
    """What is disputed already is left out; what is new is added to the same dispute."""
    statement = settled(acme, 40_000, 30_000, 20_000)
    first = marked(acme, "INV-2")
    client, address = browse(acme.admin), f"{statement.get_absolute_url()}dispute/ledger/"
    for page in (statement.get_absolute_url(), first.get_absolute_url()):
        assert address in client.get(page).content.decode()
    file = ledger("INV-1,2026-08-11,,,40000", "INV-2,2026-08-12,,,1", "INV-9,2026-08-20,routing-1,1,500")
    page = client.post(address, {"file": file}, follow=True).content.decode()
    assert f"it is added to {first.number}" in page
    draft = Dispute.objects.for_everyone(because="a test").get(state="draft")
    assert [line.document for line in draft.lines.all()] == ["INV-9", "INV-3"]
    # Without INV-2 and INV-3 80,000 would pay 800 less than 180,000, of which 600 is held back for INV-2.
    assert (draft.held, draft.difference, first.held) == (Decimal("400.00"), -19_500, Decimal("600.00"))
    both = send_dispute(dispute=draft, reason="The rest", by=acme.admin)
    assert (both.pk, both.held, both.lines.count()) == (first.pk, Decimal("1000.00"), 3)
    assert both.additions.get().file_name == "ledger.csv"
    assert not Dispute.objects.for_everyone(because="a test").filter(state="draft").exists()
    page = client.get(both.get_absolute_url()).content.decode()
    assert "The rest" in page and "Not what we bought" in page and "1 line agrees" in page
    with pytest.raises(AllDisputedAlready, match=first.number):
        compare_ledger(statement=statement, file=ledger("INV-1,2026-08-11,,,40000", "INV-9,2026-08-20,routing-1,1,500"),
                       by=acme.admin)  # fmt: skip


def test_who_sends_a_ledger_is_led_to_the_dispute_that_took_its_lines(acme, browse):
    statement = settled(acme, 40_000, 30_000, 20_000)
    first, client = marked(acme, "INV-2"), browse(acme.admin)
    file = ledger("INV-1,2026-08-11,,,40000", "INV-2,2026-08-12,,,1", "INV-9,2026-08-20,routing-1,1,500")
    client.post(f"{statement.get_absolute_url()}dispute/ledger/", {"file": file})
    draft = Dispute.objects.for_everyone(because="a test").get(state="draft")
    answer = client.post(f"{draft.get_absolute_url()}send/", {"reason": "The rest"}, follow=True)
    assert (answer.status_code, answer.redirect_chain[-1][0]) == (200, first.get_absolute_url())
    page = answer.content.decode()
    assert f"Added to dispute {first.number}" in page and "The rest" in page and draft.number not in page


def test_it_is_refused_where_nothing_can_be_added(acme, rival, finance):
    statement = settled(acme, 50_000, 20_000)
    first = marked(acme, "INV-1")
    with pytest.raises(LineDisputedAlready, match="INV-1"):
        added(acme, first, "INV-1")
    with pytest.raises(NothingMarked):
        added(acme, first)
    with pytest.raises(DisputeReasonMissing):
        added(acme, first, "INV-2", reason=" ")
    with pytest.raises(NotAllowed):
        add_to_dispute(dispute=first, claims=[], reason="x", by=rival.admin)
    with days_later(statement, 31), pytest.raises(DisputeWindowOver):
        added(acme, first, "INV-2")
    propose_adjustment(dispute=first, programme=programme(), amount=Decimal(9), reason="Proven", by=finance)
    with pytest.raises(DisputeNotInThisState):
        added(acme, first, "INV-2")
    assert Dispute.objects.for_everyone(because="a test").get().lines.count() == 1


def test_the_page_offers_the_other_lines_and_says_what_becomes_of_the_dispute(acme, finance, browse):
    statement = settled(acme, 50_000, 20_000)
    first = marked(acme, "INV-1")
    client, address = browse(acme.admin), f"{statement.get_absolute_url()}dispute/"
    for page in (statement.get_absolute_url(), first.get_absolute_url()):
        assert "Add lines" in client.get(page).content.decode()
    page = client.get(address).content.decode()
    assert "INV-2" in page and "INV-1" not in page and f"{first.number} is under way" in page
    line = lines_of(acme)["INV-2"]
    sent = {"line": [line.pk], f"what-{line.pk}": "amount", "reason": "This one too"}
    page = client.post(address, sent, follow=True).content.decode()
    assert "INV-1" in page and "INV-2" in page and "This one too" in page
    assert "Added to dispute" in page and "Not what we bought" in page
    second = Dispute.objects.for_everyone(because="a test").get()
    propose_adjustment(dispute=second, programme=programme(), amount=Decimal(9), reason="Proven", by=finance)
    page = client.get(address, follow=True)
    assert page.redirect_chain[-1][0] == second.get_absolute_url()
    assert "Finance is deciding about" in page.content.decode()


def test_a_comparison_that_was_not_sent_stands_in_nobodys_way(acme):
    statement = settled(acme, 50_000, 20_000)
    compare_ledger(statement=statement, file=ledger("INV-5,2026-08-11,x,1,1"), by=acme.admin)
    assert marked(acme, "INV-1").state == "open"
    assert statement_of(acme) == statement


def test_the_pages_say_where_more_lines_hold_back_no_more(acme, browse):
    """All 1,000.00 of the statement rest on its only line; what is missing beside it holds nothing back."""
    statement = settled(acme, 50_000)
    marked(acme, "INV-1")
    client, address = browse(acme.admin), f"{statement.get_absolute_url()}dispute/"
    file = ledger("INV-1,2026-08-11,,,50000", "INV-9,2026-08-20,routing-1,1,500")
    preview = client.post(f"{address}ledger/", {"file": file}, follow=True).content.decode()
    pages = [
        client.get(one).content.decode()
        for one in (statement.get_absolute_url(), address, f"{address}ledger/")
    ]
    for page in (preview, *pages):
        assert "All that is open of this statement, ¥1,000.00, is held back already" in page


def test_where_more_lines_may_hold_back_more_the_pages_say_nothing_of_it(acme, browse):
    statement = settled(acme, 50_000, 20_000)
    marked(acme, "INV-1")
    for address in (statement.get_absolute_url(), f"{statement.get_absolute_url()}dispute/"):
        assert "is held back already" not in browse(acme.admin).get(address).content.decode()
