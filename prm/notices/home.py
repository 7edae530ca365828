"""What waits for me, on the first page of everybody."""

from __future__ import annotations

from typing import Any

from prm.notices import work
from prm.ui import home

SHOWN = 6


def register() -> None:
    for audience in ("staff", "partner"):
        home.section(audience, template="notices/home_work.html", order=10, width=7)(waiting)


def waiting(actor: Any) -> dict[str, Any]:
    """The nearest promises first; the inbox has all of it."""
    rows = work.waiting_for(actor)
    return {"rows": rows[:SHOWN], "count": len(rows)}
