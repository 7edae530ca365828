"""What partners report of their business: sales to end customers, stock; and price drops that concern the stock."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from claims.querysets import PriceDropQuerySet, SellThroughQuerySet, StockQuerySet
from partners.models import Partner
from prm.catalogue.models import Product
from prm.ui.doers import doer
from prm.values import clock


class SellThroughLine(models.Model):
    """On this day the partner sold a quantity to an end customer. Append-only.

    A return is a line below zero that names the line it takes back.
    """

    PARTNER_PATH = "partner"

    line_number = models.CharField(_("line number"), max_length=80)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", verbose_name=_("partner"))
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("product"), db_index=False
    )
    day = models.DateField(_("sold on"))
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3)
    customer_name = models.CharField(_("end customer"), max_length=200, blank=True)
    document = models.CharField(_("invoice number"), max_length=60, blank=True)
    agreement_number = models.CharField(_("agreement"), max_length=40, blank=True)
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="reversed_by")
    recorded_by = models.CharField(_("reported by"), max_length=200)
    recorded_at = models.DateTimeField(_("reported"), default=clock.now)

    objects = SellThroughQuerySet.as_manager()

    class Meta:
        verbose_name = _("sell-through line")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "line_number"], name="sell_through_line_once"),
            models.CheckConstraint(name="sell_through_has_quantity", condition=~models.Q(quantity=0)),
            models.CheckConstraint(
                name="sell_through_return_names_its_line",
                condition=models.Q(quantity__gt=0, reverses__isnull=True)
                | models.Q(quantity__lt=0, reverses__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "product", "day", "id"], name="sell_through_by_product"),
            models.Index(fields=["agreement_number", "day"], name="sell_through_by_agreement"),
        ]

    def __str__(self) -> str:
        return self.line_number


class StockLine(models.Model):
    """So much of a product lay in the partner's stock at the end of this day. Append-only."""

    PARTNER_PATH = "partner"

    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="+", verbose_name=_("partner"), db_index=False
    )
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("product"), db_index=False
    )
    day = models.DateField(_("day"))
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3)
    recorded_by = models.CharField(_("reported by"), max_length=200)
    recorded_at = models.DateTimeField(_("reported"), default=clock.now)

    objects = StockQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock report")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "product", "day"], name="stock_reported_once_a_day"),
            models.CheckConstraint(name="stock_not_below_zero", condition=models.Q(quantity__gte=0)),
        ]
        indexes = [models.Index(fields=["product", "day"], name="stock_by_product")]

    def __str__(self) -> str:
        return f"{self.product} {self.day}"


class PriceDrop(models.Model):
    """A product became cheaper on a day: what partners had in stock then is protected, once two people agreed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for confirmation")
        CONFIRMED = "confirmed", _("Confirmed")
        REFUSED = "refused", _("Refused")

    TRANSITIONS = {
        State.WAITING: (State.CONFIRMED, State.REFUSED),
        State.CONFIRMED: (),
        State.REFUSED: (),
    }
    TONES = {"waiting": "live", "confirmed": "ok", "refused": "bad"}

    number = models.CharField(_("number"), max_length=20, unique=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    currency = models.CharField(_("currency"), max_length=3)
    day = models.DateField(_("day of the drop"))
    old_price = models.DecimalField(_("old price"), max_digits=18, decimal_places=4)
    new_price = models.DecimalField(_("new price"), max_digits=18, decimal_places=4)
    days_back = models.PositiveSmallIntegerField(_("bought within, days"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_by_label = models.CharField(_("entered by"), max_length=200)
    created_at = models.DateTimeField(_("entered"), default=clock.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_by_label = models.CharField(_("decided by"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = PriceDropQuerySet.as_manager()

    class Meta:
        verbose_name = _("price drop")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="price_drops",
                condition=models.Q(new_price__gte=0, old_price__gt=models.F("new_price")),
            ),
            models.CheckConstraint(
                name="price_drop_confirmed_by_another",
                condition=models.Q(decided_by__isnull=True)
                | models.Q(created_by__isnull=True)
                | ~models.Q(decided_by=models.F("created_by")),
            ),
            models.UniqueConstraint(
                fields=["product", "day"],
                name="one_price_drop_a_day",
                condition=~models.Q(state="refused"),
                violation_error_message=_("A price drop of this product on this day is on file."),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("claims:drop", args=[self.number])

    @property
    def tone(self) -> str:
        return self.TONES.get(self.state, "")

    @property
    def author(self) -> str:
        return doer(self.created_by_label, self.created_by_id)
