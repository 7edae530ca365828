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
    if embedded.is_needed():
        borrowed = keep.borrow(data)
        borrowed.survive_exec()
        env = env | {name: value for name, value in borrowed.env.items() if not env.get(name)}
    env.setdefault("PRM_DATA_DIR", str(data.path))
    env.setdefault("PRM_DEMO", "1")
    words = [sys.executable, str(ROOT / "manage.py"), *arguments]
    sys.stdout.flush()
    os.execve(sys.executable, words, env)
