"""Rates are dated, said once, never changed, and two people stand for each."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from prm.audit.models import AuditEntry
from prm.exchange import errors
from prm.exchange.book import Book, convert, converted, rounded
from prm.exchange.models import Batch, Decision, Policy, Rate
from prm.exchange.services import confirm_rates, propose_rate, reject_rates, set_exchange
from prm.outbox.models import OutboxEvent
from prm.values import clock
from prm.values.errors import NotAllowed
from tests.exchange.world import CLERK, known, propose

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 30)


def factor(currency, target, day=DAY):
    return Book.between(day, day).factor(currency, target, day)


def test_a_rate_counts_when_a_second_person_has_confirmed_it(finance, administrator):
    batch = propose("EUR/USD 2026-09-30 1.10", by=finance)
    with pytest.raises(errors.NoRate, match="EUR/USD for 2026-09-30"):
        factor("EUR", "USD")
    with pytest.raises(errors.SecondPersonDecides):
        confirm_rates(batch=batch, by=finance)
    confirm_rates(batch=batch, by=administrator)
    assert factor("EUR", "USD").exact == Fraction("1.1")
    said = AuditEntry.objects.filter(object_type="exchange.batch").values_list("verb", flat=True)
    assert set(said) == {"rates_proposed", "rates_confirmed"}
    assert OutboxEvent.objects.filter(name="exchange.rates_confirmed").exists()


def test_nobody_but_a_person_confirms():
    with pytest.raises(errors.SecondPersonDecides):
        confirm_rates(batch=propose("EUR/USD 2026-09-30 1.10"), by=CLERK)


def test_the_database_knows_the_second_person_too(finance):
    batch = propose("EUR/USD 2026-09-30 1.10", by=finance)
    with pytest.raises(IntegrityError, match="does not decide"), transaction.atomic():
        Decision.objects.create(
            batch=batch, verdict="confirmed", decided_by_id=finance.user_id, decided_by_label="x"
        )


def test_a_decision_is_made_once(finance, administrator):
    batch = propose("EUR/USD 2026-09-30 1.10", by=finance)
    reject_rates(batch=batch, reason="typing error", by=administrator)
    with pytest.raises(errors.AlreadyDecided):
        confirm_rates(batch=batch, by=administrator)
    with pytest.raises(IntegrityError, match="decided on already"), transaction.atomic():
        Rate.objects.create(batch=batch, source="manual", base="EUR", quote="CNY", day=DAY, value=8)


def test_a_manager_enters_no_rates(manager):
    with pytest.raises(NotAllowed):
        propose("EUR/USD 2026-09-30 1.10", by=manager)


def test_a_pair_has_one_rate_a_source_and_day_in_one_direction():
    known("EUR/USD 2026-09-30 1.10")
    with pytest.raises(errors.RateExists, match=r"EUR/USD of 2026-09-30 is 1.10 already"):
        propose("EUR/USD 2026-09-30 1.20")
    with pytest.raises(errors.OtherDirection, match="EUR/USD"):
        propose("USD/EUR 2026-09-30 0.91", correct=True)
    propose("EUR/USD 2026-09-30 1.11", source="ECB")
    propose("EUR/USD 2026-09-29 1.09")
    batch = Batch.objects.order_by("id").last()
    with pytest.raises(IntegrityError, match="one_rate_per_source_pair_and_day"), transaction.atomic():
        Rate.objects.create(batch=batch, source="manual", base="USD", quote="EUR", day=DAY, value=1)


def test_a_correction_names_the_old_rate_and_waits_as_the_first_did(finance, administrator):
    known("EUR/USD 2026-09-30 1.10")
    batch = propose("EUR/USD 2026-09-30 1.01", by=finance, correct=True)
    assert factor("EUR", "USD").exact == Fraction("1.1")
    with pytest.raises(errors.RateWaits):
        propose("EUR/USD 2026-09-30 1.02", correct=True)
    confirm_rates(batch=batch, by=administrator)
    assert factor("EUR", "USD").exact == Fraction("1.01")
    assert batch.rates.get().replaces.value == Decimal("1.1")
    assert list(Rate.objects.in_force()) == [batch.rates.get()]


def test_what_was_not_confirmed_leaves_the_old_rate_and_may_be_entered_anew(finance, administrator):
    known("EUR/USD 2026-09-30 1.10")
    reject_rates(
        batch=propose("EUR/USD 2026-09-30 11", by=finance, correct=True), reason="ten times", by=administrator
    )
    assert factor("EUR", "USD").exact == Fraction("1.1")
    known("EUR/USD 2026-09-30 1.12")
    assert factor("EUR", "USD").exact == Fraction("1.12")
    assert sorted(Rate.objects.for_list().values_list("state", flat=True)) == [
        "confirmed", "rejected", "replaced",
    ]  # fmt: skip


def test_the_database_takes_no_correction_of_another_pair():
    old = known("EUR/USD 2026-09-30 1.10").rates.get()
    batch = propose("EUR/CNY 2026-09-30 8")
    with pytest.raises(IntegrityError, match="same source, pair and day"), transaction.atomic():
        Rate.objects.create(
            batch=batch,
            source="manual",
            base="EUR",
            quote="USD",
            day=DAY - timedelta(1),
            value=1,
            replaces=old,
        )


@pytest.mark.parametrize("table", ["exchange_rate", "exchange_decision", "exchange_batch"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_every_change(table, change):
    known("EUR/USD 2026-09-30 1.10")
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(change.format(table))


@pytest.mark.parametrize(
    ("base", "quote", "value", "refusal"),
    [
        ("EUR", "EUR", "1", errors.SameCurrency),
        ("EUR", "QQQ", "1", errors.UnknownCurrency),
        ("EUR", "USD", "0", errors.RateOutOfRange),
        ("EUR", "USD", "-1", errors.RateOutOfRange),
        ("EUR", "USD", "1.123456789", errors.RateOutOfRange),
        ("EUR", "USD", "10000000000", errors.RateOutOfRange),
    ],
)
def test_what_is_no_rate_is_refused(base, quote, value, refusal):
    with pytest.raises(refusal):
        propose_rate(source="manual", base=base, quote=quote, day=DAY, value=Decimal(value), by=CLERK)


def test_nobody_knows_the_rate_of_tomorrow():
    day = clock.today() + timedelta(1)
    with pytest.raises(errors.RateInTheFuture):
        propose_rate(source="manual", base="EUR", quote="USD", day=day, value=Decimal(1), by=CLERK)


def test_the_newest_rate_before_the_day_counts_until_it_is_too_old():
    known("EUR/USD 2026-09-20 1.10", "EUR/USD 2026-09-22 1.20", "EUR/USD 2026-10-01 9")
    assert factor("EUR", "USD", date(2026, 9, 21)).exact == Fraction("1.1")
    assert factor("EUR", "USD", date(2026, 9, 29)).exact == Fraction("1.2")
    with pytest.raises(errors.NoRate, match="EUR/USD for 2026-09-30.*nor in the 7 days before"):
        factor("EUR", "USD", date(2026, 9, 30))
    set_exchange(source="manual", most_days=8, by=CLERK)
    assert factor("EUR", "USD", date(2026, 9, 30)).exact == Fraction("1.2")


def test_inverse_and_cross_are_exact():
    known("EUR/USD 2026-09-30 1.10", "CNY/USD 2026-09-30 0.14")
    assert factor("USD", "EUR").exact == Fraction(10, 11)
    known("CNY/JPY 2026-09-30 20", "USD/JPY 2026-09-30 150", "USD/CHF 2026-09-30 0.9")
    assert factor("USD", "CNY").exact == 1 / Fraction("0.14")
    assert factor("JPY", "USD").exact == Fraction(
        1, 150
    )  # its own rate, not the cross through the tenant's CNY
    with pytest.raises(errors.NoRate, match="EUR/CNY"):
        factor("EUR", "CNY")
    set_exchange(source="manual", most_days=7, through="USD", by=CLERK)
    assert factor("JPY", "CHF").exact == Fraction("0.9") / 150


def test_only_the_chosen_source_counts():
    known("EUR/USD 2026-09-30 1.10", source="ECB")
    with pytest.raises(errors.NoRate):
        factor("EUR", "USD")
    set_exchange(source="ECB", most_days=7, by=CLERK)
    assert factor("EUR", "USD").exact == Fraction("1.1")


def test_the_worked_example_of_a_payout():
    known("EUR/USD 2026-09-30 1.10")
    assert convert(Decimal("1073.48"), "USD", "EUR", DAY) == Decimal("975.89")


values = st.decimals(Decimal("0.00000001"), Decimal("99999"), places=8)
amounts = st.decimals(Decimal("-99999999"), Decimal("99999999"), places=2)
currencies = st.sampled_from(["EUR", "USD", "CNY", "JPY", "KWD"])


@settings(max_examples=60, deadline=None)
@given(
    amount=amounts, currency=currencies, target=currencies, mode=st.sampled_from(["half_up", "half_even"]),
    rates=st.lists(st.tuples(currencies, currencies, st.integers(0, 10), values), max_size=8),
)  # fmt: skip
def test_python_and_sql_convert_alike(amount, currency, target, mode, rates):
    with transaction.atomic():
        taken, texts = set(), []
        for base, quote, back, value in rates:
            slot = (frozenset((base, quote)), back)
            if base != quote and slot not in taken:
                taken.add(slot)
                texts.append(f"{base}/{quote} {DAY - timedelta(back)} {value:f}")
        if texts:
            known(*texts)
        try:
            expected = convert(amount, currency, target, DAY, mode)
        except errors.NoRate:
            expected = None
        from django.db.models import DateField, DecimalField, Value

        money = Value(amount, output_field=DecimalField(max_digits=20, decimal_places=2))
        row = Policy.objects.create() if not Policy.objects.exists() else None
        found = Policy.objects.annotate(
            found=converted(money, Value(currency), target, Value(DAY, output_field=DateField()), mode)
        ).values_list("found", flat=True)[0]
        assert row is not None
        assert found == expected
        transaction.set_rollback(True)


def test_a_tie_goes_away_from_zero_or_to_the_even_neighbour():
    assert rounded(Fraction("-0.505"), "EUR") == Decimal("-0.51")
    assert rounded(Fraction("0.505"), "EUR", "half_even") == Decimal("0.50")
    assert rounded(Fraction("1.5"), "JPY") == 2
