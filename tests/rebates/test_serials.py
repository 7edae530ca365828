"""SPIF by serial number: each piece pays once, ever, and one that comes back is taken back."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from orders.models import SerialMoved
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.exchange import as_yaml
from rebates.explained_lines import lines_page
from rebates.models import AccrualMark, Statement, Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from rebates.standing import standing
from tests.rebates.reading_pages import words
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, catalogue, only, policy, results, sell, settle
from tests.spreadsheets.conftest import problems_of, write_file

__all__ = ["write_file"]
pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")


def spif(code: str = "core", **entries: Any) -> dict[str, Any]:
    return policy(code, mechanism={"kind": "spif", "per": "serial", "amount": 50}, **entries)


def named(line: Any, *serials: str) -> Any:
    """The pieces of a line by their serial numbers."""
    for serial in serials:
        SerialMoved.objects.create(serial=serial, product=line.product, line=line, returned=line.quantity < 0)
    return line


@pytest.fixture
def bring(write_file):
    def bring(*rows):
        path = write_file("serials.csv", [["serial", "line_number"], *rows])
        return import_file(kind="serials", path=path, by=CLERK)

    return bring


def test_a_serial_number_has_product_partner_and_day_of_its_line_whatever_is_said(acme, rival):
    line, elsewhere = named(sell(acme, 100, "2026-09-03"), "SN-1"), sell(rival, 100, line="wireless")
    SerialMoved.objects.create(
        serial="SN-2", product=elsewhere.product, line=line, partner=rival.row, booking_date=date(2026, 1, 1)
    )
    found = line.serials.values_list("product_id", "partner_id", "booking_date").distinct()
    assert list(found.order_by()) == [(line.product_id, acme.row.pk, date(2026, 9, 3))]


def test_each_serial_pays_and_pieces_without_one_do_not(acme, rival):
    apply(spif())
    named(sell(acme, 300, quantity=3), "SN-1", "SN-2")
    named(sell(rival, 100), "SN-9")
    found = {row.partner_id: (row.base, row.earned) for row in results(settle("2026-09"))}
    assert found == {acme.row.pk: (2, Decimal("100.00")), rival.row.pk: (1, Decimal("50.00"))}


def test_one_that_came_back_is_taken_back_in_the_period_of_its_return_also_below_zero(acme):
    apply(spif())
    sold = named(sell(acme, 200, "2026-08-10", quantity=2), "SN-1", "SN-2")
    assert only(settle("2026-08")).earned == Decimal("100.00")
    named(sell(acme, -100, "2026-09-10", reverses=sold), "SN-1")
    assert only(settle("2026-09")).earned == Decimal("-50.00")


def test_the_database_lets_a_serial_be_sold_once_and_come_back_once(acme, rival):
    sold = named(sell(acme, 100), "SN-1")
    again, back = sell(rival, 100), sell(acme, -100, reverses=sold)
    named(back, "SN-1")
    for line in (again, back):
        with pytest.raises(IntegrityError), transaction.atomic():
            named(line, "SN-1")
    for change in (lambda rows: rows.update(serial="X"), lambda rows: rows.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change(SerialMoved.objects.for_everyone(because="a test"))


def test_only_chosen_products_count_and_caps_gates_and_late_serials_work_as_ever(acme):
    catalogue("routing", "care")
    apply(
        spif(qualify={"product_lines": ["care"]}),
        spif("capped", caps=[{"on": "measure", "amount": 2}]),
        spif("most", caps=[{"on": "payout", "amount": 70}]),
    )
    named(sell(acme, 100, line="care"), "SN-1")
    line = named(sell(acme, 300, quantity=3), "SN-2", "SN-3")
    month = Period.parse("2026-09")
    live = {row.programme.code: row.amount for row in accruals(by=BY, period=month)}
    assert live == {"core": Decimal("50.00"), "capped": Decimal("100.00"), "most": Decimal("70.00")}
    settle("2026-09")
    named(line, "SN-4")
    named(sell(acme, 100, "2026-09-30", line="care"), "SN-5")
    late = {row.programme.code: row.adjusted for row in adjustments(settle("2026-10"))}
    assert late == {"core": Decimal("50.00")}
    tried = back_test(versions=[Version.objects.get(programme__code="core")], first=month, last=month, by=BY)
    assert tried.totals == [Decimal("100.00")]


def test_a_serial_that_is_named_later_marks_the_kept_figure_of_its_partner(acme, rival):
    apply(spif())
    line = named(sell(acme, 200, quantity=2), "SN-1")
    marks = AccrualMark.objects.for_everyone(because="a test")
    marks.all().delete()
    named(line, "SN-2")
    assert {mark.partner_id for mark in marks.all()} == {acme.row.pk}


def test_returns_count_by_origin_too_but_not_at_the_rate_that_was_paid(acme):
    apply(spif(returns="by_origin"))
    sold = named(sell(acme, 200, "2026-08-10", quantity=2), "SN-1", "SN-2")
    settle("2026-08")
    named(sell(acme, -100, "2026-09-10", reverses=sold), "SN-1")
    assert [row.adjusted for row in adjustments(settle("2026-09"))] == [Decimal("-50.00")]
    with pytest.raises(PolicyProblem, match="takes back what it was paid"):
        read_document({"schema": 1, "programmes": [spif("x", returns="at_original_rate")]})


def test_a_serial_named_after_the_close_is_adjusted_and_once(acme):
    apply(spif())
    line = named(sell(acme, 200, "2026-08-10", quantity=2), "SN-1")
    settle("2026-08")
    named(line, "SN-2")
    assert [row.adjusted for row in adjustments(settle("2026-09"))] == [Decimal("50.00")]
    assert adjustments(settle("2026-10")) == []


def test_the_explanation_lists_the_serials_and_the_sentence_says_it(acme, finance, browse):
    apply(spif())
    sold = named(sell(acme, 300, "2026-09-01", quantity=3), "SN-1", "SN-2")
    named(sell(acme, -100, "2026-09-05", reverses=sold), "SN-2")
    result = only(settle("2026-09"))
    first = lines_page(result, size=1)
    second = lines_page(result, size=1, after=first.next_after)
    assert [one.serial for one in first.lines[0].serials_known] == ["SN-1", "SN-2"]
    assert (first.lines[0].running, second.before, second.lines[0].running) == (2, 2, 1)
    answer = browse(finance).get(result.get_absolute_url())
    shown = re.sub(r"<[^>]*>", "", answer.content.decode())
    assert "SN-1, SN-2" in shown and "−SN-2" in shown
    shown = words(answer)
    assert "serial numbers of all product lines 1 " in shown and "units sold" not in shown
    assert "Serial numbers so far" in shown and "One more serial number would have paid ¥50.00 more." in shown
    said = (
        "¥50 for each serial number of all product lines, once ever; for one that comes back it is taken back"
    )
    assert standing(result) == "1 serial number"
    assert said in wording.sentence(Version.objects.get())
    assert "per: serial" in as_yaml(Version.objects.get().programme)


def test_the_kit_recomputes_it_and_holds_nobody_elses(acme, rival, tmp_path):
    apply(spif())
    sold = named(sell(acme, 300, "2026-09-01", quantity=3), "SN-1", "SN-2", "SN-3")
    named(sell(acme, -100, "2026-09-05", reverses=sold), "SN-2")
    named(sell(rival, 100), "SN-9")
    settle("2026-09")
    folder = unpacked(Statement.objects.for_everyone(because="a test").get(partner=acme.row), tmp_path)
    said = verify(folder)
    assert said.returncode == 0, said.stdout + said.stderr
    text = (folder / "serials.csv").read_text()
    assert "SN-9" not in text
    (folder / "serials.csv").write_text(text.replace("1,SN-3\n", ""))
    assert verify(folder).returncode == 1


def test_serials_come_with_an_import_and_again_change_nothing(acme, bring):
    line = sell(acme, 200, quantity=2, line_number="A/1")
    rows = [["SN-1", "A/1"], ["SN-2", "A/1"]]
    assert bring(*rows).written == 2
    assert (bring(*rows).same, line.serials.count()) == (2, 2)
    back = sell(acme, -100, reverses=line, line_number="A/2")
    assert bring(["SN-1", "A/2"]).written == 1
    assert [(one.serial, one.returned) for one in back.serials.all()] == [("SN-1", True)]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (["SN-2", "Z/9"], ("line_number", "unknown_line")),
        (["SN-1", "B/1"], ("serial", "serial_sold")),
        (["SN-3", "B/2"], ("serial", "serial_not_bought")),
        (["SN-1", "B/2"], ("serial", "serial_not_bought")),
        (["SN-5", "A/1"], ("line_number", "more_serials_than_units")),
    ],
)
def test_a_serial_that_makes_no_sense_is_refused(acme, rival, bring, row, problem):
    named(sell(acme, 100, line_number="A/1"), "SN-1")
    sell(rival, 100, line_number="B/1")
    sell(rival, -100, line_number="B/2")
    assert problems_of(bring(row)) == [(2, *problem)]


def test_a_serial_comes_back_once(acme, bring):
    sold = named(sell(acme, 200, quantity=2), "SN-1")
    named(sell(acme, -100, reverses=sold), "SN-1")
    sell(acme, -100, reverses=sold, line_number="A/3")
    assert problems_of(bring(["SN-1", "A/3"])) == [(2, "serial", "serial_back")]


def test_finance_chooses_it_in_the_editor(finance, browse):
    rows = {name: "" for name in FILLED if name.startswith(("from_", "rate_"))}
    typed = {"mechanism": "spif", "per": "serial", "amount": "50"}
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        answer = browse(finance).post("/programmes/new/", FILLED | rows | typed)
        assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    assert version.policy["mechanism"] == {"kind": "spif", "per": "serial", "amount": "50"}
    assert is_editable(version.policy) and initial_of(version)["per"] == "serial"
