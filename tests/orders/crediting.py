"""Agents' credits for tests: given, taken back and corrected through the services, in a word each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders import services
from orders.models import CreditedLine, SalesLine
from prm.values.actor import Actor

BY = Actor.job("tests")


def credit(line: SalesLine, agent: Any, share: Any = 100) -> CreditedLine:
    return services.record_credit(
        line=line, agent=getattr(agent, "row", agent), share=Decimal(str(share)), by=BY
    )


def take_back(given: CreditedLine) -> CreditedLine:
    return services.take_back_credit(credit=given, reason="Another agent brokered it", by=BY)


def correct(given: CreditedLine, share: Any) -> CreditedLine:
    return services.correct_credit(
        credit=given, share=Decimal(str(share)), reason="The share was wrong", by=BY
    )


def credits_of(agent: Any) -> list[CreditedLine]:
    rows = CreditedLine.objects.for_everyone(because="a test").filter(partner=getattr(agent, "row", agent))
    return list(rows.order_by("id"))


def amounts_of(agent: Any) -> list[Decimal]:
    return [row.net_amount for row in credits_of(agent)]
