"""The lines behind a figure as they count: without tax, and by the rates with which the figure was computed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django.db.models import Sum

from prm.exchange.book import Book
from prm.values import clock
from rebates.accruals import Accrual
from rebates.counting_days import BOOKING, Whose, basis_of, noted
from rebates.currencies import days_of, is_exchanged, is_gross, rate_day, tax_stated
from rebates.frozen_rates import book_of, books_after, last_known
from rebates.models import Result, SettlementRun
from rebates.plans import Plan


class Converter:
    """Amounts of sales lines of one result or accrual, unrounded."""

    def __init__(self, result: Result | Accrual, plan: Plan, whose: Whose):
        self.policy, self.plan, self.whose = result.version.policy, plan, whose
        self.on, self.basis = clock.today(), basis_of(self.policy)
        first, last = days_of([plan])
        if isinstance(result, Accrual):
            self.book = Book.between(first, last)
        elif result.kind == Result.Kind.EARNED:
            self.book, self.on = book_of(result.run), last_known(result.run)
        else:
            closed = SettlementRun.objects.filter(
                scopes__programme_id=result.programme_id, ends=result.ends
            ).first()
            self.book = (books_after(closed) if closed else Book.between)(first, last)

    def of(self, line: Any) -> Fraction:
        """What a sales line counts with; its `counts_on` says the day."""
        return self._of(line.currency, line.counts_on, line.tax_rate, line.gross_amount, line.net_amount)

    def _of(self, currency: str, day: Any, tax: Any, gross: Any, net: Any) -> Fraction:
        amount = Fraction(net)
        if is_gross(self.policy) and gross is not None:
            stated = tax_stated(self.policy)
            amount = Fraction(gross) / (1 + Fraction(tax if stated is None else stated))
        if not is_exchanged(self.policy):
            return amount
        when = day if self.policy["exchange"] == "booking_date" else rate_day(self.plan, self.on)
        return amount * self.book.factor(currency, self.policy["currency"], when).exact

    def sum(self, lines: Any) -> Fraction:
        if self.basis != BOOKING:
            return sum((self.of(line) for line in noted(lines, self.basis, self.whose)), Fraction(0))
        rows = lines.order_by().values_list("currency", "booking_date", "tax_rate")
        known = rows.filter(gross_amount__isnull=False).annotate(
            gross=Sum("gross_amount"), net=Sum("net_amount")
        )
        others = rows.filter(gross_amount__isnull=True).annotate(
            gross=Sum("gross_amount"), net=Sum("net_amount")
        )
        return sum((self._of(*row) for row in (*known, *others)), Fraction(0))
