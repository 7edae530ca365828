"""A tenant's look in the operator's hands; and exports, which are news until they are downloaded."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django_tenants.utils import tenant_context
from PIL import Image

from prm.audit.models import AuditEntry
from prm.tenancy import exports
from prm.tenancy.models import Export, OperatorLogEntry, Tenant
from prm.values.actor import Actor
from tests.operator.test_pages import NEW

pytestmark = pytest.mark.django_db


def picture() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (64, 32), "#0f766e").save(out, "PNG")
    return SimpleUploadedFile("logo.png", out.getvalue(), "image/png")


def test_a_new_tenant_begins_with_its_logo(operator, client):
    assert operator.post("/operator/tenants/new/", NEW | {"logo": picture()}).status_code == 302
    tenant = Tenant.objects.get(slug="north-star")
    assert (
        tenant.logo and client.get(tenant.logo_address, HTTP_HOST="north-star.localhost").status_code == 200
    )


def test_a_file_that_is_no_picture_makes_no_tenant(operator):
    wrong = SimpleUploadedFile("logo.png", b"<svg/>")
    answer = operator.post("/operator/tenants/new/", NEW | {"logo": wrong})
    assert answer.status_code == 422 and "Upload a PNG, JPEG or WebP" in answer.text
    assert not Tenant.objects.filter(slug="north-star").exists()


def test_the_operator_changes_name_colour_logo_language_and_zone(operator, client):
    operator.post("/operator/tenants/new/", NEW)
    wanted = {
        "name": "Polaris", "accent": "#7c3aed", "language": "zh-hans", "time_zone": "Asia/Shanghai",
        "currency": "USD", "logo": picture(),
    }  # fmt: skip
    assert operator.post("/operator/tenants/north-star/edit/", wanted).status_code == 302
    tenant = Tenant.objects.get(slug="north-star")
    assert (tenant.name, tenant.accent, tenant.language) == ("Polaris", "#7c3aed", "zh-hans")
    assert (tenant.time_zone, tenant.currency, bool(tenant.logo)) == ("Asia/Shanghai", "EUR", True)
    assert "Polaris" in client.get("/sign-in/", HTTP_HOST="north-star.localhost").text
    entry = OperatorLogEntry.objects.filter(verb="edited").first()
    assert entry.sentence == "Changed: name, colour, language, time zone, logo"
    with tenant_context(tenant):
        assert AuditEntry.objects.get(verb="brand_changed").actor_label == "op@host.example"


def test_what_cannot_be_is_named_at_its_field(operator):
    wanted = {"name": "", "accent": "#7c3aed", "language": "en", "time_zone": "Asia/Shanghai"}
    assert operator.post("/operator/tenants/alpha/edit/", wanted).status_code == 422
    assert Tenant.objects.get(slug="alpha").name == "Alpha Networks"


def test_a_language_is_called_by_its_name(operator):
    Tenant.objects.filter(slug="alpha").update(language="zh-hans")
    page = operator.get("/operator/tenants/alpha/").text
    assert "Simplified Chinese" in page and ">zh-hans<" not in page


def test_an_export_is_news_for_whoever_asked_until_it_is_downloaded(operator, door):
    made = Export.objects.create(
        tenant_slug="gone", file_name="gone-1.zip", size=3, sha256="0", made_by="op@host.example"
    )
    exports.path_of(made).write_bytes(b"zip")
    assert exports.news_for(Actor(kind="operator", label="op@host.example")) == 1
    assert exports.news_for(Actor(kind="operator", label="other@host.example")) == 0
    assert "Not downloaded yet" in operator.get("/operator/exports/").text
    assert b"".join(operator.get(f"/operator/exports/{made.pk}/").streaming_content) == b"zip"
    assert exports.news_for(Actor(kind="operator", label="op@host.example")) == 0
    assert "Not downloaded yet" not in operator.get("/operator/exports/").text


def test_the_page_of_the_tenant_looks_again_while_an_export_is_being_written(operator):
    assert "every 2s" not in operator.get("/operator/tenants/alpha/").text
    operator.post("/operator/tenants/alpha/export/")
    page = operator.get("/operator/tenants/alpha/").text
    assert "Being written" in page and "every 2s" in page
