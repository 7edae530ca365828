"""Sales lines from a file: what is refused and why, and that nothing is ever half-written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.models import SalesLine
from prm.outbox.models import OutboxEvent
from prm.spreadsheets.models import Import, ImportRow
from prm.spreadsheets.reasons import why
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.factories.orders import SalesLineFactory
from tests.factories.people import UserFactory, actor
from tests.spreadsheets.conftest import HEADING, problems_of, sale

pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")


def lines():
    return {
        line.line_number: line for line in SalesLine.objects.for_everyone(because="a test").order_by("id")
    }


@pytest.fixture
def bring(write_file, products):
    def bring(*rows, heading=HEADING, name="sales.csv", by=CLERK, dry_run=False, **how):
        return import_file(
            kind="sales-lines", path=write_file(name, [heading, *rows], **how), by=by, dry_run=dry_run
        )

    return bring


@pytest.mark.parametrize("name", ["sales.csv", "sales.xlsx"])
def test_good_rows_of_both_formats_become_sales_lines(bring, acme, name):
    number = acme.row.number
    upload = bring(sale("A/1", number), sale("A/2", number, quantity="0.5", net="1,234.50"), name=name)
    assert (upload.state, upload.written, upload.bad) == ("done", 2, 0)
    line = lines()["A/2"]
    assert (line.partner, line.quantity, line.net_amount) == (acme.row, Decimal("0.5"), Decimal("1234.50"))
    assert (line.source, line.currency, line.document) == ("import", "CNY", "A/2")
    assert not ImportRow.objects.exists()
    told = OutboxEvent.objects.get(name="orders.sales_lines_recorded").payload
    assert (told["count"], told["first_day"]) == (2, "2026-10-01")


def test_numbers_and_dates_of_a_workbook_are_read_as_they_are_meant(bring, acme):
    import datetime

    upload = bring(
        ["A/1", acme.row.number, "MR-2200", datetime.date(2026, 10, 1).isoformat(), 2, 1234.5],
        ["A/2", acme.row.number, "MR-2200", "2026年10月2日", 1e3, 0.1],
        name="s.xlsx",
    )
    assert upload.state == "done", problems_of(upload)
    assert [(str(line.quantity), str(line.net_amount)) for line in lines().values()] == [
        ("2.000", "1234.50"), ("1000.000", "0.10"),
    ]  # fmt: skip


CASES = [
    ({"partner": "P-0931"}, "partner_number", "unknown_partner"),
    ({"product": "MR-2200X"}, "product_code", "unknown_product"),
    ({"day": ""}, "booking_date", "missing"),
    ({"day": "31/10/2026"}, "booking_date", "ambiguous_day"),
    ({"day": "2026-02-30"}, "booking_date", "not_a_day"),
    ({"day": "1926-02-03"}, "booking_date", "day_out_of_range"),
    ({"quantity": "0"}, "quantity", "quantity_is_zero"),
    ({"quantity": "two"}, "quantity", "not_a_number"),
    ({"quantity": "1.2345"}, "quantity", "too_many_decimals"),
    ({"net": "12,4O0.00"}, "net_amount", "letter_for_digit"),
    ({"net": "12.400,00"}, "net_amount", "not_a_number"),
    ({"net": "1.005"}, "net_amount", "too_many_decimals"),
    ({"net": "-200"}, "net_amount", "signs_differ"),
    ({"net": "1e20"}, "net_amount", "too_large"),
    ({"net": "NaN"}, "net_amount", "not_a_number"),
]


@pytest.mark.parametrize(("wrong", "field", "code"), CASES)
def test_one_bad_row_is_named_and_nothing_is_written(bring, acme, wrong, field, code):
    values = {"partner": acme.row.number, **wrong}
    upload = bring(sale("A/1", acme.row.number), sale("A/2", **values))
    assert problems_of(upload) == [(3, field, code)]
    assert (upload.state, upload.good, upload.bad, upload.written) == ("discarded", 1, 1, 0)
    assert lines() == {}
    problem = ImportRow.objects.get().problems or ImportRow.objects.get().findings
    assert "%(" not in why(problem[0]) and why(problem[0]).endswith(".")


def test_several_wrong_cells_of_a_row_are_all_named(bring, acme):
    upload = bring(sale("A/1", "P-0931", product="nothing", net="abc"))
    assert problems_of(upload) == [
        (2, "net_amount", "not_a_number"), (2, "partner_number", "unknown_partner"),
        (2, "product_code", "unknown_product"),
    ]  # fmt: skip


def test_importing_again_skips_what_is_the_same_and_refuses_what_differs(bring, acme):
    number = acme.row.number
    bring(sale("A/1", number), sale("A/2", number))
    upload = bring(sale("A/1", number), sale("A/3", number))
    assert (upload.state, upload.same, upload.written) == ("done", 1, 1)
    upload = bring(sale("A/2", number, quantity="3", net="300"), sale("A/4", number))
    row = ImportRow.objects.get()
    assert problems_of(upload) == [(2, "line_number", "line_differs")]
    assert "quantity, net_amount" in why(row.findings[0])
    assert set(lines()) == {"A/1", "A/2", "A/3"}


def test_a_line_number_twice_in_a_file_names_the_first_row(bring, acme):
    upload = bring(sale("A/1", acme.row.number), sale("A/2", acme.row.number), sale("A/1", acme.row.number))
    row = ImportRow.objects.get()
    assert problems_of(upload) == [(4, "line_number", "key_twice")]
    assert "row 2" in why(row.findings[0])


class TestReturns:
    heading = [*HEADING, "reverses"]

    def row(self, number, partner, reverses="", **values):
        return [*sale(number, partner, **values), reverses]

    def test_it_names_a_line_on_file_or_further_down(self, bring, acme):
        SalesLineFactory(line_number="OLD/1", partner=acme.row, product__code="MR-2200", quantity=Decimal(5))
        upload = bring(
            self.row("R/1", acme.row.number, "OLD/1", quantity="-2", net="-40"),
            self.row("R/2", acme.row.number, "A/1", quantity="-1", net="-100"),
            self.row("A/1", acme.row.number),
            heading=self.heading,
        )
        assert upload.state == "done", problems_of(upload)
        assert [lines()[n].reverses.line_number for n in ("R/1", "R/2")] == ["OLD/1", "A/1"]

    def test_it_may_also_name_none(self, bring, acme):
        upload = bring(self.row("R/1", acme.row.number, quantity="-2", net="-40"), heading=self.heading)
        assert (upload.state, lines()["R/1"].reverses) == ("done", None)

    @pytest.mark.parametrize(
        ("row", "field", "code"),
        [
            ({"reverses": "NONE/1", "quantity": "-1", "net": "-1"}, "reverses", "unknown_reversed_line"),
            ({"reverses": "OLD/1", "quantity": "1", "net": "1"}, "reverses", "only_returns_reverse"),
            ({"reverses": "R/1", "quantity": "-1", "net": "-1"}, "reverses", "reverses_itself"),
            ({"reverses": "BACK/1", "quantity": "-1", "net": "-1"}, "reverses", "reversed_is_return"),
            ({"reverses": "THEIRS/1", "quantity": "-1", "net": "-1"}, "reverses", "reversed_other_partner"),
            (
                {"reverses": "OLD/1", "product": "MR-4400", "quantity": "-1", "net": "-1"},
                "reverses", "reversed_other_product",
            ),
            ({"reverses": "OLD/1", "quantity": "-5", "net": "-1"}, "quantity", "reversed_too_much"),
        ],
    )  # fmt: skip
    def test_what_it_cannot_take_back(self, bring, acme, rival, products, row, field, code):
        old = SalesLineFactory(
            line_number="OLD/1", partner=acme.row, product=products[0], quantity=Decimal(5)
        )
        SalesLineFactory(line_number="BACK/1", partner=acme.row, product=products[0], quantity=Decimal(-1),
                         net_amount=Decimal(-10), reverses=old)  # fmt: skip
        SalesLineFactory(line_number="THEIRS/1", partner=rival.row, product=products[0])
        upload = bring(self.row("R/1", acme.row.number, **row), heading=self.heading)
        assert problems_of(upload) == [(2, field, code)]

    def test_two_returns_of_a_file_share_what_is_left(self, bring, acme):
        upload = bring(
            self.row("A/1", acme.row.number, quantity="3", net="300"),
            self.row("R/1", acme.row.number, "A/1", quantity="-2", net="-200"),
            self.row("R/2", acme.row.number, "A/1", quantity="-2", net="-200"),
            heading=self.heading,
        )
        assert problems_of(upload) == [(4, "quantity", "reversed_too_much")]
        assert "1 are left" in why(ImportRow.objects.get().findings[0])


def test_currency_customer_and_tax_are_checked(bring, acme):
    heading = [*HEADING, "currency", "tax_rate", "customer_number"]
    upload = bring(
        [*sale("A/1", acme.row.number, net="100.5"), "JPY", "13%", ""],
        [*sale("A/2", acme.row.number), "XYZ", "1.3", "EC-NONE"],
        heading=heading,
    )
    assert problems_of(upload) == [
        (2, "net_amount", "finer_than_currency"), (3, "currency", "not_a_currency"), (3, "tax_rate", "not_a_rate"),
        (3, "customer_number", "unknown_customer"),
    ]  # fmt: skip


def test_a_manager_imports_only_for_partners_that_are_hers(bring, acme, rival):
    from guardian.shortcuts import assign_perm

    user = UserFactory(role="channel_manager")
    assign_perm("partners.access_partner", user, acme.row)
    upload = bring(sale("A/1", acme.row.number), sale("A/2", rival.row.number), by=actor(user))
    assert problems_of(upload) == [(3, "partner_number", "unknown_partner")]
    with pytest.raises(NotAllowed):
        bring(sale("A/1", acme.row.number), by=acme.admin)


def test_a_dry_run_writes_nothing_and_counts(bring, acme):
    upload = bring(sale("A/1", acme.row.number), dry_run=True)
    assert (upload.good, upload.written, upload.state, lines()) == (1, 0, "discarded", {})
    assert Import.objects.count() == 1


def test_chinese_headings_gbk_and_semicolons_are_understood(bring, acme):
    heading = ["行号", "partner no", "SKU", "日期", "数量", "未税金额"]
    upload = bring(
        sale("甲/1", acme.row.number), heading=heading, name="s.csv", encoding="gbk", separator=";"
    )
    assert (upload.state, list(lines())) == ("done", ["甲/1"])


def test_a_gross_amount_is_kept_and_gives_the_net_one_where_that_is_missing(bring, acme, products):
    number = acme.row.number
    heading = [*HEADING[:5], "net_amount", "gross_amount", "tax_rate", "currency"]
    start = [number, "MR-2200", "2026-10-01", "2"]
    upload = bring(
        ["A/1", *start, "", "113000.00", "13%", ""],
        ["A/2", *start, "100.00", "113.01", "0.13", ""],
        ["A/3", *start, "", "1000", "10%", "JPY"],
        heading=heading,
    )
    assert (upload.written, upload.bad) == (3, 0)
    found = {name: (line.net_amount, line.gross_amount, line.tax_rate) for name, line in lines().items()}
    assert found == {
        "A/1": (Decimal("100000.00"), Decimal("113000.00"), Decimal("0.13")),
        "A/2": (Decimal("100.00"), Decimal("113.01"), Decimal("0.13")),
        "A/3": (Decimal("909.00"), Decimal("1000.00"), Decimal("0.1")),
    }
    again = bring(["A/2", *start, "100.00", "113.01", "0.13", ""], heading=heading)
    assert (again.written, again.bad) == (0, 0)
    other = bring(["A/2", *start, "100.00", "114.00", "0.13", ""], heading=heading)
    assert problems_of(other) == [(2, "line_number", "line_differs")]


def test_a_line_needs_one_of_both_amounts_and_both_have_the_quantitys_sign(bring, acme):
    heading = [*HEADING[:5], "net_amount", "gross_amount"]
    start = [acme.row.number, "MR-2200", "2026-10-01", "2"]
    upload = bring(
        ["A/1", *start, "", ""], ["A/2", *start, "1.00", "-1.13"], ["A/3", *start, "1.00", "1.131"], heading=heading
    )  # fmt: skip
    assert problems_of(upload)[:2] == [(2, "net_amount", "no_amount"), (3, "gross_amount", "signs_differ")]
    assert upload.written == 0


def test_a_date_that_is_said_later_is_no_same_line(bring, acme):
    heading, row = [*HEADING, "order_date", "ship_date"], sale("A/1", acme.row.number)
    assert bring([*row, "2026-09-28", ""], heading=heading).written == 1
    assert bring([*row, "2026-09-28", ""], heading=heading).bad == 0
    assert bring([*row, "", ""], heading=heading).bad == 0
    assert problems_of(bring([*row, "", "2026-10-02"], heading=heading)) == [
        (2, "line_number", "line_differs")
    ]
