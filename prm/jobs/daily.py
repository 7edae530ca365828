"""Work that is due once a day in each tenant, after its own midnight."""

from __future__ import annotations

from collections.abc import Callable

from prm.modules.registry import runs

_daily: dict[str, Callable[[], None]] = {}


def daily(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Run the function once for each tenant and local day. It must be idempotent."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        _daily[name] = function
        return function

    return register


def daily_work() -> dict[str, Callable[[], None]]:
    """What is due in the current tenant: not the work of a module that is off."""
    return {name: function for name, function in _daily.items() if runs(function)}
