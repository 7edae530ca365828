"""The tenant's look: colours that can be read, a logo that is only a picture, a currency that stays."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prm.audit.models import AuditEntry
from prm.catalogue.models import Product, ProductLine
from prm.tenancy import brand, colours, errors
from prm.tenancy.models import Tenant
from prm.values.errors import NotAllowed
from tests.factories.people import UserFactory

HOST = "alpha.localhost"
any_colour = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def look(tenant, **values):
    fields = ("name", "accent", "language", "currency", "time_zone")
    return {field: getattr(tenant, field) for field in fields} | values


def picture(kind="PNG", size=(900, 300), mode="RGB"):
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, kind)
    return SimpleUploadedFile("logo.bin", out.getvalue())


@given(any_colour)
def test_text_in_and_on_the_accent_can_be_read_whatever_the_colour(colour):
    bright, dim = colours.light(colour), colours.dark(colour)
    for palette, ground in ((bright, "#ffffff"), (dim, "#16181b")):
        assert colours.contrast(palette.accent, palette.on_accent) >= 4.5
        assert colours.contrast(palette.accent, ground) >= 4.5
        assert colours.contrast(palette.accent_ink, ground) >= 4.5
        assert colours.contrast(palette.accent_ink, palette.accent_soft) >= 4.5


def test_a_colour_that_is_dark_enough_stays_as_it_is():
    assert colours.light("#3150c8").accent == "#3150c8"
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)


def test_pages_load_the_tenants_colours_under_an_address_that_changes(tenant, administrator, client):
    page = client.get("/sign-in/", HTTP_HOST=HOST).text
    assert f"/brand.css?v={tenant.brand_version}" in page
    tenant = brand.set_brand(tenant=tenant, by=administrator, **look(tenant, accent="#AA3300"))
    assert f"/brand.css?v={tenant.brand_version}" in client.get("/sign-in/", HTTP_HOST=HOST).text
    css = client.get("/brand.css?v=2", HTTP_HOST=HOST)
    assert "--accent:#aa3300" in css.text and css["Content-Type"].startswith("text/css")
    assert "immutable" in css["Cache-Control"]


def test_who_changed_the_brand_last_is_kept_and_audited(tenant, administrator):
    brand.set_brand(tenant=tenant, by=administrator, **look(tenant, name="Alpha 2"))
    tenant = Tenant.objects.get(pk=tenant.pk)
    assert (tenant.name, tenant.brand_changed_by) == ("Alpha 2", "Ada Admin")
    assert AuditEntry.objects.get(verb="brand_changed").changes == {"name": ["Alpha Networks", "Alpha 2"]}


def test_saving_without_a_change_changes_nothing(tenant, administrator):
    brand.set_brand(tenant=tenant, by=administrator, **look(tenant))
    assert Tenant.objects.get(pk=tenant.pk).brand_version == tenant.brand_version
    assert not AuditEntry.objects.filter(verb="brand_changed").exists()


def test_a_logo_is_drawn_anew_and_served_by_the_product(tenant, administrator, client):
    upload = picture("JPEG")
    upload.file.seek(0, 2)
    upload.file.write(b"<script>alert(1)</script>")
    upload.seek(0)
    tenant = brand.set_brand(tenant=tenant, by=administrator, logo=upload, **look(tenant))
    answer = client.get(tenant.logo_address, HTTP_HOST=HOST)
    body = b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "image/png" and b"script" not in body
    with Image.open(io.BytesIO(body)) as drawn:
        assert drawn.format == "PNG" and drawn.width <= 480 and drawn.height <= 160
    assert client.get("/brand/logo", HTTP_HOST="beta.localhost").status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"GIF89a\x01", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_picture_is_refused(body):
    with pytest.raises(errors.LogoInvalid):
        brand.as_png(SimpleUploadedFile("logo.png", body))


def test_a_gif_and_a_huge_picture_are_refused():
    with pytest.raises(errors.LogoInvalid):
        brand.as_png(picture("GIF", mode="P"))
    with pytest.raises(errors.LogoInvalid):
        brand.as_png(picture(size=(20_000, 2_001), mode="1"))


def test_a_logo_can_be_taken_away(tenant, administrator, django_capture_on_commit_callbacks):
    tenant = brand.set_brand(tenant=tenant, by=administrator, logo=picture(), **look(tenant))
    name = tenant.logo
    with django_capture_on_commit_callbacks(execute=True):
        tenant = brand.set_brand(tenant=tenant, by=administrator, remove_logo=True, **look(tenant))
    assert tenant.logo_address == "" and not default_storage.exists(name)


def test_the_currency_is_fixed_once_there_are_amounts(tenant, administrator):
    tenant = brand.set_brand(tenant=tenant, by=administrator, **look(tenant, currency="EUR"))
    line = ProductLine.objects.create(code="net", name="Network")
    Product.objects.create(code="R1", name="Router", product_line=line, list_price=1, currency="EUR")
    with pytest.raises(errors.CurrencyInUse):
        brand.set_brand(tenant=tenant, by=administrator, **look(tenant, currency="CNY"))


def test_only_administrators_change_the_brand(tenant, manager, finance, acme):
    for person in (manager, finance, acme.admin):
        with pytest.raises(NotAllowed):
            brand.set_brand(tenant=tenant, by=person, **look(tenant))


def test_the_page_shows_the_form_and_names_what_is_wrong(tenant, client):
    client.force_login(UserFactory(administrator=True), backend="prm.accounts.backends.EmailBackend")
    session = client.session
    session["has_second_factor"] = True
    session.save()
    assert "Changed last" in client.get("/settings/brand/", HTTP_HOST=HOST).text
    answer = client.post("/settings/brand/", look(tenant, accent="blue"), HTTP_HOST=HOST)
    assert answer.status_code == 422 and "is no colour" in answer.text
    answer = client.post("/settings/brand/", look(tenant, name="Alpha 3"), HTTP_HOST=HOST)
    assert answer.status_code == 302 and Tenant.objects.get(pk=tenant.pk).name == "Alpha 3"
