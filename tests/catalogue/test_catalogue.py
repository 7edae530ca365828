"""Products and product lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prm.catalogue.errors import CodeTaken
from prm.catalogue.models import Product
from prm.catalogue.services import save_product, save_product_line
from prm.values.errors import NotAllowed
from tests.factories.catalogue import ProductFactory

pytestmark = pytest.mark.django_db


def test_a_code_is_used_once(manager):
    line = save_product_line(code="routing", name="Routing", by=manager)
    facts = {
        "name": "Router",
        "product_line": line,
        "list_price": Decimal(100),
        "currency": "CNY",
        "by": manager,
    }
    save_product(code="MR-1", **facts)
    with pytest.raises(CodeTaken) as refused:
        save_product(code="MR-1", **facts)
    assert refused.value.field == "code"


def test_finance_reads_and_does_not_change_the_catalogue(finance, browse):
    product = ProductFactory(name="Router")
    with pytest.raises(NotAllowed):
        save_product_line(code="x", name="X", by=finance)
    page = browse(finance).get(f"/products/{product.pk}/").content.decode()
    assert "Router" in page and '<form method="post" class="ui-form' not in page


def test_a_manager_changes_a_price_on_the_page(manager, browse):
    product = ProductFactory(code="MR-9", list_price=Decimal(100))
    answer = browse(manager).post(
        f"/products/{product.pk}/",
        {"name": product.name, "code": "MR-9", "product_line": product.product_line_id, "list_price": "1,250.50",
         "tax_percent": "13", "unit": "piece", "is_active": "on"},
    )  # fmt: skip
    assert answer.status_code == 302
    product.refresh_from_db()
    assert (product.list_price, product.tax_rate) == (Decimal("1250.5"), Decimal("0.13"))


def test_products_are_found_by_code_in_the_list(manager, browse):
    ProductFactory(code="FIND-ME", name="Needle")
    ProductFactory(code="OTHER", name="Hay")
    page = browse(manager).get("/products/?q=FIND-ME").content.decode()
    assert "Needle" in page and "Hay" not in page and Product.objects.count() >= 2
