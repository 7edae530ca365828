"""What statements have still to pay, as an expression on their rows: page, list, sums and ageing all read this one.

Guarantee: what a partner's statements have still to pay in a currency is together never more than what the ledger owes
it, less what waits for a minimum payout. That belongs to the newest statement first: what an older one lost to a
negative figure never opens again.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.db.models.lookups import GreaterThan

from prm.ledger.models import Entry
from prm.values import clock

MONEY = DecimalField(max_digits=18, decimal_places=2)
ZERO = Value(Decimal("0.00"), output_field=MONEY)
WHY = "of the statement that the row is"


def unpaid(last: date | None = None) -> Case:
    """What the statement has still to pay; `last`: had at the end of that day."""
    own = _own(last)
    rest = Greatest(Least(own, _owed(last) - _kept(last) - _newer(last)), ZERO, output_field=MONEY)
    # Most statements are paid: for them the ledger is not read.
    return Case(When(GreaterThan(own, ZERO), then=rest), default=ZERO, output_field=MONEY)


def paid(last: date | None = None, such: Q | None = None) -> Coalesce:
    """The sum of the statement's payments that did not come back; `such`: of those that are so."""
    from rebates.models import Payment

    payments = Payment.objects.for_everyone(because=WHY).filter(such or Q(), statement=OuterRef("pk"))
    if last is None:
        payments = payments.kept()
    else:
        payments = payments.filter(paid_on__lte=last).exclude(returned_on__lte=last)
    return _sum(payments, "statement", Sum("amount"))


def own_figure() -> Least:
    """What the statement was to pay when it was issued. A negative figure that was carried into it was taken off
    first: what it closed with, less what is kept for a minimum payout, is the most it pays.
    """
    payable = F("earned") + F("adjusted") + F("brought") + F("kept_before") - F("kept")
    return Least(payable, F("closing") - F("kept"), output_field=MONEY)


def _own(last: date | None) -> Greatest:
    """What is not paid of its own figure, whatever the ledger owes."""
    return Greatest(own_figure() - paid(last), ZERO, output_field=MONEY)


def _newer(last: date | None) -> Coalesce:
    """What the partner's newer statements have a claim to."""
    newer = _others(last).filter(ends__gt=OuterRef("ends")).annotate(own=_own(last))
    return _sum(newer, "partner_id", Sum("own"))


def _kept(last: date | None) -> Coalesce:
    """What waits for a minimum payout: what the partner's newest statement keeps."""
    return Coalesce(Subquery(_others(last).order_by("-id").values("kept")[:1], output_field=MONEY), ZERO)


def _owed(last: date | None) -> Coalesce:
    """What the ledger owes the partner for rebates."""
    entries = Entry.objects.for_everyone(because=WHY).filter(
        account__partner_id=OuterRef("partner_id"),
        account__currency=OuterRef("currency"),
        account__kind__in=("payable", "approved"),
        purpose__kind="rebate",
    )
    if last is not None:
        entries = entries.filter(transaction__booked_on__lte=last)
    return _sum(entries, "account__partner_id", -Sum("amount"))


def _others(last: date | None) -> Any:
    """The partner's statements in the currency, this one too."""
    from rebates.models import Statement

    own = Statement.objects.for_everyone(because=WHY).filter(
        partner=OuterRef("partner"), currency=OuterRef("currency")
    )
    # A close is booked on its month's last day.
    return own if last is None else own.filter(ends__lte=clock.days_after(last, 1))


def _sum(rows: Any, whose: str, sum_: Any) -> Coalesce:
    """One figure of rows that are all of one `whose`."""
    return Coalesce(
        Subquery(rows.order_by().values(whose).annotate(sum=sum_).values("sum"), output_field=MONEY), ZERO
    )
