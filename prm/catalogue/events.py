"""Facts about products."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event(
    "catalogue.product_added", version=1, label=_("Product added"), subject="product", object_id="product_id"
)
class ProductAdded:
    product_id: int


@event(
    "catalogue.product_changed",
    version=1,
    label=_("Product changed"),
    subject="product",
    object_id="product_id",
)
class ProductChanged:
    product_id: int
