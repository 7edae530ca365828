"""What finance sees, says and holds back before a settlement is approved and paid."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from prm.accounts.models import User
from prm.accounts.services import change_role, save_role
from prm.audit.models import AuditEntry
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.values.errors import NotAllowed
from rebates import gaps
from rebates.errors_of_reviews import (
    CommentEmpty,
    HeldAlready,
    HoldReasonMissing,
    MayNotRead,
    NotHeld,
    NothingToHold,
    NotInThisRun,
    PaidUpAlready,
    PaymentHeld,
)
from rebates.models import Payment, PaymentHold, RunComment, Statement
from rebates.outliers import outliers
from rebates.run_totals import programme_totals
from rebates.services import (
    comment_run,
    hold_payment,
    pay_statement,
    release_hold,
    release_run,
)
from rebates.services.payments import payment_state
from rebates.services.releasing import outlook
from tests.factories.partners import PartnerFactory
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def run(acme, rival):
    """A closed month: ACME is owed 4,400.00, the rival 1,000.00."""
    apply(policy())
    sell(acme, 180_000)
    sell(rival, 50_000)
    return settle("2026-09")


def statement_of(company) -> Statement:
    return Statement.objects.for_everyone(because="a test").for_list().get(partner=company.row)


def told(kind: str) -> dict[int, dict]:
    while deliver_open_events():
        pass
    return {one.user_id: one.values for one in Notice.objects.filter(kind=f"rebates.{kind}")}


# What needs a look


def test_a_figure_far_from_the_partners_own_middle_stands_out(acme, rival):
    apply(policy())
    for month in ("2026-05", "2026-06", "2026-07", "2026-08"):
        sell(acme, 100_000, f"{month}-10")  # 2,000.00 a month
        sell(rival, 100_000, f"{month}-10")
        settle(month)
    sell(acme, 200_000, "2026-09-10")  # 5,000.00
    sell(rival, 110_000, "2026-09-10")  # 2,300.00
    found = outliers(settle("2026-09", close=False))
    assert [(one.kind, one.name, one.earned, one.middle, one.seen) for one in found] == [
        ("own", "ACME Networks", Decimal("5000.00"), Decimal("2000.00"), 4)
    ]


def test_two_periods_are_no_past_and_small_sums_are_left_alone(acme, rival):
    apply(policy(), policy("small", bands=[{"from": 0, "rate": "0.1%"}]))
    for month in ("2026-07", "2026-08"):
        sell(acme, 100_000, f"{month}-10")
        settle(month)
    sell(acme, 900_000, "2026-09-10")
    assert outliers(settle("2026-09", close=False)) == []


def test_a_rate_far_from_that_of_the_partners_of_its_tier_stands_out():
    apply(policy(bands=[{"from": 0, "rate": "1%"}, {"from": 500_000, "rate": "9%"}]))
    for _number in range(5):
        sell(PartnerFactory(), 100_000)
    big = PartnerFactory(name="Far Away Ltd")
    sell(big, 900_000)
    found = outliers(settle("2026-09", close=False))
    assert [(one.kind, one.name, one.middle, one.seen) for one in found] == [
        ("group", "Far Away Ltd", Decimal("9000.00"), 6)
    ]


def test_a_programme_is_held_against_its_own_period_before_and_its_budget(finance, acme):
    apply(policy(budget={"amount": 10_000, "per": "year"}), policy("quarterly", period="quarter"))
    for month in ("2026-04", "2026-05", "2026-06", "2026-07", "2026-08"):
        sell(acme, 50_000, f"{month}-10")
        settle(month)
    sell(acme, 100_000, "2026-09-10")
    rows = {row["programme"].code: row for row in programme_totals(settle("2026-09", close=False), finance)}
    core, quarterly = rows["core"], rows["quarterly"]
    assert (core["before"], core["change"]) == (Decimal("1000.00"), 100)  # August
    assert (core["budget"].used, core["budget"].share, core["budget"].tone) == (Decimal("7000.00"), 70, "")
    assert (quarterly["before"], quarterly["earned"]) == (Decimal("3500.00"), Decimal("5000.00"))
    assert quarterly["budget"] is None


def test_what_is_missing_is_named(acme, rival):
    from tests.rebates.world import catalogue

    catalogue("routing", "storage")
    apply(policy(qualify={"product_lines": ["routing"]}, pay={"product_lines": ["routing"]}))
    bare = PartnerFactory(name="No Tier Ltd", tier=None)
    sell(bare, 10_000)
    sell(rival, 7_000, line="storage")
    sell(acme, -500)
    found = gaps.gaps(settle("2026-09", close=False))
    assert [row.name for row in found.without_tier.rows] == ["No Tier Ltd"]
    assert [row.name for row in found.without_figure.rows] == ["Rival Systems"]
    assert [(one.lines, one.amount) for one in found.uncounted] == [(1, Decimal("7000.00"))]
    assert found.nameless_returns == 1


def test_late_lines_and_returns_are_listed_with_links(finance, acme, browse):
    apply(policy())
    sell(acme, 50_000, "2026-08-10")
    settle("2026-08")
    sell(acme, 20_000, "2026-08-20", document="LATE-1")
    line = sell(acme, 30_000, "2026-09-10", document="SOLD-1")
    sell(acme, -4_000, "2026-09-12", document="BACK-1", reverses=line)
    run = settle("2026-09", close=False)
    assert [one.document for one in gaps.late_lines(run).rows] == ["LATE-1"]
    assert [one.document for one in gaps.returns(run).rows] == ["BACK-1"]
    page = browse(finance).get(f"{run.get_absolute_url()}look/").content.decode()
    assert "LATE-1" in page and "BACK-1" in page and "reverses SOLD-1" in page
    assert f"{run.get_absolute_url()}partners/{acme.row.pk}/" in page and "over 50 %" in page


def test_the_page_before_it_is_computed_is_not_there(finance, run, browse):
    run_page = browse(finance).get(run.get_absolute_url()).content.decode()
    assert f"{run.get_absolute_url()}look/" in run_page
    short = browse(finance).get(f"{run.get_absolute_url()}look/", headers={"HX-Request": "true"})
    assert "No figure stands out" in short.content.decode()


# What is said


def test_a_comment_names_partner_people_and_file_and_tells_them(finance, second, run, acme, browse):
    paper = SimpleUploadedFile("mail.txt", b"They asked on the phone.", content_type="text/plain")
    comment = comment_run(
        run=run, partner=acme.row, text="Why so much?", attachment=paper, by=finance,
        mentioned=[User.objects.get(pk=second.user_id)],
    )  # fmt: skip
    assert told("run_mentioned") == {
        second.user_id: {
            "author": comment.author_name, "number": run.number, "text": "Why so much?", "about": "ACME Networks: ",
        }
    }  # fmt: skip
    page = browse(second).get(f"{run.get_absolute_url()}partners/{acme.row.pk}/").content.decode()
    assert "Why so much?" in page and "told: Zhao Min" in page and "mail.txt" in page
    file = browse(second).get(f"{run.get_absolute_url()}files/{comment.pk}/")
    assert b"".join(file.streaming_content) == b"They asked on the phone."
    assert file["Content-Disposition"].startswith("attachment")
    assert AuditEntry.objects.of(run).filter(verb="commented").count() == 1


def test_whoever_may_not_read_it_is_not_mentioned(finance, run, acme):
    with pytest.raises(MayNotRead):
        comment_run(run=run, text="Hello", mentioned=[acme.sales_user], by=finance)
    with pytest.raises(CommentEmpty):
        comment_run(run=run, text="  ", by=finance)
    with pytest.raises(NotInThisRun):
        comment_run(run=run, text="Who?", partner=PartnerFactory(), by=finance)
    assert not RunComment.objects.exists()


def test_partners_neither_read_nor_write_it(finance, run, acme, browse):
    comment_run(run=run, text="Between ourselves", partner=acme.row, by=finance)
    with pytest.raises(NotAllowed):
        comment_run(run=run, text="Mine", by=acme.admin)
    assert RunComment.objects.visible_to(acme.admin).count() == 0
    statement = browse(acme.admin).get(statement_of(acme).get_absolute_url()).content.decode()
    assert "Between ourselves" not in statement


def test_what_was_said_is_never_changed(finance, run):
    comment = comment_run(run=run, text="As I said", by=finance)
    for change in (lambda: comment.delete(), lambda: RunComment.objects.update(text="Never said")):
        with pytest.raises(Exception, match="append-only|never|refuse|not"), transaction.atomic():
            change()
    assert RunComment.objects.get().text == "As I said"


def test_a_comment_is_written_in_the_browser(finance, second, run, browse):
    client = browse(finance)
    page = client.get(f"{run.get_absolute_url()}comment/").content.decode()
    assert "Zhao Min" in page
    sent = {"text": "All looked at", "mentioned": [second.user_id]}
    answer = client.post(f"{run.get_absolute_url()}comment/", sent, follow=True)
    assert "All looked at" in answer.content.decode() and second.user_id in told("run_mentioned")


# What is held


def test_a_held_payment_is_closed_with_the_others_and_not_paid(second, finance, acme, rival):
    apply(policy())
    sell(acme, 180_000)
    sell(rival, 50_000)
    hold_payment(run=settle("2026-09", close=False), partner=acme.row, reason="Invoice in doubt", by=finance)
    from prm.values.periods import Period
    from rebates.services import approve_run, close_run, compute_run

    run = compute_run(period=Period.parse("2026-09"), by=BY)  # the hold outlives a new computation
    run = close_run(run=approve_run(run=run, by=BY), by=BY)
    statement = statement_of(acme)
    assert payment_state(statement) == statement.payment_state == "blocked"
    with pytest.raises(PaymentHeld, match="Invoice in doubt"):
        pay_statement(statement=statement, by=second)
    assert [one.stopped for one in outlook(run=run, by=second).blocked] == ["Invoice in doubt"]
    assert release_run(run=run, by=second) == 1
    assert Payment.objects.for_everyone(because="a test").get().statement.partner_id == rival.row.pk
    run.refresh_from_db()
    assert run.state == "closed"


def test_released_it_is_paid_like_any_other(second, finance, run, acme):
    hold_payment(run=run, partner=acme.row, reason="Invoice in doubt", by=finance)
    assert told("payment_held")[second.user_id]["reason"] == "Invoice in doubt"
    assert finance.user_id not in told("payment_held")
    release_hold(run=run, partner=acme.row, reason="The invoice is right", by=second)
    assert told("payment_hold_released")[finance.user_id]["partner"] == "ACME Networks"
    assert release_run(run=run, by=second) == 2
    verbs = AuditEntry.objects.of(run).filter(verb__in=["payment held", "hold released"]).order_by("pk")
    assert list(verbs.values_list("verb", "reason")) == [
        ("payment held", "Invoice in doubt"),
        ("hold released", "The invoice is right"),
    ]


def test_a_hold_needs_its_reason_its_time_and_its_partner(second, finance, run, acme, rival):
    with pytest.raises(HoldReasonMissing):
        hold_payment(run=run, partner=acme.row, reason=" ", by=finance)
    with pytest.raises(NotInThisRun):
        hold_payment(run=run, partner=PartnerFactory(), reason="Who?", by=finance)
    with pytest.raises(NotHeld):
        release_hold(run=run, partner=acme.row, reason="None there", by=finance)
    hold_payment(run=run, partner=acme.row, reason="Once", by=finance)
    with pytest.raises(HeldAlready):
        hold_payment(run=run, partner=acme.row, reason="Twice", by=second)
    pay_statement(statement=statement_of(rival), by=second)
    with pytest.raises(PaidUpAlready):
        hold_payment(run=run, partner=rival.row, reason="Too late", by=finance)
    release_hold(run=run, partner=acme.row, reason="Right", by=finance)
    release_run(run=run, by=second)
    with pytest.raises(NothingToHold):
        hold_payment(run=run, partner=acme.row, reason="Far too late", by=finance)


def test_the_database_refuses_to_pay_what_is_held_and_to_change_a_hold(finance, run, acme):
    hold = hold_payment(run=run, partner=acme.row, reason="Invoice in doubt", by=finance)
    with pytest.raises(IntegrityError, match="held"), transaction.atomic():
        Payment.objects.create(
            statement=statement_of(acme), number="P-1", amount=1, paid_on="2026-10-05", released_by_label="?"
        )
    rows = PaymentHold.objects.for_everyone(because="a test").filter(pk=hold.pk)
    for change in (lambda: rows.update(reason="Another"), lambda: rows.delete()):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()


def test_only_those_who_settle_hold(run, acme, manager, browse, finance):
    with pytest.raises(NotAllowed):
        hold_payment(run=run, partner=acme.row, reason="Mine", by=manager)
    client, place = browse(finance), f"{run.get_absolute_url()}partners/{acme.row.pk}/"
    assert "Hold payment" in client.get(place).content.decode()
    page = client.post(f"{place}hold/", {"reason": "Invoice in doubt"}, follow=True).content.decode()
    assert "Invoice in doubt" in page and "Release the hold" in page
    statement = browse(acme.admin).get(statement_of(acme).get_absolute_url()).content.decode()
    assert "the payment is held for now" in statement and "Invoice in doubt" not in statement
    page = client.post(f"{place}release-hold/", {"reason": "Right"}, follow=True).content.decode()
    assert "Hold payment" in page


def test_who_sees_some_partners_only_is_not_told_what_is_said_about_all(finance, run, acme, administrator):
    role = save_role(
        role=None, base="channel_manager", verbs=["rebates.view_runs"], code="reader", name="Reader", name_zh="阅读者",
        by=administrator,
    )  # fmt: skip
    reader = UserFactory(role="channel_manager", all_partners=False, name="Sun Li")
    change_role(user=reader, role=role.base, own_role=role, by=administrator)
    with pytest.raises(MayNotRead):
        comment_run(run=run, text="Look", partner=acme.row, mentioned=[reader], by=finance)
