"""What a first visit costs, compressed, and the licences of what is vendored."""

import gzip

from prm.ui import script
from tests.house.tree import ROOT

KB = 1024


def packed(*paths) -> int:
    return sum(len(gzip.compress((ROOT / "static" / path).read_bytes())) for path in paths)


def test_styles_stay_under_85_kb():
    assert packed("vendor/tabler/tabler.min.css", "css/app.css") <= 85 * KB


def test_scripts_stay_under_50_kb():
    assert packed("vendor/htmx/htmx.min.js") + len(gzip.compress(script.joined()[0].encode())) <= 50 * KB


def test_the_first_visit_stays_under_200_kb_with_17_for_the_page():
    files = packed(
        "vendor/tabler/tabler.min.css", "css/app.css", "vendor/htmx/htmx.min.js", "icons.svg", "favicon.svg"
    )
    font = (ROOT / "static/vendor/inter/inter-latin-wght-normal.woff2").stat().st_size
    assert files + font + len(gzip.compress(script.joined()[0].encode())) <= (200 - 17) * KB


def test_every_vendored_folder_has_its_licence():
    folders = [path for path in (ROOT / "static" / "vendor").iterdir() if path.is_dir()]
    assert folders
    assert [path.name for path in folders if not list(path.glob("LICENSE*"))] == []


def test_icons_that_pages_name_exist():
    import re

    from tests.house import tree

    known = set(re.findall(r'id="i-([a-z0-9-]+)"', (ROOT / "static/icons.svg").read_text(encoding="utf-8")))
    named = set()
    for path in tree.templates():
        named |= set(re.findall(r'{% icon "([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
    for path in tree.code():
        named |= set(re.findall(r'\bicon="([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
    assert sorted(named - known) == []
