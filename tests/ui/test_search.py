"""One box: each kind sees what the actor may see, and nothing is shown of kinds that the role may not open."""

import pytest

from prm.search import registry
from prm.values.actor import Actor

SALES = Actor(kind="user", user_id=1, role="partner_sales", permissions=frozenset({"deals.view"}))


@pytest.fixture
def kinds(monkeypatch):
    monkeypatch.setattr(registry, "_kinds", {})
    asked = []

    def find(actor, text, limit):
        asked.append((actor, text, limit))
        return [registry.Row(f"{text} {at}", f"/deals/{at}/") for at in range(limit + 3)]

    registry.register("deals", label="Deals", icon="list", find=find, verb="deals.view", order=2)
    registry.register("money", label="Money", icon="list", find=find, verb="ledger.view", order=1)
    return asked


def test_a_kind_without_permission_is_not_even_asked(kinds):
    groups = registry.search(actor=SALES, text="xunda")
    assert [group.label for group in groups] == ["Deals"]
    assert kinds == [(SALES, "xunda", registry.PER_GROUP)]


def test_groups_are_short_and_text_is_bounded(kinds):
    groups = registry.search(actor=SALES, text="  long   words " + "x" * 300)
    assert len(groups[0].rows) == registry.PER_GROUP
    assert kinds[0][1].startswith("long words x") and len(kinds[0][1]) == 100
