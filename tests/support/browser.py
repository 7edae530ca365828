"""Which Chromium the browser tests drive."""

from __future__ import annotations

import os
import shutil
from typing import Any


def launch_arguments() -> dict[str, Any]:
    """Arguments for Playwright: a Chromium of the system when there is one, else Playwright's own."""
    arguments: dict[str, Any] = {"args": ["--no-sandbox"] if os.geteuid() == 0 else []}
    names = (
        os.environ.get("CHROMIUM", ""),
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
    )
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found:
        arguments["executable_path"] = found
    return arguments
