"""What happens to payments that the bank sent back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event(
    "rebates.payment_return_reported", version=1, label=_("Returned payment reported"), subject="statement",
    object_id="statement_id",
)  # fmt: skip
class PaymentReturnReported:
    statement_id: int
    payment_id: int
    return_id: int


@event(
    "rebates.payment_returned", version=1, label=_("Payment returned by the bank"), subject="statement",
    object_id="statement_id",
)  # fmt: skip
class PaymentReturned:
    statement_id: int
    payment_id: int
    return_id: int
