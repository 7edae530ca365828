"""Why did it change? Causes that add up to the difference of two statements, or of two moments, to the cent."""

from __future__ import annotations

import html
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partners.models import TierMembership
from prm.values.actor import Actor
from rebates import changes, lines_between, moments
from rebates.accruals import accruals
from rebates.models import Statement
from tests.cast import browse
from tests.conftest import LONG
from tests.exchange.world import known
from tests.factories.partners import TierFactory
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
__all__ = ["browse"]


def statements() -> list[Statement]:
    return list(Statement.objects.for_everyone(because="a test").select_related("run").order_by("ends"))


def causes(change: changes.Change) -> dict[str, Decimal]:
    return {cause.name: cause.amount for cause in change.causes}


@time_machine.travel("2026-11-15")
def test_sales_returns_and_late_lines_are_told_apart(acme):
    apply(policy(kind="retroactive"))
    sell(acme, "260000.00", "2026-09-10")
    settle("2026-09")
    sell(acme, "120000.00", "2026-10-10")
    sell(acme, "-30000.00", "2026-10-20")
    sell(acme, "-20000.00", "2026-09-25")  # comes late: 260,000 at 5 % becomes 240,000 at 3 %
    settle("2026-10")
    september, october = statements()
    (change,) = changes.between(september, october)
    assert (change.before, change.after) == (Decimal("13000.00"), Decimal("-4000.00"))
    assert causes(change) == {
        "Sales": Decimal("-9400.00"),  # 120,000 at 3 %
        "Returns": Decimal("-1800.00"),  # 90,000 at 2 %
        "Adjustment of September 2026": Decimal("-5800.00"),
    }
    # Not the paid base of the explanations: that is with the returns.
    assert change.causes[0].text == "Paid base without returns 260,000.00 → 120,000.00, band 3 → band 2"


@time_machine.travel("2026-11-15")
def test_an_amendment_and_a_tier_are_causes_of_their_own(acme, manager):
    TierMembership.objects.for_everyone(because="a test").filter(partner=acme.row).delete()
    for code, first, after in (("gold", 1, 10), ("silver", 10, 12)):
        during = (date(2026, first, 1), date(2026, after, 1))
        TierMembership.objects.create(
            partner=acme.row, tier=TierFactory(code=code), during=during, set_by="test"
        )
    flat = {"kind": "flat", "rate": "2%"}
    apply(policy(mechanism=flat, until="2026-09-30"), policy("gold", mechanism=flat, who={"tiers": ["gold"]}))
    apply(policy(mechanism={"kind": "flat", "rate": "3%"}, from_="2026-10-01"))
    sell(acme, "1000.00", "2026-09-10")
    settle("2026-09")
    sell(acme, "1000.00", "2026-10-10")
    settle("2026-10")
    core, golden = changes.between(*statements())
    assert causes(core) == {"Policy": Decimal("10.00")}
    assert core.causes[0].text == "Version 1 → 2, in force from 1 Oct 2026"
    assert causes(golden) == {"Tier": Decimal("-20.00")}
    assert golden.causes[0].text == "Gold → took no part"


@time_machine.travel("2026-11-15")
def test_a_programme_that_is_settled_each_quarter_comes_and_goes(acme):
    apply(policy(), policy("quarterly", period="quarter"))
    sell(acme, "1000.00", "2026-08-10")
    sell(acme, "1000.00", "2026-09-10")
    settle("2026-08")
    settle("2026-09")
    sell(acme, "1000.00", "2026-10-10")
    settle("2026-10")
    august, september, october = statements()
    assert causes(changes.between(august, september)[1]) == {"Q3 2026": Decimal("40.00")}
    assert causes(changes.between(september, october)[1]) == {"Q3 2026": Decimal("-40.00")}


AMOUNTS = st.lists(st.integers(-40_000_000, 60_000_000).map(lambda cents: Decimal(cents) / 100), max_size=4)


@settings(
    max_examples=200 if LONG else 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(["marginal", "retroactive", "lump_sum"]))
def test_causes_always_add_up(acme, first, late, second, kind):
    from django.db import transaction

    with transaction.atomic(), time_machine.travel("2026-11-15"):
        bands = [{"from": 0, "amount": "0"}, {"from": 90_000, "amount": "500"}]
        apply(
            policy(kind=kind, **({"bands": bands} if kind == "lump_sum" else {})),
            policy("other", kind="marginal", stacking={"kind": "best_of", "programmes": ["core"]}),
        )
        for amount in first:
            sell(acme, amount, "2026-09-10")
        settle("2026-09")
        for amount in late:
            sell(acme, amount, "2026-09-20")
        for amount in second:
            sell(acme, amount, "2026-10-10")
        settle("2026-10")
        found = statements()
        if len(found) == 2:
            for change in changes.between(*found):
                assert sum(causes_of(change), Decimal("0.00")) == change.difference
            total = sum((change.difference for change in changes.between(*found)), Decimal("0.00"))
            assert total == found[1].own_amount - found[0].own_amount
        transaction.set_rollback(True)


