"""The journal for finance systems: each transaction once, balanced, the same bytes again."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import translation
from python_calamine import CalamineWorkbook

from payouts import journal_file, reads
from payouts.errors import CodeLooksLikeAFormula, CodeMissing, NothingToExport, PeriodHasNotEnded
from payouts.models import AccountCode, Journal
from payouts.services import export_journal, set_account_codes
from prm.audit.models import AuditEntry
from prm.ledger.models import Account, Transaction
from prm.values import clock
from prm.values.errors import NotAllowed
from rebates.services import release_run
from tests.payouts.world import closed
from tests.rebates.world import BY

pytestmark = pytest.mark.django_db
CODES = {
    kind: (f"{number}00", f"=Account {number}") for number, kind in enumerate(Account.Kind.values, start=1)
}


@pytest.fixture
def codes(finance):
    set_account_codes(codes=CODES, by=finance)


def content(journal: Journal, kind: str = "csv") -> bytes:
    return journal_file.as_file(Journal.objects.get(pk=journal.pk), kind).read()


def rows(journal: Journal) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(journal).decode("utf-8-sig"))))


def test_every_entry_stands_under_the_tenants_own_code_and_each_transaction_balances(
    codes, acme, rival, finance
):
    run = closed((acme, 50_000), (rival, 20_000))
    release_run(run=run, by=BY, account_checked="By phone")
    journal = export_journal(last_day=clock.today(), by=finance)
    found = rows(journal)
    balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in found:
        balances[row["transaction"], row["currency"]] += Decimal(row["debit"]) - Decimal(row["credit"])
        assert row["account"] == CODES[row["kind"]][0]
        assert row["account_name"].startswith("'=")
    assert set(balances.values()) == {Decimal("0.00")}
    assert (
        len(balances)
        == journal.transaction_count
        == Transaction.objects.for_everyone(because="a test").count()
    )
    assert journal.entry_count == len(found)
    assert Decimal(journal.totals["CNY"]) == sum(Decimal(row["debit"]) for row in found)


@pytest.mark.parametrize(("language", "payable"), [("en", "Payable"), ("zh-hans", "应付")])
def test_an_account_without_a_name_of_its_own_is_called_as_here(acme, finance, tenant, language, payable):
    named = {
        kind: (code, "Rebates expense" if kind == "expense" else "") for kind, (code, _n) in CODES.items()
    }
    set_account_codes(codes=named, by=finance)
    closed((acme, 50_000))
    connection.tenant.language = language
    journal = export_journal(last_day=clock.today(), by=finance)
    assert {row["kind"]: row["account_name"] for row in rows(journal)} == {
        "expense": "Rebates expense", "payable": payable,
    }  # fmt: skip
    with translation.override("fr"):  # whoever downloads it
        assert hashlib.sha256(content(journal)).hexdigest() == journal.digest


def test_the_next_export_begins_after_the_one_before(codes, acme, finance):
    run = closed((acme, 50_000))
    first = export_journal(last_day=clock.today(), by=finance)
    with pytest.raises(NothingToExport):
        export_journal(last_day=clock.today(), by=finance)
    assert Journal.objects.count() == 1
    release_run(run=run, by=BY, account_checked="By phone")
    second = export_journal(last_day=clock.today(), by=finance)
    assert {row["event"] for row in rows(second)} == {"rebates.release", "rebates.pay"}
    assert not {row["transaction"] for row in rows(first)} & {row["transaction"] for row in rows(second)}


def test_what_is_booked_after_the_day_waits_for_a_later_export(codes, acme, finance):
    run = closed((acme, 50_000))
    with pytest.raises(PeriodHasNotEnded):
        export_journal(last_day=clock.today() + timedelta(days=1), by=finance)
    with pytest.raises(NothingToExport):
        export_journal(last_day=date(2026, 1, 1), by=finance)
    booked = Transaction.objects.for_everyone(because="a test").filter(memo=run.number).first().booked_on
    assert export_journal(last_day=booked, by=finance).transaction_count == 1


def test_entries_of_a_partner_name_its_number(codes, acme, finance):
    closed((acme, 50_000))
    lines = rows(export_journal(last_day=clock.today(), by=finance))
    assert {(line["kind"], line["partner"]) for line in lines} == {
        ("expense", ""),
        ("payable", acme.row.number),
    }


def test_an_export_of_before_keeps_the_columns_that_it_had(codes, acme, finance):
    closed((acme, 50_000))
    journal = export_journal(last_day=clock.today(), by=finance)
    Journal.objects.filter(pk=journal.pk).update(layout=1)
    journal.refresh_from_db()
    head, first = content(journal, "csv").decode("utf-8-sig").splitlines()[:2]
    assert tuple(head.split(",")) == journal_file.HEADS
    assert first.count(",") == head.count(",")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_downloaded_again_it_is_the_same_bytes(codes, acme, finance, kind):
    run = closed((acme, 50_000))
    journal = export_journal(last_day=clock.today(), by=finance)
    before = content(journal, kind)
    set_account_codes(codes=dict.fromkeys(CODES, ("9999", "Other")), by=finance)
    release_run(run=run, by=BY, account_checked="By phone")
    export_journal(last_day=clock.today(), by=finance)
    with clock.at(clock.now() + timedelta(days=400)):
        assert content(journal, kind) == before
    if kind == "csv":
        assert hashlib.sha256(before).hexdigest() == journal.digest


def test_the_workbook_holds_the_entries_and_the_chart_of_accounts(codes, acme, finance):
    closed((acme, 50_000))
    journal = export_journal(last_day=clock.today(), by=finance)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content(journal, "xlsx")))
    assert book.sheet_names == ["journal", "accounts"]
    lines = book.get_sheet_by_name("journal").to_python()
    assert tuple(lines[0]) == (*journal_file.HEADS, "partner")
    assert len(lines) == journal.entry_count + 1
    assert sum(line[9] for line in lines[1:]) == sum(line[10] for line in lines[1:]) == 1000
    assert len(book.get_sheet_by_name("accounts").to_python()) == len(CODES) + 1


def test_a_kind_without_a_code_stops_the_export(acme, finance):
    closed((acme, 50_000))
    set_account_codes(codes={"payable": ("2100", "")}, by=finance)
    with pytest.raises(CodeMissing, match="Expense"):
        export_journal(last_day=clock.today(), by=finance)
    assert not Journal.objects.exists()


def test_the_database_takes_no_transaction_twice_and_forgets_none(codes, acme, finance):
    closed((acme, 50_000))
    journal = export_journal(last_day=clock.today(), by=finance)
    for change in (
        f"INSERT INTO payouts_journalled SELECT transaction_id, {journal.pk} FROM payouts_journalled",
        "DELETE FROM payouts_journalled",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_only_finance_exports_and_each_download_stands_in_the_trail(codes, acme, finance, manager, browse):
    closed((acme, 50_000))
    for by in (acme.admin, manager):
        with pytest.raises(NotAllowed):
            export_journal(last_day=clock.today(), by=by)
    client = browse(finance)
    answer = client.post("/journals/export/", {"last_day": clock.today().isoformat()}, follow=True)
    journal = Journal.objects.get()
    assert journal.number in answer.content.decode()
    answer = client.get(f"/journals/{journal.number}/journal.csv")
    assert b"".join(answer.streaming_content) == content(journal)
    assert AuditEntry.objects.filter(verb="exported", user_id=finance.user_id).exists()
    assert client.get("/journals/").status_code == 200
    assert browse(manager).get("/journals/").status_code == 403


def test_codes_are_set_on_their_page(finance, browse):
    client = browse(finance)
    answer = client.post(
        "/settings/account-codes/", {"code_payable": "2100", "name_payable": "Rebates payable"}
    )
    assert answer.status_code == 302
    page = client.get("/settings/account-codes/").content.decode()
    assert 'value="2100"' in page and 'value="Rebates payable"' in page


# The codes


def test_a_kind_in_use_is_marked_and_needs_its_code(acme, finance, browse):
    closed((acme, 50_000))
    client = browse(finance)
    form = client.get("/settings/account-codes/").context["form"]
    needed = {name for name, field in form.fields.items() if field.required}
    assert needed == {f"code_{kind}" for kind in reads.kinds_in_use()}
    assert {"code_payable", "code_expense"} <= needed and "code_wallet" not in needed
    assert str(form.fields["code_payable"].help_text) == "In use: exports need its code."
    filled = dict.fromkeys(needed, "2190")
    refused = client.post("/settings/account-codes/", filled | {"code_payable": ""})
    assert refused.status_code == 422 and not AccountCode.objects.exists()
    assert client.post("/settings/account-codes/", filled).status_code == 302
    assert export_journal(last_day=clock.today(), by=finance).entry_count > 0


@pytest.mark.parametrize("code", ["=2241.05", "+2241", "-2241", "@2241", " =2241"])
def test_a_code_that_looks_like_a_formula_is_refused_at_its_field(acme, finance, browse, code):
    with pytest.raises(CodeLooksLikeAFormula):
        set_account_codes(codes={"payable": ("2190", ""), "wallet": (code, "")}, by=finance)
    assert not AccountCode.objects.exists()
    page = browse(finance).post("/settings/account-codes/", {"code_wallet": code})
    (problem,) = page.context["form"].errors["code_wallet"]
    assert page.status_code == 422 and "spreadsheets take for a formula" in problem
