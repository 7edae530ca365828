"""A statement says for whom what is open waits, since when, by when it is usually paid, and when a decision comes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prm.ui import formats
from prm.values import clock
from rebates.models import Statement
from rebates.payment_pace import usually_by
from rebates.services import ask_back, compare_ledger, pay_statement, propose_adjustment, withdraw_dispute
from tests.factories.partners import PartnerFactory
from tests.factories.people import UserFactory, actor
from tests.rebates.disputing import days_later, ledger, marked, settled, statement_of
from tests.rebates.test_dispute_decisions import programme
from tests.rebates.world import BY, sell

pytestmark = pytest.mark.django_db


def page_of(client, statement) -> str:
    return client.get(statement.get_absolute_url()).content.decode()


def test_what_is_open_waits_for_finance_since_the_statement(acme, browse):
    statement = settled(acme, 50_000)
    page = page_of(browse(acme.admin), statement)
    assert f"waiting for Finance since {formats.exact(statement.issued_at)}" in page
    assert "usually paid by" not in page  # nobody was paid yet
    pay_statement(statement=statement, by=BY)
    assert "waiting for Finance" not in page_of(browse(acme.admin), statement)


def test_the_usual_day_is_the_middle_of_what_others_waited(acme, browse):
    for _other in range(5):
        sell(PartnerFactory(), 50_000, "2026-08-11")
    statement = settled(acme, 50_000)
    rows = Statement.objects.for_everyone(because="a test")
    others = rows.exclude(partner=acme.row).select_related("run", "partner")
    for place, found in enumerate(others):
        assert usually_by(statement) is None
        with days_later(found, place * 2):  # 0, 2, 4, 6, 8
            pay_statement(statement=found, by=BY)
    issued = statement.issued_at.astimezone(clock.tenant_zone()).date()
    assert usually_by(statement) == clock.days_after(issued, 4)
    page = page_of(browse(acme.admin), statement)
    assert f"usually paid by {formats.day(issued + timedelta(days=4))}" in page


def test_what_is_held_back_says_by_when_the_decision_is_promised(acme, finance, browse):
    statement = settled(acme, 90_000, 60_000)
    client, dispute = browse(acme.admin), marked(acme, "INV-2")
    page = page_of(client, statement)
    assert f"the decision is promised by {formats.exact(dispute.due)}" in page
    assert "waiting for Finance since" in page  # the undisputed part
    with clock.at(dispute.due + timedelta(hours=1)):
        assert "overdue" in page_of(client, statement)
    dispute = ask_back(dispute=dispute, text="Which?", by=finance)
    assert "the dispute waits for your answer" in page_of(client, statement)
    assert f"waits for an answer of {acme.row.name}" in page_of(browse(finance), statement)
    withdraw_dispute(dispute=dispute, by=acme.admin)
    assert "promised by" not in page_of(client, statement)


def test_a_comparison_that_is_not_sent_says_so_and_not_that_nothing_changes(acme, browse):
    statement = settled(acme, 50_000)
    compare_ledger(statement=statement, file=ledger("INV-5,2026-08-11,x,1,1"), by=acme.admin)
    page = page_of(browse(acme.admin), statement)
    assert "Look at what differs, then send or discard it" in page and "Nothing changes" not in page


def test_who_proposed_a_sum_reads_that_a_second_person_has_to_confirm_it(acme, finance, browse):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    dispute = propose_adjustment(
        dispute=dispute, programme=programme(), amount=9, reason="Proven", by=finance
    )
    page = browse(finance).get(dispute.get_absolute_url()).content.decode()
    assert "a second person in finance" in page and "Waiting for <b>Finance</b>" not in page
    assert (
        page.count("He Min proposed this sum. Somebody else has to confirm it.") > 2
    )  # also in the proposal itself
    other = actor(UserFactory(finance=True, name="Zhao Min"))
    page = browse(other).get(dispute.get_absolute_url()).content.decode()
    assert "Waiting for <b>you</b>" in page and "Somebody else has to confirm" not in page
    page = browse(acme.admin).get(dispute.get_absolute_url()).content.decode()
    assert "Waiting for <b>Finance</b>" in page and "second person" not in page


def test_who_looks_for_a_document_keeps_ticks_figures_and_reason(acme, browse):
    statement = settled(acme, 50_000, 20_000, 10_000)
    first, third = (acme.row.sales_lines.get(document=one) for one in ("INV-1", "INV-3"))
    client, address = browse(acme.admin), f"{statement.get_absolute_url()}dispute/"
    typed = {
        "line": [first.pk], f"what-{first.pk}": "quantity", f"quantity-{first.pk}": "3", "reason": "Half of it came",
        "missing-1-document": "INV-9", "q": "inv-3", "find": "1",
    }  # fmt: skip
    answer = client.post(address, typed)
    page = answer.content.decode()
    assert answer.status_code == 200 and "to correct" not in page
    assert f'value="{first.pk}" checked' in page and f'value="{third.pk}"' in page and "INV-2" not in page
    assert (
        "Half of it came" in page
        and 'value="INV-9"' in page
        and f'name="quantity-{first.pk}" value="3"' in page
    )
    sent = typed | {"line": [first.pk, third.pk], "missing-1-document": ""}
    del sent["find"]
    client.post(address, sent)
    dispute = statement_of(acme).disputes.get()
    assert sorted(line.document for line in dispute.lines.all()) == ["INV-1", "INV-3"]
