"""The figures that dashboards show, and the evidence that reviewers read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from dealreg import figures
from dealreg.evidence import common_parts, evidence_of
from dealreg.services import mark_lost, mark_won, reject_registration
from tests.factories import dealreg as deals


def three_deals(acme, manager):
    """One won, one lost, one in review, one rejected; a draft, which counts nowhere."""
    mark_won(registration=deals.approved(acme, manager, customer_name="Won Works"), by=acme.sales)
    lost = deals.approved(acme, manager, customer_name="Lost Mills")
    mark_lost(registration=lost, reason="Price", by=acme.sales)
    deals.in_review(acme, customer_name="Review Port", estimated_value=Decimal("100000"))
    rejected = deals.in_review(acme, customer_name="Rejected Mart")
    reject_registration(registration=rejected, reason="No", by=manager)
    deals.draft(acme, customer_name="Draft Hall")


def test_counts_pipeline_and_win_rate(acme, manager):
    three_deals(acme, manager)
    counts = figures.counts_by_state(manager)
    assert {state: count for state, count in counts.items() if count} == {
        "won": 1,
        "lost": 1,
        "in_review": 1,
        "rejected": 1,
    }
    assert figures.pipeline_value(manager) == {"CNY": Decimal("100000.00")}
    assert figures.win_rate(manager) == figures.WinRate(won=1, lost=1)
    assert figures.win_rate(manager).share == Decimal("0.5")
    assert figures.record_of_partner(manager, acme.row.pk) == (4, 1)
    assert figures.to_decide(manager) == 1


def test_before_the_first_deal_there_is_no_win_rate(manager):
    assert figures.win_rate(manager).share is None
    assert figures.pipeline_value(manager) == {}


def test_months_without_a_deal_count_zero(acme, manager, time_machine):
    time_machine.move_to("2026-08-15T08:00:00Z")
    deals.in_review(acme, customer_name="Anji Bamboo")
    time_machine.move_to("2026-11-12T08:00:00Z")
    deals.in_review(acme, customer_name="Taizhou Bay Robotics")
    assert figures.submitted_by_month(manager, months=4) == [
        (date(2026, 8, 1), 1),
        (date(2026, 9, 1), 0),
        (date(2026, 10, 1), 0),
        (date(2026, 11, 1), 1),
    ]


def test_protections_that_end_within_14_days_come_nearest_first(acme, manager, time_machine):
    time_machine.move_to("2026-09-04T08:00:00Z")
    later = deals.approved(acme, manager, customer_name="Anji Bamboo")
    deals.registration_type(protection_days=80)
    sooner = deals.approved(acme, manager, customer_name="Taizhou Bay Robotics")
    time_machine.move_to("2026-11-19T08:00:00Z")
    assert figures.ending_protections(manager) == [sooner, later]
    assert figures.ending_protections(acme.sales, most=1) == [sooner]


def test_common_parts_are_marked_in_both_texts():
    left, right = common_parts("Hangzhou Xunda Logistics Co., Ltd.", "XUNDA Logistics")
    assert "".join(part.text for part in left) == "Hangzhou Xunda Logistics Co., Ltd."
    assert [part.text for part in left if part.same] == ["Xunda Logistics"]
    assert [part.text for part in right if part.same] == ["XUNDA Logistics"]
    chinese, _ = common_parts("杭州迅达物流有限公司", "迅达物流")
    assert [part.text for part in chinese if part.same] == ["迅达物流"]


def test_the_weights_of_a_column_add_up_to_its_score(acme, rival, manager):
    facts = {"domain": "xunda56.com", "region": "杭州"}
    deals.approved(rival, manager, **facts)
    evidence = evidence_of(deals.in_review(acme, **facts))
    column = evidence.columns[0]
    assert column.decides
    assert column.holder == rival.name
    assert sum(cell.weight for cell in column.matching) == column.score > 70
    assert {str(cell.label) for cell in column.matching} >= {"Name", "Web domain"}
