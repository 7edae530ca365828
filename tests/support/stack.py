"""The running product for tests: web, worker and scheduler as processes of their own, which a test may kill."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import time

from prm.localservices.children import Child
from prm.localservices.datadir import ROOT
from prm.localservices.errors import Failure
from tests.support.services import Services


class Stack:
    """Web, workers and scheduler against this process' database; `url("alpha", "/deals/")` leads to it."""

    def __init__(self, services: Services, *, demo: bool = True) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.env = dict(os.environ) | services.environment()
        self.env |= {"PRM_PORT": str(self.port), "PRM_DEMO": "1" if demo else "0", "CELERY_SKIP_CHECKS": "1"}
        if demo:
            del self.env["PRM_SECRET_KEY"]
        self.logs = services.files / f"log-{self.port}"
        self.logs.mkdir(exist_ok=True)
        self.children: dict[str, Child] = {}

    def url(self, tenant: str, path: str = "/") -> str:
        """The address of a page of a tenant; tenant "" is the public site."""
        return f"http://{tenant + '.' if tenant else ''}localhost:{self.port}{path}"

    # Starting

    def start(self) -> Stack:
        """Start everything at once and wait until it is ready."""
        self.start_web(wait=False)
        self.start_worker()
        self.start_scheduler()
        self.wait_ready()
        return self

    def start_web(self, *, wait: bool = True) -> None:
        self._spawn(
            "web", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
            "--blocking-threads", "8", "--log-level", "warning", "prm.config.wsgi:application",
        )  # fmt: skip
        if wait:
            self.wait_live()

    def start_worker(self, name: str = "worker", *, processes: int = 2) -> None:
        """A worker for long jobs; several may run under different names."""
        self._celery(name, "-Q", "default", "-n", f"{name}@%h", "-c", str(processes))

    def start_scheduler(self) -> None:
        self._celery(
            "scheduler", "-Q", "system", "-n", "system@%h", "-P", "threads", "-c", "2",
            "--beat", "--schedule", str(self.logs / "beat"),
        )  # fmt: skip

    def _celery(self, name: str, *words: str) -> None:
        quick = ["--loglevel", "INFO", "--without-mingle", "--without-gossip"]
        self._spawn(name, "celery", "-A", "prm.config.celery:app", "worker", *quick, *words)

    def _spawn(self, name: str, *words: str) -> None:
        argv = [sys.executable, "-m", *words]
        child = Child(name, argv, env=self.env, log=self.logs / f"{name}.log", cwd=ROOT, grace=5)
        child.spawn()
        self.children[name] = child

    # Waiting

    def status(self, path: str, *, host: str = "localhost") -> int:
        """The status of one page, 0 when nobody answers."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request("GET", path, headers={"Host": f"{host}:{self.port}"})
            return link.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            link.close()

    def wait_live(self, limit: float = 60) -> None:
        self._wait("/healthz", limit)

    def wait_ready(self, limit: float = 60) -> None:
        self._wait("/readyz", limit)

    def _wait(self, path: str, limit: float) -> None:
        deadline = time.monotonic() + limit
        while self.status(path) != 200:
            for child in self.children.values():
                if child.process and not child.alive():
                    raise Failure(f"{child.name} ended: {child.last_line()}")
            if time.monotonic() > deadline:
                raise Failure(f"{path} is not good after {limit:.0f} s; logs in {self.logs}")
            time.sleep(0.05)

    # Ending

    def revive(self) -> None:
        """Start again whatever ended by itself, as every supervisor of the product does. Never what a test killed."""
        for child in self.children.values():
            if child.process and not child.alive():
                child.kill_group()
                child.spawn()

    def kill(self, name: str) -> None:
        """SIGKILL the process and everything it started, as a power cut would."""
        child = self.children.pop(name)
        child.kill_group()
        if child.process:
            child.process.wait()

    def kill_pool(self, name: str = "worker") -> int:
        """SIGKILL the processes that the named worker computes in; how many there were."""
        process = self.children[name].process
        assert process
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as listing:
            pids = [int(word) for word in listing.read().split()]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")

    def stop(self) -> None:
        for child in self.children.values():
            child.ask_to_stop()
        for child in self.children.values():
            child.finish()
        self.children.clear()
