"""Payments received against invoices: facts, like sales lines. Registered with the models of orders."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.access.scoping import PartnerOwned
from prm.values import clock


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

    objects = PartnerOwned.as_manager()

    class Meta:
        app_label = "orders"
        ordering = ["-received_on", "-id"]
        indexes = [models.Index(fields=["partner", "document"], name="payments_of_document")]
        constraints = [
            models.CheckConstraint(name="payment_received_is_not_zero", condition=~models.Q(amount=0)),
            models.CheckConstraint(name="invoice_total_above_zero", condition=models.Q(invoice_total__gt=0)),
        ]

    def __str__(self) -> str:
        return self.payment_number
