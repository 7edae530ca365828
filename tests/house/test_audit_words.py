"""Every verb that the audit trail records has words that people read, in both languages."""

from __future__ import annotations

import ast

from prm.audit import words
from tests.house.tree import ROOT

PLACES = ("prm", "partners", "dealreg", "orders", "rebates", "payouts", "claims")


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


def keys() -> set[tuple[str, str]]:
    """(file, key) of each literal key in `record(…, changes={…})` and in `changes: … = {…}`."""
    found = set()
    for place in PLACES:
        for file in (ROOT / place).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.AnnAssign)
                    and getattr(node.target, "id", "") == "changes"
                    and isinstance(node.value, ast.Dict)
                ):
                    found |= {
                        (str(file.relative_to(ROOT)), str(key.value))
                        for key in node.value.keys
                        if isinstance(key, ast.Constant)
                    }
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record":
                    for given in node.keywords:
                        if given.arg == "changes" and isinstance(given.value, ast.Dict):
                            for key in given.value.keys:
                                if isinstance(key, ast.Constant):
                                    found.add((str(file.relative_to(ROOT)), str(key.value)))
    return found


def fields_with_words() -> set[str]:
    from django.apps import apps
    from django.utils.functional import Promise

    return {
        field.name
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(getattr(field, "verbose_name", None), Promise)
    }


def test_every_changed_thing_has_words():
    known = fields_with_words() | set(words.known_names())
    missing = sorted(f"{file}: {key}" for file, key in keys() if key not in known)
    assert not missing, "give the field a translated name, or words.register_names for:\n" + "\n".join(
        missing
    )


def test_the_kinds_of_the_trail_are_translated():
    from django.utils import translation

    with translation.override("zh-hans"):
        spoken = [words.name_of_type(kind) for kind in words._types]
    assert [word for word in spoken if word.isascii()] == []
