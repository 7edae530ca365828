"""bin/demo: set up what is missing, start everything, say where it is, stop it all on Ctrl-C."""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import subprocess
import sys
import time

from prm.localservices import embedded, messages, ports
from prm.localservices.children import Child, Supervisor
from prm.localservices.datadir import MARK, ROOT, DataDir
from prm.localservices.errors import Failure, Stopped
from prm.localservices.postgres import Postgres

USAGE = """usage: bin/demo [--reset] [--no-data]

  --reset     forget all data of the demo and start afresh
  --no-data   start with one empty tenant instead of two filled ones

PRM_PORT (8000) and PRM_DATA_DIR (.data) let two copies run side by side; docs/configuration.md lists the rest."""

SIGN_INS = """  Sign-in pages have one button for each role; no password is needed.
  Mail that the product sends lies at http://demo.localhost:{port}/mailbox/
  Stop with Ctrl-C. Start afresh with bin/demo --reset. Logs: {log}"""


class Demo:
    """One run of bin/demo in one data folder."""

    def __init__(self, data: DataDir, port: int, *, with_data: bool) -> None:
        self.data, self.port, self.with_data = data, port, with_data
        self.began = _process_start()
        self.supervisor = Supervisor(self.say)
        self.env: dict[str, str] = {}
        self.front: list[Child] = []

    def say(self, text: str) -> None:
        print(f"[{time.time() - self.began:5.1f} s] {text}", flush=True)

    def run(self, *, reset: bool) -> None:
        """Everything from the empty folder to the page; then watch until told to stop."""
        if reset:
            self._reset()
        ended = self.data.end_leftovers()
        if ended:
            self.say(f"ended {ended} processes that an earlier run had left")
        self._forget_half_made()
        started = embedded.start(self.data, self.supervisor, say=self.say)
        # The web process and bin/test run Django's checks; workers need not load every page for them.
        self.env = dict(os.environ) | started | self._own_variables() | {"CELERY_SKIP_CHECKS": "1"}
        if messages.compile_all():
            self.say("translations compiled")
        self._set_up()
        self._start_front()
        shared = {name: self.env[name] for name in (*started, *self._own_variables()) if name != MARK}
        self.data.publish(kind="demo", port=self.port, env=shared)
        self._announce()
        while True:
            self.supervisor.watch()

    def stop(self) -> None:
        """Web, workers and scheduler at once, then the broker, then the database."""
        self.data.forget()
        self.supervisor.stop(self.front)

    def _own_variables(self) -> dict[str, str]:
        return {
            "PRM_DEMO": "1",
            "PRM_PORT": str(self.port),
            "PRM_DATA_DIR": str(self.data.path),
            "PRM_BIND": ports.LOOPBACK,
            MARK: str(self.data.path),
        }

    # Data

    def _reset(self) -> None:
        if os.environ.get("DATABASE_URL"):
            raise Failure(
                "--reset removes only data that bin/demo keeps itself; DATABASE_URL names another", status=2
            )
        self.data.end_leftovers()
        Postgres(self.data).remove_outside()
        self.data.reset()
        self.say("all data of the demo removed")

    def _forget_half_made(self) -> None:
        """A first filling that was killed half-way starts again from nothing."""
        half_made = (self.data.path / "setup.running").exists() and not self.data.read_json("setup.json")
        if half_made and not os.environ.get("DATABASE_URL"):
            self._reset()
        (self.data.path / "setup.running").unlink(missing_ok=True)

    def _set_up(self) -> None:
        """Migrate and fill; nothing to do when neither migrations nor the kind of data changed."""
        before = self.data.read_json("setup.json") or {}
        if before and not self.with_data and before["with_data"]:
            raise Failure(f"{self.data.path} holds the demo's data already: add --reset to start with none")
        # A tenant that was started empty stays the user's own.
        with_data = before.get("with_data", self.with_data)
        state = {"with_data": with_data, "code": fingerprint(), "database": _place(self.env["DATABASE_URL"])}
        if state == before:
            self.say("database is up to date")
            return
        (self.data.path / "setup.running").touch()
        self.say("migrating and filling the demo" if not before else "migrating")
        words = [sys.executable, str(ROOT / "manage.py"), "setup_demo", *([] if with_data else ["--no-data"])]
        self._run(words, "the database could not be set up")
        self.data.write_private("setup.json", _as_json(state))
        (self.data.path / "setup.running").unlink(missing_ok=True)

    def _run(self, words: list[str], complaint: str) -> None:
        """Run one command, its lines shown as they come; it ends with us."""
        log = self.data.path / "log" / "setup.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                words, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                text=True, start_new_session=True,
            )  # fmt: skip
        try:
            for line in process.stdout or ():
                self.say(f"  {line.rstrip()}")
            code = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if code:
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            if any("No space left on device" in line for line in lines):
                raise Failure(f"disk full at {self.data.path}: free some space and start again")
            raise Failure(f"{complaint}: {lines[-1] if lines else f'status {code}'} (see {log})")

    # Web, workers, scheduler

    def _child(self, name: str, *words: str, **more: object) -> Child:
        log = self.data.path / "log" / f"{name}.log"
        return Child(name, list(words), env=self.env, log=log, cwd=ROOT, grace=4.0, **more)  # type: ignore[arg-type]

    def _start_front(self) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "prm.config.celery:app"]
        level = ["--loglevel", "WARNING", "--without-mingle", "--without-gossip"]
        web = self._child(
            "web", sys.executable, "-m", "granian", "--interface", "wsgi", "--host", ports.LOOPBACK,
            "--port", str(self.port), "--workers", "1", "--blocking-threads", "4", "--respawn-failed-workers",
            "--log-level", "warning", "prm.config.wsgi:application", ready=self._page_answers,
        )  # fmt: skip
        worker = self._child(
            "worker", *celery, "worker", "-Q", "default", "-n", "worker@%h", "-c", "2", *level
        )
        run = self.data.path / "run"
        run.mkdir(exist_ok=True)
        system = self._child(
            "scheduler", *celery, "worker", "-Q", "system", "-n", "system@%h", "-P", "threads", "-c", "2",
            "--beat", "--schedule", str(run / "beat"), *level,
        )  # fmt: skip
        self.front = [web, worker]
        self.say("web and worker are starting")
        self.supervisor.start(web, worker)
        web.wait_ready(60, tick=self._watch_start)
        self.front.append(system)  # last: nobody waits for it, and the first page should come soon
        self.supervisor.start(system)

    def _watch_start(self) -> None:
        """A part that dies again and again will not come up: say which, instead of waiting."""
        self.supervisor.watch(every=0.08)
        for child in self.front:
            if child.deaths >= 3:
                raise Failure(f"{child.name} does not start: {child.last_line()} (see {child.log})")

    def _page_answers(self) -> bool:
        ready = self._status("localhost", "/readyz") == 200
        return ready and self._status("demo.localhost", "/") in (200, 302)

    def _status(self, host: str, path: str) -> int:
        link = http.client.HTTPConnection(ports.LOOPBACK, self.port, timeout=10)
        try:
            link.request("GET", path, headers={"Host": f"{host}:{self.port}"})
            return link.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            link.close()

    def _announce(self) -> None:
        address = f"http://demo.localhost:{self.port}/"
        print(f"ready in {time.time() - self.began:.1f} s: {address}\n", flush=True)
        print(f"  Demo tenant      {address}")
        if (self.data.read_json("setup.json") or {}).get("with_data", True):
            print(f"  Second tenant    http://demo2.localhost:{self.port}/")
        print(f"  Operator         http://localhost:{self.port}/operator/")
        print(SIGN_INS.format(port=self.port, log=self.data.path / "log"), flush=True)


