"""The operator's pages: tenants made, suspended, exported and deleted; jobs, health, log."""

from __future__ import annotations

import html

import pytest
from django.test import Client
from django.urls import get_resolver
from django_tenants.utils import schema_context, tenant_context

from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.tenancy import exports
from prm.tenancy.models import Export, OperatorLogEntry, Tenant
from prm.values import clock

NEW = {
    "name": "North Star", "slug": "north-star", "language": "en", "currency": "EUR",
    "time_zone": "Europe/Berlin", "accent": "#0f766e", "administrator_email": "ada@north.example",
}  # fmt: skip


def every_address():
    """Each address of the public site, with a tenant and numbers filled in."""
    found = []

    def walk(patterns, prefix=""):
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, route)
            else:
                filled = route.replace("<slug:slug>", "alpha").replace("<int:pk>", "1")
                found.append((f"/{filled}", pattern.callback))

    walk(get_resolver("prm.config.urls_public").url_patterns)
    return found


def test_every_page_but_the_entrance_needs_an_operator(db):
    client = Client(headers={"host": "localhost"})
    open_ones = {
        "/",
        "/operator/",
        "/operator/demo/",
        "/operator/sign-out/",
        "/i18n/",
        "/ui.js",
        "/brand.css",
    }
    addresses = every_address()
    assert len(addresses) > 20
    for address, view in addresses:
        assert (address in open_ones) == bool(getattr(view, "is_public", False)), address
        if address not in open_ones:
            for answer in (client.get(address), client.post(address)):
                assert answer.status_code == 302 and answer.headers["location"].startswith("/operator/"), (
                    address
                )


def test_a_tenants_own_people_are_nobody_on_the_public_site(tenant, client):
    from tests.factories.people import UserFactory

    client.force_login(UserFactory(administrator=True), backend="prm.accounts.backends.EmailBackend")
    assert client.get("/operator/tenants/", HTTP_HOST="localhost").status_code == 302


def test_the_operators_pages_do_not_exist_on_a_tenants_site(operator):
    assert operator.get("/operator/tenants/", HTTP_HOST="alpha.localhost").status_code in (302, 404)


def test_the_list_shows_state_people_and_size_in_a_fixed_number_of_queries(
    operator, django_assert_max_num_queries
):
    with django_assert_max_num_queries(40):
        page = operator.get("/operator/tenants/").text
    assert "Alpha Networks" in page and "beta.localhost" in page and "MB" in page
    assert "Operator" in page and "/brand.css" in page
    assert "Beta Systems" not in operator.get("/operator/tenants/?q=alpha").text


def test_a_new_tenant_is_live_at_once(operator, client):
    assert "It begins with the product's starter kit" in html.unescape(
        operator.get("/operator/tenants/new/").text
    )
    answer = operator.post("/operator/tenants/new/", NEW)
    assert answer.headers["location"] == "/operator/tenants/north-star/"
    assert "http://north-star.localhost" in operator.get("/operator/tenants/north-star/").text
    assert client.get("/sign-in/", HTTP_HOST="north-star.localhost").status_code == 200
    entry = OperatorLogEntry.objects.filter(verb="created").first()
    assert (entry.operator_email, entry.tenant_slug) == ("op@host.example", "north-star")


def test_a_refused_address_is_named_at_its_field(operator):
    answer = operator.post("/operator/tenants/new/", NEW | {"slug": "operator"})
    assert answer.status_code == 422 and "is kept for the installation" in answer.text


def test_suspend_with_a_reason_and_resume(operator, client):
    assert operator.post("/operator/tenants/alpha/suspend/", {"reason": ""}).status_code == 422
    assert operator.post("/operator/tenants/alpha/suspend/", {"reason": "unpaid"}).status_code == 302
    assert client.get("/", HTTP_HOST="alpha.localhost").status_code == 503
    assert "unpaid" in operator.get("/operator/tenants/alpha/").text
    assert operator.post("/operator/tenants/alpha/resume/").status_code == 302
    assert client.get("/sign-in/", HTTP_HOST="alpha.localhost").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_delete_asks_twice_and_exports_in_between(door):
    operator = door.enter()
    operator.post("/operator/tenants/new/", NEW)
    assert operator.post("/operator/tenants/north-star/delete/", {"confirmation": "wrong"}).status_code == 422
    assert (
        operator.post("/operator/tenants/north-star/delete/", {"confirmation": "north-star"}).status_code
        == 302
    )
    tenant = Tenant.objects.get(slug="north-star")
    assert tenant.is_suspended
    assert "Export of all data" in operator.get("/operator/tenants/north-star/delete/").text
    with tenant_context(tenant):
        job = Job.objects.get(kind="tenancy.export")
        Job.objects.update(run_after=clock.now())
        assert run_job(job.pk) == "done"
    page = operator.get("/operator/tenants/north-star/delete/").text
    assert "Delete for good" in page
    export = Export.objects.get()
    download = operator.get(f"/operator/exports/{export.pk}/")
    assert b"".join(download.streaming_content) == exports.path_of(export).read_bytes()
    answer = operator.post("/operator/tenants/north-star/delete/", {"confirmation": "north-star"})
    assert answer.headers["location"] == "/operator/exports/"
    assert not Tenant.objects.filter(slug="north-star").exists()
    assert export.file_name in operator.get("/operator/exports/").text, "what is left of a deleted tenant"
    assert operator.get("/operator/tenants/north-star/").status_code == 404


def test_a_failed_job_of_any_tenant_is_shown_and_resumed(operator):
    with schema_context("t_beta"):
        job = Job.objects.create(
            kind="tenancy.export", title="Export of all data", state="dead", error="disk full", failures=5,
            created_label="op", run_after=clock.now(),
        )  # fmt: skip
    page = operator.get("/operator/jobs/?view=failed").text
    assert "disk full" in page and "Beta Systems" in page
    assert operator.post(f"/operator/jobs/beta/{job.pk}/resume/").status_code == 302
    with schema_context("t_beta"):
        assert Job.objects.get(pk=job.pk).state == "queued"
    assert operator.post(f"/operator/jobs/alpha/{job.pk}/resume/").status_code == 404


def test_health_and_log_answer(operator):
    page = operator.get("/operator/health/").text
    assert "PostgreSQL" in page and "Worker" in page and "Free on disk" in page
    assert "Signed in" in operator.get("/operator/log/").text


def test_the_front_page_names_no_tenant(db):
    page = Client(headers={"host": "localhost"}).get("/").text
    assert "Alpha Networks" not in page and "/operator/" in page
