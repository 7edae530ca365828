"""A partner computes its statement anew, without the product: every cent agrees, and what was changed does not."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from prm.audit.models import AuditEntry
from prm.ui import formats
from rebates import kit, verifier_files
from rebates.kit import recompute_kit
from rebates.models import Result, Statement
from rebates.statement_book import sheets_of as sheets_of_statement
from tests.rebates import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def settled(acme, rival):
    """September settled, then October with two late lines of September; each programme of another mechanism."""
    mix = {"kind": "mix", "focus": ["security"], "bands": [{"from": "0.2", "rate": "1.5%"}]}
    flat = {"kind": "flat", "rate": "4%"}
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "0.1", "rate": "3%"}]}
    world.catalogue("routing", "security")
    world.sell(rival, "55000.00", "2026-09-01")
    world.apply(
        world.policy("core"),
        world.policy("all", kind="retroactive", late={"grace_days": 3}),
        world.policy("grow", mechanism=growth, baseline={"kind": "prior_period", "new_partner": "skip"}),
        world.policy("mix", mechanism=mix),
        world.policy(
            "net", mechanism=flat | {"rate": "1%"}, stacking={"kind": "net_of", "programmes": ["core"]}
        ),
        world.policy("top", mechanism=flat, caps=[{"on": "payout", "amount": "3000"}]),
        world.policy(
            "unit",
            mechanism={"kind": "spif", "per": "unit", "amount": "12.50"},
            qualify={"product_lines": ["security"]},
        ),
    )
    for amount, on, line in (
        ("80000.00", "2026-08-10", "routing"),
        ("120000.01", "2026-09-10", "routing"),
        ("40000.00", "2026-09-11", "security"),
        ("-1234.56", "2026-09-20", "routing"),
    ):
        world.sell(acme, amount, on, line=line)
    world.settle("2026-09")
    world.sell(acme, "12000.00", "2026-09-30")
    world.sell(acme, "-500.00", "2026-09-30")
    world.sell(acme, "260000.00", "2026-10-05", line="security")
    world.settle("2026-10")
    return acme


def unpacked(statement: Statement, folder: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(recompute_kit(statement))).extractall(folder)
    return folder


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    """As a stranger's machine would: nothing but Python and the folder."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "verify.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={},
        check=False,
    )


def repack(folder: Path) -> None:
    """As somebody who knows the manifest would: each file's sum is made to fit."""
    names = [line.split("  ")[1] for line in (folder / verifier_files.MANIFEST).read_text().splitlines()]
    files = [(name, (folder / name).read_bytes()) for name in names if (folder / name).exists()]
    (folder / verifier_files.MANIFEST).write_text(verifier_files.manifest_of(files))


def statements(partner) -> list[Statement]:
    rows = Statement.objects.for_everyone(because="a test").filter(partner=partner.row)
    return list(rows.select_related("run", "partner").order_by("starts"))


def test_every_figure_of_every_statement_agrees_late_lines_included(settled, tmp_path):
    found = statements(settled)
    assert len(found) == 2 and found[1].adjusted != 0
    for statement in found:
        said = verify(unpacked(statement, tmp_path / statement.number))
        assert said.returncode == 0, said.stdout + said.stderr
        assert "Everything agrees." in said.stdout and statement.digest in said.stdout
        for programme in ("core", "all", "grow", "mix", "unit", "net", "top"):
            assert f"agrees   {programme} {statement.starts}" in said.stdout


def test_a_changed_line_policy_or_figure_is_found(settled, tmp_path):
    statement = statements(settled)[0]
    for number, (file, old, new, named) in enumerate(
        (
            ("lines.csv", "120000.01", "130000.01", "core"),
            ("kit.json", '"rate": "0.03"', '"rate": "0.04"', "2026-09-01"),
            ("kit.json", f'"closing": "{statement.closing:.2f}"', '"closing": "1.00"', "closing"),
            (
                "kit.json",
                '"tier": "gold"',
                '"tier": "iron"',
                "kit.json: it was changed",
            ),  # the tier is no figure
        )
    ):
        folder = unpacked(statement, tmp_path / str(number))
        text = (folder / file).read_text()
        assert old in text, old
        (folder / file).write_text(text.replace(old, new, 1))
        said = verify(folder)
        assert said.returncode == 1, said.stdout
        assert any(named in line for line in said.stdout.splitlines() if line.startswith("DIFFERS"))
    assert verify(tmp_path).returncode == 2


