"""Every audit row is sealed once, whoever commits when; what is changed afterwards is found and named."""

from __future__ import annotations

import json
import threading
import time
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from prm.audit.models import AuditEntry
from prm.audit.services import record
from prm.sealing import facts
from prm.sealing.models import Seal, SealedEntry, Waiting
from prm.sealing.services import head, seal_waiting
from prm.sealing.verify import verify
from prm.values.actor import Actor

SYSTEM = Actor.job("tests")
pytestmark = pytest.mark.django_db(transaction=True)


def note(text: str = "", **changes) -> AuditEntry:
    return record(None, "changed", by=SYSTEM, reason=text, changes=changes)


def in_threads(jobs) -> None:
    """Each on a connection of its own in this tenant."""
    tenant, problems = connection.tenant, []

    def run(job) -> None:
        connection.set_tenant(tenant)
        try:
            job()
        except Exception as problem:  # looked at below
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not problems and not any(thread.is_alive() for thread in threads)


def past_the_trigger(statement: str, *params) -> None:
    """As somebody who owns the tables could."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("audit_auditentry", "sealing_seal", "sealing_sealedentry"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("audit_auditentry", "sealing_seal", "sealing_sealedentry"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def chained(fresh_tenant):
    """Three batches of three rows beside what the new tenant began with."""
    seal_waiting()
    made = []
    for _batch in range(3):
        made.append([note(f"row {number}", amount=["1.10", "2"]) for number in range(3)])
        seal_waiting()
    return made


def test_a_row_that_commits_late_is_not_skipped(fresh_tenant):
    """The first writer takes its number first and commits last."""
    seal_waiting()
    written, go_on = threading.Event(), threading.Event()
    late: list[int] = []

    def slow() -> None:
        with transaction.atomic():
            late.append(note("late").pk)
            written.set()
            go_on.wait(30)

    thread = threading.Thread(target=_with_tenant(connection.tenant, slow))
    thread.start()
    assert written.wait(30)
    early = note("early")
    assert early.pk > late[0]
    assert seal_waiting() == 1  # nobody waits for the slow one
    go_on.set()
    thread.join(timeout=30)
    assert seal_waiting() == 1
    batches = dict(SealedEntry.objects.filter(pk__in=[early.pk, late[0]]).values_list("pk", "seal_id"))
    assert batches[late[0]] == batches[early.pk] + 1
    assert verify().good


def test_every_row_is_sealed_exactly_once_under_many_writers_and_sealers(fresh_tenant):
    stop = threading.Event()

    def write(number: int):
        def run() -> None:
            for turn in range(25):
                with transaction.atomic():
                    note(f"{number}.{turn}")
                    time.sleep(0.001 * ((number * 7 + turn) % 5))
                    note(f"{number}.{turn} again")
                    if turn % 10 == 9:
                        transaction.set_rollback(True)

        return run

    def seal() -> None:
        while not stop.is_set():
            seal_waiting()

    sealers = threading.Thread(target=_with_tenant(connection.tenant, lambda: in_threads([seal, seal])))
    sealers.start()
    in_threads([write(number) for number in range(8)])
    stop.set()
    sealers.join(timeout=60)
    seal_waiting()
    rows = set(AuditEntry.objects.values_list("pk", flat=True))
    sealed = list(SealedEntry.objects.values_list("pk", flat=True))
    assert len(sealed) == len(set(sealed)) and set(sealed) == rows and not Waiting.objects.exists()
    assert Seal.objects.count() > 1
    outcome = verify()
    assert outcome.good and outcome.rows == len(rows)


def _with_tenant(tenant, job):
    def run() -> None:
        connection.set_tenant(tenant)
        try:
            job()
        finally:
            connection.close()

    return run


def test_a_changed_row_is_named_with_its_batch(chained):
    row = chained[1][2]
    past_the_trigger("UPDATE audit_auditentry SET reason = 'nothing' WHERE id = %s", row.pk)
    first = verify().differences[0]
    assert (first.kind, first.batch, first.entry) == ("changed", Seal.objects.count() - 1, row.pk)
    assert str(row.pk) in first.text


def test_digits_of_a_number_in_json_count(chained):
    row = note(amount=["1.10", "2"])
    past_the_trigger("UPDATE audit_auditentry SET changes = '{\"n\": [1.10, 2]}' WHERE id = %s", row.pk)
    seal_waiting()
    assert verify().good
    past_the_trigger("UPDATE audit_auditentry SET changes = '{\"n\": [1.1, 2]}' WHERE id = %s", row.pk)
    assert verify().differences[0].entry == row.pk


def test_a_row_that_was_taken_out_and_one_put_in_are_named(chained):
    gone = chained[0][0].pk
    past_the_trigger("DELETE FROM audit_auditentry WHERE id = %s", gone)
    past_the_trigger(
        "INSERT INTO audit_auditentry (at, verb, object_type, object_id, object_label, actor_kind, actor_label,"
        " acting_operator, address, request_id, changes, reason)"
        " VALUES (now(), 'x', '', '', '', 'user', 'Eve', '', '', '', '{}', '')"
    )
    forged = AuditEntry.objects.get(actor_label="Eve")
    found = {one.kind: one.entry for one in verify().differences}
    assert found == {"missing": gone, "unsealed": forged.pk}


def test_a_changed_or_missing_batch_is_named(chained):
    past_the_trigger(
        "UPDATE sealing_sealedentry SET digest = repeat('0', 64) WHERE entry_id = %s", chained[1][0].pk
    )
    number = SealedEntry.objects.get(pk=chained[1][0].pk).seal_id
    assert [(one.kind, one.batch) for one in verify().differences] == [("changed", number), ("batch", number)]
    past_the_trigger(
        "WITH gone AS (DELETE FROM sealing_sealedentry WHERE seal_id = %s) DELETE FROM sealing_seal WHERE number = %s",
        number, number,
    )  # fmt: skip
    kinds = [(one.kind, one.batch) for one in verify().differences]
    assert kinds[:2] == [("gap", number), ("batch", number + 1)]


def test_whoever_rewrites_the_whole_chain_is_found_by_a_head_that_went_out(chained):
    went_out = head()
    past_the_trigger("UPDATE audit_auditentry SET reason = 'nothing' WHERE id = %s", chained[0][0].pk)
    past_the_trigger("DELETE FROM sealing_sealedentry")
    past_the_trigger("DELETE FROM sealing_seal")
    past_the_trigger("INSERT INTO sealing_waiting SELECT id FROM audit_auditentry ON CONFLICT DO NOTHING")
    seal_waiting()
    assert verify().good
    found = verify(heads=[went_out]).differences
    assert [one.kind for one in found] == ["head"] and went_out in found[0].text
    assert verify(heads=[head()]).good and verify(heads=[head().partition(":")[2]]).good


def test_the_database_refuses_to_change_a_seal(chained):
    for statement in (
        "UPDATE sealing_seal SET hash = 'x'", "DELETE FROM sealing_sealedentry", "TRUNCATE sealing_seal CASCADE",
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_sealed_row_that_tells_of_other_rows_is_asked(chained, monkeypatch):
    monkeypatch.setitem(
        facts._checks, "changed", lambda row: "no longer so" if row["reason"] == "row 1" else ""
    )
    found = verify().differences
    assert [one.kind for one in found] == ["fact"] * 3 and "no longer so" in found[0].text


def command(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("audit", *arguments, stdout=out)
    except CommandError as problem:
        return problem.returncode, out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_good_or_from_where(chained, fresh_tenant):
    status, text = command("verify", fresh_tenant.slug, "--head", head())
    assert f"The head {head()} is in the chain: batch {len(chained) + 1}, sealed" in text
    assert status == 0 and "good" in text
    past_the_trigger("UPDATE audit_auditentry SET verb = 'x' WHERE id = %s", chained[2][0].pk)
    status, text = command("verify", fresh_tenant.slug, "--json")
    told = json.loads(text)
    assert status == 3 and told["good"] is False and told["differences"][0]["entry"] == chained[2][0].pk
    assert command("verify", fresh_tenant.slug, "--head", "nonsense")[0] == 2
    assert command("verify", "nobody")[0] == 2


def test_somebody_else_verifies_the_chain_with_the_page_alone(chained, fresh_tenant, tmp_path):
    """The program in docs/explanation/sealing.md reads what `audit chain` writes."""
    import re
    import subprocess
    import sys

    from tests.house.tree import ROOT

    page = (ROOT / "docs/explanation/sealing.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.*?)```", page, re.S)[1]
    (tmp_path / "check.py").write_text(program, encoding="utf-8")
    _status, text = command("chain", fresh_tenant.slug)

    def check(lines: str) -> subprocess.CompletedProcess:
        arguments = [sys.executable, str(tmp_path / "check.py"), head()]
        return subprocess.run(arguments, input=lines, capture_output=True, text=True, encoding="utf-8")

    good = check(text)
    assert good.returncode == 0 and "good" in good.stdout, good.stderr
    bad = check(text.replace("row 1", "row 7", 1))
    assert bad.returncode == 1 and "batch" in bad.stdout
