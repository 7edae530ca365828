"""What the operator sees of all tenants at once: sizes, people and jobs; a fixed number of queries each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, models

from prm.jobs.models import Job
from prm.tenancy.models import Tenant
from prm.ui import said

JOBS_PER_TENANT = 20


@dataclass(frozen=True)
class JobLine:
    """A job of any tenant."""

    tenant: Tenant
    id: int
    kind: str
    title: str
    state: str
    step: int
    total: int | None
    step_name: str
    began_by: str
    began: datetime
    error: str
    title_said: str | None
    step_said: str | None

    @property
    def words(self) -> str:
        """What the job is called, in the operator's language."""
        return str(said.shown(json.loads(self.title_said))) if self.title_said else self.title

    @property
    def step_words(self) -> str:
        return (
            str(said.shown(json.loads(self.step_said)))
            if self.step_said and self.step_name
            else self.step_name
        )

    @property
    def state_label(self) -> str:
        return str(Job.State(self.state).label)

    @property
    def is_open(self) -> bool:
        return self.state in Job.OPEN

    @property
    def may_resume(self) -> bool:
        return self.state in (Job.State.DEAD, Job.State.CANCELLED)

    @property
    def tone(self) -> str:
        return {"dead": "bad", "running": "live", "done": "ok"}.get(self.state, "")


class TenantRows(models.QuerySet[Tenant]):
    """Tenants, each with `users`, `size`, `open_jobs` and `failed_jobs`; three queries for however many are shown."""

    def _fetch_all(self) -> None:
        fresh = self._result_cache is None
        super()._fetch_all()  # type: ignore[misc]
        if fresh:
            describe([row for row in self._result_cache or [] if isinstance(row, Tenant)])


def describe(tenants: list[Tenant]) -> None:
    """Put people, size and jobs on the tenants."""
    by_schema: dict[str, Any] = {}
    for tenant in tenants:
        tenant.users = tenant.size = tenant.open_jobs = tenant.failed_jobs = 0  # type: ignore[attr-defined]
        by_schema[tenant.schema_name] = tenant
    present = _present(by_schema)
    for schema, size in _sizes(present):
        by_schema[schema].size = int(size)
    users = _quoted(get_user_model())
    for schema, count in _each(present, lambda s: f"SELECT %s, count(*) FROM {s}.{users} WHERE is_active"):
        by_schema[schema].users = count
    counts = "SELECT %s, count(*) FILTER (WHERE state IN ('queued', 'running')), count(*) FILTER (WHERE state = 'dead')"
    for schema, running, dead in _each(present, lambda s: f"{counts} FROM {s}.{_quoted(Job)}"):
        by_schema[schema].open_jobs, by_schema[schema].failed_jobs = running, dead


def jobs_of(tenants: Iterable[Tenant], *, states: tuple[str, ...]) -> list[JobLine]:
    """The newest jobs of each tenant in these states, newest first; one query."""
    by_schema = {tenant.schema_name: tenant for tenant in tenants}
    wanted = ", ".join(f"'{Job.State(state).value}'" for state in states)
    columns = (
        "id, kind, title, state, step, total, step_name, created_label, created_at, error,"
        " title_said::text, step_said::text"
    )
    table = _quoted(Job)
    found = _each(
        _present(by_schema),
        lambda s: (
            f"(SELECT %s, {columns} FROM {s}.{table} WHERE state IN ({wanted})"
            f" ORDER BY id DESC LIMIT {JOBS_PER_TENANT})"
        ),
    )
    lines = [JobLine(by_schema[row[0]], *row[1:]) for row in found]
    return sorted(lines, key=lambda line: line.began, reverse=True)


def _present(schemas: Iterable[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [list(schemas)])
        return [row[0] for row in cursor.fetchall()]


def _sizes(schemas: list[str]) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname, sum(pg_total_relation_size(c.oid)) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'm') GROUP BY 1",
            [schemas],
        )
        return cursor.fetchall()


def _each(schemas: list[str], select: Callable[[str], str]) -> list[tuple[Any, ...]]:
    """One query over the same table of many schemas; `%s` in each part becomes the schema's name."""
    if not schemas:
        return []
    parts = [select(connection.ops.quote_name(schema)) for schema in schemas]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), schemas)
        return cursor.fetchall()


def _quoted(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
