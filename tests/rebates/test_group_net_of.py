"""Programmes that take partners together and are paid on what earlier programmes leave of each member's own base."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from prm.values.periods import Period
from tests.rebates.test_linked import flat, net_of
from tests.rebates.test_partner_groups import bought, grouped, kits_agree, money
from tests.rebates.test_partner_pools import Company, four
from tests.rebates.test_pools_in_stacks import by_code
from tests.rebates.world import apply, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")


def left(code: str = "group", *earlier: str, **entries: Any) -> dict[str, Any]:
    """A group on what the earlier programmes, "a" where none is named, leave."""
    return grouped(code, stacking=net_of(*(earlier or ("a",))), **entries)


@pytest.mark.parametrize("chunk", [1, 2, 5_000])
def test_what_is_left_of_each_members_base_shares_the_groups_figure(four, tmp_path, chunk):
    apply(flat("a", "20%"), left(), flat("other", "1%"))
    bought(four, 60_000, 25_000, 10_000, 5_000)
    run = settle("2026-09", chunk=chunk)
    # 100,000 count: 3 % on 48,000 · 20,000 · 8,000 · 4,000
    assert by_code(run) == {
        "a": money("12000.00", "5000.00", "2000.00", "1000.00"),
        "group": money("1440.00", "600.00", "240.00", "120.00"),
        "other": money("600.00", "250.00", "100.00", "50.00"),
    }
    assert run.line_count == 4
    kits_agree(tmp_path)
