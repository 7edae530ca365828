"""How the money pages say it: months in words, sums with their sign and separators, no column without a name."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest
import time_machine

from orders.home import net_sales
from rebates.models import Statement
from tests.rebates import world

pytestmark = pytest.mark.django_db


def words(answer) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode())))


def heads(page: str, label: str) -> list[str]:
    table = page.split(f'aria-label="{label}"')[1].split("</thead>", maxsplit=1)[0]
    return [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<th[^>]*>(.*?)</th>", table)]


def test_too_large_a_payment_is_refused_with_the_sum_as_people_read_it(acme, finance, browse):
    world.apply(world.policy())
    world.sell(acme, "173814.50", on="2026-09-10")
    statement = Statement.objects.for_everyone(because="a test").get(run=world.settle("2026-09"))
    answer = browse(finance).post(
        f"{statement.get_absolute_url()}pay/", {"amount": "9999", "paid_on": "2026-10-20"}
    )
    assert answer.status_code == 422
    assert "Only ¥4,214.44 is open on this statement." in words(answer)


@pytest.mark.parametrize("close", [False, True])
def test_every_column_of_a_runs_partners_has_a_name(close, acme, finance, browse):
    world.apply(world.policy())
    world.sell(acme, "10000", on="2026-09-10")
    run = world.settle("2026-09", close=close)
    page = browse(finance).get(run.get_absolute_url()).content.decode()
    named = heads(page, "By partner")
    assert all(named) and ("Statement" in named) is close
    rows = page.split('aria-label="By partner"')[1].split("</tbody>")[0].split("<tbody")[1]
    assert rows.count("<td") == len(named)


def test_a_quarter_and_a_month_are_said_in_words(acme, finance, browse):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        world.apply(world.policy(), world.policy("quarterly", period="quarter"))
        world.sell(acme, "10000", on="2026-11-10")
        client = browse(finance)
        shown = words(client.get("/accruals/"))
        assert "November 2026" in shown and "Q4 2026" in shown
        assert "2026-11" not in shown and "2026-Q4" not in shown
        chinese = words(client.get("/accruals/", headers={"accept-language": "zh-CN"}))
        assert "2026年11月" in chinese and "2026年第4季度" in chinese


@pytest.mark.parametrize(
    ("now", "said", "tone"),
    [
        ("100000", "as much as on this day last month", ""),
        ("100300", "as much as on this day last month", ""),
        ("99700", "as much as on this day last month", ""),
        ("104000", "4% more than on this day last month", "ok"),
        ("96000", "4% less than on this day last month", "warn"),
    ],
)
def test_sales_that_hardly_differ_are_called_equal(now, said, tone, acme, manager):
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        world.sell(acme, "100000", on="2026-10-10")
        world.sell(acme, Decimal(now), on="2026-11-10")
        figure = net_sales(manager)
    assert (figure.note, figure.tone) == (said, tone)