def fingerprint() -> str:
    """Changes when a migration, a piece of SQL or a starter kit does."""
    digest = hashlib.sha256()
    patterns = "*/migrations/*.py */*/migrations/*.py */sql/*.sql */*/sql/*.sql prm/starter/**/*"
    for path in sorted({path for pattern in patterns.split() for path in ROOT.glob(pattern)}):
        if path.is_file() and path.suffix != ".pyc" and ".venv" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def options(arguments: list[str]) -> tuple[bool, bool]:
    """(reset, with_data) from the command line; a Failure with the usage for anything else."""
    for word in arguments:
        if word in ("-h", "--help"):
            print(USAGE)
            raise SystemExit(0)
        if word not in ("--reset", "--no-data"):
            raise Failure(f"unknown option {word}\n{USAGE}", status=2)
    return "--reset" in arguments, "--no-data" not in arguments


def refuse_public_exposure() -> None:
    """Demo mode signs in anybody with one click: it must not be reachable, nor hold a real secret."""
    for name, good in (("PRM_BIND", ports.LOOPBACK), ("PRM_HOST", "localhost")):
        value = os.environ.get(name, "")
        if value and value != good:
            raise Failure(
                f"{name} is {value!r}: the demo serves {good} only, because anybody may sign in to it"
            )
    if os.environ.get("PRM_SECRET_KEY"):
        raise Failure("PRM_SECRET_KEY is set: the demo does not run with a production secret, unset it")


def main(arguments: list[str]) -> int:
    """The whole life of one bin/demo; 0 when it was stopped by a person."""
    reset, with_data = options(arguments)
    refuse_public_exposure()
    port = ports.wanted(os.environ.get("PRM_PORT") or "8000")
    data = DataDir.from_environment()
    data.create()
    demo = Demo(data, port, with_data=with_data)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        _take(data, port)
        if ports.in_use(port) and not data.leftovers():
            raise Failure(f"port {port} is in use: stop what listens there, or set PRM_PORT to another")
        demo.run(reset=reset)
    except Stopped:
        print("\nstopping …", flush=True)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        demo.stop()
        data.release()
    print("stopped; the data are kept", flush=True)
    return 0


def _take(data: DataDir, port: int) -> None:
    """Hold the folder, waiting for a bin/manage that is just ending."""
    if data.acquire():
        return
    state = data.state() or {}
    if state.get("kind") == "demo":
        raise Failure(
            f"already running in {data.path} (process {state['pid']}): http://demo.localhost:{state.get('port')}/"
            f"; PRM_DATA_DIR and PRM_PORT (now {port}) let another copy run beside it"
        )
    if not data.acquire(patience=15):
        raise Failure(
            f"{data.path} is in use by process {data.supervisor()}: wait for it, or set PRM_DATA_DIR"
        )


def _process_start() -> float:
    """When the shell script began, as seconds of time.time(): exec keeps the process and its birth."""
    try:
        with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
            ticks = float(stat.read().rsplit(")", 1)[1].split()[19])
            return time.time() - (float(uptime.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK"))
    except OSError:
        return float(os.environ.get("PRM_STARTED") or time.time())


def _place(url: str) -> str:
    """Which database it is, without its password and the port that may change."""
    return "embedded" if not os.environ.get("DATABASE_URL") else hashlib.sha256(url.encode()).hexdigest()[:16]


def _as_json(value: object) -> str:
    import json

    return json.dumps(value)


def _stop(number: int, frame: object) -> None:
    raise Stopped
