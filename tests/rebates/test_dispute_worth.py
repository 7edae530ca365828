"""What a dispute would change the rebate by is what the next settlement adjusts once the lines are corrected so."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from prm.values import clock
from rebates.could_change import could_change
from rebates.errors_of_disputes import SumBeyondLines
from rebates.models import Dispute, Programme, Result
from rebates.services import Claim, open_dispute, propose_adjustment
from rebates.worth import Untold
from tests.factories.partners import PartnerFactory
from tests.rebates.disputing import lines_of, settled, statement_of
from tests.rebates.test_linked import best_of, cap, flat, net_of
from tests.rebates.world import T, adjustments, apply, catalogue, policy, sell, settle

pytestmark = pytest.mark.django_db
RIGHT = Decimal("4000.00")  # where we booked 3,259.20
RETROACTIVE = [{"from": 0, "rate": "2%"}, {"from": 3_500, "rate": "3%"}, {"from": 8_000, "rate": "5%"}]
BY_TURNOVER = {"kind": "retroactive", "bands": [{"from": 0, "rate": "1%"}, {"from": 30_000, "rate": "3%"}]}
THREE = {"kind": "flat", "rate": "3%"}
BY_LINE = {"on": "line", "mode": "half_even"}
POLICIES: dict[str, list[dict[str, Any]]] = {
    "two programmes": [policy("a", bands=T), flat("b", "1.5%")],
    "a cap over two programmes": [flat("a", "3%"), flat("b", "2%", caps=cap(290, "a"))],
    "net of an earlier one": [flat("a", "3%"), flat("b", "2%", stacking=net_of("a"))],
    "the best of two": [flat("a", "3%"), policy("b", "retroactive", bands=RETROACTIVE, stacking=best_of("a"))],
    "a cap of its own": [flat("a", "3%", caps=[{"on": "payout", "amount": 150}])],
    "a cap on the measure": [flat("a", "3%", caps=[{"on": "measure", "amount": 5_000}])],
    "full increments": [policy(mechanism={"kind": "per_increment", "increment": 1_000, "amount": 10})],
    "rounded line by line": [flat("a", "1.555%", rounding=BY_LINE)],
    "by order date": [flat("a", "2%", date_basis="order")],
    "returns by origin": [policy("a", "retroactive", bands=RETROACTIVE, returns="by_origin")],
    "growth over the month before": [
        policy("a", mechanism={"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]},
               baseline={"kind": "prior_period", "new_partner": "zero"}),
    ],
}  # fmt: skip


def disputed(company: Any, document: str, period: str = "2026-10", **claim: Any) -> Dispute:
    claims = [Claim(what=claim.pop("what", "amount"), sales_line=lines_of(company)[document].pk, **claim)]
    return open_dispute(
        statement=statement_of(company, period), claims=claims, reason="Not what we bought", by=company.admin
    )


def bought(company: Any) -> None:
    """September with a line that came late, and October: whose statement adjusts September."""
    sell(company, 4_000, "2026-09-11", document="INV-1", order_date="2026-09-11")
    settle("2026-09")
    sell(company, 1_000, "2026-09-20", document="INV-LATE", order_date="2026-09-20")
    sell(company, "3259.20", "2026-10-05", document="INV-O1", order_date="2026-10-05")
    sell(company, 2_000, "2026-10-06", document="INV-O2", order_date="2026-10-06")
    settle("2026-10")


def corrected(company: Any, day: str, was: Any, amount: Any) -> Decimal:
    """What the next settlement adjusts when the wrong line is taken out and the right one booked."""
    sell(company, -Decimal(str(was)), day, document="OUT", order_date=day)
    sell(company, amount, day, document="IN", order_date=day)
    return sum((one.adjusted for one in adjustments(settle("2026-11", close=False))), Decimal(0))


@pytest.mark.parametrize("kind", POLICIES)
def test_it_is_what_the_corrected_line_changes(acme, kind):
    apply(*POLICIES[kind])
    bought(acme)
    dispute = disputed(acme, "INV-O1", amount=RIGHT)
    assert dispute.worth is not None and "untold" not in dispute.summary
    assert dispute.worth == corrected(acme, "2026-10-05", "3259.20", RIGHT)


def test_the_figures_are_these(acme):
    """Under 3 % and 2 % with 290 in all over 5,259.20, 262.96 was paid: 37.04 more would be due, and 27.04 fits."""
    apply(*POLICIES["a cap over two programmes"])
    bought(acme)
    assert disputed(acme, "INV-O1", amount=RIGHT).worth == Decimal("27.04")


def test_a_line_of_the_adjusted_month_moves_that_months_figure(acme):
    apply(policy("a", "retroactive", bands=RETROACTIVE))
    bought(acme)
    dispute = disputed(acme, "INV-LATE", amount=RIGHT)
    # September: 5,000 at 3 % becomes 8,000 at 5 %.
    assert dispute.worth == Decimal("250.00") == corrected(acme, "2026-09-20", 1_000, RIGHT)


def test_a_line_that_is_not_the_partners_and_one_that_is_missing(acme):
    apply(policy("a", "retroactive", bands=RETROACTIVE))
    bought(acme)
    claims = [
        Claim(what="not_ours", sales_line=lines_of(acme)["INV-O1"].pk),
        Claim(what="missing", document="NEW", day=statement_of(acme, "2026-10").starts, product="routing-1",
              quantity=Decimal(1), amount=Decimal(6_500)),
    ]  # fmt: skip
    dispute = open_dispute(
        statement=statement_of(acme, "2026-10"), claims=claims, reason="Other goods", by=acme.admin
    )
    # 5,259.20 at 3 % becomes 8,500 at 5 %.
    assert dispute.worth == Decimal("425.00") - Decimal("157.78")


def test_of_a_year_that_is_counted_as_a_whole_it_is_what_the_month_would_post(acme):
    apply(policy("a", "retroactive", bands=RETROACTIVE, cumulative=True))
    sell(acme, 3_000, "2026-09-11", document="INV-1")
    settle("2026-09")
    sell(acme, "3259.20", "2026-10-05", document="INV-O1")
    settle("2026-10")
    # 6,259.20 at 3 % becomes 8,259.20 at 5 %.
    assert disputed(acme, "INV-O1", amount=Decimal("5259.20")).worth == Decimal("412.96") - Decimal("187.78")


def test_nothing_of_it_is_stored_and_lines_that_came_since_stay_out(acme):
    apply(policy("a", "retroactive", bands=RETROACTIVE))
    bought(acme)
    sell(acme, 100_000, "2026-10-07", document="SINCE")
    lines, results = lines_of(acme), Result.objects.for_everyone(because="a test").count()
    assert disputed(acme, "INV-O1", amount=RIGHT).worth == Decimal("22.22")  # of 740.80 at 3 %
    assert lines_of(acme) == lines and lines["INV-O1"].net_amount == Decimal("3259.20")
    assert Result.objects.for_everyone(because="a test").count() == results


def test_what_can_be_disputed_no_more_is_no_part_of_it(acme):
    apply(flat("short", "1%", dispute_days=5), flat("long", "2%"))
    bought(acme)
    statement = statement_of(acme, "2026-10")
    with clock.at(statement.issued_at + timedelta(days=6)):
        assert disputed(acme, "INV-O1", amount=RIGHT).worth == Decimal("14.82")  # of the two percent alone


@pytest.mark.parametrize(
    ("entries", "claim", "why"),
    [
        ({}, {}, Untold.FIGURE),
        ({}, {"what": "count"}, Untold.COUNTS),
        ({"caps": [{"on": "payout", "amount": 500, "over": "partners"}]}, {"amount": RIGHT}, Untold.OTHERS),
        ({"who": {"as": "group"}}, {"amount": RIGHT}, Untold.OTHERS),
    ],
)  # fmt: skip
def test_where_it_cannot_be_told_the_page_says_why(acme, browse, entries, claim, why):
    for _member in range(4):
        sell(PartnerFactory(), 1_000, "2026-10-05")
    apply(flat("a", "2%", **entries))
    bought(acme)
    dispute = disputed(acme, "INV-O1", **claim)
    assert (dispute.worth, dispute.summary["untold"]) == (None, why)
    page = browse(acme.admin).get(dispute.get_absolute_url()).content.decode()
    assert str(why.label) in page and "cannot be told" not in page


def test_a_pool_of_other_goods_leaves_it_told(acme):
    catalogue("other")
    for _member in range(4):
        sell(PartnerFactory(), 1_000, "2026-10-05", line="other")
    pool = [{"on": "payout", "amount": 5, "over": "partners"}]
    apply(flat("a", "2%"), flat("b", "1%", qualify={"product_lines": ["other"]}, caps=pool))
    bought(acme)
    assert disputed(acme, "INV-O1", amount=RIGHT).worth == Decimal("14.82")


def test_a_missing_line_says_no_order_date(acme):
    apply(flat("a", "2%", date_basis="order"))
    settled(acme, 1)
    bought(acme)
    missing = Claim(what="missing", document="NEW", day=statement_of(acme, "2026-10").starts, product="routing-1",
                    amount=Decimal(1))  # fmt: skip
    dispute = open_dispute(
        statement=statement_of(acme, "2026-10"), claims=[missing], reason="Missing", by=acme.admin
    )
    assert (dispute.worth, dispute.summary["untold"]) == (None, Untold.DAY)


def test_lines_of_an_adjusted_month_that_counted_there_say_so(acme, browse):
    """October adjusts one programme of September; the other one counted its own goods in September as well."""
    catalogue("routing", "other", "third")
    apply(
        flat("a", "2%", qualify={"product_lines": ["routing"]}),
        flat("b", "1%", qualify={"product_lines": ["other"]}),
    )
    sell(acme, 500, "2026-09-12", document="INV-OTHER", line="other")
    sell(acme, 600, "2026-09-13", document="INV-THIRD", line="third")
    bought(acme)
    page = (
        browse(acme.admin).get(f"{statement_of(acme, '2026-10').get_absolute_url()}dispute/").content.decode()
    )
    rows = {
        name: page.partition(name)[2].partition("</tr>")[0] for name in ("INV-1", "INV-OTHER", "INV-THIRD")
    }
    assert [name for name, row in rows.items() if "counts in no programme" in row] == ["INV-THIRD"]


def test_of_lines_that_can_be_valued_it_is_told_without_the_others(acme, browse):
    """A missing line of a product that is not ours, and one that is said to be wrong only, are left out of it."""
    apply(flat("a", "2%"))
    bought(acme)
    statement, lines = statement_of(acme, "2026-10"), lines_of(acme)
    claims = [
        Claim(what="amount", sales_line=lines["INV-O1"].pk, amount=RIGHT),
        Claim(what="amount", sales_line=lines["INV-O2"].pk),
        Claim(what="missing", document="NEW", day=statement.starts, product="nobody", amount=Decimal(1)),
    ]
    dispute = open_dispute(statement=statement, claims=claims, reason="Not what we bought", by=acme.admin)
    assert dispute.worth == Decimal("14.82")  # of 740.80
    assert (dispute.summary["untold"], dispute.summary["untold_lines"]) == (Untold.FIGURE, 2)
    page = browse(acme.admin).get(dispute.get_absolute_url()).content.decode()
    assert "¥14.82" in page and "without 2 lines" in page


def test_a_programme_that_hangs_on_others_is_left_out_and_named_beside_what_can_be_told(
    acme, finance, browse
):
    for _member in range(4):
        sell(PartnerFactory(), 1_000, "2026-10-05")
    apply(flat("a", "2%"), flat("b", "1%", caps=[{"on": "payout", "amount": 5, "over": "partners"}]))
    bought(acme)
    dispute = disputed(acme, "INV-O1", amount=RIGHT)
    assert dispute.worth == Decimal("14.82")  # of 740.80 at 2 %
    assert dispute.summary["untold_programmes"] == ["b"] and "untold" not in dispute.summary
    page = browse(acme.admin).get(dispute.get_absolute_url()).content.decode()
    assert "¥14.82" in page and f"without B: {Untold.OTHERS.label}" in page
    could, programmes = could_change(dispute), {one.code: one.pk for one in Programme.objects.all()}
    # Under the first one what the line itself earned. Of the 5.00 that all share for 10,259.20 (what came late in
    # September is of that month) 2.84 fell to 5,259.20 of it; without the line it were 1.67 of 6,000.
    assert could.under(programmes["a"]) == Decimal("65.18")
    assert Decimal(0) < could.under(programmes["b"]) < Decimal("2.00")
    form = browse(finance).get(f"{dispute.get_absolute_url()}propose/").content.decode()
    assert '<dt>A</dt><dd class="ui-fig text-wrap">¥65.18</dd>' in form
    assert f'<dt>B</dt><dd class="ui-fig text-wrap">¥{could.under(programmes["b"])}</dd>' in form


@pytest.mark.parametrize(
    ("entries", "earned", "without"),
    [
        # 10,000 of the four others and 20,000: 3 % of 30,000, of which two thirds; without the line nobody is at 3 %.
        ({"who": {"as": "group"}, "mechanism": BY_TURNOVER}, "600.00", "0.00"),
        # 600.00 of the partner and 300.00 of the others share 300.00; without the line the others have theirs.
        ({"mechanism": THREE, "caps": [{"on": "payout", "amount": 300, "over": "partners"}]}, "200.00", "0.00"),
    ],
)  # fmt: skip
def test_beside_others_it_could_change_what_the_partners_own_share_was(
    acme, finance, entries, earned, without
):
    for _member in range(4):
        sell(PartnerFactory(), 2_500, "2026-10-05")
    apply(policy("a", **entries))
    sell(acme, 20_000, "2026-10-05", document="INV-O1")
    settle("2026-10")
    dispute = disputed(acme, "INV-O1", what="not_ours")
    (programme,) = Programme.objects.all()
    own = Result.objects.for_everyone(because="a test").get(partner=acme.row).earned
    assert (own, could_change(dispute).under(programme.pk)) == (
        Decimal(earned),
        Decimal(earned) - Decimal(without),
    )
    with pytest.raises(SumBeyondLines, match="with what other partners bought as it is"):
        propose_adjustment(
            dispute=dispute, programme=programme, amount=Decimal("600.01"), reason="Theirs", by=finance
        )
