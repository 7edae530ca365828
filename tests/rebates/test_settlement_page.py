"""The table of worked figures in docs/explanation/settlement.md is true."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from rebates.arithmetic import Figures, rebate
from rebates.policy import COMPUTED, DEFAULTS, MECHANISMS, read_document, read_yaml
from tests.rebates.world import policy

DOCS = Path(__file__).parents[2] / "docs"


def table() -> list[list[str]]:
    lines = (DOCS / "explanation" / "settlement.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows if row[0] in ("marginal", "retroactive") and len(row) == 3]


@pytest.mark.parametrize(("kind", "base", "expected"), table())
def test_worked_figures(kind, base, expected):
    text = read_document({"schema": 1, "programmes": [policy(kind=kind)]})[0]
    volume = Decimal(base.replace(",", ""))
    assert rebate(text.policy, Figures(volume, volume)) == Decimal(expected.replace(",", ""))


def test_there_are_figures():
    assert len(table()) == 7


def test_the_example_of_the_reference_page_is_read_and_exact():
    page = (DOCS / "reference" / "programmes.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    (text,) = read_yaml(example)
    assert text.code == "core-volume"
    assert text.policy["mechanism"]["bands"][1] == {"from": "100000", "rate": "0.03"}


def test_the_schema_knows_every_choice_that_is_computed():
    schema = json.loads((DOCS / "programme.schema.json").read_text(encoding="utf-8"))
    entries = schema["$defs"]["programme"]["properties"]
    kinds = {choice["properties"]["kind"]["const"] for choice in entries["mechanism"]["oneOf"]}
    assert set(MECHANISMS) <= kinds
    for name, choices in COMPUTED.items():
        assert entries[name].get("default", DEFAULTS[name]) == DEFAULTS[name]
        assert set(choices) <= set(entries[name].get("enum", choices))
