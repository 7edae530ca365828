"""A form says in one round what is wrong in the fields of the product and of the tenant; nothing typed is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dealreg.models import DealRegistration
from orders.models import Order
from partners.models import Partner
from partners.services import create_partner
from prm.values import clock
from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductFactory

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n"


@pytest.fixture(autouse=True)
def files_apart(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def asked(field):
    """Own fields that are required, must be a web address, and have few decimals, of everything."""
    for target in ("deal", "order", "partner"):
        field(target, "must", required=True)
        field(target, "site", "link")
        field(target, "seats", "number")
        field(target, "plan", "file")


def yesterday():
    return (clock.today() - timedelta(days=1)).isoformat()


OWN = {"custom_must", "custom_site", "custom_seats"}
TYPED = {"custom_site": "nowhere", "custom_seats": "1.5"}


def refused(client, path, typed, **more):
    """The form that comes back; every word that was typed stands in it again."""
    answer = client.post(path, {**typed, **more, "custom_plan": SimpleUploadedFile("plan.pdf", PDF)})
    assert answer.status_code == 422
    form = answer.context["form"]
    for name, value in typed.items():
        assert form[name].value() == value, name
    page = answer.content.decode()
    assert "nowhere" in page and "plan.pdf" in page and 'name="custom_plan-ticket"' in page
    return form


def test_a_deal_registration(asked, acme, browse):
    typed = {
        "customer_name": "", "product_lines": [str(deals.line().pk)], "estimated_value": "much",
        "expected_close": yesterday(), **TYPED,
    }  # fmt: skip
    form = refused(browse(acme.sales), "/deals/new/", typed)
    assert set(form.errors) == {"customer_name", "estimated_value", "expected_close"} | OWN
    assert "before today" in str(form.errors["expected_close"])
    assert "https://" in str(form.errors["custom_site"])
    assert not DealRegistration.objects.visible_to(acme.sales).exists()


def test_what_only_a_rule_asks_for_is_said_with_the_rest(field, published, acme, browse):
    field("deal", "rival")
    over = {"field": "estimated_value", "op": "more_than", "value": "500000"}
    locked = ["partner", "customer_name", "product_lines", "estimated_value", "expected_close", "type"]
    published("deal", [{"field": name} for name in locked] + [{"field": "custom_rival", "required": over}])
    answer = browse(acme.sales).post("/deals/new/", {
        "customer_name": "", "product_lines": [deals.line().pk], "estimated_value": "600000",
        "expected_close": yesterday(),
    })  # fmt: skip
    assert set(answer.context["form"].errors) == {"customer_name", "expected_close", "custom_rival"}


def test_an_order(asked, acme, browse):
    product = ProductFactory()
    typed = {f"product_{product.pk}": "", "wanted_on": yesterday(), **TYPED}
    form = refused(browse(acme.sales), "/orders/new/", typed, q=product.code)
    assert set(form.errors) == {"wanted_on", "__all__"} | OWN
    assert "nothing to order" in str(form.non_field_errors())
    typed[f"product_{product.pk}"] = "many"
    form = refused(browse(acme.sales), "/orders/new/", typed, q=product.code)
    assert set(form.errors) == {"wanted_on", f"product_{product.pk}"} | OWN
    assert not Order.objects.visible_to(acme.sales).exists()


def test_a_check_out(asked, acme, browse):
    client = browse(acme.sales)
    client.post("/cart/put/", {"product": ProductFactory().pk, "quantity": "2"})
    form = refused(client, "/cart/", {"wanted_on": yesterday(), **TYPED})
    assert set(form.errors) == {"wanted_on"} | OWN


def test_a_new_partner(asked, manager, browse):
    there = create_partner(
        name="There", number="P-77", tax_number="91310000", custom={"must": "x"}, by=manager
    )
    typed = {"name": "", "type": "reseller", "number": there.number, "tax_number": there.tax_number, **TYPED}
    form = refused(browse(manager), "/partners/new/", typed)
    assert set(form.errors) == {"name", "number", "tax_number"} | OWN


def test_a_partner_that_is_changed(asked, manager, browse):
    there = create_partner(name="There", tax_number="91310000", custom={"must": "x"}, by=manager)
    above = create_partner(name="Above", custom={"must": "x"}, by=manager)
    below = create_partner(name="Below", parent=above, custom={"must": "x"}, by=manager)
    typed = {
        "name": "Above", "type": "reseller", "tax_number": there.tax_number, "parent": str(below.pk), "custom_must": "",
        **TYPED,
    }  # fmt: skip
    form = refused(browse(manager), f"/partners/{above.pk}/edit/", typed)
    assert set(form.errors) == {"parent", "tax_number"} | OWN
    kept = {
        **typed,
        "tax_number": "",
        "parent": "",
        "custom_must": "y",
        "custom_site": "",
        "custom_seats": "3",
    }
    assert browse(manager).post(f"/partners/{above.pk}/edit/", kept).status_code == 302
    assert Partner.objects.for_everyone(because="test").get(pk=above.pk).custom["must"] == "y"