def causes_of(change: changes.Change) -> list[Decimal]:
    return [cause.amount for cause in change.causes]


def test_an_open_figure_is_held_against_a_day(acme):
    apply(policy(kind="retroactive"))
    with time_machine.travel(datetime(2026, 9, 10, 12, tzinfo=SHANGHAI)):
        sell(acme, "95000.00", "2026-09-10")
    with time_machine.travel(datetime(2026, 9, 14, 0, 30, tzinfo=SHANGHAI)):  # the 13th in UTC
        sell(acme, "12000.00", "2026-09-13")
        sell(acme, "-2000.00", "2026-09-13")
    with time_machine.travel(datetime(2026, 9, 20, 12, tzinfo=SHANGHAI)):
        (accrual,) = accruals(by=Actor.job("tests"), partners=[acme.row.pk])
        found = moments.since(accrual, date(2026, 9, 13))
    assert (found.change.before, found.change.after) == (Decimal("1900.00"), Decimal("3150.00"))
    assert causes(found.change) == {"Sales": Decimal("1310.00"), "Returns": Decimal("-60.00")}
    lines, more = found.came.page("all")
    assert [line.net_amount for line in lines] == [Decimal("12000.00"), Decimal("-2000.00")]
    assert more is None


# Between any two days, and the lines behind


@pytest.fixture
def september(acme):
    """Sold on the 10th, 13th and 16th, with a late line of the 11th; one came back; the tier rose on the 18th."""
    apply(policy(kind="retroactive"))
    with time_machine.travel(datetime(2026, 9, 10, 12, tzinfo=SHANGHAI)):
        sell(acme, "95000.00", "2026-09-10", document="FIRST")
    with time_machine.travel(datetime(2026, 9, 13, 12, tzinfo=SHANGHAI)):
        sell(acme, "12000.00", "2026-09-13", document="NEW")
        sell(acme, "3000.00", "2026-09-11", document="LATE")
        sell(acme, "-2000.00", "2026-09-13", document="BACK")
    with time_machine.travel(datetime(2026, 9, 16, 12, tzinfo=SHANGHAI)):
        sell(acme, "10000.00", "2026-09-16", document="AFTER")
    with time_machine.travel(datetime(2026, 9, 20, 12, tzinfo=SHANGHAI)):
        yield accruals(by=Actor.job("tests"), partners=[acme.row.pk])[0]


def test_an_open_figure_is_compared_between_any_two_days(september):
    found = moments.since(september, date(2026, 9, 12), until=date(2026, 9, 14))
    assert (found.change.before, found.change.after) == (Decimal("1900.00"), Decimal("3240.00"))
    assert causes(found.change) == {"Sales": Decimal("1400.00"), "Returns": Decimal("-60.00")}
    rest = moments.since(september, date(2026, 9, 14))
    assert (rest.change.before, rest.change.after) == (Decimal("3240.00"), Decimal("3540.00"))
    assert causes(rest.change) == {"Sales": Decimal("300.00")}


def test_a_rate_of_after_the_second_day_moves_nothing(acme):
    with time_machine.travel("2026-09-10 04:00:00+00:00", tick=False):
        known("EUR/CNY 2026-09-09 8")
        apply(policy("counts", mechanism={"kind": "flat", "rate": "10%"}, exchange="period_end"))
        sell(acme, 100, "2026-09-05", currency="EUR")
    for day, rate in ((12, 9), (16, 10)):
        with time_machine.travel(f"2026-09-{day} 04:00:00+00:00", tick=False):
            known(f"EUR/CNY 2026-09-{day} {rate}")
    with time_machine.travel("2026-09-20 04:00:00+00:00", tick=False):
        (accrual,) = accruals(by=BY)
        change = moments.since(accrual, date(2026, 9, 11), until=date(2026, 9, 14)).change
    assert (change.before, causes(change)) == (Decimal("80.00"), {"Exchange rate": Decimal("10.00")})
    assert change.causes[-1].text == "1 EUR = 8.00 → 9.00 CNY"


@pytest.mark.parametrize(
    ("kind", "documents"),
    [
        ("all", ["NEW", "LATE", "BACK"]),
        ("sold", ["NEW", "LATE"]),
        ("new", ["NEW"]),
        ("late", ["LATE"]),
        ("returns", ["BACK"]),
    ],
)
def test_each_cause_opens_into_the_lines_behind_it(september, acme, browse, kind, documents):
    address = f"/accruals/core/2026-09/{acme.row.pk}/changes/?since=2026-09-12&until=2026-09-14"
    page = browse(acme.admin).get(f"{address}&lines={kind}")
    assert [line.document for line in page.context["lines"]] == documents
    told = page.content.decode()
    assert "?since=2026-09-12&amp;until=2026-09-14&amp;lines=returns#lines" in told


