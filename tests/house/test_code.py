"""Laws 3 and 6: thin files ask for visible rows only, and one room speaks to other hosts."""

import ast
import re

from tests.house import tree

THIN = re.compile(r"^(views|forms|lists|api)\.py$|_(views|forms)\.py$")
ASKS = re.compile(r"\.objects\.(\w+)")
# Reads with a name of their own are fine: what belongs to a partner still raises until visible_to was said.
RAW = {
    "filter", "get", "all", "exclude", "create", "get_or_create", "update_or_create", "bulk_create", "update", "delete",
    "first", "last", "count", "exists", "values", "values_list", "aggregate", "annotate", "select_related", "order_by",
}  # fmt: skip
NETWORK = {
    "httpx", "requests", "aiohttp", "socket", "socketserver", "ssl", "urllib.request", "urllib3", "http.client",
    "smtplib", "ftplib", "poplib", "imaplib", "xmlrpc.client", "websocket", "websockets", "pycurl", "asyncio",
    "pywebpush",
}  # fmt: skip
MAY_SPEAK = ("prm/egress/", "prm/localservices/")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_thin(path) -> bool:
    return bool(THIN.search(path.name)) or bool({"views", "forms", "lists", "api"} & set(path.parent.parts))


def test_views_forms_and_lists_ask_only_for_visible_rows():
    found = []
    for path in tree.code():
        # A list that is open on purpose may begin with all(): the page narrows it.
        raw = RAW - {"all"} if path.name == "lists.py" else RAW
        if not is_thin(path) or tree.name(path).startswith("prm/tenancy/"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found += [f"{tree.name(path)}:{number} {m}" for m in ASKS.findall(line) if m in raw]
    assert found == []


def test_only_the_room_for_it_speaks_to_other_hosts():
    found = [
        f"{tree.name(path)}: {module}"
        for path in tree.code()
        if not tree.name(path).startswith(MAY_SPEAK)
        for module in imported(path)
        if module in NETWORK
    ]
    assert found == []


def test_the_check_finds_who_speaks_past_it(tmp_path):
    forbidden = tmp_path / "leak.py"
    forbidden.write_text(
        "from urllib import request\nimport http.client\nfrom socket import create_connection\n"
    )
    assert NETWORK & set(imported(forbidden)) == {"urllib.request", "http.client", "socket"}


def test_now_comes_from_the_one_clock():
    found = []
    for path in tree.code():
        name = tree.name(path)
        if name == "prm/values/clock.py" or name.startswith("prm/localservices/"):
            continue
        text = path.read_text(encoding="utf-8")
        found += [
            f"{name}: {m}"
            for m in re.findall(r"\b(?:timezone\.now|datetime\.now|date\.today|utcnow)\(", text)
        ]
    assert found == []


def test_nobody_overrides_save_or_works_on_a_signal():
    found = []
    for path in tree.code():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and "models" in f"{path.parent.name}/{path.stem}":
                names = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
                found += [f"{tree.name(path)}: {node.name}.save"] if "save" in names else []
        if "post_save" in (text := path.read_text(encoding="utf-8")) or "pre_save.connect" in text:
            found.append(f"{tree.name(path)}: signal")
    assert found == []
