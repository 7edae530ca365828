"""What a partner claims about lines, put as lines of a dispute; what cannot be true is refused. Nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from orders.models import CreditedLine, SalesLine
from prm.ui import formats
from prm.values.money import Money, round_money
from rebates import disputed, own_ledger
from rebates.counting_days import BOOKING, basis_of
from rebates.errors_of_disputes import (
    DisputeReasonMissing,
    LineDisputedAlready,
    MissingInAnotherPeriod,
    NotALineOfTheStatement,
    NothingDiffers,
    NothingMarked,
    SignsDiffer,
)
from rebates.models import Dispute, DisputedLine, Result
from rebates.plans import counted_days
from rebates.returned import BY_ORIGIN, how

What = DisputedLine.What
PIECES = Decimal("0.001")
Ours = SalesLine | CreditedLine


@dataclass(frozen=True)
class Claim:
    """What a partner says about one line: a sales line or a credit of ours by its id, or one that is missing here."""

    what: str
    sales_line: int | None = None
    document: str = ""
    day: date | None = None
    product: str = ""
    quantity: Decimal | None = None
    amount: Decimal | None = None


def claimed(
    dispute: Dispute, claims: Sequence[Claim], reason: str, results: Sequence[Result]
) -> list[DisputedLine]:
    """What is claimed, as lines of the dispute."""
    if not claims:
        raise NothingMarked()
    if not reason.strip():
        raise DisputeReasonMissing()
    wanted = {claim.sales_line for claim in claims if claim.sales_line is not None}
    ours = {line.pk: line for line in disputed.lines_of(dispute.statement, results, ids=wanted)}
    if wanted - set(ours):
        raise NotALineOfTheStatement()
    for claim in claims:
        line = ours.get(claim.sales_line or 0)
        _refuse_signs(claim, line, dispute.currency)
        if line is not None:
            _refuse_ours(claim, line, dispute.currency)
    _refuse_other_periods(claims, results)
    return [_marked(dispute, claim, ours.get(claim.sales_line or 0)) for claim in claims]


def only_new(lines: Sequence[DisputedLine], known: Sequence[DisputedLine]) -> list[DisputedLine]:
    """Those that a dispute with the `known` ones does not have yet."""
    left, found = Counter(_identity(line) for line in known), []
    for line in lines:
        if left[_identity(line)]:
            left[_identity(line)] -= 1
        else:
            found.append(line)
    return found


def refuse_known(dispute: Dispute, lines: Sequence[DisputedLine], known: Sequence[DisputedLine]) -> None:
    """Raise where a line stands in the dispute already."""
    new = only_new(lines, known)
    for line in lines:
        if line not in new:
            raise LineDisputedAlready(document=line.document, number=dispute.number)


def _identity(line: DisputedLine) -> Any:
    """Ours by its id, whatever is said to be wrong with it; one that is missing by all that it says."""
    if line.ours is not None:
        return line.ours.pk
    document, product = own_ledger.spelled(line.document), own_ledger.spelled(line.product)
    return document, line.day, product, line.their_quantity, line.their_amount


def ours_of(line: Ours) -> dict[str, Any]:
    """The fields of a DisputedLine about a line of ours."""
    said = plain(line)
    return {
        "credit" if isinstance(line, CreditedLine) else "sales_line": line, "document": line.document,
        "day": line.booking_date, "product": line.product.code, "our_quantity": said.quantity,
        "our_amount": said.amount,
    }  # fmt: skip


def plain(line: Ours) -> own_ledger.Line:
    """As both sides' books have it: a share of a line has more decimals than anybody books."""
    quantity, amount = line.quantity, line.net_amount
    if isinstance(line, CreditedLine):
        quantity, amount = quantity.quantize(PIECES, ROUND_HALF_UP), round_money(amount, line.currency)
    return own_ledger.Line(line.pk, line.document, line.booking_date, line.product.code, quantity, amount)


def _refuse_signs(claim: Claim, ours: Ours | None, currency: str) -> None:
    """Raise where the right amount has another sign than the quantity, which is ours where none is named."""
    if ours is None:
        quantity, amount, row = claim.quantity, claim.amount, (claim.document, claim.product)
    else:
        said = plain(ours)
        quantity = said.quantity if claim.quantity is None else claim.quantity
        amount = said.amount if claim.amount is None else claim.amount
        row = (said.document, said.product)
    is_named = claim.quantity is not None or claim.amount is not None
    if is_named and own_ledger.signs_differ(quantity, amount):
        money = None if amount is None else Money(amount, currency)
        raise SignsDiffer(
            row=", ".join(filter(None, row)), amount=money, quantity=formats.all_digits(quantity, 0)
        )


def _refuse_ours(claim: Claim, ours: Ours, currency: str) -> None:
    """Raise where what is said to be wrong is, as the partner has it, what we have."""
    said = plain(ours)
    row = ", ".join(filter(None, (said.document, said.product)))
    if claim.what == What.AMOUNT and claim.amount == said.amount:
        raise NothingDiffers(row=row, right=Money(said.amount, currency))
    if claim.what == What.QUANTITY and claim.quantity is not None and claim.quantity == said.quantity:
        raise NothingDiffers(row=row, right=formats.all_digits(said.quantity, 0))


def _refuse_other_periods(claims: Sequence[Claim], results: Sequence[Result]) -> None:
    """Raise where a line that is said to be missing could be in none of the figures, whatever else it says.

    Where a figure goes by another day than that of the booking, or takes returns of its own lines whenever they are
    booked, the booking date decides nothing.
    """
    for claim in claims:
        if claim.sales_line is not None or claim.day is None:
            continue
        is_return = claim.amount is not None and claim.amount < 0
        if not any(_may_have(one, claim.day, is_return=is_return) for one in results):
            raise MissingInAnotherPeriod(
                document=claim.document, day=claim.day, last=max(one.period.last_day for one in results),
                first=min(counted_days(one.version, one.period).start for one in results),
            )  # fmt: skip


def _may_have(result: Result, day: date, *, is_return: bool) -> bool:
    policy, days = result.version.policy, counted_days(result.version, result.period)
    if day in days or basis_of(policy) != BOOKING:
        return True
    return is_return and day >= days.start and how(policy) == BY_ORIGIN


def _marked(dispute: Dispute, claim: Claim, ours: Ours | None) -> DisputedLine:
    if ours is None:
        return DisputedLine(
            dispute=dispute, what=What.MISSING, document=claim.document, day=claim.day, product=claim.product,
            their_quantity=claim.quantity, their_amount=claim.amount,
        )  # fmt: skip
    return DisputedLine(
        dispute=dispute,
        what=claim.what,
        their_quantity=claim.quantity,
        their_amount=claim.amount,
        **ours_of(ours),
    )
