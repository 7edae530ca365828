"""Files that lie, break or try to do harm end with one sentence."""

from __future__ import annotations

import zipfile

import pytest

from prm.spreadsheets import cells, errors, reading
from prm.spreadsheets.errorfile import harmless
from prm.spreadsheets.reading import open_table
from prm.spreadsheets.registry import BadValue

SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


def read(path):
    with open_table(path) as table:
        return table.header, list(table.rows)


@pytest.fixture
def workbook(tmp_path):
    """A workbook by hand, with whatever stands in its sheet."""

    def write(inside: str):
        path = tmp_path / "book.xlsx"
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        package = "http://schemas.openxmlformats.org/package/2006"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"/>')
            book.writestr(
                "_rels/.rels",
                f'<Relationships xmlns="{package}/relationships">'
                f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            )
            book.writestr(
                "xl/workbook.xml",
                f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
                '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
            )
            book.writestr(
                "xl/_rels/workbook.xml.rels",
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{office}/worksheet" '
                'Target="worksheets/sheet1.xml"/></Relationships>',
            )
            book.writestr("xl/worksheets/sheet1.xml", SHEET.format(inside))
        return path

    return write


def row(number: int, *texts: str) -> str:
    inside = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)
    return f'<row r="{number}">{inside}</row>'


def test_a_plain_workbook_by_hand_is_read(workbook):
    assert read(workbook(row(1, "a", "b") + row(2, "1", "2"))) == (["a", "b"], [(2, ["1", "2"])])


def test_a_cell_at_the_far_corner_costs_no_memory(workbook):
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises((errors.DamagedFile, errors.TooManyRows, errors.TooManyColumns)):
        read(workbook(row(1, "a") + far))


def test_a_workbook_that_unpacks_without_end_is_refused(workbook, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES_INSIDE", 1_000_000)
    with pytest.raises(errors.DamagedFile):
        read(workbook(row(1, "a" * 2_000_000)))


def test_a_formulas_last_result_is_read_and_nothing_is_run(workbook):
    cell = '<row r="2"><c r="A2" t="str"><f>HYPERLINK("http://example.com")</f><v>shown</v></c></row>'
    assert read(workbook(row(1, "a") + cell))[1] == [(2, ["shown"])]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", errors.NoRows),
        (b"%PDF-1.7 and so on", errors.UnknownFormat),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old .xls", errors.OldWorkbook),
        (b"PK\x03\x04 and then nothing of the kind", errors.DamagedFile),
        (b"a,b\n1,\x81\x20\xff\xff\n", errors.UnknownEncoding),
        (b",,,\n", errors.NoHeading),
        (b'a,b\n1,"never closed\n', errors.BrokenRow),
        (b"a,b\n1," + b"x" * 20_000 + b"\n", errors.BrokenRow),
        (b"a" + b"," * 300 + b"b\n1\n", errors.TooManyColumns),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, content, error):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(error) as refused:
        read(path)
    assert "%(" not in refused.value.text


def test_an_archive_without_a_sheet_is_no_spreadsheet(tmp_path):
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no sheet")
    with pytest.raises(errors.UnknownFormat):
        read(path)


def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    path = tmp_path / "x.csv"
    path.write_text("a\n1\n2\n3\n4\n5\n")
    with pytest.raises(errors.TooManyRows):
        read(path)


def test_encodings_separators_and_empty_rows(tmp_path):
    path = tmp_path / "x.csv"
    for encoding in ("utf-8", "utf-8-sig", "gbk", "utf-16"):
        path.write_text("名称;数量\n\n路由器;2\n;\n交换机;3\n", encoding=encoding)
        assert read(path) == (["名称", "数量"], [(3, ["路由器", "2"]), (5, ["交换机", "3"])])


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_dangerous_cells_get_an_apostrophe(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-12.50", "12", "text", "2026-10-01", ""])
def test_harmless_cells_stay(cell):
    assert harmless(cell) == cell


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12,400.50", "12400.50"),
        ("¥ 12", "12.00"),
        ("１２．５", "12.50"),
        ("−3", "-3.00"),
        ("1'000", "1000.00"),
        ("12 元", "12.00"),
    ],
)
def test_amounts_as_people_type_them(cell, value):
    assert cells.amount(places=2)(cell) == value


@pytest.mark.parametrize("cell", ["1,2,3", "1.2.3", "0x10", "1_000", "inf", "--3", "1e9999999", "٣x", "=3"])
def test_what_is_no_amount(cell):
    with pytest.raises(BadValue):
        cells.amount(places=2)(cell)


@pytest.mark.parametrize(
    "cell", ["2026-10-01", "2026/10/1", "20261001", "2026年10月1日", "2026-10-01 00:00:00"]
)
def test_days_as_people_type_them(cell):
    assert cells.day()(cell) == "2026-10-01"
