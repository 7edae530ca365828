"""Since when a dispute waits: from the partner's filing or its answer, whatever finance does in between."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from prm.notices import work
from prm.values import clock
from rebates.dispute_pages import waiting
from rebates.models import Dispute, Programme
from rebates.services import (
    answer_dispute,
    ask_back,
    comment_dispute,
    confirm_adjustment,
    propose_adjustment,
    send_back_adjustment,
    take_up_dispute,
)
from tests.factories.people import UserFactory, actor
from tests.rebates.disputing import marked, settled

pytestmark = pytest.mark.django_db


def day(number: int) -> datetime:
    return datetime(2026, 12, number, 3, tzinfo=UTC)


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def filed(acme) -> Dispute:
    """A dispute of 1 December."""
    with clock.at(day(1)):
        settled(acme, 50_000)
        return marked(acme, "INV-1")


def proposed(dispute: Dispute, by: Any) -> Dispute:
    return propose_adjustment(
        dispute=dispute, programme=Programme.objects.get(), amount=Decimal(250), reason="Proven", by=by
    )


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.unescape(answer.content.decode())))


def test_a_sum_that_finance_proposes_does_not_begin_the_wait_anew(filed, acme, finance, second, browse):
    due = filed.due
    with clock.at(day(2)):
        take_up_dispute(dispute=filed, by=finance)
    with clock.at(day(3)):
        comment_dispute(dispute=filed, text="We look for the delivery note", by=finance)
        dispute = proposed(filed, finance)
    with clock.at(day(4)):
        for person in (acme.admin, finance, second):
            assert waiting(dispute, person).since == day(1)
        (task,) = [one for one in work.waiting_for(second) if one.link == dispute.get_absolute_url()]
        assert (task.since, task.due) == (day(1), due)
        assert "3 d" in words(browse(acme.admin).get(dispute.get_absolute_url()))
        dispute = send_back_adjustment(dispute=dispute, reason="One case too many", by=second)
    assert (dispute.state, dispute.state_since, dispute.due) == ("in_review", day(1), due)


def test_the_partners_answer_begins_a_new_wait(filed, acme, finance):
    with clock.at(day(2)):
        dispute = ask_back(dispute=filed, text="Which delivery note?", by=finance)
    assert (dispute.state_since, waiting(dispute, finance).on_partner) == (day(2), True)
    with clock.at(day(7)):
        dispute = answer_dispute(dispute=dispute, text="Number 4711", by=acme.admin)
    assert dispute.state_since == day(7) and dispute.due > filed.due
    with clock.at(day(8)):
        assert proposed(dispute, finance).state_since == day(7)


def test_with_the_decision_the_wait_ends(filed, finance, second):
    with clock.at(day(3)):
        dispute = proposed(filed, finance)
    with clock.at(day(5)):
        dispute = confirm_adjustment(dispute=dispute, by=second)
    assert (dispute.state, dispute.state_since, dispute.due) == ("accepted", day(5), None)
