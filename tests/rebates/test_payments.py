"""What is owed, who may pay it, and that nothing is owed twice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prm.values.periods import Period
from rebates.accruals import accruals
from rebates.errors import AuthorMayNotApprove
from rebates.models import Statement, Version
from rebates.pages import owed_to, run_verbs
from rebates.services import approve_run, close_run, pay_statement, release_run
from rebates.services.payments import open_amount, payment_state
from tests.factories.people import UserFactory, actor
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db):
    return actor(UserFactory(finance=True, name="Zhao Min"))


def statements(company) -> list[Statement]:
    return list(Statement.objects.for_everyone(because="a test").filter(partner=company.row).order_by("ends"))


def test_who_sees_no_partner_sees_no_accrual_of_a_named_one(acme, manager, finance):
    apply(policy())
    sell(acme, 50_000)
    september = Period.parse("2026-09")
    assert accruals(by=finance, period=september, partners=[acme.row.pk])
    nobody = manager.with_(partner_ids=frozenset())
    assert accruals(by=nobody, period=september, partners=[acme.row.pk]) == []
    assert accruals(by=nobody, period=september) == []


def test_who_wrote_the_version_may_not_release_more_than_the_stated_sum(acme, finance, second, settings):
    apply(policy())
    sell(acme, 180_000)
    run = settle("2026-09", close=False)
    run = close_run(run=approve_run(run=run, by=finance), by=finance)
    Version.objects.update(author_id=second.user_id)
    settings.REBATE_AUTHOR_LIMIT = 4000
    with pytest.raises(AuthorMayNotApprove):
        pay_statement(statement=statements(acme)[0], by=second)
    with pytest.raises(AuthorMayNotApprove):
        release_run(run=run, by=second)
    release = next(verb for verb in run_verbs(run, second) if verb.primary)
    assert "4,000.00" in release.why_not
    settings.REBATE_AUTHOR_LIMIT = 5000
    assert release_run(run=run, by=second) == 1


def test_what_one_person_wrote_counts_together_against_the_stated_sum(acme, finance, second, settings):
    flat = {"kind": "flat", "rate": "1%"}
    apply(policy("a", mechanism=flat), policy("b", mechanism=flat))
    sell(acme, 100_000)
    run = settle("2026-09", close=False)
    Version.objects.update(author_id=second.user_id)
    settings.REBATE_AUTHOR_LIMIT = 1_500  # each moves 1,000.00
    with pytest.raises(AuthorMayNotApprove, match="A, B"):
        approve_run(run=run, by=second)
    settings.REBATE_AUTHOR_LIMIT = 2_000
    assert approve_run(run=run, by=second).state == "approved"


def test_statements_and_payments_are_found_by_the_partners_name(acme, rival, second, browse):
    apply(policy())
    for company in (acme, rival):
        sell(company, 50_000)
    settle("2026-09")
    for company in (acme, rival):
        pay_statement(statement=statements(company)[0], by=second)
    for page in ("/statements/", "/payouts/"):
        found = browse(second).get(page, {"q": "acme net"}).content.decode()
        assert statements(acme)[0].number in found and statements(rival)[0].number not in found


def test_what_a_negative_figure_took_never_opens_again(acme):
    apply(policy())
    sell(acme, -20_000, "2026-08-02")
    settle("2026-08")  # −400
    sell(acme, 50_000, "2026-09-02")
    settle("2026-09")  # 1,000, of which 600 are owed
    _august, september = statements(acme)
    assert Statement.objects.for_everyone(because="a test").for_list().get(pk=september.pk).unpaid == 600
    pay_statement(statement=september, by=BY)
    assert payment_state(september) == "paid"
    sell(acme, 10_000, "2026-10-02")
    settle("2026-10")  # 200
    october = statements(acme)[2]
    assert (open_amount(september), open_amount(october)) == (0, Decimal("200.00"))
    assert payment_state(september) == "paid"


def test_an_older_statement_pays_for_a_later_negative_figure_once(acme):
    apply(policy())
    sell(acme, 50_000, "2026-08-02")
    settle("2026-08")  # 1,000
    sell(acme, -20_000, "2026-09-02")
    settle("2026-09")  # −400
    august = statements(acme)[0]
    pay_statement(statement=august, by=BY)
    sell(acme, 30_000, "2026-10-02")
    settle("2026-10")  # 600
    october = statements(acme)[2]
    assert (open_amount(august), open_amount(october)) == (0, Decimal("600.00"))


def test_the_partner_reads_what_the_ledger_owes(acme):
    apply(policy())
    sell(acme, 50_000, "2026-08-02")
    settle("2026-08")
    sell(acme, -20_000, "2026-09-02")
    settle("2026-09")
    assert [owed.unpaid for owed in owed_to(acme.admin)] == [Decimal("600.00")]
