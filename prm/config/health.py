"""`/healthz` and `/readyz`: for monitors, before any tenant is looked for, at whatever host name they ask.

Live: this process answers. Ready: the database answers, every migration is in, the broker answers and a worker
has reported within the last seconds. Workers report to the broker with each of Celery's heartbeats.
"""

from __future__ import annotations

import pathlib
import pkgutil
import time
from collections.abc import Callable

import redis
import structlog
from celery.signals import heartbeat_sent, worker_ready, worker_shutdown
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_tenants.utils import schema_context

# A sorted set: worker's name, time of its last report. Celery's heartbeat comes each 2 seconds.
WORKERS = "prm:workers"
REPORT_IS_GOOD_FOR = 7.0

log = structlog.get_logger(__name__)
Answer = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """Stands first, so that neither host names, tenants nor redirects matter to a monitor."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info.rstrip("/")
        if path == "/healthz":
            return _answer({"process": "ok"})
        if path == "/readyz":
            return _answer(readiness())
        return self.get_response(request)


def _answer(findings: dict[str, str]) -> JsonResponse:
    good = all(finding == "ok" for finding in findings.values())
    answer = JsonResponse({"status": "ok" if good else "not ready", **findings}, status=200 if good else 503)
    answer["Cache-Control"] = "no-store"
    answer._has_been_logged = True  # type: ignore[attr-defined]  # a monitor asks often; what is wrong was logged
    return answer


def readiness() -> dict[str, str]:
    """Each part with `ok` or what is wrong, in words that tell a stranger nothing."""
    findings = {"database": "ok", "migrations": "ok", "broker": "ok", "worker": "ok"}
    try:
        with schema_context(settings.PUBLIC_SCHEMA_NAME):
            late = _schemas_behind()
        if late:
            findings["migrations"] = f"{late} schema(s) behind"
    except DatabaseError as error:
        log.warning("not_ready", part="database", error=str(error).strip())
        findings["database"] = findings["migrations"] = "no answer"
        connection.close()
    try:
        since = time.time() - REPORT_IS_GOOD_FOR
        if not _broker().zcount(WORKERS, since, "+inf"):
            findings["worker"] = "none has reported"
    except redis.RedisError as error:
        log.warning("not_ready", part="broker", error=str(error))
        findings["broker"] = findings["worker"] = "no answer"
    return findings


_client: redis.Redis | None = None


def _broker() -> redis.Redis:
    global _client
    if _client is None:
        _client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    return _client


# Migrations

_all_in = False


def known_migrations() -> set[tuple[str, str]]:
    """Every migration on disk as (app, name), found without importing any."""
    found = set()
    for config in apps.get_app_configs():
        folder = pathlib.Path(config.path) / "migrations"
        for module in pkgutil.iter_modules([str(folder)]):
            if not module.name.startswith("_"):
                found.add((config.label, module.name))
    return found


def _schemas_behind() -> int:
    """How many schemas lack a migration; once none does, this process asks only whether the database lives."""
    global _all_in
    with connection.cursor() as cursor:
        if _all_in:
            cursor.execute("SELECT 1")
            return 0
        cursor.execute("SELECT nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'USAGE')")
        present = {row[0] for row in cursor.fetchall()}
        wanted = [settings.PUBLIC_SCHEMA_NAME, settings.TEMPLATE_SCHEMA]
        if not present.issuperset(wanted):
            return len(set(wanted) - present)
        cursor.execute("SELECT to_regclass('public.tenancy_tenant') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return 1
        cursor.execute("SELECT schema_name FROM public.tenancy_tenant")
        wanted += [row[0] for row in cursor.fetchall() if row[0] in present and row[0] not in wanted]
        behind = sum(bool(_missing(cursor, schema)) for schema in wanted)
    _all_in = behind == 0
    return behind


def _missing(cursor, schema: str) -> set[tuple[str, str]]:  # type: ignore[no-untyped-def]
    table = f"{connection.ops.quote_name(schema)}.django_migrations"
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
    if not cursor.fetchone()[0]:
        return known_migrations()
    cursor.execute(f"SELECT app, name FROM {table}")
    return known_migrations() - set(cursor.fetchall())


# Workers (these run in the worker's own process)

_name = ""


@worker_ready.connect
def _first_report(sender: object = None, **kwargs: object) -> None:
    global _name
    name = str(getattr(sender, "hostname", "worker"))
    if not name.startswith("system@"):  # it only passes work on; people wait for the others
        _name = name
    _report()


@heartbeat_sent.connect
def _report(**kwargs: object) -> None:
    if not _name:
        return
    try:
        now = time.time()
        broker = _broker()
        broker.zadd(WORKERS, {_name: now})
        broker.zremrangebyscore(WORKERS, "-inf", now - 3600)
    except redis.RedisError as error:
        log.warning("worker_report_failed", error=str(error))


@worker_shutdown.connect
def _last_report(**kwargs: object) -> None:
    if not _name:
        return
    try:
        _broker().zrem(WORKERS, _name)
    except redis.RedisError:
        pass
