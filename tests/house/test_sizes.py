"""Law 14: files and functions end while a reader still holds them in mind. The list of exceptions is empty."""

import ast

from tests.house import tree


def lines(path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_python_files_end_before_500_lines():
    assert [tree.name(p) for p in tree.code() if lines(p) >= 500 and "migrations" not in p.parts] == []


def test_test_files_end_before_600_lines():
    assert [tree.name(p) for p in tree.files(".py", under=("tests", "benchmarks")) if lines(p) >= 600] == []


def test_templates_end_before_150_lines():
    assert [tree.name(p) for p in tree.templates() if lines(p) >= 150] == []


def test_functions_end_before_50_lines():
    long = []
    for path in tree.code():
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_function and (node.end_lineno or 0) - node.lineno + 1 >= 50:
                long.append(f"{tree.name(path)}:{node.lineno} {node.name}")
    assert long == []


def test_nothing_is_left_for_later():
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX ")
    found = [
        f"{tree.name(path)}: {mark}"
        for path in [*tree.code(), *tree.templates(), *tree.files(".js", under=("static/js",))]
        for mark in marks
        if mark in path.read_text(encoding="utf-8")
    ]
    assert found == []
