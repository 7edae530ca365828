"""The tables of docs/explanation/conflict-check.md are true."""

from __future__ import annotations

from pathlib import Path

import pytest

from prm.customers.matching import find_matches
from prm.customers.normalise import normalise

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "conflict-check.md"


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose heading row begins with `heading`."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


@pytest.mark.parametrize(("typed", "core"), table("typed"))
def test_a_name_has_the_core_that_the_page_says(typed, core):
    assert normalise(typed).core == core


@pytest.mark.parametrize(("known", "asked", "verdict", "reason"), table("on file"))
def test_a_match_has_the_verdict_that_the_page_says(on_file, known, asked, verdict, reason):
    on_file(known)
    match = find_matches(name=asked)[0]
    assert (match.verdict, match.reasons[0].reason) == (verdict, reason)
