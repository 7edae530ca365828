"""Whatever is changed in a recompute kit is named: a cent of a line, a line, a payment, a stated sum or a file."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import pytest
from django.db import transaction

from rebates import partner_pools, sums, verifier, verifier_files
from rebates.kit import recompute_kit
from rebates.models import Statement
from rebates.services import pay_statement
from tests.conftest import LONG
from tests.rebates import world
from tests.rebates.measured import FIGURES, registered
from tests.rebates.test_agrees_with_oracle import World
from tests.rebates.test_recompute_kit import repack, statements, unpacked, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(acme, finance, tmp_path) -> Path:
    """October, with September paid in two parts: lines whose cents the rounding swallows, an August line, a return."""
    flat = {"kind": "flat", "rate": "0.1%"}
    world.catalogue("routing", "security")
    world.apply(world.policy("core"), world.policy("tiny", mechanism=flat, returns="by_origin"))
    for amount, on in (("80000.00", "2026-08-10"), ("120000.01", "2026-09-10"), ("396.00", "2026-09-11")):
        world.sell(acme, amount, on)
    world.settle("2026-09")
    (first,) = statements(acme)
    for amount in ("1000.00", "500.00"):
        pay_statement(statement=first, amount=Decimal(amount), by=finance)
    world.sell(acme, "260000.00", "2026-10-05", line="security")
    world.sell(acme, "-500.00", "2026-10-09")
    world.settle("2026-10")
    return unpacked(statements(acme)[1], tmp_path)


def differing(folder: Path) -> list[str]:
    said = verify(folder)
    found = [line.partition(" | ")[0] for line in said.stdout.splitlines() if line.startswith("DIFFERS")]
    assert said.returncode == (1 if found else 0), said.stdout + said.stderr
    return found


def rows_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "lines.csv").read_text())))


def write_rows(folder: Path, rows: list[dict[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / "lines.csv").write_text(out.getvalue())


def a_cent(rows: list[dict[str, str]], at: int) -> None:
    rows[at]["amount"] = f"{float(rows[at]['amount']) + 0.01:.2f}"


def test_a_file_that_was_changed_so_that_nothing_can_be_read_is_named_all_the_same(folder):
    rows = rows_of(folder)
    rows[1]["day"] = "1.00"
    write_rows(folder, rows)
    said = verify(folder)
    assert said.returncode == 2
    assert "DIFFERS" in said.stdout and "lines.csv" in said.stdout
    assert "cannot be read" in said.stderr


def test_an_honest_kit_says_that_its_files_are_those_that_were_packed(folder):
    said = verify(folder)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "agrees   every file has the SHA-256 that SHA256SUMS lists" in said.stdout
    assert "agrees   core, paid: stated 1500.00, here 1500.00" in said.stdout
    assert result(folder) == ("Everything agrees.", "全部一致。")


def result(folder: Path) -> tuple[str, str]:
    """The last word of the verifier, in English and in Chinese."""
    english, chinese = verify(folder).stdout.splitlines()[-2:]
    assert english.startswith("RESULT   ") and chinese.startswith("结论     ")
    return english.removeprefix("RESULT   "), chinese.removeprefix("结论     ")


def test_a_changed_file_is_the_one_thing_that_is_said_whatever_its_figures_say(folder):
    rows = rows_of(folder)
    a_cent(rows, next(at for at, row in enumerate(rows) if row["amount"] == "396.00"))
    write_rows(folder, rows)
    shown = verify(folder).stdout
    assert "every file has" not in shown
    before, _said, after = shown.partition("what follows is what they say now")
    assert "DIFFERS  lines.csv" in before and "agrees   " in after  # the rounding swallows the cent
    english, chinese = result(folder)
    assert (
        "changed after it was packed: files that are not as listed: 1." in english
        and "Download it again" in english
    )
    assert "1 个文件与清单不符" in chinese and "请重新下载" in chinese


def test_figures_that_were_made_to_fit_the_manifest_are_not_called_those_that_were_packed(folder):
    kit = json.loads((folder / "kit.json").read_text())
    kit["results"][0]["earned"] = "99999.00"
    (folder / "kit.json").write_text(json.dumps(kit))
    repack(folder)
    shown = verify(folder).stdout
    assert "packed" not in shown.partition("RESULT")[0]
    english, chinese = result(folder)
    assert (
        "this is not the statement that was issued" in english.lower() and "这不是当时出具的对账单" in chinese
    )


def test_where_only_figures_differ_it_says_how_many_and_what_to_do(folder):
    rows = rows_of(folder)
    a_cent(rows, next(at for at, row in enumerate(rows) if row["amount"] == "260000.00"))
    write_rows(folder, rows)
    repack(folder)
    count = len(differing(folder))
    english, chinese = result(folder)
    assert count > 1 and english.startswith(f"{count} figures are not what the policies pay")
    assert "disputed" in english
    assert chinese.startswith(f"{count} 个数字") and "提出争议" in chinese


def test_a_cent_of_any_line_is_named_though_the_rounding_swallows_it(folder):
    for at in range(len(rows_of(folder))):
        honest, rows = (folder / "lines.csv").read_bytes(), rows_of(folder)
        a_cent(rows, at)
        write_rows(folder, rows)
        assert any("lines.csv: it was changed since it was packed" in line for line in differing(folder)), at
        (folder / "lines.csv").write_bytes(honest)
    assert differing(folder) == []


def test_a_cent_that_moves_no_figure_moves_the_paid_base_though_the_manifest_was_made_to_fit(folder):
    rows = rows_of(folder)
    at = next(number for number, row in enumerate(rows) if row["amount"] == "260000.00")
    a_cent(rows, at)
    write_rows(folder, rows)
    repack(folder)
    found = differing(folder)
    assert any(
        "tiny 2026-10-01" in line and "base: stated 259500.000, here 259500.010" in line for line in found
    )
    assert not any("computed" in line for line in found if "tiny" in line)


def test_a_deleted_line_is_named(folder):
    rows = [row for row in rows_of(folder) if not row["amount"].startswith("260000")]
    write_rows(folder, rows)
    assert any("lines.csv" in line for line in differing(folder))
    repack(folder)
    assert any("number of lines: stated 2, here 1" in line for line in differing(folder))


def test_a_changed_payment_is_named(folder):
    text = (folder / "kit.json").read_text()
    (folder / "kit.json").write_text(text.replace('"amount": "500.00"', '"amount": "500.01"'))
    assert any("kit.json: it was changed" in line for line in differing(folder))
    repack(folder)
    assert differing(folder) == ["DIFFERS  core, paid: stated 1500.00, here 1500.01"]


def test_a_missing_file_and_a_missing_manifest_are_said(folder):
    (folder / "README.txt").unlink()
    assert differing(folder) == ["DIFFERS  README.txt: it is missing"]
    (folder / verifier_files.MANIFEST).unlink()
    said = verify(folder)
    assert said.returncode == 2 and verifier_files.MANIFEST in said.stderr


def test_it_is_started_from_anywhere(folder, tmp_path):
    import subprocess
    import sys

    said = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py")],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr


def _changed(random: Random, kit: dict[str, Any]) -> str:
    """One stated figure of a result, or of what came over, made another one; returns what it was called."""
    one = random.choice(kit["results"])
    name = random.choice(["qualifier", "base", "band", "line_count", "computed", "earned"])
    if name in ("band", "line_count"):
        one[name] += 1
    else:
        one[name] = (
            f"{float(one[name]) + 0.01:.3f}"
            if name in ("qualifier", "base")
            else f"{float(one[name]) + 1:.2f}"
        )
    return name


def test_random_changes_are_all_named(folder):
    random, honest = Random(20261127), {path.name: path.read_bytes() for path in folder.iterdir()}
    for number in range(400 if LONG else 18):
        rows = rows_of(folder)
        how = random.choice(["cent", "deleted", "twice", "figure", "payment", "byte"])
        at = random.randrange(len(rows))
        if how == "cent":
            a_cent(rows, at)
        elif how == "deleted":
            del rows[at]
        elif how == "twice":
            rows.append(rows[at] | {"line": str(len(rows) + 1)})
        if how in ("cent", "deleted", "twice"):
            write_rows(folder, rows)
        elif how == "byte":
            path = folder / random.choice(["credits.csv", "payments.csv", "serials.csv", "说明.txt"])
            path.write_bytes(path.read_bytes() + b" ")
        else:
            kit = json.loads((folder / "kit.json").read_text())
            if how == "figure":
                _changed(random, kit)
            else:
                random.choice(kit["paid_before"])["amount"] = "0.01"
            (folder / "kit.json").write_text(json.dumps(kit))
            repack(folder)
        said = verify(folder)
        named = any(line.startswith("DIFFERS") for line in said.stdout.splitlines())
        assert said.returncode in (1, 2) and (named or said.stderr), (number, how, at)
        for name, content in honest.items():
            (folder / name).write_bytes(content)


def complaints_of(statement: Statement) -> list[str]:
    """The kit's own files, read as `verify.py` reads them, in this process."""
    file = zipfile.ZipFile(io.BytesIO(recompute_kit(statement)))

    def rows(name: str) -> Any:
        return csv.DictReader(io.StringIO(file.read(name).decode()))

    lines = verifier.with_serials(verifier.read_lines(rows("lines.csv")), rows("serials.csv"))
    credits = verifier.read_credits(rows("credits.csv"), verifier.line_of)
    receipts = verifier.read_receipts(rows("payments.csv"))
    said: list[str] = []
    kit = json.loads(file.read("kit.json"))
    verifier.complaints(kit, lines + credits, receipts, said.append)
    return [line for line in said if line.startswith("DIFFERS")]


@pytest.mark.parametrize("seed", range(40 if LONG else 4))
def test_qualifier_base_band_and_lines_agree_whatever_the_programmes(seed):
    """Up to 8 random programmes and 40 partners; the kits of the close and of the one that adjusts it."""
    with ExitStack() as stack, transaction.atomic(), mock.patch.object(sums, "SIDE_BY_SIDE", seed % 2 * 40):
        stack.enter_context(registered())
        with mock.patch.object(partner_pools, "LEAST_MEMBERS", 0):  # or publication refuses small groups
            made = World(seed)
        if seed % 4 < 2:
            stack.enter_context(mock.patch.object(partner_pools, "LEAST_MEMBERS", 0))
        FIGURES.clear()
        FIGURES.update(made.asked)
        made.store(late=False)
        for month in ("2026-07", "2026-08", "2026-09"):
            world.settle(month)
        made.store(late=True)
        world.settle("2026-10")
        rows = Statement.objects.for_everyone(because="a test").select_related("run", "partner")
        for statement in rows.filter(starts__gte="2026-09-01"):
            assert complaints_of(statement) == [], (seed, statement.number)
        transaction.set_rollback(True)
