"""Cache, sessions, files, tasks and logs belong to one tenant; without a tenant its tables cannot be touched."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test import RequestFactory
from django_tenants.utils import schema_context, tenant_context
from tenant_schemas_celery.app import switch_schema
from tenant_schemas_celery.task import headers_with_schema

from partners.models import Tier
from prm.accounts.models import User
from prm.audit.models import AuditEntry
from prm.audit.services import record
from prm.config.logging import add_tenant, logging_config
from prm.outbox.tasks import deliver
from prm.tenancy import checks
from prm.tenancy.commands import TenantCommand
from prm.tenancy.middleware import TenantMiddleware
from prm.values.actor import Actor


def test_two_tenants_cache_under_different_keys(tenant, other_tenant):
    cache.set("figure", 17)
    with tenant_context(other_tenant):
        assert cache.get("figure") is None
        cache.set("figure", 18)
    assert cache.get("figure") == 17


def test_a_session_of_one_tenant_opens_nothing_at_another(tenant, other_tenant, client):
    user = User.objects.create_user("lin@alpha.example", role="channel_manager", name="Lin Yue")
    client.force_login(user, backend="prm.accounts.backends.EmailBackend")
    assert client.get("/account/", HTTP_HOST="alpha.localhost").status_code == 200
    assert client.get("/account/", HTTP_HOST="beta.localhost").status_code == 302
    key = client.cookies["sessionid"].value
    with tenant_context(other_tenant):
        assert not SessionStore(key).exists(key)


def test_files_of_one_tenant_are_not_found_at_another(tenant, other_tenant):
    name = default_storage.save("papers/price.txt", ContentFile(b"secret"))
    assert f"/{tenant.schema_name}/" in default_storage.path(name)
    with tenant_context(other_tenant):
        assert not default_storage.exists(name)


def test_a_task_carries_its_tenant_and_runs_there(tenant, other_tenant):
    """What is put into the message's header at one end is where the worker goes at the other."""
    headers = headers_with_schema({})
    assert headers["_schema_name"] == tenant.schema_name
    count_tiers.push_request(headers=headers)
    connection.set_tenant(other_tenant)
    try:
        switch_schema(task=count_tiers, kwargs={})
        assert connection.schema_name == tenant.schema_name
        assert connection.tenant.time_zone == tenant.time_zone  # the real row: days are counted in its zone
    finally:
        count_tiers.pop_request()


@shared_task
def count_tiers() -> int:
    return Tier.objects.count()


def test_a_task_without_tenant_fails_loudly(tenant):
    for task in (count_tiers, deliver):
        with schema_context("public"), pytest.raises(DatabaseError), transaction.atomic():
            task()


def test_a_request_for_no_known_host_reaches_no_tenant(tenant, client):
    answer = client.get("/sign-in/", HTTP_HOST="nobody.localhost")
    assert (answer.status_code, answer.text) == (404, "No such site.")
    assert connection.schema_name == "public"


def test_the_public_host_has_no_tenant_and_no_tenants_page(tenant, client):
    assert client.get("/sign-in/", HTTP_HOST="localhost").status_code == 404
    request = RequestFactory().get("/", headers={"host": "localhost"})
    TenantMiddleware(lambda r: None).process_request(request)
    assert request.tenant is None and connection.schema_name == "public"
    with pytest.raises(ProgrammingError), transaction.atomic():
        User.objects.count()


def test_a_command_names_its_tenant(tenant):
    class Count(TenantCommand):
        def handle_tenant(self, tenant, **options):
            return f"{connection.schema_name} {Tier.objects.count()}"

    connection.set_schema_to_public()
    assert call_command(Count(stdout=io.StringIO()), "alpha") == f"{tenant.schema_name} 3"
    with pytest.raises(CommandError, match="no tenant") as refusal:
        call_command(Count(), "nobody")
    assert refusal.value.returncode == 2
    with pytest.raises(CommandError):
        call_command(Count())


def test_each_log_line_names_the_tenant(tenant, capsys):
    assert add_tenant(None, "", {})["tenant"] == tenant.schema_name
    formatter = logging_config("INFO", as_json=True)["formatters"]["lines"]
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(**{k: v for k, v in formatter.items() if k != "()"})
    )
    log = logging.getLogger("prm.tests")
    log.addHandler(handler)
    try:
        log.warning("watch_out")
    finally:
        log.removeHandler(handler)
    assert json.loads(stream.getvalue())["tenant"] == tenant.schema_name


def test_a_tenants_table_in_public_is_refused(tenant):
    connection.set_schema_to_public()
    assert checks.no_tenant_table_in_public(None, databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.partners_partner (id int)")
    found = checks.no_tenant_table_in_public(None, databases=["default"])
    assert [error.id for error in found] == ["tenancy.E002"] and "partners_partner" in found[0].msg


def test_an_app_on_both_sides_is_refused(settings):
    assert checks.shared_and_tenant_apps(None) == []
    settings.SHARED_APPS = [*settings.SHARED_APPS, "partners"]
    assert [error.id for error in checks.shared_and_tenant_apps(None)] == ["tenancy.E001"]


def test_extensions_stand_in_their_own_schema(tenant):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
            " WHERE n.nspname = 'extensions' ORDER BY 1"
        )
        assert [row[0] for row in cursor.fetchall()] == ["btree_gin", "btree_gist", "pg_trgm", "unaccent"]


@pytest.mark.parametrize("table", ["audit_auditentry", "orders_salesline"])
def test_append_only_tables_refuse_to_be_emptied(tenant, table):
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("change", [{"verb": "other"}, None])
def test_audit_rows_are_never_changed_or_deleted(tenant, change):
    row = record(None, "signed_in", by=Actor.job("tests"))
    rows = AuditEntry.objects.filter(pk=row.pk)
    with (
        pytest.raises(DatabaseError, match="rows of audit_auditentry are never changed"),
        transaction.atomic(),
    ):
        rows.update(**change) if change else rows.delete()
