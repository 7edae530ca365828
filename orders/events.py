"""Facts about orders and sales that others may react to."""

from prm.outbox.events import event


@event("orders.submitted", version=1)
class OrderSubmitted:
    order_id: int


@event("orders.approved", version=1)
class OrderApproved:
    order_id: int


@event("orders.rejected", version=1)
class OrderRejected:
    order_id: int


@event("orders.cancelled", version=1)
class OrderCancelled:
    order_id: int
    by_partner: bool


@event("orders.confirmed", version=1)
class OrderConfirmed:
    order_id: int


@event("orders.shipped", version=1)
class OrderShipped:
    order_id: int
    shipment_id: int


@event("orders.delivered", version=1)
class OrderDelivered:
    order_id: int


@event("orders.invoiced", version=1)
class OrderInvoiced:
    order_id: int
    invoice_id: int


@event("orders.credited", version=1)
class InvoiceCredited:
    order_id: int | None
    invoice_id: int
    credit_note_id: int


@event("orders.paid", version=1)
class InvoicePaid:
    order_id: int | None
    invoice_id: int


@event("orders.closed", version=1)
class OrderClosed:
    order_id: int


@event("orders.sales_lines_recorded", version=1)
class SalesLinesRecorded:
    """Sales lines were appended: how many, and between which booking dates (ISO days, both included)."""

    count: int
    first_day: str
    last_day: str
    source: str
