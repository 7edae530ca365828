"""A partner's administrators hear of each statement and of each transfer; others hear nothing."""

from __future__ import annotations

import pytest
from django.utils import translation

from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.notices.kinds import fill, kind_of
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from rebates.models import Statement
from rebates.services.announcing import JOB, announce_some, start_announcing
from rebates.services.payments import pay_statement
from rebates.wording import sentence
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db

FLAT = {"kind": "flat", "rate": "2%"}


def deliver() -> None:
    while deliver_open_events():
        pass
    for job in Job.objects.open().filter(kind=JOB):
        run_job(job.pk)


def words(notice: Notice) -> str:
    """Heading and text as the reader's language has them."""
    kind = kind_of(notice.kind)
    return f"{fill(kind.title, notice.values)} {fill(kind.body, notice.values)}"


def notices(kind: str) -> list[Notice]:
    return list(Notice.objects.filter(kind=f"rebates.{kind}").select_related("user").order_by("pk"))


def test_each_partners_administrators_hear_of_their_own_statement_only(acme, rival):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000)
    sell(rival, 50_000)
    settle("2026-09")
    deliver()
    told = {notice.user_id: notice for notice in notices("statement_issued")}
    assert set(told) == {acme.admin_user.pk, rival.admin_user.pk}
    statement = Statement.objects.for_everyone(because="a test").get(partner=acme.row)
    mine = told[acme.admin_user.pk]
    assert mine.link == statement.get_absolute_url()
    assert words(mine).startswith("Your rebate statement for September 2026: ¥2,000.00 ")
    with translation.override("zh-hans"):
        assert "2026年9月" in words(mine)


def test_telling_again_tells_nobody_twice(acme):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000)
    run = settle("2026-09")
    deliver()
    start_announcing(run_id=run.pk)
    deliver()
    assert len(notices("statement_issued")) == 1


def test_a_statement_that_says_nothing_is_not_told(acme, rival):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000)
    sell(rival, 100)
    sell(rival, -100)
    settle("2026-09")
    deliver()
    assert [notice.user_id for notice in notices("statement_issued")] == [acme.admin_user.pk]


def test_of_ten_thousand_only_those_of_the_step_are_told(acme, rival):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000)
    sell(rival, 50_000)
    run = settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get(partner=rival.row)
    assert announce_some(run.pk, statement.pk, statement.pk) == 1
    assert [notice.user_id for notice in notices("statement_issued")] == [rival.admin_user.pk]


def test_the_partner_hears_of_a_transfer_once_and_of_a_wallet_in_its_own_words(acme):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000)
    settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get(partner=acme.row)
    pay_statement(statement=statement, reference="BK-77", by=BY)
    deliver()
    (told,) = notices("statement_paid")
    assert (
        told.user_id == acme.admin_user.pk and "¥2,000.00" in words(told) and "reference BK-77" in words(told)
    )


def test_a_transfer_without_a_reference_is_told_by_its_own_number_not_as_the_banks(acme):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000)
    settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get(partner=acme.row)
    payment = pay_statement(statement=statement, by=BY)
    deliver()
    (told,) = notices("statement_paid")
    assert f"payment {payment.number}" in words(told) and "reference" not in words(told)


def test_the_sentence_says_until_when_sales_may_come_in_and_figures_be_disputed():
    (version,) = apply(policy(mechanism=FLAT, late={"grace_days": 20}, dispute_days=60))
    said = sentence(version)
    assert "more than 20 days after the end of its period" in said
    assert "A figure can be disputed for 60 days after its statement." in said
    (plain,) = apply(policy("plain", mechanism=FLAT))
    assert "more than" not in sentence(plain)
    assert "As usual:" in sentence(plain) and "disputed for 30 days after its statement" in sentence(plain)
