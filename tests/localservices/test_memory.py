"""The tests' databases lie in memory where there is room, in a folder of this checkout's own."""

from __future__ import annotations

import pytest

from prm.localservices.datadir import ROOT
from tests.support import memory


@pytest.fixture
def shared(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "SHARED", tmp_path)
    monkeypatch.setattr(memory, "FREE", 0)
    monkeypatch.setattr(memory, "AVAILABLE", 0)
    return tmp_path


def test_the_folder_is_the_same_each_time_and_names_its_checkout(shared):
    mine = memory.folder()
    assert mine == memory.folder() and mine.parent == shared
    assert (mine / "checkout").read_text() == str(ROOT)


@pytest.mark.parametrize("limit", ["FREE", "AVAILABLE"])
def test_with_too_little_room_the_tests_stay_on_the_disk(shared, monkeypatch, limit):
    monkeypatch.setattr(memory, limit, 1 << 60)
    assert memory.folder() is None


def test_where_there_is_no_shared_memory_the_tests_stay_on_the_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "SHARED", tmp_path / "missing")
    assert memory.folder() is None


def test_a_link_that_somebody_laid_there_is_not_followed(shared):
    mine = memory.folder()
    (mine / "checkout").unlink()
    mine.rmdir()
    elsewhere = shared / "elsewhere"
    elsewhere.mkdir()
    mine.symlink_to(elsewhere)
    assert memory.folder() is None
    assert not list(elsewhere.iterdir())


def test_what_a_checkout_left_that_is_gone_is_removed_and_nothing_else(shared, tmp_path):
    gone, alive, foreign = (shared / f"{memory.NAME}{name}" for name in ("gone", "alive", "foreign"))
    for path in (gone, alive, foreign):
        path.mkdir()
    (gone / "checkout").write_text(str(tmp_path / "no such checkout"))
    (alive / "checkout").write_text(str(ROOT))
    memory.folder()
    assert not gone.exists()
    assert alive.exists() and foreign.exists()
