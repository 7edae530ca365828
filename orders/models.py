from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dealreg.models import DealRegistration
from orders.credited import CreditedLine  # noqa: F401  a model of this app
from orders.querysets import (
    CartQuerySet,
    InvoiceQuerySet,
    OrderQuerySet,
    PriceListQuerySet,
    PriceQuerySet,
    SalesLineQuerySet,
)
from orders.received import PaymentReceived  # noqa: F401  a model of this app
from orders.serials import SerialMoved  # noqa: F401  a model of this app
from partners.models import Partner, Tier
from prm.access.scoping import PartnerOwned
from prm.catalogue.models import Product, ProductLine
from prm.customers.models import EndCustomer
from prm.values import clock
from prm.values.money import round_money


class PriceList(models.Model):
    """Prices for partners of one tier; without a tier, for all partners that have no list of their own tier."""

    name = models.CharField(_("name"), max_length=80)
    tier = models.OneToOneField(Tier, models.PROTECT, null=True, blank=True, related_name="price_list")
    currency = models.CharField(_("currency"), max_length=3)

    objects = PriceListQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), name="one_price_list_without_tier", condition=models.Q(tier__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """The unit price of a product on a price list, net of tax."""

    price_list = models.ForeignKey(PriceList, models.CASCADE, related_name="prices")
    product = models.ForeignKey(Product, models.CASCADE, related_name="prices")
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=4)

    objects = PriceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["price_list", "product"], name="one_price_per_product_and_list"),
            models.CheckConstraint(name="price_not_negative", condition=models.Q(unit_price__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.unit_price}"


class CartLine(models.Model):
    """What a partner's user has put into the cart and not ordered yet."""

    PARTNER_PATH = "partner"

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3)
    added_at = models.DateTimeField(default=clock.now)

    objects = CartQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "product"], name="product_once_per_cart"),
            models.CheckConstraint(name="cart_quantity_positive", condition=models.Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.product} × {self.quantity}"


