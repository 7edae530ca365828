"""What monitors and log readers rely on."""

from __future__ import annotations

import json
import logging
import sys
import time
import types

import pytest
import redis
import structlog
from django.conf import settings
from django.db import connection
from django.urls import include, path

from prm.audit.models import AuditEntry
from prm.config import health
from prm.config.logging import logging_config
from prm.values.actor import Actor


@pytest.fixture
def broker(db):
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(health.WORKERS)
    yield client
    client.delete(health.WORKERS)


@pytest.fixture(autouse=True)
def _ask_again(monkeypatch):
    monkeypatch.setattr(health, "_all_in", False)


def test_live_needs_neither_tenant_nor_database(client):
    answer = client.get("/healthz", headers={"host": "192.0.2.1"})
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_ready_says_which_part_is_missing(client, broker):
    answer = client.get("/readyz", headers={"host": "nobody.example.com"})
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "database": "ok",
        "migrations": "ok",
        "broker": "ok",
        "worker": "none has reported",
    }


def test_ready_when_a_worker_reported_lately(client, broker, tenant):
    broker.zadd(health.WORKERS, {"worker@here": time.time() - 60})
    assert client.get("/readyz").status_code == 503
    broker.zadd(health.WORKERS, {"worker@here": time.time()})
    assert client.get("/readyz").status_code == 200
    assert connection.schema_name == tenant.schema_name, "asking must not leave the tenant"


def test_not_ready_while_a_tenant_lacks_a_migration(client, broker, other_tenant):
    broker.zadd(health.WORKERS, {"worker@here": time.time()})
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {other_tenant.schema_name}.django_migrations"
            " WHERE id = (SELECT max(id) FROM django_migrations)"
        )
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "1 schema(s) behind")


def test_not_ready_without_broker(client, db, monkeypatch):
    monkeypatch.setattr(
        health, "_client", redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    )
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "no answer")


def test_each_line_names_tenant_and_request(tenant):
    made = logging_config("INFO", as_json=True)["formatters"]["lines"]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=made["foreign_pre_chain"], processors=made["processors"]
    )
    record = logging.LogRecord("some.library", logging.WARNING, __file__, 1, "渠道 %s", ("x",), None)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        line = json.loads(formatter.format(record))
    assert line["tenant"] == tenant.schema_name
    assert line["request_id"] == "r-1"
    assert (line["event"], line["level"], line["logger"]) == ("渠道 x", "warning", "some.library")


def test_the_error_page_names_the_request_as_the_log_does(manager, browse, settings):
    def failing(request):
        raise RuntimeError(structlog.contextvars.get_contextvars()["request_id"])

    module = types.ModuleType("tests.config.failing_urls")
    module.urlpatterns = [path("fails/", failing), path("", include("prm.config.urls"))]
    module.handler500 = "prm.ui.errors.server_error"
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = settings.TENANT_URLCONF = module.__name__
    client = browse(manager)
    client.raise_request_exception = False
    answer = client.get("/fails/")
    assert answer.status_code == 500
    assert str(answer.exc_info[1]) in answer.content.decode()


def test_the_trail_names_the_request(manager, browse):
    browse(manager).get("/deals/?export=csv")
    assert len(AuditEntry.objects.visible_to(Actor.job("tests")).latest("pk").request_id) == 36