def test_the_kit_holds_the_partners_own_lines_only_under_numbers_of_its_own(settled, tmp_path):
    folder = unpacked(statements(settled)[1], tmp_path)
    rows = (folder / "lines.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == [str(number) for number in range(1, 8)]
    assert "55000" not in "".join(path.read_text() for path in folder.iterdir())
    assert "重新计算" in (folder / "说明.txt").read_text()


def test_its_own_side_and_finance_download_it_and_a_rival_does_not(settled, rival, finance, browse):
    statement = statements(settled)[0]
    address = f"/statements/{statement.number}/recompute.zip"
    for reader in (settled.sales, finance):
        client = browse(reader)
        assert f'href="{address}"' in client.get(statement.get_absolute_url()).content.decode()
        answer = client.get(address)
        assert (
            answer["Content-Type"] == "application/zip"
            and zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
        )
    assert browse(rival.sales).get(address).status_code == 404


@pytest.mark.parametrize(
    "first",
    [
        "FIRST_HEAD = 1",
        "_words = 1",
        "Read: int = 1",
        "@cache\ndef one(): ...",
        "try:\n    one = 1\nfinally: ...",
    ],
)
def test_a_part_of_the_verifier_is_all_that_follows_its_imports(first):
    head = '"""X = 1: a docstring."""\n\nfrom __future__ import annotations\n\nfrom a import (\n    B,\n)\n\n'
    rest = f"{first}\n\n\nLAST = 2\n"
    assert kit.body_of(head + rest) == rest
    assert kit.body_of(rest) == rest


def test_the_verifier_shares_nothing_with_the_product():
    tree = ast.parse(kit.stand_alone())
    names = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names) | {"__future__"}


def test_the_statement_is_a_spreadsheet_and_data_too(settled, rival, browse):
    statement = statements(settled)[1]
    client = browse(settled.sales)
    address = statement.get_absolute_url()
    data = client.get(f"{address}statement.json").json()
    assert data["statement"]["closing"] == f"{statement.closing:.2f}"
    assert {one["programme"] for one in data["results"]} == {
        "core",
        "all",
        "grow",
        "mix",
        "net",
        "top",
        "unit",
    }
    assert data["statement"]["carried"]["core"] == {"opening": "3762.96", "paid": "0"}
    rows = sheets_of(client.get(f"{address}statement.xlsx"))["Statement"]
    said = {row[0]: row[1] for row in rows[:8]}
    assert (said["Statement"], said["Partner number"]) == (statement.number, statement.partner.number)
    assert (said["Period"], said["Currency"], said["State"]) == ("October 2026", "CNY", "To be paid")
    head = next(at for at, row in enumerate(rows) if row[0] == "Programme")
    assert rows[head][:3] == ["Programme", "Code", "Opening"] and rows[-1][0] == "Total"
    assert rows[-1][4] == float(statement.earned)
    assert sum(row[4] for row in rows[head + 1 : -1]) == pytest.approx(rows[-1][4])
    for name in ("statement.json", "statement.xlsx"):
        assert browse(rival.sales).get(f"{address}{name}").status_code == 404


