"""More lines of a disputed statement: one dispute goes on with all of them, and one sum is held back for all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from prm.values.errors import NotAllowed
from rebates.errors_of_disputes import (
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
)
from rebates.services.payments import open_amount
from tests.rebates.disputing import days_later, ledger, lines_of, marked, settled, statement_of
from tests.rebates.test_dispute_decisions import programme
from tests.rebates.test_dispute_pages import told

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
    assert both.number != first.number and both.state == "open"
    assert [line.document for line in both.lines.all()] == ["INV-2", "INV-3"]
    assert both.reason == "Not what we bought\n\nThis one too"
    first.refresh_from_db()
    assert (first.state, first.held, first.lines.count()) == ("withdrawn", Decimal("1700.00"), 1)
    more = {"paid_on": statement.ends, "released_by_label": "somebody", "number": "X-1"}
    with pytest.raises(IntegrityError, match="disputed money"), transaction.atomic():
        Payment.objects.create(statement=statement, amount=Decimal("800.01"), **more)


def test_what_was_said_goes_on_and_finance_is_told_once(acme, finance):
    settled(acme, 50_000, 20_000)
    first = ask_back(dispute=marked(acme, "INV-1"), text="Which delivery note?", by=finance)
    both = added(acme, first, "INV-2")
    assert [one.text for one in both.messages.all()] == ["Which delivery note?"]
    assert not both.waits_for_partner
    assert set(told("opened")) == {finance.user_id} and not told("withdrawn")


def test_a_compared_ledger_takes_more_lines(acme):
    statement = settled(acme, 40_000, 30_000)
    draft = compare_ledger(statement=statement, file=ledger("INV-1,2026-08-11,,,40000"), by=acme.admin)
    both = added(acme, send_dispute(dispute=draft, reason="INV-2 never came", by=acme.admin), "INV-1")
    assert (both.kind, both.lines.count(), both.summary["agree"]) == ("ledger", 2, 1)


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
    second = Dispute.objects.for_everyone(because="a test").live().get()
    assert f"Goes on as {second.number}" in client.get(first.get_absolute_url()).content.decode()
    propose_adjustment(dispute=second, programme=programme(), amount=Decimal(9), reason="Proven", by=finance)
    page = client.get(address, follow=True)
    assert page.redirect_chain[-1][0] == second.get_absolute_url()
    assert "Finance is deciding about" in page.content.decode()


def test_a_comparison_that_was_not_sent_stands_in_nobodys_way(acme):
    statement = settled(acme, 50_000, 20_000)
    compare_ledger(statement=statement, file=ledger("INV-5,2026-08-11,x,1,1"), by=acme.admin)
    assert marked(acme, "INV-1").state == "open"
    assert statement_of(acme) == statement
