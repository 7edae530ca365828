"""The list as a file: nothing of a registration is shortened there."""

from __future__ import annotations

import pytest

from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductLineFactory

pytestmark = pytest.mark.django_db


def test_the_export_names_every_product_line_where_the_page_counts_them(acme, manager, browse):
    names = ("Routing", "Switching", "Wireless")
    lines = [ProductLineFactory(code=name.lower(), name=name) for name in names]
    deals.in_review(acme, product_lines=lines)
    browser = browse(manager)
    assert "Routing +2" in browser.get("/deals/").content.decode()
    file = b"".join(browser.get("/deals/?export=csv").streaming_content).decode()
    assert "Routing, Switching, Wireless" in file and "+2" not in file
