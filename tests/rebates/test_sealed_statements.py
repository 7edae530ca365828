"""A close seals its statements: the digest is on paper, and what is changed afterwards is named."""

from __future__ import annotations

import hashlib

import pytest
from django.db import connection, transaction

from prm.audit.models import AuditEntry
from prm.sealing.canonical import moment
from prm.sealing.services import head, seal_waiting
from prm.sealing.verify import verify
from rebates.models import Result, Statement
from tests.cast import Company
from tests.rebates import world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(fresh_tenant):
    world.apply(world.policy(), world.policy("second", kind="retroactive"))
    for company, amount in ((Company("ACME Networks"), 120_000), (Company("Rival Systems"), 7_000)):
        world.sell(company, amount)
    seal_waiting()
    made = world.settle("2026-09")
    seal_waiting()
    return made


def statements(run) -> list[Statement]:
    rows = Statement.objects.for_everyone(because="a test").filter(run=run).select_related("partner")
    return list(rows.order_by("number"))


def text_of(statement: Statement) -> str:
    """As docs/explanation/sealing.md describes it."""
    lines = [
        "qudao.statement.1", f"number {statement.number}", f"partner {statement.partner.number}",
        f"period {statement.starts} {statement.ends}", f"currency {statement.currency}",
    ]  # fmt: skip
    for name in ("opening", "accrued", "earned", "adjusted", "approved", "paid", "closing"):
        lines.append(f"{name} {getattr(statement, name):.2f}")
    lines += [f"issued {moment(statement.issued_at)}", "carried {}"]
    results = Result.objects.for_everyone(because="a test").filter(
        run=statement.run_id, partner=statement.partner_id
    )
    for one in results.order_by("programme__code"):
        lines.append(
            f"{one.kind} {one.programme.code} {one.starts} {one.ends} {one.qualifier:.3f} {one.base:.3f} {one.band}"
            f" {one.computed:.2f} {one.settled:.2f} {one.earned:.2f} {one.adjusted:.2f} {one.line_count}"
        )
    return "\n".join(lines) + "\n"


def change(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for step in ("DISABLE", "ENABLE"):
            for table in ("rebates_statement", "rebates_result"):
                cursor.execute(f"ALTER TABLE {table} {step} TRIGGER USER")
            cursor.execute(statement if step == "DISABLE" else "SELECT 1")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_each_statement_has_the_digest_of_its_data(run):
    found = statements(run)
    assert len(found) == 2
    for statement in found:
        assert statement.digest == hashlib.sha256(text_of(statement).encode()).hexdigest()
    over_all = "".join(f"{statement.number} {statement.digest}\n" for statement in found)
    row = AuditEntry.objects.of(run).get(verb="statements_issued")
    assert row.changes["statements"] == [None, 2]
    assert row.changes["sha256"][1] == hashlib.sha256(over_all.encode()).hexdigest()


def test_the_head_at_the_close_is_on_the_statement_and_in_the_chain(run):
    assert run.audit_head and run.audit_head != head()
    assert verify(heads=[run.audit_head]).good


def test_a_changed_statement_is_named(run):
    statement = statements(run)[1]
    change(f"UPDATE rebates_statement SET accrued = accrued + 1 WHERE id = {statement.pk}")
    found = verify().differences
    assert [one.kind for one in found] == ["fact"] and statement.number in found[0].text


def test_a_changed_result_behind_it_is_named(run):
    change("UPDATE rebates_result SET qualifier = qualifier + 1")
    assert statements(run)[0].number in verify().differences[0].text


def test_a_statement_that_was_taken_out_is_missed(run):
    change(f"DELETE FROM rebates_statement WHERE id = {statements(run)[0].pk}")
    assert run.number in verify().differences[0].text


def test_the_page_and_the_paper_print_both(run):
    from django.template.loader import render_to_string
    from django.test import Client

    from tests.factories.people import UserFactory

    statement = statements(run)[0]
    client = Client(HTTP_HOST=connection.tenant.host)
    client.force_login(UserFactory(finance=True), backend="prm.accounts.backends.EmailBackend")
    page = client.get(statement.get_absolute_url()).content.decode()
    paper = render_to_string(
        "rebates/statement_pdf.html", {"statement": statement, "lines": [], "explained": []}
    )
    for shown in (page, paper):
        assert statement.digest in shown and run.audit_head in shown
