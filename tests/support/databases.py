"""Databases cloned from a migrated template: a test process starts, and is reset, within a fraction of a second."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg2
import redis
from psycopg2.sql import SQL, Identifier

from prm.localservices.datadir import ROOT
from prm.localservices.demo import fingerprint
from tests.support.services import FOLDER, Services

KEPT_TEMPLATES = 3


class Databases:
    """Template and clone of one test process."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.template = ""

    @contextlib.contextmanager
    def _server(self) -> Iterator[psycopg2.extensions.cursor]:
        link = psycopg2.connect(self.services.url_of("postgres"))
        try:
            link.autocommit = True
            yield link.cursor()
        finally:
            link.close()

    def prepare(self) -> None:
        """Build the template when migrations changed, then clone this process' database from it."""
        self.template = f"template_{template_hash()}"
        with _turn("template"), self._server() as cursor:
            if not _exists(cursor, self.template):
                self._build(cursor)
            (FOLDER / "templates" / self.template).touch()
            self._prune(cursor)
        self.reset()

    def reset(self) -> None:
        """Throw the clone away and make it anew; whoever is connected to it is thrown out."""
        with self._server() as cursor:
            _drop(cursor, self.services.database)
            with _turn("template"):
                # Copying the files takes a third of the time that writing each page through the log does.
                cursor.execute(
                    SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                        Identifier(self.services.database), Identifier(self.template)
                    )
                )
        _forget_cached(self.services.redis_url)

    def drop(self) -> None:
        with self._server() as cursor:
            _drop(cursor, self.services.database)

    def _build(self, cursor: psycopg2.extensions.cursor) -> None:
        draft = f"{self.template}_draft"
        _drop(cursor, draft)
        cursor.execute(SQL("CREATE DATABASE {}").format(Identifier(draft)))
        began = time.monotonic()
        sys.stderr.write("building the test database's template …\n")
        env = os.environ | self.services.environment() | {"DATABASE_URL": self.services.url_of(draft)}
        built = subprocess.run(
            [sys.executable, "-m", "tests.support.build_template"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
        )
        if built.returncode:
            raise RuntimeError(
                f"the test database cannot be built:\n{built.stdout[-2000:]}\n{built.stderr[-6000:]}"
            )
        cursor.execute(
            SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(draft), Identifier(self.template))
        )
        sys.stderr.write(f"… built in {time.monotonic() - began:.0f} s\n")

    def _prune(self, cursor: psycopg2.extensions.cursor) -> None:
        """Drop templates that only older states of the migrations used."""
        notes = sorted((FOLDER / "templates").iterdir(), key=lambda note: note.stat().st_mtime, reverse=True)
        for note in notes[KEPT_TEMPLATES:]:
            _drop(cursor, note.name)
            note.unlink()


def template_hash() -> str:
    """Changes with any migration, SQL, starter kit, provisioning code or the way that templates are built."""
    digest = hashlib.sha256(fingerprint().encode())
    for name in ("prm/tenancy/provisioning.py", "prm/config/settings.py", "tests/support/build_template.py"):
        path = ROOT / name
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _turn(name: str) -> Iterator[None]:
    (FOLDER / "templates").mkdir(exist_ok=True)
    with open(FOLDER / f"{name}.lock", "a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _exists(cursor: psycopg2.extensions.cursor, name: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return cursor.fetchone() is not None


def _drop(cursor: psycopg2.extensions.cursor, name: str) -> None:
    cursor.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def _forget_cached(url: str) -> None:
    """Empty caches and queues, but leave what running workers registered with the broker."""
    broker = redis.Redis.from_url(url)
    for key in broker.scan_iter(count=1000):
        if not key.startswith((b"_kombu", b"prm:workers")):
            broker.delete(key)
    broker.close()
