"""Whatever people press, in whatever order, a registration moves only as its table of transitions says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealreg.models import DealRegistration, Protection
from dealreg.services import (
    answer_information,
    approve_registration,
    expire_registration,
    mark_lost,
    mark_won,
    reject_registration,
    remind_of_end,
    request_information,
    submit_registration,
    withdraw_registration,
)
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError
from tests.factories import dealreg as deals

JOB = Actor.job("protections")
PRESSES = {
    "submit": lambda row, acme, manager: submit_registration(registration=row, by=acme),
    "approve": lambda row, acme, manager: approve_registration(registration=row, by=manager),
    "reject": lambda row, acme, manager: reject_registration(registration=row, reason="No", by=manager),
    "ask": lambda row, acme, manager: request_information(registration=row, text="Who?", by=manager),
    "answer": lambda row, acme, manager: answer_information(registration=row, text="Xu Peng", by=acme),
    "withdraw": lambda row, acme, manager: withdraw_registration(registration=row, by=acme),
    "won": lambda row, acme, manager: mark_won(registration=row, by=acme),
    "lost": lambda row, acme, manager: mark_lost(registration=row, reason="Price", by=acme),
    "expire": lambda row, acme, manager: expire_registration(registration=row, by=JOB),
    "remind": lambda row, acme, manager: remind_of_end(registration=row, by=JOB),
}
# Submitting is checked at once, so "submitted" is passed through within the service.
PASSED_THROUGH = {("draft", "in_review")}


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    presses=st.lists(st.tuples(st.sampled_from(sorted(PRESSES)), st.integers(0, 60)), min_size=1, max_size=9)
)
def test_no_order_of_presses_leaves_the_table(acme, manager, time_machine, presses):
    with transaction.atomic():
        row, start = deals.draft(acme), clock.now()
        for press, days in presses:
            before = row.state
            start += timedelta(days=days)
            time_machine.move_to(start, tick=False)
            try:
                with transaction.atomic():
                    PRESSES[press](row, acme.sales, manager)
            except DomainError as refused:
                assert refused.text and "%(" not in refused.text
            row.refresh_from_db()
            moved = (before, row.state)
            assert (
                before == row.state
                or moved in PASSED_THROUGH
                or row.state in DealRegistration.TRANSITIONS[before]
            )
            _stands_as_promised(row)
        transaction.set_rollback(True)


def _stands_as_promised(row: DealRegistration) -> None:
    """What must be true of any registration at any time."""
    protections = list(Protection.objects.for_everyone(because="a test looks").filter(registration=row))
    waits = row.state in ("in_review", "info_requested")
    assert (row.waiting_since is not None) == waits
    assert bool(protections) <= (row.decided_at is not None)
    if row.state in ("approved", "won"):
        assert protections and not any(one.ended_because for one in protections)
    else:
        assert all(one.ended_because for one in protections)
        assert not any(one.is_live(clock.today()) for one in protections)


def test_what_is_over_stays_over():
    over = [state for state, following in DealRegistration.TRANSITIONS.items() if not following]
    assert {str(state) for state in over} == {"won", "lost", "rejected", "withdrawn", "expired"}


def test_every_state_has_its_row_in_the_table():
    assert set(DealRegistration.TRANSITIONS) == set(DealRegistration.State)
