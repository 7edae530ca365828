"""What finance weighs between its two people is its own: the partner reads the decision, and before it whose turn it
is. A sum far beyond what it is about is asked about once more.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from prm.audit.models import AuditEntry
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.values import clock
from rebates.could_change import could_change
from rebates.dispute_registrations import find_disputes
from rebates.errors_of_disputes import (
    DisputeNotInThisState,
    SumBeyondLines,
)
from rebates.models import Dispute, ManualAdjustment
from rebates.services import (
    Claim,
    answer_dispute,
    ask_back,
    confirm_adjustment,
    open_dispute,
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
from tests.rebates.test_linked import flat
from tests.rebates.world import apply, sell, settle

pytestmark = pytest.mark.django_db
INTERNAL = ("999,999", "too much", "posed", "confirm", "Confirm")


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


def proposed(dispute: Dispute, by, amount="999999999.00", **more) -> Dispute:
    return propose_adjustment(
        dispute=dispute, programme=programme(), amount=Decimal(amount), reason="agreed", by=by,
        **{"anyway": True, "why_beyond": "It is meant so"} | more,
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


def test_no_step_of_finances_own_puts_off_the_promised_day(acme, finance, second):
    settled(acme, 50_000)
    with clock.at(clock.now() - timedelta(days=3)):
        dispute = marked(acme, "INV-1")
    promised = dispute.due
    dispute = take_up_dispute(dispute=dispute, by=finance)
    assert dispute.due == promised
    dispute = proposed(dispute, finance)
    assert (dispute.state, dispute.due) == ("proposed", promised)
    dispute = send_back_adjustment(dispute=dispute, reason="too much", by=second)
    assert (dispute.state, dispute.due) == ("in_review", promised)


def test_an_answer_to_finance_is_promised_one_of_its_own(acme, finance):
    settled(acme, 50_000)
    with clock.at(clock.now() - timedelta(days=3)):
        dispute = marked(acme, "INV-1")
    promised = dispute.due
    asked = ask_back(dispute=dispute, text="Which note?", by=finance)
    assert asked.due > promised
    assert promised < answer_dispute(dispute=asked, text="This one", by=acme.admin).due < asked.due


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
    ("amount", "is_beyond"),
    [("1500.00", False), ("-1500.00", False), ("1500.01", True), ("-1500.01", True), ("50000.00", True)],
)
def test_a_sum_beyond_what_the_lines_could_change_needs_a_reason(acme, finance, amount, is_beyond):
    """150,000 marginal pay 3,500.00, without the disputed 50,000 they pay 2,000.00."""
    settled(acme, 50_000, 100_000)
    dispute, more = marked(acme, "INV-1"), {"why_beyond": ""}
    assert could_change(dispute).under(programme().pk) == Decimal("1500.00")
    if is_beyond:
        with pytest.raises(SumBeyondLines, match=r"Core.*1500\.00"):
            proposed(dispute, finance, amount, **more)
        assert not ManualAdjustment.objects.for_everyone(because="a test").exists()
        more = {"why_beyond": "Freight of the second delivery"}
    adjustment = proposed(dispute, finance, amount, **more).adjustment
    assert (adjustment.could_change, adjustment.why_beyond) == (Decimal("1500.00"), more["why_beyond"])


def test_it_is_held_against_the_programme_that_it_is_posted_to(acme, finance):
    """A line of decor changes the programme of decor; under the other one it could change nothing."""
    sell(acme, 50_000, "2026-08-11", document="INV-1")
    sell(acme, 10_000, "2026-08-12", document="INV-2", line="gifts")
    apply(
        flat("routing", "2%", qualify={"product_lines": ["routing"]}),
        flat("gifts", "1%", qualify={"product_lines": ["gifts"]}),
    )
    settle("2026-08")
    dispute = marked(acme, "INV-1", amount=Decimal(49_585))
    could = could_change(dispute)
    assert (could.under(programme("routing").pk), could.under(programme("gifts").pk)) == (1_000, 0)
    words = {"dispute": dispute, "reason": "One case less", "by": finance}
    with pytest.raises(SumBeyondLines, match="36.*Gifts"):
        propose_adjustment(programme=programme("gifts"), amount=Decimal(-36), **words)
    assert (
        propose_adjustment(programme=programme("routing"), amount=Decimal("-8.30"), **words).state
        == "proposed"
    )


def test_a_missing_line_is_in_it_whatever_else_is_disputed(acme, finance):
    """50,000 pay 1,000.00. Without them and with 70,000 it is 1,400.00, with both 2,600.00: 1,600.00 more."""
    statement = settled(acme, 50_000)
    missing = Claim(
        what="missing", document="INV-9", day=statement.starts, product="routing-1", amount=Decimal(70_000)
    )
    wrong = Claim(what="not_ours", sales_line=acme.row.sales_lines.get().pk)
    dispute = open_dispute(statement=statement, claims=[wrong, missing], reason="This too", by=acme.admin)
    assert dispute.worth == Decimal("400.00")
    could = could_change(dispute)
    assert (could.under(programme().pk), could.untold) == (Decimal("1600.00"), 0)


def test_what_the_engine_cannot_tell_is_held_against_the_money_of_the_lines(acme, finance, browse):
    statement = settled(acme, 50_000)
    claim = Claim(
        what="missing", document="INV-9", day=statement.starts, product="nobody", amount=Decimal(400)
    )
    dispute = open_dispute(statement=statement, claims=[claim], reason="This too", by=acme.admin)
    page = browse(finance).get(f"{dispute.get_absolute_url()}propose/").content.decode()
    assert '<dt>Core</dt><dd class="ui-fig text-wrap">¥400.00</dd>' in page
    assert "the whole money of 1 line of which it cannot be computed" in page
    with pytest.raises(SumBeyondLines, match=r"400\.01"):
        proposed(dispute, finance, "400.01", why_beyond="")
    assert proposed(dispute, finance, "400.00", why_beyond="").adjustment.could_change == 400


def test_the_database_wants_the_reason_too(acme, finance):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    adjustment = proposed(dispute, finance, "1000.00").adjustment
    with pytest.raises(IntegrityError, match="within_its_lines"), transaction.atomic():
        adjustment.pk, adjustment.number, adjustment.dispute = None, "X", None
        adjustment.amount = Decimal("-1000.01")
        adjustment.save()


def test_the_reason_stands_on_the_page_for_both_sides(acme, finance, second, browse):
    settled(acme, 50_000)
    dispute, client = marked(acme, "INV-1"), browse(finance)
    address = dispute.get_absolute_url()
    sent = {"programme": programme().pk, "amount": "60000", "fully": "fully", "reason": "agreed"}
    page = client.get(f"{address}propose/").content.decode()
    assert '<dt>Core</dt><dd class="ui-fig text-wrap">¥1,000.00</dd>' in page and "It is meant so" not in page
    answer = client.post(f"{address}propose/", sent)
    assert answer.status_code == 422
    assert "could change under Core: ¥1,000.00" in answer.content.decode()
    sent["why_beyond"] = "Freight was promised in writing"
    answer = client.post(f"{address}propose/", sent)
    assert answer.status_code == 422 and "It is meant so" in answer.content.decode()
    assert client.post(f"{address}propose/", sent | {"anyway": "on"}).status_code == 302
    page = browse(second).get(address).content.decode()
    assert "more because: Freight was promised in writing" in page and "Is it meant so?" in page
    assert "Freight" not in browse(acme.admin).get(address).content.decode()
    confirm_adjustment(dispute=dispute, by=second)
    page = browse(acme.admin).get(address).content.decode()
    assert "at most ¥1,000.00; it is more because: Freight was promised in writing" in page


def test_a_correction_beyond_its_statement_is_asked_about(acme, finance, browse):
    settled(acme, 50_000)
    client, statement = browse(finance), statement_of(acme)
    correct = {"programme": programme().pk, "amount": "1000.01", "reason": "a bonus"}
    address = f"{statement.get_absolute_url()}correct/"
    answer = client.post(address, correct)
    assert (
        answer.status_code == 422 and "¥1,000.01 is more than the whole statement" in answer.content.decode()
    )
    assert client.post(address, correct | {"anyway": "on"}).status_code == 302
