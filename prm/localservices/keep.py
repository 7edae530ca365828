"""Services without bin/demo: a keeper process holds them while somebody uses them, then ends by itself.

Users hold a shared lock on `users.lock`; the keeper leaves when it can take that lock alone. So it makes no
difference who started it, and a user that was killed leaves nothing running.
"""

from __future__ import annotations

import fcntl
import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import IO

from prm.localservices import embedded
from prm.localservices.children import Supervisor
from prm.localservices.datadir import ROOT, DataDir
from prm.localservices.errors import Failure, Stopped


class Borrowed:
    """The running services of a folder, kept alive as long as this object (or a process it execs) lives."""

    def __init__(self, state: dict[str, object], lock: IO[str]) -> None:
        self.env: dict[str, str] = dict(state["env"])  # type: ignore[call-overload]
        self.kind = str(state["kind"])
        self.lock = lock

    def survive_exec(self) -> None:
        os.set_inheritable(self.lock.fileno(), True)

    def give_back(self) -> None:
        self.lock.close()


def borrow(data: DataDir, *, for_tests: bool = False, limit: float = 180) -> Borrowed:
    """Use what runs in the folder, starting it first when nothing does."""
    data.create()
    lock = open(data.path / "users.lock", "a")
    fcntl.flock(lock, fcntl.LOCK_SH)  # waits while a keeper is about to end
    deadline = time.monotonic() + limit
    with open(data.path / "start.lock", "a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        keeper: subprocess.Popen[bytes] | None = None
        while time.monotonic() < deadline:
            state = data.state()
            if state:
                return Borrowed(state, lock)
            if keeper and keeper.poll() is not None:
                raise Failure(_why(data))
            if not keeper and not data.supervisor():
                keeper = _spawn(data, for_tests=for_tests)
            time.sleep(0.03)
    raise Failure(f"the services of {data.path} are not ready after {limit:.0f} s (see {data.path / 'log'})")


def _spawn(data: DataDir, *, for_tests: bool) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "prm.localservices", "keep", str(data.path)]
    words += ["--for-tests"] if for_tests else []
    words += ["--chosen"] if data.chosen else []
    with open(data.path / "log" / "keeper.log", "wb") as log:
        return subprocess.Popen(
            words,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _why(data: DataDir) -> str:
    lines = (data.path / "log" / "keeper.log").read_text(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("qudao: ") if lines else f"the services of {data.path} did not start"


def main(arguments: list[str]) -> int:
    """`keep FOLDER [--for-tests]`: start the services, hold them while they are used, stop them."""
    path, flags = pathlib.Path(arguments[0]), arguments[1:]
    data = DataDir(path, chosen="--chosen" in flags)
    data.create()
    if not data.acquire():
        return 0
    supervisor = Supervisor(lambda text: print(text, file=sys.stderr, flush=True))
    signal.signal(signal.SIGTERM, _stop)
    for_tests = "--for-tests" in flags
    try:
        data.end_leftovers()
        env = embedded.start(data, supervisor, for_tests=for_tests)
        data.publish(kind="keep", env=env | {"PRM_DATA_DIR": str(data.path)})
        _hold(data, supervisor, linger=3.0 if for_tests else 0.0)
    except Stopped:
        pass
    finally:
        data.forget()
        supervisor.stop()
        data.release()
    return 0


def _hold(data: DataDir, supervisor: Supervisor, *, linger: float) -> None:
    """Watch until nobody has used the services for the given seconds; returns holding the users' lock."""
    users = open(data.path / "users.lock", "a")
    idle_since = None
    while True:
        supervisor.watch(every=0.1)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            idle_since = None
            continue
        idle_since = idle_since or time.monotonic()
        if time.monotonic() - idle_since >= linger:
            data.users = users  # kept open, and so locked, until this process ends
            return
        fcntl.flock(users, fcntl.LOCK_UN)


def _stop(number: int, frame: object) -> None:
    raise Stopped
