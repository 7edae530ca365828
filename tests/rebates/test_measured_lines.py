"""What a gate or factor found opens to the sales lines that made it up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebates.models import SettlementRun
from rebates.services import approve_run, close_run
from tests.rebates.reading_pages import words
from tests.rebates.world import BY, apply, catalogue, only, policy, results, sell, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]
NET_SALES = {"kind": "measure", "code": "orders.net_sales"}
GATED = policy(mechanism={"kind": "flat", "rate": "10%"}, gates=[NET_SALES | {"at_least": 1500}])


@pytest.fixture
def decided(acme, rival):
    """September of a partner that sold 1,600.00 of two product lines, one of which is paid; and of its rival."""
    catalogue("service")
    apply(GATED)
    sell(acme, "1000.25", "2026-09-03")
    sell(acme, "599.75", "2026-09-30", line="service")
    sell(acme, 7000, "2026-10-01")
    sell(acme, 8000, "2026-08-31")
    sell(rival, 9000, line="service")
    return next(one for one in results(settle("2026-09", close=False)) if one.partner == acme.row)


def lines_of(result: Any) -> str:
    return f"{result.get_absolute_url()}orders.net_sales/"


def close(result: Any) -> None:
    run = SettlementRun.objects.get(pk=result.run_id)
    close_run(run=approve_run(run=run, by=BY), by=BY)


def test_the_gate_leads_to_the_lines_that_it_counted_and_to_no_other(decided, acme, finance, browse):
    late = sell(acme, 4000, "2026-09-20")
    page = browse(finance).get(decided.get_absolute_url()).content.decode()
    assert f'href="{lines_of(decided)}"' in page
    shown = words(browse(finance).get(lines_of(decided)))
    assert "Found then ¥1,600.00 These lines add up to ¥1,600.00" in shown
    assert "599.75" in shown
    assert "1,000.25" in shown
    assert not any(other in shown for other in ("7,000.00", "8,000.00", "9,000.00", late.line_number))


def test_a_partner_opens_its_own_after_the_close_and_nobody_elses(decided, acme, rival, browse):
    assert browse(acme.sales_user).get(lines_of(decided)).status_code == 404
    close(decided)
    assert "599.75" in words(browse(acme.sales_user).get(lines_of(decided)))
    assert browse(rival.sales_user).get(lines_of(decided)).status_code == 404


def test_what_no_gate_asked_for_opens_nothing(decided, finance, browse):
    for code in ("orders.order_count", "tests.unknown"):
        assert browse(finance).get(f"{decided.get_absolute_url()}{code}/").status_code == 404


def test_a_factor_leads_to_its_lines_too(acme, finance, browse):
    factor = NET_SALES | {"bands": [{"from": 0, "factor": "1"}, {"from": 1000, "factor": "1.5"}]}
    apply(policy(mechanism={"kind": "flat", "rate": "10%"}, factors=[factor]))
    sell(acme, 2000)
    result = only(settle("2026-09", close=False))
    assert result.earned == Decimal("300.00")
    assert lines_of(result) in browse(finance).get(result.get_absolute_url()).content.decode()
    assert "Found then ¥2,000.00" in words(browse(finance).get(lines_of(result)))