def sheets_of(answer) -> dict[str, list[list]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_workbook_explains_each_figure_and_lists_the_lines_behind_it(settled, browse):
    statement = statements(settled)[1]
    sheets = sheets_of(browse(settled.sales).get(f"{statement.get_absolute_url()}statement.xlsx"))
    assert list(sheets) == ["Statement", "How it came about", "Lines"]
    ends = {(row[1], row[2], row[3]): row[10] for row in sheets["How it came about"] if row[6] == "Result"}
    figures = Result.objects.for_everyone(because="a test").filter(run=statement.run, partner=settled.row)
    assert ends == {
        (one.programme.code, formats.period(one.period), one.get_kind_display()): float(one.amount)
        for one in figures.select_related("programme")
    }
    core = [row for row in sheets["How it came about"] if row[1] == "core" and row[3] == "Earned"]
    assert [row[8:11] for row in core if row[6] == "The arithmetic"][:2] == [
        [100_000, 0.02, 2000], [150_000, 0.03, 4500],
    ]  # fmt: skip
    lines = [row for row in sheets["Lines"] if row[1] == "core" and row[3] == "Adjusted"]
    assert [row[10] for row in lines] == [120000.01, 40000, -1234.56, 12000, -500]
    assert lines[0][8] == "routing-1"  # by which a dispute's upload matches
    assert lines[0][5] == date(2026, 9, 10) and lines[0][4].startswith("TEST-")
    assert {row[12] for row in lines} == {"paid on"}


def test_more_lines_ask_no_more_of_the_database(acme, rival):
    world.apply(world.policy(), world.policy("second", kind="retroactive"))
    world.sell(acme, "1000.00", "2026-09-01")
    for day in range(1, 29):
        world.sell(rival, "1000.00", f"2026-09-{day:02}")
    world.settle("2026-09")
    counts = []
    for partner in (acme, rival):
        with CaptureQueriesContext(connection) as asked:
            read = [list(sheet.lines) for sheet in sheets_of_statement(statements(partner)[0], partner.admin)]
        counts.append((len(read[2]), len(asked)))
    assert [lines for lines, _asked in counts] == [2, 56] and counts[0][1] == counts[1][1]


def test_the_workbook_speaks_the_readers_language(settled, browse):
    client = browse(settled.sales)
    client.cookies["django_language"] = "zh-hans"
    sheets = sheets_of(client.get(f"{statements(settled)[1].get_absolute_url()}statement.xlsx"))
    assert list(sheets) == ["对账单", "计算过程", "明细"]
    assert (
        sheets["计算过程"][0][9] == "比率" and "汇率" not in sheets["计算过程"][0]
    )  # of a band, not of exchange
    assert {row[12] for row in sheets["明细"][1:]} == {"计返"}


def test_money_shows_its_cents_in_the_workbook(settled, browse):
    answer = browse(settled.sales).get(f"{statements(settled)[1].get_absolute_url()}statement.xlsx")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    codes = dict(re.findall(r'numFmtId="(\d+)" formatCode="([^"]+)"', styles))
    formats_of = re.findall(r'<xf numFmtId="(\d+)"', styles[styles.index("<cellXfs") :])
    cells = re.findall(r'<c r="[C-I](\d+)" s="(\d+)"><v>', sheet)
    assert cells and {codes[formats_of[int(style)]] for _row, style in cells} == {"#,##0.00"}


def test_the_trail_keeps_who_took_it_away(settled, finance, browse):
    statement = statements(settled)[0]
    client = browse(finance)
    for name in ("recompute.zip", "statement.json", "statement.xlsx"):
        client.get(f"{statement.get_absolute_url()}{name}")
    kept = [row.reason_said for row in AuditEntry.objects.filter(verb="exported").order_by("id")]
    assert kept == [f"Recompute kit of {statement.number}", statement.number, statement.number]


def test_what_a_programme_may_cost_is_not_told_to_partners(acme, browse):
    world.apply(world.policy(budget={"amount": 70_007}))
    world.sell(acme, "1000.00", "2026-09-01")
    world.settle("2026-09")
    (statement,) = Statement.objects.for_everyone(because="a test").select_related("run", "partner")
    file = zipfile.ZipFile(io.BytesIO(recompute_kit(statement)))
    told = (
        file.read("kit.json").decode()
        + browse(acme.admin).get(f"{statement.get_absolute_url()}statement.json").content.decode()
    )
    assert "70007" not in told and "budget" not in told


def test_every_line_of_the_verifier_says_it_in_chinese_too(settled, tmp_path):
    statement = statements(settled)[-1]
    folder = unpacked(statement, tmp_path)
    lines = [
        one
        for one in verify(folder).stdout.splitlines()
        if one.startswith(("agrees  ", "stated  ", "agreed  "))
    ]
    assert lines
    for line in lines:
        english, _bar, chinese = line.partition(" | ")
        assert english and chinese.startswith(("一致 ", "列示 ", "约定 ")), line
        assert not re.search(
            r"\b(agrees|stated|here|computed|earned|excluded|band|paid|every|statement)\b", chinese
        )
    (folder / "lines.csv").write_text("nothing", encoding="utf-8")
    shown = verify(folder)
    assert "不一致 lines.csv：打包后被改动" in shown.stdout
