"""The recompute kit holds the sealed chain: whoever changes the head, a hash or the statement is told where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prm.audit.models import AuditEntry
from prm.audit.services import record
from prm.sealing import proof, tree
from prm.sealing.models import Seal
from prm.sealing.services import seal_waiting
from rebates import sealing
from rebates.models import Statement
from tests.rebates import world
from tests.rebates.test_recompute_kit import repack, statements, unpacked, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def statement(acme, rival) -> Statement:
    """Sealed while others' rows of the trail were sealed between the head on it and its own batch."""
    world.apply(world.policy())
    world.sell(acme, 120_000)
    world.sell(rival, 7_000)
    seal_waiting()
    run = world.settle("2026-09")
    record(rival.row, "tier_set", by=world.BY, changes={"tier": ["silver", "gold"]})
    seal_waiting()
    assert run.audit_head
    return statements(acme)[0]


def kit_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "kit.json").read_text())


def differing(folder: Path, kit: dict[str, Any]) -> list[str]:
    (folder / "kit.json").write_text(json.dumps(kit))
    repack(folder)
    said = verify(folder)
    found = [line for line in said.stdout.splitlines() if line.startswith("DIFFERS")]
    assert said.returncode == (1 if found else 0), said.stdout + said.stderr
    assert ("Everything agrees." in said.stdout) is not found or not found
    return found


@pytest.fixture
def folder(statement, tmp_path) -> Path:
    return unpacked(statement, tmp_path)


def test_an_honest_kit_agrees_and_says_from_which_head_to_which(folder, statement):
    said = verify(folder)
    head, last = statement.run.audit_head, Seal.objects.latest("number").head
    assert said.returncode == 0, said.stdout + said.stderr
    assert f"agrees   sealed trail from head {head} to {last}" in said.stdout
    assert "the statement's SHA-256 is among those that its close sealed" in said.stdout


def test_a_changed_head_is_named(folder):
    kit = kit_of(folder)
    number, _colon, digest = kit["statement"]["audit_head"].partition(":")
    kit["statement"]["audit_head"] = f"{number}:{'0' * 8}{digest[8:]}"
    (found,) = differing(folder, kit)
    assert "audit_head" in found


def test_a_head_that_was_changed_wherever_it_stands_is_named(folder):
    kit = kit_of(folder)
    head = kit["statement"]["audit_head"]
    other = head[:-4] + ("0000" if not head.endswith("0000") else "1111")
    kit = json.loads(json.dumps(kit).replace(head, other))
    found = differing(folder, kit)
    assert any("of the sealed trail: its hash does not follow" in line for line in found)


def test_a_changed_hash_of_a_batch_is_named_with_the_batch(folder):
    kit = kit_of(folder)
    batch = kit["sealed"]["batches"][0]
    batch["hash"] = "0" * 64
    (found,) = differing(folder, kit)
    assert f"batch {batch['number']} of the sealed trail" in found


@pytest.mark.parametrize("change", ["row", "at"])
def test_what_a_batch_holds_cannot_be_changed_either(folder, change):
    kit = kit_of(folder)
    batch = kit["sealed"]["batches"][-1]
    if change == "at":
        batch["at"] = "2026-01-01T00:00:00.000000Z"
    else:
        batch["rows"][0][1] = "0" * 64
    assert any(f"batch {batch['number']} of the sealed trail" in line for line in differing(folder, kit))


def test_a_changed_statement_is_named_though_its_digest_was_made_to_fit(folder):
    from rebates.verifier import digest_of

    kit = kit_of(folder)
    kit["statement"]["issued"] = "2026-10-01T00:00:00.000000Z"
    (found,) = differing(folder, kit)
    assert "SHA-256 of the statement's data" in found
    kit["statement"]["digest"] = digest_of(kit)
    (found,) = differing(folder, kit)
    assert f"digest of {kit['statement']['number']}: it is not among those that its close sealed" in found
    shown = verify(folder).stdout
    assert "agrees   SHA-256 of the statement's data" not in shown  # one thing is said of it
    assert "RESULT   This is not the statement that was issued" in shown
    assert "结论     这不是当时出具的对账单" in shown


def test_of_other_partners_the_kit_has_hashes_only(folder, rival):
    kit = kit_of(folder)
    other = statements(rival)[0]
    told = json.dumps(kit["sealed"])
    assert other.number not in told and other.digest not in told and rival.row.name not in told
    assert "tier_set" not in told and "tests" not in told  # who closed it is not told either
    assert all(
        len(row) == 2 and len(row[1]) == 64 for batch in kit["sealed"]["batches"] for row in batch["rows"]
    )


def test_before_the_seal_there_is_nothing_to_compute_it_from(acme, tmp_path):
    world.apply(world.policy())
    world.sell(acme, 120_000)
    seal_waiting()
    world.settle("2026-09")
    folder = unpacked(statements(acme)[0], tmp_path)
    said = verify(folder)
    assert said.returncode == 0 and "nothing to compute it from" in said.stdout
    assert kit_of(folder)["sealed"] is None


def test_a_chain_that_is_too_long_begins_with_the_head_before_the_last_batch(
    statement, tmp_path, monkeypatch
):
    monkeypatch.setattr(proof, "MOST", 0)
    folder = unpacked(statement, tmp_path)
    kit = kit_of(folder)
    assert kit["sealed"]["shortened"] is False  # its own batch follows the head at once
    record(statement.run, "looked at", by=world.BY)
    seal_waiting()
    row = AuditEntry.objects.of(statement.run).filter(verb="looked at").get()
    found = proof.proof(row.pk, since=statement.run.audit_head)
    last = Seal.objects.latest("number")
    assert [batch["number"] for batch in found["batches"]] == [last.number]
    assert found["from"] == f"{last.number - 1}:{last.previous}"
    kit["sealed"] |= {"shortened": True}
    kit["statement"]["audit_head"] = f"1:{'a' * 64}"
    assert any("its close sealed" in line for line in differing(folder, kit))


def test_a_close_whose_root_no_longer_fits_is_named_when_the_chain_is_verified(statement):
    row = AuditEntry.objects.filter(verb=sealing.ISSUED).values().get()
    assert sealing.complaint(row) == ""
    changed = {**row, "changes": {**row["changes"], "root": [None, "0" * 64]}}
    assert statement.run.number in sealing.complaint(changed)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
def test_each_text_finds_its_way_to_the_root(count):
    from rebates.verifier_chain import root_from

    texts = [f"text {number}" for number in range(count)]
    whole = tree.root(texts)
    for place, text in enumerate(texts):
        assert root_from(text, tree.path(texts, place)) == whole
        assert root_from("another", tree.path(texts, place)) != whole
    assert len({tree.root(texts[:number]) for number in range(count + 1)}) == count + 1
