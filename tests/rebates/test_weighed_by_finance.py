"""What finance weighs between its two people is its own: the partner reads the decision, and before it whose turn it
is. A sum far beyond what it is about is asked about once more.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from prm.audit.models import AuditEntry
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from rebates.dispute_registrations import find_disputes
from rebates.errors_of_disputes import (
    DisputeNotInThisState,
    SumBeyondLines,
    SumBeyondStatement,
    SumBeyondStatementAndLines,
)
from rebates.models import Dispute, ManualAdjustment
from rebates.services import (
    confirm_adjustment,
    propose_adjustment,
    propose_correction,
    refuse_correction,
    send_back_adjustment,
    take_up_dispute,
    withdraw_dispute,
)
from tests.factories.people import UserFactory, actor
from tests.rebates.disputing import marked, settled, statement_of
from tests.rebates.test_dispute_decisions import programme

pytestmark = pytest.mark.django_db
INTERNAL = ("999,999", "too much", "posed", "confirm", "Confirm")


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


def proposed(dispute: Dispute, by, amount="999999999.00", **more) -> Dispute:
    return propose_adjustment(
        dispute=dispute, programme=programme(), amount=Decimal(amount), reason="agreed", by=by,
        **{"anyway": True} | more,
    )  # fmt: skip


def read_by(client, dispute: Dispute) -> str:
    """All that a partner's pages and files say of the dispute."""
    pages = [dispute.get_absolute_url(), "/disputes/?view=all", dispute.statement.get_absolute_url()]
    text = "".join(client.get(page).content.decode() for page in pages)
    export = client.get("/disputes/?view=all&export=csv")
    return text + b"".join(export.streaming_content).decode()


def test_a_partner_reads_nothing_of_a_sum_before_it_is_confirmed(acme, finance, second, browse):
    settled(acme, 50_000)
    dispute = take_up_dispute(dispute=marked(acme, "INV-1"), by=finance)
    client = browse(acme.admin)
    before = client.get(dispute.get_absolute_url()).content.decode()
    dispute = proposed(dispute, finance)
    for moment in ("proposed", "in_review"):
        assert dispute.state == moment
        page = read_by(client, dispute)
        assert not [word for word in INTERNAL if word in page], moment
        assert "In review" in page and "Waiting for" in page and "Finance" in page
        assert page.count("In review") >= before.count("In review")
        if moment == "proposed":
            dispute = send_back_adjustment(dispute=dispute, reason="too much", by=second)
    dispute = confirm_adjustment(dispute=proposed(dispute, finance, "250.00"), by=second)
    page = client.get(dispute.get_absolute_url()).content.decode()
    assert (
        "Accepted" in page and "¥250.00" in page and "999,999" not in page and "To be confirmed" not in page
    )


def test_staff_read_every_step_in_the_same_timeline(acme, finance, second, browse):
    settled(acme, 50_000)
    dispute = send_back_adjustment(
        dispute=proposed(marked(acme, "INV-1"), finance), reason="too much", by=second
    )
    page = browse(finance).get(dispute.get_absolute_url()).content.decode()
    assert "Sum proposed" in page and "999,999,999.00" in page
    assert "Sum not confirmed" in page and "too much" in page


def test_lists_search_letters_and_refusals_keep_it_too(acme, finance, second):
    settled(acme, 50_000)
    dispute = proposed(marked(acme, "INV-1"), finance)
    assert [row.shown for row in Dispute.objects.visible_to(acme.admin).as_partners_read()] == ["in_review"]
    (found,) = find_disputes(acme.admin, dispute.number, 5)
    assert found.state == "In review"
    (found,) = find_disputes(finance, dispute.number, 5)
    assert found.state == "To be confirmed"
    with pytest.raises(DisputeNotInThisState, match="“In review”"):
        withdraw_dispute(dispute=dispute, by=acme.admin)
    while deliver_open_events():
        pass
    assert not Notice.objects.filter(user_id__in=[acme.admin.user_id, acme.sales.user_id]).exists()


def test_a_correction_by_hand_stays_with_finance_until_a_statement_has_it(acme, finance, second, browse):
    settled(acme, 50_000)
    statement = statement_of(acme)
    correction = propose_correction(
        statement=statement, programme=programme(), amount=Decimal(777), reason="a bonus", by=finance
    )
    client = browse(acme.admin)
    for refused in (False, True):
        if refused:
            refuse_correction(adjustment=correction, reason="no such bonus", by=second)
        page = client.get(statement.get_absolute_url()).content.decode()
        assert "777" not in page and "bonus" not in page
        assert client.get(correction.get_absolute_url()).status_code == 404
        trail = AuditEntry.objects.visible_to(acme.admin).of(statement)
        assert not trail.filter(verb__startswith="correction").exists()


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        ("1000.00", None),  # what the statement says, fewer than the line's 50,000
        ("-1000.01", SumBeyondStatement),
        ("50000.00", SumBeyondStatement),
        ("50000.01", SumBeyondStatementAndLines),
    ],
)  # fmt: skip
def test_a_sum_beyond_the_statement_or_the_lines_is_asked_about(acme, finance, amount, refusal):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    if refusal is not None:
        with pytest.raises(refusal, match=r"1000\.00"):
            proposed(dispute, finance, amount, anyway=False)
        assert not ManualAdjustment.objects.for_everyone(because="a test").exists()
    assert proposed(dispute, finance, amount, anyway=refusal is not None).state == "proposed"


def test_a_sum_beyond_the_disputed_lines_alone_is_asked_about(acme, finance):
    settled(acme, 50_000, 100)
    with pytest.raises(SumBeyondLines, match=r"100\.01.*100\.00"):
        proposed(marked(acme, "INV-2"), finance, "100.01", anyway=False)


def test_the_page_asks_with_both_figures_and_takes_it_the_second_time(acme, finance, second, browse):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    client, address = browse(finance), dispute.get_absolute_url()
    sent = {"programme": programme().pk, "amount": "60000", "fully": "fully", "reason": "agreed"}
    assert "It is meant so" not in client.get(f"{address}propose/").content.decode()
    answer = client.post(f"{address}propose/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422 and "It is meant so" in page
    assert "¥60,000.00" in page and "¥1,000.00" in page and "¥50,000.00" in page
    assert client.post(f"{address}propose/", sent | {"anyway": "on"}).status_code == 302
    page = browse(second).get(address).content.decode()
    assert "Is it meant so?" in page  # the second person is asked as well
    correct = {"programme": programme().pk, "amount": "1000.01", "reason": "a bonus"}
    address = f"{dispute.statement.get_absolute_url()}correct/"
    answer = client.post(address, correct)
    assert (
        answer.status_code == 422 and "¥1,000.01 is more than the whole statement" in answer.content.decode()
    )
    assert client.post(address, correct | {"anyway": "on"}).status_code == 302