def test_the_lines_are_paged(september, acme, browse, monkeypatch):
    monkeypatch.setattr(lines_between, "SIZE", 2)
    client, address = browse(acme.admin), f"/accruals/core/2026-09/{acme.row.pk}/changes/"
    page = client.get(f"{address}?since=2026-09-12&until=2026-09-14")
    assert [line.document for line in page.context["lines"]] == ["NEW", "LATE"]
    rest = client.get(f"{address}{page.context['next']}")
    assert [line.document for line in rest.context["lines"]] == ["BACK"] and rest.context["next"] == ""
    assert client.get(f"{address}?lines=nonsense").status_code == 404
    assert client.get(f"{address}?after=x").status_code == 404


@pytest.mark.parametrize("until", ["2026-09-12", "2026-09-21"])
def test_the_second_day_lies_after_the_first_and_is_not_to_come(september, acme, browse, until):
    address = f"/accruals/core/2026-09/{acme.row.pk}/changes/?since=2026-09-12&until={until}"
    answer = browse(acme.admin).get(address)
    assert answer.status_code == 422 and "Choose a day after the first" in answer.content.decode()


@time_machine.travel("2026-11-15")
def test_the_causes_of_a_statement_open_into_lines_too(acme, rival, browse):
    apply(policy())
    sell(acme, "1000.00", "2026-09-10", document="SEPT")
    sell(rival, "1000.00", "2026-09-10")
    settle("2026-09")
    sell(acme, "300.00", "2026-09-20", document="LATE")
    sell(acme, "4000.00", "2026-10-10", document="OCT")
    sell(acme, "-50.00", "2026-10-11", document="BACK")
    settle("2026-10")
    earlier, later = (
        Statement.objects.for_everyone(because="a test").filter(partner=acme.row).order_by("ends")
    )
    client = browse(acme.admin)
    page = html.unescape(client.get(f"{later.get_absolute_url()}changes/").content.decode())
    address = f"{later.get_absolute_url()}changes/core/lines/?against={earlier.number}"

    def documents(rest: str) -> list[str]:
        assert f"{address}&kind=" in page
        return [line.document for line in client.get(f"{address}{rest}").context["lines"]]

    assert documents("&kind=sold") == ["OCT"]
    assert documents("&kind=returns") == ["BACK"]
    assert documents("&kind=sold&of=earlier") == ["SEPT"]
    assert documents("&kind=late-2026-09") == ["LATE"] and f"{address}&kind=late-2026-09" in page
    for wrong in ("&kind=late-2026-08", "&kind=", ""):
        assert client.get(f"{address}{wrong}").status_code == 404
    assert browse(rival.admin).get(f"{address}&kind=sold").status_code == 404


@time_machine.travel("2026-11-15")
def test_a_partner_reads_it_on_its_own_statement_only(acme, rival, browse):
    apply(policy())
    for month in (9, 10):
        sell(acme, "1000.00", f"2026-{month:02}-10")
        sell(rival, "5000.00", f"2026-{month:02}-10")
        settle(f"2026-{month:02}")
    own, foreign = browse(acme.admin), browse(rival.admin)
    earlier, later = (
        Statement.objects.for_everyone(because="a test").filter(partner=acme.row).order_by("ends")
    )
    page = own.get(f"{later.get_absolute_url()}changes/")
    assert page.status_code == 200 and page.context["earlier"] == earlier
    assert foreign.get(f"{later.get_absolute_url()}changes/").status_code == 404
    others = Statement.objects.for_everyone(because="a test").filter(partner=rival.row).first()
    assert own.get(f"{later.get_absolute_url()}changes/?against={others.number}").status_code == 404
    assert b"This is the first statement" in own.get(f"{earlier.get_absolute_url()}changes/").content
    table = own.get(f"{later.get_absolute_url()}changes/?against={earlier.number}&export=xlsx")
    assert table.status_code == 200 and later.number.lower() in table["Content-Disposition"]


def test_a_day_outside_the_period_is_refused_by_name(acme, browse):
    with time_machine.travel("2026-09-20 12:00"):
        apply(policy())
        sell(acme, "1000.00", "2026-09-10")
        client = browse(acme.admin)
        address = f"/accruals/core/2026-09/{acme.row.pk}/changes/"
        assert client.get(address).status_code == 200
        answer = client.get(f"{address}?since=2026-09-20")
        assert answer.status_code == 422 and "Choose a day from 31 Aug 2026 on" in answer.content.decode()
        assert client.get(f"{address}?since=2026-08-31").status_code == 200


