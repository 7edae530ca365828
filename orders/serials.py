"""Serial numbers sold and returned: facts, like sales lines. Registered with the models of orders."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.access.scoping import PartnerOwned
from prm.catalogue.models import Product
from prm.values import clock


class SerialMoved(models.Model):
    """A piece of a sales line by its serial number: sold once, and at most once returned. Append-only.

    `line` is a sale, or with `returned` a return of the partner that bought it.
    """

    PARTNER_PATH = "line__partner"

    serial = models.CharField(_("serial number"), max_length=80)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    line = models.ForeignKey(
        "orders.SalesLine", models.PROTECT, related_name="serials", verbose_name=_("line number")
    )
    returned = models.BooleanField(_("returned"), default=False)
    recorded_at = models.DateTimeField(default=clock.now)

    objects = PartnerOwned.as_manager()

    class Meta:
        app_label = "orders"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "serial", "returned"],
                name="serial_moves_once",
                violation_error_message=_("This serial number is on file already."),
            ),
        ]

    def __str__(self) -> str:
        return self.serial