class Order(models.Model):
    """A partner's order. The portal owns it until it is sent to the ERP; staff move it by hand where there is none."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        RETURNED = "returned", _("Returned for changes")
        APPROVED = "approved", _("Approved")
        SENT = "sent", _("Sent to ERP")
        CONFIRMED = "confirmed", _("Confirmed")
        PARTLY_SHIPPED = "partly_shipped", _("Partly shipped")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        CLOSED = "closed", _("Closed")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    TRANSITIONS = {
        State.DRAFT: (State.SUBMITTED, State.CANCELLED),
        State.SUBMITTED: (State.APPROVED, State.REJECTED, State.RETURNED, State.CANCELLED),
        State.RETURNED: (State.SUBMITTED, State.CANCELLED),
        State.APPROVED: (State.SENT, State.CONFIRMED, State.CANCELLED),
        State.SENT: (State.CONFIRMED, State.CANCELLED),
        State.CONFIRMED: (State.PARTLY_SHIPPED, State.SHIPPED, State.CANCELLED),
        State.PARTLY_SHIPPED: (State.PARTLY_SHIPPED, State.SHIPPED),
        State.SHIPPED: (State.DELIVERED, State.CLOSED),
        State.DELIVERED: (State.CLOSED,),
        State.CLOSED: (),
        State.REJECTED: (),
        State.CANCELLED: (),
    }
    SHIPPABLE = (State.CONFIRMED, State.PARTLY_SHIPPED)
    INVOICEABLE = (State.PARTLY_SHIPPED, State.SHIPPED, State.DELIVERED)
    MOVING = (
        State.APPROVED,
        State.SENT,
        State.CONFIRMED,
        State.PARTLY_SHIPPED,
        State.SHIPPED,
        State.DELIVERED,
    )
    PARTNER_PATH = "partner"

    number = models.CharField(_("number"), max_length=40, unique=True)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="orders", verbose_name=_("partner"))
    registration = models.ForeignKey(
        DealRegistration, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("deal")
    )
    end_customer = models.ForeignKey(EndCustomer, models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    currency = models.CharField(max_length=3)
    net_total = models.DecimalField(_("net total"), max_digits=18, decimal_places=2, default=Decimal(0))
    tax_total = models.DecimalField(_("tax"), max_digits=18, decimal_places=2, default=Decimal(0))
    purchase_number = models.CharField(_("your order number"), max_length=60, blank=True)
    ship_to = models.CharField(_("ship to"), max_length=300, blank=True)
    wanted_on = models.DateField(_("wanted on"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    waiting_since = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    state_reason = models.TextField(blank=True)
    # The number that the ERP gave; empty where staff move the order by hand.
    erp_number = models.CharField(max_length=60, blank=True)
    # What the tenant's own fields hold; prm.customfields writes it.
    custom = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["partner", "-id"], name="order_by_partner"),
            models.Index(fields=["state", "-id"], name="order_by_state"),
            models.Index(fields=["net_total", "id"], name="order_by_total"),
            GinIndex(fields=["custom"], name="order_by_custom"),
            GinIndex(OpClass(Upper("number"), name="gin_trgm_ops"), name="order_number_words"),
            GinIndex(OpClass(Upper("purchase_number"), name="gin_trgm_ops"), name="order_purchase_words"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("orders:detail", args=[self.number])

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]

    @property
    def total(self) -> Decimal:
        return self.net_total + self.tax_total

    @property
    def is_moving(self) -> bool:
        """Approved and not at its end: goods, invoices or payments are still to come."""
        return self.state in self.MOVING


class OrderLine(models.Model):
    """A product on an order, at the price that held when it was submitted."""

    PARTNER_PATH = "order__partner"

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3)
    list_price = models.DecimalField(_("list price"), max_digits=18, decimal_places=4)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=4)
    # The price list's name; empty where the list price held.
    price_source = models.CharField(max_length=120, blank=True)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal(0))
    net_amount = models.DecimalField(_("net amount"), max_digits=18, decimal_places=2)
    shipped = models.DecimalField(_("shipped"), max_digits=18, decimal_places=3, default=Decimal(0))
    invoiced = models.DecimalField(_("invoiced"), max_digits=18, decimal_places=3, default=Decimal(0))

    objects = PartnerOwned.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="position_once_per_order"),
            models.CheckConstraint(name="ordered_quantity_positive", condition=models.Q(quantity__gt=0)),
            models.CheckConstraint(
                name="not_more_shipped_than_ordered",
                condition=models.Q(shipped__gte=0, shipped__lte=models.F("quantity")),
            ),
            models.CheckConstraint(
                name="not_more_invoiced_than_shipped",
                condition=models.Q(invoiced__gte=0, invoiced__lte=models.F("shipped")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.position}"

    @property
    def tax_amount(self) -> Decimal:
        return round_money(self.net_amount * self.tax_rate, self.order.currency)

    @property
    def to_ship(self) -> Decimal:
        return self.quantity - self.shipped

    @property
    def to_invoice(self) -> Decimal:
        return self.shipped - self.invoiced


class Shipment(models.Model):
    """Goods of an order that left together."""

    PARTNER_PATH = "order__partner"

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    number = models.CharField(_("number"), max_length=40, unique=True)
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=80, blank=True)
    shipped_on = models.DateField(_("shipped on"))
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now)

    objects = PartnerOwned.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    PARTNER_PATH = "shipment__order__partner"

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="shipment_lines")
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3)

    objects = PartnerOwned.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="shipped_quantity_positive", condition=models.Q(quantity__gt=0))
        ]

    def __str__(self) -> str:
        return f"{self.order_line} × {self.quantity}"


class Invoice(models.Model):
    """An invoice or a credit note to a partner. Issued documents are never edited; a credit note takes back."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    PARTNER_PATH = "partner"

    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.INVOICE)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="invoices")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="invoices")
    credits = models.ForeignKey("self", models.PROTECT, null=True, related_name="credit_notes")
    issued_on = models.DateField(_("date"))
    currency = models.CharField(max_length=3)
    net_total = models.DecimalField(_("net total"), max_digits=18, decimal_places=2)
    tax_total = models.DecimalField(_("tax"), max_digits=18, decimal_places=2)
    paid_on = models.DateField(_("paid on"), null=True)
    reason = models.TextField(blank=True)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["partner", "-id"], name="invoice_by_partner")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("orders:invoice", args=[self.number])

    @property
    def is_credit_note(self) -> bool:
        return self.kind == self.Kind.CREDIT_NOTE

    @property
    def total(self) -> Decimal:
        return self.net_total + self.tax_total


