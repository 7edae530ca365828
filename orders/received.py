"""Payments received against invoices: facts, like sales lines. Registered with the models of orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Exists, Max, Min, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.access.scoping import PartnerOwned
from prm.values import clock


class PaymentReceivedQuerySet(PartnerOwned):
    def for_list(self) -> PaymentReceivedQuerySet:
        """With what a row of the list shows: `has_invoice` where the portal issued the document itself."""
        from orders.models import Invoice

        issued = Invoice.objects.for_everyone(because="narrowed to the row's own partner and document")
        own = issued.filter(number=OuterRef("document"), partner=OuterRef("partner"))
        return self.select_related("partner").annotate(has_invoice=Exists(own))

    def taken_back(self) -> PaymentReceivedQuerySet:
        """Rows that take a payment back."""
        return self.filter(amount__lt=0)

    def found_by(self, text: str) -> PaymentReceivedQuerySet:
        """Payments whose own or whose document's number begins with `text`, as typed or in capitals."""
        found = models.Q(pk__in=[])
        for name in ("payment_number", "document"):
            for word in {text, text.upper()}:
                found |= models.Q(**{f"{name}__startswith": word})
        return self.filter(found)

    def of_document(self, row: str = "") -> PaymentReceivedQuerySet:
        """Inside a query of documents, payments of the row's own: same partner, number and currency."""
        names = ("partner", "document", "currency")
        return self.filter(**{name: OuterRef(f"{row}{name}") for name in names}).order_by()

    def newest_day(self) -> Subquery:
        """Of `of_document`: the day of the newest."""
        return Subquery(self.values("document").annotate(day=Max("received_on")).values("day"))

    def with_invoice(self) -> PaymentReceivedQuerySet:
        """With `invoiced_on`, the first day of the document's sales lines, else that of the portal's invoice; and
        `received`, what all payments of the document come to by now.
        """
        from orders.models import Invoice, SalesLine

        why = "narrowed to the row's own partner and document"
        lines = SalesLine.objects.for_everyone(because=why).filter(
            partner=OuterRef("partner"), document=OuterRef("document"), currency=OuterRef("currency")
        )
        first = lines.order_by().values("document").annotate(day=Min("booking_date")).values("day")
        issued = Invoice.objects.for_everyone(because=why).filter(
            number=OuterRef("document"), partner=OuterRef("partner")
        )
        everything = self.model.objects.for_everyone(because=why).of_document()
        return self.annotate(
            invoiced_on=Coalesce(Subquery(first), Subquery(issued.values("issued_on")[:1])),
            received=Subquery(everything.values("document").annotate(sum=Sum("amount")).values("sum")),
        )

    def of_invoice(self, partner: Any, number: str) -> dict[str, Any]:
        """How many payments one invoice has, and what they come to."""
        rows = self.filter(partner=partner, document=number).order_by()
        found = rows.aggregate(count=models.Count("pk"), amount=Sum("amount"))
        return {"count": found["count"], "amount": found["amount"] or Decimal(0)}


class PaymentReceived(models.Model):
    """On this day so much was paid of an invoice. Append-only.

    A payment that is taken back is a further row with a negative amount and the day of the payment that it takes back.
    """

    class Source(models.TextChoices):
        IMPORT = "import", _("Import")
        PORTAL = "portal", _("Noted in the portal")

    PARTNER_PATH = "partner"

    payment_number = models.CharField(_("payment number"), max_length=80, unique=True)
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="payments_received", verbose_name=_("partner"), db_index=False
    )
    document = models.CharField(_("document"), max_length=60)  # the invoice's number, as on its sales lines
    # What the invoice asks for; in the same way as the amounts, with or without tax.
    invoice_total = models.DecimalField(_("invoice total"), max_digits=18, decimal_places=2)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    received_on = models.DateField(_("received on"))
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    recorded_at = models.DateTimeField(default=clock.now)

    objects = PaymentReceivedQuerySet.as_manager()

    class Meta:
        app_label = "orders"
        ordering = ["-received_on", "-id"]
        indexes = [
            models.Index(fields=["partner", "document"], name="payments_of_document"),
            models.Index(fields=["-received_on", "-id"], name="payments_newest"),
            models.Index(fields=["document"], name="payments_by_document", opclasses=["varchar_pattern_ops"]),
        ]
        constraints = [
            models.CheckConstraint(name="payment_received_is_not_zero", condition=~models.Q(amount=0)),
            models.CheckConstraint(name="invoice_total_above_zero", condition=models.Q(invoice_total__gt=0)),
        ]

    def __str__(self) -> str:
        return self.payment_number
