"""Account codes stand in the configuration as text and come back from it."""

from __future__ import annotations

import pytest

from payouts.reads import known_codes
from payouts.services import set_account_codes
from prm.configuration import services
from tests.rebates.world import BY

pytestmark = pytest.mark.django_db


def test_codes_are_exported_and_applied(finance):
    set_account_codes(codes={"payable": ("2190", "Rebates payable"), "expense": ("6710", "")}, by=finance)
    text = services.current_text()
    assert "2190" in text and "Rebates payable" in text
    services.apply(source="schema: 1\naccount_codes: {payable: {code: '2195'}}", by=BY)
    assert known_codes() == {"payable": ("2195", "")}
    services.apply(source=text, by=BY)
    assert known_codes() == {"payable": ("2190", "Rebates payable"), "expense": ("6710", "")}
