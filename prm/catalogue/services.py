"""Verbs on product lines and products."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, models, transaction

from prm.access.rules import require
from prm.audit.services import differences, record
from prm.catalogue.errors import CodeTaken
from prm.catalogue.events import ProductAdded, ProductChanged
from prm.catalogue.models import Product, ProductLine
from prm.customfields.values import apply as apply_custom
from prm.outbox.services import emit
from prm.values.actor import Actor


@transaction.atomic
def save_product_line(
    *,
    code: str,
    name: str,
    name_zh: str = "",
    is_active: bool = True,
    line: ProductLine | None = None,
    by: Actor,
) -> ProductLine:
    """Add a product line or change `line`. Raises CodeTaken."""
    require(by, "catalogue.edit")
    values = {"code": code.strip(), "name": name.strip(), "name_zh": name_zh.strip(), "is_active": is_active}
    return _save(line or ProductLine(), values, "saved", by)


@transaction.atomic
def save_product(
    *,
    code: str,
    name: str,
    product_line: ProductLine,
    list_price: Decimal,
    currency: str,
    name_zh: str = "",
    description: str = "",
    unit: str = "piece",
    tax_rate: Decimal = Decimal(0),
    is_active: bool = True,
    product: Product | None = None,
    custom: Mapping[str, Any] | None = None,
    by: Actor,
) -> Product:
    """Add a product or change `product`; prices net of tax, `tax_rate` as a fraction (0.13), `custom` by code.

    Raises CodeTaken, ValueRefused.
    """
    require(by, "catalogue.edit")
    values = {
        "code": code.strip(),
        "name": name.strip(),
        "name_zh": name_zh.strip(),
        "description": description.strip(),
        "product_line": product_line,
        "unit": unit.strip() or "piece",
        "list_price": list_price,
        "currency": currency,
        "tax_rate": tax_rate,
        "is_active": is_active,
    }
    return _save(product or Product(), values, "saved", by, custom=custom)


# What no price, order or protection rests on.
WORDS = ("name_zh", "description")


@transaction.atomic
def complete_product(
    *, product: Product, by: Actor, custom: Mapping[str, Any] | None = None, **facts: str
) -> Product:
    """Fill in or correct any of WORDS and the tenant's own fields (`custom`, by code). Raises ValueRefused."""
    require(by, "catalogue.edit")
    unknown = set(facts) - set(WORDS)
    if unknown:
        raise TypeError(f"{', '.join(sorted(unknown))} cannot be completed")
    product = Product.objects.select_for_update().get(pk=product.pk)
    return _save(product, {name: value.strip() for name, value in facts.items()}, "edited", by, custom=custom)


def _save(
    row: models.Model, values: dict[str, Any], verb: str, by: Actor, custom: Mapping[str, Any] | None = None
) -> Any:
    is_new = row.pk is None
    before = {name: None if is_new else getattr(row, name, None) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    own = apply_custom("product", row, custom, by=by) if isinstance(row, Product) else {}
    changes = differences(before, {name: getattr(row, name) for name in values}) | own
    if not changes:
        return row
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as clash:
        if "code" in str(clash):
            raise CodeTaken(code=values["code"]) from None
        raise
    record(row, verb, by=by, changes=changes)
    if isinstance(row, Product):
        fact = ProductAdded(product_id=row.pk) if is_new else ProductChanged(product_id=row.pk)
        emit(fact, object_key=f"product:{row.pk}")
    return row