@time_machine.travel("2026-11-15")
def test_an_exchange_rate_is_a_cause_of_its_own(acme):
    known("EUR/CNY 2026-09-30 8", "EUR/CNY 2026-10-31 9")
    flat = {"kind": "flat", "rate": "10%"}
    apply(
        policy("counts", mechanism=flat, exchange="period_end"), policy("pays", mechanism=flat, payout_currency="EUR"),
        policy("plain", mechanism=flat),
    )  # fmt: skip
    for month in ("09", "10"):
        sell(acme, 100, f"2026-{month}-10", currency="EUR")
        sell(acme, 72, f"2026-{month}-10")
    sold = sell(acme, 10, "2026-10-11", currency="EUR")
    sell(acme, -10, "2026-10-12", currency="EUR", reverses=sold)
    settle("2026-09")
    settle("2026-10")
    of = {(one.run.number, one.currency): one for one in statements()}
    counts, plain = changes.between(of["S-2026-09", "CNY"], of["S-2026-10", "CNY"])
    assert (counts.before, counts.after) == (Decimal("87.20"), Decimal("97.20"))
    assert causes(counts) == {
        "Sales": Decimal("8.00"), "Returns": Decimal("-8.00"), "Exchange rate": Decimal("10.00"),
    }  # fmt: skip
    assert counts.causes[-1].text == "1 EUR = 8.00 → 9.00 CNY"
    assert causes(plain) == {}
    (pays,) = changes.between(of["S-2026-09", "EUR"], of["S-2026-10", "EUR"])
    assert causes(pays) == {"Exchange rate": Decimal("-0.10")}  # 7.20 ÷ 8 and ÷ 9


def test_an_open_figure_says_what_a_rate_moved_since_a_day(acme):
    with time_machine.travel("2026-09-10 04:00:00+00:00", tick=False):
        known("EUR/CNY 2026-09-09 8")
        apply(policy("counts", mechanism={"kind": "flat", "rate": "10%"}, exchange="period_end"))
        sell(acme, 100, "2026-09-05", currency="EUR")
    with time_machine.travel("2026-09-12 04:00:00+00:00", tick=False):
        known("EUR/CNY 2026-09-12 9")
        sell(acme, 50, "2026-09-12", currency="EUR")
        (accrual,) = accruals(by=BY)
        change = moments.since(accrual, date(2026, 9, 11)).change
    assert (change.before, change.after) == (Decimal("80.00"), Decimal("135.00"))
    assert causes(change) == {"Sales": Decimal("40.00"), "Exchange rate": Decimal("15.00")}
    assert change.causes[-1].text == "1 EUR = 8.00 → 9.00 CNY"


def test_what_was_confirmed_later_was_not_known_then(acme):
    with time_machine.travel("2026-09-10 04:00:00+00:00", tick=False):
        known("EUR/CNY 2026-09-09 8")
        apply(policy("counts", mechanism={"kind": "flat", "rate": "10%"}, exchange="booking_date"))
        sell(acme, 100, "2026-09-09", currency="EUR")
    with time_machine.travel("2026-09-14 04:00:00+00:00", tick=False):
        known("EUR/CNY 2026-09-09 9", correct=True)
        (accrual,) = accruals(by=BY)
        change = moments.since(accrual, date(2026, 9, 12)).change
    assert (change.before, causes(change)) == (Decimal("80.00"), {"Exchange rate": Decimal("10.00")})


def test_an_open_month_of_a_cumulative_year_follows_the_open_one_before(acme):
    with time_machine.travel("2026-02-10 04:00:00+00:00", tick=False):
        apply(policy(kind="retroactive", cumulative=True))
        sell(acme, 60_000, "2026-01-15")
        sell(acme, 30_000, "2026-02-05")
    with time_machine.travel("2026-02-14 04:00:00+00:00", tick=False):
        sell(acme, 20_000, "2026-02-12")
        accrual = next(one for one in accruals(by=BY) if str(one.period) == "2026-02")
        change = moments.since(accrual, date(2026, 2, 12)).change
    assert (change.before, change.after) == (Decimal("600.00"), Decimal("2100.00"))
    assert causes(change) == {"Sales": Decimal("1500.00")}


@time_machine.travel("2026-11-15")
def test_who_falls_out_of_every_band_is_told_so_and_not_of_a_band_with_the_number_nought(acme):
    apply(policy(mechanism={"kind": "retroactive", "bands": [{"from": 100_000, "rate": "3%"}]}))
    sell(acme, "260000.00", "2026-09-10")
    settle("2026-09")
    sell(acme, "20000.00", "2026-10-10")
    settle("2026-10")
    (change,) = changes.between(*statements())
    assert (
        change.causes[0].text
        == "Paid base without returns 260,000.00 → 20,000.00, band 1 → below the first band"
    )
