"""Work that is due once a day in each tenant, after its own midnight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prm.modules.registry import runs

_daily: dict[str, Callable[[], Any]] = {}


def daily(name: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Run the function once for each tenant and local day. It must be idempotent."""

    def register(function: Callable[[], Any]) -> Callable[[], Any]:
        _daily[name] = function
        return function

    return register


def daily_work() -> dict[str, Callable[[], Any]]:
    """What is due in the current tenant: not the work of a module that is off."""
    return {name: function for name, function in _daily.items() if runs(function)}
