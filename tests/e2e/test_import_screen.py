"""Sales lines from a spreadsheet, on the screen: bad rows are named, nothing is half-written, then all goes in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.office import Office, paused, press

HEADING = ["line_number", "partner_number", "product_code", "booking_date", "quantity", "net_amount"]
GOOD = [
    ["A/1", "P-1001", "MR-2200", "2026-10-01", "2", "2000.00"],
    ["A/2", "P-1002", "WX-10", "2026-10-02", "1", "400.00"],
]
BAD = [
    ["A/3", "P-7777", "MR-2200", "2026-10-03", "1", "1000.00"],
    ["A/4", "P-1001", "MR-2200", "3 Okt", "1", "1000.00"],
]
CORRECTED = [
    ["A/3", "P-1001", "MR-2200", "2026-10-03", "1", "1000.00"],
    ["A/4", "P-1001", "MR-2200", "2026-10-04", "1", "1000.00"],
]


def test_bad_rows_are_named_and_the_corrected_file_is_imported(
    office: Office, cast: Any, tmp_path: Path
) -> None:
    page = office.enter("finance")
    bring_in(page, write(tmp_path / "october.csv", GOOD + BAD))
    expect(page.get_by_role("heading", name="2 of 4 rows cannot be imported")).to_be_visible()
    reasons = page.get_by_role("region", name="Bad rows")
    for row, field, value, why in (
        ("4", "partner number", "P-7777", "No partner has this number."),
        ("5", "booking date", "3 Okt", ""),
    ):
        line = reasons.get_by_role("row").filter(has_text=value)
        for told in (row, field, why):
            expect(line).to_contain_text(told, ignore_case=True)
    with page.expect_download() as download:
        press(page, "as CSV")
    errors = download.value.path().read_text(encoding="utf-8-sig")
    assert "P-7777" in errors and "No partner has this number." in errors and "A/1" not in errors
    assert lines_on_file() == set()

    press(page, "Upload a corrected file")
    bring_in(page, write(tmp_path / "october-2.csv", GOOD + CORRECTED))
    expect(page.get_by_role("heading", name="All 4 rows are good")).to_be_visible()
    with paused(office.stack):
        press(page, "Import 4 rows")
        expect(page.locator("#import-progress")).to_be_visible()
        assert lines_on_file() == set()
    expect(page.get_by_role("heading", name="4 rows imported")).to_be_visible()
    assert lines_on_file() == {"A/1", "A/2", "A/3", "A/4"}
    page.goto("/sales/")
    expect(page.get_by_text("¥4,400.00").filter(visible=True).first).to_be_visible()


def bring_in(page: Page, path: Path) -> None:
    """Choose the file, keep the columns that were recognised, have it checked."""
    if "/imports/new/" not in page.url:
        page.goto("/imports/new/")
    page.get_by_label("What is in it").select_option("sales-lines")
    page.get_by_label("File", exact=False).set_input_files(path)
    press(page, "Upload")
    expect(page.get_by_role("heading", name="Which column holds what?")).to_be_visible()
    press(page, "Check 4 rows")


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADING, *rows])
    return path


def lines_on_file() -> set[str]:
    from orders.models import SalesLine

    return set(SalesLine.objects.for_everyone(because="a test").values_list("line_number", flat=True))
