import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

import csv  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
import xlsxwriter  # noqa: E402

from tests.cast import acme, administrator, finance, manager, rival  # noqa: E402

__all__ = ["acme", "administrator", "finance", "manager", "rival"]


@pytest.fixture
def write_file(tmp_path):
    """`write_file("a.csv", [heading, row, …])` gives the path; .xlsx by its name, other encodings by `encoding=`."""

    def write(name: str, rows: list[list], *, encoding: str = "utf-8", separator: str = ",") -> Path:
        path = tmp_path / name
        if name.endswith(".xlsx"):
            book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
            sheet = book.add_worksheet()
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
            book.close()
        else:
            with path.open("w", encoding=encoding, newline="") as file:
                csv.writer(file, delimiter=separator).writerows(rows)
        return path

    return write


@pytest.fixture
def products(db):
    from tests.factories.catalogue import ProductFactory

    return [ProductFactory(code=code) for code in ("MR-2200", "MR-4400")]


HEADING = ["line_number", "partner_number", "product_code", "booking_date", "quantity", "net_amount"]


def sale(
    number: str,
    partner: str,
    *,
    product: str = "MR-2200",
    day: str = "2026-10-01",
    quantity="2",
    net="200.00",
):
    return [number, partner, product, day, quantity, net]


def problems_of(upload) -> list[tuple]:
    """(row, field, code) of each problem, in order."""
    return [
        (row.number, problem["field"], problem["code"])
        for row in upload.rows.filter(verdict="bad").order_by("number")
        for problem in (row.problems or []) + (row.findings or [])
    ]
