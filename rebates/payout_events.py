"""What happens to payments that are no transfers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event(
    "rebates.wallet_credited", version=1, label=_("Rebate paid into the wallet"), subject="statement",
    object_id="statement_id",
)  # fmt: skip
class WalletCredited:
    statement_id: int
    payment_id: int
    amount: str
    currency: str


@event(
    "rebates.goods_due", version=1, label=_("Rebate paid in goods: to be delivered"), subject="statement",
    object_id="statement_id",
)  # fmt: skip
class GoodsDue:
    statement_id: int
    payment_id: int
    what: str
    amount: str
    currency: str


@event(
    "rebates.goods_delivered", version=1, label=_("Goods of a rebate delivered"), subject="statement",
    object_id="statement_id",
)  # fmt: skip
class GoodsDelivered:
    statement_id: int
    payment_id: int
    delivered_on: str
    reference: str


@event(
    "rebates.credit_note_due", version=1, label=_("Rebate paid by credit note: to be issued"), subject="statement",
    object_id="statement_id",
)  # fmt: skip
class CreditNoteDue:
    """What the system that issues credit notes needs: for whom, how much, and the number to name."""

    statement_id: int
    payment_id: int
    payment: str
    partner: str
    amount: str
    currency: str


@event(
    "rebates.credit_note_issued", version=1, label=_("Credit note of a rebate issued"), subject="statement",
    object_id="statement_id",
)  # fmt: skip
class CreditNoteIssued:
    statement_id: int
    payment_id: int
    issued_on: str
    reference: str
