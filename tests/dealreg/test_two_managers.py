"""Two managers press at once: one approval, one protection, and a sentence for the other."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from dealreg.errors import AlreadyApproved, LineNotAvailable
from dealreg.models import DealRegistration, Protection
from dealreg.services import approve_registration
from prm.values.errors import DomainError
from tests.cast import Company
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*presses) -> list:
    """Run all at the same moment, each on a connection of its own; what each gave or was refused with."""
    start, results, tenant = threading.Barrier(len(presses)), [None] * len(presses), connection.tenant

    def run(at, press):
        connection.set_tenant(tenant)
        try:
            start.wait(10)
            results[at] = press()
        except DomainError as refused:
            results[at] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.fixture
def managers():
    return [
        actor(UserFactory(role="channel_manager", name=name, all_partners=True))
        for name in ("Lin Yue", "Chen Rui")
    ]


def test_the_same_registration_is_approved_once(managers):
    registration = deals.in_review(Company("ACME Networks"))
    results = at_once(
        *[lambda by=by: approve_registration(registration=registration, by=by) for by in managers]
    )
    refused = [one for one in results if isinstance(one, DomainError)]
    assert [type(one) for one in refused] == [AlreadyApproved]
    winner = next(one for one in results if isinstance(one, DealRegistration))
    assert str(winner.decided_by) in refused[0].text
    assert Protection.objects.visible_to(managers[0]).count() == 1


def test_two_partners_of_one_customer_get_one_protection(managers):
    lines = [deals.line("routing"), deals.line("wireless")]
    first = deals.in_review(Company("ACME Networks"), product_lines=lines)
    second = deals.in_review(Company("Rival Systems"), product_lines=lines[::-1])
    results = at_once(
        lambda: approve_registration(registration=first, by=managers[0]),
        lambda: approve_registration(registration=second, by=managers[1]),
    )
    assert sorted(type(one).__name__ for one in results) == ["DealRegistration", "LineNotAvailable"]
    assert all(isinstance(one, DealRegistration | LineNotAvailable) for one in results)
    assert Protection.objects.visible_to(managers[0]).count() == 2
