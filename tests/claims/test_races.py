"""Two claims at the same moment never take more than a limit, and never one sale twice."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import connection

from claims.models import Agreement, AgreementItem, Claim, ClaimLine
from claims.services import draft_claim, submit_claim
from prm.values.errors import DomainError
from tests.cast import Company
from tests.claims.world import BY, LAST, STARTS, agreed, bought, sold

pytestmark = pytest.mark.django_db(transaction=True)
EVERYONE = "a test"


def at_once(*presses):
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

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_two_claims_sent_at_once_share_what_a_limit_leaves():
    acme = Company("ACME Networks", tier="gold")
    agreement = agreed(acme, limit=50)
    bought(acme, 200)
    drafts = []
    for day in ("2026-09-05", "2026-09-20"):
        sale = sold(acme, 40, on=day)
        drafts.append(draft_claim(agreement=agreement, starts=sale.day, last_day=sale.day, by=BY))
    at_once(*[lambda claim=claim: submit_claim(claim=claim, by=BY) for claim in drafts])
    taken = ClaimLine.objects.for_everyone(because=EVERYONE).values_list("taken", flat=True)
    assert sorted(taken) == [10, 40]
    assert AgreementItem.objects.for_everyone(because=EVERYONE).get().used_quantity == 50
    assert Agreement.objects.for_everyone(because=EVERYONE).get().used_amount == Decimal(1000)


def test_two_drafts_at_once_take_a_sale_once():
    acme = Company("ACME Networks", tier="gold")
    agreement = agreed(acme)
    sold(acme, 10)
    results = at_once(
        *[
            lambda: draft_claim(agreement=agreement, starts=STARTS, last_day=LAST, by=BY)
            for _press in range(3)
        ]
    )
    assert sorted(type(one).__name__ for one in results) == ["Claim", "NothingToClaim", "NothingToClaim"]
    assert Claim.objects.for_everyone(because=EVERYONE).count() == 1
