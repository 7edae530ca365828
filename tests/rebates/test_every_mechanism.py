"""A mechanism counts when it is chosen in the editor, exported, back-tested, settled, explained and recomputed.

One partner, one month for all of them: 17 routers for 140,000 and 4 access points for 60,000, three of which by serial
number; 160,000 the month before. Bands T are 2 %, 3 % from 100,000 and 5 % from 250,000. Figures are computed by hand.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.values.periods import Period
from rebates import explanations
from rebates.accruals import accrual_of
from rebates.backtest import back_test
from rebates.exchange import as_yaml
from rebates.models import Statement, Version
from rebates.policy import MECHANISMS, read_yaml
from rebates.programme_details import KINDS
from rebates.services import publish_version
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.test_serials import named
from tests.rebates.world import BY, catalogue, only, sell, settle

pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")
FILLED = {
    "period": "month", "rounding": "half_up", "name": "Core volume", "code": "core", "starts": "2026-09-01",
}  # fmt: skip
T = {"from_0": "0", "rate_0": "2", "from_1": "100000", "rate_1": "3", "from_2": "250000", "rate_2": "5"}
POINTS = {"from_0": "100000", "rate_0": "1", "from_1": "300000", "rate_1": "3"}
WIRELESS = {"pay_lines": ["wireless"]}
GROWTH = {
    "mechanism": "growth",
    "from_0": "20",
    "rate_0": "3",
    "baseline": "prior_period",
    "new_partner": "skip",
}
TARGET = {"mechanism": "target", "target": "160000", "from_0": "100", "rate_0": "2"}
SET = {"part_0": "routing", "count_0": "3", "part_1": "wireless-1", "count_1": "1"}

# What is typed in the editor, and what September comes to.
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "flat": ({"mechanism": "flat", "from_0": "0", "rate_0": "2.5"}, "5000.00"),
    "marginal": ({"mechanism": "marginal", **T}, "5000.00"),
    "marginal, own bands": ({"mechanism": "marginal", "split": "own_bands", **T, **WIRELESS}, "1200.00"),
    "marginal, average": ({"mechanism": "marginal", "split": "average", **T, **WIRELESS}, "1500.00"),
    "marginal, top slice": ({"mechanism": "marginal", "split": "top_slice", **T, **WIRELESS}, "1800.00"),
    "retroactive": ({"mechanism": "retroactive", **T}, "6000.00"),
    "retroactive from a floor": (
        {"mechanism": "retroactive_from_floor", "floor": "50000", "first_rate": "2", **T}, "5500.00",
    ),
    "lump sum": ({"mechanism": "lump_sum", "from_0": "150000", "rate_0": "4000"}, "4000.00"),
    "linear": ({"mechanism": "linear", **POINTS}, "4000.00"),
    "growth, on all": ({**GROWTH, "on": "all"}, "6000.00"),
    "growth, on the growth": ({**GROWTH, "on": "above"}, "1200.00"),
    "target, on all": ({**TARGET, "on": "all"}, "4000.00"),
    "target, on the excess": ({**TARGET, "on": "above"}, "800.00"),
    "mix": ({"mechanism": "mix", "focus": ["wireless"], "from_0": "30", "rate_0": "1.5"}, "3000.00"),
    "per unit": ({"mechanism": "per_unit", "amount": "1.25"}, "26.25"),
    "per unit, stepped": (
        {"mechanism": "per_unit_stepped", "from_0": "0", "rate_0": "1", "from_1": "10", "rate_1": "2"}, "32.00",
    ),
    "per full increment": ({"mechanism": "per_increment", "increment": "50000", "amount": "400"}, "1600.00"),
    "SPIF by unit": ({"mechanism": "spif", "per": "unit", "amount": "30", "products": "wireless-1"}, "120.00"),
    "SPIF by serial": ({"mechanism": "spif", "per": "serial", "amount": "30"}, "90.00"),
    "bundle": ({"mechanism": "bundle", "amount": "50", **SET}, "200.00"),
    "formula": ({"mechanism": "formula", "expression": "min(base * 0.02, 3333.33)"}, "3333.33"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def october():
    with time_machine.travel("2026-10-12 04:00:00+00:00", tick=False):
        yield


@pytest.fixture
def sold(acme):
    catalogue("routing", "wireless")
    sell(acme, 160_000, "2026-08-20", quantity=20)
    sell(acme, 140_000, "2026-09-10", quantity=17)
    named(sell(acme, 60_000, "2026-09-15", line="wireless", quantity=4), "SN-1", "SN-2", "SN-3")
    return acme


def test_none_is_left_out():
    typed = {entries["mechanism"] for entries, _figure in CASES.values()}
    assert typed == set(KINDS) == set(MECHANISMS)


@pytest.mark.parametrize("case", CASES)
def test_from_the_editor_to_the_partners_own_computer(case, sold, finance, browse, tmp_path):
    typed, figure = CASES[case][0], Decimal(CASES[case][1])
    answer = browse(finance).post("/programmes/new/", FILLED | typed)
    assert answer.status_code == 302, re.findall(r"ui-error[^<]*<?[^<]*", answer.content.decode())
    draft = Version.objects.get()
    (text,) = read_yaml(as_yaml(draft.programme))
    assert text.policy == draft.policy

    tried = back_test(versions=[draft], first=SEPTEMBER, last=SEPTEMBER, by=BY)
    assert tried.totals == [figure]
    publish_version(version=draft, by=BY)
    assert (
        accrual_of(by=sold.sales, programme="core", period=SEPTEMBER, partner_id=sold.row.pk).amount == figure
    )

    result = only(settle("2026-09"))
    assert (result.amount, explanations.explain(result).rounded) == (figure, figure)
    for language in ("en", "zh-CN"):
        page = browse(sold.sales).get(result.get_absolute_url(), headers={"accept-language": language})
        assert f"¥{figure:,.2f}" in page.content.decode()

    statement = Statement.objects.for_everyone(because="a test").get()
    said = verify(unpacked(statement, tmp_path))
    assert said.returncode == 0, said.stdout
