"""Random sales lines and exchange rates, for worlds in which the engine is held to the verifier."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from prm.exchange.services import set_exchange
from rebates import verifier as oracle
from tests.exchange.world import known
from tests.rebates.random_policies import LINES
from tests.rebates.world import BY


def random_line(random: Random, *, late: bool) -> oracle.Line:
    # Amounts that often hit a bound or a tie exactly.
    plain = (Fraction(text) for text in ("1000", "50", "10.10", "0.10"))
    amount = random.choice([Fraction(random.randint(-30000, 300000), 100), *plain])
    if random.random() < 0.15:
        amount = -abs(amount)
    group = random.choice(LINES)
    day = date(2026, 7, 1) + timedelta(days=random.randint(0, 91))
    days = [None, day, *(day + way * timedelta(days=random.randint(0, 40)) for way in (-1, 1))]
    return oracle.Line(
        product_line=group,
        day=day,
        ordered=random.choice(days[:3]),
        shipped=random.choice(days),
        amount=amount,
        quantity=Fraction(random.randint(1, 120)) * (1 if amount >= 0 else -1),
        currency=random.choice(["CNY"] * 12 + ["EUR", "USD", "JPY"]),
        recorded=date(2026, 10, 1) + timedelta(days=random.randint(0, 30)) if late else date(2026, 9, 30),
        after_close=late,
        product=f"{group}-1",
        document=f"D-{random.randint(1, 9)}",
        gross=random.choice([None, Fraction(round(amount * 113), 100), amount]),
        tax=Fraction(random.choice(["0.13", "0.09", "0.06", "0"])),
    )


def random_rates(random: Random) -> oracle.Rates:
    """Rates of some days, so that each day has one before it; two of the pairs the other way round, JPY by cross."""
    texts, stored = [], []
    for base, quote, about in (("EUR", "CNY", "7.8"), ("CNY", "USD", "0.14"), ("CNY", "JPY", "21")):
        for back in range(0, 420, 6):
            day = date(2026, 10, 31) - timedelta(days=back + random.randint(0, 5))
            value = Decimal(about) * random.randint(95, 105) / 100 + Decimal(random.randint(0, 999)).scaleb(
                -8
            )
            texts.append(f"{base}/{quote} {day} {value:.8f}")
            stored.append((base, quote, day, Fraction(f"{value:.8f}")))
    set_exchange(source="manual", most_days=12, through="CNY", by=BY)
    known(*texts)
    digits = tuple({"CNY": 2, "EUR": 2, "USD": 2, "JPY": 0}.items())
    return oracle.Rates(tuple(stored), 12, "CNY", digits)
