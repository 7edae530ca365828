"""A server process looks through what it loaded at its start no more."""

from __future__ import annotations

import gc

import pytest

from prm.config.collecting import YOUNGEST, collect_rarely


@pytest.fixture
def _afterwards():
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_afterwards")
def test_what_was_loaded_is_set_aside_and_the_rest_is_looked_through_seldom():
    collect_rarely()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold()[0] == YOUNGEST
