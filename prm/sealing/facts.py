"""What a sealed row says about other tables. Apps say in `apps.py` how to see whether it still holds.

    facts.register("statements_issued", check)      # check(row) -> sentence of what differs, or ""

`row` is the audit row as a dictionary, its `changes` read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_checks: dict[str, Callable[[dict[str, Any]], str]] = {}


def register(verb: str, check: Callable[[dict[str, Any]], str]) -> None:
    """Let `check` look at every sealed row with this verb when a chain is verified."""
    _checks[verb] = check


def complaint(row: dict[str, Any]) -> str:
    """What no longer agrees with the sealed row; empty when all does."""
    check = _checks.get(row["verb"])
    return check(row) if check else ""
