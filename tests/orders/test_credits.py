"""Credits of agents: shares of lines that are invoiced to somebody else, append-only and sound in the database."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from orders import services
from orders.errors_of_credits import (
    AgentIsTheBuyer,
    CreditedAlready,
    CreditReasonMissing,
    CreditTakenBack,
    NotToBeTakenBack,
    ReturnFollowsItsSale,
    SameShare,
    ShareOutOfRange,
    SharesAboveAll,
)
from orders.models import CreditedLine, SalesLine
from prm.audit.models import AuditEntry
from prm.outbox.models import OutboxEvent
from prm.spreadsheets.models import Import
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.cast import Company
from tests.orders.crediting import BY, amounts_of, correct, credit, credits_of, take_back
from tests.rebates.world import sell


@pytest.fixture
def agent(db):
    return Company("Broker Zhang")


@pytest.mark.django_db
def test_a_credit_is_line_times_share_exactly(acme, agent):
    line = sell(acme, "100.01", quantity="7.5", gross_amount=Decimal("113.01"), document="INV-1")
    given = credit(line, agent, "33.3333")
    assert (given.net_amount, given.quantity) == (Decimal("33.33663333"), Decimal("2.499997500"))
    assert given.gross_amount == Decimal("113.01") * Decimal("0.333333")
    assert (given.partner, given.document, given.booking_date) == (agent.row, "INV-1", line.booking_date)
    assert (given.product_id, given.currency) == (line.product_id, "CNY")
    assert given.pk > line.pk  # one watermark tells of both


@pytest.mark.django_db
@pytest.mark.parametrize("share", ["0", "-1", "100.0001", "33.33333"])
def test_a_share_is_above_zero_and_at_most_all_of_it(acme, agent, share):
    with pytest.raises(ShareOutOfRange):
        credit(sell(acme, 100), agent, share)


@pytest.mark.django_db
def test_agents_split_a_line_and_never_get_more_than_all_of_it(acme, rival, agent):
    line = sell(acme, 100)
    credit(line, agent, 60)
    with pytest.raises(SharesAboveAll) as refused:
        credit(line, rival, "40.01")
    assert "60%" in str(refused.value) and "40% are left" in str(refused.value)
    credit(line, rival, 40)
    assert amounts_of(agent) + amounts_of(rival) == [Decimal(60), Decimal(40)]


@pytest.mark.django_db
def test_an_agent_stands_once_on_a_line_and_never_on_its_own_purchase(acme, agent):
    line = sell(acme, 100)
    credit(line, agent, 10)
    with pytest.raises(CreditedAlready, match="10%"):
        credit(line, agent, 5)
    with pytest.raises(AgentIsTheBuyer):
        credit(line, acme, 5)


@pytest.mark.django_db
def test_taking_back_undoes_a_credit_once_and_for_a_reason(acme, agent):
    given = credit(sell(acme, 100), agent, 40)
    with pytest.raises(CreditReasonMissing):
        services.take_back_credit(credit=given, reason=" ", by=BY)
    taken = take_back(given)
    assert (taken.net_amount, taken.takes_back, taken.share) == (Decimal(-40), given, Decimal(40))
    for wrong, error in ((given, CreditTakenBack), (taken, NotToBeTakenBack)):
        with pytest.raises(error):
            take_back(wrong)
    assert sum(amounts_of(agent)) == 0
    assert list(CreditedLine.objects.for_everyone(because="a test").in_force()) == []


@pytest.mark.django_db
def test_a_corrected_credit_is_taken_back_and_given_anew(acme, agent):
    given = credit(sell(acme, 100), agent, 40)
    with pytest.raises(SameShare):
        correct(given, 40)
    anew = correct(given, 60)
    assert amounts_of(agent) == [Decimal(40), Decimal(-40), Decimal(60)]
    # The late rule asks since when the agent is known at the line.
    assert {row.first_id for row in credits_of(agent)} == {given.pk} and anew.first_at == given.recorded_at


@pytest.mark.django_db
def test_returns_follow_the_credit_of_their_sale_whichever_comes_first(acme, rival, agent):
    line = sell(acme, 100)
    sell(acme, -30, reverses=line)
    given = credit(line, agent, 50)
    sell(acme, -20, reverses=line)
    assert amounts_of(agent) == [Decimal(50), Decimal(-15), Decimal(-10)]
    assert {row.first_id for row in credits_of(agent)} == {given.pk}
    assert [row.reverses_id for row in credits_of(agent)] == [None, given.pk, given.pk]
    correct(given, 10)
    assert sum(amounts_of(agent)) == Decimal(5)
    sell(acme, -50, reverses=line)
    assert sum(amounts_of(agent)) == Decimal(0)
    with pytest.raises(ReturnFollowsItsSale):
        credit(SalesLine.objects.for_everyone(because="a test").get(net_amount=-50), rival, 10)
    followed = next(row for row in credits_of(agent) if row.source == "return")
    with pytest.raises(NotToBeTakenBack):
        take_back(followed)


@pytest.mark.django_db
def test_a_return_that_names_no_sale_is_credited_by_itself(acme, agent):
    given = credit(sell(acme, -30), agent, 50)
    assert (given.net_amount, given.is_return, given.reverses_id) == (Decimal(-15), True, None)
    assert take_back(given).net_amount == Decimal(15)


@pytest.mark.django_db
def test_who_did_it_is_in_the_trail_and_an_event_leaves(acme, agent):
    given = credit(sell(acme, 100, document="INV-1"), agent, 40)
    take_back(given)
    entries = AuditEntry.objects.filter(object_id=str(given.pk), object_type="orders.creditedline")
    assert sorted(entries.values_list("verb", flat=True)) == ["credit taken back", "credited with"]
    assert {entry.partner_id for entry in entries} == {agent.row.pk}
    assert acme.name not in str([entry.changes for entry in entries])
    assert OutboxEvent.objects.filter(name="orders.credits_recorded").count() == 2


@pytest.mark.django_db
def test_only_finance_credits_agents(acme, agent, manager, finance):
    line = sell(acme, 100)
    for nobody in (manager, agent.admin):
        with pytest.raises(NotAllowed):
            services.record_credit(line=line, agent=agent.row, share=Decimal(1), by=nobody)
    services.record_credit(line=line, agent=agent.row, share=Decimal(1), by=finance)


# In the database


def written(
    line: SalesLine, partner: Company, share: object, *, takes_back: int | None = None, reason=""
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_creditedline (number, line_id, partner_id, share, takes_back_id, source, reason,"
            " recorded_by_label, recorded_at) VALUES (gen_random_uuid(), %s, %s, %s, %s, 'import', %s, '', now())",
            [line.pk, partner.row.pk, share, takes_back, reason],
        )


@pytest.mark.django_db
def test_the_database_keeps_credits_sound(acme, rival, agent):
    line, other = sell(acme, 100), sell(acme, 100)
    given = credit(line, agent, 60)
    for wrong in (
        lambda: written(line, rival, 41),
        lambda: written(line, agent, 1),
        lambda: written(line, acme, 1),
        lambda: written(other, agent, 0),
        lambda: written(other, agent, 60, takes_back=given.pk, reason="x"),
        lambda: written(line, agent, 59, takes_back=given.pk, reason="x"),
        lambda: written(line, agent, 60, takes_back=given.pk),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()
    written(line, agent, 60, takes_back=given.pk, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        written(line, agent, 60, takes_back=given.pk, reason="x")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for change in (
        "UPDATE orders_creditedline SET share = 1",
        "DELETE FROM orders_creditedline",
        "TRUNCATE orders_creditedline CASCADE",
    ):
        with (
            pytest.raises(DatabaseError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)


def at_once(*jobs) -> list[object]:
    """Run jobs at the same moment, each with a connection of its own; what each gave or raised."""
    schema, gate, found = connection.schema_name, threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(place: int) -> None:
        connection.set_schema(schema)
        try:
            gate.wait()
            found[place] = jobs[place]()
        except Exception as problem:
            found[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@pytest.mark.django_db(transaction=True)
def test_two_who_credit_one_line_at_once_share_no_more_than_all_of_it():
    line, agents = sell(Company("ACME Networks"), 100), [Company(f"Broker {name}") for name in "AB"]
    found = at_once(*(lambda agent=agent: credit(line, agent, 60) for agent in agents))
    refused = [one for one in found if isinstance(one, SharesAboveAll)]
    assert len(refused) == 1 and "40% are left" in str(refused[0]), found
    assert sum(amounts_of(agents[0]) + amounts_of(agents[1])) == 60


@pytest.mark.django_db(transaction=True)
def test_a_return_that_comes_in_while_its_sale_is_credited_is_credited_too():
    acme, agent = Company("ACME Networks"), Company("Broker A")
    for number in range(6):
        line = sell(acme, 100, line_number=f"L-{number}")
        at_once(
            lambda line=line: credit(line, agent, 60),
            lambda line=line, number=number: sell(acme, -100, reverses=line, line_number=f"R-{number}"),
        )
    assert len(credits_of(agent)) == 12 and sum(amounts_of(agent)) == 0


@pytest.mark.django_db(transaction=True)
def test_two_returns_of_a_credited_sale_at_once_are_both_credited():
    acme, agent = Company("ACME Networks"), Company("Broker A")
    for number in range(6):
        line = sell(acme, 100, line_number=f"L-{number}")
        credit(line, agent, 60)
        found = at_once(
            lambda line=line, number=number: sell(acme, -40, reverses=line, line_number=f"R-{number}a"),
            lambda line=line, number=number: sell(acme, -50, reverses=line, line_number=f"R-{number}b"),
        )
        assert not [one for one in found if isinstance(one, Exception)]
    assert sum(amounts_of(agent)) == 6 * 6  # 60 % of what stayed with the buyer


@pytest.mark.django_db(transaction=True)
def test_two_files_with_the_same_lines_in_another_order_wait_for_each_other_and_never_for_good(tmp_path):
    acme, agents = Company("ACME Networks"), [Company(f"Broker {name}") for name in "AB"]
    numbers = [sell(acme, 100, line_number=f"L-{number:03}").line_number for number in range(120)]

    def bring(place: int) -> Import:
        path, lines = tmp_path / f"{place}.csv", numbers if place else numbers[::-1]
        rows = [f"C-{place}-{line},{line},{agents[place].row.number},50" for line in lines]
        path.write_text("\n".join(["credit_number,line_number,agent_number,share", *rows]), encoding="utf-8")
        return import_file(kind="credits", path=path, by=Actor.command("import_data"))

    found = at_once(lambda: bring(0), lambda: bring(1))
    assert [getattr(one, "written", one) for one in found] == [120, 120]
