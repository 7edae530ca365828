"""conflict_check: many names from a file."""

from __future__ import annotations

import csv

import pytest
from django.core.management import CommandError, call_command

from prm.customers.services import create_customer
from prm.values.actor import Actor

FULL = "深圳市盛弘电气股份有限公司"
USCC = "91440300708461136T"


@pytest.fixture
def check(tmp_path, tenant):
    """`check(text)` writes the file, runs the command, and returns (exit status, rows)."""

    def run(text: str, *options: str):
        source, target = tmp_path / "names.csv", tmp_path / "verdicts.csv"
        source.write_text(text, encoding="utf-8")
        status = 0
        try:
            call_command("conflict_check", tenant.slug, "--file", str(source), "--out", str(target), *options)
        except CommandError as refused:
            status = refused.returncode
        rows = list(csv.DictReader(target.open(encoding="utf-8"))) if target.exists() else None
        return status, rows

    return run


def on_file(name, **known):
    return create_customer(name=name, by=Actor.command("tests"), **known)


def test_each_row_gets_its_best_matches(check):
    customer = on_file(FULL, tax_number=USCC, domain="sinexcel.com")
    for place in ("北京", "上海", "广州"):
        on_file(f"{place}盛弘电气有限公司")
    status, rows = check(
        "name,tax_number,domain,region\n"
        f"盛弘電氣,{USCC},,\n"
        f"{FULL},,www.sinexcel.com,深圳\n"
        "Nobody Knows Ltd,,,\n",
        "--top", "2",
    )  # fmt: skip
    assert status == 0
    assert list(rows[0]) == ["query_row", "rank", "customer_number", "score", "verdict", "reasons"]
    assert [(row["query_row"], row["rank"]) for row in rows] == [
        ("1", "1"),
        ("1", "2"),
        ("2", "1"),
        ("2", "2"),
        ("3", "1"),
    ]
    assert rows[0]["customer_number"] == rows[2]["customer_number"] == customer.number
    assert {rows[0]["verdict"], rows[2]["verdict"]} == {"blocked"}
    assert (rows[4]["customer_number"], rows[4]["score"], rows[4]["verdict"]) == ("", "0", "clear")
    weights = [int(reason.rpartition(" ")[2]) for reason in rows[2]["reasons"].split("; ")]
    assert sum(weights) == int(rows[2]["score"])


def test_a_value_that_cannot_be_is_left_out_and_told_by_the_exit_status(check, capsys):
    customer = on_file(FULL)
    status, rows = check(f"name,tax_number,domain,region\n{FULL},91440300708461136A,not a domain,\n")
    assert status == 1
    assert rows[0]["customer_number"] == customer.number
    told = capsys.readouterr().err
    assert "row 1: tax_number" in told
    assert "row 1: domain" in told


def test_only_the_name_must_be_there(check):
    status, rows = check("name\nApex\n")
    assert status == 0
    assert [list(row.values()) for row in rows] == [["1", "1", "", "0", "clear", ""]]


@pytest.mark.parametrize("text", ["company\nApex\n", ""])
def test_a_file_without_names_is_refused_and_leaves_nothing(check, text):
    assert check(text) == (2, None)


def test_many_rows_keep_their_numbers(check):
    on_file(FULL)
    status, rows = check("name\n" + f"{FULL}\nApex\n" * 130)
    assert status == 0
    assert [int(row["query_row"]) for row in rows] == list(range(1, 261))
    assert [row["verdict"] for row in rows] == ["blocked", "clear"] * 130


def test_what_cannot_be_called_is_a_usage_error(check, tmp_path, tenant):
    assert check("name\nApex\n", "--top", "0")[0] == 2
    with pytest.raises(CommandError) as refused:
        call_command(
            "conflict_check", tenant.slug, "--file", "/nowhere.csv", "--out", str(tmp_path / "out.csv")
        )
    assert refused.value.returncode == 2
    with pytest.raises(CommandError) as refused:
        call_command("conflict_check", "no-such", "--file", str(tmp_path), "--out", str(tmp_path / "out.csv"))
    assert refused.value.returncode == 2


@pytest.mark.django_db(transaction=True)
def test_a_long_file_is_answered_by_several_processes_in_its_order(check):
    customer = on_file(FULL)
    status, rows = check("name\n" + f"{FULL}\nApex\n" * 1_050, "--processes", "2")
    assert status == 0
    assert [int(row["query_row"]) for row in rows] == list(range(1, 2_101))
    assert [row["customer_number"] for row in rows] == [customer.number, ""] * 1_050
