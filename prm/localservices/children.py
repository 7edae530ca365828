"""Child processes: started in a session of their own, watched, restarted, stopped with all they started."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterable

from prm.localservices.errors import Failure
from prm.localservices.privilege import Account, preexec

FIRST_DELAY, LONGEST_DELAY = 0.4, 10.0
LOG_LIMIT = 5 * 1024 * 1024


class Child:
    """One long-running process and how to know that it works."""

    def __init__(
        self,
        name: str,
        argv: list[str],
        *,
        env: dict[str, str],
        log: pathlib.Path,
        cwd: pathlib.Path,
        ready: Callable[[], bool] = lambda: True,
        account: Account = Account.OWN,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 5.0,
    ) -> None:
        self.name, self.argv, self.env, self.log, self.cwd = name, argv, env, log, cwd
        self.ready, self.account, self.stop_signal, self.grace = ready, account, stop_signal, grace
        self.process: subprocess.Popen[bytes] | None = None
        self.delay, self.due, self.since, self.deaths = FIRST_DELAY, 0.0, 0.0, 0

    def spawn(self) -> None:
        """Start it. Only from the main thread: the kernel ties its life to the thread that forked it."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.argv,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=preexec(self.account),
            )
        self.since = time.monotonic()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_ready(self, limit: float, *, tick: Callable[[], None] = lambda: None) -> None:
        """Return when it works; a Failure naming its log when it died or took too long."""
        deadline = time.monotonic() + limit
        while not self.ready():
            if not self.alive():
                raise Failure(f"{self.name} did not start: {self.last_line()} (see {self.log})")
            if time.monotonic() > deadline:
                raise Failure(f"{self.name} is not ready after {limit:.0f} s (see {self.log})")
            tick()
            time.sleep(0.02)

    def last_line(self) -> str:
        """The last line of its log that says something."""
        try:
            text = self.log.read_bytes()[-4000:].decode(errors="replace")
        except OSError:
            return "it left no message"
        if "No space left on device" in text:
            return "disk full"
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it left no message"

    def ask_to_stop(self) -> None:
        if self.process and self.alive():
            self.process.send_signal(self.stop_signal)

    def finish(self) -> None:
        """Wait for its end, then end by force whatever it started and left."""
        if not self.process:
            return
        try:
            self.process.wait(self.grace)
        except subprocess.TimeoutExpired:
            pass
        self.kill_group()
        self.process.wait()

    def kill_group(self) -> None:
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass


class Supervisor:
    """Keeps children running: restarts with growing pauses, stops in reverse order."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[Child] = []

    def start(self, *children: Child) -> None:
        for child in children:
            child.spawn()
            self.children.append(child)

    def watch(self, *, every: float = 0.2) -> None:
        """One look at all children: whoever died is started again after its pause."""
        now = time.monotonic()
        for child in self.children:
            if child.alive():
                if now - child.since > LONGEST_DELAY:
                    child.delay = FIRST_DELAY
            elif not child.due:
                code = child.process.returncode if child.process else None
                child.kill_group()
                child.deaths += 1
                child.due = now + child.delay
                self.say(f"{child.name} ended (status {code}), again in {child.delay:.1f} s; see {child.log}")
                child.delay = min(child.delay * 2, LONGEST_DELAY)
            elif now >= child.due:
                child.due = 0.0
                child.spawn()
        time.sleep(every)

    def stop(self, *stages: Iterable[Child]) -> None:
        """Stop the given groups one after the other, each group at once; then everything else in reverse."""
        rest = [child for child in reversed(self.children) if not any(child in stage for stage in stages)]
        for stage in (*stages, *([child] for child in rest)):
            group = list(stage)
            for child in group:
                child.ask_to_stop()
            for child in group:
                child.finish()
        self.children.clear()
