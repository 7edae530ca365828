"""A file is understood and refused in the words of whoever brings it: headings, values as typed, reasons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from prm.spreadsheets import errors
from prm.spreadsheets.errorfile import rows_of
from prm.spreadsheets.matching import matched, names_of
from prm.spreadsheets.pages import reasons_of
from prm.spreadsheets.reading import open_table
from prm.spreadsheets.registry import kind_of, kinds
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from tests.spreadsheets.conftest import HEADING, sale

pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")
PAGE = Path(settings.BASE_DIR) / "docs/imports.md"


@pytest.fixture
def bring(write_file, products):
    def bring(*rows, heading=HEADING, kind="sales-lines", dry_run=False):
        path = write_file("file.csv", [heading, *rows])
        return import_file(kind=kind, path=path, by=CLERK, dry_run=dry_run)

    return bring


def test_a_chinese_file_of_sales_needs_no_matching_by_hand(bring, acme):
    heading = ["明细编号", "伙伴编号", "产品编码", "记账日期", "数量", "金额（元）", "币种"]
    upload = bring(
        ["A/1", acme.row.number, "MR-2200", "2026年10月1日", "２", "1,200.00", "人民币"], heading=heading
    )
    assert upload.state == "done", list(upload.rows.values_list("problems", "findings"))


def test_the_documented_headings_are_those_that_are_found():
    documented = re.findall(r"^\| ([a-z-]+) \| `(\w+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    said = {(kind, column): headings.split("、") for kind, column, headings in documented}
    known = {(kind.name, name): words.split() for kind in kinds() for name, words in kind.chinese.items()}
    assert said == known
    for (kind, column), headings in said.items():
        for heading in headings:
            assert matched(kind_of(kind), [heading]) == {column: 0}, heading


def test_no_heading_means_two_columns_of_one_file():
    for kind in kinds():
        names = [name for column in kind.columns for name in names_of(kind, column)]
        assert sorted(names) == sorted(set(names)), kind.name


def test_a_value_is_shown_as_it_was_typed(bring, acme):
    upload = bring(
        sale("A/1", acme.row.number, product="ＮＯＮＥ", quantity="０"),
        sale("A/2", acme.row.number, product="mr 9", net="1,200.5"),
    )
    with translation.override("en"):
        shown = {(reason.label, reason.value) for reason in reasons_of(upload)}
        cells = list(rows_of(upload))[1:]
    assert {("Product code", "ＮＯＮＥ"), ("Quantity", "０"), ("Product code", "mr 9")} <= shown
    assert cells[0][3] == "ＮＯＮＥ" and cells[1][6] == "1,200.5"


def test_reasons_are_said_in_the_readers_language(bring, acme):
    partners = ["编号", "名称", "类型"]
    upload = bring(["P-1", "蓝桥", "商店"], heading=partners, kind="partners")
    for language, choices in (("en", "distributor, reseller"), ("zh-hans", "分销商、经销商")):
        with translation.override(language):
            assert choices in reasons_of(upload)[0].why
            head, row = rows_of(upload)
            assert head[1:4] == partners and choices in row[-1]
    customers = ["客户编号", "客户名称", "税号"]
    upload = bring(
        ["EC-1", "杭州迅达物流有限公司", "91330106MA27X0C16A"], heading=customers, kind="customers"
    )
    with translation.override("zh-hans"):
        assert re.search("[\u4e00-\u9fff]", reasons_of(upload)[0].why)


def test_a_line_that_differs_names_the_columns_as_people_know_them(bring, acme):
    bring(sale("A/1", acme.row.number))
    upload = bring(sale("A/1", acme.row.number, quantity="3"))
    with translation.override("en"):
        assert "differs in: Quantity" in reasons_of(upload)[0].why


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", errors.NotATable),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", errors.NotATable),
        (b"\x00\x00\x00\x18ftypheic", errors.NotATable),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", errors.OldWorkbook),
    ],
)
def test_what_is_no_table_is_told_what_to_do_instead(tmp_path, content, error):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(error) as refused, open_table(tmp_path / "x.csv"):
        pass
    with translation.override("en"):
        assert "save it as .xlsx" in refused.value.text.lower()


@pytest.mark.parametrize(
    "content", [b"\xff\x81\xff\xfe" * 40, b"\x00\x01PK\x03\x04" * 40, b"PK\x03\x04 cut off"]
)
def test_a_workbook_that_is_damaged_is_called_damaged_and_no_text(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(errors.DamagedFile), open_table(tmp_path / "x", "Ledger.XLSX"):
        pass
