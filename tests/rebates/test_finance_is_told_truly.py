"""What finance reads about a settlement: one total everywhere, whose turn it is, openings, names, its own language."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest

from prm.approvals import services as approvals
from prm.approvals.models import Task
from prm.audit.models import AuditEntry
from prm.ledger.models import Transaction
from prm.notices import work
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.spreadsheets.whole import import_file
from prm.ui import formats, said
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import balances, figures, pages, run_totals
from rebates.budgets import share_of
from rebates.models import Programme, Statement
from rebates.policy import read_document
from rebates.services import (
    apply_drafts,
    confirm_correction,
    pay_statement,
    propose_correction,
    publish_version,
    submit_for_review,
)
from rebates.services.accruing import post_accruals
from tests.factories.people import UserFactory, actor
from tests.rebates.disputing import statement_of
from tests.rebates.world import apply, only, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.unescape(answer.content.decode())))


@pytest.fixture
def corrected(acme, finance, second):
    """August is closed with 1,000.00, September with 2,000.00 and a correction of 120.00 by hand."""
    apply(policy())
    sell(acme, 50_000, "2026-08-10")
    settle("2026-08")
    august = statement_of(acme, "2026-08")
    core = Programme.objects.get(code="core")
    found = propose_correction(
        statement=august, programme=core, amount=Decimal(120), reason="Promised", by=finance
    )
    confirm_correction(adjustment=found, by=second)
    sell(acme, 100_000, "2026-09-10")
    return settle("2026-09")


def test_the_first_page_the_list_and_the_explanation_of_change_tell_one_total(corrected, finance, browse):
    (newest, _august) = figures.runs(finance)["runs"]
    assert newest["sums"] == [("CNY", Decimal("2120.00"))]
    assert "¥2,120.00" in words(browse(finance).get("/settlements/"))
    assert "open, of ¥2,120.00" in words(browse(finance).get("/"))
    shown = words(browse(finance).get(f"{corrected.get_absolute_url()}changes/"))
    assert "¥2,120.00" in shown
    assert "¥120.00 with this settlement, ¥0.00 with the earlier one" in shown


def test_the_table_by_programme_ends_with_its_sums(acme, finance, browse):
    apply(policy("core"), policy("plus", kind="retroactive"))
    sell(acme, 50_000, "2026-08-10")
    settle("2026-08")
    sell(acme, 100_000, "2026-09-10")
    run = settle("2026-09", close=False)
    (sums,) = run_totals.sums_of(run_totals.programme_totals(run, finance))
    assert (sums["earned"], sums["before"], sums["change"]) == (Decimal("5000.00"), Decimal("2000.00"), 150)
    foot = (
        browse(finance).get(run.get_absolute_url()).content.decode().split("<tfoot")[1].split("</tfoot>")[0]
    )
    assert "¥5,000.00" in foot and "¥2,000.00" in foot and "Total" in foot


def test_a_budget_is_rounded_and_never_full_before_it_is():
    assert share_of(Decimal("96.69"), Decimal(100)) == 97
    assert share_of(Decimal("99.70"), Decimal(100)) == 99
    assert share_of(Decimal("100.40"), Decimal(100)) == 100


def test_an_opening_is_the_closing_before_and_what_was_booked_since(acme, finance, browse, tmp_path):
    apply(policy("core"), policy("late", from_="2026-08-01"))
    sell(acme, 50_000, "2026-08-10")
    settle("2026-08")
    apply(policy("other", from_="2026-09-01", mechanism={"kind": "flat", "rate": "1%"}))
    path = tmp_path / "balances.csv"
    path.write_text(f"partner_number,programme,balance\n{acme.row.number},other,-120", encoding="utf-8")
    import_file(kind="balances", path=path, by=Actor.command("import_data"), dry_run=False)
    sell(acme, 50_000, "2026-09-10")
    statement = (
        Statement.objects.for_everyone(because="a test")
        .select_related("run", "partner")
        .get(run=settle("2026-09"))
    )
    opened = balances.behind(statement, Programme.objects.get(code="other"), "opening")
    assert (opened.before, opened.since, opened.amount) == (0, Decimal("-120.00"), Decimal("-120.00"))
    core = balances.behind(statement, Programme.objects.get(code="core"), "opening")
    assert (core.before, core.since) == (Decimal("1000.00"), 0)
    shown = words(browse(finance).get(f"{statement.get_absolute_url()}figures/other/opening/"))
    assert "Closing of the statement before 0.00 Booked since, before this settlement −120.00" in shown
    assert "Balance at go-live" in shown and "What was owed at the close before" not in shown


def test_a_partners_page_in_a_run_shows_its_statement(corrected, acme, finance, browse):
    shown = words(browse(finance).get(f"{corrected.get_absolute_url()}partners/{acme.row.pk}/"))
    september = statement_of(acme, "2026-09")
    assert september.number in shown and f"Opening ¥{september.opening:,.2f}" in shown
    assert "Closing ¥3,120.00" in shown


def test_an_explanation_names_the_partner_for_staff(acme, finance, browse):
    apply(policy())
    sell(acme, 50_000, "2026-09-10")
    result = only(settle("2026-09"))
    assert acme.name in words(browse(finance).get(result.get_absolute_url()))


# Whose turn it is


def test_a_settlement_in_review_says_until_when_an_answer_is_promised(acme, finance, second, browse):
    apply(policy())
    sell(acme, 50_000, "2026-09-10")
    run = submit_for_review(run=settle("2026-09", close=False), by=finance)
    head = words(browse(finance).get(run.get_absolute_url())).split("Settlement, September 2026")[1][:600]
    assert "Waiting for approval by Zhao Min" in head and "promised by" in head


def test_who_may_decide_in_anothers_place_finds_it_in_the_inbox(
    acme, finance, second, administrator, manager
):
    apply(policy())
    sell(acme, 50_000, "2026-09-10")
    run = submit_for_review(run=settle("2026-09", close=False), by=finance)
    (row,) = [one for one in work.waiting_for(administrator) if one.link == run.get_absolute_url()]
    assert row.subtitle == "S-2026-09; Zhao Min is asked, you may decide instead"
    assert (
        row.due is not None and row.due > row.since
    )  # as promised by the flow, so that it stands among the dated
    assert not [one for one in work.waiting_for(finance) if one.link == run.get_absolute_url()]
    assert not [one for one in work.waiting_for(manager) if one.link == run.get_absolute_url()]


def test_who_may_not_approve_reads_why_not(acme, finance, second, settings):
    settings.REBATE_AUTHOR_LIMIT = 100
    apply(policy())
    sell(acme, 50_000, "2026-09-10")
    run = submit_for_review(run=settle("2026-09", close=False), by=finance)
    (approve,) = [verb for verb in pages.run_verbs(run, finance) if verb.label == "Approve"]
    assert approve.why_not == "You handed this settlement over: somebody else approves it."
    third = actor(UserFactory(finance=True, name="Li Na"))
    (approve,) = [verb for verb in pages.run_verbs(run, third) if verb.label == "Approve"]
    assert approve.why_not == "It is not your turn: Zhao Min decides."
    (approve,) = [verb for verb in pages.run_verbs(run, second) if verb.label == "Approve"]
    assert not approve.why_not


# In the reader's words


def test_a_payments_history_is_told_in_the_readers_language(acme, finance, browse):
    apply(policy(payout_as="credit_note"))
    sell(acme, 50_000, "2026-09-10")
    settle("2026-09")
    statement = statement_of(acme, "2026-09")
    pay_statement(statement=statement, method="credit_note", by=finance)
    entry = AuditEntry.objects.of(statement).get(verb="paid")
    assert said.shown(entry.changes["method"][1]) == "Credit note"
    page = browse(finance).get(statement.get_absolute_url(), headers={"accept-language": "zh-CN"})
    assert "Credit note" not in words(page) and "红字发票" in words(page)


def test_a_notice_names_a_programme_in_the_readers_language(finance, second):
    texts = read_document(
        {"schema": 1, "programmes": [policy("combo", name="Combined bonus", name_zh="组合返利")]}
    )
    (version,) = apply_drafts(texts=texts, by=finance)
    publish_version(version=version, by=finance)
    task = Task.objects.get(run__object_id=version.pk, run__subject="programme", user_id=second.user_id)
    approvals.approve(task=task, by=second)
    deliver_open_events()
    title = Notice.objects.get(user_id=finance.user_id, kind="approvals.approved").values["title"]
    assert (title["en"], title["zh-hans"]) == ("Combined bonus · 1", "组合返利 · 1")


def test_the_ledger_calls_jobs_of_the_product_by_words(acme, finance, browse):
    apply(policy())
    sell(acme, 50_000, "2026-09-10")
    post_accruals(Period.parse("2026-09"), by=Actor.job("rebates.accrue"))
    posting = Transaction.objects.for_everyone(because="a test").get(event="rebates.accrue")
    for address in ("/ledger/", f"/ledger/{posting.pk}/"):
        shown = words(browse(finance).get(address))
        assert "the product (accruals of a month)" in shown
    assert "rebates.accrue ·" not in shown


def test_a_base_stands_with_two_decimals_or_none():
    assert (formats.amount(Decimal("776807.8")), formats.amount(Decimal(500))) == ("776,807.80", "500")
    assert (formats.amount(Decimal("-0.5")), formats.amount(Decimal("1.125"))) == ("−0.50", "1.125")


def test_a_correction_offers_the_partners_own_programmes(corrected, acme, rival, finance, browse):
    apply(policy("strange", from_="2026-10-01"))
    page = browse(finance).get(f"{statement_of(acme, '2026-09').get_absolute_url()}correct/").content.decode()
    assert ">Core</option>" in page and "Strange" not in page
