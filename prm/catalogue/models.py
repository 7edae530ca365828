from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class ProductLine(models.Model):
    """A group of products that is protected, rebated and reported together."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("Chinese name"), max_length=120, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name


class Product(models.Model):
    """Something that is sold, at a list price in one currency."""

    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    name_zh = models.CharField(_("Chinese name"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    product_line = models.ForeignKey(
        ProductLine, models.PROTECT, related_name="products", verbose_name=_("product line")
    )
    unit = models.CharField(_("unit"), max_length=20, default="piece")
    list_price = models.DecimalField(_("list price"), max_digits=18, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    tax_rate = models.DecimalField(_("tax rate"), max_digits=6, decimal_places=4, default=Decimal(0))
    is_active = models.BooleanField(_("active"), default=True)
    # What the tenant's own fields hold; prm.customfields writes it.
    custom = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="list_price_not_negative",
                condition=models.Q(list_price__gte=0),
                violation_error_message=_("The list price is below zero. Enter zero or more."),
            )
        ]
        indexes = [
            models.Index(fields=["product_line", "code"], name="product_by_line"),
            GinIndex(fields=["custom"], name="product_by_custom"),
            GinIndex(OpClass(Upper("code"), name="gin_trgm_ops"), name="product_code_words"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="product_name_words"),
            GinIndex(OpClass(Upper("name_zh"), name="gin_trgm_ops"), name="product_name_zh_words"),
        ]

    def __str__(self) -> str:
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name
