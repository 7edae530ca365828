"""Serial numbers sold and returned: facts, like sales lines. Registered with the models of orders."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.access.scoping import PartnerOwned
from prm.catalogue.models import Product
from prm.values import clock


class SerialMovedQuerySet(PartnerOwned):
    def for_list(self) -> SerialMovedQuerySet:
        return self.select_related("partner", "line__order", "product")

    def sold(self) -> SerialMovedQuerySet:
        return self.filter(returned=False)

    def came_back(self) -> SerialMovedQuerySet:
        return self.filter(returned=True)

    def found_by(self, text: str) -> SerialMovedQuerySet:
        """Those that begin with `text`, as typed or in capitals, or whose line's or document's number does."""
        from orders.models import SalesLine

        lines = SalesLine.objects.for_everyone(because="narrowed to serials that the reader sees")
        of_lines = self.filter(line__in=lines.found_by(text).order_by().values("pk"))
        own = self.filter(models.Q(serial__startswith=text) | models.Q(serial__startswith=text.upper()))
        # By parts, so that an index serves each.
        return self.filter(pk__in=own.order_by().values("pk").union(of_lines.order_by().values("pk")))

    def of_document(self, partner: Any, number: str) -> SerialMovedQuerySet:
        """Those of the lines of one document."""
        return self.filter(partner=partner, line__document=number)

    def of_line(self) -> Subquery:
        """Inside a query of sales lines: how many the row's own line names."""
        rows = self.filter(line=OuterRef("pk")).order_by().values("line")
        return Subquery(rows.annotate(count=models.Count("pk")).values("count"))


class SerialMoved(models.Model):
    """A piece of a sales line by its serial number: sold once, and at most once returned. Append-only.

    `line` is a sale, or with `returned` a return of the partner that bought it. Product, partner and day are the
    line's: the database copies them, so that whoever asks for a partner's or a month's need not look up each line.
    """

    PARTNER_PATH = "partner"

    serial = models.CharField(_("serial number"), max_length=80)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    line = models.ForeignKey(
        "orders.SalesLine", models.PROTECT, related_name="serials", verbose_name=_("line number")
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="+", db_index=False, editable=False, verbose_name=_("partner")
    )
    booking_date = models.DateField(_("booking date"), editable=False)
    returned = models.BooleanField(_("returned"), default=False)
    recorded_at = models.DateTimeField(default=clock.now)

    objects = SerialMovedQuerySet.as_manager()

    class Meta:
        app_label = "orders"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["serial"], name="serials_by_beginning", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["partner", "-id"], name="serials_of_partner"),
            models.Index(fields=["booking_date", "partner"], name="serials_of_month"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "serial", "returned"],
                name="serial_moves_once",
                violation_error_message=_("This serial number is on file already."),
            ),
        ]

    def __str__(self) -> str:
        return self.serial
