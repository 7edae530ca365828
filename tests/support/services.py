"""One PostgreSQL and one broker for all test processes of this checkout, and a slot of both for each process."""

from __future__ import annotations

import fcntl
import os
import pathlib
import urllib.parse
from typing import IO

from prm.localservices import keep
from prm.localservices.datadir import ROOT, DataDir
from tests.support import memory

ON_DISK = ROOT / ".data" / "test"
FOLDER = pathlib.Path(os.environ.get("PRM_TEST_DIR") or memory.folder() or ON_DISK).absolute()
os.environ["PRM_TEST_DIR"] = str(FOLDER)  # the processes of a run inherit what the first of them found
SLOTS = 250  # the embedded broker has 256 databases


class Services:
    """This process' database name and broker number; nobody else has the same while it lives."""

    def __init__(self) -> None:
        self.data = DataDir(FOLDER, chosen=FOLDER != ON_DISK)
        self._borrowed: keep.Borrowed | None = None
        outside = os.environ.get("PRM_TEST_DATABASE_URL"), os.environ.get("PRM_TEST_REDIS_URL")
        if all(outside):
            self.data.create()
            self.server, broker = str(outside[0]), str(outside[1])
        else:
            self._borrowed = keep.borrow(self.data, for_tests=True)
            self.server, broker = self._borrowed.env["DATABASE_URL"], self._borrowed.env["REDIS_URL"]
        self.slot, self._lock = self._take_slot(SLOTS if self._borrowed else 15)
        self.database = f"test_{self.slot}"
        self.database_url = self.url_of(self.database)
        self.redis_url = broker.rpartition("/")[0] + f"/{self.slot}"
        self.files = FOLDER / "files" / str(self.slot)
        self.files.mkdir(parents=True, exist_ok=True)

    def url_of(self, database: str) -> str:
        return urllib.parse.urlsplit(self.server)._replace(path=f"/{database}").geturl()

    def environment(self) -> dict[str, str]:
        """The variables that lead the product's settings to this slot."""
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PRM_DATA_DIR": str(self.files),
            "PRM_SECRET_KEY": "a-secret-of-the-tests-that-protects-nothing-at-all-0123456789",
            "PRM_PLAIN_HTTP": "1",
            "PRM_LOG_LEVEL": os.environ.get("PRM_LOG_LEVEL", "WARNING"),
            "DJANGO_SETTINGS_MODULE": "prm.config.settings",
            # Playwright runs an event loop in the main thread, where Django would refuse to query.
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
        }

    def _take_slot(self, count: int) -> tuple[int, IO[str]]:
        folder = FOLDER / "slots"
        folder.mkdir(exist_ok=True)
        for number in range(1, count):
            handle = open(folder / str(number), "a")
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return number, handle
            except BlockingIOError:
                handle.close()
        raise RuntimeError(f"all {count} test slots are taken")