class InvoiceLine(models.Model):
    """One line of an invoice; negative quantity and amount on a credit note."""

    PARTNER_PATH = "invoice__partner"

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    order_line = models.ForeignKey(OrderLine, models.PROTECT, null=True, related_name="invoice_lines")
    credits = models.ForeignKey("self", models.PROTECT, null=True, related_name="credit_lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=4)
    net_amount = models.DecimalField(_("net amount"), max_digits=18, decimal_places=2)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal(0))

    objects = PartnerOwned.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="position_once_per_invoice"),
            models.CheckConstraint(name="invoice_line_has_quantity", condition=~models.Q(quantity=0)),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} {self.position}"

    @property
    def tax_amount(self) -> Decimal:
        return round_money(self.net_amount * self.tax_rate, self.invoice.currency)


class SalesLine(models.Model):
    """On this booking date the partner bought (or sold through) a quantity for a net amount. Append-only.

    A return is a line with negative quantity and amount that names the line it reverses.
    """

    class Source(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        POINT_OF_SALE = "pos", _("Point-of-sale report")
        IMPORT = "import", _("Import")

    PARTNER_PATH = "partner"

    line_number = models.CharField(_("line number"), max_length=80, unique=True)
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="sales_lines", verbose_name=_("partner"), db_index=False
    )
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("product"), db_index=False
    )
    # The product's line when it was sold: moving a product later changes no past figure.
    product_line = models.ForeignKey(
        ProductLine, models.PROTECT, related_name="+", verbose_name=_("product line"), db_index=False
    )
    booking_date = models.DateField(_("booking date"))
    order_date = models.DateField(null=True)
    ship_date = models.DateField(null=True)
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3)
    net_amount = models.DecimalField(_("net amount"), max_digits=18, decimal_places=2)
    # With tax, where the source says it so; `net_amount` is then rounded from it unless the source says that too.
    gross_amount = models.DecimalField(_("gross amount"), max_digits=18, decimal_places=2, null=True)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal(0))
    currency = models.CharField(_("currency"), max_length=3)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    document = models.CharField(_("document"), max_length=60)
    document_line = models.CharField(max_length=20, blank=True)
    end_customer = models.ForeignKey(EndCustomer, models.PROTECT, null=True, related_name="+", db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="sales_lines", db_index=False)
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversed_by", db_index=False
    )
    recorded_at = models.DateTimeField(default=clock.now)

    objects = SalesLineQuerySet.as_manager()

    class Meta:
        ordering = ["-booking_date", "-id"]
        indexes = [
            models.Index(fields=["partner", "-booking_date", "-id"], name="sales_by_partner"),
            models.Index(fields=["-booking_date", "-id"], name="sales_newest"),
            models.Index(
                fields=["product_line", "booking_date", "partner"],
                include=["net_amount", "quantity", "currency", "id"],
                name="sales_for_settlement",
            ),
            models.Index(
                fields=["reverses"], name="sales_reversals", condition=models.Q(reverses__isnull=False)
            ),
            models.Index(fields=["document"], name="sales_by_document", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["order"], name="sales_by_order", condition=models.Q(order__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(name="sales_line_has_quantity", condition=~models.Q(quantity=0)),
            models.CheckConstraint(
                name="return_is_negative",
                condition=models.Q(reverses__isnull=True) | models.Q(quantity__lt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.line_number

    @property
    def document_address(self) -> str:
        """The page of the invoice or credit note behind the line; the list itself where there is none."""
        if self.order_id is None:
            return f"{reverse('orders:sales')}?q={self.line_number}"
        return reverse("orders:invoice", args=[self.document])
