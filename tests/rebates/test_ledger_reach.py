"""A statement that adjusts an earlier month: the partner's ledger of the new month is compared with the new month."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebates.models import Dispute
from rebates.services import compare_ledger
from tests.rebates.disputing import ledger, settled, statement_of
from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db
OCTOBER = (
    "INV-O1,2026-10-05,routing-1,1,1000",
    "INV-O2,2026-10-06,routing-1,1,2000",
    "INV-O3,2026-10-07,routing-1,1,3000",
)
# One line changed, one added, one dropped.
OTHERWISE = (OCTOBER[0], "INV-O2,2026-10-06,routing-1,1,2500", "INV-O4,2026-10-08,routing-1,1,4000")
ONE_EACH = [("amount", "INV-O2", 500), ("missing", "INV-O4", 4_000), ("not_ours", "INV-O3", -3_000)]
LATE = "INV-LATE,2026-09-20,routing-1,1,5000"


@pytest.fixture
def october(acme):
    """September with four lines, and a fifth that came after its close: October's statement adjusts it."""
    settled(acme, 10_000, 20_000, 30_000, 40_000, period="2026-09")
    sell(acme, 5_000, "2026-09-20", document="INV-LATE")
    for line in OCTOBER:
        document, day, _product, _quantity, amount = line.split(",")
        sell(acme, amount, day, document=document)
    settle("2026-10")
    statement = statement_of(acme, "2026-10")
    assert statement.adjusted == Decimal("150.00")  # the third percent of T's second band
    return statement


def september(*without: str) -> list[str]:
    rows = [f"INV-{one},2026-09-{10 + one},routing-1,1,{one}0000" for one in (1, 2, 3, 4)]
    return [row for row in rows if row.partition(",")[0] not in without]


def found_in(dispute: Dispute) -> list[tuple]:
    return [(line.what, line.document, line.difference) for line in dispute.lines.all()]


def test_a_file_of_october_is_compared_with_october_and_says_what_is_left(acme, october, browse):
    draft = compare_ledger(statement=october, file=ledger(*OTHERWISE), by=acme.admin)
    assert found_in(draft) == ONE_EACH
    assert (draft.summary["left"], draft.summary["left_sum"]) == (5, "105000.00")
    page = browse(acme.admin).get(draft.get_absolute_url()).content.decode()
    assert "5 lines of ours were not compared: ¥105,000.00, 11 Sep 2026 to 20 Sep 2026" in page


def test_a_late_line_that_the_file_has_meets_ours(acme, october):
    draft = compare_ledger(statement=october, file=ledger(*OTHERWISE, LATE), by=acme.admin)
    assert found_in(draft) == ONE_EACH and draft.summary["left"] == 4
    wrong = LATE.replace(",5000", ",5001")
    draft = compare_ledger(statement=october, file=ledger(*OCTOBER, wrong), by=acme.admin)
    assert found_in(draft) == [("amount", "INV-LATE", 1)]


def test_what_is_new_in_the_statement_has_its_late_lines(acme, october):
    draft = compare_ledger(statement=october, file=ledger(*OTHERWISE), reach="new", by=acme.admin)
    assert sorted(found_in(draft)) == sorted([*ONE_EACH, ("not_ours", "INV-LATE", -5_000)])
    assert draft.summary["left"] == 4


def test_a_file_of_both_months_is_compared_with_both(acme, october):
    rows = ledger(*september("INV-2"), *OTHERWISE, LATE)
    draft = compare_ledger(statement=october, file=rows, by=acme.admin)
    assert sorted(found_in(draft)) == sorted([*ONE_EACH, ("not_ours", "INV-2", -20_000)])
    assert "left" not in draft.summary


def test_the_days_of_the_file_bound_what_is_compared_before(acme, october):
    rows = ledger(*september("INV-1", "INV-3"), *OCTOBER)  # from 12 to 14 September
    draft = compare_ledger(statement=october, file=rows, by=acme.admin)
    assert found_in(draft) == [("not_ours", "INV-3", -30_000)]
    assert draft.summary["left"] == 2  # of the 11th, and what came late of the 20th


def test_whoever_wants_all_compared_gets_all(acme, october):
    draft = compare_ledger(statement=october, file=ledger(*OTHERWISE), reach="all", by=acme.admin)
    assert len(found_in(draft)) == 3 + 5 and "left" not in draft.summary


def test_a_single_row_of_september_that_we_lack_does_not_bring_september_in(acme, october):
    stray = "INV-X,2026-09-12,routing-1,1,7"
    draft = compare_ledger(statement=october, file=ledger(*OCTOBER, stray), by=acme.admin)
    assert found_in(draft) == [("missing", "INV-X", 7)] and draft.summary["left"] == 5


def test_agreeing_as_far_as_the_file_reaches_says_what_was_not_compared(acme, october, browse):
    address = f"{october.get_absolute_url()}dispute/ledger/"
    answer = browse(acme.admin).post(address, {"file": ledger(*OCTOBER)})
    page = answer.content.decode()
    assert answer.status_code == 200 and "the statement agree: 3 lines" in page
    assert "Not compared are 5 of its lines" in page


def test_a_year_that_is_counted_as_a_whole_is_compared_month_by_month(acme):
    apply(policy(cumulative=True, period="month"))
    for number, day in enumerate(("2026-07-10", "2026-08-10"), start=1):
        sell(acme, 10_000 * number, day, document=f"INV-{number}")
    settle("2026-07")
    settle("2026-08")
    file = ledger("INV-2,2026-08-10,routing-1,1,20001")
    draft = compare_ledger(statement=statement_of(acme), file=file, by=acme.admin)
    assert found_in(draft) == [("amount", "INV-2", 1)] and draft.summary["left"] == 1


def test_the_page_offers_the_choice_only_where_there_is_one(acme, october, browse):
    client = browse(acme.admin)
    address = f"{october.get_absolute_url()}dispute/ledger/"
    assert "What is new" in client.get(address).content.decode()
    first = statement_of(acme, "2026-09").get_absolute_url()
    assert "What is new" not in client.get(f"{first}dispute/ledger/").content.decode()
    client.post(address, {"file": ledger(*OTHERWISE), "reach": "all"})
    assert Dispute.objects.for_everyone(because="a test").get().lines.count() == 8
