"""Facts about orders and sales that others may react to."""

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("orders.submitted", version=1, label=_("Order submitted"), subject="order", object_id="order_id")
class OrderSubmitted:
    order_id: int


@event("orders.approved", version=1, label=_("Order approved"), subject="order", object_id="order_id")
class OrderApproved:
    order_id: int


@event("orders.rejected", version=1, label=_("Order rejected"), subject="order", object_id="order_id")
class OrderRejected:
    order_id: int


@event(
    "orders.returned", version=1, label=_("Order returned for changes"), subject="order", object_id="order_id"
)
class OrderReturned:
    order_id: int
    at: str


@event(
    "orders.resubmitted", version=1, label=_("Order submitted again"), subject="order", object_id="order_id"
)
class OrderResubmitted:
    order_id: int
    at: str


@event("orders.cancelled", version=1, label=_("Order cancelled"), subject="order", object_id="order_id")
class OrderCancelled:
    order_id: int
    by_partner: bool


@event("orders.confirmed", version=1, label=_("Order confirmed"), subject="order", object_id="order_id")
class OrderConfirmed:
    order_id: int


@event("orders.shipped", version=1, label=_("Order shipped"), subject="order", object_id="order_id")
class OrderShipped:
    order_id: int
    shipment_id: int


@event("orders.delivered", version=1, label=_("Order delivered"), subject="order", object_id="order_id")
class OrderDelivered:
    order_id: int


@event("orders.invoiced", version=1, label=_("Order invoiced"), subject="order", object_id="order_id")
class OrderInvoiced:
    order_id: int
    invoice_id: int


@event("orders.credited", version=1, label=_("Invoice credited"), subject="order", object_id="order_id")
class InvoiceCredited:
    order_id: int | None
    invoice_id: int
    credit_note_id: int


@event("orders.paid", version=1, label=_("Invoice paid"), subject="order", object_id="order_id")
class InvoicePaid:
    order_id: int | None
    invoice_id: int


@event("orders.closed", version=1, label=_("Order closed"), subject="order", object_id="order_id")
class OrderClosed:
    order_id: int


@event("orders.sales_lines_recorded", version=1, label=_("Sales lines recorded"))
class SalesLinesRecorded:
    """Sales lines were appended: how many, and between which booking dates (ISO days, both included)."""

    count: int
    first_day: str
    last_day: str
    source: str


@event("orders.credits_recorded", version=1, label=_("Credits of agents recorded"))
class CreditsRecorded:
    """Agents were credited with shares of sales lines, or credits were taken back: how many rows."""

    count: int
    source: str
