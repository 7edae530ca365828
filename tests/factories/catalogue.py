from __future__ import annotations

from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from prm.catalogue.models import Product, ProductLine


class ProductLineFactory(DjangoModelFactory):
    class Meta:
        model = ProductLine
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"line-{n}")
    name = factory.LazyAttribute(lambda line: line.code.replace("-", " ").title())


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"PRD-{n}")
    name = factory.LazyAttribute(lambda product: f"Product {product.code}")
    product_line = factory.SubFactory(ProductLineFactory)
    list_price = Decimal("100")
    currency = "CNY"
