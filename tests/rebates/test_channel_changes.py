"""Why a settlement came to another total: the causes over all partners add up, the largest come first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from partners.models import Tier
from partners.services.tiers import write_tier
from rebates.changes import between
from rebates.channel_changes import between_runs, earlier_run, partners_that_moved, top
from rebates.models import Programme, SettlementRun, Statement
from rebates.services import confirm_correction, propose_correction
from tests.factories.partners import PartnerFactory
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "2%"}


def causes(later: SettlementRun) -> dict[tuple[str, str], Decimal]:
    earlier = earlier_run(later)
    found = between_runs(earlier, later, by=BY)
    for total in found:
        assert sum((cause.amount for cause in total.causes), Decimal(0)) == total.difference
    return {(one.total.programme.code, one.cause.name): one.cause.amount for one in top(found)}


def test_causes_of_all_partners_add_up_and_are_those_of_their_own_statements(acme, rival):
    apply(policy("core"), policy("flat", mechanism=FLAT))
    for company, amounts in ((acme, (90_000, 240_000)), (rival, (60_000, 20_000))):
        sell(company, amounts[0], "2026-08-10")
        sell(company, amounts[1], "2026-09-10")
        sell(company, -5_000, "2026-09-20")
    settle("2026-08")
    later = settle("2026-09")
    found = causes(later)
    own: dict[tuple[str, str], Decimal] = {}
    for company in (acme, rival):
        rows = Statement.objects.for_everyone(because="a test").filter(partner=company.row).order_by("ends")
        for change in between(*rows.select_related("run", "partner")):
            for cause in change.causes:
                key = (change.programme.code, cause.name)
                own[key] = own.get(key, Decimal(0)) + cause.amount
    assert found == {key: amount for key, amount in own.items() if amount}
    assert abs(next(iter(found.values()))) == max(map(abs, found.values()))


def test_a_partner_that_joins_is_a_cause_of_its_own(acme):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000, "2026-08-10")
    settle("2026-08")
    sell(acme, 100_000, "2026-09-10")
    sell(PartnerFactory(), 50_000, "2026-09-10")
    assert causes(settle("2026-09")) == {("core", "New partners"): Decimal("1000.00")}


def test_a_promotion_and_what_was_decided_by_hand_are_named(acme, finance):
    apply(policy(mechanism=FLAT, who={"tiers": ["gold"]}))
    climber = PartnerFactory(tier="silver")
    for month in ("2026-08", "2026-09"):
        sell(acme, 100_000, f"{month}-10")
        sell(climber, 50_000, f"{month}-10")
    first = settle("2026-08")
    gold = Tier.objects.get(code="gold")
    write_tier(partner=climber, tier=gold, first_day=date(2026, 9, 1), reason="Promoted", by=BY)
    statement = Statement.objects.for_everyone(because="a test").get(run=first, partner=acme.row)
    adjustment = propose_correction(
        statement=statement,
        programme=Programme.objects.get(),
        amount=Decimal(30),
        reason="Agreed",
        by=finance,
    )
    confirm_correction(adjustment=adjustment, by=BY)
    assert causes(settle("2026-09")) == {
        ("core", "Tier"): Decimal("1000.00"), ("core", "Manual adjustments"): Decimal("30.00"),
    }  # fmt: skip


def test_late_lines_stand_by_themselves_and_those_of_before_do_not_come_again(acme):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000, "2026-07-10")
    settle("2026-07")
    sell(acme, 10_000, "2026-07-20")
    sell(acme, 100_000, "2026-08-10")
    settle("2026-08")
    sell(acme, 100_000, "2026-09-10")
    found = causes(settle("2026-09"))
    assert found == {("core", "Adjustment of July 2026"): Decimal("-200.00")}


def test_who_moved_most_comes_first(acme, rival):
    apply(policy(mechanism=FLAT))
    for company, now in ((acme, 110_000), (rival, 20_000)):
        sell(company, 100_000, "2026-08-10")
        sell(company, now, "2026-09-10")
    earlier, later = settle("2026-08"), settle("2026-09")
    rows = partners_that_moved(earlier, later, by=BY)
    assert [(row.partner, row.moved) for row in rows] == [
        (rival.row, Decimal("-1600.00")), (acme.row, Decimal("200.00")),
    ]  # fmt: skip


def test_finance_reads_it_from_the_overview_and_takes_it_away(acme, rival, finance, manager, browse):
    apply(policy(mechanism=FLAT))
    sell(acme, 100_000, "2026-08-10")
    first = settle("2026-08")
    sell(acme, 150_000, "2026-09-10")
    run = settle("2026-09")
    client, address = browse(finance), f"/settlements/{run.number}/changes/"
    assert address in client.get("/rebate-money/").content.decode()
    page = client.get(address).content.decode()
    assert "Explanations, the largest first" in page and acme.row.name in page and "+¥1,000.00" in page
    short = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "+¥1,000.00" in short and "<html" not in short
    assert client.get(f"{address}?export=xlsx")["Content-Type"].endswith("sheet")
    assert (
        "This is the first settlement" in client.get(f"/settlements/{first.number}/changes/").content.decode()
    )
    assert browse(manager).get(address).status_code == 403
    assert browse(acme.admin).get(address).status_code in (403, 404)
