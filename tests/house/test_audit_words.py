"""Every verb that the audit trail records has words that people read, in both languages."""

from __future__ import annotations

import ast

from prm.audit import words
from tests.house.tree import ROOT

PLACES = ("prm", "partners", "dealreg", "orders", "rebates")


def verbs() -> set[tuple[str, str]]:
    """(file, verb) of each `record(something, "verb", …)`."""
    found = set()
    for place in PLACES:
        for file in (ROOT / place).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and getattr(node.func, "id", "") == "record"
                    and len(node.args) > 1
                ):
                    verb = node.args[1]
                    if isinstance(verb, ast.Constant):
                        found.add((str(file.relative_to(ROOT)), str(verb.value)))
    return found


def test_every_recorded_verb_has_words():
    missing = sorted(f"{file}: {verb}" for file, verb in verbs() if verb not in words.known())
    assert not missing, "register words for:\n" + "\n".join(missing)
