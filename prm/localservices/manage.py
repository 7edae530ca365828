"""bin/manage: manage.py with the running instance's services, or with services for the time of the command."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from prm.localservices import embedded, keep
from prm.localservices.datadir import ROOT, DataDir


def main(arguments: list[str]) -> NoReturn:
    """Replace this process by manage.py; its exit status is the command's."""
    env = dict(os.environ)
    data = DataDir.from_environment()
    running: dict[str, str] = {}
    if embedded.is_needed():
        borrowed = keep.borrow(data)
        borrowed.survive_exec()
        running = borrowed.env
    elif state := data.state():
        running = state["env"]
    for name, value in running.items():
        if not env.get(name):
            env[name] = value
    env.setdefault("PRM_DATA_DIR", str(data.path))
    if not env.get("PRM_SECRET_KEY"):
        env.setdefault("PRM_DEMO", "1")
    words = [sys.executable, str(ROOT / "manage.py"), *arguments]
    sys.stdout.flush()
    os.execve(sys.executable, words, env)
