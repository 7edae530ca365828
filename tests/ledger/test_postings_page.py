from pathlib import Path

from prm.ledger import postings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "postings.md"


def test_the_page_lists_what_the_code_allows():
    rows = [
        line.strip("| ").split(" | ")
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    assert [(row[0].strip("`"), row[1], row[2]) for row in rows] == postings.table()
