"""Facts about end customers."""

from __future__ import annotations

from prm.outbox.events import event


@event("customers.created", version=1)
class CustomerCreated:
    customer_id: int
    provisional: bool


@event("customers.changed", version=1)
class CustomerChanged:
    customer_id: int


@event("customers.merged", version=1)
class CustomersMerged:
    customer_id: int
    into_id: int


@event("customers.imported", version=1)
class CustomersImported:
    count: int
