"""What a partner says is right of a line: an amount, a quantity at the line's unit price, or nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebates.models import Dispute
from rebates.services import Claim, open_dispute
from rebates.worth import Untold
from tests.rebates.disputing import lines_of, marked, settled, statement_of
from tests.rebates.test_dispute_pages import sheet_of
from tests.rebates.test_linked import flat
from tests.rebates.world import apply, sell, settle

pytestmark = pytest.mark.django_db


def bought(company, amount="916.00", quantity=20) -> None:
    """August under 2 %: a line of 20 pieces, and other goods."""
    apply(flat("a", "2%"))
    sell(company, amount, "2026-08-11", document="INV-1", quantity=quantity)
    sell(company, 50_000, "2026-08-12", document="INV-2")
    settle("2026-08")


def page_of(client, dispute: Dispute) -> str:
    return client.get(dispute.get_absolute_url()).content.decode()


def test_a_right_quantity_counts_at_the_lines_unit_price(acme, finance, browse):
    """One piece of 20 for 916.00 is 45.80: 870.20 less, of which 2 % are 17.40."""
    bought(acme)
    dispute = marked(acme, "INV-1", what="quantity", quantity=Decimal(1))
    line = dispute.lines.get()
    assert (line.their_amount, line.right_amount, line.difference) == (
        None,
        Decimal("45.80"),
        Decimal("-870.20"),
    )
    assert (dispute.difference, dispute.worth, dispute.held) == (
        Decimal("-870.20"), Decimal("-17.40"), Decimal("17.40")
    )  # fmt: skip
    for client in (browse(acme.admin), browse(finance)):
        page = page_of(client, dispute)
        assert "at the line’s unit price" in page and "45.80" in page and "−¥870.20" in page
    form = browse(acme.admin).get(f"{statement_of(acme).get_absolute_url()}dispute/").content.decode()
    assert "A right quantity alone counts at the line’s unit price" in form


@pytest.mark.parametrize(
    ("amount", "quantity", "right", "is_right"),
    [("100.00", 3, 2, "66.67"), ("0.01", 2, 1, "0.01"), ("-916.00", -20, -1, "-45.80"), ("916.00", 20, 0, "0.00"),
     ("9999999999999.99", 7, 3, "4285714285714.28")],
)  # fmt: skip
def test_it_is_rounded_once(acme, amount, quantity, right, is_right):
    bought(acme, amount, quantity)
    dispute = marked(acme, "INV-1", what="quantity", quantity=Decimal(right))
    assert dispute.lines.get().right_amount == Decimal(is_right)


def test_an_amount_that_the_partner_names_beside_the_quantity_stands(acme):
    bought(acme)
    dispute = marked(acme, "INV-1", what="quantity", quantity=Decimal(1), amount=Decimal(50))
    assert (dispute.difference, dispute.lines.get().is_priced) == (-866, False)


def test_a_wrong_amount_is_not_said_by_a_quantity(acme):
    """What the right amount is nobody knows: all of the line is held back, and nothing is told."""
    bought(acme)
    dispute = marked(acme, "INV-1", what="amount", quantity=Decimal(1))
    assert (dispute.held, dispute.worth, dispute.summary["untold"]) == (Decimal("18.32"), None, Untold.FIGURE)


def test_an_unknown_difference_is_shown_as_unknown_and_added_nowhere(acme, finance, browse):
    bought(acme)
    dispute = marked(acme, "INV-1")
    client = browse(finance)
    page = page_of(client, dispute)
    figure = page.partition("Difference in sales")[2].partition("</section>")[0]
    assert "—" in figure and "0.00" not in figure.partition("Would change")[0]
    row = page.partition('data-l="Difference"')[2].partition("</td>")[0]
    assert "—" in row and "0.00" not in row
    assert sheet_of(client.get(f"{dispute.get_absolute_url()}lines.xlsx"))[1][9] == ""
    listed = client.get("/disputes/?view=all").content.decode()
    assert dispute.number in listed and "¥0.00" not in listed


def test_the_sum_of_the_known_ones_says_how_many_it_is_without(acme, browse):
    bought(acme)
    lines = lines_of(acme)
    claims = [
        Claim(what="amount", sales_line=lines["INV-1"].pk),
        Claim(what="amount", sales_line=lines["INV-2"].pk, amount=Decimal(40_000)),
    ]
    dispute = open_dispute(statement=statement_of(acme), claims=claims, reason="Not so", by=acme.admin)
    assert (dispute.difference, dispute.summary["unsaid"]) == (-10_000, 1)
    page = page_of(browse(acme.admin), dispute)
    figure = page.partition("Difference in sales")[2].partition("Would change")[0]
    assert "−¥10,000.00" in figure and "without 1 line" in figure


def test_a_line_names_its_product(acme, finance, browse):
    statement = settled(acme, 50_000)
    ours = lines_of(acme)["INV-1"]
    claims = [
        Claim(what="amount", sales_line=ours.pk),
        Claim(what="missing", document="INV-9", day=statement.starts, product="nobody", amount=Decimal(1)),
    ]
    dispute = open_dispute(statement=statement, claims=claims, reason="Not so", by=acme.admin)
    ours.product.name = "Router with two ports"
    ours.product.save()
    client = browse(finance)
    page = page_of(client, dispute)
    assert "routing-1 Router with two ports" in page and "nobody" in page
    rows = sheet_of(client.get(f"{dispute.get_absolute_url()}lines.xlsx"))
    assert [row[3:5] for row in rows[1:]] == [["routing-1", "Router with two ports"], ["nobody", ""]]
