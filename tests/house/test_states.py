"""The page of states says what the code does, and every state machine is whole."""

from __future__ import annotations

import pytest
from django.apps import apps

from prm.config import states

MACHINES = [model for model in apps.get_models() if hasattr(model, "TRANSITIONS")]


def test_the_page_of_states_is_what_the_models_say():
    assert states.PAGE.read_text(encoding="utf-8") == states.page(), "run bin/manage states"


@pytest.mark.parametrize("model", MACHINES, ids=lambda model: model.__name__)
def test_every_state_stands_in_its_table_and_every_transition_leads_to_one(model):
    kind = type(next(iter(model.TRANSITIONS)))
    assert set(model.TRANSITIONS) == set(kind)
    assert {after for following in model.TRANSITIONS.values() for after in following} <= set(kind)
