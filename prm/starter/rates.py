"""The demo's exchange rates: made up in the manner of a central bank, one euro in four currencies each working day."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model

from prm.access.scope import actor_for
from prm.exchange.models import Batch
from prm.exchange.services import Quoted, confirm_rates, propose_rate, propose_rates, set_exchange
from prm.values import clock
from prm.values.actor import Actor

FILE = Path(__file__).parent / "data" / "rates.csv"
SOURCE = "ECB"


def reference_rates(today: date) -> list[Quoted]:
    """The rates of the working days up to `today`."""
    found = []
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = today - timedelta(days=int(row.pop("days_before_today")))
            if day.weekday() < 5:
                found += [Quoted("EUR", code, day, Decimal(value)) for code, value in row.items()]
    return found


def fill(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """Rates of the past months, confirmed; one of today that waits for a second person."""
    say("exchange rates")
    set_exchange(source=SOURCE, most_days=7, through="EUR", by=Actor.command("demo"))
    people = get_user_model().objects
    finance = actor_for(people.get(email="finance@demo.example"))
    controller = actor_for(people.get(email="controller@demo.example"))
    today = clock.today()
    with clock.at(clock.start_of_day(today)):
        rates = reference_rates(today)
        batch = propose_rates(
            source=SOURCE, rates=rates, kind=Batch.Kind.FILE, note="reference-rates.csv", by=finance
        )
        confirm_rates(batch=batch, by=controller)
        propose_rate(
            source="House bank", base="USD", quote="CNY", day=today, value=Decimal("7.2085"), by=controller
        )
