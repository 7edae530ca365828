"""Before a month's payments are released, the page says how many, how much, and what is left out and why."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from partners.services import change_status
from prm.values import clock
from rebates.errors import NotInThisState, SecondPersonNeeded
from rebates.services import approve_run, close_run, outlook, pay_statement, release_run
from rebates.services.releasing import Total
from tests.rebates import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(acme, rival):
    """ACME is owed 7,000.00, the rival 1,000.00; the rival is suspended."""
    world.apply(world.policy())
    world.sell(acme, "260000", on="2026-09-10")
    world.sell(rival, "50000", on="2026-09-10")
    run = world.settle("2026-09")
    change_status(partner=rival.row, status="suspended", reason="Late with its papers", by=world.BY)
    return run


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_it_counts_and_sums_what_is_paid_and_names_who_is_left_out(month, acme, rival, finance):
    found = outlook(run=month, by=finance)
    assert found.due == [Total("CNY", 1, Decimal("7000.00"))]
    assert [one.statement.partner for one in found.blocked] == [rival.row]
    assert found.blocked_totals == [Total("CNY", 1, Decimal("1000.00"))]
    assert (found.settled, found.carried) == (0, 0)


def test_each_currency_has_its_own_sum(acme, finance):
    world.apply(world.policy(), world.policy("dollars", currency="USD"))
    world.sell(acme, "10000", on="2026-09-10")
    world.sell(acme, "20000", on="2026-09-11", currency="USD")
    found = outlook(run=world.settle("2026-09"), by=finance)
    assert found.due == [Total("CNY", 1, Decimal("200.00")), Total("USD", 1, Decimal("400.00"))]


def test_what_is_carried_or_paid_already_is_counted_apart(acme, rival, finance):
    world.apply(world.policy())
    world.sell(acme, "10000", on="2026-09-10")
    world.sell(rival, "-10000", on="2026-09-10")
    run = world.settle("2026-09")
    pay_statement(statement=run.statements.for_everyone(because="a test").get(partner=acme.row), by=finance)
    run.refresh_from_db()
    assert run.state == "paid"
    with pytest.raises(NotInThisState):
        outlook(run=run, by=finance)


def test_a_negative_figure_is_left_out_as_carried(acme, rival, finance):
    world.apply(world.policy())
    world.sell(acme, "10000", on="2026-09-10")
    world.sell(rival, "-10000", on="2026-09-10")
    found = outlook(run=world.settle("2026-09"), by=finance)
    assert (found.due_count, found.blocked, found.settled, found.carried) == (1, [], 0, 1)


def test_the_page_says_it_in_words_and_pays_nothing_yet(month, rival, finance, browse):
    client, address = browse(finance), month.get_absolute_url()
    assert f"{address}confirm-release/" in client.get(address).content.decode()
    shown = words(client.get(f"{address}confirm-release/"))
    for text in (
        "¥7,000.00",
        "1 statement",
        "Rival Systems",
        "on hold: the partner is “Suspended”",
        "¥1,000.00",
    ):
        assert text in shown
    assert "Release 1 payment" in shown
    assert client.post(f"{address}release/", {"paid_on": clock.today().isoformat()}).status_code == 302


def test_what_it_promised_is_what_is_paid(month, finance):
    promised = outlook(run=month, by=finance).due_count
    assert release_run(run=month, by=finance) == promised
    after = outlook(run=month, by=finance)
    assert (after.due, after.settled, len(after.blocked)) == ([], 1, 1)


def test_nothing_to_pay_shows_no_button(month, finance, browse):
    release_run(run=month, by=finance)
    shown = words(browse(finance).get(f"{month.get_absolute_url()}confirm-release/"))
    assert "Nothing can be paid now" in shown
    assert "Release 1" not in shown


def test_who_approved_gets_no_confirmation(acme, finance, browse):
    world.apply(world.policy())
    world.sell(acme, "10000", on="2026-09-10")
    run = world.settle("2026-09", close=False)
    run = close_run(run=approve_run(run=run, by=finance), by=world.BY)
    with pytest.raises(SecondPersonNeeded):
        outlook(run=run, by=finance)
    answer = browse(finance).get(f"{run.get_absolute_url()}confirm-release/")
    assert (answer.status_code, answer["Location"]) == (302, run.get_absolute_url())
