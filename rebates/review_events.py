"""What happens while a settlement is reviewed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event(
    "rebates.settlement_commented", version=1, label=_("Comment on a settlement"), subject="settlement",
    object_id="run_id",
)  # fmt: skip
class SettlementCommented:
    run_id: int
    comment_id: int


@event(
    "rebates.payment_held", version=1, label=_("Payment held"), subject="settlement", object_id="run_id"
)  # fmt: skip
class PaymentWasHeld:
    run_id: int
    hold_id: int


@event(
    "rebates.payment_hold_released", version=1, label=_("Hold of a payment released"), subject="settlement",
    object_id="run_id",
)  # fmt: skip
class PaymentHoldReleased:
    run_id: int
    hold_id: int
