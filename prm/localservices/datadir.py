"""The data folder: what lies where, who holds it, what an earlier run left behind."""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import secrets
import shutil
import signal
import time
from typing import IO, Any

from prm.localservices.errors import Failure

ROOT = pathlib.Path(__file__).resolve().parents[2]
MARK = "PRM_SUPERVISED"
# What --reset removes: named one by one, because the folder may be any folder of the user's.
OURS = "postgres valkey media mail exports static log run embedded state.json setup.json".split()
NEEDED_FREE = 300 * 1024 * 1024


class DataDir:
    """One folder of embedded services and files; one supervisor holds it at a time."""

    def __init__(self, path: pathlib.Path, *, chosen: bool = False) -> None:
        self.path = path
        self.chosen = chosen  # by PRM_DATA_DIR, so everything must stay beneath it
        self._lock: IO[str] | None = None
        self.users: IO[str] | None = None  # held alone by a keeper that is about to end

    @classmethod
    def from_environment(cls) -> DataDir:
        """The folder that PRM_DATA_DIR names, or `.data` of the checkout."""
        named = os.environ.get("PRM_DATA_DIR", "")
        path = pathlib.Path(named).expanduser() if named else ROOT / ".data"
        return cls(path.absolute(), chosen=bool(named))

    def create(self) -> None:
        """Make the folder and see that there is room to work in it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise Failure(f"{self.path} is no folder: set PRM_DATA_DIR to one") from None
        (self.path / "log").mkdir(exist_ok=True)
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_FREE:
            raise Failure(
                f"disk full: {free >> 20} MB free at {self.path}, {NEEDED_FREE >> 20} MB are needed"
                " (PRM_DATA_DIR may name another disk)"
            )

    # Who holds the folder

    def acquire(self, *, patience: float = 2.0) -> bool:
        """Become the one supervisor of the folder; False when another one lives."""
        handle = open(self.path / "lock", "a+")
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    handle.close()
                    return False
                time.sleep(0.05)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._lock = handle
        self.forget()
        return True

    def release(self) -> None:
        """Give the folder up, and say so to who asks for its state."""
        self.forget()
        if self._lock:
            self._lock.close()
            self._lock = None

    def supervisor(self) -> int:
        """The process that holds the folder, 0 when none does."""
        try:
            handle = open(self.path / "lock")
        except FileNotFoundError:
            return 0
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return 0
            except BlockingIOError:
                return int(handle.read() or 0)

    # What runs there

    def publish(self, **state: Any) -> None:
        """Tell other commands how to reach what runs here."""
        text = json.dumps({"pid": os.getpid(), **state}, indent=1)
        self.write_private("state.json", text)

    def forget(self) -> None:
        (self.path / "state.json").unlink(missing_ok=True)

    def state(self) -> dict[str, Any] | None:
        """What runs here now, or None; the lock decides, not the file."""
        holder = self.supervisor()
        if not holder:
            return None
        state: dict[str, Any] | None = self.read_json("state.json")
        return state if state and state["pid"] == holder else None

    # Small files

    def write_private(self, name: str, text: str) -> pathlib.Path:
        """Write a file that only its owner reads, all or nothing."""
        target, draft = self.path / name, self.path / f"{name}.new"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(text)
        os.replace(draft, target)
        return target

    def read_json(self, name: str) -> Any:
        try:
            return json.loads((self.path / name).read_text())
        except (FileNotFoundError, ValueError):
            return None

    def secret(self, name: str) -> str:
        """A random word of this folder, made at first use."""
        try:
            return (self.path / name).read_text()
        except FileNotFoundError:
            word = secrets.token_urlsafe(24)
            self.write_private(name, word)
            return word

    def reset(self) -> None:
        """Remove everything that the product wrote here, and nothing else."""
        for name in OURS:
            target = self.path / name
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)
        (self.path / "log").mkdir(exist_ok=True)

    # What an earlier run left

    def leftovers(self) -> list[int]:
        """Processes of an earlier run of this folder (Linux); call it only while holding the lock."""
        mark, place, own = f"{MARK}={self.path}\0".encode(), f"{self.path}/", os.getpid()
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            if int(entry.name) == own:
                continue
            try:
                marked = mark in (entry / "environ").read_bytes() + b"\0"
                # PostgreSQL writes its title over its environment, but stands in its data folder.
                if marked or f"{os.readlink(entry / 'cwd')}/".startswith(place) and _is_postgres(entry):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def end_leftovers(self) -> int:
        """End them, PostgreSQL first asked politely; how many there were."""
        found = self.leftovers()
        deadline = time.monotonic() + 5
        kind = signal.SIGINT
        left = found
        while left:
            for pid in left:
                try:
                    os.kill(pid, kind)
                except ProcessLookupError:
                    pass
            time.sleep(0.1 if kind is signal.SIGINT else 0.2)
            kind = signal.SIGKILL
            if time.monotonic() > deadline:
                raise Failure(f"processes of an earlier run do not end: {' '.join(map(str, left))}")
            left = self.leftovers()
        return len(found)


def _is_postgres(entry: pathlib.Path) -> bool:
    return os.path.basename(os.readlink(entry / "exe")).split(" ")[0] == "postgres"
