"""The list of disputes: what is held back now, and which are decided."""

from __future__ import annotations

import re

import pytest

from rebates.services import reject_dispute, withdraw_dispute
from tests.rebates.disputing import marked, settled

pytestmark = pytest.mark.django_db


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_what_is_held_back_is_that_of_disputes_under_way_alone(acme, finance, browse):
    """90,000 and 60,000 marginal: the second line pays 1,700.00, the first one 2,300.00."""
    settled(acme, 90_000, 60_000)
    withdraw_dispute(dispute=marked(acme, "INV-1"), by=acme.admin)
    reject_dispute(dispute=marked(acme, "INV-1"), reason="Signed for", by=finance)
    for who in (finance, acme.admin):
        page = text_of(browse(who).get("/disputes/?view=all"))
        assert "2,300.00" not in page and "Held back on this page" not in page
    live = marked(acme, "INV-2")
    for who in (finance, acme.admin):
        page = text_of(browse(who).get("/disputes/?view=all"))
        assert re.search(r"Held back on this page ¥ ?1,700\.00", page), page
    export = browse(finance).get("/disputes/?view=all&export=csv")
    rows = b"".join(export.streaming_content).decode().splitlines()
    assert [live.number in row for row in rows if "1700.00" in row] == [True]


def test_what_its_partner_withdrew_is_not_among_the_decided(acme, finance, browse):
    settled(acme, 50_000)
    withdrawn = withdraw_dispute(dispute=marked(acme, "INV-1"), by=acme.admin)
    decided = reject_dispute(dispute=marked(acme, "INV-1"), reason="Signed for", by=finance)
    page = browse(finance).get("/disputes/?view=decided").content.decode()
    assert decided.number in page and withdrawn.number not in page
    assert withdrawn.number in browse(finance).get("/disputes/?view=all").content.decode()


def test_finance_reads_the_month_and_takes_the_statements_number_away_in_the_file(acme, finance, browse):
    """Both stand in no narrow window; the partner, who has few columns, reads both."""
    statement = settled(acme, 50_000)
    marked(acme, "INV-1")
    staff, own = browse(finance), browse(acme.admin)
    assert statement.number not in text_of(staff.get("/disputes/?view=all"))
    assert statement.number in text_of(own.get("/disputes/?view=all"))
    rows = b"".join(staff.get("/disputes/?view=all&export=csv").streaming_content).decode()
    assert statement.number in rows
