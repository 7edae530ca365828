"""docs/reference/conditions.md says what the code does: its tables are read here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from prm.conditions import holds, operators, sentence, validate

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "conditions.md"
TODAY = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose head begins with a word."""
    table = PAGE.read_text(encoding="utf-8").split(f"\n| {heading} |")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


def test_the_page_lists_every_operator_and_no_other():
    told = [
        (kind, op.strip("`"), takes, reads, opposite.strip("` |"))
        for kind, op, takes, reads, opposite in (
            row[:4] + [row[4] if len(row) > 4 else ""] for row in rows("type")
        )
    ]
    known = [
        (kind, one.code, one.takes, str(one.label), one.negates)
        for kind, table in operators.BY_TYPE.items()
        for one in table.values()
    ]
    assert told == known


@time_machine.travel(TODAY)
def test_the_examples_hold_as_the_page_says(db):
    examples = rows("condition")
    assert len(examples) > 20
    for condition, record, answer in examples:
        condition, record = json.loads(condition.strip("`")), json.loads(record.strip("`"))
        problems = [one for one in validate(condition, "deal") if one.code != "no_such_record"]
        assert problems == [] and sentence(condition, "deal")
        assert holds(condition, "deal", record) == (answer == "yes"), (condition, record)
