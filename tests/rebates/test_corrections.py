"""Finance corrects a closed statement by hand: a reason, a second person, and the next close posts the sum."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from prm.accounts.services import change_role, save_role
from prm.audit.models import AuditEntry
from prm.ledger.models import Entry
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.values.errors import NotAllowed
from rebates import sealing
from rebates.books import reconciled
from rebates.changes import between
from rebates.errors import AuthorMayNotApprove, NotInThisState
from rebates.errors_of_disputes import (
    AdjustmentMovesNothing,
    AdjustmentNotInThisState,
    DisputeReasonMissing,
    ProgrammePaysInAnotherCurrency,
    SecondPersonConfirms,
)
from rebates.kit import recompute_kit
from rebates.models import ManualAdjustment, Programme, Version
from rebates.services import (
    approve_run,
    confirm_correction,
    propose_correction,
    refuse_correction,
    start_close,
)
from rebates.services.issuing import close_some
from rebates.services.payments import open_amount
from rebates.statements import statement_lines
from rebates.verifier import complaints, digest_of, read_lines
from tests.factories.people import UserFactory, actor
from tests.rebates.disputing import settled, statement_of
from tests.rebates.world import BY, apply, policy, settle

pytestmark = pytest.mark.django_db
WHY = "The launch bonus that we promised in March"


@pytest.fixture
def second_user(db):
    return UserFactory(finance=True, name="Zhao Min")


@pytest.fixture
def second(second_user):
    return actor(second_user)


def programme(code: str = "core") -> Programme:
    return Programme.objects.get(code=code)


def proposed(company, by, amount: str = "250.00", **more) -> ManualAdjustment:
    statement = more.pop("statement", None) or statement_of(company, "2026-08")
    return propose_correction(
        statement=statement, programme=programme(), amount=Decimal(amount), reason=WHY, by=by, **more
    )


def entries(event: str) -> list[tuple[str, Decimal]]:
    rows = Entry.objects.for_everyone(because="a test").filter(transaction__event=event)
    return sorted(rows.values_list("account__kind", "amount"))


def test_two_people_correct_a_closed_month_and_the_next_statement_pays_it(acme, finance, second):
    settled(acme, 50_000)
    august = statement_of(acme, "2026-08")
    before = (august.adjusted, august.closing, august.digest)
    adjustment = proposed(acme, finance)
    assert (
        adjustment.state == "proposed"
        and not ManualAdjustment.objects.for_everyone(because="a test").waiting()
    )
    confirm_correction(adjustment=adjustment, by=second)
    settle("2026-09")
    september = statement_of(acme, "2026-09")
    assert september.adjusted == Decimal("250.00") and open_amount(september) == Decimal("250.00")
    assert entries("rebates.correct") == [("expense", Decimal("250.00")), ("payable", Decimal("-250.00"))]
    assert all(one.difference == 0 for one in reconciled(BY))
    adjustment.refresh_from_db()
    assert adjustment.state == "posted"
    august.refresh_from_db()
    assert (august.adjusted, august.closing, august.digest) == before
    (line,) = statement_lines(september)
    assert [one.number for one in line.manual] == [adjustment.number]


def test_it_is_posted_once_and_named_in_what_changed(acme, finance, second):
    settled(acme, 50_000)
    adjustment = confirm_correction(adjustment=proposed(acme, finance), by=second)
    settle("2026-09")
    settle("2026-10")
    september, october = statement_of(acme, "2026-09"), statement_of(acme, "2026-10")
    assert october.adjusted == 0 and len(entries("rebates.correct")) == 2
    (gained,) = between(statement_of(acme, "2026-08"), september)
    named = {one.name: one.amount for one in gained.causes}
    assert named[f"Manual adjustment {adjustment.number}"] == Decimal("250.00")


def test_nobody_confirms_what_they_proposed_and_no_author_above_the_limit(
    acme, finance, second, second_user, settings
):
    settled(acme, 50_000)
    adjustment = proposed(acme, finance)
    with pytest.raises(SecondPersonConfirms):
        confirm_correction(adjustment=adjustment, by=finance)
    with transaction.atomic(), pytest.raises(IntegrityError):
        ManualAdjustment.objects.for_everyone(because="a test").filter(pk=adjustment.pk).update(
            state="confirmed", confirmed_by=finance.user_id, confirmed_at=adjustment.proposed_at
        )
    settings.REBATE_AUTHOR_LIMIT = "100"
    Version.objects.update(author=second_user)
    with pytest.raises(AuthorMayNotApprove):
        confirm_correction(adjustment=adjustment, by=second)


def test_what_is_not_confirmed_stays_on_record_and_is_never_posted(acme, finance, second):
    settled(acme, 50_000)
    adjustment = proposed(acme, finance)
    with pytest.raises(DisputeReasonMissing):
        refuse_correction(adjustment=adjustment, reason=" ", by=second)
    adjustment = refuse_correction(adjustment=adjustment, reason="We never promised it", by=second)
    assert (adjustment.state, adjustment.refusal) == ("refused", "We never promised it")
    with pytest.raises(AdjustmentNotInThisState):
        confirm_correction(adjustment=adjustment, by=second)
    settle("2026-09")
    assert statement_of(acme, "2026-09").adjusted == 0
    for change in ({"amount": 1}, {"state": "proposed", "refused_at": None}):
        with transaction.atomic(), pytest.raises(IntegrityError):
            ManualAdjustment.objects.for_everyone(because="a test").filter(pk=adjustment.pk).update(**change)
    with transaction.atomic(), pytest.raises(IntegrityError):
        ManualAdjustment.objects.for_everyone(because="a test").filter(pk=adjustment.pk).delete()


def test_bad_input_is_refused_by_its_field_and_partners_may_not(acme, finance):
    settled(acme, 50_000)
    apply(policy("dollars", currency="USD", from_="2026-09-01"))
    statement = statement_of(acme, "2026-08")
    words = {
        "statement": statement,
        "programme": programme(),
        "amount": Decimal(5),
        "reason": WHY,
        "by": finance,
    }
    for wrong, error in (
        ({"amount": Decimal(0)}, AdjustmentMovesNothing),
        ({"reason": " "}, DisputeReasonMissing),
        ({"programme": programme("dollars")}, ProgrammePaysInAnotherCurrency),
    ):
        with pytest.raises(error):
            propose_correction(**words | wrong)
    with pytest.raises(NotAllowed):
        propose_correction(**words | {"by": acme.admin})
    assert not ManualAdjustment.objects.for_everyone(because="a test").exists()


def test_a_statement_that_is_not_out_yet_is_not_corrected(acme, finance):
    settled(acme, 50_000)
    run = approve_run(run=settle("2026-09", close=False), by=BY)
    start_close(run=run, by=BY)
    close_some(run.pk, 0, 10**9, by=BY)
    with pytest.raises(NotInThisState):
        proposed(acme, finance, statement=statement_of(acme, "2026-09"))


def test_whoever_approves_may_refuse_without_computing_settlements(acme, finance, second_user, browse):
    settled(acme, 50_000)
    adjustment = proposed(acme, finance)
    verbs = ["rebates.view", "rebates.view_runs", "rebates.approve"]
    role = save_role(role=None, code="approver", name="Approver", base="finance", verbs=verbs, by=BY)
    change_role(user=second_user, role=role.base, own_role=role, by=BY)
    client = browse(actor(second_user))
    assert "refuse/" in client.get(adjustment.get_absolute_url()).content.decode()
    client.post(f"{adjustment.get_absolute_url()}refuse/", {"reason": "We never promised it"})
    adjustment.refresh_from_db()
    assert adjustment.state == "refused"


def test_digest_and_recompute_kit_know_it(acme, finance, second):
    settled(acme, 50_000)
    adjustment = confirm_correction(adjustment=proposed(acme, finance), by=second)
    run = settle("2026-09")
    september = statement_of(acme, "2026-09")
    with zipfile.ZipFile(io.BytesIO(recompute_kit(september))) as kit_file:
        kit = json.loads(kit_file.read("kit.json"))
        lines = read_lines(__import__("csv").DictReader(io.StringIO(kit_file.read("lines.csv").decode())))
    assert [(one["number"], one["amount"]) for one in kit["manual"]] == [(adjustment.number, "250.00")]
    assert complaints(kit, lines, say=[].append) == []
    kit["manual"][0]["amount"] = "251.00"
    assert digest_of(kit) != september.digest
    sealed = AuditEntry.objects.filter(verb="statements_issued", object_id=str(run.pk)).values().get()
    assert sealing.complaint(sealed) == ""


def test_who_confirms_is_asked_and_the_proposer_hears_the_answer(acme, finance, second, second_user):
    settled(acme, 50_000)
    adjustment = proposed(acme, finance)
    confirm_correction(adjustment=adjustment, by=second)
    while deliver_open_events():
        pass
    told = dict(Notice.objects.filter(kind__startswith="rebates.correction").values_list("kind", "user_id"))
    assert told == {
        "rebates.correction_proposed": second_user.pk, "rebates.correction_confirmed": finance.user_id,
    }  # fmt: skip


def test_finance_proposes_in_the_browser_and_the_partner_reads_it_once_it_is_posted(
    acme, rival, finance, second, browse
):
    settled(acme, 50_000)
    statement = statement_of(acme, "2026-08")
    client = browse(finance)
    assert (
        f"{statement.get_absolute_url()}correct/" in client.get(statement.get_absolute_url()).content.decode()
    )
    filled = {"programme": programme().pk, "amount": "250.00", "reason": WHY}
    answer = client.post(f"{statement.get_absolute_url()}correct/", filled)
    assert answer.status_code == 302, answer.content.decode()
    adjustment = ManualAdjustment.objects.for_everyone(because="a test").get()
    assert answer.url == adjustment.get_absolute_url()
    other = browse(second)
    assert adjustment.number in other.get("/adjustments/").content.decode()
    assert browse(acme.admin).get(adjustment.get_absolute_url()).status_code == 404
    other.post(f"{adjustment.get_absolute_url()}confirm/")
    settle("2026-09")
    page = browse(acme.admin).get(adjustment.get_absolute_url())
    assert (
        page.status_code == 200 and WHY in page.content.decode() and "Zhao Min" not in page.content.decode()
    )
    assert WHY in browse(acme.admin).get(statement_of(acme, "2026-09").get_absolute_url()).content.decode()
    assert browse(rival.admin).get(adjustment.get_absolute_url()).status_code == 404
