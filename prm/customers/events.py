"""Facts about end customers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event(
    "customers.created",
    version=1,
    label=_("End customer created"),
    subject="customer",
    object_id="customer_id",
)
class CustomerCreated:
    customer_id: int
    provisional: bool


@event(
    "customers.changed",
    version=1,
    label=_("End customer changed"),
    subject="customer",
    object_id="customer_id",
)
class CustomerChanged:
    customer_id: int


@event(
    "customers.merged",
    version=1,
    label=_("End customers merged"),
    subject="customer",
    object_id="customer_id",
)
class CustomersMerged:
    customer_id: int
    into_id: int


@event("customers.imported", version=1, label=_("End customers imported"))
class CustomersImported:
    count: int
