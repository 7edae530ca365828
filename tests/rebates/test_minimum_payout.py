"""A minimum payout: too little is carried forward, statement by statement, until it comes to the minimum."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine

from partners.services import change_status
from payouts.prospect import prospect
from prm.ledger.models import Entry
from prm.values.periods import Period
from rebates import explanations, wording
from rebates.backtest import back_test
from rebates.errors import NothingToPay
from rebates.limit_words import kept_rows
from rebates.models import Statement, Version
from rebates.pages import owed_to
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from rebates.services import pay_statement, release_run
from rebates.services.payments import open_amount, open_on, payment_state
from rebates.services.releasing import outlook
from tests.factories.people import UserFactory, actor
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, apply, policy, results, sell, settle

pytestmark = pytest.mark.django_db
ALL = {"kind": "flat", "rate": "100%"}


def statements(company: Any) -> list[Statement]:
    rows = Statement.objects.for_everyone(because="a test").for_list().filter(partner=company.row)
    return list(rows.select_related("run", "partner").order_by("id"))


def state(statement: Statement) -> tuple[str, Decimal]:
    """The payment state and what is open; the list says the same as the page."""
    assert payment_state(statement) == statement.payment_state
    assert open_amount(statement) == statement.unpaid
    return statement.payment_state, statement.unpaid


def months(company: Any, *figures: str, first: int = 8) -> list[Statement]:
    """Settle month after month, each with one sale that pays exactly that much; the statements then."""
    for number, figure in enumerate(figures, start=first):
        if figure:
            sell(company, figure, f"2026-{number:02}-10")
        settle(f"2026-{number:02}")
    return statements(company)


def least(amount: Any = 50, code: str = "core", **more: Any) -> dict[str, Any]:
    return policy(code, mechanism=ALL, minimum_payout=amount, **more)


def test_what_is_below_the_minimum_is_paid_with_the_next_statement(acme):
    apply(least())
    august, september = months(acme, "38.20", "71.55")

    assert (august.earned, september.earned) == (Decimal("38.20"), Decimal("71.55"))  # never what is earned
    assert state(august) == ("carried", Decimal("0.00"))
    assert state(september) == ("open", Decimal("109.75"))
    assert (august.kept, september.kept_before, september.kept) == (Decimal("38.20"), Decimal("38.20"), 0)
    with pytest.raises(NothingToPay):
        pay_statement(statement=august, by=BY)
    assert release_run(run=september.run, by=BY) == 1
    assert [state(one)[0] for one in statements(acme)] == ["carried", "paid"]
    owed = Entry.objects.for_everyone(because="a test").filter(account__partner_id=acme.row.pk)
    assert sum(entry.amount for entry in owed.filter(account__kind__in=("payable", "approved"))) == 0


@pytest.mark.parametrize(
    ("figures", "paid"),
    [
        (("49.99", "0.01"), ("0", "50.00")),  # the minimum itself is paid
        (("20", "", "20", "20"), ("0", "0", "0", "60")),
        (("60", "20", "30"), ("60", "0", "50")),
        (("30", "-20", "45"), ("0", "0", "55")),  # a figure below zero is carried with the rest
        (("-20", "30", "25", "20"), ("0", "0", "0", "55")),
        (("60", "-20", "70"), ("60", "0", "50")),
    ],
)
def test_what_each_statement_pays(acme, rival, figures, paid):
    apply(least())
    for month in range(7, 7 + len(figures)):
        sell(rival, 1000, f"2026-{month:02}-01")  # so that each month is settled
    months(acme, *figures, first=7)
    by_month = {row.starts.month: row for row in statements(acme)}
    assert [by_month[7 + at].unpaid if 7 + at in by_month else 0 for at in range(len(paid))] == [
        Decimal(amount) for amount in paid
    ]
    assert all(state(row) for row in by_month.values())


def test_the_minimum_holds_for_each_programme_and_what_another_pays_leaves_it_alone(acme):
    apply(least(), policy("other", mechanism={"kind": "flat", "rate": "200%"}))
    (august,) = months(acme, "38.20")
    assert state(august) == ("open", Decimal("76.40"))
    pay_statement(statement=august, by=BY)
    (august,) = statements(acme)
    assert state(august) == ("paid", Decimal("0.00"))
    _august, september = months(acme, "11.80", first=9)
    assert (september.opening - september.paid, september.kept_before) == (Decimal("38.20"), Decimal("38.20"))
    assert state(september) == ("open", Decimal("73.60"))  # 38.20 + 11.80 and 23.60 of the other
    (found,) = open_on([september])
    assert sum(found.owed.values()) == Decimal("73.60")


def test_a_late_line_counts_towards_the_minimum(acme):
    apply(least())
    months(acme, "38.20")
    sell(acme, "20", "2026-08-31")
    sell(acme, "1", "2026-09-10")
    settle("2026-09")
    september = statements(acme)[-1]
    assert (september.adjusted, state(september)) == (Decimal("20.00"), ("open", Decimal("59.20")))


def test_a_partner_that_leaves_is_paid_what_is_left(acme, rival):
    apply(least())
    months(acme, "38.20")
    for status in ("exiting",):
        change_status(partner=acme.row, status=status, reason="a test", by=BY)
    sell(rival, 500, "2026-09-10")
    settle("2026-09")
    _august, september = statements(acme)
    assert (september.earned, september.kept) == (0, 0)
    assert state(september) == ("open", Decimal("38.20"))
    assert "nothing is kept back any more" in kept_rows(september)[0]["words"]


def test_a_programme_that_ends_pays_what_is_left(acme):
    apply(least(until="2026-09-30"))
    _august, september = months(acme, "38.20", "1")
    assert state(september) == ("open", Decimal("39.20"))


def test_a_new_version_without_a_minimum_pays_what_was_kept(acme):
    apply(least(), policy(mechanism=ALL, from_="2026-09-01"))
    august, september = months(acme, "38.20", "1")
    assert (state(august)[0], state(september)) == ("carried", ("open", Decimal("39.20")))


def test_a_run_is_paid_when_the_rest_is_carried(acme, rival):
    apply(least())
    sell(rival, 100, "2026-08-01")
    months(acme, "38.20")
    (august,) = statements(acme)
    finance = actor(UserFactory(finance=True))
    said = outlook(run=august.run, by=finance)
    assert (said.due_count, said.carried, said.settled) == (1, 1, 0)
    assert release_run(run=august.run, by=finance) == 1
    august.run.refresh_from_db()
    assert august.run.state == "paid"


def test_the_partner_sees_what_is_carried_and_not_as_due(acme, browse):
    apply(least())
    months(acme, "38.20")
    (owed,) = owed_to(acme.admin)
    assert (owed.unpaid, owed.kept) == (0, Decimal("38.20"))
    (august,) = statements(acme)
    page = browse(acme.admin).get(august.get_absolute_url()).content.decode()
    assert "below the minimum payout: carried to the next statement" in page
    assert "Below the minimum of" in page
    assert "38.20" in browse(acme.admin).get("/rebates/").content.decode()


def test_the_figure_is_explained_as_step_eleven(acme):
    apply(least())
    _august, september = months(acme, "38.20", "71.55")
    said = {
        row.ends.month - 1: explanations.explain(row).steps[-1]
        for run in (_august.run, september.run)
        for row in results(run)
    }
    assert [(one.number, one.value) for one in said.values()] == [
        (11, Decimal("38.20")),
        (11, Decimal("0.00")),
    ]
    assert "38.20 were carried forward: together it comes to the minimum" in said[9].text


def test_the_kit_recomputes_what_is_carried(acme, tmp_path):
    apply(least())
    for number, statement in enumerate(months(acme, "38.20", "71.55")):
        folder = unpacked(statement, tmp_path / str(number))
        said = verify(folder)
        assert said.returncode == 0 and "agrees   core, carried forward" in said.stdout, said.stdout
        kit = (folder / "kit.json").read_text()
        other = "10.00" if number == 0 else "500.00"
        (folder / "kit.json").write_text(kit.replace('"minimum": "50.00"', f'"minimum": "{other}"'))
        assert verify(folder).returncode == 1


def test_a_back_test_costs_what_is_earned(acme):
    apply(policy("plain", mechanism=ALL), least(code="least"))
    sell(acme, "38.20", "2026-08-10")
    august = Period.parse("2026-08")
    versions = list(Version.objects.order_by("programme__code"))
    with time_machine.travel("2026-11-20 04:00:00+00:00"):
        assert back_test(versions=versions, first=august, last=august, by=BY).totals == [Decimal("38.20")] * 2


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0, "This must be above zero."), ("50.001", "A minimum is an amount that can be paid")],
)
def test_a_minimum_that_nobody_can_pay_is_refused(amount, said):
    with pytest.raises(PolicyProblem) as refused:
        read_document({"schema": 1, "programmes": [least(amount)]})
    assert [one for one in refused.value.problems if "minimum_payout" in one and said in one]


def test_finance_fills_it_in_and_reads_it_in_the_sentence(finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00"):
        answer = browse(finance).post("/programmes/new/", FILLED | {"minimum_payout": "50"})
    assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    assert version.policy["minimum_payout"] == "50"
    assert "Less than ¥50 is not paid but carried forward." in wording.sentence(version)
    assert is_editable(version.policy) and initial_of(version)["minimum_payout"] == "50"


def test_a_payout_and_a_release_count_what_has_nothing_to_pay_alike(acme, rival, finance):
    apply(policy("core", mechanism=ALL, minimum_payout=50))
    sell(acme, "38.20")
    sell(rival, "70.00")
    run = settle("2026-09")
    by_hand, by_file = outlook(run=run, by=finance), prospect(run, by=finance)
    assert (by_hand.carried, by_file.carried) == (1, 1)
    assert (by_hand.settled, by_file.settled) == (0, 0)
