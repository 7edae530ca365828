"""Finance decides about a dispute, with two people where money moves; the next statement shows it."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from prm.audit.models import AuditEntry
from prm.ledger.models import Entry, Transaction
from prm.values.errors import NotAllowed
from prm.values.periods import Period
from rebates import balances, sealing
from rebates.books import reconciled
from rebates.changes import between
from rebates.errors import AuthorMayNotApprove
from rebates.errors_of_disputes import (
    AdjustmentMovesNothing,
    DisputeNotInThisState,
    DisputeReasonMissing,
    ProgrammeOfTheStatement,
    SecondPersonConfirms,
)
from rebates.kit import recompute_kit
from rebates.models import ManualAdjustment, Programme, Version
from rebates.services import (
    accept_dispute,
    confirm_adjustment,
    propose_adjustment,
    reject_dispute,
    send_back_adjustment,
)
from rebates.services.payments import open_amount
from rebates.statements import statement_lines, statement_rows
from rebates.verifier import complaints, digest_of, read_lines
from tests.factories.people import UserFactory, actor
from tests.rebates.disputing import lines_of, marked, settled, statement_of
from tests.rebates.world import BY, adjustments, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


def programme(code: str = "core") -> Programme:
    return Programme.objects.get(code=code)


def agreed(company, by, second, amount="250.00", **more):
    """A dispute that is accepted with this sum, by two people."""
    dispute = marked(company, "INV-1")
    dispute = propose_adjustment(
        dispute=dispute,
        programme=programme(),
        amount=Decimal(amount),
        reason="Delivery note proves it",
        by=by,
        **more,
    )
    return confirm_adjustment(dispute=dispute, by=second)


def test_who_proposed_the_sum_does_not_confirm_it(acme, finance, second):
    settled(acme, 50_000)
    dispute = propose_adjustment(
        dispute=marked(acme, "INV-1"), programme=programme(), amount=Decimal(250), reason="Proven", by=finance
    )
    assert dispute.state == "proposed"
    with pytest.raises(SecondPersonConfirms, match="He Min"):
        confirm_adjustment(dispute=dispute, by=finance)
    with pytest.raises(NotAllowed):
        confirm_adjustment(dispute=dispute, by=acme.admin)
    assert confirm_adjustment(dispute=dispute, by=second).state == "accepted"


def test_the_database_wants_two_people_too(acme, finance):
    settled(acme, 50_000)
    dispute = propose_adjustment(
        dispute=marked(acme, "INV-1"), programme=programme(), amount=Decimal(250), reason="Proven", by=finance
    )
    rows = ManualAdjustment.objects.for_everyone(because="a test").filter(dispute=dispute)
    with pytest.raises(IntegrityError, match="manual_adjustment_by_two"), transaction.atomic():
        rows.update(confirmed_by_id=finance.user_id, confirmed_at=dispute.state_since)


def test_who_wrote_the_version_does_not_confirm_more_than_the_stated_sum(acme, finance, second, settings):
    settled(acme, 50_000)
    Version.objects.update(author_id=second.user_id)
    settings.REBATE_AUTHOR_LIMIT = 200
    with pytest.raises(AuthorMayNotApprove):
        agreed(acme, finance, second)


def test_the_next_statement_shows_the_adjustment_and_names_the_dispute(acme, finance, second):
    settled(acme, 50_000)
    dispute = agreed(acme, finance, second)
    sell(acme, 20_000, "2026-09-05")
    run = settle("2026-09")
    september = statement_of(acme, "2026-09")
    assert (september.earned, september.adjusted) == (Decimal("400.00"), Decimal("250.00"))
    assert september.closing == september.opening + september.earned + september.adjusted - september.paid
    (line,) = statement_lines(september)
    assert [one.dispute.number for one in line.manual] == [dispute.number]
    assert (line.adjusted, line.closing) == (Decimal("250.00"), september.closing)
    (row,) = statement_rows(period=Period.parse("2026-09"), by=finance)
    assert (row["adjusted"], row["approved"], row["closing"]) == ("250.00", "650.00", str(september.closing))
    settle("2026-10")
    assert statement_of(acme, "2026-10").adjusted == 0  # once
    assert run.manual_adjustments.count() == 1


def test_a_partner_without_sales_gets_a_statement_with_the_adjustment_alone(acme, rival, finance, second):
    settled(acme, 50_000)
    agreed(acme, finance, second, amount="-1200.00", fully=False, anyway=True, why_beyond="Freight")
    sell(rival, 10, "2026-09-05")
    settle("2026-09")
    september = statement_of(acme, "2026-09")
    assert (september.opening, september.adjusted, september.closing) == (1_000, -1_200, -200)
    assert open_amount(statement_of(acme)) == 0  # it took up what was not paid


def test_the_ledger_has_it_balanced_and_agrees_with_the_statements(acme, finance, second):
    settled(acme, 50_000)
    agreed(acme, finance, second)
    settle("2026-09")
    (posted,) = Transaction.objects.for_everyone(because="a test").filter(event="rebates.correct")
    assert sorted(entry.amount for entry in posted.entries.all()) == [-250, 250]
    (check,) = reconciled(finance)
    assert (check.owed, check.difference) == (1_250, 0)
    september = statement_of(acme, "2026-09")
    assert balances.behind(september, programme(), "closing").amount == september.closing
    assert balances.behind(september, programme(), "opening").amount == september.opening
    assert sum(entry.amount for entry in Entry.objects.for_everyone(because="a test")) == 0


def test_why_it_changed_names_the_dispute(acme, finance, second):
    settled(acme, 50_000)
    dispute = agreed(acme, finance, second)
    sell(acme, 50_000, "2026-09-11")
    settle("2026-09")
    settle("2026-10")
    august, september, october = (statement_of(acme, f"2026-{month:02}") for month in (8, 9, 10))
    (gained,) = between(august, september)
    assert {one.name: one.amount for one in gained.causes} == {f"Dispute {dispute.number}": Decimal("250.00")}
    (lost,) = between(september, october)
    assert sum(one.amount for one in lost.causes) == lost.difference == Decimal("-1250.00")
    assert {one.name for one in lost.causes} == {"Sales", f"Dispute {dispute.number}"}


def test_what_is_confirmed_while_a_month_is_being_closed_waits_for_the_next(acme, finance, second):
    from rebates.services.issuing import close_some, finish_close, start_close

    settled(acme, 50_000)
    run = settle("2026-09", close=False)
    from rebates.services import approve_run

    run = approve_run(run=run, by=BY)
    start_close(run=run, by=BY)
    agreed(acme, finance, second)
    close_some(run.pk, 0, 10**9, by=BY)
    finish_close(run.pk, by=BY)
    assert statement_of(acme, "2026-09").adjusted == 0
    settle("2026-10")
    assert statement_of(acme, "2026-10").adjusted == 250


def test_digest_and_recompute_kit_know_it(acme, finance, second):
    settled(acme, 50_000)
    dispute = agreed(acme, finance, second)
    sell(acme, 20_000, "2026-09-05")
    run = settle("2026-09")
    september = statement_of(acme, "2026-09")
    with zipfile.ZipFile(io.BytesIO(recompute_kit(september))) as kit_file:
        kit = json.loads(kit_file.read("kit.json"))
        lines = read_lines(__import__("csv").DictReader(io.StringIO(kit_file.read("lines.csv").decode())))
    assert [(one["number"], one["amount"]) for one in kit["manual"]] == [(dispute.number, "250.00")]
    said: list[str] = []
    assert complaints(kit, lines, say=said.append) == []
    assert any(dispute.number in line for line in said)
    kit["manual"][0]["amount"] = "251.00"
    assert digest_of(kit) != september.digest
    sealed = AuditEntry.objects.filter(verb="statements_issued", object_id=str(run.pk)).values().get()
    assert sealing.complaint(sealed) == ""


def test_a_posted_adjustment_is_never_changed_and_a_later_late_line_leaves_it(acme, finance, second):
    settled(acme, 50_000)
    agreed(acme, finance, second)
    settle("2026-09")
    rows = ManualAdjustment.objects.for_everyone(because="a test")
    for change in (lambda: rows.update(amount=1), lambda: rows.update(run=None), rows.delete):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()
    sell(acme, 10_000, "2026-08-20")
    assert [one.adjusted for one in adjustments(settle("2026-10"))] == [Decimal("200.00")]


def test_a_rejected_dispute_is_paid_as_computed_and_says_why(acme, finance):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    assert open_amount(statement_of(acme)) == 0
    with pytest.raises(DisputeReasonMissing):
        reject_dispute(dispute=dispute, reason=" ", by=finance)
    dispute = reject_dispute(dispute=dispute, reason="Your own order says so", by=finance)
    assert (dispute.state, dispute.decision) == ("rejected", "Your own order says so")
    assert open_amount(statement_of(acme)) == Decimal("1000.00")
    with pytest.raises(DisputeNotInThisState):
        accept_dispute(dispute=dispute, reason="After all", by=finance)


def test_corrected_sales_lines_are_adjusted_by_the_engine(acme, finance):
    settled(acme, 95_000)
    dispute = accept_dispute(dispute=marked(acme, "INV-1"), reason="We book what is missing", by=finance)
    assert (dispute.state, dispute.effect) == ("accepted", "lines")
    sell(acme, 12_000, "2026-08-20")
    settle("2026-09")
    assert statement_of(acme, "2026-09").adjusted == Decimal("310.00")
    assert not ManualAdjustment.objects.for_everyone(because="a test").exists()


def test_what_is_not_confirmed_goes_back_to_review(acme, finance, second):
    settled(acme, 50_000)
    dispute = propose_adjustment(
        dispute=marked(acme, "INV-1"), programme=programme(), amount=Decimal(250), reason="Proven", by=finance
    )
    with pytest.raises(DisputeNotInThisState):
        reject_dispute(dispute=dispute, reason="No", by=second)
    dispute = send_back_adjustment(dispute=dispute, reason="Half of it", by=second)
    assert dispute.state == "in_review"
    dispute = propose_adjustment(
        dispute=dispute, programme=programme(), amount=Decimal(125), reason="Half", fully=False, by=finance
    )
    assert confirm_adjustment(dispute=dispute, by=second).state == "partly_accepted"


def test_a_sum_is_not_zero_and_belongs_to_a_programme_of_the_statement(acme, finance):
    settled(acme, 50_000)
    apply(policy("other", **{"from": "2026-11-01"}))
    dispute = marked(acme, "INV-1")
    with pytest.raises(AdjustmentMovesNothing):
        propose_adjustment(dispute=dispute, programme=programme(), amount=Decimal(0), reason="x", by=finance)
    with pytest.raises(ProgrammeOfTheStatement):
        propose_adjustment(
            dispute=dispute, programme=programme("other"), amount=Decimal(1), reason="x", by=finance
        )


def test_the_partner_decides_nothing(acme, finance):
    settled(acme, 50_000)
    dispute = marked(acme, "INV-1")
    for verb in (accept_dispute, reject_dispute):
        with pytest.raises(NotAllowed):
            verb(dispute=dispute, reason="Mine", by=acme.admin)
    assert lines_of(acme)
