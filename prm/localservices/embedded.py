"""Both embedded parts together, each only where no outside service is named."""

from __future__ import annotations

import os
from collections.abc import Callable

from prm.localservices import postgres
from prm.localservices.children import Supervisor
from prm.localservices.datadir import DataDir
from prm.localservices.errors import Failure
from prm.localservices.postgres import Postgres
from prm.localservices.valkey import Valkey


def is_needed() -> bool:
    """Whether PostgreSQL or the broker has to come from here."""
    return not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def start(
    data: DataDir,
    supervisor: Supervisor,
    *,
    for_tests: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, str]:
    """Start what is missing and return the variables that lead to it."""
    database = broker = None
    if for_tests or not os.environ.get("DATABASE_URL"):
        database = Postgres(data, options=postgres.TEST if for_tests else postgres.DEMO)
        new = not database.folder.exists()
        supervisor.start(database.start())
        say(f"PostgreSQL on port {database.port}" + (", set up anew" if new else ""))
    if for_tests or not os.environ.get("REDIS_URL"):
        broker = Valkey(data, databases=256 if for_tests else 16, durable=not for_tests)
        supervisor.start(broker.start(avoid=database.port if database else 0))
        say(f"Valkey on port {broker.port}")
    for child in list(supervisor.children):
        try:
            child.wait_ready(60)
        except Failure:
            if child.name != "Valkey" or broker is None or child.alive() or "disk full" in child.last_line():
                raise
            say(f"the broker could not read its files; they now lie in {broker.set_aside()}")
            broker.folder.mkdir()
            child.spawn()
            child.wait_ready(60)
    if database:
        database.ensure_database()
    if broker:
        broker.forget_workers()
    return {
        "DATABASE_URL": database.url if database else os.environ["DATABASE_URL"],
        "REDIS_URL": broker.url if broker else os.environ["REDIS_URL"],
    }
