"""What a partner can claim about a statement: what cannot be true is refused, with its row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rebates.errors_of_disputes import MissingInAnotherPeriod, NothingDiffers
from rebates.models import Dispute
from rebates.services import Claim, open_dispute
from tests.rebates.disputing import lines_of, marked, settled, statement_of
from tests.rebates.test_linked import flat
from tests.rebates.world import apply, sell, settle

pytestmark = pytest.mark.django_db


def missing(company, day: str, *, statement=None, amount=20_000) -> Dispute:
    claim = Claim(
        what="missing",
        document="INV-9",
        day=date.fromisoformat(day),
        product="routing-1",
        amount=Decimal(amount),
    )
    found = statement or statement_of(company)
    return open_dispute(statement=found, claims=[claim], reason="We bought it", by=company.admin)


@pytest.mark.parametrize(
    ("what", "said", "shown"),
    [
        ("amount", {"amount": Decimal(50_000)}, r"INV-1, routing-1: .*50000"),
        ("amount", {"amount": Decimal("50000.00"), "quantity": Decimal(2)}, "50000"),
        ("quantity", {"quantity": Decimal(1)}, "what you say is right, 1,"),
    ],
)
def test_a_right_figure_is_another_than_ours(acme, what, said, shown):
    settled(acme, 50_000)
    with pytest.raises(NothingDiffers, match=shown):
        marked(acme, "INV-1", what=what, **said)
    assert not Dispute.objects.for_everyone(because="a test").exists()


def test_the_page_refuses_it_and_keeps_what_was_typed(acme, browse):
    statement = settled(acme, 50_000)
    line = lines_of(acme)["INV-1"]
    sent = {
        "line": [line.pk],
        f"what-{line.pk}": "amount",
        f"amount-{line.pk}": "50,000.00",
        "reason": "Wrong",
    }
    answer = browse(acme.admin).post(f"{statement.get_absolute_url()}dispute/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422 and "is what we have" in page and 'value="50,000.00"' in page


@pytest.mark.parametrize("day", ["2026-07-31", "2026-09-01", "2026-10-05"])
def test_what_is_missing_in_another_month_is_that_months_business(acme, day):
    settled(acme, 50_000)
    with pytest.raises(MissingInAnotherPeriod, match="2026-08-01.*2026-08-31"):
        missing(acme, day)
    assert missing(acme, "2026-08-31").state == "open"


def test_a_statement_that_adjusts_a_month_takes_what_is_missing_there(acme):
    settled(acme, 50_000, period="2026-09")
    sell(acme, 5_000, "2026-09-20", document="LATE")
    settle("2026-10")
    october = statement_of(acme, "2026-10")
    with pytest.raises(MissingInAnotherPeriod):
        missing(acme, "2026-08-20", statement=october)
    assert missing(acme, "2026-09-25", statement=october).state == "open"


def test_of_a_year_that_is_counted_as_a_whole_any_day_so_far_can_be_missing(acme):
    settled(acme, 50_000, cumulative=True)
    with pytest.raises(MissingInAnotherPeriod):
        missing(acme, "2026-09-01")
    assert missing(acme, "2026-07-20").state == "open"


def test_where_another_day_counts_the_booking_date_decides_nothing(acme):
    apply(flat("a", "2%", date_basis="order"))
    sell(acme, 50_000, "2026-08-11", document="INV-1", order_date="2026-08-10")
    settle("2026-08")
    assert missing(acme, "2026-09-01").state == "open"


def test_a_return_of_the_months_goods_may_be_booked_after_it(acme):
    settled(acme, 50_000, returns="by_origin")
    with pytest.raises(MissingInAnotherPeriod):
        missing(acme, "2026-09-02")
    assert missing(acme, "2026-09-02", amount=-20_000).state == "open"
