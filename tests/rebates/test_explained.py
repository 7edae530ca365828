"""Accrued figures open down to the sales line, as settled ones do; every step shows the exact figure."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
import time_machine

from orders.models import Invoice
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import explained_lines, explanations
from rebates.accruals import accrual_of
from tests.rebates import world

pytestmark = pytest.mark.django_db
NOVEMBER = Period.parse("2026-11")


@pytest.fixture
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


@pytest.fixture
def sold(acme, rival, november):
    world.apply(world.policy(code="core", name_zh="核心返利"))
    for day, amount in (("2026-11-03", "60000"), ("2026-11-09", "80000"), ("2026-11-15", "-1234.50")):
        world.sell(acme, amount, on=day)
    world.sell(rival, "777", on="2026-11-04")


def address(company, period: str = "2026-11", programme: str = "core") -> str:
    return f"/accruals/{programme}/{period}/{company.row.pk}/"


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_an_accrued_figure_is_made_of_its_band_parts_and_lines(acme, sold):
    accrual = accrual_of(by=acme.sales, programme="core", period=NOVEMBER, partner_id=acme.row.pk)
    explained, page = explanations.explain(accrual), explained_lines.lines_page(accrual, size=2)
    assert sum(part.amount for part in explained.parts) == explained.raw == Decimal("3162.965")
    assert explained.rounded == accrual.amount == Decimal("3162.97")
    rest = explained_lines.lines_page(accrual, after=page.next_after)
    assert [line.running for line in (*page.lines, *rest.lines)] == [60000, 140000, Decimal("138765.50")]


def test_the_partner_opens_what_it_has_accrued_from_its_own_page(acme, sold, browse):
    client = browse(acme.sales)
    assert address(acme) in client.get("/rebates/").content.decode()
    shown = words(client.get(address(acme)))
    for text in ("¥3,162.97", "each rate on its own part", "60,000.00", "138,765.50", "would pay"):
        assert text in shown
    assert "would have paid" not in shown


def test_finance_and_the_partners_manager_open_the_same_figure(acme, sold, finance, manager, browse):
    assert address(acme) in browse(finance).get("/accruals/").content.decode()
    assert address(acme) in browse(manager).get(f"/partners/{acme.row.pk}/").content.decode()
    assert "¥3,162.97" in words(browse(finance).get(address(acme)))


def test_nobody_opens_what_another_partner_accrues(rival, acme, sold, browse):
    stranger = browse(rival.sales)
    assert stranger.get(address(acme)).status_code == 404
    assert stranger.get(address(rival)).status_code == 200


@pytest.mark.parametrize("period", ["2026-12", "2026-Q4", "soon", "2026-13"])
def test_a_period_in_which_nothing_accrues_is_not_found(period, acme, sold, browse):
    assert browse(acme.sales).get(address(acme, period)).status_code == 404


def test_a_cursor_that_is_none_is_not_found(acme, sold, browse):
    assert browse(acme.sales).get(address(acme) + "?after=nonsense_1").status_code == 404


def test_the_address_of_an_accrual_leads_to_what_was_settled_once_the_month_is_closed(acme, rival, browse):
    world.apply(world.policy(code="core"))
    world.sell(acme, "50000", on="2026-09-10")
    result = world.only(world.settle("2026-09"))
    answer = browse(acme.sales).get(address(acme, "2026-09"))
    assert (answer.status_code, answer["Location"]) == (302, result.get_absolute_url())
    assert browse(rival.sales).get(address(acme, "2026-09")).status_code == 404


def test_a_month_that_is_over_says_that_it_waits_for_its_settlement(acme, november, browse):
    world.apply(world.policy(code="core"))
    world.sell(acme, "50000", on="2026-10-10")
    shown = words(browse(acme.sales).get(address(acme, "2026-10")))
    assert "over and not settled yet" in shown
    assert "October 2026" in shown and "2026-10 " not in shown


def test_the_explanation_speaks_chinese(acme, sold, browse):
    client = browse(acme.sales)
    client.cookies["django_language"] = "zh-hans"
    shown = words(client.get(address(acme), headers={"accept-language": "zh-CN"}))
    assert "2026年11月" in shown and "核心返利" in shown
    assert "Step by step" not in shown and "why this figure" not in shown


def test_the_step_before_rounding_shows_the_exact_figure(acme, finance, browse):
    world.apply(world.policy(bands=[{"from": 0, "rate": "2.5%"}]))
    world.sell(acme, "68461.00", on="2026-09-10")
    result = world.only(world.settle("2026-09"))
    shown = words(browse(finance).get(result.get_absolute_url()))
    assert result.earned == Decimal("1711.53")
    assert "1,711.525" in shown and "1,711.53" in shown and "1,711.52 " not in shown


def test_a_rate_with_three_decimals_is_not_shortened(acme, finance, browse):
    world.apply(world.policy(bands=[{"from": 0, "rate": "2.125%"}]))
    world.sell(acme, "1000", on="2026-09-10")
    result = world.only(world.settle("2026-09"))
    assert "1,000.00 × 2.125%" in words(browse(finance).get(result.get_absolute_url()))


def test_tiers_are_called_by_their_names(acme, sold, finance, browse):
    from partners.models import Tier

    Tier.objects.filter(code="gold").update(name="Gold circle")
    assert "Gold circle" in words(browse(finance).get("/accruals/"))
    assert "Gold circle on 20 Nov 2026" in words(browse(finance).get(address(acme)))


def test_a_clerk_without_partners_sees_no_accrual(acme, sold):
    nobody = Actor.nobody(label="nobody")
    assert accrual_of(by=nobody, programme="core", period=NOVEMBER, partner_id=acme.row.pk) is None


def test_a_document_is_a_link_where_its_invoice_may_be_opened(acme, rival, sold, finance, browse):
    own, other, none = acme.row.sales_lines.order_by("booking_date", "id")
    for line, whose in ((own, acme), (other, rival)):  # a number may be another partner's too
        Invoice.objects.for_everyone(because="a test").create(
            number=line.document, partner=whose.row, issued_on=line.booking_date, currency="CNY", net_total=1,
            tax_total=0, created_by="test",
        )  # fmt: skip
    accrual = accrual_of(by=acme.sales, programme="core", period=NOVEMBER, partner_id=acme.row.pk)
    for reader in (acme.admin, finance):
        page = browse(reader).get(accrual.get_absolute_url()).content.decode()
        linked = [f'href="/invoices/{line.document}/"' in page for line in (own, other, none)]
        assert linked == [True, False, False]


@pytest.mark.parametrize(
    ("mechanism", "said"),
    [
        ({"kind": "flat", "rate": "10%"}, "It comes to"),
        ({"kind": "linear", "points": [{"at": 0, "rate": "1%"}, {"at": 500_000, "rate": "2%"}]}, "Between the points"),
        ({"kind": "retroactive", "bands": world.T}, "Band 2 reached"),
    ],
)  # fmt: skip
def test_only_a_policy_with_bands_speaks_of_bands(acme, browse, november, mechanism, said):
    world.apply(world.policy(mechanism=mechanism))
    world.sell(acme, "140000", on="2026-11-03")
    shown = words(browse(acme.sales).get(address(acme)))
    steps = shown.partition("Step by step")[2].partition("line behind the base")[0]
    assert said in steps
    assert ("band" in steps.lower()) == ("bands" in mechanism)
