"""A settlement says of which partners it has no figure and why, and its close sums up what would be paid."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebates.foretold import Foretold, Part, _summary, summed_up
from rebates.services import approve_run, hold_payment
from rebates.views import runs
from tests.factories.partners import TierFactory
from tests.rebates.reading_pages import words
from tests.rebates.test_foretold import ALL, closed, statement_of
from tests.rebates.world import BY, apply, catalogue, policy, sell, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


def listed(browse: Any, who: Any, run: Any, **headers: str) -> str:
    page = browse(who).get(f"{run.get_absolute_url()}?show=without", headers=headers)
    return words(page).split("By partner" if not headers else "按合作伙伴")[1]


def test_a_partner_without_lines_is_listed_with_that_reason(acme, rival, finance, browse):
    apply(policy(mechanism=ALL))
    sell(acme, 100, "2026-10-10")
    run = settle("2026-10", close=False)
    page = words(browse(finance).get(run.get_absolute_url()))
    assert "Without a result" in page
    shown = listed(browse, finance, run)
    assert rival.row.name in shown and "no lines that count: Core" in shown
    assert acme.row.name not in shown
    chinese = listed(browse, finance, run, **{"accept-language": "zh-CN"})
    assert "没有计入的销售明细" in chinese
    of_partner = words(browse(finance).get(f"{run.get_absolute_url()}partners/{rival.row.pk}/"))
    assert "no lines that count: Core" in of_partner


def test_who_is_in_another_tier_is_told_so(acme, rival, finance, browse):
    TierFactory(code="diamond")
    apply(policy(mechanism=ALL, who={"tiers": ["diamond"]}), policy("all", mechanism=ALL))
    sell(rival, 100, "2026-10-10")
    run = settle("2026-10", close=False)
    shown = listed(browse, finance, run)
    assert "no lines that count: All" in shown and "not in the tier: Core" in shown


def test_who_bought_only_what_no_programme_counts_has_no_lines_that_count(acme, rival, finance, browse):
    catalogue("routing", "other")
    apply(policy(mechanism=ALL, qualify={"product_lines": ["routing"]}))
    sell(acme, 100, "2026-10-10")
    sell(rival, 500, "2026-10-10", line="other")
    run = settle("2026-10", close=False)
    assert "no lines that count: Core" in listed(browse, finance, run)


def test_nobody_without_a_result_leaves_no_tabs(acme, rival, finance, browse):
    apply(policy(mechanism=ALL))
    sell(acme, 100, "2026-10-10")
    sell(rival, 100, "2026-10-10")
    run = settle("2026-10", close=False)
    assert "Without a result" not in words(browse(finance).get(run.get_absolute_url()))


def test_the_list_is_read_page_by_page(acme, rival, finance, browse, monkeypatch):
    monkeypatch.setattr(runs, "PARTNERS_A_PAGE", 1)
    apply(policy(mechanism=ALL))
    run = settle("2026-10", close=False)
    first, second = sorted((acme.row, rival.row), key=lambda row: row.pk)
    page = browse(finance).get(f"{run.get_absolute_url()}?show=without")
    (further,) = re.findall(r'href="\?show=without&amp;after=(\d+)#partners"', page.content.decode())
    assert int(further) == first.pk
    shown = words(browse(finance).get(f"{run.get_absolute_url()}?show=without&after={further}"))
    assert second.name in shown.split("By partner")[1]
    assert first.name not in shown.split("By partner")[1]


# The close


def test_the_close_sums_up_what_would_be_paid_and_what_waits(acme, rival, finance, browse):
    apply(policy(mechanism=ALL))
    sell(acme, "100.50", "2026-10-10")
    sell(rival, 40, "2026-10-10")
    run = settle("2026-10", close=False)
    hold_payment(run=run, partner=rival.row, reason="its letter is awaited", by=BY)
    own = {(acme.row.pk, "CNY"): Decimal("100.50"), (rival.row.pk, "CNY"): Decimal(40)}
    (found,) = summed_up(run, own)
    assert (found.posted, found.steps) == (Part(2, Decimal("140.50")), [])
    assert (found.due, found.waits) == (Part(2, Decimal("140.50")), Part(1, Decimal(40)))
    assert found.now == Part(1, Decimal("100.50"))
    run = approve_run(run=run, by=BY)
    shown = words(browse(finance).get(f"{run.get_absolute_url()}confirm-close/"))
    assert "Posted by this close 2 partners ¥140.50" in shown
    assert "Waits of it: held, or the partner is on hold 1 partner ¥40.00" in shown
    assert "To be paid 1 partner ¥100.50" in shown
    assert "Below zero" not in shown


def test_what_partners_owe_is_carried_also_where_the_month_gives_them_nothing(acme, rival):
    apply(policy(mechanism=ALL))
    sell(acme, -300, "2026-09-10")
    settle("2026-09")
    sell(rival, 70, "2026-10-10")
    run = settle("2026-10", close=False)
    (found,) = summed_up(run, {(rival.row.pk, "CNY"): Decimal(70)})
    assert (found.now, found.owed) == (Part(1, Decimal(70)), Part(1, Decimal(300)))
    run = closed(run)
    assert statement_of(acme, run).closing == Decimal(-300)
    assert statement_of(rival, run).unpaid == Decimal(70)


def test_what_is_set_off_and_what_lies_below_zero_lead_from_what_is_posted_to_what_is_paid(
    acme, rival, finance, browse
):
    apply(policy(mechanism=ALL))
    sell(acme, -300, "2026-09-10")
    settle("2026-09")
    sell(acme, 400, "2026-10-10")
    sell(rival, -70, "2026-10-10")
    run = approve_run(run=settle("2026-10", close=False), by=BY)
    shown = words(browse(finance).get(f"{run.get_absolute_url()}confirm-close/"))
    for line in (
        "Posted by this close 2 partners ¥330.00", "Set off against negative balances 1 partner −¥300.00",
        "Below zero: taken off what earlier statements still owe, or carried to the next statement 1 partner ¥70.00",
        "To be paid 1 partner ¥100.00", "1 partner then owes ¥70.00, with which its next statement begins.",
    ):  # fmt: skip
        assert line in shown


MONEY = st.decimals(-1000, 1000, places=2)


@given(st.lists(st.tuples(MONEY, MONEY, MONEY, MONEY, MONEY, st.booleans()), min_size=1, max_size=6))
def test_whatever_stands_on_the_account_the_steps_add_up_to_what_is_paid(rows):
    found = [Foretold("CNY", *figures, "held" if held else "") for *figures, held in rows]
    summary = _summary("CNY", found)
    assert summary.posted.amount + sum(step.amount for step in summary.steps) == summary.due.amount
    assert summary.due.amount - summary.waits.amount == summary.now.amount
