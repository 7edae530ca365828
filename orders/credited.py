"""What agents are credited with of sales lines: facts, like sales lines. Registered with the models of orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from partners.models import Partner
from prm.access.scoping import PartnerOwned
from prm.catalogue.models import Product, ProductLine
from prm.values import clock


class CreditedLineQuerySet(PartnerOwned):
    def for_list(self) -> CreditedLineQuerySet:
        return self.select_related(
            "partner", "buyer", "product", "product_line", "line", "takes_back"
        ).annotate(is_gone=Exists(CreditedLine.objects.all().is_back_of(OuterRef("pk"))))

    def is_back_of(self, credit: Any) -> CreditedLineQuerySet:
        return self.for_everyone(because="of the row beside it").filter(takes_back=credit)

    def in_force(self) -> CreditedLineQuerySet:
        """Credits that were not taken back, without what takes back."""
        gone = CreditedLine.objects.all().is_back_of(OuterRef("pk"))
        return self.filter(~Exists(gone), takes_back__isnull=True)

    def in_force_at(self, watermark: int) -> CreditedLineQuerySet:
        """Credits that were not taken back by rows up to that id."""
        gone = CreditedLine.objects.all().is_back_of(OuterRef("pk")).filter(id__lte=watermark)
        return self.filter(~Exists(gone), takes_back__isnull=True)

    def taken_back(self) -> CreditedLineQuerySet:
        """Credits that do not count any more, and what took them back."""
        gone = CreditedLine.objects.all().is_back_of(OuterRef("pk"))
        return self.filter(Q(takes_back__isnull=False) | Exists(gone))

    def found_by(self, text: str) -> CreditedLineQuerySet:
        """Credits whose own or whose document's number begins with `text`, as typed or in capitals."""
        words = {text, text.upper()}
        found = Q(pk__in=[])
        for name in ("number", "document"):
            for word in words:
                found |= Q(**{f"{name}__startswith": word})
        return self.filter(found)


class CreditedLine(models.Model):
    """An agent is credited with a share of a sales line that is invoiced to somebody else. Append-only.

    A credit that is taken back is a further row that names it, with the same share and the figures below zero; a
    corrected one is taken back and given anew. Returns of the line are credited by the database, by the same share.
    All that is not asked for here is copied from the line by the database: figures are line × share, exactly.
    """

    class Source(models.TextChoices):
        IMPORT = "import", _("Import")
        PORTAL = "portal", pgettext_lazy("credit", "Entered by hand")
        RETURN = "return", pgettext_lazy("credit", "With a return")

    PARTNER_PATH = "partner"

    number = models.CharField(_("credit number"), max_length=120, unique=True)
    line = models.ForeignKey(
        "orders.SalesLine", models.PROTECT, related_name="credits", verbose_name=_("line number")
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="credited_lines", verbose_name=_("agent"), db_index=False
    )
    share = models.DecimalField(
        _("share"), max_digits=7, decimal_places=4
    )  # in percent, above 0, at most 100
    takes_back = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="taken_back_by", verbose_name=_("takes back")
    )
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    recorded_by_label = models.CharField(_("entered by"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("entered on"), default=clock.now)

    # By the database. The first credit of this agent for this line, or for the line that a return takes back.
    first = models.ForeignKey("self", models.PROTECT, related_name="+", db_index=False)
    first_at = models.DateTimeField()
    # Of a return's credit: the agent's credit for the line that it takes back.
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    is_return = models.BooleanField()
    buyer = models.ForeignKey(Partner, models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("product"), db_index=False
    )
    product_line = models.ForeignKey(
        ProductLine, models.PROTECT, related_name="+", verbose_name=_("product line"), db_index=False
    )
    booking_date = models.DateField(_("booking date"))
    order_date = models.DateField(null=True)
    ship_date = models.DateField(null=True)
    quantity = models.DecimalField(_("quantity"), max_digits=24, decimal_places=9)
    net_amount = models.DecimalField(_("net amount"), max_digits=24, decimal_places=8)
    gross_amount = models.DecimalField(_("gross amount"), max_digits=24, decimal_places=8, null=True)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    document = models.CharField(_("document"), max_length=60)

    objects = CreditedLineQuerySet.as_manager()

    class Meta:
        app_label = "orders"
        ordering = ["-booking_date", "-id"]
        indexes = [
            models.Index(fields=["partner", "-booking_date", "-id"], name="credits_of_agent"),
            models.Index(fields=["-booking_date", "-id"], name="credits_newest"),
            models.Index(fields=["buyer", "document"], name="credits_by_document"),
        ]
        constraints = [
            models.CheckConstraint(
                name="share_above_0_to_100_percent", condition=Q(share__gt=0) & Q(share__lte=100)
            ),
            models.CheckConstraint(
                name="credit_taken_back_for_a_reason", condition=Q(takes_back__isnull=True) | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("orders:credit_row", args=[self.pk])

    @property
    def line_number(self) -> str:
        """How lists beside sales lines name it."""
        return self.number

    @property
    def plain_share(self) -> Decimal:
        """The share without needless zeros: 40, 33.3333."""
        return self.share.normalize() + 0
