"""Confirmed rates in few words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from prm.exchange.models import Batch
from prm.exchange.services import Quoted, confirm_rates, propose_rates
from prm.values.actor import Actor
from tests.factories.people import UserFactory, actor

CLERK = Actor.job("tests")


def quoted(text: str) -> Quoted:
    """ "EUR/USD 2026-09-30 1.10"."""
    pair, day, value = text.split()
    base, quote = pair.split("/")
    return Quoted(base, quote, date.fromisoformat(day), Decimal(value))


def propose(*rates: str, by: Any = CLERK, source: str = "manual", **more: Any) -> Batch:
    return propose_rates(
        source=source, rates=[quoted(text) for text in rates], by=by, **{"anyway": True} | more
    )


def known(*rates: str, source: str = "manual", **more: Any) -> Batch:
    """Rates that are confirmed, by somebody of finance."""
    second = actor(UserFactory(finance=True))
    return confirm_rates(batch=propose(*rates, source=source, **more), by=second)
