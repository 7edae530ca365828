"""What is net of other programmes and capped: what those pay is taken off first, the cap holds for what is left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebates.explanations import explain
from rebates.models import Statement
from tests.rebates.test_combinations import agrees, euro, figures, settled
from tests.rebates.test_limits import steps
from tests.rebates.test_linked import flat, net_of, result_of
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import T, apply, policy, results, sell, settle

__all__ = ["euro"]
pytestmark = pytest.mark.django_db


def on_base(amount: int, of: str = "base") -> list[dict[str, object]]:
    return [{"on": "measure", "amount": amount, "of": of}]


@pytest.mark.parametrize(
    ("cap", "paid"),
    [
        (150_000, "3000.00"),  # of 200,000 less 6,000: on the cap, not on 144,000
        (196_000, "3880.00"),  # on 194,000, that are below the cap
        (194_000, "3880.00"),
    ],
)
def test_a_cap_holds_for_what_is_left_after_earlier_programmes(acme, tmp_path, cap, paid):
    apply(flat("a", "3%"), flat("b", "2%", stacking=net_of("a"), caps=on_base(cap)))
    sell(acme, 200_000)
    assert settled(tmp_path) == {"a": Decimal("6000.00"), "b": Decimal(paid)}


def test_the_explanation_shows_both_in_their_order(acme):
    apply(flat("a", "3%"), flat("b", "2%", stacking=net_of("a"), caps=on_base(150_000)))
    sell(acme, 200_000)
    result = result_of(settle("2026-09"), "b")
    assert [step for step in steps(result) if step[0] in (3, 4)] == [
        (3, "Qualifier", 200_000),
        (3, "Paid base", 200_000),
        (3, "Paid base, net of earlier programmes", 194_000),
        (4, "Paid base, capped", 150_000),
    ]
    assert explain(result).base == 150_000


def test_what_counts_is_capped_too_and_never_lowered_by_others(acme, tmp_path):
    banded = policy("b", kind="retroactive", bands=T, stacking=net_of("a"), caps=on_base(100_000, "both"))
    apply(flat("a", "10%"), banded)
    sell(acme, 105_000)  # 100,000 count: 3 % on 105,000 less 10,500
    assert settled(tmp_path) == {"a": Decimal("10500.00"), "b": Decimal("2835.00")}


def test_more_is_given_back_than_bought(acme, tmp_path):
    apply(flat("a", "3%"), flat("b", "2%", stacking=net_of("a"), caps=on_base(10_000)))
    sell(acme, -20_000)
    # −20,000 less −600 are −19,400
    assert settled(tmp_path) == {"a": Decimal("-600.00"), "b": Decimal("-388.00")}


def test_sales_of_several_currencies_are_capped_behind_what_others_pay(acme, euro, tmp_path):
    apply(
        flat("a", "10%"),
        flat("b", "1%", exchange="period_end", stacking=net_of("a"), caps=on_base(800)),
    )
    sell(acme, 100, currency="EUR")
    sell(acme, 200)
    # 1,000 less 20 are 980, of which 800 are paid on
    assert settled(tmp_path) == {"a": Decimal("20.00"), "b": Decimal("8.00")}


def test_a_return_takes_back_its_part_of_all_that_was_bought(acme, tmp_path):
    rules = {"returns": "at_original_rate", "stacking": net_of("a"), "caps": on_base(50_000)}
    apply(flat("a", "10%"), flat("b", "2%", **rules))
    line = sell(acme, 100_000, "2026-09-10")
    september = settle("2026-09")
    assert figures(september)["b"] == Decimal("1000.00")
    sell(acme, -100_000, "2026-10-10", reverses=line)
    sell(acme, 10_000, "2026-10-11")
    october = settle("2026-10")
    # −90,000 × 10 %; 1 × 10,000 of which nothing is taken, less the whole 1,000.00
    assert {row.programme.code: row.earned for row in results(october)} == {
        "a": Decimal("-9000.00"), "b": Decimal("-800.00"),
    }  # fmt: skip
    agrees(tmp_path, september, october)


def test_a_kit_in_which_the_cap_came_first_does_not_agree(acme, tmp_path):
    apply(flat("a", "3%"), flat("b", "2%", stacking=net_of("a"), caps=on_base(150_000)))
    sell(acme, 200_000)
    settle("2026-09")
    folder = unpacked(Statement.objects.for_everyone(because="a test").get(), tmp_path)
    program = folder / "verify.py"
    text = program.read_text()
    assert text.count("lowered(base, less)") == 1
    program.write_text(text.replace("lowered(base, less)", "lowered(min(base, Fraction(150000)), less)"))
    assert "DIFFERS  b" in verify(folder).stdout
