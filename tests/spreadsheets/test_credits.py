"""Credits of agents from a file: appended once, taken back by their numbers, refused by name where they do not fit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.models import CreditedLine
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.cast import Company
from tests.orders.crediting import amounts_of, credit, credits_of, take_back
from tests.rebates.world import sell
from tests.spreadsheets.conftest import problems_of

pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")
HEADING = ["credit_number", "line_number", "agent_number", "share", "takes_back", "reason"]


@pytest.fixture
def agent(db):
    return Company("Broker Zhang")


@pytest.fixture
def bring(write_file):
    def bring(*rows, by=CLERK, **options):
        path = write_file("credits.csv", [HEADING, *rows])
        return import_file(kind="credits", path=path, by=by, **options)

    return bring


def row(
    number: str, line, agent: Company, share: str = "40%", takes_back: str = "", reason: str = ""
) -> list[str]:
    return [number, getattr(line, "line_number", line), agent.row.number, share, takes_back, reason]


def test_credits_are_appended_and_skipped_when_they_are_there(bring, acme, agent):
    line = sell(acme, 100)
    rows = [row("C-1", line, agent, "33.3333"), row("C-2", sell(acme, 50), agent, "0.5%")]
    upload = bring(*rows)
    assert (upload.state, upload.written) == ("done", 2), problems_of(upload)
    assert amounts_of(agent) == [Decimal("33.3333"), Decimal("0.25")]
    assert (bring(*rows).same, len(credits_of(agent))) == (2, 2)


def test_a_file_that_is_sent_again_revives_no_credit_that_was_taken_back(bring, acme, agent):
    line = sell(acme, 100)
    rows = [row("C-1", line, agent)]
    bring(*rows)
    take_back(credits_of(agent)[0])
    upload = bring(*rows)
    assert (upload.same, upload.written, sum(amounts_of(agent))) == (1, 0, 0)
    again = bring(row("C-1", line, agent, "50%"))
    assert [problem[1:] for problem in problems_of(again)] == [("credit_number", "credit_differs")]


def test_one_file_takes_back_and_gives_anew(bring, acme, agent):
    line = sell(acme, 100)
    bring(row("C-1", line, agent, "80"))
    upload = bring(row("C-3", line, agent, "90"), row("C-2", line, agent, "80", "C-1", "Wrong share"))
    assert (upload.state, upload.written) == ("done", 2), problems_of(upload)
    assert sum(amounts_of(agent)) == 90
    # A credit and what takes it back in one file, sent twice.
    other = sell(acme, 10)
    rows = [row("D-1", other, agent, "100"), row("D-2", other, agent, "100", "D-1", "Wrong line")]
    assert (bring(*rows).written, bring(*rows).same) == (2, 2)


def test_returns_are_credited_with_what_a_file_credits(bring, acme, agent):
    line = sell(acme, 100)
    sell(acme, -30, reverses=line)
    bring(row("C-1", line, agent, "50"))
    assert amounts_of(agent) == [Decimal(50), Decimal(-15)]


@pytest.mark.parametrize("share", ["50", "40"])
def test_a_file_corrects_the_share_of_a_line_that_came_back_in_part(bring, acme, agent, share):
    """Of the return, too, one credit is taken back, and the new one stays."""
    line = sell(acme, 1000)
    bring(row("C-1", line, agent))
    sell(acme, -600, reverses=line)
    bring(row("C-2", line, agent, takes_back="C-1", reason="Wrong"), row("C-3", line, agent, share))
    assert sum(amounts_of(agent)) == 400 * Decimal(share) / 100
    given = CreditedLine.objects.for_everyone(because="a test").in_force()
    assert [one.share for one in given] == [Decimal(share)] * 2


def test_one_file_gives_takes_back_and_gives_anew_what_came_back_in_part(bring, acme, agent):
    line = sell(acme, 1000)
    sell(acme, -600, reverses=line)
    bring(
        row("C-1", line, agent),
        row("C-2", line, agent, takes_back="C-1", reason="Wrong"),
        row("C-3", line, agent, "50"),
    )
    assert sum(amounts_of(agent)) == 200


def test_no_file_takes_the_number_of_a_returns_credit(bring, acme, agent):
    made = bring(row("C-1~1", sell(acme, 1000), agent))
    assert problems_of(made) == [(2, "credit_number", "number_of_a_return")]


@pytest.mark.parametrize("share", ["0", "101", "-5", "0.4", "forty", "33.33333", ""])
def test_a_share_has_one_meaning_or_is_refused(bring, acme, agent, share):
    upload = bring(row("C-1", sell(acme, 100), agent, share))
    assert upload.state != "done" and [field for _row, field, _code in problems_of(upload)] == ["share"]


def test_what_does_not_fit_is_named_by_row_and_field(bring, acme, rival, agent):
    line, full = sell(acme, 100), sell(acme, 100)
    back = sell(acme, -10, reverses=full)
    given = credit(full, agent, 70)
    gone = credit(line, rival, 10)
    taken = take_back(gone)
    upload = bring(
        row("C-1", "nowhere", agent),
        row("C-2", line, acme),
        row("C-3", back, rival),
        row("C-4", full, agent, "1"),
        row("C-5", full, rival, "30.0001"),
        row("C-6", full, agent, "70", given.number),
        row("C-7", full, agent, "70", "X-1", "why"),
        row("C-8", full, rival, "69", given.number, "why"),
        row("C-9", line, rival, "10", gone.number, "why"),
        row("C-10", line, rival, "10", taken.number, "why"),
        row("C-11", full, agent, "70", "C-11", "why"),
    )
    found = {}
    for bad in upload.rows.order_by("number"):
        found[bad.values["credit_number"]] = sorted(
            (one["field"], one["code"]) for one in [*(bad.problems or []), *(bad.findings or [])]
        )
    assert found == {
        "C-1": [("line_number", "unknown_line")],
        "C-2": [("agent_number", "agent_is_the_buyer")],
        "C-3": [("line_number", "return_follows")],
        "C-4": [("agent_number", "agent_credited_already")],
        "C-5": [("share", "shares_above_all")],
        "C-6": [("reason", "reason_missing")],
        "C-7": [("takes_back", "unknown_credit")],
        "C-8": [("agent_number", "differs_from_credit"), ("share", "differs_from_credit")],
        "C-9": [("takes_back", "taken_back_already")],
        "C-10": [("takes_back", "not_to_be_taken_back")],
        "C-11": [("takes_back", "takes_back_itself")],
    }
    assert CreditedLine.objects.for_everyone(because="a test").filter(source="import").count() == 0


def test_only_finance_brings_credits_in(bring, acme, agent, manager):
    with pytest.raises(NotAllowed):
        bring(row("C-1", sell(acme, 100), agent), by=manager)
