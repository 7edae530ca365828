"""What was owed before go-live is owed here when a second person imports the file, not by one person alone."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Sum

from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.ledger.models import Entry
from prm.notices.models import Notice
from prm.notices.work import waiting_for
from prm.outbox.services import deliver_open_events
from prm.spreadsheets.errors import SecondPersonImports
from prm.spreadsheets.models import Import
from prm.spreadsheets.pages import facts_of
from prm.spreadsheets.services import correct_value, match_columns, start_import, upload_file
from prm.ui import formats, said
from prm.values import clock
from rebates.models import OpeningBalance, SettledOutside
from tests.factories.people import UserFactory, actor
from tests.rebates.world import apply, catalogue, policy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def core(db):
    catalogue("routing")
    apply(policy("core", "retroactive"))


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


def work() -> None:
    for job in Job.objects.open():
        run_job(job.pk)


def checked(kind: str, text: str, by) -> Import:
    upload = upload_file(kind=kind, file=SimpleUploadedFile(f"{kind}.csv", text.encode()), by=by)
    match_columns(upload=upload, columns=upload.columns, by=by)
    work()
    return Import.objects.get(pk=upload.pk)


@pytest.fixture
def balances(acme, finance):
    return checked("balances", f"partner_number,programme,balance\n{acme.row.number},core,250", finance)


def owing() -> Decimal:
    rows = Entry.objects.for_everyone(because="a test").filter(account__kind="payable")
    return -(rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))


def test_who_brought_the_balances_in_does_not_make_them_owed(balances, finance):
    with pytest.raises(SecondPersonImports):
        start_import(upload=balances, by=finance)
    assert owing() == 0 and not OpeningBalance.objects.for_everyone(because="a test").exists()


def test_a_second_person_finds_the_file_in_the_inbox_and_imports_it(balances, finance, second):
    assert balances.get_absolute_url() not in {row.link for row in waiting_for(finance)}
    assert balances.get_absolute_url() in {row.link for row in waiting_for(second)}
    start_import(upload=balances, by=second)
    work()
    assert owing() == Decimal("250.00")


def test_who_corrected_a_sum_is_not_the_second_person_either(balances, second):
    correct_value(upload=balances, field="balance", value="250", replacement="2500", by=second)
    work()
    with pytest.raises(SecondPersonImports):
        start_import(upload=Import.objects.get(pk=balances.pk), by=second)
    assert owing() == 0


def test_settled_periods_need_two_people_as_well(acme, finance, second):
    row = f"{acme.row.number},core,2026-08,95000,1900,0"
    upload = checked("settled", f"partner_number,programme,period,base,earned,paid\n{row}", finance)
    with pytest.raises(SecondPersonImports):
        start_import(upload=upload, by=finance)
    start_import(upload=upload, by=second)
    work()
    assert SettledOutside.objects.for_everyone(because="a test").count() == 1


def test_more_paid_than_earned_is_asked_about_before_it_is_imported_and_not_refused(
    acme, rival, finance, second, browse
):
    rows = [f"{acme.row.number},core,2026-08,95000,1900,2500", f"{rival.row.number},core,2026-08,0,-40,0"]
    upload = checked(
        "settled", "\n".join(["partner_number,programme,period,base,earned,paid", *rows]), finance
    )
    assert (upload.good, upload.bad) == (2, 0)
    page = browse(second).get(upload.get_absolute_url()).content.decode()
    note = page.partition('<div class="ui-note is-warn">')[2].partition("</div>")[0]
    assert "Row 2 says that more was paid than earned." in note and "Import 2 rows" in page
    assert len(facts_of(upload, warns=True)) == 1  # the command says it too
    start_import(upload=upload, by=second)
    work()
    assert owing() == Decimal("-640.00")


@pytest.mark.parametrize(("kind", "model"), [("settled", SettledOutside), ("balance", OpeningBalance)])
def test_a_row_names_who_brought_its_file_in_and_who_let_it_count(acme, finance, second, browse, kind, model):
    files = {
        "settled": ("settled", "partner_number,programme,period,base,earned,paid", "2026-08,95000,1900,0"),
        "balance": ("balances", "partner_number,programme,balance", "250"),
    }
    name, heading, cells = files[kind]
    with clock.at(clock.now() - timedelta(days=3)):
        upload = checked(name, f"{heading}\n{acme.row.number},core,{cells}", finance)
    start_import(upload=upload, by=second)
    work()
    row = model.objects.for_everyone(because="a test").get()
    page = browse(second).get(f"/go-live/{kind}/{row.pk}/").content.decode()
    facts = dict(re.findall(r"<dt>(.+?)</dt><dd>(.+?)</dd>", page))
    entered, imported = facts["File brought in"], facts["Confirmed and imported"]
    assert (
        finance.label in entered and formats.exact(upload.created_at) in entered and upload.number in entered
    )
    assert "Zhao Min" in imported and formats.exact(row.brought_at) in imported


def test_the_page_says_who_may_press_import(balances, finance, second, browse):
    own = browse(finance).get(balances.get_absolute_url()).content.decode()
    assert "Somebody else who may import it" in own and "Import 1 row" not in own
    assert "Import 1 row" in browse(second).get(balances.get_absolute_url()).content.decode()
    assert "The 1 row is good" in own


def test_check_and_import_tell_of_themselves_in_different_words(balances, finance, second):
    start_import(upload=balances, by=second)
    work()
    while deliver_open_events():
        pass
    titles = [said.shown(one.values["title"]) for one in Notice.objects.filter(kind="jobs.finished")]
    assert sorted(titles) == [
        "Check of balances.csv (Rebate balances at go-live)", "Rebate balances at go-live: balances.csv",
    ]  # fmt: skip
