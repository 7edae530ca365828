"""Fifty people type one new company at once. It ends as one customer, one "clear" and one protection."""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from dealreg.models import DealRegistration, Protection
from dealreg.services import approve_registration, register_deal
from prm.customers.models import EndCustomer, identity
from prm.values.errors import DomainError
from tests.cast import Company
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

SESSIONS = 50
USCC = "91440300708461136T"
FULL = (
    "深圳市盛弘电气股份有限公司",
    "深圳市盛弘電氣股份有限公司",
    "深圳市盛弘电气股份有限公司　",
    "深圳市 盛弘 电气 股份 有限 公司",
    "深圳市盛弘电气（股份）有限公司。",
    "深圳盛弘电气有限责任公司",
    "深圳市盛弘电气 Ｃｏ．，Ｌｔｄ．",
    "「深圳市盛弘电气」有限公司",
)
SHORT = ("盛弘电气", "盛弘", "盛弘電氣")


def together(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run all at once, each on a connection of its own in this tenant; results or exceptions, in order."""
    tenant, start = connection.tenant, threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(place: int, job: Callable[[], Any]) -> None:
        connection.set_tenant(tenant)
        try:
            start.wait(timeout=60)
            results[place] = job()
        except Exception as problem:  # looked at by the test
            results[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
    assert not any(thread.is_alive() for thread in threads)
    return results


def submissions(companies: list[Company], names: list[str]) -> list[Callable[[], DealRegistration]]:
    """One typed registration for each session: partners in turn, every third one knows the tax number."""
    known = deals.facts()
    jobs = []
    for number, (company, name) in enumerate(zip(itertools.cycle(companies), names, strict=False)):
        typed = {**known, "customer_name": name, "tax_number": USCC if number % 3 == 0 else ""}
        jobs.append(
            lambda company=company, typed=typed: register_deal(partner=company.row, by=company.sales, **typed)
        )
    return jobs


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fifty_spellings_of_one_new_company_become_one_customer_and_one_protection(seed, tenant):
    pick = random.Random(seed)
    companies = [Company(f"Partner {number}") for number in range(5)]
    manager = actor(UserFactory(manager=True))
    names = [pick.choice(SHORT) if number % 7 == 3 else pick.choice(FULL) for number in range(SESSIONS)]

    submitted = together(submissions(companies, names))

    assert [problem for problem in submitted if isinstance(problem, Exception)] == []
    full = {row.end_customer_id for row in submitted if identity(row.customer_name) == "深圳盛弘电气"}
    assert len(full) == 1
    assert Counter(row.verdict for row in submitted)["clear"] == 1
    assert all(row.verdict in ("clear", "possible") for row in submitted)
    assert EndCustomer.objects.filter(core="深圳盛弘电气").count() == 1
    assert EndCustomer.objects.filter(tax_number=USCC).count() == 1

    approved = together(
        [lambda row=row: approve_registration(registration=row, by=manager) for row in submitted]
    )

    refused = [problem for problem in approved if isinstance(problem, Exception)]
    assert all(isinstance(problem, DomainError) for problem in refused), refused
    assert len(approved) - len(refused) == 1
    assert Protection.objects.for_everyone(because="the race is counted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_short_form_first_and_the_full_name_at_once_are_not_both_clear(tenant):
    companies = [Company("One"), Company("Other")]
    for number in range(6):
        names = [f"深圳市鼎{'甲乙丙丁戊己'[number]}电气股份有限公司", f"鼎{'甲乙丙丁戊己'[number]}电气"]
        submitted = together(submissions(companies, names))
        assert sorted(row.verdict for row in submitted) == ["clear", "possible"]
